"""Activations at −∞ and ∞ come to their limits, and so do their slopes: in NumPy, and compiled for long samples."""

from __future__ import annotations

import numpy as np
import pytest

from tinynet.core import faster
from tinynet.layers import (
    ELU,
    GELU,
    SELU,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    Layer,
    LeakyReLU,
    LogSigmoid,
    Mish,
    PReLU,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softplus,
    Tanh,
)

INF = np.inf
# y and its slope at −∞ and at ∞, and y at −1e20.
LIMITS: list[tuple[Layer, tuple[float, float], tuple[float, float], float]] = [
    (GELU(), (0, 0), (INF, 1), 0),
    (GELU("tanh"), (0, 0), (INF, 1), 0),
    (SiLU(), (0, 0), (INF, 1), 0),
    (Softplus(), (0, 0), (INF, 1), 0),
    (Softplus(2.0, 5.0), (0, 0), (INF, 1), 0),
    (ELU(), (-1, 0), (INF, 1), -1),
    (ELU(2.0), (-2, 0), (INF, 1), -2),
    (SELU(), (-1.7580993, 0), (INF, 1.0507010), -1.7580993),
    (Sigmoid(), (0, 0), (1, 0), 0),
    (Tanh(), (-1, 0), (1, 0), -1),
    (LeakyReLU(0.5), (-INF, 0.5), (INF, 1), -0.5e20),
    (PReLU(init=0.5), (-INF, 0.5), (INF, 1), -0.5e20),
    (ReLU(), (0, 0), (INF, 1), 0),
    (ReLU6(), (0, 0), (6, 0), 0),
    (Hardtanh(-3.0, 2.0), (-3, 0), (2, 0), -3),
    (Hardsigmoid(), (0, 0), (1, 0), 0),
    (Hardswish(), (0, 0), (INF, 1), 0),
    (LogSigmoid(), (-INF, 1), (0, 0), -1e20),
    (Mish(), (0, 0), (INF, 1), 0),
]


@pytest.mark.parametrize("choice", ["plain", "auto", "compiled"])
@pytest.mark.parametrize("length", [3, 3000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("layer", "lowest", "highest", "low"), LIMITS, ids=lambda value: repr(value))
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # PReLU's own slope gets an infinite gradient
def test_limits(
    layer: Layer,
    lowest: tuple[float, float],
    highest: tuple[float, float],
    low: float,
    dtype: type,
    length: int,
    choice: str,
) -> None:
    x = np.zeros((2, length), dtype)
    x[0, 0], x[0, 1], x[1, 2] = -INF, INF, -1e20
    layer.astype(dtype)
    with faster.use(choice):
        y = layer.forward(x)
        dx = layer.backward(np.ones_like(x))
    found = [y[0, 0], dx[0, 0], y[0, 1], dx[0, 1], y[1, 2]]
    np.testing.assert_allclose(found, [*lowest, *highest, low], rtol=1e-6, atol=2e-7)
    assert np.isfinite(y[1]).all()
    assert np.isfinite(dx).all()
    layer.astype(np.float32)


@pytest.mark.parametrize("choice", ["plain", "compiled"])
def test_gelu_by_tanh_keeps_its_values_between(choice: str) -> None:
    x = np.linspace(-12, 12, 3000)[np.newaxis]
    with faster.use(choice):
        y = GELU("tanh").forward(x)
    u = np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)
    np.testing.assert_allclose(y, x / (1 + np.exp(-2 * u)), rtol=1e-12, atol=1e-15)
