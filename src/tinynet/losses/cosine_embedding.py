"""Cosine embedding: two vectors should point the same way, or should not."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import shape_text
from tinynet.core.joinable import reduced
from tinynet.losses.directions import directions, through_length


def cosine_embedding(
    predicted: tuple[np.ndarray, np.ndarray], ground_truth: np.ndarray, margin: float = 0.0, reduction: str = "mean"
) -> tuple[float, tuple[np.ndarray, np.ndarray]]:
    """Like pairs of vectors should point the same way, unlike ones should have a small cosine.

    Equation:
        L = 1/N Σₙ 1 − cₙ where truthₙ = 1, and max(0, cₙ − margin) where truthₙ = −1, with cₙ = cos(aₙ, bₙ); N counts
        the pairs, or is 1 for reduction="sum"

    Shapes:
        predicted: two vectors a and b for each pair, both (N, D)
        ground_truth: (N,)
        gradient: a pair of the same shapes

    Gradients (with respect to predicted, where u = a / |a| and v = b / |b|):
        dcₙ = −1/N for a like pair, 1/N for an unlike one with cₙ ≥ margin, else 0
        ∂L/∂aₙ = dcₙ (vₙ − cₙ uₙ) / |aₙ|        ∂L/∂bₙ = dcₙ (uₙ − cₙ vₙ) / |bₙ|

    Args:
        predicted: The pair (a, b), as a net with two outputs gives it.
        ground_truth: 1 for a like pair, −1 for an unlike one.
        margin: From which cosine on an unlike pair costs something, from −1 to 1; 0 to 0.5 is usual.
        reduction: "mean" or "sum", over the pairs.

    Returns:
        The loss, and a pair of gradients. A vector of length zero points nowhere: its cosine and its gradient are zero.

    Raises:
        TypeError: predicted is not a pair of floating-point arrays.
        ValueError: The shapes do not fit, a label is not −1 or 1, or an option is out of range.

    Example:
        >>> loss, (da, db) = cosine_embedding((np.array([[2.0, 0.0]]), np.array([[0.6, 0.8]])), np.array([-1]))
        >>> round(loss, 4), da, db
        (0.6, array([[0. , 0.4]]), array([[ 0.64, -0.48]]))
    """
    who = "cosine_embedding"
    checks.two_predictions(who, predicted, ("a", "b"))
    a, b = predicted
    if a.ndim != 2 or a.shape != b.shape or not a.shape[1]:
        problem = f"expected two arrays of shape (N, D), got {shape_text(a.shape)} and {shape_text(b.shape)}."
        checks.fail(who, problem)
    checks.same_targets(who, a[:, 0], ground_truth)
    checks.signs(who, ground_truth)
    margin = checks.number(who, "margin", margin)
    N = len(a) if checks.reduction(who, reduction) else 1
    (u, a_lengths), (v, b_lengths) = directions(a), directions(b)
    c = (u * v).sum(axis=1)
    is_like = ground_truth == 1
    total = np.where(is_like, 1 - c, np.maximum(0, c - margin)).sum()
    dc = np.where(is_like, -1, c >= margin)[:, np.newaxis] / N
    da, db = through_length(dc * v, u, a_lengths), through_length(dc * u, v, b_lengths)
    with np.errstate(over="ignore"):  # the slope of a very short vector can be too large for its type: then it is ∞
        return reduced(total, N, reduction), (da.astype(a.dtype), db.astype(b.dtype))
