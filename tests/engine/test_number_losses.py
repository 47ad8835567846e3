"""Losses over numbers in compiled code: blocks, threads, memory order, what is declined."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

import tinynet as tn
from tests.layers.strategies import layouts
from tinynet import losses
from tinynet.core import faster
from tinynet.engine import number_losses

NAMES = ["mean_squared_error", "mean_absolute_error", "huber", "binary_cross_entropy_with_logits"]
EACH = pytest.mark.parametrize("name", NAMES)


def case(shape: tuple[int, ...], dtype: type = np.float32) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=shape).astype(dtype), rng.uniform(size=shape).astype(dtype)


@EACH
def test_many_blocks_and_any_number_of_threads(name: str) -> None:
    loss, (predicted, truth) = getattr(losses, name), case((30, 1001))
    with faster.use("plain"):
        expected = loss(predicted.astype(np.float64), truth.astype(np.float64))
    found = []
    for n in (1, 2, 3):
        with tn.threads(n), faster.use("compiled"):
            found.append(loss(predicted, truth))
    assert found[0][0] == pytest.approx(expected[0], rel=1e-6)
    np.testing.assert_allclose(found[0][1], expected[1], rtol=1e-5, atol=1e-10)
    for value, gradient in found[1:]:
        assert value == found[0][0]
        np.testing.assert_array_equal(gradient, found[0][1])


@EACH
def test_memory_order_is_that_of_the_prediction(name: str) -> None:
    loss, (predicted, truth) = getattr(losses, name), case((2, 3, 4, 5))
    with faster.use("compiled"):
        expected = loss(predicted, truth)
        for view in layouts(predicted).values():
            for other in layouts(truth).values():
                value, gradient = loss(view, other)
                assert value == pytest.approx(expected[0], rel=1e-6)
                np.testing.assert_allclose(gradient, expected[1], rtol=1e-5, atol=1e-9)
        last = layouts(predicted)["channels-last"]
        assert loss(last, truth)[1].strides == last.strides


X, T = np.zeros((2, 3)), np.ones((2, 3))


@pytest.mark.parametrize(
    "call",
    [
        *[partial(getattr(number_losses, name), X, T[:1]) for name in NAMES],
        *[partial(getattr(number_losses, name), X, T, reduction="none") for name in NAMES],
        *[partial(getattr(number_losses, name), X[:0], T[:0]) for name in NAMES],
        partial(number_losses.mean_squared_error, X, T > 0),
        partial(number_losses.mean_squared_error, X.astype(np.float16), T),
        partial(number_losses.mean_squared_error, X.tolist(), T),
        partial(number_losses.huber, X, T, 0),
        partial(number_losses.huber, X, T, np.inf),
        partial(number_losses.huber, X, T, "1"),
        partial(number_losses.binary_cross_entropy_with_logits, X, 2 * T),
        partial(number_losses.binary_cross_entropy_with_logits, X, -T),
        partial(number_losses.binary_cross_entropy_with_logits, X, T * np.nan),
        partial(number_losses.binary_cross_entropy_with_logits, X.astype(np.float32), T),
        partial(number_losses.binary_cross_entropy_with_logits, X, 2 * T, 1.0),
        partial(number_losses.binary_cross_entropy_with_logits, X, T, -1.0),
        partial(number_losses.binary_cross_entropy_with_logits, X, T, np.ones(2)),
        partial(number_losses.binary_cross_entropy_with_logits, X, T, np.ones((1, 2, 3))),
        partial(number_losses.binary_cross_entropy_with_logits, X, T, None, "3"),
    ],
)
def test_what_the_lesson_refuses_or_no_kernel_serves_is_declined(call: Any) -> None:
    with faster.use("compiled"):
        assert call() is NotImplemented
