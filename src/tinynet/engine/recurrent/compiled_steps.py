"""What a thread takes of a compiled recurrent cell, and how threads that share one sample keep step.

Many samples are shared in groups of `ROWS`: a thread takes some through all of time and waits for nobody. A single
group is shared by hidden units, in blocks of `BLOCK`, because then each thread's part of the weights stays in the cache
of its own processor through all steps. As a step needs all states of the step before, each thread says after every step
how far it is, and looks until the others are as far. `reached` holds these numbers, and is empty if samples are shared.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.engine.machine.atomic import pause, read, write
from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.tiles import ROWS, multiply

BLOCK = 64  # hidden units: as many columns as a product takes of a lone row at a time
LINE = 16  # from one block's number to the next: in lines of the cache of their own, writing one stops nobody else
TURNS = 10_000  # a third of a millisecond: a helper that sleeps is there sooner, one put aside by the system is not


def room(N: int, T: int, H: int) -> tuple[int, np.ndarray]:
    """How many groups or blocks there are to share, and `reached`. Neither depends on the number of threads."""
    groups, blocks = -(-N // ROWS), -(-H // BLOCK)
    if groups > 1 or blocks == 1 or T == 1:
        return groups, np.zeros(0, np.int64)
    return blocks, np.zeros(blocks * LINE, np.int64)


def are_done(reached: np.ndarray, T: int) -> bool:
    """Whether all blocks went through all steps: no thread waited for another in vain."""
    return bool((reached[::LINE] == T).all())


@compiled
def samples(start, end, N):
    """The first sample of the groups from start to end, and how many there are."""
    return start * ROWS, min(N, end * ROWS) - start * ROWS


@compiled
def portion(start, end, N, H, reached):
    """The first sample, the number of samples, and the first and the last hidden unit (not included)."""
    if len(reached):
        return 0, N, start * BLOCK, min(H, end * BLOCK)
    first, M = samples(start, end, N)
    return first, M, 0, H


@compiled
def others_reach(t, start, end, reached):
    """Wait until the blocks of other threads went through t steps; False if that takes too long."""
    for block in range(len(reached) // LINE):
        turns, place = 0, reached[block * LINE :]
        while (block < start or block >= end) and read(place) < t:
            if turns == TURNS:
                return False
            turns += 1
            pause()
    return True


@compiled
def say(t, start, end, reached):
    """Blocks start to end went through t steps."""
    for block in range(start, min(end, len(reached) // LINE)):
        write(reached[block * LINE :], t)


@compiled
def product(h, at, M, P, b, H, n_gates, left, right, gh):
    """gh = h Wᵀ + b (M, n_gates · H) for the hidden units from left to right; the rows of h begin with number `at`."""
    for gate in range(n_gates):
        column = gate * H + left
        multiply(h, at * H, H, M, P[column * H :], H, right - left, b[column:], gh, column, n_gates * H, False)
