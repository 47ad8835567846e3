"""Cross-entropy compiled by Numba: row by row, each of which stays in the cache between its passes."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.engine.cross_entropy import vectorized
from tinynet.engine.machine.functions import exp, largest
from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.pool import share

ROWS = 64  # that a thread takes at a time, and whose losses are summed apart


def of_labels(logits: np.ndarray, labels: np.ndarray, w: np.ndarray, scale: float) -> tuple[float, np.ndarray]:
    """−log p = log Σ exp(x) − x."""
    if logits.dtype not in (np.float32, np.float64) or w.dtype != logits.dtype or logits.size == 0:
        return vectorized.of_labels(logits, labels, w, scale)
    rows, places = np.ascontiguousarray(logits).reshape(-1, logits.shape[-1]), np.ascontiguousarray(labels, np.intp)
    gradient, losses = np.empty_like(rows), np.zeros(-(-len(rows) // ROWS))
    weights = np.ascontiguousarray(w).reshape(-1)
    share(_of_labels, len(losses), rows, places.reshape(-1), weights, w.dtype.type(scale), gradient, losses)
    return float(losses.sum()) * scale, gradient.reshape(logits.shape)


@compiled
def _of_labels(start, end, logits, labels, w, scale, gradient, losses):
    for block in range(start, end):
        for r in range(block * ROWS, min(logits.shape[0], (block + 1) * ROWS)):
            row, out, label = logits[r], gradient[r], labels[r]
            top, total = largest(row), logits.dtype.type(0)
            for c in range(row.size):
                out[c] = exp(row[c] - top)
            for c in range(row.size):
                total += out[c]
            if w[r] != 0:  # 0 · ∞ would be NaN
                losses[block] += w[r] * (np.log(total) - (row[label] - top))
            factor = w[r] * scale
            for c in range(row.size):
                out[c] *= factor / total
            out[label] -= factor
