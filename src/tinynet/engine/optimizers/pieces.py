"""The arrays of many parameters, cut into pieces for one call over all of them.

No array is moved: a table says where each piece is. It is rebuilt when one of the arrays has been replaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import is_

import numpy as np

from tinynet.engine.serves import is_floating

NUMBERS_PER_BLOCK = 1 << 14  # Threads share the arrays in blocks of this size.
SIZE, OWNER, ARRAYS, COLUMNS = 0, 1, 2, 6  # Columns of the table, and their number.
N_RATES = 8  # Numbers of a rule, at most.


class Pieces:
    """The addresses of the arrays of some parameters, cut into pieces and these grouped in blocks.

    Args:
        arrays: Those of the first parameter, then those of the second, and so on; all of one parameter are of its size.
        n_each: How many there are of each parameter, at most 4.

    Attributes:
        served: Whether compiled code can work on them; the other attributes are there only then.
        kind: np.float32 or np.float64.
        table: For each piece its size, the index of its parameter and the addresses of its arrays, (P, COLUMNS).
        firsts: The index of the first piece of each block, then P, (B + 1,).
        rates: A row for each parameter, to be filled with the numbers of the rule, (A, N_RATES).
        at_table: Where the table and the firsts are, as `place_of` says it; asking NumPy in each step takes longer.
        at_rates: Where the rates are.

    Example:
        >>> pieces = Pieces([np.zeros(20_000), np.zeros(10)], n_each=1)
        >>> pieces.table[:, :2].tolist(), pieces.firsts.tolist()
        ([[16384, 0], [3616, 0], [10, 1]], [0, 1, 3])
    """

    def __init__(self, arrays: Sequence[np.ndarray], n_each: int) -> None:
        self.arrays = list(arrays)  # So none is freed while its address is in the table.
        self.served = len(arrays) > 0 and is_floating(*arrays) and are_rows_apart(arrays, n_each)
        if self.served:
            self._cut(n_each)

    def _cut(self, n_each: int) -> None:
        sizes = np.array([array.size for array in self.arrays[::n_each]])
        addresses = np.array([array.ctypes.data for array in self.arrays]).reshape(-1, n_each)
        total, starts = sizes.sum(), np.cumsum(sizes) - sizes  # as if all were one array
        blocks = np.arange(0, total, NUMBERS_PER_BLOCK)
        cuts = np.union1d(starts[sizes > 0], blocks)
        owners = np.searchsorted(starts, cuts, side="right") - 1
        inside = (cuts - starts[owners]) * self.arrays[0].itemsize
        self.table = np.zeros((len(cuts), COLUMNS), np.int64)
        self.table[:, SIZE], self.table[:, OWNER] = np.diff(cuts, append=total), owners
        self.table[:, ARRAYS:] = (addresses[owners] + inside[:, None])[:, np.arange(COLUMNS - ARRAYS) % n_each]
        self.firsts = np.append(np.searchsorted(cuts, blocks), len(cuts))
        self.kind = self.arrays[0].dtype.type
        self.rates = np.zeros((len(sizes), N_RATES), self.kind)
        self.at_table, self.at_rates = place_of(self.table) + place_of(self.firsts), place_of(self.rates)


def place_of(array: np.ndarray) -> tuple[int, int]:
    """The address of an array in memory, and its size."""
    return array.ctypes.data, array.size


def are_same(arrays: Sequence[np.ndarray], others: Sequence[np.ndarray]) -> bool:
    """Whether they are the same objects."""
    return len(arrays) == len(others) and all(map(is_, arrays, others))


def are_rows_apart(arrays: Sequence[np.ndarray], n_each: int) -> bool:
    """Whether each array is one row in memory, those of a parameter have one shape, and none occurs twice."""
    alike = all(array.shape == arrays[i - i % n_each].shape for i, array in enumerate(arrays))
    return alike and all(array.flags.carray for array in arrays) and len({id(array) for array in arrays}) == len(arrays)
