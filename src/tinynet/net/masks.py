"""A padding mask on its way through a net, to the layers that read it.

A layer reads a padding mask if its `forward` has an argument `padding_mask`, as recurrent layers have, or
`key_padding_mask`, as attention has. Layers that treat each place by itself have neither, and get none.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.layers import Layer

NAMES = ("padding_mask", "key_padding_mask")


class Masked:
    """A layer that is given a padding mask beside its inputs.

    Example:
        >>> from tinynet.layers import LSTM
        >>> lstm = Masked(LSTM(3, 2), "padding_mask", np.array([[False, True]]))
        >>> lstm.forward(np.ones((1, 2, 3), np.float32))[0, 1]
        array([0., 0.], dtype=float32)
    """

    def __init__(self, layer: Layer, name: str, mask: np.ndarray) -> None:
        self.layer, self.name, self.mask = layer, name, mask

    def forward(self, *inputs: Any) -> Any:
        """The forward of the layer, with the mask under the name that it has there."""
        return self.layer.forward(*inputs, **{self.name: self.mask})


def masked(owner: Layer, layers: Sequence[Layer], padding_mask: np.ndarray) -> list[Any]:
    """The layers, and in the place of each that reads a padding mask the layer with the mask.

    Args:
        owner: The net or branch that hands the mask on.
        layers: The layers.
        padding_mask: True at padding, (N, T).

    Raises:
        TypeError: No layer reads it, or one holds others that do and cannot hand it on to them.

    Example:
        >>> from tinynet.layers import LSTM, Linear
        >>> [type(each).__name__ for each in masked(None, [Linear(3, 3), LSTM(3, 2)], np.zeros((1, 2), bool))]
        ['Linear', 'Masked']
    """
    found = [with_mask(owner, layer, padding_mask) for layer in layers]
    if not any(isinstance(each, Masked) for each in found):
        hint = "leave the mask out, or put attention or a recurrent layer into the net."
        checks.fail(type(owner).__name__, "a padding mask was given, but no layer reads one.", hint, TypeError)
    return found


def with_mask(owner: Layer, layer: Layer, padding_mask: np.ndarray) -> Any:
    """The layer with the mask, or the layer itself if nothing in it reads one.

    Raises:
        TypeError: It holds layers that read the mask, and cannot hand it on to them.

    Example:
        >>> from tinynet.layers import Linear
        >>> with_mask(None, Linear(3, 2), np.zeros((1, 2), bool))
        Linear(in_features=3, out_features=2)
    """
    if not reads_mask(layer):
        return layer
    name = _name_in(type(layer))
    if name is None:
        reader = next(inner for inner in layer.every_layer() if _reads_itself(inner))
        problem = (
            f"the forward of {type(layer).__name__} takes no padding mask for the {type(reader).__name__} inside it."
        )
        hint = "give its forward an argument padding_mask=None, and let it hand that on."
        checks.fail(type(owner).__name__, problem, hint, TypeError)
    return Masked(layer, name, padding_mask)


def reads_mask(layer: Layer) -> bool:
    """Whether a layer, or one inside it, reads a padding mask.

    Example:
        >>> from tinynet.layers import LSTM, Linear
        >>> from tinynet.net import Net
        >>> reads_mask(Net([LSTM(3, 2)])), reads_mask(Net([Linear(3, 2)]))
        (True, False)
    """
    return any(map(_reads_itself, layer.every_layer()))


def _reads_itself(layer: Layer) -> bool:
    return _name_in(type(layer)) is not None and not layer.only_hands_on


@cache
def _name_in(kind: type[Layer]) -> str | None:
    """The name that a padding mask has in the forward of a class of layers."""
    parameters = inspect.signature(kind.forward).parameters
    return next((name for name in NAMES if name in parameters), None)
