"""The gradient of an embedding."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np

from tests.engine.walk import Case, Draw
from tinynet.layers import Embedding


def backward(draw: Draw) -> Callable[[], Any]:
    V, D = draw.size(1), draw.size(1, 150)  # more than one block of columns
    layer = draw.layer(Embedding(V, D, padding_idx=draw.choice(None, 0, V - 1)))
    places = draw.choice((draw.size(),), (draw.size(), draw.size()), (2, 3, draw.size()))
    tokens = draw.integers(0, V - 1, *places).astype(draw.choice(np.int64, np.uint8, np.int32))
    dy, before = draw.array(*places, D), draw.array(V, D)
    if dy.ndim == 3 and draw.choice(True, False):
        dy = np.ascontiguousarray(dy.transpose(1, 0, 2)).transpose(1, 0, 2)  # time first in memory

    def call() -> Any:
        twin = deepcopy(layer)
        twin.weight.gradient = before  # to which it is added
        y = twin.forward(tokens)
        return y, twin.recall(), twin.backward(dy), twin.weight.gradient

    return call


CASES = [
    Case(Embedding.backward, backward),
    Case(Embedding.backward, backward, table="loops"),
]
