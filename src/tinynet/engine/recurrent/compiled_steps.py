"""How threads share a compiled recurrent cell, and how those that share one sample keep step.

Many samples are shared in groups of `ROWS`. Each thread takes some of them through all steps and waits for no other. A
single group is shared by hidden units, in blocks of `UNITS_PER_BLOCK`, so that each thread's part of the weights stays
in its own cache through all steps. A step needs all states of the step before. So each thread reports how many steps it
has done, and spins until the others have done as many. `reached` holds these numbers. It is empty if samples are
shared.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.engine.machine.atomic import pause, read, write
from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.tiles import ROWS, multiply

UNITS_PER_BLOCK = 64  # As many columns as a product of a single row takes at a time.
CACHE_LINE_APART = 16  # The number of each block has cache lines of its own, so writing one does not delay the others.
# A third of a millisecond. A worker that was asleep has begun by then; one that the system has suspended has not.
MAX_PAUSES = 10_000


def work_to_share(N: int, T: int, H: int) -> tuple[int, np.ndarray]:
    """The number of groups or blocks, and `reached`. Neither depends on the number of threads."""
    groups, blocks = -(-N // ROWS), -(-H // UNITS_PER_BLOCK)
    if groups > 1 or blocks == 1 or T == 1:
        return groups, np.zeros(0, np.int64)
    return blocks, np.zeros(blocks * CACHE_LINE_APART, np.int64)


def are_done(reached: np.ndarray, T: int) -> bool:
    """Whether all blocks have done all steps, so that no thread gave up waiting."""
    return bool((reached[::CACHE_LINE_APART] == T).all())


@compiled
def samples(start, end, N):
    """The first sample of the groups from start to end, and how many there are."""
    return start * ROWS, min(N, end * ROWS) - start * ROWS


@compiled
def portion(start, end, N, H, reached):
    """The first sample, the number of samples, the first hidden unit, and the one after the last."""
    if len(reached):
        return 0, N, start * UNITS_PER_BLOCK, min(H, end * UNITS_PER_BLOCK)
    first, M = samples(start, end, N)
    return first, M, 0, H


@compiled
def wait_for_others(t, start, end, reached):
    """Spin until the blocks of other threads have done t steps; False if that takes too long."""
    for block in range(len(reached) // CACHE_LINE_APART):
        pauses, steps_done = 0, reached[block * CACHE_LINE_APART :]
        while (block < start or block >= end) and read(steps_done) < t:
            if pauses == MAX_PAUSES:
                return False
            pauses += 1
            pause()
    return True


@compiled
def report(t, start, end, reached):
    """Report that the blocks from start to end have done t steps."""
    for block in range(start, min(end, len(reached) // CACHE_LINE_APART)):
        write(reached[block * CACHE_LINE_APART :], t)


@compiled
def product(h, at, M, P, b, H, n_gates, left, right, gh):
    """gh = h Wᵀ + b (M, n_gates · H) for the hidden units from left to right. The first row of h is row `at`."""
    for gate in range(n_gates):
        column = gate * H + left
        multiply(h, at * H, H, M, P[column * H :], H, right - left, b[column:], gh, column, n_gates * H, False)
