"""Attention: every position of a sequence reads from every other."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.arrays import sum_of
from tinynet.core.block_local import local_values
from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.vocabulary import at_least, divisor_of, flag, switch, weights_rng
from tinynet.core.faster import faster
from tinynet.core.initializers import xavier_uniform, zeros
from tinynet.layers.layer import Layer
from tinynet.layers.linear import Linear
from tinynet.layers.positions import RotaryPosition
from tinynet.layers.scaled_dot_product import Three, attend, attend_backward, seen_keys, without_unread

Cache = tuple[np.ndarray, np.ndarray]
SOURCES = {1: (0, 0, 0), 2: (0, 1, 1), 3: (0, 1, 2)}  # which input q, k and v come from, by the number of inputs


class MultiHeadAttention(Layer):
    """Several heads, each a mean of values weighted by how queries match keys: Vaswani et al. 2017.

    With one input, `forward(x)`, a sequence reads from itself. With two, `forward(x, memory)`, it reads from another
    sequence, which gives keys and values. With three, queries, keys and values are three inputs. `backward` returns a
    gradient for each input.

    Equation:
        q, k, v = x W_qᵀ + b_q, memory W_kᵀ + b_k, memory W_vᵀ + b_v, each cut into heads of D = embed_dim / num_heads
        p = softmax(q kᵀ / √D + attn_mask), for each head; a key that may not be seen gets p = 0, even if that leaves a
            query none
        y = [p v of all heads] W_oᵀ + b_o

    Shapes:
        x, y: (N, T, embed_dim)       memory: (N, S, embed_dim)       key_padding_mask: (N, S), True at padding
        attn_mask: (T, S), (N · num_heads, T, S), or any shape that broadcasts to (N, num_heads, T, S)
        in_proj_weight: (3 · embed_dim, embed_dim), in the order q, k, v       out_proj.weight: (embed_dim, embed_dim)

    Gradients (given dy = ∂L/∂y, and do = dy W_o cut into heads):
        dv = pᵀ do        ds = p (do vᵀ − Σ do · (p v))        dq = ds k / √D        dk = dsᵀ q / √D
        dx = dq W_q + dk W_k + dv W_v, each term for its own input where the inputs differ
        dW_q, dW_k, dW_v = dqᵀ x, dkᵀ memory, dvᵀ memory        db_q, db_k, db_v = Σ dq, Σ dk, Σ dv

    Args:
        embed_dim: Features of every position.
        num_heads: The number of heads, a divisor of embed_dim.
        bias: If False there are no biases.
        causal: If True, a position sees only itself and earlier ones; with S ≠ T the last positions are aligned.
        rotary: If True, queries and keys are rotated by their position (Su et al. 2021). If causal with S ≠ T, the last
            positions are aligned here as well.
        rng: Source of the initial weights, Glorot uniform; the package's generator if None.

    `forward(…, key_padding_mask=…, attn_mask=…)` takes two masks. An `attn_mask` of bools is True where a query may not
    see a key, as in PyTorch's `nn.MultiheadAttention`; in its `scaled_dot_product_attention` True means the opposite.
    One of numbers is added to the scores, and −∞ hides a key. A key is seen where both masks and `causal` allow it.
    Masks get no gradient.

    Raises:
        ValueError: num_heads does not divide embed_dim, or an input or a mask has another shape.
        TypeError: An input does not hold floating-point numbers, or a mask is of another type.
        RuntimeError: `backward` is called before `forward`, or `step` on a layer that is not causal.

    Example:
        >>> MultiHeadAttention(8, 2, causal=True).forward(np.ones((3, 5, 8), np.float32)).shape
        (3, 5, 8)
    """

    embed_dim: int
    num_heads: int
    causal: bool

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        bias: bool = True,
        causal: bool = False,
        rotary: bool = False,
        rng: np.random.Generator | None = None,
    ) -> None:
        checks.arguments(
            self,
            locals(),
            embed_dim=at_least(1),
            num_heads=divisor_of("embed_dim"),
            causal=flag,
            bias=switch,
            rotary=switch,
            rng=weights_rng,
        )
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
        attn_mask: np.ndarray | None = None,
    ) -> np.ndarray:
        _check_inputs(self, query, key, value)
        inputs = tuple(x for x in (query, key, value) if x is not None)
        checks.mask(self, key_padding_mask, inputs[-1].shape[:2])
        if attn_mask is not None:
            attn_mask = _checked_mask(self, attn_mask, query, inputs[-1])
        q, k, v = self.project(inputs)
        heads, log_sum = attend(q, k, v, self.causal, key_padding_mask, attn_mask)
        masks = {"key_padding_mask": key_padding_mask, "attn_mask": attn_mask}
        self.remember(inputs=inputs, q=q, k=k, v=v, heads=heads, log_sum=log_sum, **masks)
        return self.out_proj.forward(_join(heads))  # y

    @faster
    def backward(self, dy: np.ndarray) -> Any:
        inputs, q, k, v, heads, log_sum, *masks = self.recall()
        do = self.cut(self.out_proj.backward(dy))
        dq, dk, dv = attend_backward(do, q, k, v, heads, log_sum, self.causal, *masks)
        if self.rotary is not None:
            start = self.first_query(dq.shape[2], dk.shape[2])
            dq, dk = self.rotary.turn(dq, start, direction=-1), self.rotary.turn(dk, direction=-1)
        sources, W = SOURCES[len(inputs)], np.split(self.in_proj_weight.tensor, 3)
        d = [_join(part).reshape(-1, self.embed_dim) for part in (dq, dk, dv)]  # (N · T, embed_dim)
        read = without_unread(inputs, seen_keys(q, k, self.causal, *masks))
        x = [read[source].reshape(-1, self.embed_dim) for source in sources]
        self.in_proj_weight.accumulate(np.concatenate([d[i].T @ x[i] for i in range(3)]))
        if self.in_proj_bias is not None:
            self.in_proj_bias.accumulate(np.concatenate([sum_of(d[i], 0) for i in range(3)]))
        dx = [np.zeros_like(given) for given in inputs]
        for i, source in enumerate(sources):
            dx[source] = dx[source] + (d[i] @ W[i]).reshape(dx[source].shape)
        return dx[0] if len(dx) == 1 else tuple(dx)

    @faster
    def project(self, inputs: tuple[np.ndarray, ...], start: int = 0) -> Three:
        """q = x W_qᵀ + b_q, k and v, cut into heads (N, heads, T, D); the first key has the position `start`."""
        sources, W = SOURCES[len(inputs)], np.split(self.in_proj_weight.tensor, 3)
        q, k, v = (inputs[sources[i]] @ W[i].T for i in range(3))
        if self.in_proj_bias is not None:
            b_q, b_k, b_v = np.split(self.in_proj_bias.tensor, 3)
            q, k, v = q + b_q, k + b_k, v + b_v
        q, k, v = self.cut(q), self.cut(k), self.cut(v)
        if self.rotary is not None:
            q = self.rotary.turn(q, start + self.first_query(q.shape[2], k.shape[2]))
            k = self.rotary.turn(k, start)
        return q, k, v

    def step(self, x: np.ndarray, state: Cache | None = None) -> tuple[np.ndarray, Cache]:
        """Process the next positions (N, T, embed_dim), which also read the keys and values of earlier ones.

        Returns:
            y (N, T, embed_dim), and the keys and values so far, (N, heads, S, D) each; nothing is remembered.
        """
        if not self.causal:
            problem = "step cannot go on where places see later ones."
            checks.fail(self, problem, "build it with causal=True.", RuntimeError)
        checks.sequence(self, x, self.embed_dim)
        _check_cache(self, x, state)
        q, k, v = self.project((x,), start=0 if state is None else state[0].shape[2])
        if state is not None:
            k, v = np.concatenate([state[0], k], axis=2), np.concatenate([state[1], v], axis=2)
        heads, _ = attend(q, k, v, self.causal, None)
        with local_values([self.out_proj], _memory=None):
            return self.out_proj.forward(_join(heads)), (k, v)

    def multiply_adds(self, x: Any, y: np.ndarray) -> int:
        inputs = x if isinstance(x, tuple) else (x,)
        (N, T, E), S = inputs[0].shape, inputs[-1].shape[1]
        return N * (T + 2 * S) * E * E + 2 * N * T * S * E  # q, k and v; then q kᵀ and p v. out_proj counts its own

    def first_query(self, T: int, S: int) -> int:
        """The position of the first of T queries among S keys."""
        return S - T if self.causal else 0

    def cut(self, x: np.ndarray) -> np.ndarray:
        """(N, T, embed_dim) -> (N, heads, T, D)."""
        return x.reshape(*x.shape[:2], self.num_heads, self.embed_dim // self.num_heads).transpose(0, 2, 1, 3)


def _join(heads: np.ndarray) -> np.ndarray:
    """(N, heads, T, D) -> (N, T, embed_dim)."""
    N, n_heads, T, D = heads.shape
    return heads.transpose(0, 2, 1, 3).reshape(N, T, n_heads * D)


def _check_inputs(
    layer: MultiHeadAttention, query: np.ndarray, key: np.ndarray | None, value: np.ndarray | None
) -> None:
    """Check queries (N, T, embed_dim), and as many keys as values for the same N."""
    if key is None and value is not None:
        hint = "pass (query, memory) or (query, key, value)."
        checks.fail(layer, "expected a key with the value, got None.", hint, TypeError)
    checks.sequence(layer, query, layer.embed_dim)
    for x in (key, value):
        if x is not None:
            checks.sequence(layer, x, layer.embed_dim)
    if key is not None and len(key) != len(query):
        checks.fail(layer, f"expected keys for {len(query)} sequences, as there are queries; got {len(key)}.")
    if key is not None and value is not None and key.shape != value.shape:
        expected, got = shape_text(key.shape), shape_text(value.shape)
        checks.fail(layer, f"expected a value for each key, of shape {expected}; got {got}.")


def _check_cache(layer: MultiHeadAttention, x: np.ndarray, state: Any) -> None:
    """Check keys and values (N, heads, S, D) of earlier positions, or None."""
    if state is None:
        return
    if not isinstance(state, tuple) or len(state) != 2:
        problem = f"expected the keys and values that step returned, got {checks.of_kind(state)}."
        checks.fail(layer, problem, kind=TypeError)
    for kept in state:
        checks.floating_input(layer, kept, "keys and values")
        sizes = (len(x), layer.num_heads, state[0].shape[2] if state[0].ndim == 4 else "S")
        checks.input_shape(layer, kept, (*sizes, layer.embed_dim // layer.num_heads), name="keys and values")


def _checked_mask(layer: MultiHeadAttention, given: np.ndarray, query: np.ndarray, key: np.ndarray) -> np.ndarray:
    """Check a mask of bools or numbers for each query and key.

    Returns:
        The mask with four axes, which broadcasts to (N, heads, T, S); numbers in the type of the queries.
    """
    checks.array(layer, given, "attn_mask")
    if given.dtype.kind not in "bf":
        problem = f"expected attn_mask of bools, True where a key is hidden, or of numbers to add, got {given.dtype}."
        checks.fail(layer, problem, "convert it with .astype(bool) or .astype(np.float32).", TypeError)
    N, T, S = len(query), query.shape[1], key.shape[1]
    full = N, layer.num_heads, T, S
    of_each_head = given.ndim == 3 and len(given) == N * layer.num_heads
    mask = given.reshape(*full[:2], *given.shape[1:]) if of_each_head else given
    mask = mask.reshape(*(1,) * (4 - mask.ndim), *mask.shape)
    if mask.ndim > 4 or any(got not in (1, size) for got, size in zip(mask.shape, full, strict=True)):
        shapes = f"{shape_text((T, S))}, {shape_text((N * layer.num_heads, T, S))} or one that broadcasts to"
        problem = f"expected attn_mask of shape {shapes} {shape_text(full)}, got {shape_text(given.shape)}."
        checks.fail(layer, problem, "its last two axes are queries and keys.")
    mask = np.asarray(mask, like=query)
    if mask.dtype.kind == "f" and mask.dtype.itemsize > query.dtype.itemsize:
        # The least number of a wider type, with which masks are often filled, would become −∞, which hides altogether.
        ends = np.finfo(query.dtype)
        mask = np.where(np.isfinite(mask), np.clip(mask, float(ends.min), float(ends.max)), mask)
    return mask if mask.dtype == bool else mask.astype(query.dtype)
