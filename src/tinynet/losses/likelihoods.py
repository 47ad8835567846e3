"""Losses for nets that predict a distribution of numbers: Gaussian and Poisson."""

from __future__ import annotations

import math

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import shape_text
from tinynet.core.joinable import reduced
from tinynet.losses.truth import weighted


def gaussian_nll(
    predicted: tuple[np.ndarray, np.ndarray],
    ground_truth: np.ndarray,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> tuple[float, tuple[np.ndarray, np.ndarray]]:
    """The mean surprise of numbers, for a net that says how sure it is of each: Nix and Weigend 1994.

    Equation:
        L = 1/n Σᵢ ½ (log vᵢ + (μᵢ − tᵢ)² / vᵢ + c), where predicted is μ and the variance, v = max(variance, eps), t is
        the truth, and c = log 2π if full, else 0; n counts every number, or is 1 for reduction="sum"

    Shapes:
        predicted: the means μ (…, D), and the variances: the same; or (…, 1) or (…), one for a whole row
        ground_truth: that of the means
        gradient: a pair of the same shapes

    Gradients (with respect to predicted):
        ∂L/∂μᵢ = (μᵢ − tᵢ) / vᵢ / n
        ∂L/∂varianceᵢ = ½ (1/vᵢ − ((μᵢ − tᵢ) / vᵢ)²) / n, also below eps, so that a variance of 0 can grow again; for a
        whole row, the sum of these

    Args:
        predicted: The pair (means, variances), as a net with two outputs gives it; `Softplus` makes variances.
        ground_truth: The numbers that came.
        full: Whether to add the constant.
        eps: The least variance, above 0.
        reduction: "mean" or "sum", over all numbers.

    Returns:
        The loss, and a pair of gradients.

    Raises:
        TypeError: predicted is not a pair of floating-point arrays.
        ValueError: The shapes do not fit, a variance is negative, or an option is out of range.

    Example:
        >>> gaussian_nll((np.array([[3.0]]), np.array([[1.0]])), np.array([[1.0]]))
        (2.0, (array([[2.]]), array([[-1.5]])))
    """
    who = "gaussian_nll"
    checks.two_predictions(who, predicted, ("means", "variances"))
    mu, variance = predicted
    checks.same_targets(who, mu, ground_truth)
    checks.flag(who, "full", full)
    eps = checks.number(who, "eps", eps, above=0)
    n = mu.size if checks.reduction(who, reduction) else 1
    v = np.maximum(_for_each(who, variance, mu), eps, dtype=np.float64)
    d = np.subtract(mu, ground_truth, dtype=np.float64)
    q = d / v
    total = ((np.log(v) + d * q).sum() + (mu.size * math.log(2 * math.pi) if full else 0)) / 2
    dv = (1 / v - q * q) / 2
    if v.shape != mu.shape:
        dv = np.broadcast_to(dv, mu.shape).sum(axis=-1, keepdims=True)
    with np.errstate(over="ignore"):  # a slope that is too large for the type of the predictions is infinite
        dmu, dv = (q / n).astype(mu.dtype), (dv / n).astype(variance.dtype)
    return reduced(total, n, reduction), (dmu, dv.reshape(variance.shape))


def poisson_nll(
    predicted: np.ndarray,
    ground_truth: np.ndarray,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> tuple[float, np.ndarray]:
    """The mean surprise of counts, for a net that says how many to expect: Poisson regression.

    Equation:
        L = 1/n Σᵢ (λᵢ − tᵢ log λᵢ + cᵢ), where t is the truth and log λ = predicted; for log_input=False λ = predicted,
        and log(λ + eps) stands for log λ; n counts every number, or is 1 for reduction="sum"
        cᵢ = tᵢ log tᵢ − tᵢ + ½ log(2π tᵢ), Stirling's formula for log tᵢ!, if full and tᵢ > 1, else 0

    Shapes:
        predicted, ground_truth, gradient: any shape, the same for all

    Gradients (with respect to predicted):
        ∂L/∂predictedᵢ = (λᵢ − tᵢ) / n, or (1 − tᵢ / (λᵢ + eps)) / n for log_input=False

    Args:
        predicted: The logarithms of the expected counts, or the counts themselves, as `Softplus` gives them.
        ground_truth: The counts, at least 0.
        log_input: Whether predicted are logarithms.
        full: Whether to add c.
        eps: Keeps the logarithm finite where λ is 0; above 0.
        reduction: "mean" or "sum", over all numbers.

    Returns:
        The loss and its gradient; both infinite where exp(predicted) is too large for the type of the predictions.

    Raises:
        TypeError: predicted does not hold floating-point numbers, or ground_truth does not hold numbers.
        ValueError: The shapes differ, a count is negative, or an option is out of range.

    Example:
        >>> poisson_nll(np.array([0.0, 0.0]), np.array([1, 3]))
        (1.0, array([ 0., -1.]))
    """
    who = "poisson_nll"
    checks.same_targets(who, predicted, ground_truth)
    checks.not_negative(who, "ground_truth", ground_truth)
    eps = checks.number(who, "eps", eps, above=0)
    n = predicted.size if checks.reduction(who, reduction) else 1
    t = ground_truth.astype(predicted.dtype)
    if checks.flag(who, "log_input", log_input):
        log_rate = predicted
        with np.errstate(over="ignore"):  # as the docstring says, infinite
            rate = np.exp(predicted)
        gradient = rate - t
    else:
        rate = predicted
        _check_none_below_0(who, "predicted", rate, "end the net in Softplus(), or give logarithms: log_input=True.")
        log_rate = np.log(rate + eps)
        gradient = 1 - t / (rate + eps)
    total = (rate - weighted(t, log_rate)).sum(dtype=np.float64)
    if checks.flag(who, "full", full):
        total = total + _log_factorial(t).sum(dtype=np.float64)
    return reduced(total, n, reduction), gradient / n


def _log_factorial(t: np.ndarray) -> np.ndarray:
    """log t! by Stirling's formula, 0 where t is at most 1."""
    count = np.where(t > 1, t, 1)
    return np.where(t > 1, count * np.log(count) - count + np.log(2 * math.pi * count) / 2, 0)


def _for_each(who: str, variance: np.ndarray, mu: np.ndarray) -> np.ndarray:
    """The variances in a shape that fits the means, checked."""
    if variance.shape not in (mu.shape, (*mu.shape[:-1], 1), mu.shape[:-1]):
        expected = f"{shape_text(mu.shape)} like the means, or with 1 for the last axis"
        checks.fail(who, f"expected variances of shape {expected}, got {shape_text(variance.shape)}.")
    _check_none_below_0(who, "variances", variance, "let that output of the net end in Softplus().")
    return variance if variance.ndim == mu.ndim else variance[..., np.newaxis]


def _check_none_below_0(who: str, name: str, predicted: np.ndarray, hint: str) -> None:
    """Check that no predicted number is below 0; NaN stays NaN."""
    if (predicted < 0).any():
        checks.fail(who, f"expected {name} of at least 0, got {np.nanmin(predicted):g}.", hint)
