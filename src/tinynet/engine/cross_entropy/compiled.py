"""Cross-entropy compiled by Numba: a block of rows at a time, which stays in the cache between its passes."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.engine.machine.functions import exp, largest, sum_of
from tinynet.engine.machine.jit import compiled, inlined
from tinynet.engine.machine.pool import run_parallel

NUMBERS_PER_BLOCK = 1 << 12  # The losses of each block are summed by themselves, so threads change no bit.


def of_labels(x: np.ndarray, labels: np.ndarray, w: np.ndarray | None, Z: float) -> Any:
    """−log p = log Σ exp(x) − x, of logits (…, C), integer labels (…) and the weight of each (…)."""
    rows = np.ascontiguousarray(x).reshape(-1, x.shape[-1])
    index = np.ascontiguousarray(labels).reshape(-1)
    weights = np.ones(1, x.dtype) if w is None else np.ascontiguousarray(w).reshape(-1)  # one for all or for each
    n_rows = max(1, NUMBERS_PER_BLOCK // rows.shape[1])
    gradient, losses = np.empty_like(rows), np.zeros(-(-len(rows) // n_rows))
    run_parallel(_of_labels, len(losses), rows, index, weights, x.dtype.type(1 / Z), gradient, losses, n_rows)
    return float(losses.sum()) / Z, gradient.reshape(x.shape)


@compiled
def _of_labels(start, end, logits, labels, w, scale, gradient, losses, n_rows):
    away = np.empty(n_rows, logits.dtype)
    for block in range(start, end):
        first = block * n_rows
        out = gradient[first : first + n_rows]
        _exponentials(logits[first : first + n_rows], labels[first : first + n_rows], out, away)
        for r in range(len(out)):
            weight, e = w[first + r if w.size > 1 else 0], out[r]
            total = sum_of(e)
            factor = weight * scale
            for c in range(e.size):
                e[c] *= factor / total
            e[labels[first + r]] -= factor
            if weight != 0:  # 0 · ∞ would be NaN
                losses[block] += weight * (np.log(total) + away[r])
            else:
                e[:] = 0


def of_log_probabilities(log_p: np.ndarray, labels: np.ndarray, w: np.ndarray | None, Z: float) -> Any:
    """−log p of integer labels (…), from log-probabilities (…, C)."""
    rows, index = np.ascontiguousarray(log_p).reshape(-1, log_p.shape[-1]), np.ascontiguousarray(labels).reshape(-1)
    weights = np.ones(1, log_p.dtype) if w is None else np.ascontiguousarray(w).reshape(-1)
    n_rows = max(1, NUMBERS_PER_BLOCK // rows.shape[1])
    gradient, losses = np.empty_like(rows), np.zeros(-(-len(rows) // n_rows))
    run_parallel(
        _of_log_probabilities, len(losses), rows, index, weights, log_p.dtype.type(1 / Z), gradient, losses, n_rows
    )
    return float(losses.sum()) / Z, gradient.reshape(log_p.shape)


@compiled
def _of_log_probabilities(start, end, log_p, labels, w, scale, gradient, losses, n_rows):
    for block in range(start, end):
        first = block * n_rows
        out = gradient[first : first + n_rows]
        out[:] = 0
        for r in range(len(out)):
            weight, label = w[first + r if w.size > 1 else 0], labels[first + r]
            if weight != 0:  # 0 · ∞ would be NaN
                losses[block] -= weight * log_p[first + r, label]
                out[r, label] = -weight * scale


def of_probabilities(x: np.ndarray, q: np.ndarray, weight: np.ndarray | None, smoothing: float, Z: float) -> Any:
    """The same of a distribution q (…, C), with a weight for each class and label smoothing."""
    rows, truth = (np.ascontiguousarray(array).reshape(-1, x.shape[-1]) for array in (x, q))
    w = np.ones(rows.shape[1], x.dtype) if weight is None else weight.astype(x.dtype)
    n_rows = max(1, NUMBERS_PER_BLOCK // rows.shape[1])
    gradient, losses = np.empty_like(rows), np.zeros(-(-len(rows) // n_rows))
    numbers = [x.dtype.type(number) for number in (1 - smoothing, smoothing / rows.shape[1], 1 / Z)]
    run_parallel(_of_probabilities, len(losses), rows, truth, w, *numbers, gradient, losses, n_rows)
    return float(losses.sum()) / Z, gradient.reshape(x.shape)


def of_smoothed_labels(
    x: np.ndarray, labels: np.ndarray, kept: np.ndarray | None, weight: np.ndarray | None, smoothing: float, Z: float
) -> Any:
    """The same of smoothed labels (…), except the ignored ones."""
    rows, index = np.ascontiguousarray(x).reshape(-1, x.shape[-1]), np.ascontiguousarray(labels).reshape(-1)
    counts = np.ones(1, np.bool_) if kept is None else np.ascontiguousarray(kept).reshape(-1)
    w = np.ones(rows.shape[1], x.dtype) if weight is None else weight.astype(x.dtype)
    n_rows = max(1, NUMBERS_PER_BLOCK // rows.shape[1])
    gradient, losses = np.empty_like(rows), np.zeros(-(-len(rows) // n_rows))
    numbers = [x.dtype.type(number) for number in (1 - smoothing, smoothing / rows.shape[1], 1 / Z)]
    run_parallel(_of_smoothed_labels, len(losses), rows, index, counts, w, *numbers, gradient, losses, n_rows)
    return float(losses.sum()) / Z, gradient.reshape(x.shape)


# Smoothing makes the target t = w (rest q + each). Scratch holds t and the exponentials.


@compiled
def _of_probabilities(start, end, logits, q, w, rest, each, scale, gradient, losses, n_rows):
    scratch = np.empty((2, logits.shape[1]), logits.dtype)
    for r in range(start * n_rows, min(len(logits), end * n_rows)):
        truth, t = q[r], scratch[0]
        for c in range(t.size):
            q_c = rest * truth[c] + each
            t[c] = w[c] * q_c if q_c != 0 else q_c  # 0 · ∞ would be NaN
        losses[r // n_rows] += _row_of_targets(logits[r], t, scratch[1], scale, gradient[r])


@compiled
def _of_smoothed_labels(start, end, logits, labels, kept, w, rest, each, scale, gradient, losses, n_rows):
    scratch = np.empty((2, logits.shape[1]), logits.dtype)
    for r in range(start * n_rows, min(len(logits), end * n_rows)):
        t = scratch[0]
        if kept[r if kept.size > 1 else 0]:
            for c in range(t.size):
                t[c] = w[c] * each
            t[labels[r]] += w[labels[r]] * rest
            losses[r // n_rows] += _row_of_targets(logits[r], t, scratch[1], scale, gradient[r])
        else:
            gradient[r] = 0


@inlined
def _row_of_targets(row, t, e, scale, out):
    zero = row.dtype.type(0)
    top, expected, sum_of_t = largest(row), np.float64(0), sum_of(t)
    for c in range(row.size):
        out[c] = row[c] - top
    for c in range(row.size):
        e[c] = exp(out[c])
    total = sum_of(e)
    log_total = np.log(total)
    for c in range(row.size):
        expected += t[c] * (log_total - out[c]) if t[c] != zero else zero  # 0 · ∞ would be NaN
    factor = sum_of_t / total
    for c in range(row.size):
        out[c] = (e[c] * factor - t[c]) * scale if sum_of_t != zero else zero
    return expected


def focal(x: np.ndarray, labels: np.ndarray, a: np.ndarray | None, gamma: float, n: float) -> Any:
    """a (1 − p)^γ (−log p), of the probability p of integer labels (…)."""
    rows, index = np.ascontiguousarray(x).reshape(-1, x.shape[-1]), np.ascontiguousarray(labels).reshape(-1)
    weights = np.ones(1, x.dtype) if a is None else np.ascontiguousarray(a).reshape(-1)
    n_rows = max(1, NUMBERS_PER_BLOCK // rows.shape[1])
    gradient, losses = np.empty_like(rows), np.zeros(-(-len(rows) // n_rows))
    run_parallel(
        _focal, len(losses), rows, index, weights, x.dtype.type(gamma), x.dtype.type(n), gradient, losses, n_rows
    )
    return float(losses.sum()) / n, gradient.reshape(x.shape)


@compiled
def _focal(start, end, logits, labels, a, gamma, n, gradient, losses, n_rows):
    zero, one, away = logits.dtype.type(0), logits.dtype.type(1), np.empty(n_rows, logits.dtype)
    for block in range(start, end):
        first = block * n_rows
        out = gradient[first : first + n_rows]
        _exponentials(logits[first : first + n_rows], labels[first : first + n_rows], out, away)
        for r in range(len(out)):
            weight, e = a[first + r if a.size > 1 else 0], out[r]
            if weight == zero:  # 0 · ∞ would be NaN
                e[:] = zero
                continue
            total = sum_of(e)
            s = np.log(total) + away[r]  # −log p
            miss = -np.expm1(-s)  # 1 − p
            power = weight * miss**gamma
            losses[block] += power * s
            ratio = -s / miss if miss > zero else -one
            p_ratio = (one - miss) * ratio if miss < one else zero  # 0 · ∞ would be NaN
            slope = power * (gamma * p_ratio - one) / n
            factor = slope / total
            for c in range(e.size):
                e[c] *= -factor
            e[labels[first + r]] = slope * miss


@inlined
def _exponentials(rows, labels, out, away):
    """exp(x − the largest of the row), and how far the logit of the label is below the largest."""
    for r in range(len(rows)):
        row, shifted, top = rows[r], out[r], largest(rows[r])
        for c in range(row.size):
            shifted[c] = row[c] - top
        away[r] = -shifted[labels[r]]
    flat = out.reshape(out.size)
    for i in range(flat.size):
        flat[i] = exp(flat[i])
