"""Compiled batch norm, beyond what the walk through the tables proves: memory order, blocks, threads, far-off means."""

from copy import deepcopy

import numpy as np
import pytest

import tinynet as tn
from tests.layers.strategies import layouts
from tinynet.core import faster
from tinynet.layers import BatchNorm1D, BatchNorm2D, Layer

pytest.importorskip("numba")


def arrays(shape: tuple[int, ...], seed: int, dtype: type = np.float64) -> tuple[np.ndarray, np.ndarray]:
    """x and dy; x with a mean far from 0."""
    draw = np.random.default_rng(seed).normal
    return (3 + 2 * draw(size=shape)).astype(dtype), draw(size=shape).astype(dtype)


def layer_for(x: np.ndarray) -> Layer:
    features = x.shape[1 if x.ndim == 4 else -1]
    layer = (BatchNorm2D if x.ndim == 4 else BatchNorm1D)(features, eps=0.5).astype(x.dtype)
    layer.weight.tensor, layer.bias.tensor = np.random.default_rng(7).normal(size=(2, features))
    return layer


def results(x: np.ndarray, dy: np.ndarray, choice: str) -> list[np.ndarray]:
    """y, dx, dγ, dβ, μ and σ²."""
    layer = layer_for(x)
    with faster.use(choice):
        y = layer.forward(x)
        mean = layer.recall().mean
        dx = layer.backward(dy)
    return [y, dx, layer.weight.gradient, layer.bias.gradient, mean, layer.running_var]


@pytest.mark.parametrize("shape", [(3, 2, 5, 4), (2, 7, 1, 3), (5, 1, 2, 2), (1, 3, 4, 4)], ids=str)
def test_any_memory_order(shape: tuple[int, ...]) -> None:
    x, dy = arrays(shape, 0)
    true = results(x, dy, "plain")
    for name, x_view in layouts(x).items():
        for dy_view in layouts(dy).values():
            before = x_view.copy(), dy_view.copy()
            for one, other in zip(results(x_view, dy_view, "compiled"), true, strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-11, err_msg=name)
            np.testing.assert_array_equal(x_view, before[0])
            np.testing.assert_array_equal(dy_view, before[1])


@pytest.mark.parametrize("name", ["C order", "channels-last"])
def test_results_lie_in_memory_as_x_does(name: str) -> None:
    x, dy = (layouts(array)[name] for array in arrays((3, 4, 5, 6), 0))
    y, dx, *_ = results(x, dy, "compiled")
    assert y.strides == dx.strides == x.strides


