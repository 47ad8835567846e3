"""Arguments for elementwise layers. There are no cases here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.engine.walk import Draw
from tinynet.layers import Layer

CASES: list = []


def shape(draw: Draw) -> tuple[int, ...]:
    return draw.choice((draw.size(),), (draw.size(), draw.size()), (2, draw.size(), draw.size(1), draw.size(1)))


def forth(draw: Draw, layer: Layer) -> Callable[[], Any]:
    """y, and what is remembered."""
    layer = draw.layer(layer)
    x = draw.array(*shape(draw))

    def call() -> Any:
        return layer.forward(x), layer.recall()

    return call


def back(draw: Draw, layer: Layer, **memory: Callable[[np.ndarray], np.ndarray]) -> Callable[[], Any]:
    """dx, of the same memory for both: a derivative that is nearly 0 depends on the last bit of what it is taken of."""
    layer = draw.layer(layer)
    with np.errstate(all="ignore"):
        remembered = {
            name: draw.arranged(value(draw.array(*size))) for size in [shape(draw)] for name, value in memory.items()
        }
    dy = draw.array(*next(iter(remembered.values())).shape)

    def call() -> Any:
        layer.remember(**remembered)
        for parameter in layer.parameters().values():
            parameter.zero_gradient()
        return layer.backward(dy), [parameter.gradient for parameter in layer.parameters().values()]

    return call
