"""Sentences about files of weights that cannot be read, written or rebuilt."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import numpy as np

from tinynet.core.checks.words import fail

FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


def quoted(place: Path) -> str:
    """The path in quotation marks."""
    return repr(str(place))


def shown(text: object) -> str:
    """What stands in a file, as a sentence may quote it: with nothing that a terminal would obey.

    Example:
        >>> shown("0.weight \\x1b[2J")
        '0.weight \\\\x1b[2J'
    """
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in str(text))


def file_inside(folder: Path) -> str:
    """Which file in a folder the user may have meant."""
    for name in ("model.safetensors", *sorted(entry.name for entry in folder.glob("*.safetensors"))[:1]):
        if os.path.isfile(folder / name):
            return f"the folder holds {name}: write {str(folder / name)!r}."
    return f"name the file too, as in {str(folder / 'model.safetensors')!r}."


def without_architecture(who: str, source: Path) -> NoReturn:
    """A safetensors file that another program has written."""
    fail(
        who,
        f"{quoted(source)} holds weights but no Tinynet architecture, as files made by PyTorch do.",
        "build the network yourself, then fill it with tn.load_weights(net, path).",
    )


def newer_format(who: str, source: Path, found: int, known: int, version: object) -> NoReturn:
    """The file was written by a later Tinynet."""
    fail(
        who,
        f"{quoted(source)} has format {shown(found)}, written by Tinynet {shown(version)}; "
        f"this Tinynet reads formats up to {known}.",
        "install a newer Tinynet: pip install --upgrade tinynet.",
    )


def damaged(who: str, source: Path, problem: Exception | str) -> NoReturn:
    """The file is well formed, but its content is impossible."""
    if isinstance(problem, KeyError):
        problem = f"there is no {problem}."
    reason = (str(problem) or type(problem).__name__).splitlines()[0]
    fail(
        who,
        f"{quoted(source)} contradicts itself: {shown(reason)}",
        "it was damaged or altered after it was written, or a class of your own has changed since.",
    )


def castable(net: object, dtypes: dict[str, tuple[np.dtype, np.dtype]]) -> None:
    """Check that each array (found, needed) can be converted without losing its meaning, as 0.5 would as an integer."""
    wrong = [
        f"{name} (expected {needed}, got {found})"
        for name, (found, needed) in dtypes.items()
        if not np.can_cast(found, needed, "same_kind")
    ]
    if wrong:
        fail(type(net).__name__, f"these entries hold numbers of another kind: {', '.join(wrong)}.")


def weights_do_not_fit(who: str, source: Path, problem: object) -> NoReturn:
    """The entries of a file are not those of a net."""
    fail(who, f"{quoted(source)} was not loaded, the net is unchanged. {shown(problem)}")


def unknown_classes(who: str, source: Path, names: Iterable[str]) -> NoReturn:
    """The architecture needs classes that are not part of Tinynet."""
    listed = shown(", ".join(sorted(names)))
    several = "," in listed
    fail(
        who,
        f"{quoted(source)} needs the {'classes' if several else 'class'} {listed}, which Tinynet does not have.",
        f"define or import {'them' if several else 'it'}, and write tn.load(path, layers=[{listed}]).",
    )


def layer_classes(who: str, layers: object, base: type) -> dict[str, type]:
    """Check that `layers` is a list of layer classes, and return them by name."""
    if not isinstance(layers, (list, tuple)):
        fail(who, f"layers must be a list of classes, got {layers!r}.", "write layers=[MyLayer].", TypeError)
    for item in layers:
        if isinstance(item, base):
            name = type(item).__name__
            fail(who, f"layers must hold classes, got an object of {name}.", f"write layers=[{name}].", TypeError)
        if not isinstance(item, type) or not issubclass(item, base):
            fail(who, f"layers must hold classes derived from Layer, got {item!r}.", kind=TypeError)
    return {item.__name__: item for item in layers}


def a_layer(who: str, net: object, base: type) -> None:
    """Check that a net or a layer is to be saved."""
    if not isinstance(net, base):
        what = f"the class {net.__name__}" if isinstance(net, type) else type(net).__name__
        fail(who, f"expected a Net or another layer, got {what}.", f"write tn.{who}(net, path).", TypeError)


def not_rebuilt(who: str, problem: object) -> NoReturn:
    """Built again from its constructor's arguments, the net would be another."""
    reason = str(problem).splitlines()[0]
    fail(
        who,
        f"built again from its constructors' arguments, this net would be another: {reason} Nothing was changed.",
        "let the constructors make all layers and parameters; or keep the weights alone with "
        "np.savez(path, **net.state()), which net.load_state(np.load(path)) takes back.",
    )
