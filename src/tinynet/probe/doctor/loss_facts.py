"""What a loss does, found out by asking it: its name may be anything."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from tinynet.probe.doctor.skill import ERRORS, Loss, as_labels, loss_value

N_ROWS = 16  # enough to ask with
TOLERANCE = 2e-3  # Relative. A loss may add a tiny number before it takes a logarithm.


@dataclass(frozen=True)
class LossFacts:
    """How a loss behaves.

    Attributes:
        takes: "logits" if it applies a softmax or a sigmoid itself; "probabilities" or "log-probabilities"; "numbers"
            if it compares predictions with targets by their distance; "" if that cannot be told.
        several: Whether the last axis is a distribution over classes; False for one yes or no each.
        ignores_output: Whether no prediction changes it, as a softmax over one unit does.
        sums: How the gradient of a row depends on the number of rows: True if not at all, as for a sum over the
            batch; False for a mean; None if it cannot be told.
        compares_all: Whether it stays the same when the targets are exchanged between the rows.
        only_signs: Whether its gradient has the same size at every distance, as that of the absolute error.
        slope: What it really rises by along the gradient that it returns, as a share of what that gradient promises:
            1 if the gradient is its derivative, −1 if the sign is wrong; NaN if it cannot be told.
        overlaps: Whether it compares regions, as soft Dice does, so that numbers need not compete to be right.
    """

    takes: str
    several: bool
    ignores_output: bool
    sums: bool | None
    compares_all: bool
    only_signs: bool
    slope: float
    overlaps: bool = False


def facts_about(loss: Loss, predicted: Any, y: Any) -> LossFacts:
    """Ask a loss a few dozen questions.

    Args:
        loss: A function (predicted, ground_truth) -> (loss, gradient).
        predicted: What a net gave; only its shape counts.
        y: The truth.

    Example:
        >>> from tinynet.losses import cross_entropy
        >>> facts = facts_about(cross_entropy, np.zeros((4, 3)), np.array([0, 1, 2, 1]))
        >>> facts.takes, facts.several, facts.sums, facts.slope
        ('logits', True, False, 1.0)
    """
    if not isinstance(predicted, np.ndarray) or not isinstance(y, np.ndarray) or predicted.ndim < 2:
        return LossFacts("", False, False, None, False, False, float("nan"))
    y = y[:N_ROWS]
    p = np.random.default_rng(0).uniform(0.2, 0.6, (len(y), *predicted.shape[1:]))
    ask = _Asked(loss, y)
    overlaps = _overlaps(ask, p, y)
    takes, several = ("probabilities", as_labels(p, y) is not None) if overlaps else _takes(ask, p, y)
    return LossFacts(
        takes,
        several,
        _ignores_output(ask, p),
        _sums(loss, p, y),
        _compares_all(loss, p, y),
        takes == "numbers" and _only_signs(loss, p, y),
        _slope(loss, p, y),
        overlaps,
    )


class _Asked:
    """The value of a loss for given predictions."""

    def __init__(self, loss: Loss, y: Any) -> None:
        self.loss, self.y = loss, y

    def __call__(self, predicted: np.ndarray) -> float:
        return loss_value(self.loss, predicted, self.y)


def _takes(ask: _Asked, p: np.ndarray, y: np.ndarray) -> tuple[str, bool]:
    base, t = ask(p), _spread(y, p)
    if t is not None:
        far = _as_large(p, y)
        if _has_shape(ask, far, lambda q: (q - t) ** 2) or _has_shape(ask, far, lambda q: np.abs(q - t)):
            return "numbers", False
    if not isfinite(base):
        return "", False
    if p.shape[-1] > 1 and _same(ask(p + 0.3), base) and _same(ask(p - 7.0), base) and not _ignores_output(ask, p):
        return "logits", True  # a softmax does not change when all scores of a row rise together
    steps = [ask(factor * p) for factor in (-1, 1, 2, 3)]
    rises = np.diff(steps) / (2, 1, 1)
    if isfinite(steps[0]) and rises[1] and np.allclose(rises, rises[1], rtol=TOLERANCE, atol=0):
        return "log-probabilities", True  # linear everywhere: −log p of the truth itself
    halved = ask(p / 2) - base, ask(p / 4) - ask(p / 2)
    if halved[0] and _same(*halved) and halved[0] > 0:
        return "probabilities", True  # −log(p / 2) = −log p + log 2
    if p.shape[-1] > 1 and _same(halved[0], 0, base) and _same(halved[1], 0, base) and not _ignores_output(ask, p):
        return "probabilities", True  # divided by their sum first
    if t is None:
        return "", False
    if _has_shape(ask, p, lambda q: -t * np.log(q) - (1 - t) * np.log(1 - q)):
        return "probabilities", False
    if _has_shape(ask, p, lambda q: np.logaddexp(0, q) - t * q):
        return "logits", False
    return ("numbers", False) if _is_least_at(ask, t) else ("", False)


def _has_shape(ask: _Asked, p: np.ndarray, formula: Any) -> bool:
    """Whether the loss is a formula of each number, summed or averaged: its differences are in proportion."""
    points = [p, 0.5 * p + 0.4, 0.3 * p + 0.05, p[::-1]]
    found, expected = np.array([ask(q) for q in points]), np.array([formula(q).sum() for q in points])
    found, expected = found[1:] - found[0], expected[1:] - expected[0]
    if not np.isfinite(found).all() or not np.any(found) or not expected[0]:
        return False
    return np.allclose(found, expected * (found[0] / expected[0]), rtol=TOLERANCE, atol=TOLERANCE * np.abs(found).max())


def _is_least_at(ask: _Asked, t: np.ndarray) -> bool:
    """Whether the loss is least where the prediction is the truth, and grows on both sides."""
    at, above, below = ask(t), ask(t + 1.0), ask(t - 1.0)
    return at < above and at < below


def _overlaps(ask: _Asked, p: np.ndarray, y: np.ndarray) -> bool:
    """Whether the loss is an overlap D, as 1 − D or −D: least at the truth itself, where D is 1.

    Other than in a sum over the numbers, the part of the yes and the part of the no do not add up; other than in a
    distance, to miss a yes costs more or less than to find one too many; half the truth is not as good as the whole.
    """
    t = _regions(y, p)
    if t is None or not np.isin(t, (0, 1)).all() or len(np.unique(t)) < 2:
        return False
    at = ask(t)
    if not (abs(at) < TOLERANCE or abs(at + 1) < TOLERANCE) or not all(at < ask(each) for each in (p, 1 - p, 1 - t)):
        return False
    if _same(ask(t / 2), at, size=1.0):
        return False
    only_yes, only_no = ask(np.where(t == 1, t, p)), ask(np.where(t == 0, t, p))
    if _same(only_yes + only_no, ask(p) + at):
        return False
    n = int(min(t.sum(), (1 - t).sum()))
    missed, found = (t.copy() for _ in range(2))
    missed.flat[np.flatnonzero(t == 1)[:n]] = 0.5
    found.flat[np.flatnonzero(t == 0)[:n]] = 0.5
    return not _same(ask(missed), ask(found))


def _regions(y: np.ndarray, p: np.ndarray) -> np.ndarray | None:
    """The truth in the shape of the predictions, for labels of images of classes (N, C, H, W) as well."""
    if y.dtype.kind in "iu" and p.ndim > 2 and y.shape == (p.shape[0], *p.shape[2:]):
        return (np.expand_dims(y, 1) == np.arange(p.shape[1]).reshape(-1, *[1] * (p.ndim - 2))).astype(np.float64)
    return _spread(y, p)


def _ignores_output(ask: _Asked, p: np.ndarray) -> bool:
    far = float(np.abs(ask.y).max()) if ask.y.size else 1.0
    tried = [ask(p), ask(p[::-1]), ask(3 * p), ask(p - 2), ask((p + 1) * max(1.0, far))]
    return all(map(isfinite, tried)) and all(_same(tried[0], each) for each in tried[1:])


def _sums(loss: Loss, p: np.ndarray, y: np.ndarray) -> bool | None:
    once = _gradient(loss, p, y)
    twice = _gradient(loss, np.concatenate([p, p]), np.concatenate([y, y]))
    if once is None or twice is None or not np.any(once):
        return None
    ratio = float(np.linalg.norm(twice[: len(p)]) / np.linalg.norm(once))
    return True if ratio > 0.99 else False if 0.45 < ratio < 0.55 else None


def _compares_all(loss: Loss, p: np.ndarray, y: np.ndarray) -> bool:
    return _same_when_exchanged(loss, p, y) and _same_when_exchanged(loss, _as_large(p, y), y)


def _same_when_exchanged(loss: Loss, p: np.ndarray, y: np.ndarray) -> bool:
    base, exchanged = loss_value(loss, p, y), [np.roll(y, shift, axis=0) for shift in (1, 2, 5)]
    differ = [each for each in exchanged if (each != y).any()]
    if len(differ) < 3 or _ignores_output(_Asked(loss, y), p):
        return False
    return all(_same(loss_value(loss, p, each), base, tolerance=1e-9) for each in differ)


def _only_signs(loss: Loss, p: np.ndarray, y: np.ndarray) -> bool:
    far = 2 * float(np.abs(y).max())
    gradients = [_gradient(loss, q, y) for q in (p, p + far + 5.0, p - far - 9.0)]
    sizes = [np.abs(each[each != 0]) for each in gradients if each is not None]
    if len(sizes) < len(gradients):
        return False
    together = np.concatenate(sizes)
    return len(together) > 0 and float(together.max() - together.min()) < 1e-9 * float(together.max())


def _slope(loss: Loss, p: np.ndarray, y: np.ndarray) -> float:
    gradient = _gradient(loss, p, y)
    if gradient is None or gradient.shape != p.shape or not np.isfinite(gradient).all() or not np.any(gradient):
        return float("nan")
    h = 1e-5 / float(np.abs(gradient).max())
    rise = (loss_value(loss, p + h * gradient, y) - loss_value(loss, p - h * gradient, y)) / (2 * h)
    return round(float(rise / np.sum(gradient**2)), 3)


def _gradient(loss: Loss, p: np.ndarray, y: np.ndarray) -> np.ndarray | None:
    try:
        gradient = loss(p, y)[1]
    except ERRORS:
        return None
    return np.asarray(gradient, np.float64) if isinstance(gradient, np.ndarray) else None


def _spread(y: np.ndarray, p: np.ndarray) -> np.ndarray | None:
    """The truth in the shape of the predictions: labels become one-hot."""
    if y.size == p.size:
        return y.reshape(p.shape).astype(np.float64)
    if y.dtype.kind in "iu" and y.shape == p.shape[:-1]:
        return (y[..., np.newaxis] == np.arange(p.shape[-1])).astype(np.float64)
    return None


def _as_large(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Predictions of the size of the targets: beside large targets, small predictions are all alike."""
    t = _spread(y, p)
    if t is None:
        return p
    low, high = float(t.min()), float(t.max())
    return low + (high - low) * (p - 0.2) / 0.4 if high > low else p * max(1.0, abs(high))


def _same(a: float, b: float, size: float = 0.0, tolerance: float = TOLERANCE * 1e-2) -> bool:
    return isfinite(a) and isfinite(b) and abs(a - b) <= tolerance * max(abs(a), abs(b), abs(size), 1e-12)
