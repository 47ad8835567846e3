"""The data of the programs: the embedded digits, and sets that are made here and need no download."""

from __future__ import annotations

import numpy as np

from tinynet.core import Parameter
from tinynet.core.initializers import he_normal
from tinynet.data import Dataset, digits
from tinynet.layers import Layer


def digit_rows(scale: float = 1.0, one_hot: bool = False) -> tuple[Dataset, Dataset]:
    """The digits as rows of 64 numbers from 0 to `scale`, to train and to validate with."""
    return tuple(_digits(part, (64,), scale, one_hot) for part in digits())  # type: ignore[return-value]


def digit_images(scale: float = 1.0, one_hot: bool = False) -> tuple[Dataset, Dataset]:
    """The digits as pictures (1, 8, 8) of numbers from 0 to `scale`."""
    return tuple(_digits(part, (1, 8, 8), scale, one_hot) for part in digits())  # type: ignore[return-value]


def _digits(part: Dataset, shape: tuple[int, ...], scale: float, one_hot: bool) -> Dataset:
    y = np.eye(10, dtype=np.float32)[part.y] if one_hot else part.y
    return Dataset(part.x.reshape(-1, *shape) * np.float32(scale), y)


def pictures(
    rng: np.random.Generator, n_samples: int = 600, n_classes: int = 10, size: int = 12, scale: float = 1.0
) -> tuple[Dataset, Dataset]:
    """Stand-ins for photos: stripes (3, size, size) whose direction and colour tell the class; a fifth to validate.

    Shapes:
        x: (N, 3, size, size) from 0 to `scale`    y: (N,)
    """
    y = np.arange(n_samples) % n_classes
    angle = np.pi * y / n_classes + rng.normal(0, 0.06, n_samples)
    colour = 0.5 + 0.5 * np.cos(2 * np.pi * (y[:, None] % 3 / 3 + np.arange(3) / 3))  # (N, 3)
    row, column = np.meshgrid(np.arange(size), np.arange(size), indexing="ij")
    along = np.cos(angle)[:, None, None] * column + np.sin(angle)[:, None, None] * row
    stripes = 0.5 + 0.5 * np.sin(along + rng.uniform(0, 2 * np.pi, n_samples)[:, None, None])  # (N, size, size)
    x = 0.6 * stripes[:, None] * colour[:, :, None, None] + rng.uniform(0, 0.4, (n_samples, 3, size, size))
    x = (x * scale).astype(np.float32)
    n_train = n_samples * 4 // 5
    return Dataset(x[:n_train], y[:n_train]), Dataset(x[n_train:], y[n_train:])


def table(rng: np.random.Generator, n_samples: int = 500) -> tuple[np.ndarray, np.ndarray]:
    """A regression: nine columns as they come, in units of their own, and a target in thousands.

    Shapes:
        x: (N, 9)    y: (N, 1), of mean 0 and variance 1
    """
    z = rng.normal(size=(n_samples, 9))
    y = z[:, 0] + np.sin(2 * z[:, 1]) + z[:, 2] * z[:, 3] - 0.5 * np.abs(z[:, 4]) + rng.normal(0, 0.1, n_samples)
    return z.astype(np.float32), standardised(y[:, None])


#: Mean and spread of the nine columns of `table` in their own units: years, metres, grams and so on.
UNITS = (
    np.array([40, 1700, 0.5, 3e4, 100, 8, 2000, 12, 650], np.float32),
    np.array([12, 90, 0.2, 1e4, 15, 3, 400, 5, 120], np.float32),
)


def standardised(x: np.ndarray) -> np.ndarray:
    """Each column with mean 0 and variance 1."""
    return ((x - x.mean(axis=0)) / x.std(axis=0)).astype(np.float32)


def halves(x: np.ndarray, y: np.ndarray) -> tuple[Dataset, Dataset]:
    """The first four fifths to train with, the rest to validate with."""
    n_train = len(x) * 4 // 5
    return Dataset(x[:n_train], y[:n_train]), Dataset(x[n_train:], y[n_train:])


XOR = (
    np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32),
    np.array([[0], [1], [1], [0]], np.float32),
)


def normal_weights(layer: Layer, std: float, biases: bool = False) -> None:
    """Draw all weights, and if wanted the biases, from a normal distribution; biases are 0 otherwise."""
    rng = np.random.default_rng(int(1000 * std))
    for parameter in layer.parameters().values():
        fill(parameter, rng.normal(0, std, parameter.shape) if biases or len(parameter.shape) > 1 else 0.0)


def fill(parameter: Parameter, value: np.ndarray | float) -> None:
    """Set the values of a parameter."""
    parameter.tensor = np.broadcast_to(np.asarray(value, parameter.dtype), parameter.shape)


def he_weights(layer: Layer) -> None:
    """Draw all weights by He's rule, and set the biases to 0."""
    for parameter in layer.parameters().values():
        parameter.tensor = he_normal(parameter.shape) if len(parameter.shape) > 1 else np.zeros(parameter.shape)
