"""InfoNCE: tell the key that belongs to a query from all others."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import shape_text
from tinynet.losses.cross_entropy import cross_entropy
from tinynet.losses.directions import directions, through_length


def info_nce(
    predicted: tuple[np.ndarray, np.ndarray],
    ground_truth: np.ndarray | None = None,
    temperature: float = 0.1,
    reduction: str = "mean",
) -> tuple[float, tuple[np.ndarray, np.ndarray]]:
    """Cross-entropy over the cosines between each query and all keys: contrastive learning, van den Oord et al. 2018.

    Equation:
        L = cross_entropy(S, truth), where S[n, m] = cos(queryₙ, keyₘ) / τ

    Shapes:
        predicted: queries (N, D) and keys (M, D)
        ground_truth: (N,): which key belongs to each query
        gradient: a pair of the same shapes

    Gradients (given dS = ∂L/∂S from the cross-entropy; u and v are queries and keys divided by their lengths):
        du = dS v / τ        ∂L/∂queryₙ = (duₙ − uₙ (uₙ · duₙ)) / |queryₙ|
        dv = dSᵀ u / τ       ∂L/∂keyₘ = (dvₘ − vₘ (vₘ · dvₘ)) / |keyₘ|

    Args:
        predicted: The pair (queries, keys), as a net with two outputs gives it.
        ground_truth: The row of the right key for each query; if None, key n belongs to query n.
        temperature: τ, greater than 0; the lower, the more the nearest wrong key counts.
        reduction: "mean" or "sum", over the queries.

    Returns:
        The loss, and a pair of gradients. A query or key of length zero points nowhere and gets the gradient zero.

    Raises:
        TypeError: predicted is not a pair of floating-point arrays, or the truth is not integers.
        ValueError: The shapes do not fit, a truth is out of range, or τ is not greater than 0.

    Example:
        >>> loss, (dq, dk) = info_nce((np.eye(2), np.eye(2)), temperature=1.0)
        >>> round(loss, 4), dq.round(4)
        (0.3133, array([[0.    , 0.1345],
               [0.1345, 0.    ]]))
    """
    labels = _checked(predicted, ground_truth)
    temperature = checks.number("info_nce", "temperature", temperature, above=0)
    (u, query_lengths), (v, key_lengths) = directions(predicted[0]), directions(predicted[1])
    S = (u @ v.T / temperature).astype(predicted[0].dtype)
    checks.class_labels("info_nce", S, labels)
    checks.reduction("info_nce", reduction)
    loss, dS = cross_entropy(S, labels, reduction=reduction)
    du, dv = dS @ v / temperature, dS.T @ u / temperature
    dq, dk = through_length(du, u, query_lengths), through_length(dv, v, key_lengths)
    with np.errstate(over="ignore"):  # the slope of a very short vector can be too large for its type: then it is ∞
        return loss, (dq.astype(predicted[0].dtype), dk.astype(predicted[1].dtype))


def _checked(predicted: Any, ground_truth: Any) -> np.ndarray:
    """Check queries (N, D) and keys (M, D), and return which key belongs to each query."""
    who = "info_nce"
    checks.two_predictions(who, predicted, ("queries", "keys"))
    queries, keys = predicted
    if queries.ndim != 2 or keys.ndim != 2 or queries.shape[1] != keys.shape[1]:
        got = f"{shape_text(queries.shape)} and {shape_text(keys.shape)}"
        checks.fail(who, f"expected queries of shape (N, D) and keys of shape (M, D), got {got}.")
    if ground_truth is not None:
        return ground_truth
    if len(keys) < len(queries):
        checks.fail(who, f"expected at least {len(queries)} keys, one for each query, got {len(keys)}.")
    return np.arange(len(queries), like=queries)
