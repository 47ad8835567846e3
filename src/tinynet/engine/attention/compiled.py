"""Attention in float32 compiled by Numba: a few queries at a time, so that their scores stay in the cache.

No T × S matrix is kept. Scores are computed in tiles of 4 queries and 16 keys, and tiles that a causal mask hides are
skipped. A piece of work is one head of one sample.

Within a tile, a weight of 0 is multiplied with values that the query must not see, and 0 · NaN is NaN. So these kernels
decline where a result is not finite, and the lesson finds out which numbers it belongs to.

In compiled code arrays are flat: (memory, steps) is an array with its strides from sample to sample, from head to head
and from row to row. `ahead` is the number of keys that the query before the first one of a block sees.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet.engine.machine.functions import exp, largest
from tinynet.engine.machine.jit import compiled, inlined
from tinynet.engine.machine.layout import strides
from tinynet.engine.machine.queue import NUMBERS, Kernel, acquire, array_of, post, queue_at
from tinynet.engine.machine.register_tile import four_rows
from tinynet.engine.machine.strides import flat_memory
from tinynet.engine.machine.tiles import ROWS, pack, pack_transposed, rounded_to_panels
from tinynet.engine.machine.vectors import LANES, load, store, zeros

QUERIES_PER_BLOCK = 32  # Their scores stay in a cache.
Flat = tuple[np.ndarray, tuple[int, ...]]


def forward(q: np.ndarray, k: np.ndarray, v: np.ndarray, causal: bool, ignored: np.ndarray | None) -> Any:
    """softmax(q kᵀ / √D) v and the logarithm of each row's sum of exponentials."""
    if not (q.size and k.size):
        return NotImplemented
    (N, heads, T, D), (S, depth) = q.shape, v.shape[2:]
    (y, (y_row, y_steps)), log_sum = empty_heads(N, heads, T, depth), np.empty(N * heads * T, q.dtype)
    broken = np.empty(N * heads, q.dtype)
    (q, q_steps), (k, k_steps), (v, v_steps) = flat_memory(q), flat_memory(k), flat_memory(v)
    numbers = (heads, T, S, D, depth, int(causal), *q_steps, *k_steps, *v_steps, *y_steps)
    post(_forward, N * heads, numbers, (q, k, v, y_row, log_sum, mask(ignored), broken))
    return NotImplemented if broken.any() else (y, log_sum.reshape(N, heads, T, 1))


def backward(
    dy: np.ndarray,
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    y: np.ndarray,
    log_sum: np.ndarray,
    causal: bool,
    ignored: np.ndarray | None,
    out: tuple[np.ndarray, ...] | None,
) -> Any:
    """dv = pᵀ dy; ds = p (dy vᵀ − Σ dy y) / √D; dq = ds k; dk = dsᵀ q, each summed block by block."""
    if not (q.size and k.size):
        return NotImplemented
    (N, heads, T, D), (S, depth) = q.shape, v.shape[2:]
    rows = (flat_memory(q), flat_memory(k), flat_memory(v), flat_memory(y), flat_memory(dy))
    in_place = out is not None and all(takes_panels(d) for d in out)
    if out is not None and in_place:
        made = [(d, flat_memory(d)) for d in out]
    else:
        made = [empty_heads(*x.shape) for x in (q, k, v)]
    arrays, steps = zip(*rows, *[row for _, row in made], strict=True)
    numbers = (heads, T, S, D, depth, int(causal), *[step for three in steps for step in three])
    broken = np.empty(N * heads, q.dtype)
    post(_backward, N * heads, numbers, (*arrays, np.ravel(log_sum), mask(ignored), broken))
    if broken.any():
        return NotImplemented
    gradients = tuple([d for d, _ in made])
    if out is None or in_place:
        return gradients
    for result, d in zip(out, gradients, strict=True):
        result[...] = d
    return out


