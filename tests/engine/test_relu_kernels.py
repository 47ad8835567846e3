"""The compiled ReLU, alone and of a sum, agrees bit for bit with the lesson."""

import numpy as np
import pytest

import tinynet as tn
from tests.layers.strategies import layouts
from tinynet.core import faster
from tinynet.layers import Linear, ReLU
from tinynet.net import Net, Residual

pytest.importorskip("numba")

from tinynet.engine.relu import compiled


def arrays(dtype: type, shape: tuple[int, ...] = (3, 4, 5, 6)) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    found = [rng.normal(size=shape).astype(dtype) for _ in range(3)]
    for array, value in zip(found, (np.nan, np.inf, -np.inf), strict=True):
        array.reshape(-1)[:: max(1, array.size // 7)] = value
    return found


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble])
@pytest.mark.parametrize("shape", [(3, 4, 5, 6), (40_000,), (2, 3), (), (0, 3), (1, 2, 1, 1)], ids=str)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_equals_the_formula(dtype: type, shape: tuple[int, ...]) -> None:
    x, plus, dy = arrays(dtype, shape)
    layer = ReLU()
    with faster.use("compiled"):
        y, dx = layer.forward(x), layer.backward(dy)
    for found, true in ((y, np.maximum(x, 0)), (dx, np.where(x > 0, dy, 0))):
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, true)
    if x.size and dtype in (np.float32, np.float64):
        np.testing.assert_array_equal(compiled.forward(x, plus), np.maximum(x + plus, 0))


@pytest.mark.filterwarnings("ignore:invalid value")
def test_any_layout() -> None:
    x, plus, dy = arrays(np.float32)
    for name, x_view in layouts(x).items():
        for other, dy_view in zip(layouts(plus).values(), layouts(dy).values(), strict=True):
            layer = ReLU()
            with faster.use("compiled"):
                y, dx = layer.forward(x_view), layer.backward(dy_view)
            np.testing.assert_array_equal(y, np.maximum(x, 0))
            np.testing.assert_array_equal(dx, np.where(x > 0, dy, 0))
            if name in ("C order", "channels-last"):
                total = compiled.forward(x_view, other)
                np.testing.assert_array_equal(total, np.maximum(x + plus, 0))
                assert y.strides == dx.strides == total.strides == x_view.strides


def test_types_that_differ_are_declined_and_meet_in_the_wider_one() -> None:
    x, layer = np.ones((2, 3), np.float32), ReLU()
    assert compiled.forward(x, x.astype(np.float64)) is NotImplemented
    with faster.use("compiled"):
        layer.forward(x)
        assert layer.backward(x.astype(np.float64)).dtype == np.float64


def test_two_threads_give_the_same_bits() -> None:
    x, plus, dy = (np.random.default_rng(seed).normal(size=100_003).astype(np.float32) for seed in range(3))
    for compute in (lambda: compiled.forward(x, plus), lambda: compiled.gradient(dy, x)):
        with tn.threads(1):
            one = compute()
        with tn.threads(2):
            np.testing.assert_array_equal(compute(), one)


def test_of_a_residual_it_is_what_both_give_alone() -> None:
    x, dy = np.random.default_rng(0).normal(size=(2, 4, 6)).astype(np.float32)
    net = Net([Residual(Linear(6, 6)), ReLU()])
    results = []
    for choice in ("compiled", "plain"):
        with faster.use(choice):
            results.append((net.forward(x), net.backward(dy)))
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30])
def test_a_small_gradient_that_is_not_finite_is_cut_off_as_the_lesson_does(bad):
    layer, x = ReLU(), np.array([[-1.0, 2.0, 3.0]], np.float32)
    layer.forward(x)
    dx = layer.backward(np.array([[bad, 5.0, bad]], np.float32))
    np.testing.assert_array_equal(dx, np.array([[0.0, 5.0, bad]], np.float32))
