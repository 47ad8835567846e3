"""Batch normalization with NumPy: every pass is its formula."""

from __future__ import annotations

import numpy as np

from tinynet.engine.machine import layout

Through = tuple[np.ndarray, np.ndarray] | None


def statistics(x: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """μ and σ², summed in float64 or better."""
    others, exact = _others(x, axis), np.promote_types(x.dtype, np.float64)
    mean = x.mean(axis=others, dtype=exact).astype(x.dtype)
    centered = x - _feature(mean, x, axis)
    return mean, np.square(centered, out=centered).mean(axis=others, dtype=exact).astype(x.dtype)


def normalize(
    x: np.ndarray, mean: np.ndarray, scale: np.ndarray, shift: np.ndarray, axis: int, relu: bool
) -> np.ndarray:
    """y = (x − μ) · scale + shift."""
    y = (x - _feature(mean, x, axis)) * _feature(scale, x, axis) + _feature(shift, x, axis)
    return np.maximum(y, 0, out=y) if relu else y


def sums(dy: np.ndarray, x: np.ndarray, mean: np.ndarray, axis: int, through: Through) -> tuple[np.ndarray, np.ndarray]:
    """Σ dy and Σ dy · (x − μ)."""
    dy, others = _let_through(dy, x, mean, axis, through), _others(x, axis)
    return dy.sum(axis=others), (dy * (x - _feature(mean, x, axis))).sum(axis=others)


def input_gradient(
    dy: np.ndarray,
    x: np.ndarray,
    mean: np.ndarray,
    scale: np.ndarray,
    shift: np.ndarray,
    slope: np.ndarray,
    axis: int,
    through: Through,
) -> np.ndarray:
    """dx = (dy − shift − slope · (x − μ)) · scale."""
    dy = _let_through(dy, x, mean, axis, through)
    mean, scale, shift, slope = (_feature(v, x, axis) for v in (mean, scale, shift, slope))
    return (dy - shift - slope * (x - mean)) * scale


def _let_through(dy: np.ndarray, x: np.ndarray, mean: np.ndarray, axis: int, through: Through) -> np.ndarray:
    if through is None:
        return dy
    y = normalize(x, mean, *through, axis, False)
    return layout.like(y, dy) * (y > 0)


def _others(x: np.ndarray, axis: int) -> tuple[int, ...]:
    return tuple(other for other in range(x.ndim) if other != axis % x.ndim)


def _feature(v: np.ndarray, x: np.ndarray, axis: int) -> np.ndarray:
    """v (features,) in the shape in which it fits x."""
    return v.reshape([-1 if other == axis % x.ndim else 1 for other in range(x.ndim)])
