"""Perplexity: the number of equally likely choices that a language model is as unsure about."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from tinynet.core import checks
from tinynet.core.joinable import Joinable, Mean
from tinynet.losses import cross_entropy


def perplexity(
    predicted: np.ndarray, ground_truth: np.ndarray, axis: int = -1, ignore_index: int | None = None
) -> float:
    """The exponential of the mean cross-entropy: a fair guess among k classes has perplexity k.

    Equation:
        perplexity = exp(−1/N Σₙ log pₙ[labelₙ]), where p = softmax(predicted)

    Shapes:
        predicted: (N, C), or (N, …, C), as in (N, T, C): logits
        ground_truth: (N,), or (N, …): integer labels

    Args:
        predicted: Logits, the class axis last; another place is named by `axis`.
        ground_truth: The labels.
        axis: The class axis of predicted.
        ignore_index: A label that does not count, such as that of padding.

    Returns:
        A number from 1, which is perfect, up; infinite where it is too large for one. NaN if no label counts.

    Raises:
        TypeError: The truth is not integer labels.
        ValueError: A label is out of range, or the shapes do not fit.

    Example:
        >>> round(perplexity(np.zeros((2, 5, 65)), np.zeros((2, 5), int)), 4)
        65.0
    """
    checks.class_labels("perplexity", predicted, ground_truth, axis, ignore_index)
    mean: Any = cross_entropy(predicted, ground_truth, axis, ignore_index=ignore_index)[0]
    return Perplexity(Mean(mean.total, mean.over))


class Perplexity(Joinable):
    """The exponential of a mean surprise, which is joined with others by their means.

    Example:
        >>> Perplexity(Mean(0.0, over=4))
        1.0
    """

    mean: Mean

    def __new__(cls, mean: Mean) -> Self:
        perplexity = super().__new__(cls, math.inf if mean > math.log(sys.float_info.max) else math.exp(mean))
        perplexity.mean = mean
        return perplexity

    def __getnewargs__(self) -> tuple[Mean]:
        return (self.mean,)  # for copies

    def joined(self, others: Sequence[Self]) -> Perplexity:
        return Perplexity(self.mean.joined([other.mean for other in others]))
