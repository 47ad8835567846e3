"""Pooling: the loops by hand, windows side by side, and a ReLU and a max pooling as one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tinynet.core import faster
from tinynet.core.threads import threads
from tinynet.engine import pooling
from tinynet.engine.machine.layout import is_channels_last
from tinynet.layers import AvgPool2D, Layer, MaxPool2D, ReLU
from tinynet.layers.average_pooling import avg_pool, avg_pool_gradient
from tinynet.layers.pooling import max_pool, max_pool_gradient
from tinynet.layers.windows import Sliding
from tinynet.net import Net


def test_loops_by_hand() -> None:
    x = np.array([[[[1.0, 2.0, 5.0], [4.0, 3.0, 5.0]]]])
    sliding = Sliding((2, 2))
    with faster.use("loops"):
        y, cell = max_pool(x, sliding)
        dx = max_pool_gradient(np.array([[[[10.0, 20.0]]]]), cell, (2, 3), sliding)
        mean = avg_pool(x, sliding, True)
        shared = avg_pool_gradient(np.array([[[[4.0, 8.0]]]]), (2, 3), sliding, True)
    np.testing.assert_array_equal(y, [[[[4, 5]]]])
    np.testing.assert_array_equal(cell, [[[[2, 1]]]])  # of the two fives the first
    np.testing.assert_array_equal(dx, [[[[0, 0, 20], [10, 0, 0]]]])
    np.testing.assert_array_equal(mean, [[[[2.5, 3.75]]]])
    np.testing.assert_array_equal(shared, [[[[1, 3, 2], [1, 3, 2]]]])


@pytest.mark.parametrize("choice", ["plain", "loops", "compiled"])
def test_nan_and_infinity(choice: str) -> None:
    x = np.full((1, 1, 4, 4), -np.inf)
    x[0, 0, 0, 1] = np.nan
    x[0, 0, 0, 0] = np.inf
    x[0, 0, 2, 3] = np.nan
    x[0, 0, 3, 3] = 5
    with faster.use(choice):
        y, cell = max_pool(x, Sliding((2, 2), (2, 2)))
        padded, border = max_pool(x[:, :, 2:, :2], Sliding((2, 2), (2, 2), ((1, 1), (1, 1))))
    np.testing.assert_array_equal(y[0, 0], [[np.nan, -np.inf], [-np.inf, np.nan]])
    np.testing.assert_array_equal(cell[0, 0], [[1, 0], [0, 1]])
    np.testing.assert_array_equal(padded, np.full((1, 1, 2, 2), -np.inf))
    np.testing.assert_array_equal(border[0, 0], [[3, 2], [1, 0]])  # the pixels inside the image, not the padding


@pytest.mark.parametrize("choice", ["plain", "loops", "compiled"])
def test_windows_of_more_cells_than_a_byte_counts(choice: str) -> None:
    x = np.arange(2 * 17 * 17.0).reshape(1, 2, 17, 17)
    with faster.use(choice):
        y, cell = max_pool(x, Sliding((17, 17)))
        dx = max_pool_gradient(np.ones_like(y), cell, (17, 17), Sliding((17, 17)))
    np.testing.assert_array_equal(cell.ravel(), [288, 288])
    assert dx.sum() == 2
    assert dx[0, 1, 16, 16] == 1


@pytest.mark.parametrize("layer", [MaxPool2D(2), MaxPool2D(3, 1, 1), AvgPool2D(2)], ids=repr)
def test_compiled_results_lie_channels_last(layer: Layer) -> None:
    with faster.use("compiled"):
        y = layer.forward(np.ones((2, 3, 4, 6), np.float32))
        assert is_channels_last(y)
        assert is_channels_last(layer.backward(y.copy()))


@pytest.mark.parametrize("kernel_size", [(2, 2), (3, 1), (1, 4)])
@pytest.mark.parametrize("channels", [1, 6, 16, 35])
def test_windows_side_by_side_in_float32(channels: int, kernel_size: tuple[int, int]) -> None:
    rng = np.random.default_rng(channels)
    x = rng.integers(-2, 3, (3, channels, 7, 9)).astype(np.float32)  # many equals: the first wins
    x[rng.random(x.shape) < 0.1] = np.nan
    x[rng.random(x.shape) < 0.1] = -np.inf
    sliding, got = Sliding(kernel_size, kernel_size), {}
    for choice in ("loops", "compiled"):
        with faster.use(choice):
            y, cell = max_pool(x, sliding)
            dy = np.random.default_rng(0).normal(size=y.shape).astype(np.float32)
            got[choice] = y, cell, max_pool_gradient(dy, cell, x.shape[2:], sliding)
    for slow, fast in zip(got["loops"], got["compiled"], strict=True):
        np.testing.assert_array_equal(slow, fast)


POOLS: dict[str, Callable[[], MaxPool2D]] = {
    "side by side": lambda: MaxPool2D(2),
    "over the end": lambda: MaxPool2D(2, ceil_mode=True),
    "overlapping, over the end": lambda: MaxPool2D(3, 2, 1, ceil_mode=True),
    "overlapping": lambda: MaxPool2D(3, stride=1, padding=1),
    "dilated, with gaps": lambda: MaxPool2D((1, 2), (2, 4), dilation=3),
}


def nasty(shape: tuple[int, ...], dtype: type, seed: int) -> np.ndarray:
    """Numbers among which there are negative zeros, NaN and infinities, and windows without a positive one."""
    rng = np.random.default_rng(seed)
    x = np.round(rng.normal(-0.5, 1, shape), 1)
    places = rng.random(shape) < 0.2
    return np.where(places, rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0], shape), x).astype(dtype)


def assert_same_bits(a: np.ndarray, b: np.ndarray) -> None:
    """The same numbers, signs of zeros and NaN."""
    assert a.shape == b.shape
    assert a.dtype == b.dtype
    np.testing.assert_array_equal(a, b)
    is_number = ~np.isnan(a)
    np.testing.assert_array_equal(np.signbit(a[is_number]), np.signbit(b[is_number]))


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("channels", [1, 16, 19])
def test_a_relu_and_a_max_pooling_bit_for_bit(pool: str, dtype: type, channels: int) -> None:
    net, relu, alone = Net([ReLU(), POOLS[pool]()]).astype(dtype), ReLU(), POOLS[pool]()
    with faster.use("compiled"), threads(1), np.errstate(all="ignore"):  # which other threads would not know
        for seed in range(5):
            x = nasty((2, channels, 7, 9), dtype, seed)
            y, true = net.forward(x), alone.forward(relu.forward(x))
            assert net.layers[0].recall().y is x  # it was one pass: the ReLU alone would remember max(x, 0)
            assert_same_bits(y, true)
            dy = nasty(y.shape, dtype, 100 + seed)
            dx = net.backward(dy)
            assert_same_bits(dx, relu.backward(alone.backward(dy)))


@pytest.mark.parametrize("pool", POOLS)
def test_what_both_remember_serves_each_alone(pool: str) -> None:
    relu, layer = ReLU(), POOLS[pool]()
    x = np.random.default_rng(0).normal(size=(2, 5, 7, 9)).astype(np.float32)
    for choice in ("compiled", "plain", "loops"):
        with faster.use("compiled"):
            y = pooling.relu_max_pool(relu, layer, x)
        dy = np.random.default_rng(1).normal(size=y.shape).astype(np.float32)
        with faster.use(choice):
            dx = relu.backward(layer.backward(dy))
        with faster.use("compiled"):
            as_one = pooling.relu_max_pool_gradient(relu, layer, dy)
        np.testing.assert_allclose(as_one, dx, rtol=1e-6, atol=1e-6)


def test_pairs_that_are_declined() -> None:
    x = np.ones((1, 2, 24, 24), np.float32)
    for layer, images in (
        (MaxPool2D(2, return_switches=True), x),
        (MaxPool2D(2), x.astype(np.float16)),
        (MaxPool2D(2), x[0]),
        (MaxPool2D(2), x.astype(int)),
        (MaxPool2D(2), [[1.0]]),
        (MaxPool2D(25), x),
        (MaxPool2D((1, 2), 1, (0, 1), dilation=(1, 30)), x),
        (MaxPool2D((12, 11)), x),  # a byte does not count its cells twice
    ):
        relu = ReLU()
        with faster.use("compiled"):
            assert pooling.relu_max_pool(relu, layer, images) is NotImplemented
        assert relu._memory is layer._memory is None


@pytest.mark.needs_compiler
def test_the_same_bits_on_any_number_of_threads() -> None:
    x = np.random.default_rng(0).normal(size=(7, 24, 30, 30)).astype(np.float32)
    for pool in POOLS.values():
        results = []
        for n in (1, 2, 3):
            net = Net([ReLU(), pool()])
            with threads(n), faster.use("compiled"):
                for _ in range(5):  # the first calls are done by one thread, to see how long they take
                    y = net.forward(x)
                    dx = net.backward(np.ones_like(y))
            results.append((y.tobytes(), dx.tobytes()))
        assert results[0] == results[1] == results[2]
