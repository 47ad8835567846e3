"""Made-up data: noisy curves to fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.data.dataset import Dataset
from tinynet.data.randomness import generator

Rng = np.random.Generator | int | None


def curve(
    function: Callable[[np.ndarray], np.ndarray],
    n_samples: int = 100,
    noise: float = 0.1,
    rng: Rng = None,
    *,
    low: float = -1.0,
    high: float = 1.0,
) -> Dataset:
    """Noisy values of a function at random places, sorted by x.

    Equation:
        y = f(x) + noise · N(0, 1),  with x uniform in [low, high]

    Shapes:
        x: (n_samples, 1) float32    y: (n_samples, 1) float32

    Args:
        function: f, from an array of shape (n_samples, 1) to one of the same shape.
        n_samples: How many points, at least 1.
        noise: Standard deviation of the Gaussian noise added to y.
        rng: A generator or a seed; the package's shuffling stream if None.
        low: The lower end of x.
        high: The upper end of x, above low.

    Raises:
        TypeError: The function cannot be called.
        ValueError: A number is too small, or the function changes the shape.

    Example:
        >>> d = curve(np.exp, 5, noise=0.0, rng=0)
        >>> np.allclose(d.y, np.exp(d.x))
        True
    """
    return _curve("curve", function, n_samples, noise, rng, low, high)


def line(
    n_samples: int = 100, noise: float = 0.1, rng: Rng = None, *, slope: float = 2.0, intercept: float = -1.0
) -> Dataset:
    """A noisy line y = slope · x + intercept for x in [-1, 1]; shapes and arguments as in `curve`.

    Example:
        >>> d = line(5, noise=0.0, rng=0)
        >>> np.allclose(d.y, 2 * d.x - 1)
        True
    """
    slope = checks.number("line", "slope", slope)
    intercept = checks.number("line", "intercept", intercept)
    return _curve("line", lambda x: slope * x + intercept, n_samples, noise, rng, -1.0, 1.0)


def polynomial(
    n_samples: int = 100, noise: float = 0.1, rng: Rng = None, *, coefficients: Sequence[float] = (0.0, -1.0, 0.0, 2.0)
) -> Dataset:
    """A noisy polynomial y = c₀ + c₁ x + c₂ x² + … for x in [-1, 1]; shapes and arguments as in `curve`.

    Example:
        >>> d = polynomial(5, noise=0.0, rng=0, coefficients=(1, 0, 3))
        >>> np.allclose(d.y, 1 + 3 * d.x**2)
        True
    """
    powers = _powers(coefficients)
    return _curve("polynomial", lambda x: sum(c * x**k for k, c in enumerate(powers)), n_samples, noise, rng, -1.0, 1.0)


def sine(n_samples: int = 100, noise: float = 0.1, rng: Rng = None) -> Dataset:
    """A noisy sine for x in [-π, π]; shapes and arguments as in `curve`.

    Example:
        >>> d = sine(5, noise=0.0, rng=0)
        >>> np.allclose(d.y, np.sin(d.x), atol=1e-6)
        True
    """
    return _curve("sine", np.sin, n_samples, noise, rng, -np.pi, np.pi)


def _powers(coefficients: Any) -> list[float]:
    """Check the coefficients of a polynomial."""
    if not isinstance(coefficients, (list, tuple)) and np.ndim(coefficients) != 1:
        problem = f"coefficients must be a list of numbers, got {coefficients!r}."
        checks.fail("polynomial", problem, "write coefficients=(0, 0, 1) for x².", TypeError)
    return [checks.number("polynomial", f"coefficients[{k}]", c) for k, c in enumerate(coefficients)]


def _curve(who: str, function: Any, n_samples: int, noise: float, rng: Rng, low: float, high: float) -> Dataset:
    if not callable(function) or isinstance(function, type) or not checks.takes(function, 1):
        problem = f"function must be callable on x, got {type(function).__name__}."
        checks.fail(who, problem, "pass a function, as np.sin.", TypeError)
    checks.integer(who, "n_samples", n_samples, minimum=1)
    checks.number(who, "noise", noise, minimum=0)
    checks.number(who, "high", high, above=checks.number(who, "low", low))
    rng = generator(who, rng)
    x = np.sort(rng.uniform(low, high, (n_samples, 1)), axis=0)
    y = np.asarray(function(x))
    if y.dtype.kind not in "biuf":
        checks.fail(who, f"function must give numbers, got {y.dtype}.", kind=TypeError)
    checks.same_shape(who, y.shape, x.shape)
    y = y + noise * rng.standard_normal(x.shape)
    return Dataset(x.astype(np.float32), y.astype(np.float32))
