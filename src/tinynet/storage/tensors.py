"""Named arrays and a few words about them, in one safetensors file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tinynet.core.checks import files
from tinynet.storage.atomic import atomic_write

Arrays = dict[str, np.ndarray]
SIZES = {"float": (16, 32, 64), "int": (8, 16, 32, 64), "uint": (8, 16, 32, 64)}
#: From the format's names of types to NumPy's: "F32" is "float32".
DTYPES = {f"{kind[0].upper()}{n}": f"{kind}{n}" for kind, sizes in SIZES.items() for n in sizes} | {"BOOL": "bool"}


def write_tensors(who: str, path: Path, arrays: Arrays, metadata: dict[str, str]) -> None:
    """Write arrays and metadata, read them back, and only then replace the file that was there.

    Raises:
        OSError: The file cannot be written, or what comes back differs; the earlier file is unchanged.
        TypeError: The format has no place for a type of array.
    """
    from safetensors.numpy import save

    # safetensors stores the memory of an array whatever its strides, so each must lie in C order.
    plain = {name: np.array(array, array.dtype.newbyteorder("="), order="C") for name, array in arrays.items()}
    for name, array in plain.items():
        if array.dtype.name not in DTYPES.values():
            files.not_storable(who, name, array.dtype)

    def compare(temporary: Path) -> None:
        found, words = read_tensors(who, temporary)
        for name in sorted({*plain, *found}):
            if name not in plain or name not in found or not _same(plain[name], found[name]):
                files.written_otherwise(who, path, name)
        if words != metadata:
            files.written_otherwise(who, path, "its metadata")

    atomic_write(path, save(plain, metadata), verify=compare, who=who)


def read_tensors(who: str, path: Path) -> tuple[Arrays, dict[str, str]]:
    """Read all arrays and the metadata of a file.

    Raises:
        OSError: There is no such file, it is a folder, or it may not be read.
        ValueError: It is not a safetensors file, is damaged or cut off, or holds numbers that NumPy does not have.
    """
    from safetensors import SafetensorError, safe_open

    files.readable_file(who, path)
    try:
        with safe_open(str(path), framework="numpy") as file:
            for name in file.keys():  # noqa: SIM118  (not a dict)
                if file.get_slice(name).get_dtype() not in DTYPES:
                    files.foreign_dtype(who, path, name, file.get_slice(name).get_dtype())
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return arrays, file.metadata() or {}
    except SafetensorError as error:
        files.not_safetensors(who, path, error)


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()  # NaN equals itself here
