"""Cross-entropy and focal loss with the softmax inside, and the negative log-likelihood, row by row.

The lesson makes a one-hot truth and several arrays of its size. Here the loss and the gradient come from one array of
exponentials, a block of rows at a time. Small batches of labels take the same way in NumPy. What the lesson would
refuse (a label out of range, a wrong shape) is declined.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from tinynet.core.joinable import reduced
from tinynet.engine.serves import compiled_code, is_floating

# For smaller batches, compiling takes longer than it saves. It is the batch that counts: rows are short, but many.
MIN_SIZE = 20_000


def cross_entropy(
    predicted: np.ndarray,
    ground_truth: np.ndarray,
    axis: int = -1,
    weight: np.ndarray | None = None,
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> Any:
    """L = −1/Z Σ t log p with p = softmax(x), and ∂L/∂x = (p Σ t − t) / Z."""
    smooth = type(label_smoothing) in (int, float) and 0 <= label_smoothing < 1
    if not smooth or not _is_served(predicted, ground_truth, axis, weight, reduction):
        return NotImplemented
    kernels: Any = compiled_code("cross_entropy", predicted.size, MIN_SIZE)
    x = _classes_last(predicted, axis)
    if ground_truth.dtype == predicted.dtype:
        if kernels is None or ground_truth.shape != predicted.shape or ignore_index is not None:
            return NotImplemented
        count = float(x[..., 0].size)
        Z = count if reduction == "mean" else 1.0
        found = kernels.of_probabilities(x, _classes_last(ground_truth, axis), weight, label_smoothing, Z)
    else:
        truth = _labels(x, ground_truth, weight, ignore_index)
        if truth is None or (label_smoothing and (kernels is None or truth.total == 0)):
            return NotImplemented
        count, Z = truth.total, truth.divisor(reduction)
        if label_smoothing:
            found = kernels.of_smoothed_labels(x, truth.labels, truth.kept, weight, label_smoothing, Z)
        else:
            found = (_of_labels if kernels is None else kernels.of_labels)(x, truth.labels, truth.w, Z)
    loss, gradient = found
    return reduced(loss * Z, count, reduction), _classes_at(axis, gradient)


def negative_log_likelihood(
    predicted: np.ndarray,
    ground_truth: np.ndarray,
    axis: int = -1,
    weight: np.ndarray | None = None,
    ignore_index: int | None = None,
    reduction: str = "mean",
) -> Any:
    """L = −1/Z Σ w[label] predicted[label], and ∂L/∂predicted = −w[label] / Z at the label, else 0."""
    kernels = compiled_code("cross_entropy", predicted.size, MIN_SIZE) if is_floating(predicted) else None
    if kernels is None or not _is_served(predicted, ground_truth, axis, weight, reduction):
        return NotImplemented
    log_p = _classes_last(predicted, axis)
    truth = _labels(log_p, ground_truth, weight, ignore_index)
    if truth is None:
        return NotImplemented
    Z = truth.divisor(reduction)
    loss, gradient = kernels.of_log_probabilities(log_p, truth.labels, truth.w, Z)
    return reduced(loss * Z, truth.total, reduction), _classes_at(axis, gradient)


def focal(
    predicted: np.ndarray,
    ground_truth: np.ndarray,
    gamma: float = 2.0,
    alpha: np.ndarray | None = None,
    axis: int = -1,
    reduction: str = "mean",
) -> Any:
    """L = −1/N Σ α[label] (1 − p)^γ log p, and its gradient."""
    kernels = compiled_code("cross_entropy", predicted.size, MIN_SIZE) if is_floating(predicted) else None
    served = type(gamma) in (int, float) and 0 <= gamma < math.inf
    if kernels is None or not served or not _is_served(predicted, ground_truth, axis, alpha, reduction):
        return NotImplemented
    x = _classes_last(predicted, axis)
    truth = _labels(x, ground_truth, alpha, None)
    if truth is None:
        return NotImplemented
    n = float(ground_truth.size) if reduction == "mean" else 1.0
    loss, gradient = kernels.focal(x, truth.labels, truth.w, gamma, n)
    return reduced(loss * n, n, reduction), _classes_at(axis, gradient)


class _Labels(NamedTuple):
    """Labels (…) from 0 to C − 1, which of them are not ignored, and their weights if these differ."""

    labels: np.ndarray
    kept: np.ndarray | None
    w: np.ndarray | None
    total: float

    def divisor(self, reduction: str) -> float:
        """Z, which is 1 where no label counts: the sum is 0 then."""
        return (self.total or 1.0) if reduction == "mean" else 1.0


def _is_served(predicted: Any, ground_truth: Any, axis: Any, weight: Any, reduction: Any) -> bool:
    if not is_floating(predicted) or type(ground_truth) is not np.ndarray or predicted.size == 0:
        return False
    if type(axis) is not int or not -predicted.ndim <= axis < predicted.ndim:
        return False
    if type(reduction) is not str or reduction not in ("mean", "sum"):
        return False
    right = type(weight) is np.ndarray and weight.dtype.kind in "fiu" and weight.shape == (predicted.shape[axis],)
    return weight is None or bool(right and (weight >= 0).all())


def _classes_last(array: np.ndarray, axis: int) -> np.ndarray:
    """The array with this axis as its last; `np.moveaxis` takes as long as the losses of a small batch."""
    return array if axis in (-1, array.ndim - 1) else np.moveaxis(array, axis, -1)


def _classes_at(axis: int, array: np.ndarray) -> np.ndarray:
    """The inverse of `_classes_last`."""
    return array if axis in (-1, array.ndim - 1) else np.moveaxis(array, -1, axis)


def _labels(x: np.ndarray, labels: np.ndarray, weight: np.ndarray | None, ignore_index: int | None) -> _Labels | None:
    if labels.dtype.kind not in "iu" or labels.shape != x.shape[:-1] or type(ignore_index) not in (int, type(None)):
        return None
    kept = None
    if ignore_index is not None:
        kept = labels != ignore_index
        labels = np.where(kept, labels, 0)
    labels = labels.astype(np.intp, copy=False)
    if labels.view(np.uintp).max() >= x.shape[-1]:  # as an unsigned number, a negative one is larger than any label
        return None
    w = None if weight is None else weight.astype(x.dtype)[labels]
    if kept is not None:
        w = kept.astype(x.dtype) if w is None else np.where(kept, w, 0)
    total = float(labels.size) if w is None else float(w.sum(dtype=np.float64))
    return _Labels(labels, kept, w, total)


def _of_labels(x: np.ndarray, labels: np.ndarray, w: np.ndarray | None, Z: float) -> tuple[float, np.ndarray]:
    """The same in NumPy, for small batches, without the one-hot truth of the lesson."""
    rows = x.reshape(-1, x.shape[-1])  # (N, C)
    if w is not None:
        w = w.reshape(-1)
        rows = np.where(w[:, np.newaxis] == 0, 0, rows)  # a row without weight has no effect, not even through a NaN
    at_label = np.arange(len(rows)), labels.reshape(-1)
    shifted = rows - rows.max(axis=1, keepdims=True)
    surprise = -shifted[at_label]
    gradient = np.exp(shifted, out=shifted)
    total = gradient.sum(axis=1, keepdims=True)
    surprise += np.log(total[:, 0])
    gradient /= total
    gradient[at_label] -= 1
    if w is not None:
        surprise *= w
        gradient *= w[:, np.newaxis]
    gradient *= x.dtype.type(1 / Z)
    return float(surprise.sum(dtype=np.float64)) / Z, gradient.reshape(x.shape)
