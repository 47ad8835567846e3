"""The transformer block."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.block_local import local_values
from tinynet.core.checks.vocabulary import at_least, optional
from tinynet.core.faster import faster
from tinynet.layers.attention import Cache, MultiHeadAttention
from tinynet.layers.dropout import Dropout
from tinynet.layers.layer import Layer
from tinynet.layers.linear import Linear
from tinynet.layers.normalization import LayerNorm
from tinynet.layers.smooth_activations import GELU


class TransformerBlock(Layer):
    """Attention and a feed-forward network, each in a residual: the pre-norm block of Xiong et al. 2020.

    Equation:
        h = x + dropout1(attention(norm1(x)))
        y = h + dropout2(linear2(gelu(linear1(norm2(h)))))

    Shapes:
        x, y, h: (N, T, embed_dim)

    Gradients (given dy = ∂L/∂y; f′ is the backward of f):
        dh = dy + norm2′ linear1′ gelu′ linear2′ dropout2′ dy
        dx = dh + norm1′ attention′ dropout1′ dh

    Args:
        embed_dim: Features of every position.
        num_heads: Heads of the attention.
        mlp_dim: Width inside the feed-forward network; 4 · embed_dim if None.
        dropout: The share dropped from what each residual adds.
        causal: If True, a position sees only itself and earlier ones.
        rotary: If True, queries and keys are rotated by their position.
        bias: If False, attention and linear layers have no biases.
        rng: Source of the initial weights; the package's generator if None.

    Raises:
        ValueError: An argument is out of range, or x has another shape.

    Example:
        >>> TransformerBlock(8, 2, causal=True).forward(np.ones((3, 5, 8), np.float32)).shape
        (3, 5, 8)
    """

    embed_dim: int
    mlp_dim: int

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
        checks.arguments(self, locals(), embed_dim=at_least(1), mlp_dim=optional(at_least(1)))
        self.mlp_dim = self.mlp_dim or 4 * embed_dim
        self.norm1 = LayerNorm(embed_dim)
        self.attention = MultiHeadAttention(embed_dim, num_heads, bias, causal, rotary, rng)
        self.dropout1 = Dropout(dropout)
        self.norm2 = LayerNorm(embed_dim)
        self.linear1 = Linear(embed_dim, self.mlp_dim, bias, rng)
        self.activation = GELU()
        self.linear2 = Linear(self.mlp_dim, embed_dim, bias, rng)
        self.dropout2 = Dropout(dropout)

    @faster
    def forward(self, x: np.ndarray, key_padding_mask: np.ndarray | None = None) -> np.ndarray:
        attended = self.attention.forward(self.norm1.forward(x), key_padding_mask=key_padding_mask)
        h = x + self.dropout1.forward(attended)
        return h + self.dropout2.forward(self._feed_forward(self.norm2.forward(h)))  # y

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        d_hidden = self.activation.backward(self.linear2.backward(self.dropout2.backward(dy)))
        dh = dy + self.norm2.backward(self.linear1.backward(d_hidden))
        d_attended = self.dropout1.backward(dh)
        return dh + self.norm1.backward(self.attention.backward(d_attended))  # dx

    def step(self, x: np.ndarray, state: Cache | None = None) -> tuple[np.ndarray, Cache]:
        """Process the next positions, in evaluation mode; see `MultiHeadAttention.step`."""
        with local_values(self.every_layer(), training=False, _memory=None):
            attended, state = self.attention.step(self.norm1.forward(x), state)
            h = x + attended
            return h + self._feed_forward(self.norm2.forward(h)), state

    def _feed_forward(self, x: np.ndarray) -> np.ndarray:
        return self.linear2.forward(self.activation.forward(self.linear1.forward(x)))
