"""Rotary positions."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from tests.engine.walk import Case, Draw
from tinynet.layers import RotaryPosition


def turn(draw: Draw) -> Callable[[], Any]:
    layer = draw.layer(RotaryPosition(2 * draw.integer(1, 9), base=draw.choice(10.0, 10000.0)))
    sample = [draw.size(high=4) for _ in range(draw.integer(0, 2))]
    x = draw.array(*sample, draw.size(high=40), layer.dim)
    start, direction = draw.integer(0, 50), draw.choice(1, -1)
    return lambda: layer.turn(x, start, direction)


def forward_and_backward(draw: Draw) -> Callable[[], Any]:
    layer = draw.layer(RotaryPosition(2 * draw.integer(1, 9)))
    shape = draw.size(high=4), draw.size(high=40), layer.dim
    x, dy = draw.array(*shape), draw.array(*shape)

    def call() -> Any:
        twin = deepcopy(layer)
        return twin.forward(x), twin.recall(), twin.backward(dy)

    return call


CASES = [
    Case(RotaryPosition.turn, turn),
    Case(RotaryPosition.turn, forward_and_backward),
    Case(RotaryPosition.turn, turn, table="loops"),
]