def empty_heads(N: int, heads: int, rows: int, depth: int) -> tuple[np.ndarray, Flat]:
    """An empty array (N, heads, rows, depth), and its memory (N, rows, heads, depth rounded up to whole panels)."""
    wide = rounded_to_panels(depth)
    memory = np.empty(N * rows * heads * wide, np.float32)
    view = memory.reshape(N, rows, heads, wide).transpose(0, 2, 1, 3)
    return view[..., :depth], (memory, (rows * heads * wide, wide, heads * wide))


def takes_panels(out: np.ndarray) -> bool:
    """Whether tiles, which are whole panels wide, can be written straight into an array."""
    return out.shape[3] % LANES == 0 and strides(out)[3] == out.itemsize and min(strides(out)) > 0


def mask(ignored: np.ndarray | None) -> np.ndarray:
    """1 where a key is hidden, in a row of N · S numbers, or nothing where none is."""
    return np.empty(0, np.float32) if ignored is None else ignored.ravel().astype(np.float32)


@Kernel
def _forward(address, is_worker):
    queue = queue_at(address)
    (heads, T, S, D, depth), causal = _sizes(queue), queue[NUMBERS + 5] == 1
    q, k, v, y = array_of(queue, 0), array_of(queue, 1), array_of(queue, 2), array_of(queue, 3)
    log_sum, ignored, broken = array_of(queue, 4), array_of(queue, 5), array_of(queue, 6)
    q_steps, k_steps, v_steps, y_steps = _steps(queue, 0), _steps(queue, 1), _steps(queue, 2), _steps(queue, 3)
    width, wide = rounded_to_panels(S), rounded_to_panels(depth)
    keys, values = np.empty(width * D, q.dtype), np.empty(S * wide, q.dtype)
    s, scale = np.empty(QUERIES_PER_BLOCK * width, q.dtype), q.dtype.type(1 / math.sqrt(D))
    head = acquire(queue, is_worker)
    while head >= 0:
        n, h = head // heads, head % heads
        pack_transposed(k, _at(k_steps, n, h, 0), k_steps[2], S, D, keys)
        pack(v, _at(v_steps, n, h, 0), v_steps[2], S, depth, values)
        for first in range(0, T, QUERIES_PER_BLOCK):
            count, ahead = min(QUERIES_PER_BLOCK, T - first), first + S - T if causal else S
            _scores(q, _at(q_steps, n, h, first), q_steps[2], D, keys, s, width, count, ahead, S)
            _softmax(s, width, count, ahead, S, ignored[n * S : n * S + S], scale, log_sum[head * T + first :])
            _multiply(s, width, count, ahead, S, values, y, _at(y_steps, n, h, first), y_steps[2], wide)
        broken[head] = not _is_finite(y, _at(y_steps, n, h, 0), y_steps[2], T, wide, s)
        head = acquire(queue, is_worker)


