"""The ReLU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.engine.cases.elementwise import back, forth
from tests.engine.walk import Case, Draw
from tinynet.layers import ReLU


def of_any_shape(draw: Draw) -> Callable[[], Any]:
    return forth(draw, ReLU())


def backward(draw: Draw) -> Callable[[], Any]:
    return back(draw, ReLU(), y=lambda x: x)


CASES = [
    Case(ReLU.forward, of_any_shape, float32=0),
    Case(ReLU.backward, backward, float32=0),
]
