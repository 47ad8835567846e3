"""Activations in float32 at inputs as large as the type holds: each comes to its limit, and so does its slope."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tinynet.layers import (
    ELU,
    GELU,
    GLU,
    SELU,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    Mish,
    PReLU,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    SwiGLU,
    Tanh,
)

SIZES = [1e4, 1e15, 1e30, 3e38]  # float32 ends at 3.4e38


def nothing(x: float) -> float:
    return 0.0


def step(x: float) -> float:
    return float(x > 0)


def ramp(x: float) -> float:
    return max(x, 0.0)


# A layer, and for large |x| its value and its slope.
LIMITS: list[tuple[Callable, Callable, Callable]] = [
    (ReLU, ramp, step),
    (LeakyReLU, lambda x: max(x, 0.01 * x), lambda x: 1 if x > 0 else 0.01),
    (PReLU, lambda x: max(x, 0.25 * x), lambda x: 1 if x > 0 else 0.25),
    (Sigmoid, step, nothing),
    (Tanh, np.sign, nothing),
    (GELU, ramp, step),
    (lambda: GELU("tanh"), ramp, step),
    (SiLU, ramp, step),
    (ELU, lambda x: max(x, -1.0), step),
    (SELU, lambda x: SELU.scale * max(x, -SELU.alpha), lambda x: SELU.scale * step(x)),
    (Softplus, ramp, step),
    (lambda: Softplus(beta=0.5), ramp, step),
    (ReLU6, lambda x: 6 * step(x), nothing),
    (Hardtanh, np.sign, nothing),
    (Hardsigmoid, step, nothing),
    (Hardswish, ramp, step),
    (LogSigmoid, lambda x: min(x, 0.0), lambda x: 1 - step(x)),
    (Mish, ramp, step),
]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("build", "value", "slope"), LIMITS, ids=lambda thing: getattr(thing, "__name__", ""))
def test_limits(build: Callable, value: Callable, slope: Callable, size: float) -> None:
    layer, x = build(), np.array([[size, -size, 0.0, -0.0]], np.float32)
    y = layer.forward(x)
    dx = layer.backward(np.ones_like(x))
    assert y.dtype == dx.dtype == np.float32
    assert np.isfinite(y).all()
    assert np.isfinite(dx).all()
    np.testing.assert_allclose(y[0, :2], [value(size), value(-size)], rtol=1e-6, atol=1e-30)
    np.testing.assert_allclose(dx[0, :2], [slope(size), slope(-size)], rtol=1e-6, atol=1e-30)


@pytest.mark.parametrize(("build", "value", "slope"), LIMITS, ids=lambda thing: getattr(thing, "__name__", ""))
def test_the_smallest_numbers(build: Callable, value: Callable, slope: Callable) -> None:
    tiny, exact = build(), build().astype(np.float64)
    x = np.array([1e-45, -1e-45, 1e-38, -1e-38], np.float32)
    np.testing.assert_allclose(tiny.forward(x), exact.forward(x.astype(np.float64)), rtol=1e-5, atol=1e-44)
    dx = exact.backward(np.ones(4))
    np.testing.assert_allclose(tiny.backward(np.ones(4, np.float32)), dx, rtol=1e-5)


@pytest.mark.parametrize("size", [1e4, 1e30])
def test_softmax_of_large_logits(size: float) -> None:
    layer, x = Softmax(), np.array([[size, -size, 0.0], [-size, -size, -size], [size, size, -size]], np.float32)
    y = layer.forward(x)
    np.testing.assert_allclose(y, [[1, 0, 0], [1 / 3] * 3, [0.5, 0.5, 0]], rtol=1e-6)
    dx = layer.backward(np.array([[1, 2, 3]] * 3, np.float32))
    np.testing.assert_allclose(dx, [[0, 0, 0], [-1 / 3, 0, 1 / 3], [-0.25, 0.25, 0]], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("size", [1e4, 1e30])
def test_log_softmax_of_large_logits(size: float) -> None:
    layer, x = LogSoftmax(), np.array([[size, -size], [-size, -size]], np.float32)
    np.testing.assert_allclose(layer.forward(x), [[0, -2 * size], [-np.log(2)] * 2], rtol=1e-6)
    dx = layer.backward(np.array([[1, 0], [1, 0]], np.float32))
    np.testing.assert_allclose(dx, [[0, 0], [0.5, -0.5]], atol=1e-7)


@pytest.mark.parametrize("layer", [Softmax(), LogSoftmax()], ids=str)
def test_softmax_along_an_axis_of_one(layer: Softmax | LogSoftmax) -> None:
    y = layer.forward(np.array([[1e4], [-1e4]], np.float32))
    np.testing.assert_array_equal(y, np.ones((2, 1)) if isinstance(layer, Softmax) else np.zeros((2, 1)))
    np.testing.assert_array_equal(layer.backward(np.full((2, 1), 3, np.float32)), np.zeros((2, 1)))


def test_the_gate_of_glu_closes_and_opens() -> None:
    layer, x = GLU(), np.array([[3e38, 1e4], [3e38, -1e4], [-1.0, 0.0]], np.float32)
    np.testing.assert_allclose(layer.forward(x), [[3e38], [0], [-0.5]], rtol=1e-6)
    np.testing.assert_allclose(layer.backward(np.ones((3, 1), np.float32)), [[1, 0], [0, 0], [0.5, -0.25]], rtol=1e-6)


def test_the_gate_of_swiglu_closes_and_opens() -> None:
    layer = SwiGLU(1, 1)
    for inner in (layer.gate, layer.up, layer.down):
        inner.weight.tensor = [[1.0]]
    x = np.array([[1e4], [-1e4]], np.float32)
    np.testing.assert_allclose(layer.forward(x), [[1e8], [0]], rtol=1e-6)  # x · x σ(x)
    np.testing.assert_allclose(layer.backward(np.ones_like(x)), [[2e4], [0]], rtol=1e-6)
