"""Which score of a net is looked at."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import shape_text


class Aim(NamedTuple):
    """The score of each sample that is looked at, s = Σ direction · outputs.

    Attributes:
        direction: ∂s/∂outputs, of the shape of the outputs.
        target: The class of each sample, (N,), or the index of one number of an output.
        scores: The scores, (N,).
        output_shape: The shape of one output.
    """

    direction: np.ndarray
    target: np.ndarray
    scores: np.ndarray
    output_shape: tuple[int, ...]

    def told(self) -> dict[str, Any]:
        """What an `Attribution` says about it."""
        return {"target": self.target, "scores": self.scores, "output_shape": self.output_shape}


def aim(who: str, outputs: np.ndarray, target: Any) -> tuple[np.ndarray, np.ndarray]:
    """The direction in the outputs whose sum Σ direction · outputs is the score, and the target of each sample.

    Args:
        who: The name of the method.
        outputs: (N,), (N, C), (N, T, C), of which the last place counts, or (N, C, H, W), whose places count by their
            mean.
        target: None for the class with the highest score, a class, a class for each sample, or a tuple that is the
            index of one number of an output.

    Example:
        >>> direction, target = aim("saliency", np.array([[1.0, 3.0], [5.0, 2.0]]), None)
        >>> direction.tolist(), target
        ([[0.0, 1.0], [1.0, 0.0]], array([1, 0]))
    """
    if isinstance(target, tuple):
        return _at_index(who, outputs, target)
    n = np.arange(len(outputs))
    direction = np.zeros_like(outputs)
    scores = _class_scores(who, outputs)
    labels = scores.argmax(axis=1) if target is None else _labels(who, target, *scores.shape)
    if outputs.ndim == 1:
        direction[n] = 1
    elif outputs.ndim == 3:
        direction[n, -1, labels] = 1
    else:
        direction[n, labels] = 1 / np.prod(outputs.shape[2:], dtype=int)
    return direction, labels


def _class_scores(who: str, outputs: np.ndarray) -> np.ndarray:
    """(N, C)."""
    if outputs.ndim > 4:
        problem = f"expected outputs of at most four axes, got shape {shape_text(outputs.shape)}."
        checks.fail(who, problem, "name one number of an output, as in target=(0, 1, 2, 3).")
    if outputs.ndim == 1:
        return outputs[:, np.newaxis]
    if outputs.ndim == 3:
        return outputs[:, -1]
    return outputs if outputs.ndim == 2 else outputs.mean(axis=(2, 3))


def _labels(who: str, target: Any, n_samples: int, n_classes: int) -> np.ndarray:
    """Check a class, or one for each sample, and return one for each."""
    given = checks.as_array(who, "target", target)
    if given.dtype.kind not in "iu" or given.shape not in ((), (n_samples,)):
        expected = f"None, a class, an array of {n_samples} classes or a tuple"
        came = f"{given.dtype} of shape {shape_text(given.shape)}" if given.ndim else repr(target)
        checks.fail(who, f"target must be {expected}, got {came}.", kind=TypeError)
    for label in given.ravel():
        if not 0 <= label < n_classes:
            checks.fail(who, f"target must be from 0 to {n_classes - 1}, as the net has {n_classes}, got {label}.")
    return np.broadcast_to(given, n_samples).astype(np.int64)


def _at_index(who: str, outputs: np.ndarray, target: tuple) -> tuple[np.ndarray, np.ndarray]:
    direction = np.zeros_like(outputs)
    shape = outputs.shape[1:]
    index = tuple(checks.integer(who, "target", place) for place in target)
    if len(index) != len(shape) or not all(-size <= place < size for place, size in zip(index, shape, strict=True)):
        checks.fail(who, f"target {target} is no index of an output of shape {shape_text(shape)}.")
    np.moveaxis(direction, 0, -1)[index] = 1
    return direction, np.broadcast_to(np.array(index), (len(outputs), len(index)))


def dot(direction: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """Σ over all axes but the first; 0 · ∞ in another output is not the score's business."""
    return np.where(direction == 0, 0, direction * outputs).reshape(len(outputs), -1).sum(axis=1, dtype=np.float64)
