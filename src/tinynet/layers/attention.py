"""Attention: every place of a sequence reads from every other."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks import sequences
from tinynet.core.initializers import xavier_uniform, zeros
from tinynet.kernels import attention
from tinynet.layers.embedding import RotaryPosition
from tinynet.layers.layer import Layer
from tinynet.layers.linear import Linear

Cache = tuple[np.ndarray, np.ndarray]


class MultiHeadAttention(Layer):
    """Several heads, each a weighted mean of values, with weights that queries and keys decide: Vaswani et al. 2017.

    With one input, `forward(x)`, a sequence reads from itself. With two, `forward(x, memory)`, it reads from another
    one, which gives keys and values; with three, queries, keys and values come apart. `backward` returns as many
    gradients.

    Equation:
        q, k, v = x W_qᵀ + b_q, memory W_kᵀ + b_k, memory W_vᵀ + b_v, each cut into heads of D = embed_dim / num_heads
        p = softmax(q kᵀ / √D), for each head; a place that may not be seen gets p = 0, all of them if none may be
        y = [p v of all heads] W_oᵀ + b_o

    Shapes:
        x, y: (N, T, embed_dim)       memory: (N, S, embed_dim)       key_padding_mask: (N, S), True at padding
        in_proj_weight: (3 · embed_dim, embed_dim), in the order q, k, v       out_proj.weight: (embed_dim, embed_dim)

    Gradients (given dy = ∂L/∂y, and do = dy W_o cut into heads):
        dv = pᵀ do        ds = p (do vᵀ − Σ do · (p v))        dq = ds k / √D        dk = dsᵀ q / √D
        dx = dq W_q + dk W_k + dv W_v, each with its own input where these differ

    Args:
        embed_dim: Features of every place.
        num_heads: How many heads; they divide embed_dim.
        bias: If False there are no biases.
        causal: If True, a place sees only itself and those before it; with S ≠ T the last places stand together.
        rotary: If True, queries and keys are turned by their place (Su et al. 2021).
        rng: Source of the initial weights, Glorot uniform; the package's generator if None.

    Raises:
        ValueError: num_heads does not divide embed_dim, or an input or the mask has another shape.
        RuntimeError: `step` is called on a layer that is not causal.

    Example:
        >>> MultiHeadAttention(8, 2, causal=True).forward(np.ones((3, 5, 8), np.float32)).shape
        (3, 5, 8)
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        bias: bool = True,
        causal: bool = False,
        rotary: bool = False,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.embed_dim = checks.integer("MultiHeadAttention", "embed_dim", embed_dim, minimum=1)
        self.num_heads = checks.integer("MultiHeadAttention", "num_heads", num_heads, minimum=1)
        sequences.divides("MultiHeadAttention", "num_heads", num_heads, "embed_dim", embed_dim)
        self.causal = causal
        self.in_proj_weight = Parameter(xavier_uniform((3 * embed_dim, embed_dim), rng))
        self.in_proj_bias = Parameter(zeros((3 * embed_dim,))) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias, rng)
        if self.out_proj.bias is not None:
            self.out_proj.bias.tensor[...] = 0
        self.rotary = RotaryPosition(embed_dim // num_heads) if rotary else None

    def forward(
        self,
        query: np.ndarray,
        key: np.ndarray | None = None,
        value: np.ndarray | None = None,
        key_padding_mask: np.ndarray | None = None,
    ) -> np.ndarray:
        sequences.readable(self, query, key, value, self.embed_dim)
        inputs = tuple(x for x in (query, key, value) if x is not None)
        sequences.mask(self, key_padding_mask, inputs[-1].shape[:2])
        q, k, v = self._project(inputs, 0)
        heads, log_sum = attention.forward(q, k, v, self.causal, key_padding_mask)
        self.remember(inputs, q, k, v, heads, log_sum, key_padding_mask)
        return self.out_proj.forward(_join(heads))

    def backward(self, dy: np.ndarray) -> Any:
        inputs, q, k, v, heads, log_sum, ignored = self.recall()
        do = self._cut(self.out_proj.backward(dy))
        dq, dk, dv = attention.backward(do, q, k, v, heads, log_sum, self.causal, ignored)
        if self.rotary is not None:
            dq, dk = self.rotary.turn(dq, 0, -1), self.rotary.turn(dk, 0, -1)
        gradients = [_join(part) for part in (dq, dk, dv)]
        E = self.embed_dim
        if len(inputs) == 1:  # one product for q, k and v together
            return self._part_back(inputs[0], np.concatenate(gradients, axis=-1), slice(0, 3 * E))
        if len(inputs) == 2:
            d_memory = self._part_back(inputs[1], np.concatenate(gradients[1:], axis=-1), slice(E, 3 * E))
            return self._part_back(inputs[0], gradients[0], slice(0, E)), d_memory
        return tuple(
            self._part_back(x, gradient, slice(i * E, (i + 1) * E))
            for i, (x, gradient) in enumerate(zip(inputs, gradients, strict=True))
        )

    def step(self, x: np.ndarray, state: Cache | None = None) -> tuple[np.ndarray, Cache]:
        """Go on with a few places (N, T, embed_dim), which also read the keys and values kept from those before.

        Returns:
            y (N, T, embed_dim), and the keys and values so far, (N, heads, S, D) each; nothing is remembered.
        """
        sequences.looks_back_only(self, self.causal)
        sequences.sequence(self, x, self.embed_dim)
        before = 0 if state is None else state[0].shape[2]
        q, k, v = self._project((x,), before)
        if state is not None:
            k, v = np.concatenate([state[0], k], axis=2), np.concatenate([state[1], v], axis=2)
        heads, _ = attention.forward(q, k, v, self.causal, None)
        return _without_memory(self.out_proj, _join(heads)), (k, v)

    def multiply_adds(self, x: Any, y: np.ndarray) -> int:
        inputs = x if isinstance(x, tuple) else (x,)
        (N, T, E), S = inputs[0].shape, inputs[-1].shape[1]
        return N * (T + 2 * S) * E * E + 2 * N * T * S * E  # q, k and v; then q kᵀ and p v. out_proj counts its own

    def _project(self, inputs: tuple[np.ndarray, ...], place: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """q, k and v, (N, heads, T, D) each; the first row of each stands at `place`."""
        W = self.in_proj_weight.tensor
        b = None if self.in_proj_bias is None else self.in_proj_bias.tensor
        E = self.embed_dim
        if len(inputs) == 1:
            q, k, v = np.split(_affine(inputs[0], W, b), 3, axis=-1)
        else:
            of = (inputs[0], inputs[1], inputs[-1])
            q, k, v = (
                _affine(x, W[i * E : (i + 1) * E], None if b is None else b[i * E : (i + 1) * E])
                for i, x in enumerate(of)
            )
        q, k, v = self._cut(q), self._cut(k), self._cut(v)
        if self.rotary is not None:
            q, k = self.rotary.turn(q, place, 1), self.rotary.turn(k, place, 1)
        return q, k, v

    def _part_back(self, x: np.ndarray, d: np.ndarray, part: slice) -> np.ndarray:
        """From ∂L/∂(x Wᵀ + b) of some rows of the projection: their weight gradients, and ∂L/∂x."""
        rows = d.reshape(-1, d.shape[-1])  # (N · T, rows of W)
        dW = np.zeros_like(self.in_proj_weight.tensor)
        dW[part] = rows.T @ x.reshape(-1, self.embed_dim)
        self.in_proj_weight.accumulate(dW)
        if self.in_proj_bias is not None:
            db = np.zeros_like(self.in_proj_bias.tensor)
            db[part] = rows.sum(axis=0)
            self.in_proj_bias.accumulate(db)
        return d @ self.in_proj_weight.tensor[part]

    def _cut(self, x: np.ndarray) -> np.ndarray:
        """(N, T, embed_dim) -> (N, heads, T, D)."""
        N, T, _ = x.shape
        return np.ascontiguousarray(
            x.reshape(N, T, self.num_heads, self.embed_dim // self.num_heads).transpose(0, 2, 1, 3)
        )


def _join(heads: np.ndarray) -> np.ndarray:
    """(N, heads, T, D) -> (N, T, embed_dim)."""
    N, n_heads, T, D = heads.shape
    return heads.transpose(0, 2, 1, 3).reshape(N, T, n_heads * D)


def _affine(x: np.ndarray, W: np.ndarray, b: np.ndarray | None) -> np.ndarray:
    y = x @ W.T
    if b is not None:
        y += b
    return y


def _without_memory(layer: Layer, x: np.ndarray) -> np.ndarray:
    y = layer.forward(x)
    layer.forget()
    return y
