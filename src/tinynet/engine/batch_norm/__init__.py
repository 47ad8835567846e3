"""The four passes of batch normalization over whole activations: two forward, two back.

`axis` is the axis of the features, over all others they are averaged; what there is one of for each feature (mean,
scale, …) has the shape (features,). Where a ReLU follows, the same passes do its work too: forward with `relu`, and
back with `through`, scale and shift of the forward, from which y is found anew: only where y > 0 does dy pass.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np

from tinynet.engine.selection import body, sample_size

LARGE = 1000  # numbers of a sample from which on compiling pays: NumPy goes over them ten times
Through = tuple[np.ndarray, np.ndarray] | None

__all__ = ["input_gradient", "normalize", "statistics", "sums"]


def statistics(x: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of each feature, exact where the mean is far larger than the deviations.

    Example:
        >>> statistics(np.array([[1.0, 1e6], [3.0, 1e6]]), axis=1)
        (array([2.e+00, 1.e+06]), array([1., 0.]))
    """
    return _body(x).statistics(x, axis)


def normalize(
    x: np.ndarray, mean: np.ndarray, scale: np.ndarray, shift: np.ndarray, axis: int, relu: bool = False
) -> np.ndarray:
    """y = (x − mean) · scale + shift, and with `relu` max(y, 0).

    Example:
        >>> mean, scale, shift = np.array([2.0]), np.array([10.0]), np.array([5.0])
        >>> normalize(np.array([[1.0], [3.0]]), mean, scale, shift, axis=1).ravel()
        array([-5., 15.])
    """
    return _body(x).normalize(x, mean, scale, shift, axis, relu)


def sums(
    dy: np.ndarray, x: np.ndarray, mean: np.ndarray, axis: int, through: Through = None
) -> tuple[np.ndarray, np.ndarray]:
    """Σ dy and Σ dy · (x − mean) of each feature.

    Example:
        >>> sums(np.array([[1.0], [2.0]]), np.array([[1.0], [3.0]]), np.array([2.0]), axis=1)
        (array([3.]), array([1.]))
    """
    return _body(x).sums(dy, x, mean, axis, through)


def input_gradient(
    dy: np.ndarray,
    x: np.ndarray,
    mean: np.ndarray,
    scale: np.ndarray,
    shift: np.ndarray,
    slope: np.ndarray,
    axis: int,
    through: Through = None,
) -> np.ndarray:
    """dx = (dy − shift − slope · (x − mean)) · scale.

    Example:
        >>> dy, x, one = np.array([[4.0], [2.0]]), np.array([[1.0], [3.0]]), np.ones(1)
        >>> input_gradient(dy, x, 2 * one, 10 * one, 3 * one, -one, axis=1).ravel()
        array([0., 0.])
    """
    return _body(x).input_gradient(dy, x, mean, scale, shift, slope, axis, through)


def _body(x: np.ndarray) -> ModuleType:
    return body("batch_norm", sample_size(x), LARGE)
