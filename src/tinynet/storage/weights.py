"""Save a net, load it, and load weights into a net that is there."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.version import __version__
from tinynet.layers import Layer
from tinynet.storage import architecture, sentences
from tinynet.storage.atomic import check_writable
from tinynet.storage.tensors import Arrays, read_tensors, write_tensors

FORMAT = 1
KEY = "tinynet"  #: The entry of the file's metadata that holds the architecture.

PathLike = str | os.PathLike[str]


def save(net: Layer, path: PathLike) -> None:
    """Write a net into one safetensors file: architecture, parameters and statistics.

    The file is written beside the old one, read back, compared bit for bit, and only then takes its place; whatever
    goes wrong, the old file stays as it was. Besides the arrays it holds the constructors' arguments of every layer,
    the floating types, which parameters are shared and which are frozen. Whether the net is training is not kept, and
    neither are gradients.

    Args:
        net: The net, or any layer.
        path: The file, exactly as given; a suffix is not added. The usual one is ".safetensors".

    Raises:
        TypeError: It is not a net, or an argument of a constructor is a function or an array.
        ValueError: Built again from its constructors' arguments, the net would be another one.
        OSError: The file cannot be written.

    Example:
        >>> import pathlib, tempfile
        >>> from tinynet.layers import Linear
        >>> from tinynet.net import Net
        >>> net = Net([Linear(3, 4), Linear(4, 2)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save(net, pathlib.Path(folder, "net.safetensors"))
        ...     again = load(pathlib.Path(folder, "net.safetensors"))
        >>> x = np.ones((1, 3), np.float32)
        >>> bool((again.predict(x) == net.predict(x)).all())
        True
    """
    sentences.a_layer("save", net, Layer)
    target = checks.path("save", path)
    state = net.state()
    write_tensors("save", target, state, {KEY: _checked_description(net, state)})


def check_savable(net: Layer, path: PathLike) -> None:
    """Check, before hours of training, that `save` will write this net there; nothing is written.

    Args:
        net: The net, or any layer.
        path: The file that it shall be saved as.

    Raises:
        TypeError: It is not a net, or an argument of a constructor is a function or an array.
        ValueError: Built again from its constructors' arguments, the net would be another one.
        OSError: Nothing can be written there.

    Example:
        >>> from tinynet.layers import Linear
        >>> check_savable(Linear(3, 4), "no/such/folder/net.safetensors")
        Traceback (most recent call last):
        FileNotFoundError: save: there is no folder '...no/such/folder'; nothing was changed.
        Hint: make it first: ...
    """
    sentences.a_layer("save", net, Layer)
    check_writable("save", checks.path("save", path))
    _checked_description(net, net.state())


def load(path: PathLike, layers: Sequence[type[Layer]] = ()) -> Any:
    """Build a net from a file that `save` has written.

    Weights of float16 become float32, because float16 is too narrow to compute in.

    Only classes of Tinynet and those given as `layers` are built; nothing in the file is executed. The net is in
    training mode, as every new one, and the package's random streams are left where they were.

    Args:
        path: The file.
        layers: Your own layer classes that the net consists of.

    Returns:
        The net, of the class that was saved; parameters, statistics, floating types, shared and frozen parameters as
        they were.

    Raises:
        ValueError: It is not such a file, it is damaged, of a later format, or needs a class that is not in `layers`.
        OSError: There is no such file, or it cannot be read.

    Example:
        >>> load("nowhere.safetensors")
        Traceback (most recent call last):
        FileNotFoundError: load: there is no file 'nowhere.safetensors'...
    """
    source = checks.path("load", path)
    own = sentences.layer_classes("load", layers, Layer)
    arrays, metadata = read_tensors("load", source)
    if KEY not in metadata:
        sentences.without_architecture("load", source)
    description = _description(source, metadata[KEY])
    custom = description["custom"]
    classes = architecture.built_in_classes() | {name: kind for name, kind in own.items() if name in custom}
    missing = {name for name in description["classes"] if name not in classes or (name in custom and name not in own)}
    if missing:
        sentences.unknown_classes("load", source, missing)
    try:
        return rebuild(description, classes, arrays)
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, MemoryError, RecursionError) as error:
        sentences.damaged("load", source, error)


def load_weights(net: Layer, path: PathLike) -> None:
    """Fill a net with the weights of a safetensors file, made by `save` or by another program such as PyTorch.

    The names and shapes must be those of `net.state()`, which are PyTorch's; the numbers are converted to the net's
    floating type. A file that gives a shared parameter under another of its paths fits too.

    Args:
        net: The net, or any layer; it stays as it was if anything does not fit.
        path: The file.

    Raises:
        ValueError: Entries are missing, unexpected, of another shape or kind, and are named. Or the file is damaged.
        OSError: There is no such file, or it cannot be read.

    Example:
        >>> import pathlib, tempfile
        >>> from tinynet.layers import Linear
        >>> from tinynet.net import Net
        >>> net = Net([Linear(3, 2)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save(net, pathlib.Path(folder, "net.safetensors"))
        ...     load_weights(Net([Linear(4, 2)]), pathlib.Path(folder, "net.safetensors"))
        Traceback (most recent call last):
        ValueError: load_weights: ... wrong shape: 0.weight (expected (2, 4), got (2, 3))...
    """
    sentences.a_layer("load_weights", net, Layer)
    source = checks.path("load_weights", path)
    arrays, _ = read_tensors("load_weights", source)
    for other, first in architecture.shared_paths(net).items():
        if other in arrays and (first not in arrays or np.array_equal(arrays[first], arrays[other], equal_nan=True)):
            arrays[first] = arrays.pop(other)
    targets = net.state()
    try:
        checks.matching_state(net, arrays, {name: array.shape for name, array in targets.items()})
        sentences.castable(net, {name: (array.dtype, targets[name].dtype) for name, array in arrays.items()})
    except ValueError as error:
        sentences.weights_do_not_fit("load_weights", source, error)
    net.load_state(arrays)


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


def _description(source: Path, text: str) -> dict[str, Any]:
    """Read what `describe` gave, and check the kind of each entry."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        sentences.damaged("load", source, f"its architecture is not JSON that can be read ({error}).")
    if not isinstance(found, dict) or type(found.get("format")) is not int:
        sentences.damaged("load", source, "its architecture names no format.")
    if found["format"] > FORMAT:
        sentences.newer_format("load", source, found["format"], FORMAT, found.get("version"))
    kinds = {"net": dict, "custom": list, "dtype": str, "dtypes": dict, "ties": dict, "frozen": list}
    for name, kind in kinds.items():
        if not isinstance(found.get(name), kind):
            sentences.damaged("load", source, f"its architecture has no proper entry {name!r}.")
    try:
        return found | {"classes": architecture.class_names(found["net"])}
    except (TypeError, ValueError) as error:
        sentences.damaged("load", source, error)


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


def _checked_description(net: Layer, state: Arrays) -> str:
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
