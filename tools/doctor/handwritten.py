"""Losses and update rules that people write themselves, right ones and wrong ones."""

from __future__ import annotations

import numpy as np

from tinynet.core import Parameter
from tinynet.losses import cross_entropy
from tinynet.optimizers import SGD, Adam

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
    t = one_hot(y, p)
    inside = (p >= TINY) & (p <= 1 - TINY)
    q = np.clip(p, TINY, 1 - TINY)
    n = p.size // p.shape[-1]
    return float(-np.sum(t * np.log(q)) / n), -(inside * t / q) / n


def unguarded_crossentropy(p: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """−mean of y log p, straight from the textbook: log of 0 is infinite."""
    t = one_hot(y, p)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(-np.sum(t * np.log(p)) / len(p)), -t / p / len(p)


def share_of_equal(predicted: np.ndarray, y: np.ndarray) -> float:
    """What "accuracy" gives for a regression: how often the rounded prediction is the target."""
    return float(np.mean(np.round(predicted) == y))


def one_hot(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Labels (N, …) as 0 and 1 (N, …, C); what is one-hot already stays so."""
    return (y[..., None] == np.arange(p.shape[-1])).astype(p.dtype) if y.ndim < p.ndim else y.astype(p.dtype)


def summed_cross_entropy(predicted: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Cross-entropy of scores, added up over the batch where the mean was meant."""
    return cross_entropy(predicted, y, reduction="sum")


def summed_squared_error(predicted: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Σ (predicted − y)² over the batch where the mean was meant."""
    difference = predicted - y
    return float(np.sum(difference**2)), 2 * difference


def unguarded_sum(predicted: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """−Σ y log softmax(predicted), over the batch and step by step, so that a probability can become 0."""
    e = np.exp(predicted)
    p = e / e.sum(axis=1, keepdims=True)
    t = one_hot(y, p)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(-np.sum(t * np.log(p))), p - t


def binary_of_scores(predicted: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """−mean of t log s + (1 − t) log(1 − s), by hand, with raw scores for s: the sigmoid was forgotten."""
    s, t = predicted, one_hot(y, predicted)
    with np.errstate(divide="ignore", invalid="ignore"):
        loss = -np.mean(t * np.log(s) + (1 - t) * np.log(1 - s))
        return float(loss), (s - t) / (s * (1 - s)) / s.size


def broadcast_squared_error(predicted: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean squared error of (N, 1) and (N,): the difference is (N, N), each prediction against every target."""
    difference = predicted - y
    return float(np.mean(difference**2)), 2 * difference.sum(axis=1, keepdims=True) / difference.size


class FlippedSGD(SGD):
    """θ ← θ + ε∇: the sign is wrong."""

    def update(self, parameter: Parameter) -> None:
        parameter.gradient = -parameter.gradient
        super().update(parameter)


class FlippedAdam(Adam):
    """Adam with the wrong sign."""

    def update(self, parameter: Parameter) -> None:
        parameter.gradient = -parameter.gradient
        super().update(parameter)
