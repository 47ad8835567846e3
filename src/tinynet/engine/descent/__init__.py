"""The steps of optimizers over long runs of parameters. They write into the arrays that they change: w, m, v, ….

With `clear` the gradient is 0 afterwards: to clear it where it is read is a pass less over memory.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np

from tinynet.engine.selection import body

__all__ = ["adam", "momentum", "plain"]

LARGE = 1 << 17  # numbers of a run from which on compiling pays


def plain(w: np.ndarray, g: np.ndarray, lr: float) -> None:
    """w ← w − ε g.

    Example:
        >>> w = np.array([1.0])
        >>> plain(w, np.array([2.0]), lr=0.1); w
        array([0.8])
    """
    _body(w).plain(w, g, lr)


def momentum(
    w: np.ndarray, g: np.ndarray, v: np.ndarray, lr: float, mu: float, nesterov: bool, clear: bool = False
) -> None:
    """v ← μ v + g; w ← w − ε v, or with Nesterov w ← w − ε (g + μ v).

    Example:
        >>> w, v = np.array([1.0]), np.array([2.0])
        >>> momentum(w, np.array([1.0]), v, lr=0.1, mu=0.5, nesterov=False); w, v
        (array([0.8]), array([2.]))
    """
    _body(w).momentum(w, g, v, lr, mu, nesterov, clear)


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
    clear: bool = False,
) -> None:
    """m and v move towards g and g²; w ← w − ε m̂ / (√v̂ + eps), in update number t.

    Where `largest_v` is given, it follows v upwards, and v̂ is taken from it.

    Example:
        >>> w, m, v = np.array([1.0]), np.zeros(1), np.zeros(1)
        >>> adam(w, np.array([20.0]), m, v, None, lr=0.1, betas=(0.9, 0.999), eps=0.0, t=1); w, m.round(3)
        (array([0.9]), array([2.]))
    """
    _body(w).adam(w, g, m, v, largest_v, lr, betas, eps, t, clear)


def _body(w: np.ndarray) -> ModuleType:
    return body("descent", w.size, LARGE)
