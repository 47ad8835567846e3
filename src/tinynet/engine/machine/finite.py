"""Whether numbers are finite. A product with 0 says so without a branch: 0 · NaN and 0 · ∞ are NaN."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from tinynet.engine.machine.jit import inlined
from tinynet.engine.machine.vectors import LANES, load, store, zeros


@inlined
def times_zero(x, start, count):
    """A vector of zeros if `count` numbers of x from `start` on, and those of the last vector, are finite."""
    zero, by_four = zeros(), start + (count + LANES - 1) // (4 * LANES) * 4 * LANES
    a, b, c, d = zeros(), zeros(), zeros(), zeros()  # Each sum waits for itself only.
    for i in range(start, by_four, 4 * LANES):
        a += load(x, i) * zero
        b += load(x, i + LANES) * zero
        c += load(x, i + 2 * LANES) * zero
        d += load(x, i + 3 * LANES) * zero
    for i in range(by_four, start + count, LANES):
        a += load(x, i) * zero
    return a + b + c + d


@inlined
def are_zero(vector, lanes):
    """Whether all numbers of a vector are 0; `lanes` has room for it."""
    store(lanes, 0, vector)
    total = lanes[0]
    for lane in range(1, LANES):
        total += lanes[lane]
    return total == 0
