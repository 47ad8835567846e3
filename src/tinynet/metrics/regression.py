"""How close predicted numbers come."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.joinable import Mean, of_all


def mean_absolute_error(predicted: np.ndarray, ground_truth: np.ndarray) -> float:
    """The mean distance between prediction and truth, in the units of the truth.

    Equation:
        MAE = 1/n Σᵢ |predictedᵢ − truthᵢ|, where n counts every number, not only the rows

    Shapes:
        predicted, ground_truth: any shape, the same for both

    Args:
        predicted: What the net gave.
        ground_truth: What it should have given.

    Returns:
        A number from 0, which is perfect, up.

    Raises:
        TypeError: predicted does not hold floating-point numbers, or ground_truth does not hold numbers.
        ValueError: The shapes differ.

    Example:
        >>> mean_absolute_error(np.array([1.0, 4.0]), np.array([2.0, 2.0]))
        1.5
    """
    checks.same_targets("mean_absolute_error", predicted, ground_truth)
    return Mean(float(np.abs(predicted - ground_truth).sum(dtype=np.float64)), predicted.size)


def r2_score(predicted: np.ndarray, ground_truth: np.ndarray) -> float:
    """The share of the truth's variance that is predicted: the coefficient of determination.

    Equation:
        R² = 1 − Σₙ (truthₙ − predictedₙ)² / Σₙ (truthₙ − mean(truth))², averaged over the columns

    Shapes:
        predicted, ground_truth: (N,), (N, D) or (N, …), the same for both

    Args:
        predicted: What the net gave.
        ground_truth: What it should have given.

    Returns:
        A number up to 1, which is perfect; 0 is as good as always predicting the mean, and a worse prediction is
        negative. A column of equal truths, such as that of a single row, has no variance and counts as 1 if it is
        predicted exactly, else as 0.

    Raises:
        TypeError: predicted does not hold floating-point numbers, or ground_truth does not hold numbers.
        ValueError: The shapes differ.

    Example:
        >>> r2_score(np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 3.0]))
        0.5
    """
    checks.same_targets("r2_score", predicted, ground_truth)
    with np.errstate(over="ignore", invalid="ignore"):  # of infinite numbers R² is −∞ or NaN
        return of_all(_r2(predicted, ground_truth), r2_score, predicted, ground_truth)


def _r2(predicted: np.ndarray, ground_truth: np.ndarray) -> float:
    truth = ground_truth.astype(np.float64).reshape(len(ground_truth), -1)  # (N, D)
    error, deviation = truth - predicted.reshape(truth.shape), truth - truth.mean(axis=0)
    constant = (truth == truth[0]).all(axis=0)  # their mean is rounded, so that some deviation may seem to be left
    scale = np.where(constant, 1, np.abs(deviation).max(axis=0))  # so that no square is too large or too small
    unexplained, total = (np.square(distance / scale).sum(axis=0) for distance in (error, deviation))
    of_constant = np.sign(np.abs(error).max(axis=0))  # 0 if it is predicted exactly, else 1
    ratio = np.where(constant, of_constant, unexplained / np.where(constant, 1, total))
    return float(1 - ratio.mean())
