"""Numbers of float32 whose squares are too large or too small for float32: lengths, norms and losses are right."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest

from tinynet.core import Parameter, faster
from tinynet.layers import BatchNorm1D, BatchNorm2D, GroupNorm, Layer, LayerNorm, RMSNorm
from tinynet.losses import huber, info_nce, mean_absolute_error, mean_squared_error
from tinynet.optimizers import SGD, Muon
from tinynet.optimizers.clipping import clip_gradient_norm, gradient_norm

each_choice = pytest.mark.parametrize("choice", ["plain", "compiled"])


def channels_last(x: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)


def with_gradient(numbers: list, dtype: type = np.float32) -> Parameter:
    parameter = Parameter(np.zeros(np.shape(numbers)), dtype=dtype)
    parameter.gradient = np.array(numbers)
    return parameter


@each_choice
@pytest.mark.parametrize(("dtype", "size"), [(np.float32, 1e19), (np.float32, 1e37), (np.float64, 1e200)])
def test_clipping(choice: str, dtype: type, size: float) -> None:
    parameter = with_gradient([3 * size, 4 * size], dtype)
    with faster.use(choice):
        assert clip_gradient_norm([parameter], 1.0) == pytest.approx(5 * size)
    np.testing.assert_allclose(parameter.gradient, [0.6, 0.8], rtol=1e-6)


@each_choice
@pytest.mark.parametrize(("size", "max_norm"), [(1e37, 1e-3), (1e37, 1e-7), (1e-3, 1e-35)])
def test_clipping_by_a_factor_that_is_too_small_for_float32(choice: str, size: float, max_norm: float) -> None:
    parameter = with_gradient([3 * size, 4 * size])
    with faster.use(choice):
        clip_gradient_norm([parameter], max_norm)
    np.testing.assert_allclose(parameter.gradient, [0.6 * max_norm, 0.8 * max_norm], rtol=1e-6)


@each_choice
@pytest.mark.parametrize(("dtype", "size"), [(np.float32, 1e-30), (np.float64, 1e-200)])
def test_the_norm_of_small_gradients(choice: str, dtype: type, size: float) -> None:
    with faster.use(choice):
        norm = gradient_norm([with_gradient([3 * size], dtype), with_gradient([4 * size], dtype)])
    assert norm / size == pytest.approx(5)


@each_choice
def test_norms_that_are_no_numbers_stay_so(choice: str) -> None:
    with faster.use(choice):
        assert gradient_norm([with_gradient([1.0, np.inf])]) == np.inf
        assert np.isnan(gradient_norm([with_gradient([1.0, np.nan])]))
        assert gradient_norm([with_gradient([0.0])]) == gradient_norm([]) == 0


@each_choice
def test_clipping_inside_an_optimizer(choice: str) -> None:
    parameter = with_gradient([3e19, 4e19])
    with faster.use(choice):
        SGD(lr=1.0, clip_norm=1.0).step({"weight": parameter})
    np.testing.assert_allclose(parameter.tensor, [-0.6, -0.8], rtol=1e-6)


@pytest.mark.parametrize("size", [1e3, 1e25])
def test_muon_steps_do_not_depend_on_the_size_of_the_gradient(size: float) -> None:
    parameter = with_gradient(np.diag([3 * size, size]))
    Muon(lr=1.0).update(parameter)
    expected = with_gradient(np.diag([3.0, 1.0]))
    Muon(lr=1.0).update(expected)
    np.testing.assert_allclose(parameter.tensor, expected.tensor, rtol=1e-5, atol=1e-6)


NORMS = {
    "layer": (LayerNorm(8, eps=0.0), (30, 8)),
    "layer, long rows": (LayerNorm(3000, eps=0.0), (3, 3000)),
    "root mean square": (RMSNorm(8, eps=0.0), (30, 8)),
    "root mean square, long rows": (RMSNorm(3000, eps=0.0), (3, 3000)),
    "group": (GroupNorm(2, 4, eps=0.0), (5, 4, 6, 6)),
    "group, channels last": (GroupNorm(2, 4, eps=0.0), (5, 4, 6, 6)),
    "many groups, channels last": (GroupNorm(4, 64, eps=0.0), (2, 64, 6, 6)),
    "group, rows": (GroupNorm(1, 4, eps=0.0), (5, 4)),
    "batch, rows": (BatchNorm1D(4, eps=0.0), (500, 4)),
    "batch, wide rows": (BatchNorm1D(300, eps=0.0), (100, 300)),
    "batch, images": (BatchNorm2D(4, eps=0.0), (5, 4, 20, 20)),
    "batch, channels last": (BatchNorm2D(4, eps=0.0), (5, 4, 20, 20)),
}


@each_choice
@pytest.mark.parametrize("size", [1e20, 3e37, 1e-25])
@pytest.mark.parametrize("name", NORMS)
def test_norms_do_not_depend_on_the_size_of_the_numbers(name: str, size: float, choice: str) -> None:
    layer, shape = NORMS[name]
    rng = np.random.default_rng(0)
    x, dy = ((rng.normal(size=shape) * factor).astype(np.float32) for factor in (size, 1))
    x = channels_last(x) if name.endswith("last") else x
    found = _results(layer, x, dy, choice)
    exact = _results(deepcopy(layer).astype(np.float64), x.astype(np.float64), dy.astype(np.float64), "plain")
    for one, other in zip(found, exact, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5 * np.abs(other).max())


def _results(layer: Layer, x: np.ndarray, dy: np.ndarray, choice: str) -> list[np.ndarray]:
    layer = deepcopy(layer)
    with faster.use(choice):
        y = layer.forward(x)
        dx = layer.backward(dy)
    return [y, dx, *[parameter.gradient for parameter in layer.parameters().values()]]


def test_a_running_variance_too_large_for_float32_recovers() -> None:
    layer = BatchNorm1D(1, momentum=0.5)
    x = np.array([[-1.0], [1.0]], np.float32)
    layer.forward(x * np.float32(1e30))
    assert np.isfinite(layer.running_var).all()
    for _ in range(200):
        layer.forward(x)
    np.testing.assert_allclose(layer.running_var, 2)


@each_choice
def test_losses_of_large_differences(choice: str) -> None:
    x, zero = np.full((300, 100), 1e25, np.float32), np.zeros((300, 100), np.float32)
    with faster.use(choice):
        assert mean_squared_error(x, zero)[0] == pytest.approx(1e50)
        assert mean_absolute_error(x, zero)[0] == pytest.approx(1e25)
        assert huber(x, zero)[0] == pytest.approx(1e25)
        assert huber(x, zero, delta=1e26)[0] == pytest.approx(0.5e50)


@pytest.mark.parametrize("size", [1e20, 1e30, 1e-25])
def test_cosines_do_not_depend_on_lengths(size: float) -> None:
    u = np.array([[3.0, 4.0], [4.0, -3.0]], np.float32)
    loss, (du, dv) = info_nce((u * np.float32(size), u), temperature=1.0)
    expected, (du_1, dv_1) = info_nce((u, u), temperature=1.0)
    assert loss == pytest.approx(expected)
    np.testing.assert_allclose(du * size, du_1, rtol=1e-5)
    np.testing.assert_allclose(dv, dv_1, rtol=1e-5, atol=1e-7)


@each_choice
@pytest.mark.parametrize("value", [0.1, -1.1e30, 3.3e38, 1e-40])
@pytest.mark.parametrize("name", NORMS)
def test_numbers_that_are_all_alike_have_no_spread(name: str, value: float, choice: str) -> None:
    layer, shape = NORMS[name]
    x = np.full(shape, value, np.float32)
    of_squares = np.full_like(x, np.sign(value) * min(1, abs(value) / 1e-3))
    x_hat = of_squares if "square" in name else np.zeros_like(x)
    layer = deepcopy(layer)
    layer.eps = 1e-6
    with faster.use(choice):
        y = layer.forward(channels_last(x) if name.endswith("last") else x)
    np.testing.assert_allclose(y, x_hat, rtol=1e-3, atol=1e-30)


@each_choice
def test_batch_norm_up_to_the_largest_numbers_of_float32(choice: str) -> None:
    x = (np.random.default_rng(0).normal(size=(5, 4, 20, 20)).clip(-1, 1) * 3.3e38).astype(np.float32)
    with faster.use(choice):
        y = BatchNorm2D(4).forward(x)
    exact = (x.astype(np.float64) - x.mean((0, 2, 3), np.float64, keepdims=True)) / x.std(
        (0, 2, 3), np.float64, keepdims=True
    )
    np.testing.assert_allclose(y, exact, atol=1e-5)
