"""The bodies of the activations agree, and their gradients are derivatives."""

import numpy as np
import pytest

import tinynet as tn
from tests.engine.strategies import layouts
from tinynet.core import faster
from tinynet.engine import activations

KINDS: dict[str, tuple[float, ...]] = {"leaky_relu": (0.1,), "elu": (1.5, 1.25), "sigmoid": (), "tanh": ()}
BODIES = ["vectorized", "compiled"]
CASES = pytest.mark.parametrize("kind", KINDS)


def numbers(dtype: type) -> np.ndarray:
    ends = [0.0, -0.0, 1e-30, -1e-6, 1e-3, 1e4, -1e4, 15, -15, 80, -80]
    return np.concatenate([np.linspace(-12, 12, 500), ends]).astype(dtype)


def forward(kind: str, x: np.ndarray, body: str) -> np.ndarray:
    with faster.use(body):
        return activations.forward(kind, x, *KINDS[kind])


def gradient(kind: str, dy: np.ndarray, y: np.ndarray, body: str) -> np.ndarray:
    with faster.use(body):
        return activations.gradient(kind, dy, y, *KINDS[kind])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(
    ("kind", "y"),
    [
        ("leaky_relu", [-0.1, 0, 2]),
        ("elu", [1.25 * 1.5 * (np.exp(-1) - 1), 0, 2.5]),
        ("sigmoid", [1 / (1 + np.e), 0.5, 1 / (1 + np.exp(-2))]),
        ("tanh", [-np.tanh(1), 0, np.tanh(2)]),
    ],
)
def test_by_hand(body: str, kind: str, y: list[float]) -> None:
    np.testing.assert_allclose(forward(kind, np.array([-1.0, 0, 2]), body), y, rtol=1e-14)


@CASES
@pytest.mark.parametrize("body", BODIES)
def test_the_gradient_is_the_derivative(kind: str, body: str) -> None:
    x, dy = np.linspace(-5.03, 5, 100), np.linspace(1, 2, 100)
    slope = (forward(kind, x + 1e-6, body) - forward(kind, x - 1e-6, body)) / 2e-6
    np.testing.assert_allclose(gradient(kind, dy, forward(kind, x, body), body), dy * slope, atol=1e-8)


@CASES
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-6), (np.float64, 1e-14)])
def test_bodies_agree_with_all_digits(kind: str, dtype: type, tolerance: float) -> None:
    x = numbers(dtype)
    true = forward(kind, x.astype(np.float64), "vectorized")
    y = forward(kind, x, "compiled")
    assert y.dtype == dtype
    np.testing.assert_allclose(y, true, rtol=tolerance, atol=1e-34)  # relative, also where y is next to nothing
    dy = np.linspace(1, 2, len(x)).astype(dtype)
    one, other = gradient(kind, dy, y, "compiled"), gradient(kind, dy, y, "vectorized")
    np.testing.assert_allclose(one, other, rtol=10 * tolerance, atol=tolerance)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 2e-6), (np.float64, 1e-14)])
def test_silu(dtype: type, tolerance: float) -> None:
    x = numbers(dtype)
    with faster.use("plain"):
        true = activations.silu(x.astype(np.float64))
    with faster.use("compiled"):
        found = activations.silu(x)
        above, below = (activations.silu(x.astype(np.float64) + d)[0] for d in (1e-6, -1e-6))
    for one, other in zip(found, true, strict=True):
        assert one.dtype == dtype
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(true[1][:500], ((above - below) / 2e-6)[:500], atol=1e-8)


@pytest.mark.parametrize("body", BODIES)
def test_infinity_and_nan(body: str) -> None:
    x = np.array([np.inf, -np.inf, np.nan], np.float32)
    expected = {"leaky_relu": [np.inf, -np.inf], "elu": [np.inf, -1.875], "sigmoid": [1, 0], "tanh": [1, -1]}
    for kind, ends in expected.items():
        y = forward(kind, x, body)
        np.testing.assert_allclose(y, [*ends, np.nan], rtol=1e-6)
        slopes = gradient(kind, np.ones(2, np.float32), y[:2], body)
        first = {"leaky_relu": 1, "elu": 1.25}.get(kind, 0)
        np.testing.assert_allclose(slopes, [first, 0.1 if kind == "leaky_relu" else 0], atol=1e-6)


@CASES
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble])
def test_any_type_and_memory_order(kind: str, dtype: type) -> None:
    rng = np.random.default_rng(0)
    x, dy = (rng.normal(size=(2, 3, 4, 5)).astype(dtype) for _ in range(2))
    y = forward(kind, x, "vectorized")
    dx = gradient(kind, dy, y, "vectorized")
    for name, view in layouts(x).items():
        kept, found = view.copy(), forward(kind, view, "compiled")
        assert found.dtype == dtype
        np.testing.assert_allclose(found, y, rtol=1e-3 if dtype == np.float16 else 1e-6, err_msg=name)
        np.testing.assert_array_equal(view, kept)
        back = gradient(kind, dy, found, "compiled")
        assert back.dtype == dtype
        np.testing.assert_allclose(back, dx, rtol=1e-2 if dtype == np.float16 else 1e-5, err_msg=name)
        with faster.use("compiled"):
            silu = activations.silu(view)
        np.testing.assert_allclose(silu[0], x / (1 + np.exp(-x)), rtol=1e-2 if dtype == np.float16 else 1e-5)


@CASES
def test_nothing_and_a_lone_number(kind: str) -> None:
    for body in BODIES:
        assert forward(kind, np.zeros((0, 3), np.float32), body).shape == (0, 3)
        assert forward(kind, np.array(0.5), body).shape == ()


@CASES
def test_the_number_of_threads_changes_no_bit(kind: str) -> None:
    x = np.random.default_rng(0).normal(size=(64, 3001)).astype(np.float32)
    results = []
    for n in (1, 2):
        with tn.threads(n):
            y = forward(kind, x, "compiled")
            results.append((y, gradient(kind, x, y, "compiled")))
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)
