"""A row that is ignored, or has the weight 0, has no effect on a loss, even where it is NaN or infinite."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from tinynet.core import faster
from tinynet.core.faster import load_engine
from tinynet.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    ctc,
    focal,
    kl_divergence,
    multi_margin,
    negative_log_likelihood,
    soft_dice,
)

load_engine()
N, C, T = 60, 5, 8
RNG = np.random.default_rng(0)
LABELS, WITH_IGNORED = RNG.integers(0, C, N), np.where(RNG.random(N) < 0.4, -1, RNG.integers(0, C, N))
IS_2, YES = LABELS == 2, RNG.integers(0, 2, (N, C))
LENGTHS = RNG.integers(4, T + 1, N)
W = np.array([1.0, 2.0, 0.0, 0.5, 1.0])
Q = RNG.dirichlet(np.ones(C), N)
Q[::3], Q[1::3, 0] = 0, 0
CTC_TRUTH = RNG.integers(1, C, (N, 2)), LENGTHS, RNG.integers(0, 3, N)
ROW = np.ones((1, C), bool)

# The loss, the truth, and which of its logits (N, C), or (N, T, C) for ctc, are absent.
CASES: dict[str, tuple[Callable[..., Any], Any, np.ndarray]] = {
    "ignored": (partial(cross_entropy, ignore_index=-1), WITH_IGNORED, (WITH_IGNORED == -1)[:, np.newaxis] & ROW),
    "ignored and smooth": (
        partial(cross_entropy, ignore_index=-1, label_smoothing=0.1),
        WITH_IGNORED,
        (WITH_IGNORED == -1)[:, np.newaxis] & ROW,
    ),
    "a class without weight": (partial(cross_entropy, weight=W), LABELS, IS_2[:, np.newaxis] & ROW),
    "rows of probabilities that are all 0": (cross_entropy, Q, (Q == 0).all(axis=1)[:, np.newaxis] & ROW),
    "nll, ignored": (
        partial(negative_log_likelihood, ignore_index=-1),
        WITH_IGNORED,
        WITH_IGNORED[:, np.newaxis] != np.arange(C),
    ),
    "nll, weight": (partial(negative_log_likelihood, weight=W), LABELS, IS_2[:, np.newaxis] & ROW),
    "focal, alpha": (partial(focal, alpha=W), LABELS, IS_2[:, np.newaxis] & ROW),
    "kl, probability 0": (kl_divergence, Q, Q == 0),
    "probabilities of yes, weight of each": (
        partial(binary_cross_entropy, weight=W),
        YES,
        (np.arange(C) == 2) & np.ones((N, 1), bool),
    ),
    "places without a label": (
        partial(soft_dice, ignore_index=-1),
        WITH_IGNORED,
        (WITH_IGNORED == -1)[:, np.newaxis] & ROW,
    ),
    "binary, weight of each": (
        partial(binary_cross_entropy_with_logits, weight=W),
        YES,
        (np.arange(C) == 2) & np.ones((N, 1), bool),
    ),
    "binary, pos_weight 0": (
        partial(binary_cross_entropy_with_logits, pos_weight=W),
        YES,
        (np.arange(C) == 2) & (YES == 1),
    ),
    "margin, weight": (partial(multi_margin, weight=W), LABELS, IS_2[:, np.newaxis] & ROW),
    "ctc, steps after the end": (
        ctc,
        CTC_TRUTH,
        (np.arange(T) >= LENGTHS[:, np.newaxis])[:, :, np.newaxis] & ROW,
    ),
}

each_choice = pytest.mark.parametrize("choice", ["plain", "loops", "auto", "compiled"])


@each_choice
@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("nothing", [np.nan, np.inf, -np.inf], ids=str)
@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore:invalid value")  # in compiled threads without a compiler
def test_what_is_absent_has_no_effect(choice: str, dtype: type, reduction: str, nothing: float, name: str) -> None:
    loss, truth, absent = CASES[name]
    x = np.random.default_rng(1).normal(size=absent.shape).astype(dtype)
    if getattr(loss, "func", loss) in (binary_cross_entropy, soft_dice):
        x = (1 / (1 + np.exp(-x))).astype(dtype)
    truth = truth.astype(dtype) if isinstance(truth, np.ndarray) and truth.dtype.kind == "f" else truth
    with faster.use(choice):
        L, gradient = loss(x, truth, reduction=reduction)
        x[absent] = nothing
        found, found_gradient = loss(x, truth, reduction=reduction)
    assert absent.any()
    assert abs(found - L) <= 1e-6 * abs(L)
    np.testing.assert_allclose(found_gradient, gradient, rtol=1e-5, atol=1e-7)
    assert np.isfinite(found_gradient).all()


@each_choice
def test_the_weight_of_a_class_that_does_not_occur_may_be_infinite(choice: str) -> None:
    x, labels = np.random.default_rng(1).normal(size=(4, 3)), np.array([0, 1, 1, 0])
    with np.errstate(divide="ignore"):
        weight = 1 / np.bincount(labels, minlength=3)
    for loss in (cross_entropy, negative_log_likelihood):
        with faster.use(choice):
            for truth in (labels, np.eye(3)[labels]) if loss is cross_entropy else (labels,):
                L, gradient = loss(x, truth, weight=weight)
                true, true_gradient = loss(x, truth, weight=np.array([0.5, 0.5, 7.0]))
                assert abs(L - true) < 1e-12
                np.testing.assert_allclose(gradient, true_gradient)


@each_choice
def test_so_may_that_of_a_yes_that_does_not_occur(choice: str) -> None:
    x, no = np.random.default_rng(1).normal(size=(4, 3)), np.zeros((4, 3))
    with faster.use(choice):
        L, gradient = binary_cross_entropy_with_logits(x, no, pos_weight=np.array([np.inf, 1, 1]))
        assert abs(L - np.logaddexp(0, x).mean()) < 1e-12
    np.testing.assert_allclose(gradient, 1 / (1 + np.exp(-x)) / 12)


@pytest.mark.filterwarnings("ignore:invalid value")  # of the NaN
def test_a_nan_within_a_sample_of_ctc_is_no_sample_without_a_path() -> None:
    x = np.zeros((1, 3, 2))
    x[0, 1, 0] = np.nan
    loss, gradient = ctc(x, (np.array([[1]]), np.array([3]), np.array([1])), zero_infinity=True)
    assert np.isnan(loss)
    assert np.isnan(gradient).any()
