"""A Net that runs pairs in one pass, and skips the input gradient that nobody asked for.

Matrix products run on one thread here: the engine cuts the large ones for its own workers.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.engine import pairs
from tinynet.engine.machine.gemm import one_thread
from tinynet.engine.machine.memory import keep_freed_memory
from tinynet.engine.parts import forget
from tinynet.layers import Layer
from tinynet.net import Net
from tinynet.net.masks import Masked, masked
from tinynet.net.net import ERRORS
from tinynet.net.tuples import as_tuple, one_or_tuple

keep_freed_memory()  # Training makes the same large arrays again and again.


@one_thread
def forward(net: Net, *inputs: np.ndarray, padding_mask: np.ndarray | None = None) -> Any:
    """Run the layers in order; what two do together is one step, unless one is given a mask."""
    x = one_or_tuple([net.cast(value) for value in inputs])
    layers: Any = net.layers if padding_mask is None else masked(net, net.layers, padding_mask)
    for index, layer, following, pair in pairs.steps(layers):
        try:
            y = NotImplemented if pair is None else pair.forward(layer, following, x)
            if y is not NotImplemented:
                x = y
                continue
            x = layer.forward(*arranged(layer, x))
        except ERRORS as error:
            net.locate(error, index, previous=True)
            raise
        if following is not None:
            try:
                x = following.forward(*arranged(following, x))
            except ERRORS as error:
                net.locate(error, index + 1, previous=True)
                raise
    net.remember(shapes=[np.shape(y) for y in as_tuple(x)])
    return x


@one_thread
def backward(net: Net, *gradients: np.ndarray, input_gradient: bool = True) -> Any:
    """Run the layers in reverse. Without `input_gradient`, the first layer that learns skips its ∂L/∂x."""
    (shapes,) = net.recall()
    checks.output_gradients(f"{type(net).__name__}.backward", gradients, shapes)
    dy: Any = one_or_tuple(gradients)
    first = 0 if input_gradient else net.first_that_learns()
    for index, layer, following, pair in reversed(pairs.steps(net.layers)):
        if following is not None and index + 1 >= first:
            both = index >= first and pair is not None and pair.backward is not None
            try:
                dx = pair.backward(layer, following, dy) if both else NotImplemented
            except ERRORS as error:
                net.locate_back(error, index + 1, dy)
                raise
            if dx is not NotImplemented:
                dy = dx
                forget(layer)
                forget(following)
                continue
            dy = _back(net, index + 1, following, dy, input_gradient or index + 1 > first)
        if index >= first:
            dy = _back(net, index, layer, dy, input_gradient or index > first)
    if type(net) is not Net:  # it may hold layers that are not among `layers`
        net.forget()
    net._memory = None
    for layer in net.layers[:first]:
        forget(layer)
    return dy if input_gradient else None


def arranged(layer: Layer | Masked, values: Any) -> tuple:
    """The values as a tuple, each in C order for a layer of a user's own; ours take any order."""
    values = as_tuple(values)
    layer = layer.layer if isinstance(layer, Masked) else layer
    if _takes_any_order(type(layer)):
        return values
    return tuple([np.ascontiguousarray(x) if isinstance(x, np.ndarray) and x.ndim else x for x in values])


@cache
def _takes_any_order(kind: type) -> bool:
    return kind.__module__.startswith("tinynet.")


def _back(net: Net, index: int, layer: Layer, dy: Any, input_gradient: bool) -> Any:
    try:
        if input_gradient or "backward" in vars(layer) or not pairs.adds_up_alone(layer, *as_tuple(dy)):
            dy = layer.backward(*arranged(layer, dy))
    except ERRORS as error:
        net.locate_back(error, index, dy)
        raise
    forget(layer)
    return dy
