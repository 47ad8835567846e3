"""Two neighbours that work as one, so that what goes from the one to the other need not be written and read again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from tinynet.core import checks
from tinynet.layers.layer import Layer


class Fused(Layer):
    """The base of what `Layer.fuse_with` returns: `forward` and `backward` of two layers at once.

    It stands in for both during one forward and its backward, and has nothing of its own but that memory: parameters,
    statistics and modes are those of the two. Its forward lets the two remember, with `self.first.remember(...)`, what
    each needs to go back by itself.

    Args:
        first: The layer that x goes into.
        second: The layer that y comes from.

    Example:
        >>> from tinynet.layers import ReLU, Tanh
        >>> class TanhReLU(Fused):
        ...     def forward(self, x):
        ...         return self.second.forward(self.first.forward(x))
        ...     def backward(self, dy):
        ...         return self.first.backward(self.second.backward(dy))
        >>> both = TanhReLU(Tanh(), ReLU())
        >>> both.forward(np.array([-1.0, 0.0]))
        array([0., 0.])
    """

    def __new__(cls, first: Layer, second: Layer) -> Self:
        return object.__new__(cls)  # made for every forward, and never copied: it needs no record of its arguments

    def __init__(self, first: Layer, second: Layer) -> None:
        self.first, self.second = first, second
        self.any_layout = first.any_layout and second.any_layout

    @contextmanager
    def second_at_fault(self) -> Iterator[None]:
        """An error in this block is the second layer's; a net names the first for all others."""
        try:
            yield
        except (ValueError, TypeError, RuntimeError) as error:
            checks.locate(error, self.second, self.layers_inside(), self.first)
            raise
