"""Made-up data: points in the plane to classify."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.data.dataset import Dataset
from tinynet.data.randomness import generator

Rng = np.random.Generator | int | None


def spirals(n_samples: int = 300, noise: float = 0.03, rng: Rng = None, *, n_classes: int = 3) -> Dataset:
    """Arms that wind around the origin, one for each class.

    Equation:
        angle = 2π k / n_classes + 4 t,  radius = t,  with t uniform in [0, 1] for a point of class k

    Shapes:
        x: (n_samples, 2) float32    y: (n_samples,) int64

    Args:
        n_samples: How many points, at least one per class.
        noise: Standard deviation of the Gaussian noise added to both coordinates.
        rng: A generator or a seed; the package's shuffling stream if None.
        n_classes: How many arms, at least 2.

    Raises:
        ValueError: A number is too small.

    Example:
        >>> spirals(6, rng=0).y
        array([0, 1, 2, 0, 1, 2])
    """
    y, rng = _labels("spirals", n_samples, noise, rng, n_classes)
    t = rng.uniform(size=n_samples)
    angle = 2 * np.pi * y / n_classes + 4 * t
    return _points(t * np.cos(angle), t * np.sin(angle), y, noise, rng)


def moons(n_samples: int = 300, noise: float = 0.1, rng: Rng = None) -> Dataset:
    """Two half circles that reach into each other.

    Shapes:
        x: (n_samples, 2) float32    y: (n_samples,) int64, 0 or 1

    Args:
        n_samples: How many points, at least 2.
        noise: Standard deviation of the Gaussian noise added to both coordinates.
        rng: A generator or a seed; the package's shuffling stream if None.

    Raises:
        ValueError: A number is too small.

    Example:
        >>> moons(100, noise=0.0, rng=0).x[:, 1].max() <= 1
        np.True_
    """
    y, rng = _labels("moons", n_samples, noise, rng, 2)
    angle = np.pi * rng.uniform(size=n_samples)
    upper = y == 0
    return _points(
        np.where(upper, np.cos(angle), 1 - np.cos(angle)),
        np.where(upper, np.sin(angle), 0.5 - np.sin(angle)),
        y,
        noise,
        rng,
    )


def circles(n_samples: int = 300, noise: float = 0.05, rng: Rng = None) -> Dataset:
    """A circle of radius 1 (class 0) around one of radius 1/2 (class 1).

    Shapes:
        x: (n_samples, 2) float32    y: (n_samples,) int64, 0 or 1

    Args:
        n_samples: How many points, at least 2.
        noise: Standard deviation of the Gaussian noise added to both coordinates.
        rng: A generator or a seed; the package's shuffling stream if None.

    Raises:
        ValueError: A number is too small.

    Example:
        >>> np.linalg.norm(circles(4, noise=0.0, rng=0).x, axis=1).round(3).tolist()
        [1.0, 0.5, 1.0, 0.5]
    """
    y, rng = _labels("circles", n_samples, noise, rng, 2)
    angle = 2 * np.pi * rng.uniform(size=n_samples)
    radius = np.where(y == 0, 1.0, 0.5)
    return _points(radius * np.cos(angle), radius * np.sin(angle), y, noise, rng)


def blobs(n_samples: int = 300, noise: float = 0.2, rng: Rng = None, *, n_classes: int = 3) -> Dataset:
    """Round clouds whose centres stand evenly on the circle of radius 1, one for each class.

    Shapes:
        x: (n_samples, 2) float32    y: (n_samples,) int64

    Args:
        n_samples: How many points, at least one per class.
        noise: Standard deviation of each cloud in both coordinates.
        rng: A generator or a seed; the package's shuffling stream if None.
        n_classes: How many clouds, at least 2.

    Raises:
        ValueError: A number is too small.

    Example:
        >>> blobs(4, noise=0.0, rng=0, n_classes=4).x.round(3).tolist()
        [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [-0.0, -1.0]]
    """
    y, rng = _labels("blobs", n_samples, noise, rng, n_classes)
    angle = 2 * np.pi * y / n_classes
    return _points(np.cos(angle), np.sin(angle), y, noise, rng)


def _labels(who: str, n_samples: int, noise: float, rng: Rng, n_classes: int) -> tuple[np.ndarray, np.random.Generator]:
    """Check the arguments; labels 0, 1, …, 0, 1, … keep the classes even."""
    checks.integer(who, "n_classes", n_classes, minimum=2)
    checks.integer(who, "n_samples", n_samples, minimum=n_classes)
    checks.number(who, "noise", noise, minimum=0)
    return np.arange(n_samples) % n_classes, generator(who, rng)


def _points(first: np.ndarray, second: np.ndarray, y: np.ndarray, noise: float, rng: np.random.Generator) -> Dataset:
    x = np.stack([first, second], axis=1)  # (n_samples, 2)
    x += noise * rng.standard_normal(x.shape)
    return Dataset(x.astype(np.float32), y, [str(label) for label in range(y.max() + 1)])
