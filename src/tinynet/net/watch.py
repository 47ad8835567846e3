"""Watching a net: an observer sees what every layer takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tinynet.layers import Layer

_METHODS = ("forward", "backward", "backward_parameters")


@contextmanager
def watch(net: Layer, observer: Any) -> Iterator[Any]:
    """Call the observer at every forward and backward of every layer inside `net`, itself included.

    The methods of each layer object are shadowed by wrappers and restored on leaving, so nothing is paid when nobody
    watches. The path of `net` itself is "". While watched, every layer computes ∂L/∂x, also where a net could skip it.

    Args:
        net: The net, or any layer.
        observer: Has `on_forward(path, layer, x, y)`, `on_backward(path, layer, dy, dx)` or both; several inputs or
            outputs come as tuples.

    Example:
        >>> from tinynet.layers import Linear, ReLU
        >>> from tinynet.net import Net
        >>> class Shapes:
        ...     def on_forward(self, path, layer, x, y):
        ...         print(path or "net", x.shape, "→", y.shape)
        >>> net = Net([Linear(3, 2), ReLU()])
        >>> with watch(net, Shapes()):
        ...     y = net.forward(np.ones((1, 3)))
        0 (1, 3) → (1, 2)
        1 (1, 2) → (1, 2)
        net (1, 3) → (1, 2)
    """
    before = []
    for path, layer in list(net.layers_inside()):
        before.append((layer, {name: vars(layer)[name] for name in _METHODS if name in vars(layer)}))
        _shadow(path, layer, getattr(observer, "on_forward", _ignore), getattr(observer, "on_backward", _ignore))
    try:
        yield observer
    finally:
        for layer, shadows in before:
            for name in _METHODS:
                vars(layer).pop(name, None)
            vars(layer).update(shadows)


def _shadow(path: str, layer: Layer, on_forward: Callable, on_backward: Callable) -> None:
    plain_forward, plain_backward, plain_parameters = layer.forward, layer.backward, layer.backward_parameters
    inside = False  # a layer's own backward; it may call backward_parameters, and must get the plain one

    def forward(*inputs: Any, **options: Any) -> Any:
        y = plain_forward(*inputs, **options)
        on_forward(path, layer, _one(inputs), y)
        return y

    def backward(*gradients: Any, **_: Any) -> Any:
        nonlocal inside
        inside = True
        try:
            dx = plain_backward(*gradients)
        finally:
            inside = False
        on_backward(path, layer, _one(gradients), dx)
        return dx

    def backward_parameters(*gradients: Any) -> None:
        (plain_parameters if inside else backward)(*gradients)

    vars(layer).update(forward=forward, backward=backward, backward_parameters=backward_parameters)


def _one(values: tuple) -> Any:
    return values[0] if len(values) == 1 else values


def _ignore(*_: Any) -> None:
    pass
