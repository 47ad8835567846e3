"""One line of Winograd's transforms: their matrices times a few vectors.

The polynomials behind the transforms are interpolated at 0, ±a, ±b and infinity. The paper takes a = 1 and b = 2; with
a² = 1/2 and b² = 2 all coefficients stay near 1, and the rounding error is a fifth (measured at 256 channels).
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.engine.machine.jit import compiled, inlined
from tinynet.engine.machine.vectors import load, splat, store

a, b = 0.5**0.5, 2**0.5
n_a, n_b = -1.5, 6  # For a point p, the product of its differences from the other points.
CONSTANTS = np.array([a, b, a**2, b**2, a**2 + b**2, a**3, b**3, 1 / n_a, 1 / n_b, a / n_a, b / n_b], np.float32)


@compiled
def constants(points):
    """The numbers of CONSTANTS as vectors."""
    return (
        splat(points, 0), splat(points, 1), splat(points, 2), splat(points, 3), splat(points, 4), splat(points, 5),
        splat(points, 6), splat(points, 7), splat(points, 8), splat(points, 9), splat(points, 10),
    )  # fmt: skip


@inlined
def input_line(d0, d1, d2, d3, d4, d5, numbers):
    """Bᵀ times six vectors; a²b² = 1."""
    a, b, aa, bb, both = numbers[:5]
    even_a, odd_a, even_b, odd_b = d4 - bb * d2, a * (d3 - bb * d1), d4 - aa * d2, b * (d3 - aa * d1)
    return d0 - both * d2 + d4, even_a + odd_a, even_a - odd_a, even_b + odd_b, even_b - odd_b, d1 - both * d3 + d5


@inlined
def output_line(m, numbers):
    """Aᵀ times six vectors: the i-th result is the sum of pⁱ m over the points p, and m of infinity with the last."""
    m0, m1, m2, m3, m4, m5 = m
    a, b, aa, bb, _, aaa, bbb = numbers[:7]
    even_a, odd_a, even_b, odd_b = m1 + m2, m1 - m2, m3 + m4, m3 - m4
    return m0 + even_a + even_b, a * odd_a + b * odd_b, aa * even_a + bb * even_b, aaa * odd_a + bbb * odd_b + m5


@inlined
def gradient_line(y0, y1, y2, y3, numbers):
    """A times four vectors: for each point p the sum of pⁱ yᵢ."""
    a, b, aa, bb, _, aaa, bbb = numbers[:7]
    even_a, odd_a, even_b, odd_b = y0 + aa * y2, a * y1 + aaa * y3, y0 + bb * y2, b * y1 + bbb * y3
    return y0, even_a + odd_a, even_a - odd_a, even_b + odd_b, even_b - odd_b, y3


@inlined
def kernel_line(g0, g1, g2, numbers):
    """G times three vectors: for each point p, (g₀ + p g₁ + p² g₂) / n."""
    aa, bb, by_a, by_b, a_by, b_by = numbers[2], numbers[3], numbers[7], numbers[8], numbers[9], numbers[10]
    even_a, odd_a, even_b, odd_b = by_a * (g0 + aa * g2), a_by * g1, by_b * (g0 + bb * g2), b_by * g1
    return g0, even_a + odd_a, even_a - odd_a, even_b + odd_b, even_b - odd_b, g2


@inlined
def kernel_gradient_line(u, numbers):
    """Gᵀ times six vectors."""
    u0, u1, u2, u3, u4, u5 = u
    aa, bb, by_a, by_b, a_by, b_by = numbers[2], numbers[3], numbers[7], numbers[8], numbers[9], numbers[10]
    even_a, odd_a, even_b, odd_b = by_a * (u1 + u2), a_by * (u1 - u2), by_b * (u3 + u4), b_by * (u3 - u4)
    return u0 + even_a + even_b, odd_a + odd_b, aa * even_a + bb * even_b + u5


# Several vectors, `step` apart.


@compiled
def load_three(array, start, step):
    return load(array, start), load(array, start + step), load(array, start + 2 * step)


@compiled
def store_three(array, start, step, vectors):
    v0, v1, v2 = vectors
    store(array, start, v0)
    store(array, start + step, v1)
    store(array, start + 2 * step, v2)


@compiled
def load_six(array, start, step):
    return (
        load(array, start), load(array, start + step), load(array, start + 2 * step),
        load(array, start + 3 * step), load(array, start + 4 * step), load(array, start + 5 * step),
    )  # fmt: skip


@compiled
def store_six(array, start, step, vectors):
    v0, v1, v2, v3, v4, v5 = vectors
    store(array, start, v0)
    store(array, start + step, v1)
    store(array, start + 2 * step, v2)
    store(array, start + 3 * step, v3)
    store(array, start + 4 * step, v4)
    store(array, start + 5 * step, v5)
