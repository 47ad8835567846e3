"""Named arrays and a few words about them, in one safetensors file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NoReturn

import numpy as np

from tinynet.core.checks.words import fail
from tinynet.storage.atomic import atomic_write
from tinynet.storage.sentences import FORBIDDEN, file_inside, quoted, shown

Arrays = dict[str, np.ndarray]
SIZES = {"float": (16, 32, 64), "int": (8, 16, 32, 64), "uint": (8, 16, 32, 64)}
#: From the format's names of types to NumPy's: "F32" is "float32".
DTYPES = {f"{kind[0].upper()}{n}": f"{kind}{n}" for kind, sizes in SIZES.items() for n in sizes} | {"BOOL": "bool"}
#: How files of other formats begin.
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
CONVERT = "tn.load reads what tn.save has written; convert other formats to safetensors where they were made."


def write_tensors(who: str, path: Path, arrays: Arrays, metadata: dict[str, str]) -> None:
    """Write arrays and metadata, read them back, and only then replace the file that was there.

    Raises:
        OSError: The file cannot be written, or what is read back differs. The earlier file is unchanged.
        TypeError: The format cannot hold a type of array.
    """
    plain = _plain(who, arrays)

    def compare(temporary: Path) -> None:
        found, words = read_tensors(who, temporary)
        for name in sorted({*plain, *found}):
            if name not in plain or name not in found or not same(plain[name], found[name]):
                _written_otherwise(who, path, name)
        if words != metadata:
            _written_otherwise(who, path, "its metadata")

    atomic_write(path, file_content(who, plain, metadata), verify=compare, who=who)


def file_content(who: str, arrays: Arrays, metadata: dict[str, str]) -> bytes:
    """What a safetensors file with these arrays holds, byte for byte.

    Raises:
        TypeError: The format cannot hold a type of array.
    """
    from safetensors.numpy import save

    return _in_order(save(_plain(who, arrays), metadata))


def _plain(who: str, arrays: Arrays) -> Arrays:
    """The arrays in C order: safetensors stores the memory of an array and ignores its strides."""
    plain = {name: np.array(array, array.dtype.newbyteorder("="), order="C") for name, array in arrays.items()}
    for name, array in plain.items():
        if array.dtype.name not in DTYPES.values():
            _not_storable(who, name, array.dtype)
    return plain


def _in_order(data: bytes) -> bytes:
    """The same file with its metadata in order: safetensors writes several entries in one that changes by chance."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header["__metadata__"] = dict(sorted(header.get("__metadata__", {}).items()))
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the numbers begin at a multiple of eight bytes
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


def read_tensors(who: str, path: Path) -> tuple[Arrays, dict[str, str]]:
    """Read all arrays and the metadata of a file.

    Raises:
        OSError: There is no such file, it is a folder, or it may not be read.
        ValueError: It is not a safetensors file, is damaged or cut off, or holds numbers that NumPy does not have.
    """
    from safetensors import SafetensorError, safe_open

    readable_file(who, path)
    try:
        with safe_open(str(path), framework="numpy") as file:
            dtypes = {name: file.get_slice(name).get_dtype() for name in file.keys()}  # noqa: SIM118  (not a dict)
            known = dtypes.keys() if set(dtypes.values()) <= DTYPES.keys() else ()
            arrays, metadata = {name: file.get_tensor(name) for name in known}, file.metadata() or {}
    except (SafetensorError, ValueError) as error:  # ValueError: a shape that NumPy refuses
        _not_safetensors(who, path, error)
    except OSError as error:  # some network disks cannot map a file into memory
        problem = f"{quoted(path)} could not be read: {str(error).partition(' (os error')[0]}."
        fail(who, problem, "copy the file to another disk.", OSError)
    for name in dtypes.keys() - arrays.keys():
        if dtypes[name] not in DTYPES:
            _foreign_dtype(who, path, name, dtypes[name])
    return arrays, metadata


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()  # NaN equals itself here


def _written_otherwise(who: str, target: Path, what: str) -> NoReturn:
    """The file that was read back differs from what was written."""
    fail(
        who,
        f"{quoted(target)} was not written, what came back from the disk differs in {what}; nothing was changed.",
        "the disk may be damaged; try another one.",
        OSError,
    )


def readable_file(who: str, source: Path) -> None:
    """Check that a path is a file that can be opened, and say what is there instead."""
    if os.path.isdir(source):
        fail(who, f"{quoted(source)} is a folder, not a file.", file_inside(source), IsADirectoryError)
    if not os.path.exists(source):
        fail(who, f"there is no file {quoted(source)}.", _neighbour(source), FileNotFoundError)
    if not os.path.isfile(source):
        fail(who, f"{quoted(source)} is a device or a pipe, not a file.", kind=OSError)
    try:
        with open(source, "rb") as file:
            start = file.read(1)
    except OSError as error:
        reason = "there is no permission to read it" if error.errno in FORBIDDEN else error.strerror or str(error)
        fail(who, f"{quoted(source)} could not be read: {reason}.", kind=type(error))
    if str(source).encode("utf-8", "replace").decode() != str(source):
        fail(
            who, f"{quoted(source)} has bytes in its name that are not UTF-8.", "the safetensors library needs another."
        )
    if not start:
        fail(who, f"{quoted(source)} is empty.", "it was cut off while it was written or copied; take another copy.")


def _neighbour(source: Path) -> str:
    if not os.path.isdir(source.parent):
        return f"there is no folder {str(source.parent)!r} either; the working folder is {os.getcwd()!r}."
    if os.path.isfile(f"{source}.safetensors"):
        return f"did you mean {source.name + '.safetensors'!r}?"
    others = sorted(entry.name for entry in source.parent.glob("*.safetensors"))[:5]
    return f"that folder holds {', '.join(others)}." if others else f"the working folder is {os.getcwd()!r}."


def _not_safetensors(who: str, source: Path, error: Exception) -> NoReturn:
    """The file does not follow the safetensors format; say which one it seems to follow."""
    with open(source, "rb") as file:
        start = file.read(8)
    for magic, kind in MAGIC.items():
        if start.startswith(magic):
            fail(who, f"expected a safetensors file, but {quoted(source)} is {kind}.", CONVERT)
    reason = str(error).removeprefix("Error while deserializing header: ")
    fail(
        who,
        f"{quoted(source)} is not a safetensors file, or it is damaged or cut off: {shown(reason).rstrip('.')}.",
        "take another copy, or write it again with tn.save(net, path).",
    )


def _foreign_dtype(who: str, source: Path, name: str, dtype: str) -> NoReturn:
    """A tensor holds numbers that NumPy does not have."""
    fail(
        who,
        f"{shown(name)} in {quoted(source)} holds {dtype} numbers, which NumPy does not have.",
        "convert it to float32 where it was made; in PyTorch with tensor.float().",
    )


def _not_storable(who: str, name: str, dtype: object) -> NoReturn:
    """The format has no place for a type of array."""
    fail(
        who,
        f"{name} has type {dtype}, which a safetensors file cannot hold; nothing was changed.",
        "use floating types up to float64, integers or bool.",
        TypeError,
    )
