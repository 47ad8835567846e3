"""The steps of optimizers compiled by Numba: every number is read and written once."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.kernels.descent import vectorized
from tinynet.kernels.jit import compiled
from tinynet.kernels.team import share

BLOCK = 1 << 14  # numbers; more than one thread pays from several of them on


def momentum(w: np.ndarray, g: np.ndarray, v: np.ndarray, lr: float, mu: float, nesterov: bool) -> None:
    """v ← μ v + g; w ← w − ε v, or with Nesterov w ← w − ε (g + μ v)."""
    if not _is_served(w, g, v):
        return vectorized.momentum(w, g, v, lr, mu, nesterov)
    number = w.dtype.type
    share(_momentum, -(-w.size // BLOCK), _row(w), _row(g), _row(v), number(lr), number(mu), nesterov)


def adam(
    w: np.ndarray,
    g: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    largest_v: np.ndarray | None,
    lr: float,
    betas: tuple[float, float],
    eps: float,
    t: int,
) -> None:
    """m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²; w ← w − ε m̂ / (√v̂ + eps)."""
    if not _is_served(w, g, m, v) or largest_v is not None:
        return vectorized.adam(w, g, m, v, largest_v, lr, betas, eps, t)
    beta1, beta2 = betas
    # 1/√v̂ = √(1 − β₂ᵗ) / √v, so that one division is left.
    numbers = (1 - beta1, 1 - beta2, lr / (1 - beta1**t), (1 - beta2**t) ** -0.5, eps)
    rates = tuple(w.dtype.type(number) for number in numbers)
    share(_adam, -(-w.size // BLOCK), _row(w), _row(g), _row(m), _row(v), *rates)


def _is_served(*arrays: np.ndarray) -> bool:
    alike = all(array.dtype == arrays[0].dtype and array.flags.c_contiguous for array in arrays)
    return alike and arrays[0].dtype in (np.float32, np.float64)


def _row(x: np.ndarray) -> np.ndarray:
    return x.reshape(-1)  # a view, because x is contiguous


@compiled
def _momentum(start, end, w, g, v, lr, mu, nesterov):
    block = slice(start * BLOCK, end * BLOCK)
    w, g, v = w[block], g[block], v[block]
    for i in range(w.size):
        v[i] = mu * v[i] + g[i]
        w[i] -= lr * (g[i] + mu * v[i] if nesterov else v[i])


@compiled
def _adam(start, end, w, g, m, v, to_g, to_square, rate, root, eps):
    block = slice(start * BLOCK, end * BLOCK)
    w, g, m, v = w[block], g[block], m[block], v[block]
    for i in range(w.size):
        m[i] += to_g * (g[i] - m[i])
        v[i] += to_square * (g[i] * g[i] - v[i])
        w[i] -= rate * m[i] / (np.sqrt(v[i]) * root + eps)
