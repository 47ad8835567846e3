"""Global pooling of images and sequences."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tests.engine.walk import Case, Draw
from tinynet.layers import GlobalAvgPool1D, GlobalAvgPool2D, GlobalMaxPool1D, GlobalMaxPool2D, Layer


def there_and_back(kind: type[Layer]) -> Callable[[Draw], Callable[[], Any]]:
    def build(draw: Draw) -> Callable[[], Any]:
        n, c, length = draw.size(0, 3), draw.size(1, 40), draw.size(1, 20)
        shape = (n, length, c) if kind.__name__.endswith("1D") else (n, c, length, draw.size(1, 5))
        layer, x, dy = kind(), draw.array(*shape), draw.array(n, c)

        def call() -> Any:
            twin = copy.deepcopy(layer)
            y = twin.forward(x)
            return y, twin.recall(), twin.backward(dy)

        return call

    return build


CASES = [
    *[
        Case(kind.forward, there_and_back(kind))
        for kind in (GlobalAvgPool1D, GlobalAvgPool2D, GlobalMaxPool1D, GlobalMaxPool2D)
    ],
    Case(GlobalAvgPool2D.backward, there_and_back(GlobalAvgPool2D)),
    Case(GlobalMaxPool2D.backward, there_and_back(GlobalMaxPool2D)),
]
