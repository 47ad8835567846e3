"""Dropout of numbers and of channels: from one seed the same mask."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np

import tinynet as tn
from tests.engine.walk import Case, Draw
from tinynet.layers import Dropout, Dropout2D


def _dropout(draw: Draw) -> tuple[Dropout, np.ndarray]:
    n = draw.size(1, 9)
    shape = draw.choice((), (n,), (n, draw.size(1, 70)), (n, 5, 9), (n, draw.size(1, 30), draw.size(1, 9), 7))
    return Dropout(draw.choice(0.1, 0.5, 0.99, draw.rng.random())), draw.array(*shape)


def _dropout2d(draw: Draw) -> tuple[Dropout2D, np.ndarray]:
    rng = draw.choice(None, np.random.default_rng(3))
    shape = (draw.size(1, 9), draw.size(1, 70), draw.size(1, 9), draw.size(1, 9))
    return Dropout2D(draw.choice(0.1, 0.5, draw.rng.random()), rng), draw.array(*shape)


def dropout_forward(draw: Draw, make: Callable[[Draw], Any] = _dropout) -> Callable[[], Any]:
    layer, x = make(draw)

    def call() -> Any:
        tn.seed(5)
        twin = deepcopy(layer)
        return twin.forward(x), twin.recall(), tn.core.generator_states()["n_draws"]["dropout"]

    return call


def dropout_backward(draw: Draw, make: Callable[[Draw], Any] = _dropout) -> Callable[[], Any]:
    layer, x = make(draw)
    dy = draw.array(*x.shape)

    def call() -> Any:
        tn.seed(5)
        twin = deepcopy(layer)
        twin.forward(x)
        return twin.backward(dy)

    return call


def dropout2d_forward(draw: Draw) -> Callable[[], Any]:
    return dropout_forward(draw, _dropout2d)


def dropout2d_backward(draw: Draw) -> Callable[[], Any]:
    return dropout_backward(draw, _dropout2d)


CASES = [
    Case(entry=Dropout.forward, build=dropout_forward),
    Case(entry=Dropout.backward, build=dropout_backward),
    Case(entry=Dropout2D.forward, build=dropout2d_forward),
    Case(entry=Dropout2D.backward, build=dropout2d_backward),
]
