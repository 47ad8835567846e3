"""Layer, group and root mean square normalization, with and without parameters, over one axis and over several.

At least three numbers are averaged: two become ±1 wherever they are, and of their gradient only rounding is left.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import Any

import numpy as np

from tests.engine.walk import Case, Draw
from tinynet.layers import GroupNorm, Layer, LayerNorm, RMSNorm


def _layer_norm(draw: Draw) -> tuple[Layer, np.ndarray]:
    shape = draw.choice((draw.size(3, 40),), (draw.size(3, 7), draw.size(1, 7)))
    layer = LayerNorm(shape, draw.choice(1e-5, 0.5), draw.choice(True, True, False), draw.choice(True, False))
    return draw.layer(layer), draw.array(*draw.choice((), (draw.size(1, 200),), (draw.size(1, 5), 7)), *shape)


def _rms_norm(draw: Draw) -> tuple[Layer, np.ndarray]:
    shape = draw.choice((draw.size(3, 40),), (draw.size(3, 7), draw.size(1, 7)))
    layer = RMSNorm(shape, draw.choice(None, 0.5), draw.choice(True, True, False))
    return draw.layer(layer), draw.array(*draw.choice((), (draw.size(1, 200),), (draw.size(1, 5), 7)), *shape)


def _group_norm(draw: Draw) -> tuple[Layer, np.ndarray]:
    groups, per_group = draw.choice((draw.size(1, 5), draw.size(3, 30)), (4, 8), (2, 32))
    pixels = draw.choice((), (draw.size(1, 9),), (draw.size(1, 9), draw.size(1, 9)), (1, 1), (10, draw.size(1, 10)))
    layer = GroupNorm(
        groups, groups * per_group, draw.choice(1e-5, 0.5), draw.choice(True, True, False), bias=per_group % 3 > 0
    )
    return draw.layer(layer), draw.array(draw.size(1, 7), groups * per_group, *pixels)


def norm_forward(make: Callable[[Draw], tuple[Layer, np.ndarray]], draw: Draw) -> Callable[[], Any]:
    layer, x = make(draw)

    def call() -> Any:
        twin = deepcopy(layer)
        return twin.forward(x), twin.recall()

    return call


def norm_backward(make: Callable[[Draw], tuple[Layer, np.ndarray]], draw: Draw) -> Callable[[], Any]:
    layer, x = make(draw)
    dy = draw.array(*x.shape)

    def call() -> Any:
        twin = deepcopy(layer)
        twin.forward(x)
        dx = twin.backward(dy)
        return dx, [parameter.gradient for parameter in twin.parameters().values()]

    return call


CASES = [
    Case(entry=LayerNorm.forward, build=partial(norm_forward, _layer_norm)),
    Case(entry=LayerNorm.backward, build=partial(norm_backward, _layer_norm), float32=1e-4),
    Case(entry=RMSNorm.forward, build=partial(norm_forward, _rms_norm)),
    Case(entry=RMSNorm.backward, build=partial(norm_backward, _rms_norm), float32=1e-4),
    Case(entry=GroupNorm.forward, build=partial(norm_forward, _group_norm)),
    Case(entry=GroupNorm.backward, build=partial(norm_backward, _group_norm), float32=1e-4),
]
