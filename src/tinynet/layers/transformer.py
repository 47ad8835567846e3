"""The transformer block."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.layers.attention import Cache, MultiHeadAttention
from tinynet.layers.dropout import Dropout
from tinynet.layers.layer import Layer
from tinynet.layers.linear import Linear
from tinynet.layers.normalization import LayerNorm
from tinynet.layers.smooth_activations import GELU


class TransformerBlock(Layer):
    """Attention, then a small network for each place, each in a residual: the pre-norm block of Xiong et al. 2020.

    Equation:
        h = x + dropout(attention(norm1(x)))
        y = h + dropout(linear2(gelu(linear1(norm2(h)))))

    Shapes:
        x, y: (N, T, embed_dim)

    Gradients (given dy = ∂L/∂y):
        dh = dy + norm2′ linear1′ gelu′ linear2′ dropout′ dy
        dx = dh + norm1′ attention′ dropout′ dh, where f′ is the backward of f

    Args:
        embed_dim: Features of every place.
        num_heads: Heads of the attention.
        mlp_dim: Width inside the small network; 4 · embed_dim if None.
        dropout: The share dropped from what each residual adds.
        causal: If True, a place sees only itself and those before it.
        rotary: If True, queries and keys are turned by their place.
        bias: If False, attention and linear layers have no biases.
        rng: Source of the initial weights; the package's generator if None.

    Raises:
        ValueError: An argument is out of range, or x has another shape.

    Example:
        >>> TransformerBlock(8, 2, causal=True).forward(np.ones((3, 5, 8), np.float32)).shape
        (3, 5, 8)
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        mlp_dim: int | None = None,
        dropout: float = 0.0,
        causal: bool = False,
        rotary: bool = False,
        bias: bool = True,
        rng: np.random.Generator | None = None,
    ) -> None:
        checks.integer("TransformerBlock", "embed_dim", embed_dim, minimum=1)
        mlp_dim = (
            4 * embed_dim if mlp_dim is None else checks.integer("TransformerBlock", "mlp_dim", mlp_dim, minimum=1)
        )
        self.norm1 = LayerNorm(embed_dim)
        self.attention = MultiHeadAttention(embed_dim, num_heads, bias, causal, rotary, rng)
        self.dropout1 = Dropout(dropout)
        self.norm2 = LayerNorm(embed_dim)
        self.linear1 = Linear(embed_dim, mlp_dim, bias, rng)
        self.activation = GELU()
        self.linear2 = Linear(mlp_dim, embed_dim, bias, rng)
        self.dropout2 = Dropout(dropout)

    def forward(self, x: np.ndarray, key_padding_mask: np.ndarray | None = None) -> np.ndarray:
        read = self.attention.forward(self.norm1.forward(x), key_padding_mask=key_padding_mask)
        h, normed = self.norm2.forward_of_sum(x, self.dropout1.forward(read))  # h = x + dropout(read), norm2(h)
        return h + self.dropout2.forward(self._think(normed))

    def backward(self, dy: np.ndarray) -> np.ndarray:
        d = self.linear2.backward(self.dropout2.backward(dy))
        d = self.linear1.backward(self.activation.backward(d))
        dh = self.norm2.backward_of_sum(d, dy)  # dy + norm2′ d
        d = self.attention.backward(self.dropout1.backward(dh))
        return self.norm1.backward_of_sum(d, dh)  # dh + norm1′ d

    def step(self, x: np.ndarray, state: Cache | None = None) -> tuple[np.ndarray, Cache]:
        """Go on with a few places, in evaluation; see `MultiHeadAttention.step`."""
        read, state = self.attention.step(self.norm1.forward(x), state)
        h, normed = self.norm2.forward_of_sum(x, read)
        y: Any = h + self._think(normed)
        self.forget()
        return y, state

    def _think(self, normed: np.ndarray) -> np.ndarray:
        return self.linear2.forward(self.activation.forward(self.linear1.forward(normed)))
