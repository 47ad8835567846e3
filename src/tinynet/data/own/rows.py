"""What a data set of another library gives for a row or a batch, as a pair (x, y) of NumPy arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from tinynet.core import checks
from tinynet.core.arrays import as_array, is_array

#: The names of the truth and of the input in a row that is a dict, as data sets of Hugging Face and Keras have them.
TRUTH = ("y", "label", "labels", "target", "targets", "class")
INPUT = ("x", "image", "img", "images", "pixel_values", "input", "inputs", "input_ids", "features", "data")


def pair_of(given: Any) -> tuple[Any, Any]:
    """A row or a batch as (x, y), where a data set gives a list or a dict, tensors of PyTorch, or pictures of Pillow.

    Raises:
        TypeError: It is neither a pair nor a dict.
        ValueError: A dict does not tell what is x and what is y.

    Example:
        >>> pair_of({"image": np.ones((1, 2)), "label": 3})
        (array([[1., 1.]]), 3)
        >>> pair_of({"age": [20, 30], "height": [1.8, 1.6], "label": [0, 1]})[0]
        array([[20. ,  1.8],
               [30. ,  1.6]])
    """
    if isinstance(given, Mapping):
        return _of_mapping(given)
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        came = type(given).__name__
        size = f" of {len(given)}" if isinstance(given, (tuple, list)) else ""
        problem = f"d[indices] must be a pair (x, y), got {came}{size}."
        checks.fail("batches", problem, "return (x, y) from __getitem__, or a dict with x and y.", TypeError)
    return plain(given[0]), plain(given[1])


def plain(value: Any) -> Any:
    """A value as NumPy has it: an array or a number, None, or a tuple of such.

    Pictures become (C, H, W) in [0, 1], as `tinynet.data` has them.
    """
    if value is None or is_array(value) or isinstance(value, (int, float, np.generic)):
        return value
    if isinstance(value, tuple):
        return tuple(plain(part) for part in value)
    if _is_picture(value):
        return _pixels(value)
    if hasattr(value, "detach") and hasattr(value, "numpy"):  # a tensor of PyTorch, which may have a gradient
        return value.detach().cpu().numpy()
    if hasattr(value, "toarray") and hasattr(value, "nnz"):  # sparse rows of SciPy, of which a batch has few
        return value.toarray()
    if isinstance(value, list) and value and not isinstance(value[0], (int, float, str)):
        return _one_array([plain(part) for part in value])
    return as_array(value)


def _of_mapping(given: Mapping[str, Any]) -> tuple[Any, Any]:
    y_names = [name for name in TRUTH if name in given]
    if not y_names:
        _unclear(given, f"none of its names is one of {', '.join(TRUTH)}")
    y = plain(given[y_names[0]])
    x_names = [name for name in INPUT if name in given]
    others = [name for name in given if name not in TRUTH]
    if x_names or len(others) == 1:
        return plain(given[(x_names or others)[0]]), y
    columns = [plain(given[name]) for name in others]
    if not columns or any(np.asarray(column).dtype.kind not in "biuf" or np.ndim(column) > 1 for column in columns):
        _unclear(given, "what goes in is not to be seen")
    return np.stack([np.asarray(column) for column in columns], axis=-1), y


def _is_picture(value: Any) -> bool:
    return all(hasattr(value, name) for name in ("mode", "convert", "getbands"))


def _pixels(picture: Any) -> np.ndarray:
    """A picture of Pillow, (C, H, W) float32 in [0, 1]; grey if it is in grey."""
    is_grey = picture.mode in ("1", "L")
    pixels = np.asarray(picture.convert("L" if is_grey else "RGB"), np.float32) / np.float32(255)
    return pixels[np.newaxis] if is_grey else np.moveaxis(pixels, 2, 0).copy()


def _one_array(parts: Sequence[Any]) -> Any:
    """Equal parts as one array; the parts of each row where these are tuples."""
    if isinstance(parts[0], tuple):
        return tuple(_one_array(column) for column in zip(*parts, strict=True))
    shapes = list(dict.fromkeys(np.shape(part) for part in parts))
    if len(shapes) > 1:
        first, second = map(checks.shape_text, shapes[:2])
        problem = f"the samples of a batch have the shapes {first} and {second}."
        checks.fail("batches", problem, "bring all samples to one shape.")
    return np.stack([np.asarray(part) for part in parts])


def _unclear(given: Mapping[str, Any], reason: str) -> NoReturn:
    """A dict does not tell what is x and what is y."""
    came = ", ".join(f"{name!r} ({type(value).__name__})" for name, value in given.items())
    checks.fail("batches", f"a row gave a dict with {came or 'nothing'}; {reason}.", 'name them "x" and "y".')
