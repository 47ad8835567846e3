"""Resampling: images whose pixels are weighted sums of those of others, along rows and columns."""

from __future__ import annotations

import numpy as np

from tinynet.core.arrays import wide
from tinynet.core.faster import faster

IDENTITY = np.ones((1, 1))  #: For the rows of sequences, which are images of one row.


@faster
def resample(A: np.ndarray, B: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A x Bᵀ for each channel of x (N, C, H, W), with A (OH, H) and B (OW, W).

    Only the weights that are not zero are multiplied, so that NaN and infinity stay where they are.

    Example:
        >>> resample(np.array([[0.5, 0.5, 0.0]]), np.eye(2), np.array([[[[1.0, 2.0], [3.0, 4.0], [np.inf, 5.0]]]]))
        array([[[[2., 3.]]]])
    """
    N, C, _, W = x.shape
    Ax = np.zeros_like(x, shape=(N, C, len(A), W), dtype=wide(x))
    for r, p in np.argwhere(A):
        Ax[:, :, r] += float(A[r, p]) * x[:, :, p]
    y = np.zeros_like(Ax, shape=(N, C, len(A), len(B)))
    for s, q in np.argwhere(B):
        y[:, :, :, s] += float(B[s, q]) * Ax[:, :, :, q]
    return y.astype(x.dtype)
