"""Losses over numbers compiled by Numba. All arrays have the same memory order, so each is taken as one long row."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinynet.core.joinable import reduced
from tinynet.engine.machine import layout
from tinynet.engine.machine.functions import exp
from tinynet.engine.machine.jit import compiled, inlined
from tinynet.engine.machine.logarithm import log1p
from tinynet.engine.machine.pool import run_parallel

NUMBERS_PER_BLOCK = 1 << 13  # The losses of each block are summed by themselves, so threads change no bit.


def loss(work: Callable[..., None], x: np.ndarray, truth: np.ndarray, reduction: str, *options: Any) -> Any:
    """The loss and its gradient, by one of the loops below, or NotImplemented where one found a truth out of range.

    Args:
        work: The loop.
        x: What the net gave.
        truth: What it should have given.
        reduction: "mean" or "sum".
        options: Numbers, or arrays like x.
    """
    gradient = np.empty_like(x)
    if gradient.strides != x.strides:
        return NotImplemented
    rows = [array.ravel(order="K") for array in (x, layout.like(x, truth.astype(x.dtype, copy=False)), gradient)]
    given = [o.ravel(order="K") if isinstance(o, np.ndarray) else x.dtype.type(o) for o in options]
    n = x.size if reduction == "mean" else 1
    losses, refused = np.zeros((2, -(-x.size // NUMBERS_PER_BLOCK)))
    run_parallel(work, len(losses), *rows, losses, refused, x.dtype.type(n), *given)
    return NotImplemented if refused.any() else (reduced(losses.sum(), x.size, reduction), gradient)


# Each function does the blocks from start to end.


@compiled
def squared(start, end, x, t, gradient, losses, refused, n):
    factor = x.dtype.type(2) / n
    for piece in range(start, end):
        block, total = slice(piece * NUMBERS_PER_BLOCK, (piece + 1) * NUMBERS_PER_BLOCK), 0.0
        xs, ts, out = x[block], t[block], gradient[block]
        for i in range(xs.size):
            d = xs[i] - ts[i]
            total += np.float64(d * d)
            out[i] = d * factor
        losses[piece] = total


@compiled
def absolute(start, end, x, t, gradient, losses, refused, n):
    zero, share_of_one = x.dtype.type(0), x.dtype.type(1) / n
    for piece in range(start, end):
        block, total = slice(piece * NUMBERS_PER_BLOCK, (piece + 1) * NUMBERS_PER_BLOCK), 0.0
        xs, ts, out = x[block], t[block], gradient[block]
        for i in range(xs.size):
            d = xs[i] - ts[i]
            total += np.float64(abs(d))
            out[i] = share_of_one if d > zero else -share_of_one if d < zero else d  # 0 or NaN
        losses[piece] = total


@compiled
def huber(start, end, x, t, gradient, losses, refused, n, delta):
    half = x.dtype.type(0.5)
    for piece in range(start, end):
        block, total = slice(piece * NUMBERS_PER_BLOCK, (piece + 1) * NUMBERS_PER_BLOCK), 0.0
        xs, ts, out = x[block], t[block], gradient[block]
        for i in range(xs.size):
            d = xs[i] - ts[i]
            near = delta if d > delta else -delta if d < -delta else d
            total += np.float64(near * (d - near * half))
            out[i] = near / n
        losses[piece] = total


@compiled
def binary(start, end, x, t, gradient, losses, refused, n):
    zero, one = x.dtype.type(0), x.dtype.type(1)
    for piece in range(start, end):
        block, total, wrong = slice(piece * NUMBERS_PER_BLOCK, (piece + 1) * NUMBERS_PER_BLOCK), 0.0, 0
        xs, ts, out = x[block], t[block], gradient[block]
        for i in range(xs.size):
            surprise, slope = _surprise_and_slope(xs[i], ts[i], one - ts[i], zero, one)
            total += np.float64(surprise)
            out[i] = slope / n
            wrong += 0 if zero <= ts[i] <= one else 1
        losses[piece], refused[piece] = total, wrong


@compiled
def weighted_binary(start, end, x, t, gradient, losses, refused, n, w, pi):
    zero, one = x.dtype.type(0), x.dtype.type(1)
    for piece in range(start, end):
        block, total, wrong = slice(piece * NUMBERS_PER_BLOCK, (piece + 1) * NUMBERS_PER_BLOCK), 0.0, 0
        xs, ts, out, ws, pis = x[block], t[block], gradient[block], w[block], pi[block]
        for i in range(xs.size):
            yes, no = ws[i] * ts[i], ws[i] * (one - ts[i])
            yes = yes * pis[i] if yes != zero else zero  # 0 · ∞ would be NaN, here and below
            surprise, slope = _surprise_and_slope(xs[i], yes, no, zero, one)
            total += np.float64(surprise)
            out[i] = slope / n if yes != zero or no != zero else zero
            wrong += 0 if zero <= ts[i] <= one else 1
        losses[piece], refused[piece] = total, wrong


@inlined
def _surprise_and_slope(x, yes, no, zero, one):
    """−yes log σ(x) − no log σ(−x), and its derivative no σ(x) − yes σ(−x)."""
    e = exp(-abs(x))  # no exponent is above 0
    bend, larger = log1p(e), one / (one + e)
    of_yes = yes * (bend - (x if x < zero else zero))
    of_no = no * (bend + (x if x > zero else zero))
    surprise = (of_yes if yes != zero else zero) + (of_no if no != zero else zero)  # 0 · ∞ would be NaN
    smaller = e * larger
    return surprise, no * (smaller if x < zero else larger) - yes * (larger if x < zero else smaller)
