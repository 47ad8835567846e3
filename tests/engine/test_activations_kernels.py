"""Compiled activations: all their digits, their extremes, memory order, threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinynet as tn
from tests.layers.strategies import layouts
from tinynet.core import faster
from tinynet.layers import (
    ELU,
    SELU,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    Layer,
    LeakyReLU,
    LogSigmoid,
    Mish,
    PReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softplus,
    Tanh,
)

LAYERS: dict[str, Callable[[], Any]] = {
    "leaky_relu": lambda: LeakyReLU(0.1),
    "elu": lambda: ELU(1.5),
    "selu": SELU,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "silu": SiLU,
    "softplus": lambda: Softplus(2.0, 3.0),
    "prelu": PReLU,
    "relu6": ReLU6,
    "hardtanh": lambda: Hardtanh(-2.0, 1.5),
    "hard_sigmoid": Hardsigmoid,
    "hard_swish": Hardswish,
    "log_sigmoid": LogSigmoid,
    "mish": Mish,
}
CHOICES = ["plain", "compiled"]
EACH = pytest.mark.parametrize("kind", LAYERS)


def numbers(dtype: type) -> np.ndarray:
    ends = [0.0, -0.0, 1e-30, -1e-6, 1e-3, 1e4, -1e4, 15, -15, 80, -80]
    return np.concatenate([np.linspace(-12, 12, 500), ends]).astype(dtype)


def passed(layer: Layer, x: np.ndarray, dy: np.ndarray, choice: str = "compiled") -> tuple[np.ndarray, np.ndarray]:
    """y and dx."""
    layer.astype(x.dtype)
    with faster.use(choice):
        y = layer.forward(x)
        return y, layer.backward(dy)


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize(
    ("layer", "y"),
    [
        (LeakyReLU(0.1), [-0.1, 0, 2]),
        (ELU(1.5), [1.5 * (np.exp(-1) - 1), 0, 2]),
        (SELU(), [SELU.scale * SELU.alpha * (np.exp(-1) - 1), 0, SELU.scale * 2]),
        (Sigmoid(), [1 / (1 + np.e), 0.5, 1 / (1 + np.exp(-2))]),
        (Tanh(), [-np.tanh(1), 0, np.tanh(2)]),
        (SiLU(), [-1 / (1 + np.e), 0, 2 / (1 + np.exp(-2))]),
        (Softplus(), [np.log(1 + np.exp(-1)), np.log(2), np.log(1 + np.exp(2))]),
        (PReLU(init=0.5), [-0.5, 0, 2]),
        (ReLU6(), [0, 0, 2]),
        (Hardtanh(-0.5, 1.5), [-0.5, 0, 1.5]),
        (Hardsigmoid(), [1 / 3, 0.5, 5 / 6]),
        (Hardswish(), [-1 / 3, 0, 5 / 3]),
        (LogSigmoid(), [-np.log(1 + np.e), -np.log(2), -np.log(1 + np.exp(-2))]),
        (Mish(), [-np.tanh(np.log(1 + np.exp(-1))), 0, 2 * np.tanh(np.log(1 + np.exp(2)))]),
    ],
    ids=repr,
)
def test_by_hand(choice: str, layer: Layer, y: list[float]) -> None:
    x = np.array([[-1.0, 0, 2]])
    np.testing.assert_allclose(passed(layer, x, x, choice)[0], [y], rtol=1e-14)


@EACH
@pytest.mark.parametrize("choice", CHOICES)
def test_the_gradient_is_the_derivative(kind: str, choice: str) -> None:
    x, dy, layer = np.linspace(-5.03, 5, 100), np.linspace(1, 2, 100), LAYERS[kind]()
    above, below = (passed(layer, x + d, dy, choice)[0] for d in (1e-6, -1e-6))
    np.testing.assert_allclose(passed(layer, x, dy, choice)[1], dy * (above - below) / 2e-6, atol=1e-7)


@EACH
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-6), (np.float64, 1e-14)])
def test_all_digits(kind: str, dtype: type, tolerance: float) -> None:
    x, layer = numbers(dtype), LAYERS[kind]()
    dy = np.linspace(1, 2, len(x)).astype(dtype)
    true, true_dx = passed(layer, x.astype(np.float64), dy.astype(np.float64), "plain")
    y, dx = passed(layer, x, dy)
    assert y.dtype == dx.dtype == dtype
    # Relative, also where y is next to nothing, except for SiLU, of which that was never asked.
    np.testing.assert_allclose(y, true, rtol=2 * tolerance, atol=2 * tolerance if kind == "silu" else 1e-34)
    np.testing.assert_allclose(dx, true_dx, rtol=10 * tolerance, atol=4 * tolerance)


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize(
    ("kind", "limits", "slopes"),
    [
        ("leaky_relu", [np.inf, -np.inf], [1, 0.1]),
        ("elu", [np.inf, -1.5], [1, 0]),
        ("selu", [np.inf, -SELU.scale * SELU.alpha], [SELU.scale, 0]),
        ("sigmoid", [1, 0], [0, 0]),
        ("tanh", [1, -1], [0, 0]),
        ("softplus", [np.inf, 0], [1, 0]),
        ("prelu", [np.inf, -np.inf], [1, 0.25]),
        ("relu6", [6, 0], [0, 0]),
        ("hardtanh", [1.5, -2], [0, 0]),
        ("hard_sigmoid", [1, 0], [0, 0]),
        ("hard_swish", [np.inf, 0], [1, 0]),
        ("log_sigmoid", [0, -np.inf], [0, 1]),
        ("mish", [np.inf, 0], [1, 0]),
    ],
)
def test_infinity_and_nan(choice: str, kind: str, limits: list[float], slopes: list[float]) -> None:
    x = np.array([[np.inf, -np.inf, np.nan]], np.float32)
    y, dx = passed(LAYERS[kind](), x, np.ones_like(x), choice)
    np.testing.assert_allclose(y, [[*limits, np.nan]], rtol=1e-6)
    np.testing.assert_allclose(dx[:, :2], [slopes], atol=1e-6)


@EACH
@pytest.mark.parametrize("dtype", [np.float32, np.longdouble])
def test_any_type_and_memory_order(kind: str, dtype: type) -> None:
    rng = np.random.default_rng(0)
    x, dy = (rng.normal(size=(2, 3, 4, 5)).astype(dtype) for _ in range(2))
    y, dx = passed(LAYERS[kind](), x, dy, "plain")
    tolerance = 1e-5
    for name, view in layouts(x).items():
        kept = view.copy()
        found, back = passed(LAYERS[kind](), view, dy)
        assert found.dtype == back.dtype == dtype
        np.testing.assert_allclose(found, y, rtol=tolerance, err_msg=name)
        np.testing.assert_allclose(back, dx, rtol=tolerance, atol=tolerance / 10, err_msg=name)
        np.testing.assert_array_equal(view, kept)
        if dtype == np.float32 and name in ("C order", "channels-last"):
            assert found.strides == back.strides == view.strides


@EACH
@pytest.mark.parametrize("choice", CHOICES)
def test_nothing_and_a_lone_number(kind: str, choice: str) -> None:
    nothing, number = np.zeros((0, 3), np.float32), np.array(0.5)
    assert passed(LAYERS[kind](), nothing, nothing, choice)[0].shape == (0, 3)
    assert np.shape(passed(LAYERS[kind](), number, number, choice)[1]) == ((1,) if kind == "prelu" else ())


@pytest.mark.needs_compiler
@EACH
def test_the_number_of_threads_changes_no_bit(kind: str) -> None:
    x = np.random.default_rng(0).normal(size=(64, 3001)).astype(np.float32)
    results = []
    for n in (1, 2):
        layer = LAYERS[kind]()
        with tn.threads(n):
            y, dx = passed(layer, x, x)
        results.append([y, dx, *[parameter.gradient for parameter in layer.parameters().values()]])
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("order", ["C order", "channels-last"])
def test_prelu_with_a_slope_for_each_channel_in_many_pieces(order: str) -> None:
    rng = np.random.default_rng(0)
    x, dy = (layouts(rng.normal(size=(70, 3, 5, 7)))[order] for _ in range(2))
    found = []
    for choice in CHOICES:
        layer = PReLU(3)
        layer.astype(np.float64)
        layer.weight.tensor = np.array([0.1, 0.5, 2.0])
        y, dx = passed(layer, x, dy, choice)
        found.append((y, dx, layer.weight.gradient))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
