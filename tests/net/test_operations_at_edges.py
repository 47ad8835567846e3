"""Single operations where numbers are huge, tiny, many, missing or none."""

from __future__ import annotations

import numpy as np
import pytest

from tinynet.net.operations import (
    Clip,
    Combine,
    Einsum,
    Elementwise,
    Expand,
    Power,
    Reduce,
    Repeat,
    Take,
    View,
)

N = 10**6
TENTH = np.float32(0.1)


def differentiated(layer, *inputs, dy=None):
    y = layer.forward(*inputs)
    return y, layer.backward(np.ones_like(y) if dy is None else dy)


@pytest.mark.parametrize(
    ("layer", "inputs", "shape"),
    [
        (Combine("add"), [(0, 3), (1, 3)], (0, 3)),
        (Combine("multiply"), [(1, 3), (0, 3)], (0, 3)),
        (Reduce("mean", (1,)), [(0, 5)], (0, 1)),
        (Reduce("max", (1, 2)), [(0, 5, 4)], (0, 1, 1)),
        (Reduce("min", (-1,), keepdims=False), [(0, 5)], (0,)),
        (Reduce("norm", (1,)), [(0, 5)], (0, 1)),
        (Reduce("logsumexp", (1,)), [(0, 5)], (0, 1)),
        (View("x0", 2, -1), [(0, 8)], (0, 2, 4)),
        (View(-1, "x0", 4), [(0, 8)], (2, 0, 4)),
        (Einsum("ij,jk->ik"), [(0, 4), (4, 3)], (0, 3)),
        (Expand("x0", 3), [(0, 1)], (0, 3)),
    ],
    ids=repr,
)
def test_an_empty_batch_goes_through(layer, inputs, shape):
    arrays = [np.ones(size, np.float32) for size in inputs]
    y, dx = differentiated(layer, *arrays)
    assert y.shape == shape
    for array, gradient in zip(arrays, dx if isinstance(dx, tuple) else [dx], strict=True):
        np.testing.assert_array_equal(gradient, np.zeros_like(array))


def test_sums_of_a_million_numbers():
    column, rows = np.full((N, 2), TENTH), np.ones(N, np.float32)
    sums = [float(TENTH) * N] * 2
    np.testing.assert_allclose(Einsum("ij->j").forward(column), sums, rtol=1e-6)
    np.testing.assert_allclose(Einsum("ij,i->j").forward(column, rows), sums, rtol=1e-6)
    one, many = np.ones(1, np.float32), np.ones(N, np.float32)
    _, (da, _) = differentiated(Einsum("i,j->ij"), one, many, dy=np.full((1, N), TENTH))
    np.testing.assert_allclose(da, sums[:1], rtol=1e-6)
    _, (dx, _) = differentiated(Repeat(), np.ones((1, 2), np.float32), rows, dy=column)
    np.testing.assert_allclose(dx, [sums], rtol=1e-6)
    _, (dx, _) = differentiated(Take(0), one, np.zeros(N, np.intp), dy=column[:, 0])
    np.testing.assert_allclose(dx, sums[:1], rtol=1e-6)


def test_sums_of_products_keep_their_type():
    x = np.ones((2, 3), np.float32)
    y, (da, db) = differentiated(Einsum("ij,kj->ik"), x, x)
    assert (y.dtype, da.dtype, db.dtype) == (np.float32,) * 3
    assert Einsum("ij->i").forward(np.ones((2, 3), np.int64)).dtype == np.int64


def test_an_axis_of_one_is_repeated_in_a_sum_of_products():
    a, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[5.0, 6.0, 7.0]])  # b (1, 3) counts as (2, 3)
    y, (da, db) = differentiated(Einsum("ij,jk->ik"), a, b)
    np.testing.assert_allclose(y, a @ np.repeat(b, 2, axis=0))
    np.testing.assert_allclose(da, [[18.0, 18.0]] * 2)
    np.testing.assert_allclose(db, [[10.0, 10.0, 10.0]])


def test_the_power_of_nothing_has_no_slope_at_zero():
    y, dx = differentiated(Power(0.0), np.array([0.0, -2.0, np.inf]))
    np.testing.assert_array_equal(y, [1.0, 1.0, 1.0])
    np.testing.assert_array_equal(dx, [0.0, 0.0, 0.0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_range_is_open_where_no_bound_is_given(dtype):
    huge = np.array([-np.inf, -np.finfo(dtype).max, 0.0, np.finfo(dtype).max, np.inf], dtype)
    y, dx = differentiated(Clip(low=0.5), huge)
    np.testing.assert_array_equal(y, [0.5, 0.5, 0.5, *huge[3:]])
    np.testing.assert_array_equal(dx, [0, 0, 0, 1, 1])
    np.testing.assert_array_equal(Clip(high=0.5).forward(huge), [*huge[:3], 0.5, 0.5])
    np.testing.assert_array_equal(Clip().forward(huge), huge)


def test_a_maximum_that_is_nan_was_taken_from_a_nan():
    a, b = np.array([np.nan, 1.0, np.nan]), np.array([1.0, np.nan, np.nan])
    for operation in ("maximum", "minimum"):
        y, (da, db) = differentiated(Combine(operation), a, b)
        assert np.isnan(y).all()
        np.testing.assert_array_equal(da, [1.0, 0.0, 0.5])
        np.testing.assert_array_equal(db, [0.0, 1.0, 0.5])
    for operation in ("max", "min"):
        y, dx = differentiated(Reduce(operation, (0,)), np.array([1.0, np.nan, 2.0]))
        assert np.isnan(y).all()
        np.testing.assert_array_equal(dx, [0.0, 1.0, 0.0])


@pytest.mark.parametrize(("unit", "dtype"), [(1e-42, np.float32), (1e37, np.float32), (1e-200, float), (1e200, float)])
@pytest.mark.parametrize("slope", [1e-5, 1e3])
def test_a_length_of_any_size_has_a_slope(unit, dtype, slope):
    x = np.array([3 * unit, 4 * unit], dtype)
    y, dx = differentiated(Reduce("norm", (0,)), x, dy=np.array([slope], dtype))
    np.testing.assert_allclose(y, [5 * unit], rtol=1e-3 if unit == 1e-42 else 1e-6)
    np.testing.assert_allclose(dx, [0.6 * slope, 0.8 * slope], rtol=1e-3 if unit == 1e-42 else 1e-6)


def test_the_length_of_whole_numbers_is_none_itself():
    np.testing.assert_allclose(Reduce("norm", (0,)).forward(np.array([1, 1])), [2**0.5])


def test_the_logarithm_of_no_sum_has_no_slope():
    y, dx = differentiated(Reduce("logsumexp", (1,)), np.array([[-np.inf, -np.inf], [0.0, -np.inf]]))
    np.testing.assert_array_equal(y, [[-np.inf], [0.0]])
    np.testing.assert_array_equal(dx, [[0.0, 0.0], [1.0, 0.0]])


@pytest.mark.parametrize(("function", "slope"), [("atan", 0.0), ("erf", 0.0), ("reciprocal", 0.0)])
def test_a_slope_is_found_where_the_square_is_too_large(function, slope):
    _, dx = differentiated(Elementwise(function), np.array([1e30, -1e30], np.float32))
    np.testing.assert_allclose(dx, [slope, slope], atol=1e-37)


def test_a_size_that_is_kept_needs_an_axis():
    with pytest.raises(ValueError, match=r"Expand\(-1, 3\): -1 keeps a size, but x of shape \(3,\) has no axis there"):
        Expand(-1, 3).forward(np.ones(3))
