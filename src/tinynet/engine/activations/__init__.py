"""Activations that bend numbers one by one, and their derivatives, which follow from the output.

`relu` and `gelu` have families of their own: they are part of other kernels, or keep more than the output. Results lie
in memory as the first array does.

| kind | y | dy/dx |
| --- | --- | --- |
| leaky_relu, with α | x where x > 0, else α x | 1 where y > 0, else α |
| elu, with α and λ | λ x where x > 0, else λ α (eˣ − 1) | λ where y > 0, else y + λ α |
| sigmoid | 1 / (1 + e⁻ˣ) | y (1 − y) |
| tanh | (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ) | 1 − y² |
"""

from __future__ import annotations

from types import ModuleType

import numpy as np

from tinynet.engine.selection import body, sample_size

__all__ = ["forward", "gradient", "silu"]

LARGE = 1000  # numbers of a sample from which on compiling pays


def forward(kind: str, x: np.ndarray, *numbers: float) -> np.ndarray:
    """y, for an activation of the table and the numbers that it has.

    Example:
        >>> forward("leaky_relu", np.array([-1.0, 2.0]), 0.1)
        array([-0.1,  2. ])
    """
    return _body(x).forward(kind, x, *numbers)


def gradient(kind: str, dy: np.ndarray, y: np.ndarray, *numbers: float) -> np.ndarray:
    """dx = dy · dy/dx.

    Example:
        >>> gradient("leaky_relu", np.array([5.0, 6.0]), np.array([-0.1, 2.0]), 0.1)
        array([0.5, 6. ])
    """
    return _body(y).gradient(kind, dy, y, *numbers)


def silu(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """y = x σ(x) and dy/dx = σ(x) + y (1 − σ(x)), which does not follow from the output.

    Example:
        >>> y, slope = silu(np.array([0.0, 1.0]))
        >>> y.round(4), slope.round(4)
        (array([0.    , 0.7311]), array([0.5   , 0.9277]))
    """
    return _body(x).silu(x)


def _body(x: np.ndarray) -> ModuleType:
    return body("activations", sample_size(x), LARGE)
