"""Make src/tinynet/data/files/digits.npz from the copy of the UCI optical digits that scikit-learn brings.

usage: python tools/make_digits.py        (needs scikit-learn; the result is committed)
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

TARGET = Path(__file__).resolve().parents[1] / "src" / "tinynet" / "data" / "files" / "digits.npz"
N_TEST = 360


def stratified_test_rows(labels: np.ndarray) -> np.ndarray:
    """36 random rows of each class, from a fixed seed."""
    rng = np.random.default_rng(1998)
    per_class = N_TEST // 10
    return np.sort(
        np.concatenate([rng.permutation(np.flatnonzero(labels == digit))[:per_class] for digit in range(10)])
    )


def write_archive(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write an .npz whose bytes depend on the arrays alone: np.savez would put the time of day into it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), buffer.getvalue(), zipfile.ZIP_DEFLATED, 9)


def main() -> None:
    source = load_digits()
    arrays = {
        "pixels": source.images.astype(np.uint8),
        "labels": source.target.astype(np.uint8),
        "test": stratified_test_rows(source.target).astype(np.uint16),
    }
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    write_archive(TARGET, arrays)
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
