"""Losses over numbers with their gradients, in one pass over memory.

NumPy makes an array for every operation of a formula. Here each difference is computed once, in a register, and serves
the loss and the gradient. Small batches, and mistakes that the lesson explains, are declined.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet.engine.serves import compiled_code, is_floating

# For smaller batches, compiling takes longer than it saves. It saves more where each number needs eˣ and logarithms.
MIN_SIZE, MIN_SIZE_OF_LOGARITHMS = 20_000, 5_000


def mean_squared_error(predicted: np.ndarray, ground_truth: np.ndarray, reduction: str = "mean") -> Any:
    """L = 1/n Σ d², ∂L/∂predicted = 2 d / n."""
    kernels = _kernels(predicted, ground_truth, reduction)
    return kernels.loss(kernels.squared, predicted, ground_truth, reduction) if kernels else NotImplemented


def mean_absolute_error(predicted: np.ndarray, ground_truth: np.ndarray, reduction: str = "mean") -> Any:
    """L = 1/n Σ |d|, ∂L/∂predicted = sign(d) / n."""
    kernels = _kernels(predicted, ground_truth, reduction)
    return kernels.loss(kernels.absolute, predicted, ground_truth, reduction) if kernels else NotImplemented


def huber(predicted: np.ndarray, ground_truth: np.ndarray, delta: float = 1.0, reduction: str = "mean") -> Any:
    """L = 1/n Σ d²/2 near 0 and δ (|d| − δ/2) further away; ∂L/∂predicted = d / n, cut off at ±δ / n."""
    kernels = _kernels(predicted, ground_truth, reduction)
    if not kernels or type(delta) not in (int, float) or not 0 < delta < math.inf:
        return NotImplemented
    return kernels.loss(kernels.huber, predicted, ground_truth, reduction, delta)


def binary_cross_entropy_with_logits(
    predicted: np.ndarray,
    ground_truth: np.ndarray,
    weight: Any = None,
    pos_weight: Any = None,
    reduction: str = "mean",
) -> Any:
    """L = 1/Z Σ w (−π t log σ(x) − (1 − t) log σ(−x)), ∂L/∂x = w ((1 − t) σ(x) − π t σ(−x)) / Z."""
    kernels = _kernels(predicted, ground_truth, reduction, MIN_SIZE_OF_LOGARITHMS)
    if not kernels or (ground_truth.dtype != predicted.dtype and ground_truth.dtype.kind == "f"):
        return NotImplemented  # In another type, a number just above 1 might be 1, and pass the check.
    if weight is None and pos_weight is None:
        return kernels.loss(kernels.binary, predicted, ground_truth, reduction)
    w, pi = _spread(weight, predicted), _spread(pos_weight, predicted)
    if w is None or pi is None:
        return NotImplemented
    return kernels.loss(kernels.weighted_binary, predicted, ground_truth, reduction, w, pi)


def _kernels(predicted: Any, ground_truth: Any, reduction: Any, min_size: int = MIN_SIZE) -> Any:
    kernels = compiled_code("number_losses", predicted.size, min_size) if type(predicted) is np.ndarray else None
    if kernels is None or not is_floating(predicted) or type(ground_truth) is not np.ndarray:
        return None
    alike = ground_truth.shape == predicted.shape and ground_truth.dtype.kind in "fiu" and predicted.size > 0
    return kernels if alike and type(reduction) is str and reduction in ("mean", "sum") else None


def _spread(weight: Any, x: np.ndarray) -> np.ndarray | None:
    """The weight of each number of x, in its memory order; None where it is not served."""
    spread = np.empty_like(x)
    if weight is None:
        spread[...] = 1
    elif type(weight) in (int, float) or (type(weight) is np.ndarray and weight.dtype.kind in "fiu"):
        try:
            spread[...] = weight
        except ValueError:
            return None
    else:
        return None
    return spread if np.ndim(weight) <= x.ndim and (spread >= 0).all() else None
