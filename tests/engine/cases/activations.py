"""Activations other than ReLU, GELU and softmax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.engine.cases.elementwise import back, forth
from tests.engine.walk import Case, Draw
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


def of(build: Callable[[Draw], Layer]) -> Callable[[Draw], Callable[[], Any]]:
    def case(draw: Draw) -> Callable[[], Any]:
        return forth(draw, build(draw))

    return case


def back_of(build: Callable[[Draw], Layer], **memory: Callable) -> Callable[[Draw], Callable[[], Any]]:
    def case(draw: Draw) -> Callable[[], Any]:
        return back(draw, build(draw), **memory)

    return case


def itself(x: np.ndarray) -> np.ndarray:
    return x


def leaky_relu(draw: Draw) -> Layer:
    return LeakyReLU(draw.choice(0.0, 0.01, 3.0))


def elu(draw: Draw) -> Layer:
    return ELU(draw.choice(0.5, 1.0, 2.5))


def hardtanh(draw: Draw) -> Layer:
    return Hardtanh(draw.choice(-1.0, -0.3), draw.choice(-0.2, 0.0, 1.0))


def softplus(draw: Draw) -> Layer:
    return Softplus(draw.choice(0.5, 1.0, 3.0), draw.choice(0.0, 2.0, 20.0))


def prelu(draw: Draw) -> Callable[[], Any]:
    layer, x, _ = _prelu(draw)

    def call() -> Any:
        return layer.forward(x), layer.recall()

    return call


def prelu_backward(draw: Draw) -> Callable[[], Any]:
    layer, x, dy = _prelu(draw)

    def call() -> Any:
        layer.remember(x=x)
        layer.weight.zero_gradient()
        return layer.backward(dy), layer.weight.gradient

    return call


def _prelu(draw: Draw) -> tuple[PReLU, np.ndarray, np.ndarray]:
    channels, n, h, w = draw.size(1), draw.size(), draw.size(1), draw.size(1)
    shape = draw.choice((n, channels), (n, h, channels), (n, channels, h, w))
    layer = draw.layer(PReLU(draw.choice(1, channels)))
    return layer, draw.array(*shape), draw.array(*shape)


def numbers_below_1(x: np.ndarray) -> np.ndarray:
    return np.tanh(x)


def numbers_from_0_to_1(x: np.ndarray) -> np.ndarray:
    return np.abs(np.tanh(x))


def up_to_7(x: np.ndarray) -> np.ndarray:
    return 7 * np.tanh(x)


def negative(x: np.ndarray) -> np.ndarray:
    return -np.abs(x)


CASES = [
    Case(ReLU6.forward, of(lambda draw: ReLU6())),
    Case(ReLU6.backward, back_of(lambda draw: ReLU6(), y=up_to_7)),
    Case(Hardtanh.forward, of(hardtanh)),
    Case(Hardtanh.backward, back_of(hardtanh, y=itself)),
    Case(Hardsigmoid.forward, of(lambda draw: Hardsigmoid())),
    Case(Hardsigmoid.backward, back_of(lambda draw: Hardsigmoid(), x=up_to_7)),
    Case(Hardswish.forward, of(lambda draw: Hardswish())),
    Case(Hardswish.backward, back_of(lambda draw: Hardswish(), x=up_to_7)),
    Case(LogSigmoid.forward, of(lambda draw: LogSigmoid())),
    Case(LogSigmoid.backward, back_of(lambda draw: LogSigmoid(), y=negative)),
    Case(Mish.forward, of(lambda draw: Mish())),
    Case(Mish.backward, back_of(lambda draw: Mish(), slope=itself)),
    Case(LeakyReLU.forward, of(leaky_relu)),
    Case(LeakyReLU.backward, back_of(leaky_relu, y=itself)),
    Case(ELU.forward, of(elu)),
    Case(ELU.backward, back_of(elu, y=itself)),
    Case(SELU.forward, of(lambda draw: SELU())),
    Case(SELU.backward, back_of(lambda draw: SELU(), y=itself)),
    Case(Sigmoid.forward, of(lambda draw: Sigmoid())),
    Case(Sigmoid.backward, back_of(lambda draw: Sigmoid(), y=numbers_from_0_to_1)),
    Case(Tanh.forward, of(lambda draw: Tanh())),
    Case(Tanh.backward, back_of(lambda draw: Tanh(), y=numbers_below_1)),
    Case(SiLU.forward, of(lambda draw: SiLU())),
    Case(SiLU.backward, back_of(lambda draw: SiLU(), slope=itself)),
    Case(Softplus.forward, of(softplus)),
    Case(Softplus.backward, back_of(softplus, x=itself)),
    Case(PReLU.forward, prelu),
    Case(PReLU.backward, prelu_backward, float32=1e-4),
]
