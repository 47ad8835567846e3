"""Soft Dice: how far two regions are from covering each other."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import shape_text
from tinynet.core.joinable import reduced
from tinynet.losses.truth import class_weights, divisor, one_hot


def soft_dice(
    predicted: np.ndarray,
    ground_truth: np.ndarray,
    axis: int | None = -1,
    smooth: float = 1.0,
    weight: np.ndarray | None = None,
    ignore_index: int | None = None,
    reduction: str = "mean",
) -> tuple[float, np.ndarray]:
    """One minus the overlap of each region with its truth, so that a small region counts as much as a large one.

    Equation:
        L = 1/Z Σₙ Σₖ wₖ (1 − Dₙₖ),   Dₙₖ = (2 Σᵢ pₙᵢₖ tₙᵢₖ + s) / (Σᵢ pₙᵢₖ² + Σᵢ tₙᵢₖ² + s)
        p = predicted, t is the truth, one-hot for labels, and i runs over the places of sample n; k over the classes,
        w is the weight of each class, s is smooth; Z = N Σₖ wₖ, or 1 for reduction="sum"
        (Milletari et al. 2016, with s, and for any number of classes)

    Shapes:
        predicted: (N, …, C): probabilities, the class axis last; another place is named by `axis`.
            (N, …): the probability of yes at each place, for axis=None
        ground_truth: (N, …): integer labels from 0 to C − 1; or probabilities of the shape of predicted.
            The shape of predicted, from 0 for no to 1 for yes, for axis=None
        weight: (C,)
        gradient: that of predicted

    Gradients (with respect to predicted):
        ∂L/∂pₙᵢₖ = 2 wₖ (Dₙₖ pₙᵢₖ − tₙᵢₖ) / (Σᵢ pₙᵢₖ² + Σᵢ tₙᵢₖ² + s) / Z

    Args:
        predicted: Probabilities, as `Softmax` or `Sigmoid` gives them, not logits.
        ground_truth: The labels, or how much of each class is at each place.
        axis: The class axis of predicted; 1 for images of classes (N, C, H, W), None for a yes or no at each place.
        smooth: s, at least 0. Where a class is neither there nor predicted, D is 1, also for s = 0.
        weight: w, how much each class counts, at least 0; 1 if None.
        ignore_index: Places with this label are left out; None leaves out none.
        reduction: "mean" or "sum", over samples and classes.

    Returns:
        The loss and its gradient.

    Raises:
        TypeError: Labels are floating numbers without a class axis.
        ValueError: A prediction is not from 0 to 1, a label or an option is out of range, or the shapes do not fit.

    Example:
        >>> masks = np.array([[[1.0, 1.0], [0.0, 0.0]]])  # (1, 2, 2)
        >>> soft_dice(masks, masks, axis=None)[0], soft_dice(masks, 1 - masks, axis=None)[0]
        (0.0, 0.8)
    """
    p, t = _rows(predicted, ground_truth, axis, ignore_index)  # (N, …, C)
    smooth = checks.number("soft_dice", "smooth", smooth, minimum=0)
    w = class_weights(checks.class_weight("soft_dice", weight, p.shape[-1]), p)
    p = np.where(w == 0, 0, p)  # so that a class without weight has no effect, not even through a NaN
    count = len(p) * w.sum(dtype=np.float64)
    checks.reduction("soft_dice", reduction)
    Z = divisor(count, reduction)
    places = tuple(range(1, p.ndim - 1))

    def total_of(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.multiply(a, b, dtype=np.float64).sum(axis=places, keepdims=True)

    areas, overlap = total_of(p, p) + total_of(t, t) + smooth, 2 * total_of(p, t) + smooth
    is_empty = areas == 0  # then D, the limit for a small s, is 1
    areas = np.where(is_empty, 1, areas)
    D = np.where(is_empty, 1, overlap / areas)
    gradient = (2 * w * (D * p - t) / areas / Z).astype(predicted.dtype)
    gradient = gradient[..., 0] if axis is None else np.moveaxis(gradient, -1, axis)
    return reduced((w * (1 - D)).sum(), count, reduction), gradient


def _rows(
    predicted: np.ndarray, ground_truth: np.ndarray, axis: int | None, ignore_index: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """p and t as (N, …, C), both 0 at places that are left out."""
    who = "soft_dice"
    if axis is None:
        checks.same_targets(who, predicted, ground_truth)
        if ignore_index is not None:
            checks.integer(who, "ignore_index", ignore_index)
            is_kept = ground_truth != ignore_index
            predicted, ground_truth = np.where(is_kept, predicted, 0), np.where(is_kept, ground_truth, 0)
        checks.between_0_and_1(who, ground_truth)
        p, t = predicted[..., np.newaxis], ground_truth[..., np.newaxis].astype(predicted.dtype)
    else:
        has_labels = checks.class_targets(who, predicted, ground_truth, axis, ignore_index)
        p = np.moveaxis(predicted, axis, -1)
        if has_labels:
            t = one_hot(ground_truth, p, ignore_index)
            p = p if ignore_index is None else np.where((ground_truth != ignore_index)[..., np.newaxis], p, 0)
        else:
            checks.labels_to_ignore(who, ignore_index)
            checks.between_0_and_1(who, ground_truth)
            t = np.moveaxis(ground_truth, axis, -1).astype(p.dtype)
    if p.ndim < 2:
        problem = f"expected predicted with a class axis after that of the samples, got {shape_text(predicted.shape)}."
        checks.fail(who, problem)
    checks.probabilities(who, p, "end the net in Softmax(), or in Sigmoid() for a yes or no at each place.")
    return p, t
