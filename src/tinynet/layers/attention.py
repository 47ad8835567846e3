"""Attention: every place of a sequence reads from every other."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks import sequences
from tinynet.core.initializers import xavier_uniform, zeros
from tinynet.engine import attention
from tinynet.engine.machine.gemm import add_column_sums, add_product, at_once, product
from tinynet.layers.layer import Layer
from tinynet.layers.linear import Linear
from tinynet.layers.positions import RotaryPosition

Cache = tuple[np.ndarray, np.ndarray]
_OF_EACH_INPUT = {1: (3,), 2: (1, 2), 3: (1, 1, 1)}  # how many of q, k and v come from each of so many inputs


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
        E, shares = self.embed_dim, _OF_EACH_INPUT[len(inputs)]
        d = [np.empty((*x.shape[:2], n * E), q.dtype) for x, n in zip(inputs, shares, strict=True)]
        dq, dk, dv = (part for some, n in zip(d, shares, strict=True) for part in np.split(some, n, axis=-1))
        out = (self._cut(dq), self._cut(dk), self._cut(dv))
        attention.backward(do, q, k, v, heads, log_sum, self.causal, ignored, out)
        self._turn(dq, 0, -1)
        self._turn(dk, 0, -1)
        firsts = np.cumsum([0, *shares[:-1]]) * E
        dx = [self._part_back(x, some, int(first)) for x, some, first in zip(inputs, d, firsts, strict=True)]
        return dx[0] if len(dx) == 1 else tuple(dx)

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
        E = self.embed_dim
        if len(inputs) == 1:
            qkv = self._part(inputs[0], 0, 3 * E)
            self._turn(qkv[..., : 2 * E], place, 1)
            q, k, v = qkv[..., :E], qkv[..., E : 2 * E], qkv[..., 2 * E :]
        else:
            q, k, v = (self._part(x, i * E, E) for i, x in enumerate((inputs[0], inputs[1], inputs[-1])))
            self._turn(q, place, 1)
            self._turn(k, place, 1)
        return self._cut(q), self._cut(k), self._cut(v)

    def _turn(self, x: np.ndarray, place: int, direction: int) -> None:
        """Turn heads side by side, (N, T, n · D), by their places, in x itself, if this is wanted."""
        if self.rotary is not None:
            self.rotary.turn(x, place, direction, out=x)

    def _part(self, x: np.ndarray, first: int, size: int) -> np.ndarray:
        """x Wᵀ + b for some rows of the projection: (N, T, size)."""
        W = self.in_proj_weight.tensor[first : first + size]
        b = None if self.in_proj_bias is None else self.in_proj_bias.tensor[first : first + size]
        return product(x.reshape(-1, self.embed_dim), W.T, b).reshape(*x.shape[:2], size)

    def _part_back(self, x: np.ndarray, d: np.ndarray, first: int) -> np.ndarray:
        """From ∂L/∂(x Wᵀ + b) of some rows of the projection: their weight gradients, and ∂L/∂x."""
        rows, part = d.reshape(-1, d.shape[-1]), slice(first, first + d.shape[-1])  # (N · T, rows of W)
        W, b = self.in_proj_weight, self.in_proj_bias
        with at_once():
            if W.trainable:
                add_product(rows.T, x.reshape(-1, self.embed_dim), to=W.gradient[part])
            if b is not None and b.trainable:
                add_column_sums(rows, to=b.gradient[part])
            dx = product(rows, W.tensor[part])
        return dx.reshape(x.shape)

    def _cut(self, x: np.ndarray) -> np.ndarray:
        """(N, T, embed_dim) -> (N, heads, T, D), a view."""
        return x.reshape(*x.shape[:2], self.num_heads, self.embed_dim // self.num_heads).transpose(0, 2, 1, 3)


def _join(heads: np.ndarray) -> np.ndarray:
    """(N, heads, T, D) -> (N, T, embed_dim)."""
    N, n_heads, T, D = heads.shape
    return heads.transpose(0, 2, 1, 3).reshape(N, T, n_heads * D)


def _without_memory(layer: Layer, x: np.ndarray) -> np.ndarray:
    y = layer.forward(x)
    layer.forget()
    return y
