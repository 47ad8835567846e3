"""The bodies of batch norm agree, in any memory layout, and lose no digits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinynet as tn
from tests.engine.strategies import layouts
from tinynet.core import faster
from tinynet.engine import batch_norm

SHAPES = st.one_of(
    st.tuples(st.integers(1, 40), st.integers(1, 5)),
    st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 5)),
    st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 9), st.integers(1, 9)),
)


def feature_axis(x: np.ndarray) -> int:
    return 1 if x.ndim == 4 else x.ndim - 1


def arrays(shape: tuple[int, ...], seed: int, dtype: type = np.float64) -> tuple[np.ndarray, np.ndarray]:
    """x and dy; x with a mean far from 0."""
    draw = np.random.default_rng(seed).normal
    return (3 + 2 * draw(size=shape)).astype(dtype), draw(size=shape).astype(dtype)


def results(x: np.ndarray, dy: np.ndarray, relu: bool) -> list[np.ndarray]:
    axis = feature_axis(x)
    mean, var = batch_norm.statistics(x, axis)
    scale, shift = 1 / np.sqrt(var + x.dtype.type(0.5)), var - mean
    y = batch_norm.normalize(x, mean, scale, shift, axis, relu)
    through = (scale, shift) if relu else None
    dbias, products = batch_norm.sums(dy, x, mean, axis, through)
    means = [v.astype(x.dtype) / dy.size for v in (dbias, products)]
    dx = batch_norm.input_gradient(dy, x, mean, scale, *means, axis, through)
    return [mean, var, y, dbias, products, dx]


@settings(deadline=None, max_examples=60)
@given(shape=SHAPES, seed=st.integers(0, 99), relu=st.booleans())
def test_bodies_agree(shape: tuple[int, ...], seed: int, relu: bool) -> None:
    x, dy = arrays(shape, seed)
    with faster.use("plain"):
        true = results(x, dy, relu)
    with faster.use("compiled"):
        fast = results(x, dy, relu)
        single = results(x.astype(np.float32), dy.astype(np.float32), False)
    for one, other in zip(fast, true, strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10)
    if not relu:
        for one, other in zip(single, true, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=2e-4 * np.abs(other).max())


@pytest.mark.parametrize("body", ["vectorized", "compiled", "loops"])
@pytest.mark.parametrize("shape", [(3, 2, 5, 4), (2, 7, 1, 3), (5, 1, 2, 2), (1, 3, 4, 4)], ids=str)
def test_any_layout(body: str, shape: tuple[int, ...]) -> None:
    x, dy = arrays(shape, 0)
    with faster.use(body):
        true = results(x, dy, True)
        for name, x_view in layouts(x).items():
            for dy_view in layouts(dy).values():
                before = x_view.copy(), dy_view.copy()
                for one, other in zip(results(x_view, dy_view, True), true, strict=True):
                    np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12, err_msg=name)
                np.testing.assert_array_equal(x_view, before[0])
                np.testing.assert_array_equal(dy_view, before[1])


@pytest.mark.parametrize("name", ["C order", "channels-last"])
@pytest.mark.parametrize("body", ["vectorized", "compiled"])
def test_results_lie_in_memory_as_x_does(body: str, name: str) -> None:
    x, dy = (layouts(array)[name] for array in arrays((3, 4, 5, 6), 0))
    with faster.use(body):
        *_, y, _, _, dx = results(x, dy, True)
    assert y.strides == dx.strides == x.strides


@pytest.mark.parametrize("shape", [(40, 16, 32, 32), (3000, 48), (9, 500, 5), (7, 3, 100, 90)], ids=str)
@pytest.mark.parametrize("last", [True, False])
def test_many_blocks(shape: tuple[int, ...], last: bool) -> None:
    x, dy = arrays(shape, 1)
    if last and x.ndim == 4:
        x, dy = (layouts(array)["channels-last"] for array in (x, dy))
    with faster.use("plain"):
        true = results(x, dy, True)
    with faster.use("compiled"):
        found = []
        for n in (1, 2):
            with tn.threads(n):
                found.append(results(x, dy, True))
        single = results(x.astype(np.float32), dy.astype(np.float32), False)
    for one, two, other in zip(*found, true, strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-8)
    for one, other in zip(single[:2], true, strict=False):
        np.testing.assert_allclose(one, other, rtol=1e-6)


@pytest.mark.parametrize("body", ["vectorized", "compiled"])
@pytest.mark.parametrize("last", [True, False])
def test_a_mean_far_above_the_deviations(body: str, last: bool) -> None:
    x = np.random.default_rng(0).normal((1e3, -1e4, 0), size=(64, 16, 16, 3)).transpose(0, 3, 1, 2).copy()
    x[0, :, 0, 0] = 0  # the first number is no guide to the mean
    x = x.astype(np.float32)
    true = x.astype(np.float64).mean(axis=(0, 2, 3)), x.astype(np.float64).var(axis=(0, 2, 3))
    with faster.use(body):
        mean, var = batch_norm.statistics(layouts(x)["channels-last" if last else "C order"], 1)
    np.testing.assert_allclose(mean, true[0], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(var, true[1], rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble])
def test_other_types_stay_what_they_are(dtype: type) -> None:
    x, dy = arrays((4, 3, 2, 2), 0, dtype)
    with faster.use("compiled"):
        mean, var, y, _, _, dx = results(x, dy, True)
    assert {array.dtype for array in (mean, var, y, dx)} == {np.dtype(dtype)}


def test_types_that_differ_meet_in_the_wider_one() -> None:
    x, dy = arrays((4, 3, 2, 2), 0, np.float32)
    v = np.ones(3)
    for body in ("vectorized", "compiled"):
        with faster.use(body):
            assert batch_norm.normalize(x, v, v, v, 1).dtype == np.float64
            assert batch_norm.input_gradient(dy, x, v, v, v, v, 1).dtype == np.float64
            assert batch_norm.sums(dy.astype(np.float64), x, v, 1)[0].dtype == np.float64


@pytest.mark.parametrize("body", ["vectorized", "compiled"])
def test_nan_and_infinity_pass_where_they_are(body: str) -> None:
    x, dy = arrays((4, 3, 2, 2), 0)
    x[1, 0, 0, 0], dy[2, 1, 1, 1], dy[3, 2, 0, 0] = np.nan, np.inf, np.nan
    v = np.ones(3)
    with faster.use(body):
        y = batch_norm.normalize(x, v, v, v, 1, True)
        mean, var = batch_norm.statistics(x, 1)
        dbias, products = batch_norm.sums(dy, x, v, 1, (v, v))
        dx = batch_norm.input_gradient(dy, x, v, v, 0 * v, 0 * v, 1, (v, v))
    np.testing.assert_array_equal(np.isnan(y), np.isnan(x))
    for found in (mean, var):
        np.testing.assert_array_equal(np.isnan(found), [True, False, False])
    np.testing.assert_array_equal(np.isnan(products), [True, np.isnan(products[1]), True])
    assert np.isnan(dbias[2])
    assert not np.isfinite(dbias[1])
    np.testing.assert_array_equal(np.isnan(dx[dy != np.inf]), (np.isnan(dy) | np.isnan(x))[dy != np.inf])


@pytest.mark.parametrize("body", ["vectorized", "compiled"])
@pytest.mark.parametrize("shape", [(0, 3, 4, 4), (2, 3, 0, 4), (0, 3)], ids=str)
def test_nothing_at_all(body: str, shape: tuple[int, ...]) -> None:
    x, v = np.empty(shape, np.float32), np.ones(3, np.float32)
    with faster.use(body):
        assert batch_norm.normalize(x, v, v, v, 1).shape == shape
        assert batch_norm.input_gradient(x, x, v, v, v, v, 1, (v, v)).shape == shape
        np.testing.assert_array_equal(batch_norm.sums(x, x, v, 1), np.zeros((2, 3)))
