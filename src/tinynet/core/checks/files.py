"""Sentences about files that are written and read."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import numpy as np

from tinynet.core.checks.words import fail

MAGIC = {
    b"PK\x03\x04": "a zip archive, as .npz, .pt and .keras files are",
    b"\x93NUMPY": "a NumPy .npy file",
    b"\x89HDF": "an HDF5 file",
    b"\x1f\x8b": "gzip-compressed",
    b"\x80\x02": "a pickle, which is never read because it can run code",
    b"\x80\x03": "a pickle, which is never read because it can run code",
    b"\x80\x04": "a pickle, which is never read because it can run code",
    b"\x80\x05": "a pickle, which is never read because it can run code",
}
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


def path(who: str, value: object) -> Path:
    """Turn a string or PathLike into a Path."""
    hint = 'name the file, as in "model.safetensors".'
    if not isinstance(value, (str, os.PathLike)) or not isinstance(os.fspath(value), str):
        fail(who, f"path must be a string or a Path, got {value!r}.", hint, TypeError)
    if not os.fspath(value) or "\0" in os.fspath(value):
        fail(who, f"path must name a file, got {os.fspath(value)!r}.", hint)
    return Path(value)


def content(who: str, value: object) -> bytes:
    """Turn text into UTF-8, and check that anything else is bytes."""
    if not isinstance(value, (str, bytes)):
        fail(who, f"content must be text or bytes, got {type(value).__name__}.", kind=TypeError)
    return value.encode() if isinstance(value, str) else value


def writable_place(who: str, target: Path) -> None:
    """Check that a file can stand at a path: its folder is there, and nothing but a file is in the way."""
    if os.path.isdir(target):  # unlike Path.is_dir, it is False where one may not look
        fail(who, f"{_name(target)} is a folder, not a file; nothing was changed.", _inside(target), IsADirectoryError)
    if os.path.exists(target) and not os.path.isfile(target):
        fail(who, f"{_name(target)} is a device or a pipe, not a file; nothing was changed.", kind=OSError)
    if not os.path.isdir(target.parent):
        hint = f"make it first: pathlib.Path({str(target.parent)!r}).mkdir(parents=True)."
        fail(who, f"there is no folder {_name(target.parent)}; nothing was changed.", hint, FileNotFoundError)


def not_written(who: str, target: Path, error: OSError) -> NoReturn:
    """The system refused to write."""
    if error.errno in _FULL:
        reason, hint = "the disk is full", "free some space, or write to another disk."
    elif error.errno in _FORBIDDEN:
        reason, hint = "there is no permission to write there", "choose a folder of your own."
    else:
        reason, hint = error.strerror or str(error) or type(error).__name__, ""
    left = "the file that was there before is unchanged" if os.path.exists(target) else "nothing was changed"
    fail(
        who, f"{_name(target)} could not be written: {reason}; {left}.", hint, type(error)
    )  # an OSError by its kind, the number left out


def written_otherwise(who: str, target: Path, what: str) -> NoReturn:
    """What was read back is not what was written."""
    fail(
        who,
        f"{_name(target)} was not written, what came back from the disk differs in {what}; nothing was changed.",
        "the disk may be damaged; try another one.",
        OSError,
    )


def readable_file(who: str, source: Path) -> None:
    """Check that a path is a file that can be opened, and say what is there instead."""
    if os.path.isdir(source):
        fail(who, f"{_name(source)} is a folder, not a file.", _inside(source), IsADirectoryError)
    if not os.path.exists(source):
        fail(who, f"there is no file {_name(source)}.", _neighbour(source), FileNotFoundError)
    if not os.path.isfile(source):
        fail(who, f"{_name(source)} is a device or a pipe, not a file.", kind=OSError)
    try:
        with open(source, "rb") as file:
            start = file.read(1)
    except OSError as error:
        reason = "there is no permission to read it" if error.errno in _FORBIDDEN else error.strerror or str(error)
        fail(who, f"{_name(source)} could not be read: {reason}.", kind=type(error))
    if not start:
        fail(who, f"{_name(source)} is empty.", "it was cut off while it was written or copied; take another copy.")


def not_safetensors(who: str, source: Path, error: Exception) -> NoReturn:
    """The file does not follow the safetensors format; say which one it seems to follow."""
    with open(source, "rb") as file:
        start = file.read(8)
    for magic, kind in MAGIC.items():
        if start.startswith(magic):
            fail(who, f"expected a safetensors file, but {_name(source)} is {kind}.", _CONVERT)
    reason = str(error).removeprefix("Error while deserializing header: ")
    fail(
        who,
        f"{_name(source)} is not a safetensors file, or it is damaged or cut off: {reason}.",
        "take another copy, or write it again with tn.save(net, path).",
    )


def foreign_dtype(who: str, source: Path, name: str, dtype: str) -> NoReturn:
    """A tensor holds numbers that NumPy does not have."""
    fail(
        who,
        f"{name} in {_name(source)} holds {dtype} numbers, which NumPy does not have.",
        "convert it to float32 where it was made; in PyTorch with tensor.float().",
    )


def not_storable(who: str, name: str, dtype: object) -> NoReturn:
    """The format has no place for a type of array."""
    fail(
        who,
        f"{name} has type {dtype}, which a safetensors file cannot hold; nothing was changed.",
        "use floating types up to float64, integers or bool.",
        TypeError,
    )


def without_architecture(who: str, source: Path) -> NoReturn:
    """A safetensors file that another program has written."""
    fail(
        who,
        f"{_name(source)} holds weights but no Tinynet architecture, as files made by PyTorch do.",
        "build the network yourself, then fill it with tn.load_weights(net, path).",
    )


def newer_format(who: str, source: Path, found: int, known: int, version: object) -> NoReturn:
    """The file was written by a later Tinynet."""
    fail(
        who,
        f"{_name(source)} has format {found}, written by Tinynet {version}; this Tinynet reads formats up to {known}.",
        "install a newer Tinynet: pip install --upgrade tinynet.",
    )


def damaged(who: str, source: Path, problem: Exception | str) -> NoReturn:
    """The file is well formed, but what it says cannot be."""
    if isinstance(problem, KeyError):
        problem = f"there is no {problem}."
    reason = (str(problem) or type(problem).__name__).splitlines()[0]
    fail(
        who,
        f"{_name(source)} contradicts itself: {reason}",
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
    fail(who, f"{_name(source)} was not loaded, the net is unchanged. {problem}")


def unknown_classes(who: str, source: Path, names: Iterable[str]) -> NoReturn:
    """The architecture needs classes that are not part of Tinynet."""
    listed = ", ".join(sorted(names))
    several = "," in listed
    fail(
        who,
        f"{_name(source)} needs the {'classes' if several else 'class'} {listed}, which Tinynet does not have.",
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
    """Check that what is saved is a net or a layer."""
    if not isinstance(net, base):
        what = f"the class {net.__name__}" if isinstance(net, type) else type(net).__name__
        fail(who, f"expected a Net or another layer, got {what}.", f"write tn.{who}(net, path).", TypeError)


def same_name(who: str, name: str) -> NoReturn:
    """Two different classes of one name cannot be told apart in a file."""
    fail(who, f"the net holds two different classes named {name}; nothing was changed.", "rename one of them.")


def not_rebuilt(who: str, problem: object) -> NoReturn:
    """Built again from its constructor's arguments, the net would be another."""
    reason = str(problem).splitlines()[0]
    fail(
        who,
        f"built again from its constructors' arguments, this net would be another: {reason} Nothing was changed.",
        "let the constructors make all layers and parameters; or keep the weights alone with "
        "np.savez(path, **net.state()), which net.load_state(np.load(path)) takes back.",
    )


_CONVERT = "tn.load reads what tn.save has written; convert other formats to safetensors where they were made."


def _name(place: Path) -> str:
    return repr(str(place))


def _inside(folder: Path) -> str:
    for name in ("model.safetensors", *sorted(entry.name for entry in folder.glob("*.safetensors"))[:1]):
        if (folder / name).is_file():
            return f"the folder holds {name}: write {str(folder / name)!r}."
    return f"name the file too, as in {str(folder / 'model.safetensors')!r}."


def _neighbour(source: Path) -> str:
    if not os.path.isdir(source.parent):
        return f"there is no folder {str(source.parent)!r} either; the working folder is {os.getcwd()!r}."
    if os.path.isfile(f"{source}.safetensors"):
        return f"did you mean {source.name + '.safetensors'!r}?"
    others = sorted(entry.name for entry in source.parent.glob("*.safetensors"))[:5]
    return f"that folder holds {', '.join(others)}." if others else f"the working folder is {os.getcwd()!r}."
