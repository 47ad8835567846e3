"""Rows that occur again and again in a sequence, as the vectors of an embedding or one-hot vectors do.

The gradient of the weights, Σ daᵀ x over all positions, is Σ (Σ da)ᵀ x over the different rows x, with the inner sum
over all positions that read that row. A text of 2,048 characters, of which 65 are different, needs a thirtieth of the
products. The rows are compared by their bits, so the result is the same wherever they come from.
What is not finite is left to the plain sum, in which 0 · ∞ is NaN.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.engine.embedding.compiled import add_rows
from tinynet.engine.machine.jit import compiled

MIN_MULTIPLY_ADDS = 1 << 22  # of the product; with fewer, looking for rows takes as long
MAX_SHARE = 2  # Of the positions, at most one in this many may hold a row that has not come before.


def sums_for_each_row(x: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """The different rows of x (n, D), and for each the sum of the rows of d (n, M) beside it; None if few repeat.

    Example:
        >>> x = np.zeros((2000, 50), np.float32); x[::2] = 1
        >>> rows, sums = sums_for_each_row(x, np.ones((2000, 50), np.float32))
        >>> rows[:, 0], sums[:, 0]
        (array([1., 0.], dtype=float32), array([1000., 1000.], dtype=float32))
    """
    if x.dtype != np.float32 or x.size * d.shape[1] < MIN_MULTIPLY_ADDS:
        return None
    bits = np.ascontiguousarray(x).view(np.uint32)
    places, first = np.empty(len(x), np.intp), np.empty(len(x) // MAX_SHARE, np.intp)
    count = _find(bits, _multipliers(x.shape[1]), places, first)
    if count < 0:
        return None
    sums = np.zeros((count, d.shape[1]), d.dtype)
    add_rows(places, d, None, sums)
    rows = x[first[:count]]
    return (rows, sums) if np.isfinite(rows).all() and np.isfinite(sums).all() else None


def _multipliers(n: int) -> np.ndarray:
    """Odd numbers, one for each column, by which a row becomes a single number."""
    return np.arange(n, dtype=np.uint32) * np.uint32(0x9E3779B2) + np.uint32(0x85EBCA6B)


@compiled
def _find(bits, multipliers, places, first):
    """Fill `places` with the number of each row among the different ones, and `first` with where these come first.

    Returns how many there are, or −1 if there is no room for them in `first`. A hash table with linear probing.
    """
    size = 4
    while size < 4 * len(first):
        size *= 2
    slots, count = np.full(size, -1, np.int64), 0
    for r in range(len(bits)):
        slot = _hash(bits[r], multipliers) % size
        while slots[slot] >= 0 and _differ(bits[r], bits[first[slots[slot]]]):
            slot = (slot + 1) % size
        if slots[slot] < 0:
            if count == len(first):
                return -1
            slots[slot], first[count] = count, r
            count += 1
        places[r] = slots[slot]
    return count


@compiled
def _hash(row, multipliers):
    total = np.uint64(0)
    for j in range(row.size):
        total += np.uint64(row[j]) * np.uint64(multipliers[j])
    total ^= total >> np.uint64(29)
    return np.int64((total ^ (total >> np.uint64(17))) & np.uint64(0x7FFFFFFF))


@compiled
def _differ(a, b):
    """Whether two rows differ in any bit; without a way out, the loop is vectorized."""
    found = np.uint32(0)
    for j in range(a.size):
        found |= a[j] ^ b[j]
    return found != 0
