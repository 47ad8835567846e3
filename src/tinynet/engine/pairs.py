"""Fusion: two neighbours in a net in one pass, and a backward without ∂L/∂x.

Both tables are keyed by the lesson. An entry declines, by NotImplemented, what it does not serve, and then the layers
work alone. A pair gives the bits of the two layers alone, and leaves in the memory of both what their own backward
needs. It has no state of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

from tinynet.layers import Layer
from tinynet.layers.layer import WATCHED


class Pair(NamedTuple):
    """Two neighbours as one."""

    forward: Callable[[Any, Any, Any], Any]  #: (first, second, x) -> y
    backward: Callable[[Any, Any, Any], Any] | None = None  #: (first, second, dy) -> dx; None: each by itself


PAIRS: dict[tuple[type, type], Pair] = {}  #: by exact types: a subclass may compute something else
WEIGHTS_ONLY: dict[Callable[..., Any], Callable[..., Any]] = {}  #: by the marked backward: (layer, dy) -> None
Step = tuple[int, Any, Any, Pair | None]


def steps(layers: Sequence[Layer]) -> list[Step]:
    """The layers with their indices. For two that make a pair, one entry has both layers and the pair.

    There is no pair while one of the two is watched.

    Example:
        >>> from tinynet.layers import Flatten, Linear
        >>> steps([Flatten(), Linear(4, 2)])
        [(0, Flatten(), None, None), (1, Linear(in_features=4, out_features=2), None, None)]
    """
    found: list[Step] = []
    index, count = 0, len(layers)
    while index < count:
        first, second = layers[index], layers[index + 1] if index + 1 < count else None
        pair = PAIRS.get((type(first), type(second))) if second is not None else None
        if pair is not None and second is not None and not (_is_watched(first) or _is_watched(second)):
            found.append((index, first, second, pair))
            index += 2
        else:
            found.append((index, first, None, None))
            index += 1
    return found


def mark(layer: Layer) -> None:
    """Note that the memory of a layer was left by a pair, whose backward may rely on more than the names say."""
    memory = layer.recall()
    kind: Any = type(memory)
    layer._memory = _marked(kind)(*memory)


def is_marked(layer: Layer) -> bool:
    """Whether the memory of a layer was left by a pair.

    Example:
        >>> from tinynet.layers import ReLU
        >>> layer = ReLU(); y = layer.forward(np.ones(2)); before = is_marked(layer)
        >>> mark(layer); before, is_marked(layer), layer.recall()
        (False, True, Memory(y=array([1., 1.])))
    """
    return type(layer._memory) in _marks


_marks: set[type] = set()


@cache
def _marked(memory: type) -> Any:
    """A subclass of a memory, with the same names and values."""
    kind = type("Memory", (memory,), {"__slots__": ()})
    _marks.add(kind)
    return kind


def adds_up_alone(layer: Any, *gradients: Any) -> bool:
    """Add to the gradients of the parameters without ∂L/∂x, if there is code for that, and say whether it was done."""
    weights_only = WEIGHTS_ONLY.get(type(layer).backward)
    return weights_only is not None and weights_only(layer, *gradients) is not NotImplemented


def _is_watched(layer: Layer) -> bool:
    return not vars(layer).keys().isdisjoint(WATCHED)
