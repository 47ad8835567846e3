"""Save a net, load it, and load weights into a net that is there."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.layers import Layer
from tinynet.storage import architecture, sentences
from tinynet.storage.atomic import check_writable
from tinynet.storage.card import CARD, card_text
from tinynet.storage.descriptions import KEY, checked_description, read_description, rebuild
from tinynet.storage.npz import is_zip, read_npz
from tinynet.storage.tensors import Arrays, read_tensors, write_tensors

LEAST_LIMIT = 2**26  #: Bytes of an .npz file that are read whatever the net, so that what is too much can be named.

PathLike = str | os.PathLike[str]


def save(net: Layer, path: PathLike, card: Mapping[str, Any] | None = None) -> None:
    """Write a net into one safetensors file: architecture, parameters and statistics.

    The file is written beside the old one, read back, compared bit for bit, and only then takes its place; whatever
    goes wrong, the old file stays as it was. Besides the arrays it holds the constructors' arguments of every layer,
    the floating types, which parameters are shared and which are frozen. Whether the net is training is not kept, and
    neither are gradients.

    Args:
        net: The net, or any layer.
        path: The file, exactly as given; a suffix is not added. The usual one is ".safetensors".
        card: What a reader should know of the net, as plain values: the data that it learned from, its results.
            `tn.read_card(path)` gives it back, with the seed and the versions.

    Raises:
        TypeError: It is not a net, an argument of a constructor is a function or an array, or the card holds something
            else than texts, numbers, lists and dicts.
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
    words = {CARD: card_text("save", card), KEY: checked_description(net, state)}
    write_tensors("save", target, state, words)


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
    checked_description(net, net.state())


def load(path: PathLike, layers: Sequence[type[Layer]] = ()) -> Any:
    """Build a net from a file that `save` has written.

    Weights of float16 become float32, because float16 is too narrow to compute in.

    Only classes of Tinynet and those given as `layers` are built; nothing in the file is executed. The net is in
    evaluation mode, ready to predict; `Learner.fit` and `net.train()` switch to training. The package's random streams
    are left where they were.

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
    description = read_description("load", source, metadata[KEY])
    custom = description["custom"]
    classes = architecture.built_in_classes() | {name: kind for name, kind in own.items() if name in custom}
    missing = {name for name in description["classes"] if name not in classes or (name in custom and name not in own)}
    if missing:
        sentences.unknown_classes("load", source, missing)
    try:
        return rebuild(description, classes, arrays).eval()
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, MemoryError, RecursionError) as error:
        sentences.damaged("load", source, error)


def load_weights(net: Layer, path: PathLike) -> None:
    """Fill a net with the weights of a safetensors file, made by `save` or by another program such as PyTorch.

    The .npz files of NumPy's `savez` and of `export_npz` can be read, too; nothing is ever unpickled. The names and
    shapes must be those of `net.state()`, which are PyTorch's; the numbers are converted to the net's
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
    arrays = _arrays(net, source)
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


def _arrays(net: Layer, source: Path) -> Arrays:
    """The arrays of a file of weights, of either kind."""
    if is_zip(source):
        needed = sum(16 * array.size for array in net.state().values())  # twice, as there may be shared ones
        return read_npz("load_weights", source, largest=max(needed, LEAST_LIMIT))
    return read_tensors("load_weights", source)[0]
