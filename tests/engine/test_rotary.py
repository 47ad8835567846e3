"""The bodies of rotary turns agree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinynet as tn
from tinynet.core import faster
from tinynet.engine import rotary

BODIES = ["loops", "vectorized", "compiled"]


def turned(x: np.ndarray, angle: np.ndarray, body: str) -> np.ndarray:
    y = x.copy()
    with faster.use(body):
        rotary.turn(y, np.cos(angle).astype(x.dtype), np.sin(angle).astype(x.dtype))
    return y


@pytest.mark.parametrize("body", BODIES)
def test_by_hand(body: str) -> None:
    x, angle = np.array([[[1.0, 0.0, 3.0, 4.0], [2.0, 1.0, 5.0, 6.0]]]), np.array([[np.pi / 2, 0], [np.pi, -np.pi / 2]])
    np.testing.assert_allclose(turned(x, angle, body), [[[0, 1, 3, 4], [-2, -1, 6, -5]]], atol=1e-15)


@settings(deadline=None, max_examples=40)
@given(
    sample=st.lists(st.integers(0, 3), max_size=2).map(tuple),
    T=st.integers(1, 40),
    pairs=st.integers(1, 9),
    seed=st.integers(0, 99),
)
def test_bodies_agree(sample: tuple[int, ...], T: int, pairs: int, seed: int) -> None:
    draw = np.random.default_rng(seed).normal
    x, angle = draw(size=(*sample, T, 2 * pairs)), draw(size=(T, pairs))
    pair = x[..., ::2] + 1j * x[..., 1::2]
    for body in BODIES:
        y = turned(x, angle, body)
        np.testing.assert_allclose(y[..., ::2] + 1j * y[..., 1::2], pair * np.exp(1j * angle), rtol=1e-10, atol=1e-10)
        single = turned(x.astype(np.float32), angle, body)
        assert single.dtype == np.float32
        np.testing.assert_allclose(single, y, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_rows_with_gaps_and_any_type(body: str, dtype: type) -> None:
    draw = np.random.default_rng(0).normal
    wide, angle = draw(size=(2, 5, 12)).astype(dtype), draw(size=(5, 4))
    before, expected = wide.copy(), turned(wide[..., 2:10], angle, body)
    y = wide[..., 2:10]
    with faster.use(body):
        rotary.turn(y, np.cos(angle).astype(dtype), np.sin(angle).astype(dtype))
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(wide[..., :2], before[..., :2])
    np.testing.assert_array_equal(wide[..., 10:], before[..., 10:])
    backwards = wide[:, ::-1].copy()[:, ::-1][..., 2:10]
    again = turned(backwards, angle, body)
    with faster.use(body):
        rotary.turn(backwards, np.cos(angle).astype(dtype), np.sin(angle).astype(dtype))
    np.testing.assert_allclose(backwards, again, rtol=0, atol=1e-2 if dtype is np.float16 else 1e-6)


def test_the_number_of_threads_changes_no_bit() -> None:
    draw = np.random.default_rng(0).normal
    x, angle = draw(size=(3, 50, 20)).astype(np.float32), draw(size=(50, 10))
    results = []
    for n in (1, 2, 3):
        with tn.threads(n):
            results.append(turned(x, angle, "compiled"))
    for other in results[1:]:
        np.testing.assert_array_equal(other, results[0])
