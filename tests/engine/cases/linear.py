"""Linear by products that threads share."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from tests.engine.walk import Case, Draw
from tinynet.layers import Linear


def forward(draw: Draw) -> Callable[[], Any]:
    layer = draw.layer(Linear(draw.size(1), draw.size(1), bias=draw.choice(True, False)))
    x = draw.array(*[draw.size(high=5) for _ in range(draw.integer(1, 2))], layer.in_features)

    def call() -> Any:
        twin = deepcopy(layer)
        return twin.forward(x), twin.recall()

    return call


def backward(draw: Draw) -> Callable[[], Any]:
    layer = draw.layer(Linear(draw.size(1), draw.size(1), bias=draw.choice(True, False)))
    leading = [draw.size(high=5) for _ in range(draw.integer(1, 2))]
    x, dy = draw.array(*leading, layer.in_features), draw.array(*leading, layer.out_features)

    def call() -> Any:
        twin = deepcopy(layer)
        twin.forward(x)
        return twin.backward(dy), {path: p.gradient for path, p in twin.parameters().items()}

    return call


def large(draw: Draw) -> Callable[[], Any]:
    layer = draw.layer(Linear(draw.integer(100, 140), draw.integer(70, 90)))
    n = draw.integer(250, 300)
    x, dy = draw.array(n, layer.in_features), draw.array(n, layer.out_features)

    def call() -> Any:
        twin = deepcopy(layer)
        return twin.forward(x), twin.backward(dy), {path: p.gradient for path, p in twin.parameters().items()}

    return call


CASES = [
    Case(Linear.forward, forward),
    Case(Linear.forward, large),
    Case(Linear.backward, backward),
    Case(Linear.backward, large),
]
