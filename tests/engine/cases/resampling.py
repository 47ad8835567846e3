"""Resampling, and padding with copies of the inside."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.engine.walk import Case, Draw
from tinynet.layers import Layer, ReflectionPad2D, ReplicationPad2D
from tinynet.layers.resampling import resample

Call = Callable[[], Any]


def resampled(draw: Draw) -> Call:
    (h, w), (oh, ow) = (draw.size(1, 9), draw.size(1, 9)), (draw.size(1, 12), draw.size(1, 12))
    A, B = [
        np.where(draw.booleans(*shape), draw.rng.normal(size=shape), 0) for shape in ((oh, h), (ow, w))
    ]  # some rows have no numbers
    x = draw.array(draw.size(0, 3), draw.size(0, 40), h, w)
    return lambda: resample(A, B, x)


def reflected(draw: Draw) -> Call:
    h, w = draw.size(1, 9), draw.size(1, 9)
    border = [draw.integer(0, size - 1) for size in (w, w, h, h)]
    return padded(draw, ReflectionPad2D(tuple(border)), border, draw.array(draw.size(0, 3), draw.size(0, 40), h, w))


def replicated(draw: Draw) -> Call:
    border = [draw.integer(0, 12) for _ in range(4)]
    x = draw.array(draw.size(0, 3), draw.size(1, 40), draw.size(1, 9), draw.size(1, 9))
    return padded(draw, ReplicationPad2D(tuple(border)), border, x)


def padded(draw: Draw, layer: Layer, border: list[int], x: np.ndarray) -> Call:
    h, w = x.shape[2:]
    dy = draw.array(*x.shape[:2], h + sum(border[2:]), w + sum(border[:2]))

    def call() -> Any:
        twin = copy.deepcopy(layer)
        y = twin.forward(x)
        return y, twin.recall(), twin.backward(dy)

    return call


CASES = [
    Case(resample, resampled),
    Case(ReflectionPad2D.forward, reflected),
    Case(ReflectionPad2D.backward, reflected),
    Case(ReplicationPad2D.forward, replicated),
    Case(ReplicationPad2D.backward, replicated),
]
