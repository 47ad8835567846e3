"""The transformer block."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.block_local import local_values
from tinynet.core.checks.vocabulary import at_least, divisor_of, flag, optional, unkept, weights_rng, word
from tinynet.core.faster import faster
from tinynet.layers.activations import ReLU
from tinynet.layers.attention import Cache, MultiHeadAttention
from tinynet.layers.dropout import Dropout
from tinynet.layers.layer import Layer
from tinynet.layers.linear import Linear
from tinynet.layers.normalization import LayerNorm
from tinynet.layers.smooth_activations import GELU

ACTIVATIONS: dict[str, type[Layer]] = {"gelu": GELU, "relu": ReLU}


class TransformerBlock(Layer):
    """Attention and a feed-forward network, each in a residual.

    A norm stands before each of the two, as in Xiong et al. 2020, or after each sum, as in Vaswani et al. 2017.

    Equation:
        h = x + dropout1(attention(norm1(x)))
        y = h + dropout2(mlp(norm2(h))), where mlp(h) = linear2(activation(linear1(h)))
        If the norm is not first: h = norm1(x + dropout1(attention(x))), y = norm2(h + dropout2(mlp(h)))

    Shapes:
        x, y, h: (N, T, embed_dim)       key_padding_mask and attn_mask: as in `MultiHeadAttention`

    Gradients (given dy = ∂L/∂y; f′ is the backward of f):
        dh = dy + norm2′ mlp′ dropout2′ dy
        dx = dh + norm1′ attention′ dropout1′ dh
        If the norm is not first: ds = norm2′ dy, dh = ds + mlp′ dropout2′ ds
                                  dr = norm1′ dh, dx = dr + attention′ dropout1′ dr

    Args:
        embed_dim: Features of every position.
        num_heads: Heads of the attention.
        mlp_dim: Width inside the feed-forward network; 4 · embed_dim if None.
        dropout: The share dropped from what each residual adds.
        causal: If True, a position sees only itself and earlier ones.
        rotary: If True, queries and keys are rotated by their position.
        bias: If False, attention and linear layers have no biases.
        norm_first: If False, a norm stands after each sum. That is the default of PyTorch's TransformerEncoderLayer.
        activation: "gelu" or "relu".
        rng: Source of the initial weights; the package's generator if None.

    Raises:
        ValueError: An argument is out of range, or x has another shape.
        TypeError: x does not hold floating-point numbers, or a mask is of another type than in `MultiHeadAttention`.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> TransformerBlock(8, 2, causal=True).forward(np.ones((3, 5, 8), np.float32)).shape
        (3, 5, 8)
    """

    embed_dim: int
    mlp_dim: int
    norm_first: bool

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        mlp_dim: int | None = None,
        dropout: float = 0.0,
        causal: bool = False,
        rotary: bool = False,
        bias: bool = True,
        norm_first: bool = True,
        activation: str = "gelu",
        rng: np.random.Generator | None = None,
    ) -> None:
        checks.arguments(
            self,
            locals(),
            embed_dim=at_least(1),
            num_heads=unkept(divisor_of("embed_dim")),
            mlp_dim=optional(at_least(1)),
            causal=unkept(flag),
            rotary=unkept(flag),
            bias=unkept(flag),
            norm_first=flag,
            activation=unkept(word(*ACTIVATIONS)),
            rng=weights_rng,
        )
        self.mlp_dim = self.mlp_dim or 4 * embed_dim
        self.norm1 = LayerNorm(embed_dim)
        self.attention = MultiHeadAttention(embed_dim, num_heads, bias, causal, rotary, rng)
        self.dropout1 = Dropout(dropout)
        self.norm2 = LayerNorm(embed_dim)
        self.linear1 = Linear(embed_dim, self.mlp_dim, bias, rng)
        self.activation = ACTIVATIONS[activation]()
        self.linear2 = Linear(self.mlp_dim, embed_dim, bias, rng)
        self.dropout2 = Dropout(dropout)

    @faster
    def forward(
        self, x: np.ndarray, key_padding_mask: np.ndarray | None = None, attn_mask: np.ndarray | None = None
    ) -> np.ndarray:
        masks = {"key_padding_mask": key_padding_mask, "attn_mask": attn_mask}
        if self.norm_first:
            h = x + self.dropout1.forward(self.attention.forward(self.norm1.forward(x), **masks))
            return h + self.dropout2.forward(self._mlp(self.norm2.forward(h)))  # y
        h = self.norm1.forward(x + self.dropout1.forward(self.attention.forward(x, **masks)))
        return self.norm2.forward(h + self.dropout2.forward(self._mlp(h)))  # y

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        if self.norm_first:
            dh = dy + self.norm2.backward(self._mlp_backward(self.dropout2.backward(dy)))
            return dh + self.norm1.backward(self.attention.backward(self.dropout1.backward(dh)))  # dx
        ds = self.norm2.backward(dy)
        dh = ds + self._mlp_backward(self.dropout2.backward(ds))
        dr = self.norm1.backward(dh)
        return dr + self.attention.backward(self.dropout1.backward(dr))  # dx

    def step(self, x: np.ndarray, state: Cache | None = None) -> tuple[np.ndarray, Cache]:
        """Process the next positions, in evaluation mode; see `MultiHeadAttention.step`."""
        with local_values(self.every_layer(), training=False, _memory=None):
            if self.norm_first:
                attended, state = self.attention.step(self.norm1.forward(x), state)
                h = x + attended
                return h + self._mlp(self.norm2.forward(h)), state
            attended, state = self.attention.step(x, state)
            h = self.norm1.forward(x + attended)
            return self.norm2.forward(h + self._mlp(h)), state

    def _mlp(self, h: np.ndarray) -> np.ndarray:
        return self.linear2.forward(self.activation.forward(self.linear1.forward(h)))

    def _mlp_backward(self, dy: np.ndarray) -> np.ndarray:
        return self.linear1.backward(self.activation.backward(self.linear2.backward(dy)))
