"""Rotary positions agree as lesson, as loops and compiled, also in place and with heads side by side."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinynet as tn
from tinynet.core import faster
from tinynet.engine.positions import turn_in_place
from tinynet.layers import RotaryPosition

BODIES = ["loops", "plain", "compiled"]


def turned(x: np.ndarray, body: str, start: int = 0, direction: int = 1, base: float = 10000.0) -> np.ndarray:
    with faster.use(body):
        return RotaryPosition(x.shape[-1], base).turn(x, start, direction)


@pytest.mark.parametrize("body", BODIES)
def test_by_hand(body: str) -> None:
    x = np.array([[[5.0, 6.0, 7.0, 8.0], [1.0, 0.0, 3.0, 4.0]]])
    y = turned(x, body, base=4 / np.pi**2)  # position 1 turns the first pair by 1 and the second by π / 2
    np.testing.assert_allclose(y, [[[5, 6, 7, 8], [np.cos(1), np.sin(1), -4, 3]]], atol=1e-14)
    np.testing.assert_allclose(turned(x[:, 1:], body, start=1, base=4 / np.pi**2), y[:, 1:])
    np.testing.assert_allclose(turned(y, body, direction=-1, base=4 / np.pi**2), x, atol=1e-14)


@settings(deadline=None, max_examples=40)
@given(
    sample=st.lists(st.integers(0, 3), max_size=3).map(tuple),
    T=st.integers(1, 40),
    pairs=st.integers(1, 9),
    start=st.integers(0, 50),
    direction=st.sampled_from([1, -1]),
    seed=st.integers(0, 99),
)
def test_bodies_agree(sample: tuple[int, ...], T: int, pairs: int, start: int, direction: int, seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=(*sample, T, 2 * pairs))
    angle = direction * (start + np.arange(T))[:, np.newaxis] / 10000 ** (np.arange(pairs) / pairs)
    expected = (x[..., ::2] + 1j * x[..., 1::2]) * np.exp(1j * angle)
    for body in BODIES:
        y = turned(x, body, start, direction)
        np.testing.assert_allclose(y[..., ::2] + 1j * y[..., 1::2], expected, rtol=1e-10, atol=1e-10)
        single = turned(x.astype(np.float32), body, start, direction)
        assert single.dtype == np.float32
        np.testing.assert_allclose(single, y, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_rows_with_gaps_and_any_type(body: str, dtype: type) -> None:
    wide = np.random.default_rng(0).normal(size=(2, 5, 12)).astype(dtype)
    before, x = wide.copy(), wide[..., 2:10]
    y = turned(x, body)
    assert y.dtype == dtype
    np.testing.assert_array_equal(wide, before)
    np.testing.assert_array_equal(turned(x.copy(), body), y)
    np.testing.assert_array_equal(turned(x.transpose(2, 1, 0).copy().transpose(2, 1, 0), body), y)


@pytest.mark.parametrize("body", ["auto", "compiled"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_heads_side_by_side_are_turned_in_place(body: str, dtype: type) -> None:
    layer, wide = RotaryPosition(4), np.random.default_rng(0).normal(size=(2, 5, 20)).astype(dtype)
    before, x = wide.copy(), wide[..., 4:16]
    heads = x.reshape(2, 5, 3, 4).transpose(0, 2, 1, 3)
    expected = turned(heads, "plain", 7, -1)
    backwards = wide[:, ::-1].copy()[:, ::-1][..., 4:16]  # no memory that a kernel can go through in steps
    with faster.use(body):
        turn_in_place(layer, x, 7, -1)
        turn_in_place(layer, backwards, 7, -1)
    for result in (x, backwards):
        np.testing.assert_allclose(result.reshape(2, 5, 3, 4).transpose(0, 2, 1, 3), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(wide[..., :4], before[..., :4])
    np.testing.assert_array_equal(wide[..., 16:], before[..., 16:])


def test_the_number_of_threads_changes_no_bit() -> None:
    x = np.random.default_rng(0).normal(size=(3, 50, 20)).astype(np.float32)
    results = []
    for n in (1, 2, 3):
        with tn.threads(n):
            results.append(turned(x, "compiled"))
    for other in results[1:]:
        np.testing.assert_array_equal(other, results[0])
