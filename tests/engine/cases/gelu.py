"""GELU, and the normal distribution that it is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.engine.cases.elementwise import back, forth, shape
from tests.engine.walk import Case, Draw
from tinynet.layers import GELU
from tinynet.layers.smooth_activations import normal_cdf


def gelu(draw: Draw) -> Callable[[], Any]:
    return forth(draw, GELU(draw.choice("none", "tanh")))


def gelu_backward(draw: Draw) -> Callable[[], Any]:
    return back(draw, GELU(), slope=lambda x: x)


def distribution(draw: Draw) -> Callable[[], Any]:
    x = 4 * draw.array(*shape(draw))
    return lambda: normal_cdf(x)


CASES = [
    Case(GELU.forward, gelu),
    Case(GELU.backward, gelu_backward),
    Case(normal_cdf, distribution),
]
