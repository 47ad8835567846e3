"""log(1 + x) in compiled code, many at a time."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

import numpy as np
from numba import types
from numba.extending import overload

# log(1 + x) = 2 artanh(s) = 2 s (1 + s²/3 + s⁴/5 + …) with s = x / (2 + x) ≤ ⅓: eight terms are right to 2e-9.
ONE, TWO = np.float32(1), np.float32(2)
A1, A2, A3, A4, A5, A6, A7 = (np.float32(1 / n) for n in (3, 5, 7, 9, 11, 13, 15))


def log1p(x: float) -> float:
    """log(1 + x) of one number from 0 to 1; NaN stays NaN."""
    return math.log1p(x)


@overload(log1p)
def _log1p(x):
    def series(x):
        s = x / (TWO + x)
        q = s * s
        return TWO * s * (ONE + q * (A1 + q * (A2 + q * (A3 + q * (A4 + q * (A5 + q * (A6 + q * A7)))))))

    def library(x):
        return math.log1p(x)

    return series if x == types.float32 else library
