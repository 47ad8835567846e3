"""Winograd's F(4×4, 3×3): sixteen output pixels of a 3×3 convolution from 36 multiplications instead of 144.

Lavin and Gray 2015, "Fast Algorithms for Convolutional Neural Networks". A tile d of 6×6 pixels and a kernel g of 3×3
give the 4×4 tile Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A. Summed over channels, each of the 36 places of ⊙ is a matrix product over
all tiles, M[k] = V[k] @ U[k] with V (36, tiles, C) and U (36, C, O). It rounds more than the plain sum does: relative
errors are some 1e-6 in float32. Each thread transforms a few images, multiplies, and transforms back; the first two
arguments say which blocks of images or partial sums it does.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.kernels.jit import compiled
from tinynet.kernels.products import multiply, multiply_transposed

# The polynomials behind the transforms are interpolated at 0, ±a, ±b and infinity. The paper takes a = 1 and b = 2;
# with a² = 1/2 and b² = 2 all coefficients stay near 1, and the rounding error is a fifth (measured at 256 channels).
a, b = 0.5**0.5, 2**0.5
G = np.array(
    [[1, 0, 0]]
    + [[1 / n, p / n, p * p / n] for p, n in ((a, -1.5), (-a, -1.5), (b, 6), (-b, 6))]  # n = Π (p - other points)
    + [[0, 0, 1]]
)
POINTS = np.array([a, b, a * a, b * b, a * a + b * b, a**3, b**3])
CHUNKS = 4  # partial sums of dU


def transformed(W: np.ndarray) -> np.ndarray:
    """U = G W Gᵀ as (36, C, O), from W (O, C, 3, 3)."""
    U = np.einsum("pi,ocij,qj->pqco", G, W, G, optimize=True)
    return np.ascontiguousarray(U.reshape(36, W.shape[1], W.shape[0]), W.dtype)


def weight_gradient_of(dU: np.ndarray) -> np.ndarray:
    """dW = Gᵀ dU G as (O, C, 3, 3), from dU (36, C, O)."""
    return np.einsum("pi,pqco,qj->ocij", G, dU.reshape(6, 6, *dU.shape[1:]), G, optimize=True).astype(dU.dtype)


@compiled
def forward(start, end, x, U, bias, y, points, corner, step):
    """y (N, OH, OW, O) from x (N, H, W, C), `step` images at a time; corner = (top, left) is the padding before x."""
    N, OH, OW, O = y.shape
    TH, TW, C = (OH + 3) // 4, (OW + 3) // 4, x.shape[3]
    for block in range(start, end):
        first, last = block * step, min(N, (block + 1) * step)
        V = np.empty((36, (last - first) * TH * TW, C), x.dtype)
        _transform_images(x, first, last, TH, TW, points, corner, V)
        M = np.empty((36, V.shape[1], O), x.dtype)
        for k in range(36):
            multiply(V[k], U[k], M[k], 0.0)
        part, tile = np.empty((4, 6, O), x.dtype), np.empty((4, 4, O), x.dtype)
        for t in range(V.shape[1]):
            n, r, s = first + t // (TH * TW), t // TW % TH * 4, t % TW * 4
            _output_tile(M, t, points, part, tile)
            for i in range(min(4, OH - r)):
                for j in range(min(4, OW - s)):
                    for o in range(O):
                        y[n, r + i, s + j, o] = tile[i, j, o] + bias[o]


@compiled
def weight_gradient(start, end, x, dy, dU, points, corner, step):
    """dU[chunk] = Vᵀ @ dM over the images of each chunk; dU (CHUNKS, 36, C, O) is zero."""
    N, OH, OW, O = dy.shape
    TH, TW, C = (OH + 3) // 4, (OW + 3) // 4, x.shape[3]
    share = (N + dU.shape[0] - 1) // dU.shape[0]
    for chunk in range(start, end):
        end = min(N, (chunk + 1) * share)
        for first in range(chunk * share, end, step):
            last = min(end, first + step)
            V = np.empty((36, (last - first) * TH * TW, C), x.dtype)
            _transform_images(x, first, last, TH, TW, points, corner, V)
            dM = np.empty((36, V.shape[1], O), x.dtype)
            part, tile = np.empty((6, 4, O), x.dtype), np.empty((4, 4, O), x.dtype)
            for t in range(V.shape[1]):
                n, r, s = first + t // (TH * TW), t // TW % TH * 4, t % TW * 4
                tile[:] = 0
                for i in range(min(4, OH - r)):
                    for j in range(min(4, OW - s)):
                        for o in range(O):
                            tile[i, j, o] = dy[n, r + i, s + j, o]
                _gradient_tile(tile, points, part, dM, t)
            for k in range(36):
                multiply_transposed(V[k], dM[k], dU[chunk, k], 1.0)


@compiled
def _transform_images(x, first, last, TH, TW, points, corner, V):
    """V = Bᵀ d B of every tile d of the images from first to last, with zeros around them."""
    H, W, C = x.shape[1:]
    padded = np.zeros((4 * TH + 2, 4 * TW + 2, C), x.dtype)
    part = np.empty((6, 6, C), x.dtype)
    top, left = corner
    bottom, right = min(H, padded.shape[0] - top), min(W, padded.shape[1] - left)
    for n in range(first, last):
        for h in range(bottom):
            for w in range(right):
                for c in range(C):
                    padded[top + h, left + w, c] = x[n, h, w, c]
        for r in range(TH):
            for s in range(TW):
                _input_tile(padded, 4 * r, 4 * s, points, part, V, ((n - first) * TH + r) * TW + s)


@compiled
def _input_tile(d, r, s, points, part, V, t):
    """V[:, t] = Bᵀ d B, first along the columns of the tile, then along its rows."""
    for j in range(6):
        for c in range(d.shape[2]):
            d0, d1, d2 = d[r, s + j, c], d[r + 1, s + j, c], d[r + 2, s + j, c]
            d3, d4, d5 = d[r + 3, s + j, c], d[r + 4, s + j, c], d[r + 5, s + j, c]
            v = _input_line(d0, d1, d2, d3, d4, d5, points)
            part[0, j, c], part[1, j, c], part[2, j, c], part[3, j, c], part[4, j, c], part[5, j, c] = v
    for i in range(6):
        for c in range(d.shape[2]):
            d0, d1, d2 = part[i, 0, c], part[i, 1, c], part[i, 2, c]
            d3, d4, d5 = part[i, 3, c], part[i, 4, c], part[i, 5, c]
            v = _input_line(d0, d1, d2, d3, d4, d5, points)
            k = 6 * i
            V[k, t, c], V[k + 1, t, c], V[k + 2, t, c], V[k + 3, t, c], V[k + 4, t, c], V[k + 5, t, c] = v


@compiled
def _output_tile(M, t, points, part, tile):
    """tile = Aᵀ M[:, t] A."""
    for j in range(6):
        for o in range(M.shape[2]):
            m0, m1, m2 = M[j, t, o], M[6 + j, t, o], M[12 + j, t, o]
            m3, m4, m5 = M[18 + j, t, o], M[24 + j, t, o], M[30 + j, t, o]
            part[0, j, o], part[1, j, o], part[2, j, o], part[3, j, o] = _output_line(m0, m1, m2, m3, m4, m5, points)
    for i in range(4):
        for o in range(M.shape[2]):
            m0, m1, m2 = part[i, 0, o], part[i, 1, o], part[i, 2, o]
            m3, m4, m5 = part[i, 3, o], part[i, 4, o], part[i, 5, o]
            tile[i, 0, o], tile[i, 1, o], tile[i, 2, o], tile[i, 3, o] = _output_line(m0, m1, m2, m3, m4, m5, points)


@compiled
def _gradient_tile(tile, points, part, dM, t):
    """dM[:, t] = A tile Aᵀ."""
    for j in range(4):
        for o in range(tile.shape[2]):
            v = _gradient_line(tile[0, j, o], tile[1, j, o], tile[2, j, o], tile[3, j, o], points)
            part[0, j, o], part[1, j, o], part[2, j, o], part[3, j, o], part[4, j, o], part[5, j, o] = v
    for i in range(6):
        for o in range(tile.shape[2]):
            v = _gradient_line(part[i, 0, o], part[i, 1, o], part[i, 2, o], part[i, 3, o], points)
            k = 6 * i
            dM[k, t, o], dM[k + 1, t, o], dM[k + 2, t, o], dM[k + 3, t, o], dM[k + 4, t, o], dM[k + 5, t, o] = v


@compiled
def _input_line(d0, d1, d2, d3, d4, d5, points):
    """Bᵀ times six numbers; a²b² = 1."""
    a, b, aa, bb, both = points[0], points[1], points[2], points[3], points[4]
    even_a, odd_a, even_b, odd_b = d4 - bb * d2, a * (d3 - bb * d1), d4 - aa * d2, b * (d3 - aa * d1)
    return d0 - both * d2 + d4, even_a + odd_a, even_a - odd_a, even_b + odd_b, even_b - odd_b, d1 - both * d3 + d5


@compiled
def _output_line(m0, m1, m2, m3, m4, m5, points):
    """Aᵀ times six numbers: the i-th result is the sum of pⁱ m over the points p, and m of infinity with the last."""
    a, b, aa, bb, aaa, bbb = points[0], points[1], points[2], points[3], points[5], points[6]
    even_a, odd_a, even_b, odd_b = m1 + m2, m1 - m2, m3 + m4, m3 - m4
    return m0 + even_a + even_b, a * odd_a + b * odd_b, aa * even_a + bb * even_b, aaa * odd_a + bbb * odd_b + m5


@compiled
def _gradient_line(y0, y1, y2, y3, points):
    """A times four numbers: for each point p the sum of pⁱ yᵢ."""
    a, b, aa, bb, aaa, bbb = points[0], points[1], points[2], points[3], points[5], points[6]
    even_a, odd_a, even_b, odd_b = y0 + aa * y2, a * y1 + aaa * y3, y0 + bb * y2, b * y1 + bbb * y3
    return y0, even_a + odd_a, even_a - odd_a, even_b + odd_b, even_b - odd_b, y3
