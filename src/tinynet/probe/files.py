"""Traces in files: the arrays as safetensors, all else as JSON in the same file."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from tinynet.core import checks
from tinynet.core.version import __version__
from tinynet.layers import Layer
from tinynet.probe.trace import LOSS, LayerStep, ParameterStep, Trace, joined
from tinynet.storage import sentences
from tinynet.storage.descriptions import describe
from tinynet.storage.tensors import read_tensors, write_tensors

PathLike = str | os.PathLike[str]
FORMAT = 1
KEY = "tinynet.trace"
#: From the annotations of LayerStep and ParameterStep to their types.
KINDS = {"str": str, "bool": bool, "int": int, "list": list, "dict": dict}
#: The parts of a trace besides its arrays.
PARTS = ("layers", "parameters", "loss", "about", "names")


def save_trace(trace: Trace, path: PathLike, layers: Sequence[str] | None = None) -> Path:
    """Write a trace: the arrays as safetensors, all else as JSON in the same file; never a pickle.

    The file is written beside the old one, read back, compared bit for bit, and only then takes its place.

    Args:
        trace: The trace.
        path: The file, exactly as given. The usual suffix is ".safetensors".
        layers: The paths of the layers whose inputs, outputs, gradients and memory are kept, with all that is inside
            them; all layers if None. Batch, loss, parameters and their updates are always kept.

    Returns:
        The path.

    Raises:
        ValueError: There is no layer at one of the paths.
        TypeError: An array, such as a truth of words, cannot be written as safetensors.
        OSError: The file cannot be written.

    Example:
        >>> import pathlib, tempfile
        >>> from tinynet.layers import Linear
        >>> from tinynet.losses import mean_squared_error
        >>> from tinynet.net import Net
        >>> from tinynet.probe import trace
        >>> step = trace(Net([Linear(2, 1)]), np.ones((4, 2)), np.zeros((4, 1)), mean_squared_error)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = save_trace(step, pathlib.Path(folder, "step.safetensors"))
        ...     again = load_trace(file)
        >>> bool((again["0.weight.gradient"] == step["0.weight.gradient"]).all())
        True
    """
    checks.instance("save_trace", "trace", trace, Trace)
    target = checks.path("save_trace", path)
    kept = list(trace) if layers is None else _names_of(trace, layers)
    arrays: dict[str, np.ndarray] = {}
    stored: dict[int, str] = {}  # one array has several names: the output of a layer is the input of the next
    names = {}
    for name in kept:
        array = trace.values[name]
        names[name] = stored.setdefault(id(array), name)
        arrays[names[name]] = np.asarray(array)
    parts = {
        "layers": [asdict(step) for step in trace.layers.values()],
        "parameters": [asdict(step) for step in trace.parameters.values()],
        "loss": trace.loss,
        "about": trace.about | {"net": _architecture(trace)},
        "names": names,
    }
    text = json.dumps(
        {"format": FORMAT, "tinynet": __version__} | {part: _plain(value, arrays) for part, value in parts.items()}
    )
    write_tensors("save_trace", target, arrays, {KEY: text})
    return target


def load_trace(path: PathLike, layers: Sequence[type[Layer]] = ()) -> Trace:
    """Read a trace that `Trace.save` has written; the net is not needed.

    Args:
        path: The file.
        layers: The classes of your own layers, so that they can be replayed and explained.

    Raises:
        ValueError: It is not such a file, it is damaged, or of a later format.
        OSError: There is no such file, or it cannot be read.

    Example:
        >>> load_trace("nowhere.safetensors")
        Traceback (most recent call last):
        FileNotFoundError: load_trace: there is no file 'nowhere.safetensors'...
    """
    who = "load_trace"
    source = checks.path(who, path)
    own = sentences.layer_classes(who, layers, Layer)
    arrays, metadata = read_tensors(who, source)
    if KEY not in metadata:
        problem = f"{sentences.quoted(source)} holds no trace."
        checks.fail(who, problem, "write one with trace.save(path); tn.load reads weights.")
    parts = _parts(source, metadata[KEY])
    try:
        restored = {part: _restored(parts[part], arrays) for part in PARTS}
        return _trace(**restored, arrays=arrays, own=own)
    except (TypeError, ValueError, LookupError, AttributeError, RecursionError):
        _damaged(source, "its description of the step cannot be read")


def _architecture(trace: Trace) -> dict[str, Any]:
    """The net's architecture as `storage` describes it, or why there is none."""
    if "net" in trace.about:
        return trace.about["net"]
    try:
        return describe(trace.objects["net"])
    except (TypeError, ValueError) as error:
        return {"problem": str(error).splitlines()[0]}


