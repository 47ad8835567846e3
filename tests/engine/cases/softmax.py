"""Softmax and its logarithm along any axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.engine.walk import Case, Draw
from tinynet.layers import LogSoftmax, Softmax


def _layer_and_arrays(draw: Draw, kind: Any) -> tuple[Any, np.ndarray, np.ndarray]:
    shape = draw.choice((draw.size(),), (draw.size(), draw.size()), (2, draw.size(), draw.size(1), draw.size(1)))
    shape = tuple(max(1, size) for size in shape)
    layer = draw.layer(kind(axis=draw.integer(-len(shape), len(shape) - 1)))
    return layer, draw.array(*shape), draw.array(*shape)


def forward(kind: Any) -> Callable[[Draw], Callable[[], Any]]:
    def case(draw: Draw) -> Callable[[], Any]:
        layer, x, _ = _layer_and_arrays(draw, kind)

        def call() -> Any:
            return layer.forward(x), layer.recall()

        return call

    return case


def backward(kind: Any) -> Callable[[Draw], Callable[[], Any]]:
    def case(draw: Draw) -> Callable[[], Any]:
        layer, x, dy = _layer_and_arrays(draw, kind)
        y = kind.forward.lesson(layer, draw.rng.normal(size=x.shape).astype(draw.dtype))

        def call() -> Any:
            layer.remember(y=y)
            return layer.backward(dy)

        return call

    return case


CASES = [
    Case(Softmax.forward, forward(Softmax)),
    Case(Softmax.backward, backward(Softmax)),
    Case(LogSoftmax.forward, forward(LogSoftmax)),
    Case(LogSoftmax.backward, backward(LogSoftmax)),
]
