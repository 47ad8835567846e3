"""Watching a net: an observer sees the inputs and outputs of every layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tinynet.core import checks
from tinynet.layers import Layer
from tinynet.layers.layer import WATCHED
from tinynet.net.tuples import one_or_tuple

HOOKS = ("on_forward_begin", "on_forward", "on_backward")


@contextmanager
def watch(net: Layer, observer: Any) -> Iterator[Any]:
    """Call the observer at every forward and backward of every layer inside `net`, itself included.

    The methods of each layer object are shadowed by wrappers and restored on leaving, so a net that is not watched
    has no overhead. The path of `net` itself is "". A watched layer always computes ∂L/∂x, even if a net could skip it.

    Args:
        net: The net, or any layer.
        observer: Has `on_forward(path, layer, x, y)`, `on_backward(path, layer, dy, dx)` or both; several inputs or
            outputs come as tuples. It may also have `on_forward_begin(path, layer, inputs, options)`, called before a
            forward with all its arguments.

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
    checks.instance("watch", "net", net, Layer)
    before = []
    for path, layer in list(net.layers_inside()):
        before.append((layer, {name: vars(layer)[name] for name in WATCHED if name in vars(layer)}))
        _shadow(path, layer, *[getattr(observer, hook, _ignore) for hook in HOOKS])
    try:
        yield observer
    finally:
        for layer, shadows in before:
            for name in WATCHED:
                vars(layer).pop(name, None)
            vars(layer).update(shadows)


def _shadow(path: str, layer: Layer, on_forward_begin: Callable, on_forward: Callable, on_backward: Callable) -> None:
    plain_forward, plain_backward = layer.forward, layer.backward

    def forward(*inputs: Any, **options: Any) -> Any:
        on_forward_begin(path, layer, inputs, options)
        y = plain_forward(*inputs, **options)
        on_forward(path, layer, one_or_tuple(inputs), y)
        return y

    def backward(*gradients: Any, **_: Any) -> Any:  # input_gradient is ignored: an observer sees every ∂L/∂x
        dx = plain_backward(*gradients)
        on_backward(path, layer, one_or_tuple(gradients), dx)
        return dx

    vars(layer).update(forward=forward, backward=backward)


def _ignore(*_: Any) -> None:
    pass
