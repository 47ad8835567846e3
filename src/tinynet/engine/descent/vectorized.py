"""The steps of optimizers with NumPy: each is its formula."""

from __future__ import annotations

import numpy as np


def plain(w: np.ndarray, g: np.ndarray, lr: float) -> None:
    """w ← w − ε g."""
    w -= lr * g


def momentum(w: np.ndarray, g: np.ndarray, v: np.ndarray, lr: float, mu: float, nesterov: bool, clear: bool) -> None:
    """v ← μ v + g; w ← w − ε v, or with Nesterov w ← w − ε (g + μ v)."""
    v *= mu
    v += g
    w -= lr * (g + mu * v if nesterov else v)
    if clear:
        g[...] = 0


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
    clear: bool,
) -> None:
    """m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²; w ← w − ε m̂ / (√v̂ + eps)."""
    beta1, beta2 = betas
    m += (1 - beta1) * (g - m)
    v += (1 - beta2) * (g * g - v)
    if largest_v is not None:
        v = np.maximum(largest_v, v, out=largest_v)
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    w -= lr * m_hat / (np.sqrt(v_hat) + eps)
    if clear:
        g[...] = 0