@pytest.mark.needs_compiler
@pytest.mark.parametrize("shape", [(40, 16, 32, 32), (3000, 48), (9, 500, 5), (7, 3, 100, 90)], ids=str)
@pytest.mark.parametrize("last", [True, False])
def test_many_blocks(shape: tuple[int, ...], last: bool) -> None:
    x, dy = arrays(shape, 1)
    if last and x.ndim == 4:
        x, dy = (layouts(array)["channels-last"] for array in (x, dy))
    true, found = results(x, dy, "plain"), []
    for n in (1, 2):
        with tn.threads(n):
            found.append(results(x, dy, "compiled"))
    for one, two, other in zip(*found, true, strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-8)
    *_, mean, var = results(x.astype(np.float32), dy.astype(np.float32), "compiled")
    for one, other in zip((mean, var), true[-2:], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


@pytest.mark.parametrize("choice", ["plain", "compiled"])
@pytest.mark.parametrize("last", [True, False])
def test_a_mean_far_above_the_deviations(choice: str, last: bool) -> None:
    x = np.random.default_rng(0).normal((1e3, -1e4, 0), size=(64, 16, 16, 3)).transpose(0, 3, 1, 2).copy()
    x[0, :, 0, 0] = 0  # the first number is no guide to the mean
    x = x.astype(np.float32)
    true = x.astype(np.float64).mean(axis=(0, 2, 3)), x.astype(np.float64).var(axis=(0, 2, 3))
    layer = BatchNorm2D(3, momentum=1.0)
    with faster.use(choice):
        layer.forward(layouts(x)["channels-last" if last else "C order"])
    n = x.size // 3
    np.testing.assert_allclose(layer.recall().mean, true[0], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(layer.running_var * (n - 1) / n, true[1], rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.longdouble])
def test_other_types_stay_what_they_are(dtype: type) -> None:
    assert {array.dtype for array in results(*arrays((4, 3, 2, 2), 0, dtype), "compiled")} == {np.dtype(dtype)}


def test_types_that_differ_meet_in_the_wider_one() -> None:
    x, dy = arrays((4, 3, 2, 2), 0, np.float32)
    layer = BatchNorm2D(3)
    with faster.use("compiled"):
        assert layer.forward(x.astype(np.float64)).dtype == np.float64
        assert layer.backward(dy).dtype == np.float64
        layer.forward(x)
        assert layer.backward(dy.astype(np.float64)).dtype == np.float64


@pytest.mark.parametrize("choice", ["plain", "compiled"])
def test_a_feature_with_nan_or_infinity_spoils_no_other(choice: str) -> None:
    x, dy = arrays((4, 3, 2, 2), 0)
    x[1, 0, 0, 0], x[2, 1, 1, 1] = np.nan, np.inf
    layer = BatchNorm2D(3).astype(np.float64)
    with faster.use(choice), np.errstate(invalid="ignore"):
        y, mean, dx = layer.forward(x), layer.recall().mean, layer.backward(dy)
    np.testing.assert_array_equal(np.isnan(mean), [True, False, False])
    np.testing.assert_array_equal(np.isinf(mean), [False, True, False])
    for array in (y, dx):
        np.testing.assert_array_equal(np.isnan(array).any(axis=(0, 2, 3)), [True, True, False])


@pytest.mark.parametrize("choice", ["plain", "compiled"])
def test_in_evaluation_infinity_stays_where_it_is(choice: str) -> None:
    x, dy = arrays((4, 3, 2, 2), 0)
    x[1, 0, 0, 0], dy[2, 1, 1, 1] = np.inf, np.inf
    layer = BatchNorm2D(3).astype(np.float64).eval()
    with faster.use(choice), np.errstate(invalid="ignore"):
        y, dx = layer.forward(x), layer.backward(dy)
    np.testing.assert_array_equal(np.isfinite(y), np.isfinite(x))
    np.testing.assert_array_equal(np.isfinite(dx), np.isfinite(dy))


@pytest.mark.parametrize("shape", [(0, 3, 4, 4), (2, 3, 0, 4), (0, 3)], ids=str)
def test_nothing_at_all(shape: tuple[int, ...]) -> None:
    x = np.empty(shape, np.float32)
    layer = layer_for(x).eval()
    with faster.use("compiled"):
        assert layer.forward(x).shape == shape
        assert layer.backward(x).shape == shape
    assert not layer.weight.gradient.any()
    assert not layer.bias.gradient.any()


@pytest.mark.parametrize("there", ["plain", "compiled"])
def test_forward_and_backward_may_come_from_different_bodies(there: str) -> None:
    back = {"plain": "compiled", "compiled": "plain"}[there]
    x, dy = arrays((4, 3, 5, 6), 0)
    layer = layer_for(x)
    twin = deepcopy(layer)
    with faster.use(there):
        layer.forward(x)
        twin.forward(x)
        dx = layer.backward(dy)
    with faster.use(back):
        np.testing.assert_allclose(twin.backward(dy), dx, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(twin.weight.gradient, layer.weight.gradient)


def test_a_refused_batch_is_not_counted() -> None:
    layer = BatchNorm1D(3)
    with faster.use("compiled"), pytest.raises(ValueError, match="more than one value per feature in training"):
        layer.forward(np.ones((1, 3), np.float32))
    assert layer.num_batches_tracked == 0
