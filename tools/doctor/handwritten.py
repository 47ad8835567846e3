"""Losses and update rules that people write themselves, right ones and wrong ones."""

from __future__ import annotations

import numpy as np

from tinynet.core import Parameter
from tinynet.optimizers import SGD

TINY = 1e-7  #: Keras keeps probabilities this far from 0 and 1.


def binary_crossentropy(p: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Binary cross-entropy of probabilities, as Keras has it: for a net that ends in a sigmoid."""
    inside = (p >= TINY) & (p <= 1 - TINY)
    q = np.clip(p, TINY, 1 - TINY)
    y = y.reshape(p.shape).astype(p.dtype)
    loss = -np.mean(y * np.log(q) + (1 - y) * np.log(1 - q))
    return float(loss), inside * (q - y) / (q * (1 - q)) / p.size


def categorical_crossentropy(p: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Cross-entropy of probabilities, as Keras has it: for a net that ends in a softmax. y is labels or one-hot."""
    t = _one_hot(y, p)
    inside = (p >= TINY) & (p <= 1 - TINY)
    q = np.clip(p, TINY, 1 - TINY)
    return float(-np.sum(t * np.log(q)) / len(p)), -(inside * t / q) / len(p)


def unguarded_crossentropy(p: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """−mean of y log p, straight from the textbook: log of 0 is infinite."""
    t = _one_hot(y, p)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(-np.sum(t * np.log(p)) / len(p)), -t / p / len(p)


def _one_hot(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    return (y[:, None] == np.arange(p.shape[1])).astype(p.dtype) if y.ndim == 1 else y.astype(p.dtype)


class GradientAscent(SGD):
    """θ ← θ + ε∇: the sign is wrong."""

    def update(self, parameter: Parameter) -> None:
        parameter.tensor += self.learning_rate * parameter.gradient
