"""Histograms whose bins are powers of two, so that those of any two moments can be added up."""

from __future__ import annotations

import numpy as np

LOWEST, HIGHEST = -32, 12  #: Below 2^LOWEST a number counts as zero; from 2^HIGHEST on all are in one bin.
N_POWERS = HIGHEST - LOWEST
N_BINS = 2 * N_POWERS + 1  #: One for each power of two and sign, and one for zero in the middle.


def edges() -> np.ndarray:
    """The limits of the bins, in increasing order, (N_BINS + 1,). The outermost bins also hold what is beyond.

    Example:
        >>> edges()[[0, 1, -2, -1]], edges()[[N_POWERS, N_POWERS + 1]] * 2.0**32
        (array([-4096., -2048.,  2048.,  4096.]), array([-1.,  1.]))
    """
    powers = np.exp2(np.arange(LOWEST, HIGHEST + 1, dtype=np.float64))
    return np.concatenate([-powers[::-1], powers])


def histograms(values: np.ndarray, owners: np.ndarray, n_owners: int) -> np.ndarray:
    """How many of each owner's values are in each bin; those that are not finite are left out.

    Args:
        values: Numbers of all owners, (M,).
        owners: Whose each is, as an index, (M,).
        n_owners: How many owners there are.

    Returns:
        (n_owners, N_BINS)

    Example:
        >>> counts = histograms(np.array([1.0, 1.5, -3.0, 0.0]), np.zeros(4, int), 1)[0]
        >>> [(edges()[i], counts[i]) for i in np.flatnonzero(counts)][::2]
        [(np.float64(-4.0), np.int64(1)), (np.float64(1.0), np.int64(2))]
    """
    finite = np.isfinite(values)
    if not finite.all():
        values, owners = values[finite], owners[finite]
    exponents = np.frexp(values)[1]  # |value| is from 2^(exponent − 1) up to 2^exponent
    powers = np.clip(exponents - LOWEST, 0, N_POWERS)
    powers[values == 0] = 0
    bins = N_POWERS + np.where(values < 0, -powers, powers)
    counts = np.bincount(owners * N_BINS + bins, minlength=n_owners * N_BINS)
    return counts.reshape(n_owners, N_BINS)
