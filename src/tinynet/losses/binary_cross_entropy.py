"""Binary cross-entropy: for independent yes-or-no answers, as logits or as probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import shape_text
from tinynet.core.faster import faster
from tinynet.core.joinable import reduced
from tinynet.layers.softplus import softplus
from tinynet.losses.truth import weighted, weighted_sum


@faster
def binary_cross_entropy_with_logits(
    predicted: np.ndarray,
    ground_truth: np.ndarray,
    weight: Any = None,
    pos_weight: Any = None,
    reduction: str = "mean",
) -> tuple[float, np.ndarray]:
    """The mean surprise of a yes-or-no truth, where the net says yes with probability σ(predicted).

    Equation:
        L = 1/Z Σᵢ wᵢ (−πᵢ tᵢ log σ(xᵢ) − (1 − tᵢ) log σ(−xᵢ)), where x = predicted, t is the truth, w the weight and
        π the pos_weight; σ(x) = 1 / (1 + e⁻ˣ); Z counts all numbers, or is 1 for reduction="sum"

    Shapes:
        predicted, ground_truth, gradient: any shape, the same for all
        weight, pos_weight: numbers, or of any shape that broadcasts to that of predicted

    Gradients (with respect to predicted):
        ∂L/∂xᵢ = wᵢ ((1 − tᵢ) σ(xᵢ) − πᵢ tᵢ σ(−xᵢ)) / Z, which is (σ(xᵢ) − tᵢ) / Z without weights

    Args:
        predicted: Logits, not probabilities: the sigmoid is in here.
        ground_truth: From 0, which is no, to 1, which is yes.
        weight: How much each number counts, at least 0; 1 if None.
        pos_weight: How much a yes counts, at least 0, such as the number of no's over that of yes's; 1 if None.
        reduction: "mean" or "sum", over all numbers.

    Returns:
        The loss and its gradient.

    Raises:
        TypeError: predicted does not hold floating-point numbers, or ground_truth does not hold numbers.
        ValueError: The shapes differ, a truth is not from 0 to 1, or an option is out of range.

    Example:
        >>> loss, gradient = binary_cross_entropy_with_logits(np.array([0.0, 1e4]), np.array([1, 0]))
        >>> round(loss, 4), gradient
        (5000.3466, array([-0.25,  0.5 ]))
    """
    who = "binary_cross_entropy_with_logits"
    checks.same_targets(who, predicted, ground_truth)
    checks.between_0_and_1(who, ground_truth)
    w = _spread(who, "weight", weight, predicted)
    pi = _spread(who, "pos_weight", pos_weight, predicted)
    Z = predicted.size if checks.reduction(who, reduction) else 1
    x, t = predicted, ground_truth.astype(predicted.dtype)
    yes, no = weighted(w * t, pi), w * (1 - t)
    surprise_of_yes, surprise_of_no = softplus(-x), softplus(x)  # −log σ(x) and −log σ(−x)
    total = weighted_sum(yes, surprise_of_yes) + weighted_sum(no, surprise_of_no)
    gradient = weighted(no, np.exp(-surprise_of_yes)) - weighted(yes, np.exp(-surprise_of_no))
    return reduced(total, Z, reduction), gradient / Z


def binary_cross_entropy(
    predicted: np.ndarray, ground_truth: np.ndarray, weight: Any = None, reduction: str = "mean"
) -> tuple[float, np.ndarray]:
    """The mean surprise of a yes-or-no truth, where the net gives the probability of yes itself.

    Equation:
        L = 1/Z Σᵢ wᵢ (−tᵢ log pᵢ − (1 − tᵢ) log(1 − pᵢ)), where p = predicted, t is the truth, w the weight, and a
        logarithm below −100 counts as −100; Z counts all numbers, or is 1 for reduction="sum"

    Shapes:
        predicted, ground_truth, gradient: any shape, the same for all
        weight: a number, or of any shape that broadcasts to that of predicted

    Gradients (with respect to predicted):
        ∂L/∂pᵢ = wᵢ (pᵢ − tᵢ) / max(pᵢ (1 − pᵢ), 10⁻¹²) / Z, which like PyTorch's is finite at 0 and 1, and points the
        way where the logarithm is cut

    Args:
        predicted: Probabilities, as `Sigmoid` gives them; of logits the loss is exact also near 0 and 1.
        ground_truth: From 0, which is no, to 1, which is yes.
        weight: How much each number counts, at least 0; 1 if None. What has the weight 0 may be anything, even NaN.
        reduction: "mean" or "sum", over all numbers.

    Returns:
        The loss and its gradient.

    Raises:
        TypeError: predicted does not hold floating-point numbers, or ground_truth does not hold numbers.
        ValueError: The shapes differ, a prediction or a truth is not from 0 to 1, or an option is out of range.

    Example:
        >>> loss, gradient = binary_cross_entropy(np.array([0.5, 0.0]), np.array([1, 1]))
        >>> round(loss, 4), gradient
        (50.3466, array([-1.e+00, -5.e+11]))
    """
    who = "binary_cross_entropy"
    checks.same_targets(who, predicted, ground_truth)
    checks.between_0_and_1(who, ground_truth)
    w = _spread(who, "weight", weight, predicted)
    Z = predicted.size if checks.reduction(who, reduction) else 1
    p, t = np.where(w != 0, predicted, 0), ground_truth.astype(predicted.dtype)
    checks.probabilities(who, p, "for logits use binary_cross_entropy_with_logits, or end the net in Sigmoid().")
    log_p = np.where(p == 0, -100, np.maximum(np.log(np.where(p == 0, 1, p)), -100))
    log_q = np.where(p == 1, -100, np.log1p(-np.where(p == 1, 0, p)))  # log(1 − p); no other p comes so near to 1
    surprise = -t * log_p - (1 - t) * log_q
    gradient = w * (p - t) / np.maximum(p * (1 - p), 1e-12)
    return reduced((w * surprise).sum(dtype=np.float64), Z, reduction), gradient / Z


def _spread(who: str, name: str, value: Any, x: np.ndarray) -> Any:
    """A number or array of at least 0 that broadcasts to x, in the type of x; 1 if None."""
    if value is None:
        return np.ones_like(x, shape=())  # a number in the type of x
    weight = np.asarray(checks.numbers(who, name, value), like=x)
    try:
        fits = np.broadcast_shapes(weight.shape, x.shape) == x.shape
    except ValueError:
        fits = False
    if not fits:
        checks.fail(who, f"{name} of shape {shape_text(weight.shape)} cannot be spread over {shape_text(x.shape)}.")
    return checks.not_negative(who, name, weight).astype(x.dtype)[()]  # [()] makes a number of an array without axes
