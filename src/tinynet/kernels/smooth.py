"""tanh and the logistic function in compiled code, many at a time.

A compiled loop over the C library's tanh takes one number at a time. In float32 a quotient of two polynomials takes
sixteen, and is right to 4e-7; in float64, where proofs are made, the library's tanh serves.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

import numpy as np
from numba import types
from numba.extending import overload

# tanh x = x P(x²) / Q(x²) for |x| ≤ 9, where it is 1 to the last digit: fitted by weighted least squares to the least
# largest relative error, 1.3e-9 before rounding.
P0, P1, P2, P3, P4, P5 = (
    np.float32(p)
    for p in (0.999999999, 0.136808601, 3.86951263e-3, 2.80314044e-5, 3.06427509e-8, -1.22464082e-11)
)  # fmt: skip
Q1, Q2, Q3, Q4 = (np.float32(q) for q in (0.470141922, 2.72501736e-2, 3.94072156e-4, 1.28904161e-6))
ONE, HALF, END = np.float32(1), np.float32(0.5), np.float32(9)


def tanh(x: float) -> float:
    """tanh of one number; NaN stays NaN."""
    return math.tanh(x)


@overload(tanh)
def _tanh(x):
    def quotient(x):
        x = END if x > END else x  # a comparison with NaN is False, so NaN passes
        x = -END if x < -END else x
        s = x * x
        p = x * (P0 + s * (P1 + s * (P2 + s * (P3 + s * (P4 + s * P5)))))
        return p / (ONE + s * (Q1 + s * (Q2 + s * (Q3 + s * Q4))))

    def library(x):
        return math.tanh(x)

    return quotient if x == types.float32 else library


def sigmoid(x: float) -> float:
    """1 / (1 + e⁻ˣ), written with tanh so that nothing overflows."""
    return 0.5 * math.tanh(0.5 * x) + 0.5


@overload(sigmoid)
def _sigmoid(x):
    half = HALF if x == types.float32 else 0.5  # a constant of the type of x, lest it all becomes float64

    def by_tanh(x):
        return half * tanh(half * x) + half

    return by_tanh
