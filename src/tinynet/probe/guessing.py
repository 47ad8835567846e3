"""What a net would reach that never looks at its input: the mark which every other net must beat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinynet.core import checks

SAME = 1e-3  # The relative distance below which a loss of the frequencies counts as their entropy.


@dataclass(frozen=True)
class Guessing:
    """The loss and the accuracy of the best guess that does not look at the input; None where there is none to tell.

    Args:
        loss: That of always giving each class its frequency, or of always answering the mean of the truth.
        accuracy: That of always naming the most frequent class.
        words: What the loss is, as in "ln 10 = 2.303".

    Example:
        >>> Guessing(2.3026, 0.1, "ln 10 = 2.303").mark, Guessing(0.25).mark
        ('ln 10 = 2.303', '0.25')
    """

    loss: float | None = None
    accuracy: float | None = None
    words: str = ""

    @property
    def mark(self) -> str:
        """The loss in words."""
        return self.words or f"{self.loss:.4g}"


def guessing(loss: Callable | None, ground_truth: Any) -> Guessing:
    """What the best guess reaches that does not look at the input.

    Equation:
        pₖ = share of class k in the truth        loss = −Σₖ pₖ ln pₖ, the entropy        accuracy = maxₖ pₖ
        for numbers instead of classes: the loss of the mean of the truth

    Args:
        loss: A function (predicted, ground_truth) -> (loss, gradient), or None for the accuracy alone.
        ground_truth: The truth of many samples: (N,) integer labels, or (N, …) numbers.

    Returns:
        The marks; a loss that is no cross-entropy of logits has none for labels.

    Raises:
        TypeError: The loss is not a function of two arguments.

    Example:
        >>> from tinynet.losses import cross_entropy
        >>> guessing(cross_entropy, np.arange(1000) % 10)
        Guessing(loss=2.302..., accuracy=0.1, words='ln 10 = 2.303')
    """
    if loss is not None:
        checks.function("guessing", "loss", loss, 2, "pass cross_entropy itself.")
    y = checks.as_array("guessing", "ground_truth", ground_truth)
    if not y.size or y.dtype.kind not in "iuf":
        return Guessing()
    if y.dtype.kind == "f":
        constant = np.broadcast_to(y.mean(axis=0), y.shape)
        value = _loss_of(loss, np.array(constant), y)
        return Guessing(value, None, "" if value is None else f"{value:.4g}, by always answering the mean")
    if y.ndim != 1 or y.min() < 0:
        return Guessing()
    shares = np.bincount(y) / len(y)
    present = shares[shares > 0]
    entropy = float((present * np.log(1 / present)).sum())
    logs = np.log(np.maximum(shares, 1e-12))
    value = _loss_of(loss, np.tile(logs, (len(y), 1)), y)
    if value is None or abs(value - entropy) > SAME * max(entropy, SAME):
        return Guessing(None, float(shares.max()))
    n_classes = len(present)
    even = abs(entropy - np.log(n_classes)) < 0.01 * entropy
    words = f"ln {n_classes} = {np.log(n_classes):.4g}" if even else f"the entropy of the labels, {entropy:.4g}"
    return Guessing(entropy, float(shares.max()), words)


def _loss_of(loss: Callable | None, predicted: np.ndarray, y: np.ndarray) -> float | None:
    """The loss of predictions, or None where it takes others than these."""
    if loss is None:
        return None
    try:
        value = float(loss(predicted, y)[0])
    except (ValueError, TypeError, IndexError):  # it compares something else, such as pairs
        return None
    return value if np.isfinite(value) else None
