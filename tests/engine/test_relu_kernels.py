"""The bodies of the ReLU agree bit for bit."""

import numpy as np
import pytest

import tinynet as tn
from tests.engine.strategies import layouts
from tinynet.core import faster
from tinynet.engine import relu

BODIES = ["vectorized", "compiled", "loops"]


def arrays(dtype: type, shape: tuple[int, ...] = (3, 4, 5, 6)) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    found = [rng.normal(size=shape).astype(dtype) for _ in range(3)]
    for array, value in zip(found, (np.nan, np.inf, -np.inf), strict=True):
        array.reshape(-1)[:: max(1, array.size // 7)] = value
    return found


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
@pytest.mark.parametrize("shape", [(3, 4, 5, 6), (40_000,), (2, 3), (), (0, 3), (1, 2, 1, 1)], ids=str)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_equals_the_formula(body: str, dtype: type, shape: tuple[int, ...]) -> None:
    x, plus, dy = arrays(dtype, shape)
    with faster.use(body):
        y, total, dx = relu.forward(x), relu.forward(x, plus), relu.gradient(dy, x)
    for found, true in ((y, np.maximum(x, 0)), (total, np.maximum(x + plus, 0)), (dx, dy * (x > 0))):
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, true)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_any_layout(body: str) -> None:
    x, plus, dy = arrays(np.float32)
    with faster.use(body):
        for name, x_view in layouts(x).items():
            for other, dy_view in zip(layouts(plus).values(), layouts(dy).values(), strict=True):
                for found, true in (
                    (relu.forward(x_view), np.maximum(x, 0)),
                    (relu.forward(x_view, other), np.maximum(x + plus, 0)),
                    (relu.gradient(dy_view, x_view), dy * (x > 0)),
                ):
                    np.testing.assert_array_equal(found, true)
                    if name in ("C order", "channels-last"):
                        assert found.strides == x_view.strides


def test_types_that_differ_meet_in_the_wider_one() -> None:
    x = np.ones((2, 3), np.float32)
    with faster.use("compiled"):
        assert relu.forward(x, x.astype(np.float64)).dtype == np.float64
        assert relu.gradient(x.astype(np.float64), x).dtype == np.float64


def test_two_threads_give_the_same_bits() -> None:
    x, plus, dy = (np.random.default_rng(seed).normal(size=100_003).astype(np.float32) for seed in range(3))
    with faster.use("compiled"):
        for compute in (lambda: relu.forward(x, plus), lambda: relu.gradient(dy, x)):
            with tn.threads(1):
                one = compute()
            with tn.threads(2):
                np.testing.assert_array_equal(compute(), one)