@Kernel
def _backward(address, is_worker):
    queue = queue_at(address)
    (heads, T, S, D, depth), causal = _sizes(queue), queue[NUMBERS + 5] == 1
    q, k, v, y, dy = array_of(queue, 0), array_of(queue, 1), array_of(queue, 2), array_of(queue, 3), array_of(queue, 4)
    dq, dk, dv = array_of(queue, 5), array_of(queue, 6), array_of(queue, 7)
    log_sum, ignored, broken = array_of(queue, 8), array_of(queue, 9), array_of(queue, 10)
    q_steps, k_steps, v_steps, y_steps = _steps(queue, 0), _steps(queue, 1), _steps(queue, 2), _steps(queue, 3)
    dy_steps, dq_steps, dk_steps, dv_steps = _steps(queue, 4), _steps(queue, 5), _steps(queue, 6), _steps(queue, 7)
    width, across, wide = rounded_to_panels(S), rounded_to_panels(D), rounded_to_panels(depth)
    keys, values, by_key = np.empty(width * D, q.dtype), np.empty(width * depth, q.dtype), np.empty(S * across, q.dtype)
    queries, d_queries = np.empty(QUERIES_PER_BLOCK * across, q.dtype), np.empty(QUERIES_PER_BLOCK * wide, q.dtype)
    s, ds = np.empty((2, QUERIES_PER_BLOCK * width), q.dtype)
    inner, scale = np.empty(QUERIES_PER_BLOCK, q.dtype), q.dtype.type(1 / math.sqrt(D))
    head = acquire(queue, is_worker)
    while head >= 0:
        n, h = head // heads, head % heads
        hidden = ignored[n * S : n * S + S]
        pack_transposed(k, _at(k_steps, n, h, 0), k_steps[2], S, D, keys)
        pack_transposed(v, _at(v_steps, n, h, 0), v_steps[2], S, depth, values)
        pack(k, _at(k_steps, n, h, 0), k_steps[2], S, D, by_key)
        _clear(dk, _at(dk_steps, n, h, 0), dk_steps[2], S, across)
        _clear(dv, _at(dv_steps, n, h, 0), dv_steps[2], S, wide)
        for first in range(0, T, QUERIES_PER_BLOCK):
            count, ahead = min(QUERIES_PER_BLOCK, T - first), first + S - T if causal else S
            q_at, y_at, dy_at = _at(q_steps, n, h, first), _at(y_steps, n, h, first), _at(dy_steps, n, h, first)
            pack(q, q_at, q_steps[2], count, D, queries)
            pack(dy, dy_at, dy_steps[2], count, depth, d_queries)
            _inner(dy, dy_at, dy_steps[2], y, y_at, y_steps[2], count, depth, inner)
            _scores(q, q_at, q_steps[2], D, keys, s, width, count, ahead, S)
            _scores(dy, dy_at, dy_steps[2], depth, values, ds, width, count, ahead, S)
            _softmax_gradient(s, ds, width, count, ahead, S, hidden, scale, log_sum[head * T + first :], inner)
            _multiply(ds, width, count, ahead, S, by_key, dq, _at(dq_steps, n, h, first), dq_steps[2], across)
            _add_transposed(ds, width, count, ahead, S, queries, dk, _at(dk_steps, n, h, 0), dk_steps[2], across)
            _add_transposed(s, width, count, ahead, S, d_queries, dv, _at(dv_steps, n, h, 0), dv_steps[2], wide)
        broken[head] = not (
            _is_finite(dq, _at(dq_steps, n, h, 0), dq_steps[2], T, across, s)
            and _is_finite(dk, _at(dk_steps, n, h, 0), dk_steps[2], S, across, s)
            and _is_finite(dv, _at(dv_steps, n, h, 0), dv_steps[2], S, wide, s)
        )
        head = acquire(queue, is_worker)


@compiled
def _sizes(queue):
    """Heads, queries, keys, and the numbers in a key and in a value."""
    n = queue[NUMBERS:]
    return n[0], n[1], n[2], n[3], n[4]


@compiled
def _steps(queue, number):
    """How far it is in an array from one sample, head and row to the next."""
    n = queue[NUMBERS + 6 + 3 * number :]
    return n[0], n[1], n[2]


@compiled
def _at(steps, n, h, row):
    return n * steps[0] + h * steps[1] + row * steps[2]


@compiled
def _clear(x, at, step, rows, width):
    for first in range(at, at + rows * step, step):
        row = x[first : first + width]
        for i in range(width):
            row[i] = 0


@compiled
def _is_finite(x, at, step, rows, wide, lanes):
    """Whether all numbers of these rows of whole panels are finite: 0 · NaN and 0 · ∞ are NaN."""
    sums, zero = zeros(), zeros()
    for first in range(at, at + rows * step, step):
        for panel in range(first, first + wide, LANES):
            sums += load(x, panel) * zero
    store(lanes, 0, sums)
    total = lanes[0]
    for lane in range(1, LANES):
        total += lanes[lane]
    return total == 0


@compiled
def _seen(i, ahead, S):
    """How many of the S keys row i of a block sees."""
    return max(0, min(S, ahead + i + 1))


