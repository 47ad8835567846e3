"""The cumulative distribution function Φ of the normal distribution, as GELU needs it."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.engine.serves import is_floating

# Φ(−a) = e^(−a²/2) (c₁ t + … + c₉ t⁹) with t = 1 / (1 + 0.27 a): a minimax fit. Its relative error is below 2.4e-8 for
# 0 ≤ a ≤ 14.
SLOPE = 0.27
C = (
    0.107720657,
    0.107542874,
    0.10181061,
    0.0720496085,
    0.107825629,
    -0.0692107561,
    0.169786143,
    -0.12648585,
    0.0289610976,
)
MAX_ABS = 15.0  # Φ(−15) is 0 in float32, so larger numbers are treated as 15, whose square does not overflow.
NUMBERS_AT_A_TIME = 1 << 15  # so that intermediate results stay in the cache


def normal_cdf(x: np.ndarray) -> Any:
    """Φ(x), right also where it is tiny, without a copy in another type.

    SciPy computes it to full precision, but at 40 ns a number; where float32 holds no more than 7 digits, a fit
    does as well in a quarter of the time.

    Example:
        >>> normal_cdf(np.array([-1e4, 0.0, 1.0], np.float32)).round(4)
        array([0.    , 0.5   , 0.8413], dtype=float32)
    """
    if not is_floating(x):
        return NotImplemented
    if x.dtype == np.float64:
        from scipy.special import ndtr  # here, because SciPy takes longer to load than NumPy

        return ndtr(x)
    share = np.empty_like(x)
    n_parts = min(-(-x.size // NUMBERS_AT_A_TIME), len(x)) if x.ndim else 0
    for some, result in zip(_parts(x, n_parts), _parts(share, n_parts), strict=True):
        _fit(some, result)
    return share


def _parts(x: np.ndarray, n: int) -> list[np.ndarray]:
    return np.array_split(x, n) if n > 1 else [x]


def _fit(x: np.ndarray, share: np.ndarray) -> None:
    a = np.minimum(np.abs(x), MAX_ABS)
    t = 1 / (1 + SLOPE * a)
    below = C[-1] * t
    for c in reversed(C[:-1]):
        below += c
        below *= t
    below *= np.exp(a * a * -0.5)  # Φ(−|x|)
    # 1 − Φ(−x) for positive x. np.where would be ten times slower, because the processor cannot predict its branches.
    np.subtract(~np.signbit(x), np.copysign(below, x), out=share)
