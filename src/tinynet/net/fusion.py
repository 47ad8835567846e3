"""Which neighbours in a net work as one."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from tinynet.layers import Layer

_METHODS = frozenset(("forward", "backward", "backward_parameters"))


def fused(layers: Iterable[Layer]) -> list[tuple[int, Layer]]:
    """The layers with their numbers, and in place of neighbours the one that offers to do the work of both.

    Example:
        >>> from tinynet.layers import Flatten, Linear
        >>> fused([Flatten(), Linear(4, 2)])
        [(0, Flatten()), (1, Linear(in_features=4, out_features=2))]
    """
    steps: list[tuple[int, Layer]] = []
    for index, layer in enumerate(layers):
        both = _offer(steps[-1][1], layer) if steps else None
        if both is None:
            steps.append((index, layer))
        else:
            steps[-1] = (steps[-1][0], both)
    return steps


def _offer(layer: Layer, following: Layer) -> Layer | None:
    """What the layer offers, unless its methods or its follower's are shadowed, as while a net is watched."""
    if type(layer).fuse_with is Layer.fuse_with:  # most layers have nothing to offer
        return None
    if _is_changed(type(layer)) or not (_METHODS.isdisjoint(vars(layer)) and _METHODS.isdisjoint(vars(following))):
        return None
    return layer.fuse_with(following)


@cache
def _is_changed(kind: type[Layer]) -> bool:
    """Whether a subclass has another forward or backward than the class that made the offer."""
    for owner in kind.__mro__:
        if "fuse_with" in vars(owner):
            return False
        if not _METHODS.isdisjoint(vars(owner)):
            return True
    return True
