"""The gated linear unit, along any axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.engine.walk import Case, Draw
from tinynet.layers import GLU


def _layer_and_input(draw: Draw) -> tuple[GLU, np.ndarray]:
    n_axes = draw.integer(1, 4)
    axis, sizes = draw.integer(0, n_axes - 1), [draw.integer(1, 9) for _ in range(n_axes)]
    sizes[axis] *= 2
    return draw.layer(GLU(draw.choice(axis, axis - n_axes))), draw.array(*sizes)


def glu(draw: Draw) -> Callable[[], Any]:
    layer, x = _layer_and_input(draw)

    def call() -> Any:
        return layer.forward(x), layer.recall()

    return call


def glu_backward(draw: Draw) -> Callable[[], Any]:
    layer, x = _layer_and_input(draw)
    a, b = np.split(x, 2, axis=layer.axis)
    with np.errstate(all="ignore"):
        s = draw.arranged(np.abs(np.tanh(b)))
    dy = draw.array(*s.shape)

    def call() -> Any:
        layer.remember(a=a, s=s)
        return layer.backward(dy)

    return call


CASES = [Case(GLU.forward, glu), Case(GLU.backward, glu_backward)]
