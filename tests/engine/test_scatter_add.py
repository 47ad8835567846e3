"""The bodies of scatter-add agree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinynet as tn
from tinynet.core import faster
from tinynet.engine.scatter_add import scatter_add

BODIES = ["loops", "vectorized", "compiled"]


@pytest.mark.parametrize("body", BODIES)
def test_by_hand(body: str) -> None:
    with faster.use(body):
        result = scatter_add(np.array([[2, 0], [2, 2]]), np.arange(8.0).reshape(2, 2, 2), 4)
    np.testing.assert_array_equal(result, [[2, 3], [0, 0], [0 + 4 + 6, 1 + 5 + 7], [0, 0]])


@pytest.mark.parametrize("body", BODIES[1:])
@settings(deadline=None, max_examples=30)
@given(n=st.integers(1, 9), length=st.integers(0, 20), D=st.integers(1, 70), seed=st.integers(0, 99))
def test_bodies_agree(body: str, n: int, length: int, D: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    index, rows = rng.integers(0, n, length), rng.normal(size=(length, D))
    with faster.use("loops"):
        true = scatter_add(index, rows, n)
    with faster.use(body):
        np.testing.assert_allclose(scatter_add(index, rows, n), true, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_types_and_strides(body: str, dtype: type) -> None:
    rows = np.arange(24).reshape(4, 6).astype(dtype)
    with faster.use(body):
        result = scatter_add(np.array([1, 0, 1, 0, 9])[:4].astype(np.int32), rows[:, ::2], 2)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, [rows[1, ::2] + rows[3, ::2], rows[0, ::2] + rows[2, ::2]])


def test_the_number_of_threads_changes_no_bit() -> None:
    rng = np.random.default_rng(0)
    index, rows = rng.integers(0, 3, 50), rng.normal(size=(50, 200)).astype(np.float32)
    found = []
    for n in (1, 2, 3):
        with tn.threads(n), faster.use("compiled"):
            found.append(scatter_add(index, rows, 3))
    np.testing.assert_array_equal(found[1], found[0])
    np.testing.assert_array_equal(found[2], found[0])


@pytest.mark.parametrize("body", BODIES)
def test_rows_that_lie_time_first(body: str) -> None:
    rng = np.random.default_rng(0)
    index, rows = rng.integers(0, 4, (5, 7)), rng.normal(size=(7, 5, 3)).transpose(1, 0, 2)
    with faster.use(body):
        found, expected = scatter_add(index, rows, 4), scatter_add(index, rows.copy(), 4)
    np.testing.assert_allclose(found, expected, rtol=1e-13)
