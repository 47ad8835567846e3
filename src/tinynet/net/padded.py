"""Padded: a stack of layers for sequences of different lengths."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.arrays import is_array
from tinynet.core.checks.shapes import shape_text
from tinynet.core.faster import explained
from tinynet.layers import Layer
from tinynet.net.masks import reads_mask
from tinynet.net.net import Net


class Padded(Net):
    """A stack of layers that gets the lengths of its sequences, or a padding mask, as a second input.

    So a data set can carry them beside the sequences, as `Dataset((tokens, lengths), labels)`. Attention and recurrent
    layers do not see the padding. A loss does, unless it is told to leave it out, as `ignore_index` of cross-entropy.

    Equation:
        y = fₙ(… f₂(f₁(x))), where attention and recurrent layers leave out the padding

    Shapes:
        x: (N, T) integers, or (N, T, D)       padding: (N,) integers, the lengths, or (N, T) bools, True at padding

    Gradients (given dy = ∂L/∂y):
        dx = f₁′ᵀ f₂′ᵀ … fₙ′ᵀ dy, where fᵢ′ᵀ dy is the backward of layer i; none for lengths or a mask

    Args:
        layers: A list of layers, of which at least one reads a padding mask.

    Raises:
        TypeError: No layer reads a padding mask, or lengths are not integers and a mask is not of bools.
        ValueError: A length is below 0 or above T, or there is not one for each sequence.

    Example:
        >>> from tinynet.layers import LSTM, Embedding
        >>> net = Padded([Embedding(9, 4), LSTM(4, 3)])
        >>> net.forward(np.array([[5, 2, 7], [1, 0, 0]]), np.array([3, 1]))[1, 1:].tolist()
        [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """

    def __init__(self, layers: list[Layer]) -> None:
        super().__init__(layers)
        if not reads_mask(self):
            hint = "use a Net, or put attention or a recurrent layer into it."
            checks.fail("Padded", "no layer reads a padding mask.", hint, TypeError)

    def forward(self, x: np.ndarray, padding: np.ndarray | None = None) -> Any:
        if padding is None:
            return super().forward(x)
        x = self.cast(x)
        if x.ndim < 2:
            checks.fail("Padded", f"expected sequences x of shape (N, T) or (N, T, D), got {shape_text(x.shape)}.")
        return super().forward(x, padding_mask=_as_mask(padding, x.shape[:2]))

    @explained
    def backward(self, *gradients: np.ndarray, input_gradient: bool = True) -> Any:
        dx = super().backward(*gradients, input_gradient=input_gradient)
        return (dx, None) if input_gradient else None


def _as_mask(padding: Any, places: tuple[int, ...]) -> np.ndarray:
    """True at padding, for sequences of these places (N, T)."""
    if not is_array(padding) or (padding.dtype != bool and padding.dtype.kind not in "iu"):
        got = padding.dtype if is_array(padding) else type(padding).__name__
        checks.fail(
            "Padded", f"expected lengths, or a mask of bools that is True at padding, got {got}.", kind=TypeError
        )
    if padding.dtype == bool:
        return padding
    N, T = places
    if padding.shape != (N,):
        came = f"expected a length for each of {N} sequences, got {shape_text(padding.shape)}."
        checks.fail("Padded", came, "lengths are (N,) integers; a mask has bools.")
    wrong = padding[(padding < 0) | (padding > T)]
    if wrong.size:
        checks.fail("Padded", f"lengths must be from 0 to {T}, the length of x, got {wrong[0]}.")
    return np.asarray(np.arange(T), like=padding) >= padding[:, np.newaxis]
