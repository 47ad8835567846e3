"""Compiled GELU against the lesson in float64, and the product that takes it back."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn
from tinynet.core import faster
from tinynet.layers import GELU

KINDS = ["none", "tanh"]
CHOICES = ["plain", "compiled"]


def results(x: np.ndarray, kind: str, choice: str) -> tuple[np.ndarray, np.ndarray]:
    """y and its slope."""
    layer = GELU(kind)
    with faster.use(choice):
        return layer.forward(x), layer.recall().slope


def numbers(dtype: type) -> np.ndarray:
    ends = [0.0, -0.0, 1e-30, 1e4, -1e4, 8, -8, 15, -15, 40, -40]
    return np.concatenate([np.linspace(-9, 9, 400), ends]).astype(dtype)


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("kind", KINDS)
def test_by_hand(kind: str, choice: str) -> None:
    y, slope = results(np.array([0.0, 1.0, 1e4, -1e4]), kind, choice)
    np.testing.assert_allclose(y, [0, 0.8413 if kind == "none" else 0.8412, 1e4, 0], atol=5e-5)
    np.testing.assert_allclose(slope, [0.5, 1.0833 if kind == "none" else 1.0830, 1, 0], atol=5e-5)


@pytest.mark.parametrize("choice", ["loops", "plain", "compiled"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_slope_is_the_derivative(choice: str, kind: str) -> None:
    x = np.linspace(-6, 6, 101)
    above, below = results(x + 1e-6, kind, choice)[0], results(x - 1e-6, kind, choice)[0]
    np.testing.assert_allclose(results(x, kind, choice)[1], (above - below) / 2e-6, atol=1e-8)


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 3e-6), (np.float64, 1e-13)])
def test_all_digits(kind: str, dtype: type, tolerance: float, choice: str) -> None:
    x = numbers(dtype)
    true = results(x.astype(np.float64), kind, "plain")
    for found, exact in zip(results(x, kind, choice), true, strict=True):
        assert found.dtype == dtype
        np.testing.assert_allclose(found, exact, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_infinity_nan_and_huge_numbers(choice: str, kind: str, dtype: type) -> None:
    with np.errstate(over="ignore"):  # where the compiled code runs as plain Python, for its coverage
        y, slope = results(np.array([np.inf, np.nan, 1e30, -1e30], dtype), kind, choice)
    np.testing.assert_allclose(y, [np.inf, np.nan, 1e30, 0], rtol=1e-6)
    np.testing.assert_allclose(slope, [1, np.nan, 1, 0], rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.longdouble])
def test_any_type_and_memory_order(dtype: type) -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype(dtype)
    last = np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    expected = results(x, "none", "compiled")
    for given in (last, np.repeat(x, 2, axis=3)[..., ::2], x[:, ::-1][:, ::-1]):
        for result, other in zip(results(given, "none", "compiled"), expected, strict=True):
            assert result.dtype == dtype
            np.testing.assert_allclose(result, other, rtol=1e-5, atol=1e-6)
    assert results(last, "none", "compiled")[0].strides == last.strides
    assert results(x[:0], "none", "compiled")[0].shape == (0, 3, 4, 5)


def test_the_number_of_threads_changes_no_bit() -> None:
    x = np.random.default_rng(0).normal(size=20000).astype(np.float32)
    for kind in KINDS:
        found = []
        for n in (1, 2, 3):
            with tn.threads(n):
                found.append(results(x, kind, "compiled"))
        for other in found[1:]:
            np.testing.assert_array_equal(other, found[0])


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble])
def test_backward_is_the_product_in_the_order_of_the_slope(choice: str, dtype: type) -> None:
    draw = np.random.default_rng(0).normal
    dy, slope = (draw(size=(2, 3, 4, 5)).astype(dtype) for _ in range(2))
    last = np.ascontiguousarray(slope.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)

    def backward(dy: np.ndarray, slope: np.ndarray) -> np.ndarray:
        layer = GELU()
        layer.remember(slope=slope)
        return layer.backward(dy)

    with faster.use(choice):
        for some in (slope, last, slope[:0], np.repeat(slope, 2, axis=3)[..., ::2]):
            dx = backward(dy[: len(some)], some)
            assert dx.dtype == dtype
            np.testing.assert_array_equal(dx, dy[: len(some)] * some)
        if choice == "compiled" and dtype != np.longdouble:
            assert backward(dy, last).strides == last.strides
        assert backward(np.full((), 3.0), np.full((), 2.0)) == 6
        assert backward(dy.astype(np.longdouble), slope).dtype == np.longdouble
