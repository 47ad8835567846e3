"""Neighbouring output positions as one, for convolutions with few output channels.

Sums are held in registers of sixteen output channels, and with six channels ten lanes of each would stay empty. But two
neighbouring positions of six channels are the same memory as one position of twelve, which a wider kernel computes. Its
first six channels are the kernel itself, and the others the kernel one step to the right. The wider kernel is zero
where only one of the two reaches, and 0 · NaN is NaN. So images with a NaN are left to the lesson.
"""

from __future__ import annotations

from tinynet.engine.machine.vectors import LANES

Columns = tuple[int, ...]


def count(O: int, OW: int) -> int:
    """How many positions to treat as one.

    Example:
        >>> count(6, 28), count(6, 27), count(32, 28)
        (2, 1, 1)
    """
    return next((n for n in range(LANES // max(O, 1), 1, -1) if OW % n == 0), 1)


def columns(narrow: Columns, stride: int, n: int) -> Columns:
    """Where the columns of the wide kernel are.

    Example:
        >>> columns((-1, 0, 1), 1, 2)
        (-1, 0, 1, 2)
    """
    return tuple(sorted({column + position * stride for column in narrow for position in range(n)}))