@compiled
def _scores(q, at, step, D, keys, s, width, count, ahead, S):
    """s = q @ keysᵀ for the rows of a block, where a key is seen by one of four rows."""
    for key in range(0, S, LANES):
        for i in range(0, count, ROWS):
            if key < _seen(min(i + ROWS, count) - 1, ahead, S):
                last, to = count - 1 - i, i * width + key
                four_rows(q, at + i * step, step, 1, last, keys, key * D, LANES, D, None, 0, 0, s, to, width)


@compiled
def _multiply(s, width, count, ahead, S, P, out, at, step, wide):
    """out = s @ P over the keys that are seen."""
    for panel in range(0, wide, LANES):
        for i in range(0, count, ROWS):
            seen = _seen(min(i + ROWS, count) - 1, ahead, S)
            to = at + i * step + panel
            last = count - 1 - i
            four_rows(s, i * width, width, 1, last, P, panel * S, LANES, seen, None, 0, 0, out, to, step)


@compiled
def _add_transposed(s, width, count, ahead, S, P, out, at, step, wide):
    """out += sᵀ @ P over the queries that see a key."""
    for panel in range(0, wide, LANES):
        for key in range(0, S, ROWS):
            i = max(0, key - ahead)  # the first query that sees the key
            if i < count:
                p, to = panel * count + i * LANES, at + key * step + panel
                last, a = S - 1 - key, i * width + key
                four_rows(s, a, 1, width, last, P, p, LANES, count - i, out, to, step, out, to, step)


@inlined
def _softmax(s, width, count, ahead, S, ignored, scale, log_sum):
    """The scores of a block become weights."""
    for i in range(count):
        row = _row(s, width, i, count, ahead, S, ignored)
        top = largest(row) * scale
        top = top if top > -np.inf else s.dtype.type(0)
        total = s.dtype.type(0)
        for j in range(len(row) // LANES * LANES):  # len(row), but the compiler sees that there is no remainder
            row[j] = exp(row[j] * scale - top)
            total += row[j]
        inverse = s.dtype.type(1) / total if total != 0 else total
        for j in range(len(row)):
            row[j] *= inverse
        log_sum[i] = top + math.log(total) if total != 0 else np.inf  # if the query sees no key


@inlined
def _softmax_gradient(s, ds, width, count, ahead, S, ignored, scale, log_sum, inner):
    """The scores become weights again, and ds, which is dy vᵀ before, the gradient of the scores."""
    for i in range(count):
        row = _row(s, width, i, count, ahead, S, ignored)
        d_row, log, mean = ds[i * width :], log_sum[i], inner[i] * scale
        for j in range(len(row) // LANES * LANES):
            row[j] = exp(row[j] * scale - log)
        for j in range(len(row) // LANES * LANES):
            d_row[j] = row[j] * (d_row[j] * scale - mean)


@compiled
def _row(s, width, i, count, ahead, S, ignored):
    """The scores of row i, −∞ where nothing is seen, as far as `_scores` computes them."""
    last = min(i // ROWS * ROWS + ROWS, count) - 1
    row = s[i * width : i * width + rounded_to_panels(_seen(last, ahead, S))]
    first, low = _seen(i, ahead, S) // LANES * LANES, s.dtype.type(-np.inf)
    panels, seen = row[first:], _seen(i, ahead, S) - first  # whole panels, so that the loop is vectorized
    for j in range(len(panels) // LANES * LANES):
        panels[j] = panels[j] if j < seen else low
    if len(ignored):
        for j in range(min(S, len(row))):
            row[j] = -np.inf if ignored[j] else row[j]
    return row


@inlined
def _inner(dy, dy_at, dy_step, y, y_at, y_step, count, depth, inner):
    """The sum of dy · y in each row."""
    for i in range(count):
        a, b = dy[dy_at + i * dy_step :], y[y_at + i * y_step :]
        total = a.dtype.type(0)  # In a register: a sum in memory is not vectorized.
        for d in range(depth):
            total += a[d] * b[d]
        inner[i] = total
