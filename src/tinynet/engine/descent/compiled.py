"""The steps of optimizers compiled by Numba: every number is read and written once."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinynet.engine.descent import vectorized
from tinynet.engine.machine.jit import inlined
from tinynet.engine.machine.pool import share
from tinynet.engine.machine.queue import NUMBERS, Kernel, memory, post, take, words

BLOCK = 1 << 14  # numbers; more than one thread pays from several of them on


def plain(w: np.ndarray, g: np.ndarray, lr: float) -> None:
    """w ← w − ε g."""
    if not _is_served(w, g):
        return vectorized.plain(w, g, lr)
    _run(_plain, _plain_posted, (_row(w), _row(g), np.array((lr,), w.dtype)), ())


def momentum(w: np.ndarray, g: np.ndarray, v: np.ndarray, lr: float, mu: float, nesterov: bool, clear: bool) -> None:
    """v ← μ v + g; w ← w − ε v, or with Nesterov w ← w − ε (g + μ v)."""
    if not _is_served(w, g, v):
        return vectorized.momentum(w, g, v, lr, mu, nesterov, clear)
    rates, flags = np.array((lr, mu), w.dtype), (nesterov, clear)
    _run(_momentum, _momentum_posted, (_row(w), _row(g), _row(v), rates), flags)


def adam(
    w: np.ndarray,
    g: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    largest_v: np.ndarray | None,
    lr: float,
    betas: tuple[float, float],
    eps: float,
    t: int,
    clear: bool,
) -> None:
    """m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²; w ← w − ε m̂ / (√v̂ + eps)."""
    if not _is_served(w, g, m, v) or largest_v is not None:
        return vectorized.adam(w, g, m, v, largest_v, lr, betas, eps, t, clear)
    beta1, beta2 = betas
    # 1/√v̂ = √(1 − β₂ᵗ) / √v, so that one division is left.
    rates = np.array((1 - beta1, 1 - beta2, lr / (1 - beta1**t), (1 - beta2**t) ** -0.5, eps), w.dtype)
    _run(_adam, _adam_posted, (_row(w), _row(g), _row(m), _row(v), rates), (clear,))


def _run(work: Callable[..., None], posted: Kernel, arrays: tuple[np.ndarray, ...], flags: tuple[bool, ...]) -> None:
    """Share the blocks among threads: by the board, on which only float32 can be, or else by `share`."""
    blocks = -(-arrays[0].size // BLOCK)
    if arrays[0].dtype == np.float32:
        post(posted, blocks, flags, arrays)
    else:
        share(work, blocks, *arrays, *flags)


def _is_served(*arrays: np.ndarray) -> bool:
    alike = all(array.dtype == arrays[0].dtype and array.flags.c_contiguous for array in arrays)
    return alike and arrays[0].dtype in (np.float32, np.float64)


def _row(x: np.ndarray) -> np.ndarray:
    return x.reshape(-1)  # a view, because x is contiguous


@inlined
def _plain(start, end, w, g, rates):
    block, lr = slice(start * BLOCK, end * BLOCK), rates[0]
    w, g = w[block], g[block]
    for i in range(w.size):
        w[i] -= lr * g[i]


@Kernel
def _plain_posted(place, helps):
    board = words(place)
    w, g, rates = memory(board, 0), memory(board, 1), memory(board, 2)
    block = take(board, helps)
    while block >= 0:
        _plain(block, block + 1, w, g, rates)
        block = take(board, helps)


@inlined
def _momentum(start, end, w, g, v, rates, nesterov, clear):
    block, (lr, mu), zero = slice(start * BLOCK, end * BLOCK), (rates[0], rates[1]), w.dtype.type(0)
    w, g, v = w[block], g[block], v[block]
    for i in range(w.size):
        v[i] = mu * v[i] + g[i]
        w[i] -= lr * (g[i] + mu * v[i] if nesterov else v[i])
        g[i] = zero if clear else g[i]


@Kernel
def _momentum_posted(place, helps):
    board = words(place)
    w, g, v, rates = memory(board, 0), memory(board, 1), memory(board, 2), memory(board, 3)
    nesterov, clear = board[NUMBERS] != 0, board[NUMBERS + 1] != 0
    block = take(board, helps)
    while block >= 0:
        _momentum(block, block + 1, w, g, v, rates, nesterov, clear)
        block = take(board, helps)


@inlined
def _adam(start, end, w, g, m, v, rates, clear):
    to_g, to_square, rate, root, eps = rates[0], rates[1], rates[2], rates[3], rates[4]
    block, zero = slice(start * BLOCK, end * BLOCK), w.dtype.type(0)
    w, g, m, v = w[block], g[block], m[block], v[block]
    for i in range(w.size):
        m[i] += to_g * (g[i] - m[i])
        v[i] += to_square * (g[i] * g[i] - v[i])
        w[i] -= rate * m[i] / (np.sqrt(v[i]) * root + eps)
        g[i] = zero if clear else g[i]


@Kernel
def _adam_posted(place, helps):
    board = words(place)
    w, g, m, v, rates = memory(board, 0), memory(board, 1), memory(board, 2), memory(board, 3), memory(board, 4)
    clear = board[NUMBERS] != 0
    block = take(board, helps)
    while block >= 0:
        _adam(block, block + 1, w, g, m, v, rates, clear)
        block = take(board, helps)
