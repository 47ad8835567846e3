"""The bodies of cross-entropy agree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinynet as tn
from tinynet.core import faster
from tinynet.engine.cross_entropy import of_labels

BODIES = ["loops", "vectorized", "compiled"]


def case(shape: tuple[int, ...], dtype: type, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    rng = np.random.default_rng(seed)
    w = rng.integers(0, 3, shape[:-1]).astype(dtype)
    return (3 * rng.normal(size=shape)).astype(dtype), rng.integers(0, shape[-1], shape[:-1]), w, 0.5


@pytest.mark.parametrize("body", BODIES)
def test_by_hand(body: str) -> None:
    logits, labels = np.log([[1.0, 3.0], [1.0, 1.0]]), np.array([0, 1])
    with faster.use(body):
        loss, gradient = of_labels(logits, labels, np.array([2.0, 1.0]), 0.5)
    assert loss == pytest.approx(0.5 * (2 * np.log(4) + np.log(2)))
    np.testing.assert_allclose(gradient, [[-0.75, 0.75], [0.25, -0.25]])


@settings(deadline=None, max_examples=40)
@given(shape=st.lists(st.integers(1, 6), min_size=1, max_size=4).map(tuple), seed=st.integers(0, 99))
def test_bodies_agree(shape: tuple[int, ...], seed: int) -> None:
    given = case((*shape, 5), np.float64, seed)
    with faster.use("compiled"):
        loss, gradient = of_labels(*given)
    with faster.use("plain"):
        true, true_gradient = of_labels(*given)
    assert loss == pytest.approx(true, rel=1e-10, abs=1e-10)
    np.testing.assert_allclose(gradient, true_gradient, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("body", BODIES)
def test_float32_at_extremes(body: str) -> None:
    logits = np.array([[1e4, -1e4, 0.0], [0.0, -np.inf, 0.0], [np.nan, 0.0, 0.0]], np.float32)
    with faster.use(body), np.errstate(invalid="ignore"):
        loss, gradient = of_labels(logits, np.array([1, 1, 0]), np.array([1, 0, 0], np.float32), 1.0)
    assert loss == 2e4
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient[:2], [[1, -1, 0], [0, 0, 0]], atol=1e-30)


@pytest.mark.parametrize("body", BODIES)
def test_types_strides_and_no_rows(body: str) -> None:
    logits, labels, w, scale = case((4, 3, 5), np.float32)
    with faster.use(body):
        expected = of_labels(logits, labels, w, scale)
        moved = np.moveaxis(np.ascontiguousarray(np.moveaxis(logits, -1, 1)), 1, -1)
        loss, gradient = of_labels(moved, labels.astype(np.uint8), w, scale)
        half = of_labels(logits.astype(np.float16), labels, w.astype(np.float16), scale)[1]
        nothing, empty = of_labels(logits[:0], labels[:0], w[:0], scale)
    assert loss == pytest.approx(expected[0])
    np.testing.assert_allclose(gradient, expected[1], rtol=1e-6)
    assert half.dtype == np.float16
    assert nothing == 0
    assert empty.shape == (0, 3, 5)


def test_the_number_of_threads_changes_no_bit_and_inputs_stay() -> None:
    logits, labels, w, scale = case((300, 5), np.float32)
    before, found = logits.copy(), []
    for n in (1, 2, 3):
        with tn.threads(n), faster.use("compiled"):
            found.append(of_labels(logits, labels, w, scale))
    for loss, gradient in found[1:]:
        assert loss == found[0][0]
        np.testing.assert_array_equal(gradient, found[0][1])
    np.testing.assert_array_equal(logits, before)
