"""Watching a net: an observer sees the inputs and outputs of every layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

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
    Several may watch at once, and end in any order.

    Args:
        net: The net, or any layer.
        observer: Has `on_forward(path, layer, x, y)`, `on_backward(path, layer, dy, dx)` or both; several inputs or
            outputs come as tuples. It may also have `on_forward_begin(path, layer, inputs, options)`, called before a
            forward with all its arguments.

    Raises:
        TypeError: `net` is not a layer, or the observer has none of these methods.

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
    if not any(hasattr(observer, hook) for hook in HOOKS):
        checks.fail(
            "watch",
            f"the observer must have one of the methods {', '.join(HOOKS)}, got {observer!r}.",
            "write a class with on_forward(self, path, layer, x, y).",
            TypeError,
        )
    watching = []
    for path, layer in list(net.layers_inside()):
        shadow = _shadow_in(layer) or _Shadow(layer)
        entry = _Observer(path, *[getattr(observer, hook, _ignore) for hook in HOOKS])
        shadow.observers.append(entry)
        watching.append((shadow, entry))
    try:
        yield observer
    finally:
        for shadow, entry in watching:
            shadow.leave(entry)


@contextmanager
def unwatched(net: Layer) -> Iterator[None]:
    """Inside this block those who watch the layers of a net see nothing.

    Example:
        >>> from tinynet.layers import ReLU
        >>> seen, layer = [], ReLU()
        >>> class Paths:
        ...     def on_forward(self, path, layer, x, y):
        ...         seen.append(path)
        >>> with watch(layer, Paths()):
        ...     with unwatched(layer):
        ...         y = layer.forward(np.ones(2))
        >>> seen
        []
    """
    shadows = [shadow for shadow in map(_shadow_in, net.every_layer()) if shadow is not None]
    for shadow in shadows:
        shadow.step_aside()
    try:
        yield
    finally:
        for shadow in shadows:
            shadow.step_before()


class _Observer(NamedTuple):
    path: str
    on_forward_begin: Callable
    on_forward: Callable
    on_backward: Callable


class _Shadow:
    """What stands before the forward and backward of a layer as long as anybody watches it."""

    def __init__(self, layer: Layer) -> None:
        self.layer, self.observers = layer, list[_Observer]()
        self.before = {name: vars(layer)[name] for name in WATCHED if name in vars(layer)}
        self.plain_forward, self.plain_backward = layer.forward, layer.backward
        self.step_before()

    def step_before(self) -> None:
        vars(self.layer).update(forward=self.forward, backward=self.backward)

    def step_aside(self) -> None:
        for name in WATCHED:
            vars(self.layer).pop(name, None)
        vars(self.layer).update(self.before)

    def forward(self, *inputs: Any, **options: Any) -> Any:
        for observer in self.observers:
            observer.on_forward_begin(observer.path, self.layer, inputs, options)
        y = self.plain_forward(*inputs, **options)
        for observer in self.observers:
            observer.on_forward(observer.path, self.layer, one_or_tuple(inputs), y)
        return y

    def backward(self, *gradients: Any, **options: Any) -> Any:  # without input_gradient: each ∂L/∂x is to be seen
        dx = self.plain_backward(*gradients)
        for observer in self.observers:
            observer.on_backward(observer.path, self.layer, one_or_tuple(gradients), dx)
        return dx

    def leave(self, entry: _Observer) -> None:
        """One observer sees no more; after the last, the layer is as it was."""
        self.observers.remove(entry)
        if not self.observers:
            self.step_aside()


def _shadow_in(layer: Layer) -> _Shadow | None:
    found = getattr(vars(layer).get("forward"), "__self__", None)
    return found if isinstance(found, _Shadow) else None


def _ignore(*_: Any) -> None:
    pass
