"""All about a net but its arrays, as text: written into a file, and read and built again."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.version import __version__
from tinynet.layers import Layer
from tinynet.storage import architecture, sentences
from tinynet.storage.tensors import Arrays

FORMAT = 1
KEY = "tinynet"  #: The entry of the file's metadata that holds the architecture.


def describe(net: Layer) -> dict[str, Any]:
    """All about a net but its arrays, as values for JSON.

    Example:
        >>> from tinynet.layers import ReLU
        >>> describe(ReLU())["net"]
        {'class': 'ReLU', 'arguments': {}}
    """
    built_in = architecture.built_in_classes()
    used = architecture.classes_inside("save", net)
    dtypes = {path: layer.dtype.name for path, layer in net.layers_inside()}
    return {
        "format": FORMAT,
        "version": __version__,
        "net": architecture.encode(net.config()),
        "custom": sorted(name for name, kind in used.items() if built_in.get(name) is not kind),
        "dtype": net.dtype.name,
        "dtypes": {path: name for path, name in dtypes.items() if name != net.dtype.name},
        "ties": architecture.shared_paths(net),
        "frozen": [path for path, parameter in net.parameters().items() if not parameter.trainable],
    }


def text_of(description: dict[str, Any]) -> str:
    """JSON; half of a surrogate pair, which UTF-8 cannot hold, is escaped."""
    return json.dumps(description, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()


def read_description(who: str, source: Path, text: str) -> dict[str, Any]:
    """Read what `describe` gave, and check the kind of each entry."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        sentences.damaged(who, source, f"its architecture is not JSON that can be read ({error}).")
    if not isinstance(found, dict) or type(found.get("format")) is not int:
        sentences.damaged(who, source, "its architecture names no format.")
    if found["format"] > FORMAT:
        sentences.newer_format(who, source, found["format"], FORMAT, found.get("version"))
    kinds = {"net": dict, "custom": list, "dtype": str, "dtypes": dict, "ties": dict, "frozen": list}
    for name, kind in kinds.items():
        if not isinstance(found.get(name), kind):
            sentences.damaged(who, source, f"its architecture has no proper entry {name!r}.")
    try:
        return found | {"classes": architecture.class_names(found["net"])}
    except (TypeError, ValueError) as error:
        sentences.damaged(who, source, error)


def rebuild(description: dict[str, Any], classes: architecture.Classes, arrays: Arrays) -> Layer:
    """Build the net that `describe` has described, from these classes, and fill it with its state.

    Example:
        >>> from tinynet.layers import ReLU
        >>> rebuild(describe(ReLU()), architecture.built_in_classes(), {})
        ReLU()
    """
    with architecture.streams_kept():
        net = architecture.build(description["net"], classes, room=sum(array.size for array in arrays.values()))
    if not isinstance(net, Layer):
        raise TypeError("its architecture is not that of a layer.")
    if description["ties"]:
        architecture.share(net, description["ties"])
    checks.matching_state(net, arrays, {name: array.shape for name, array in net.state().items()})
    _convert(net, description, arrays)
    net.load_state(arrays)
    parameters = net.parameters()
    for path in description["frozen"]:
        parameters[path].trainable = False
    return net


def _convert(net: Layer, description: dict[str, Any], arrays: Arrays) -> None:
    """Give every layer, parameter and statistic the type that it was saved with."""
    default = _computed_in(description["dtype"])
    if default != net.dtype:
        net.astype(default)
    for path, layer in net.layers_inside():
        if path in description["dtypes"]:
            layer.dtype = _computed_in(description["dtypes"][path])
    for path, parameter in net.parameters().items():
        if parameter.dtype != arrays[path].dtype:
            parameter.astype(_computed_in(arrays[path].dtype))
    for path, layer, name in architecture.statistics(net):
        value = vars(layer)[name]
        if value.dtype.kind != arrays[path].dtype.kind:
            raise TypeError(f"{path} is {arrays[path].dtype}, expected {value.dtype}.")
        kind = arrays[path].dtype
        setattr(layer, name, value.astype(_computed_in(kind) if kind.kind == "f" else kind, copy=False))


def _computed_in(dtype: Any) -> np.dtype:
    """The type to compute in with what was saved in another: float16 holds weights, but is too narrow to compute in."""
    return np.dtype(np.float32) if dtype == "float16" else checks.floating_dtype("load", dtype)


def checked_description(net: Layer, state: Arrays) -> str:
    """All about a net but its arrays, after a check that it gives this net again."""
    try:
        description = text_of(describe(net))
        _check_rebuilt(net, description, state)
    except RecursionError:
        sentences.not_rebuilt("save", "its layers are nested too deep.")
    return description


def _check_rebuilt(net: Layer, description: str, state: Arrays) -> None:
    """Check that the file will give this net again, while it can still be helped."""
    try:
        twin = rebuild(json.loads(description), architecture.classes_inside("save", net), state)
    except (TypeError, ValueError, LookupError) as error:
        sentences.not_rebuilt("save", error)
    for (path, layer), (_, again) in zip(net.layers_inside(), twin.layers_inside(), strict=False):
        if type(layer) is not type(again):
            sentences.not_rebuilt(
                "save", f"layer {path} is a {type(layer).__name__} and would be a {type(again).__name__}."
            )
        for name in _altered(layer, again):
            warnings.warn(
                f"save: {name} of layer {path} is {getattr(layer, name)!r}, but tn.load will bring back "
                f"{getattr(again, name)!r}, with which {type(layer).__name__} was constructed.",
                stacklevel=4,
            )


def _altered(layer: Layer, again: Layer) -> Iterable[str]:
    """The constructor's arguments whose attributes of the same name have been changed since."""
    for name in layer.arguments:
        values = vars(layer).get(name), vars(again).get(name)
        if all(isinstance(value, (bool, int, float, str)) for value in values) and repr(values[0]) != repr(values[1]):
            yield name
