"""Connectionist temporal classification: the order of the labels is known, but not their times."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import not_half, shape_text
from tinynet.core.joinable import reduced
from tinynet.losses.cross_entropy import softmax_and_surprise
from tinynet.losses.truth import one_hot

Truth = tuple[np.ndarray, np.ndarray, np.ndarray]


def ctc(
    predicted: np.ndarray,
    ground_truth: Truth,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> tuple[float, np.ndarray]:
    """The surprise at a sequence of labels, summed over all ways to place them in time: Graves et al. 2006.

    At each step the net gives a class or the blank. Neighbouring repeats are merged, then blanks are dropped, and all
    paths that give the labels count.

    Equation:
        L = mean over n of −log P(labelsₙ) / max(1, label_lengthₙ), or Σₙ −log P(labelsₙ) for reduction="sum"
        P(labels) = Σ over paths of Π_t p[t, path(t)], where p = softmax(predicted)
                  = α_T(last) + α_T(last but one), over the labels with blanks between and around them
        α_t(s) = p[t, s] (α_{t−1}(s) + α_{t−1}(s − 1) + α_{t−1}(s − 2)), the last only for a label unlike the one before

    Shapes:
        predicted: (N, T, C): logits, T steps
        ground_truth: labels (N, S), input_lengths (N,), label_lengths (N,)
        gradient: that of predicted

    Gradients (with respect to predicted; β_t(s) is the probability of all continuations after step t at s):
        ∂(−log P)/∂x[t, c] = p[t, c] − Σ α_t(s) β_t(s) / P over the places s that hold the class c;
        0 from input_lengthₙ on

    Args:
        predicted: Logits, not log-probabilities: the softmax is in here.
        ground_truth: A tuple (labels, input_lengths, label_lengths) of integer arrays: the labels of each sample, of
            which the first label_lengthₙ count, and how many of the T steps belong to it.
        blank: The class that means "no label here".
        reduction: "mean" or "sum", over the samples; in the mean each is divided by its number of labels.
        zero_infinity: If True, a sample with too few steps for its labels costs nothing. Otherwise it makes the loss
            infinite. Its gradient is zero either way, for no step would help.

    Returns:
        The loss and its gradient.

    Raises:
        TypeError: ground_truth is not such a tuple, or an array is of the wrong kind.
        ValueError: A shape, a length, a label or the blank is out of range, or the reduction is unknown.

    Example:
        >>> truth = np.array([[1]]), np.array([2]), np.array([1])
        >>> loss, gradient = ctc(np.zeros((1, 2, 2)), truth)  # 3 of 4 paths give the label
        >>> round(loss, 4), gradient[0].round(4)
        (0.2877, array([[ 0.1667, -0.1667],
               [ 0.1667, -0.1667]]))
    """
    blank = checks.integer("ctc", "blank", blank)
    checks.flag("ctc", "zero_infinity", zero_infinity)
    _check(predicted, ground_truth, blank)
    mean = checks.reduction("ctc", reduction)
    labels, input_lengths, label_lengths = (array.astype(np.intp) for array in ground_truth)
    steps = np.arange(predicted.shape[1], like=input_lengths)
    is_step = steps < input_lengths[:, np.newaxis]  # (N, T)
    x = np.where(is_step[:, :, np.newaxis], predicted, 0)  # so that what follows has no effect, not even through a NaN
    p, surprise = softmax_and_surprise(x.astype(np.float64))  # sums over many steps need the digits
    places = _with_blanks(labels, label_lengths, blank)  # (N, S′), S′ = 2S + 1
    log_p = -np.take_along_axis(surprise, places[:, np.newaxis], axis=2)  # (N, T, S′)
    skips = _skips(places, blank)
    log_alpha, log_beta = _forward(log_p, skips), _backward(log_p, skips, input_lengths, 2 * label_lengths)
    log_P = np.logaddexp.reduce(log_alpha[:, 0] + log_beta[:, 0], axis=1)  # the same at every step
    possible = log_P != -np.inf
    shared = np.exp(log_alpha + log_beta - np.where(possible, log_P, 0)[:, np.newaxis, np.newaxis])  # α β / P
    seen = one_hot(places, p)  # (N, S′, C)
    counts = possible[:, np.newaxis] & is_step  # (N, T)
    weight = 1 / np.maximum(label_lengths, 1) if mean else np.ones_like(log_P)
    losses = np.where(possible, -log_P, 0 if zero_infinity else np.inf)
    gradient = (p - shared @ seen) * (weight[:, np.newaxis] * counts)[:, :, np.newaxis]
    n = len(labels) if mean else 1
    return reduced(losses @ weight, n, reduction), (gradient / n).astype(predicted.dtype)


def _with_blanks(labels: np.ndarray, label_lengths: np.ndarray, blank: int) -> np.ndarray:
    """Blank, label, blank, label, …, blank; everything after the labels is blank."""
    places = np.full_like(labels, blank, shape=(len(labels), 2 * labels.shape[1] + 1))
    real = np.arange(labels.shape[1], like=labels) < label_lengths[:, np.newaxis]
    places[:, 1::2] = np.where(real, labels, blank)
    return places


def _skips(places: np.ndarray, blank: int) -> np.ndarray:
    """0 where a path may jump over the blank before a place, else −∞: (N, S′)."""
    skips = np.full_like(places, -np.inf, dtype=np.float64)
    skips[:, 2:] = np.where((places[:, 2:] != blank) & (places[:, 2:] != places[:, :-2]), 0, -np.inf)
    return skips


def _forward(log_p: np.ndarray, skips: np.ndarray) -> np.ndarray:
    """log α (N, T, S′): all paths that are at place s at step t."""
    log_alpha = np.full_like(log_p, -np.inf)
    log_alpha[:, 0, :2] = log_p[:, 0, :2]
    for t in range(1, log_p.shape[1]):
        before = log_alpha[:, t - 1]
        arrived = before.copy()
        arrived[:, 1:] = np.logaddexp(arrived[:, 1:], before[:, :-1])
        arrived[:, 2:] = np.logaddexp(arrived[:, 2:], before[:, :-2] + skips[:, 2:])
        log_alpha[:, t] = arrived + log_p[:, t]
    return log_alpha


def _backward(log_p: np.ndarray, skips: np.ndarray, input_lengths: np.ndarray, last: np.ndarray) -> np.ndarray:
    """log β (N, T, S′): all continuations from place s after step t to the last place or the last but one."""
    samples = np.arange(len(log_p), like=last)
    end = np.full_like(log_p[:, 0], -np.inf)
    end[samples, last] = end[samples, np.maximum(last - 1, 0)] = 0
    log_beta = np.full_like(log_p, -np.inf)
    for t in reversed(range(log_p.shape[1])):
        if t + 1 < log_p.shape[1]:
            after = log_beta[:, t + 1] + log_p[:, t + 1]
            log_beta[:, t] = after
            log_beta[:, t, :-1] = np.logaddexp(log_beta[:, t, :-1], after[:, 1:])
            log_beta[:, t, :-2] = np.logaddexp(log_beta[:, t, :-2], after[:, 2:] + skips[:, 2:])
        log_beta[:, t] = np.where(input_lengths[:, np.newaxis] == t + 1, end, log_beta[:, t])
    return log_beta


def _check(predicted: np.ndarray, ground_truth: Any, blank: int) -> None:
    """Check scores (N, T, C) against (labels (N, S), input lengths (N,), label lengths (N,))."""
    who = "ctc"
    checks.array(who, predicted, "predicted")
    if predicted.dtype.kind != "f":
        checks.fail(who, f"expected predicted to hold floating-point numbers, got {predicted.dtype}.", kind=TypeError)
    not_half(who, predicted, "predicted")
    if predicted.ndim != 3 or predicted.size == 0:
        checks.fail(who, f"expected predicted of shape (N, T, C), got {shape_text(predicted.shape)}.")
    if not isinstance(ground_truth, (tuple, list)) or len(ground_truth) != 3:
        problem = "expected ground_truth as a tuple (labels, input_lengths, label_lengths)."
        checks.fail(who, problem, kind=TypeError)
    N, T, C = predicted.shape
    for name, x, shape in zip(
        ("labels", "input_lengths", "label_lengths"), ground_truth, ((N, "S"), (N,), (N,)), strict=True
    ):
        checks.array(who, x, name)
        if x.dtype.kind not in "iu":
            checks.fail(who, f"expected {name} to hold integers, got {x.dtype}.", kind=TypeError)
        if len(x.shape) != len(shape) or x.shape[0] != N:
            checks.fail(who, f"expected {name} of shape {shape_text(shape)}, got {shape_text(x.shape)}.")
    labels, input_lengths, label_lengths = ground_truth
    if not 0 <= blank < C:
        checks.fail(who, f"blank must be a class from 0 to {C - 1}, got {blank}.")
    _check_lengths("input_lengths", input_lengths, 1, T)
    _check_lengths("label_lengths", label_lengths, 0, labels.shape[1])
    real = labels[np.arange(labels.shape[1], like=labels) < label_lengths[:, np.newaxis]]
    wrong = real[(real < 0) | (real >= C) | (real == blank)]
    if wrong.size:
        checks.fail(who, f"expected labels from 0 to {C - 1} without the blank {blank}, got {wrong[0]}.")


def _check_lengths(name: str, lengths: np.ndarray, low: int, high: int) -> None:
    if lengths.min() < low or lengths.max() > high:
        checks.fail("ctc", f"expected {name} from {low} to {high}, got {lengths.min()} to {lengths.max()}.")
