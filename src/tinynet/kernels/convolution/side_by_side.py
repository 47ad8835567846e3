"""Neighbouring places as channels of one, for convolutions with few output channels.

Sums are held in registers of sixteen output channels, and with six channels ten lanes of each would stay empty. But two
neighbouring places of six channels lie in memory as one place of twelve, and a kernel as wide as both together gives
them: in its first six channels the kernel itself, in the others the kernel one step to the right.
"""

from __future__ import annotations

import numpy as np

from tinynet.kernels.vectors import LANES

Columns = tuple[int, ...]


def count(O: int, OW: int) -> int:
    """How many places to take as one.

    Example:
        >>> count(6, 28), count(6, 27), count(32, 28)
        (2, 1, 1)
    """
    return next((n for n in range(LANES // max(O, 1), 1, -1) if OW % n == 0), 1)


def grouped(y: np.ndarray, n: int) -> np.ndarray:
    """y (N, OH, OW, O) as (N, OH, OW / n, n · O), without a copy."""
    N, OH, OW, O = y.shape
    return y.reshape(N, OH, OW // n, n * O)


def columns(narrow: Columns, stride: int, n: int) -> Columns:
    """Where the columns of the wide kernel stand.

    Example:
        >>> columns((-1, 0, 1), 1, 2)
        (-1, 0, 1, 2)
    """
    return tuple(sorted({column + place * stride for column in narrow for place in range(n)}))


def widened(K: np.ndarray, narrow: Columns, stride: int, n: int) -> np.ndarray:
    """The wide kernel (kh, columns, C, n · O) of K (kh, kw, C, O)."""
    kh, _, C, O = K.shape
    wide = np.zeros((kh, len(columns(narrow, stride, n)), C, n, O), K.dtype)
    for place, at in enumerate(_columns_of_each(narrow, stride, n)):
        wide[:, :, :, place][:, at] = K
    return wide.reshape(kh, -1, C, n * O)


def narrowed(wide: np.ndarray, narrow: Columns, stride: int, n: int) -> np.ndarray:
    """The gradient of K from that of its wide kernel: what came to its copies, added."""
    parts = wide.reshape(*wide.shape[:3], n, -1)
    copies = [parts[:, :, :, place][:, at] for place, at in enumerate(_columns_of_each(narrow, stride, n))]
    return np.sum(copies, axis=0)


def _columns_of_each(narrow: Columns, stride: int, n: int) -> list[list[int]]:
    """For each place, which columns of the wide kernel are those of the narrow one."""
    wide = columns(narrow, stride, n)
    return [[wide.index(column + place * stride) for column in narrow] for place in range(n)]