def _parts(source: Path, text: str) -> dict[str, Any]:
    """What the JSON of a file says, of a format that is known here."""
    try:
        parts = json.loads(text)
    except (ValueError, RecursionError):
        _damaged(source, "its description of the step is no JSON")
    if not isinstance(parts, dict) or type(parts.get("format")) is not int:
        _damaged(source, "it names no format")
    if parts["format"] > FORMAT:
        sentences.newer_format("load_trace", source, parts["format"], FORMAT, parts.get("tinynet"))
    return parts


def _trace(layers: Any, parameters: Any, loss: Any, about: Any, names: Any, arrays: Any, own: Any) -> Trace:
    """A trace of its parts; a part of another form raises."""
    values = {name: arrays[stored] for name, stored in names.items()}
    float(values[LOSS])
    return Trace(
        values,
        {step["path"]: _step(LayerStep, step) for step in layers},
        {step["path"]: _step(ParameterStep, step) for step in parameters},
        loss | {"name": loss["name"], "built_in": loss["built_in"], "options": loss["options"]},
        about | {"net": about["net"], "rule": about["rule"], "random": about["random"]},
        {"layers": list(own.values())},
    )


def _step(kind: Any, entries: dict[str, Any]) -> Any:
    """A LayerStep or ParameterStep, each entry of its own kind."""
    for name, field in kind.__dataclass_fields__.items():
        expected = KINDS[field.type.partition("[")[0]]
        if not isinstance(entries[name], expected):
            raise TypeError(f"{entries['path']!r} has no proper entry {name!r}")
    return kind(**entries)


def _names_of(trace: Trace, layers: Sequence[str]) -> list[str]:
    """The names to keep: those of some layers, and all that is about the step as a whole."""
    if isinstance(layers, (str, os.PathLike)) or not isinstance(layers, Sequence):
        hint = 'write layers=["0", "3.body"].'
        checks.fail("save_trace", f"layers must be a list of paths, got {layers!r}.", hint, TypeError)
    for path in layers:
        checks.one_of("save_trace", "layers", path, tuple(trace.layers))
    inside = [path for path in trace.layers if any(path == at or path.startswith(joined(at, "")) for at in layers)]
    dropped = {
        name
        for path, step in trace.layers.items()
        if path and path not in inside
        for name in [*step.inputs, *step.outputs, *step.input_gradients, *step.output_gradients, *_arrays(step.memory)]
    }
    return [name for name in trace if name not in dropped]


def _arrays(memory: Any) -> list[str]:
    if isinstance(memory, dict):
        return [name for value in memory.values() for name in _arrays(value)]
    return [memory] if isinstance(memory, str) else []


def _plain(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """A value as JSON can hold it; arrays in it go to the others under a name of their own."""
    if isinstance(value, dict):
        return {"dict": [[_plain(key, arrays), _plain(item, arrays)] for key, item in value.items()]}
    if isinstance(value, tuple):
        return {"tuple": [_plain(item, arrays) for item in value]}
    if isinstance(value, list):
        return [_plain(item, arrays) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        name = f"array {len(arrays)}"
        arrays[name] = value
        return {"array": name}
    return value if value is None or isinstance(value, (bool, int, float, str)) else {"object": repr(value)}


def _restored(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """The value that `_plain` has turned into JSON; of an object that JSON cannot hold its text."""
    if isinstance(value, list):
        return [_restored(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "dict":
        return {_restored(key, arrays): _restored(item, arrays) for key, item in content}
    if kind == "tuple":
        return tuple(_restored(item, arrays) for item in content)
    return arrays[content] if kind == "array" else str(content)


def _damaged(source: Path, problem: str) -> NoReturn:
    """The file is well formed, but what it says of the step is not what `save_trace` writes."""
    who = f"load_trace: {sentences.quoted(source)} is damaged"
    checks.fail(who, f"{problem}.", "take another copy, or record the step again.")
