"""tanh, the logistic function, eˣ and the normal distribution in compiled code, many at a time.

A compiled loop over the C library's functions takes one number at a time. In float32 these are polynomials, which take
sixteen at a time, with relative errors of 4e-7 (tanh) and 1e-7 (eˣ). In float64 they are the library's functions.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

import numpy as np
from numba import types
from numba.extending import overload

from tinynet.engine.machine.normal_distribution import MAX_ABS, SLOPE, C

# tanh x = x P(x²) / Q(x²) for |x| ≤ 9, and beyond that 1 to the last digit. The coefficients minimise the largest
# relative error, by weighted least squares: 1.3e-9 before rounding.
P0, P1, P2, P3, P4, P5 = (
    np.float32(p)
    for p in (0.999999999, 0.136808601, 3.86951263e-3, 2.80314044e-5, 3.06427509e-8, -1.22464082e-11)
)  # fmt: skip
Q1, Q2, Q3, Q4 = (np.float32(q) for q in (0.470141922, 2.72501736e-2, 3.94072156e-4, 1.28904161e-6))
ZERO, ONE, HALF, MAX_ABS_OF_TANH = np.float32(0), np.float32(1), np.float32(0.5), np.float32(9)

# eˣ = 2ⁿ eʳ with n = round(x / ln 2) and |r| ≤ ½ ln 2, where eʳ = 1 + r + r² E(r).
E0, E1, E2, E3, E4, E5 = (
    np.float32(e) for e in (0.5, 0.166666655, 4.16657959e-2, 8.3334519e-3, 1.39819995e-3, 1.98756915e-4)
)
LOG2_E = np.float32(1.44269504)
# ln 2 in two parts. The first has so few digits that n · LN2 is exact.
LN2, LN2_REST = np.float32(0.693359375), np.float32(-2.12194440e-4)
SHIFT = np.float32(3 << 22)  # Added to a float32, it leaves the nearest integer in the last bits.
# What to subtract from the bits of n + SHIFT to get the biased exponent of 2ⁿ, and the place of that exponent.
BITS_OF_SHIFT, EXPONENT_BIT = np.int32(0x4B400000 - 127), np.int32(23)
MIN_OF_EXP = np.float32(-87.3)  # Below this, eˣ is not a normal float32 any more, and becomes 0.


def tanh(x: float) -> float:
    """tanh of one number; NaN stays NaN."""
    return math.tanh(x)


@overload(tanh)
def _tanh(x):
    def quotient(x):
        x = MAX_ABS_OF_TANH if x > MAX_ABS_OF_TANH else x  # a comparison with NaN is False, so NaN passes
        x = -MAX_ABS_OF_TANH if x < -MAX_ABS_OF_TANH else x
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
    half = HALF if x == types.float32 else 0.5  # of the type of x, or everything would become float64

    def by_tanh(x):
        return half * tanh(half * x) + half

    return by_tanh


def exp(x: float | np.floating) -> float:
    """eˣ of one number, for x up to 88; NaN stays NaN."""
    try:
        return math.exp(x)
    except OverflowError:  # compiled code overflows to ∞ as well
        return math.inf


# Without "reassoc", by which the compiler could cancel SHIFT before it has rounded.
@overload(exp, jit_options={"fastmath": {"contract", "nsz"}})
def _exp(x):
    def polynomial(x):
        shifted = x * LOG2_E + SHIFT
        n = shifted - SHIFT
        r = x - n * LN2 - n * LN2_REST
        y = ONE + (r + r * r * (E0 + r * (E1 + r * (E2 + r * (E3 + r * (E4 + r * E5))))))
        bits = np.int32((np.float32(shifted).view(np.int32) - BITS_OF_SHIFT) << EXPONENT_BIT)
        return ZERO if x < MIN_OF_EXP else y * bits.view(np.float32)

    def library(x):
        return math.exp(x)

    return polynomial if x == types.float32 else library


def normal_cdf_and_density(x: float) -> tuple[float, float]:
    """Φ(x), the share of a normal distribution below x, and its density φ(x)."""
    return math.erfc(-x / math.sqrt(2)) / 2, math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


DENSITY = np.float32(1 / math.sqrt(2 * math.pi))
NORMAL_SLOPE, MAX_ABS_OF_NORMAL = np.float32(SLOPE), np.float32(MAX_ABS)
C1, C2, C3, C4, C5, C6, C7, C8, C9 = (np.float32(c) for c in C)


@overload(normal_cdf_and_density)
def _normal(x):
    def fit(x):
        a = abs(x)
        a = MAX_ABS_OF_NORMAL if a > MAX_ABS_OF_NORMAL else a
        t = ONE / (ONE + NORMAL_SLOPE * a)
        e = exp(-HALF * a * a)
        p = t * (C1 + t * (C2 + t * (C3 + t * (C4 + t * (C5 + t * (C6 + t * (C7 + t * (C8 + t * C9))))))))
        below = e * p  # Φ(−a)
        return below if x < ZERO else ONE - below, e * DENSITY

    def library(x):
        return 0.5 * math.erfc(-x * math.sqrt(0.5)), math.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)

    return fit if x == types.float32 else library


def largest(row: np.ndarray) -> float:
    """The largest number of a row, −∞ if it is empty. If there is a NaN in it, it may be any number."""
    return row.max(initial=-np.inf)


# "nnan" allows any result for NaN. Without it, the search is not vectorized.
@overload(largest, jit_options={"fastmath": {"nnan", "nsz"}})
def _largest(row):
    def search(row):
        top = row.dtype.type(-np.inf)
        for j in range(len(row)):
            top = max(top, row[j])
        return top

    return search


NUMBERS_IN_FLOAT32 = 1 << 8  # that are added up, in several sums side by side, before one is added in float64


def sum_of(row: np.ndarray) -> float:
    """The sum of a row, in its type but added up in float64: float32 loses digits in long sums."""
    return row.dtype.type(row.sum(dtype=np.float64))


@overload(sum_of, jit_options={"fastmath": {"reassoc", "nsz"}})
def _sum_of(row):
    def in_parts(row):
        total = np.float64(0)
        for first in range(0, row.size, NUMBERS_IN_FLOAT32):
            some, part = row[first : first + NUMBERS_IN_FLOAT32], row.dtype.type(0)
            for j in range(some.size):
                part += some[j]
            total += part
        return row.dtype.type(total)

    return in_parts
