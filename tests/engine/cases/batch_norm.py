"""Batch normalization, in training and in evaluation, with and without parameters and running statistics."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np

from tests.engine.walk import Case, Draw
from tinynet.layers import BatchNorm1D, BatchNorm2D


def _layer_and_input(draw: Draw) -> tuple[Any, np.ndarray]:
    features, n = draw.size(1, 70), draw.size(3, 9)
    options = {"eps": draw.choice(1e-5, 0.5), "affine": draw.choice(True, True, False)}
    options["track_running_stats"] = draw.choice(True, True, False)
    options |= {"momentum": None if n % 2 else 0.1, "bias": features % 3 > 0}
    if draw.choice(True, False):
        layer, shape = BatchNorm2D(features, **options), (n, features, draw.size(1, 9), draw.size(1, 9))
    else:
        layer, shape = BatchNorm1D(features, **options), draw.choice((n, features), (n, draw.size(1, 9), features))
    layer = draw.layer(layer)
    if layer.track_running_stats:
        layer.running_mean += draw.rng.normal(size=features).astype(draw.dtype)
        layer.running_var += draw.rng.random(features).astype(draw.dtype)
    return layer.train() if draw.choice(True, True, False) else layer.eval(), draw.array(*shape)


def batch_norm_forward(draw: Draw) -> Callable[[], Any]:
    layer, x = _layer_and_input(draw)

    def call() -> Any:
        twin = deepcopy(layer)
        return twin.forward(x), twin.recall(), twin.state()

    return call


def batch_norm_backward(draw: Draw) -> Callable[[], Any]:
    layer, x = _layer_and_input(draw)
    dy = draw.array(*x.shape)

    def call() -> Any:
        twin = deepcopy(layer)
        twin.forward(x)
        dx = twin.backward(dy)
        return dx, [parameter.gradient for parameter in twin.parameters().values()]

    return call


CASES = [
    Case(entry=BatchNorm1D.forward, build=batch_norm_forward, float32=1e-5),
    Case(entry=BatchNorm1D.backward, build=batch_norm_backward, float32=1e-4),
]
