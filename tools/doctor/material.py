"""The data of the programs: the embedded digits, and sets that are made here and need no download."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinynet.core import Parameter
from tinynet.core.initializers import he_normal, xavier_uniform
from tinynet.data import Dataset, digits
from tinynet.layers import Conv1D, Conv2D, Layer, Linear


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
    """Stand-ins for photos: stripes whose direction and, from four classes on, colour tell the class.

    Shapes:
        x: (N, 3, size, size) from 0 to `scale`    y: (N,)

    Returns:
        Four fifths to train with, the rest to validate with.
    """
    y = np.arange(n_samples) % n_classes
    n_directions = n_classes if n_classes < 4 else (n_classes + 1) // 2
    angle = np.pi * (y % n_directions) / n_directions + rng.normal(0, 0.05, n_samples)
    colour = np.where((y < n_directions)[:, None], [1, 0.4, 0.2], [0.2, 0.5, 1])  # (N, 3)
    row, column = np.meshgrid(np.arange(size), np.arange(size), indexing="ij")
    along = np.cos(angle)[:, None, None] * column + np.sin(angle)[:, None, None] * row
    stripes = 0.5 + 0.5 * np.sin(1.5 * along + rng.uniform(0, 2 * np.pi, n_samples)[:, None, None])  # (N, size, size)
    x = 0.7 * stripes[:, None] * colour[:, :, None, None] + rng.uniform(0, 0.3, (n_samples, 3, size, size))
    return halves((x * scale).astype(np.float32), y)


def table(rng: np.random.Generator, n_samples: int = 500) -> tuple[np.ndarray, np.ndarray]:
    """A regression with nine columns.

    Shapes:
        x: (N, 9), standard normal    y: (N, 1), of mean 0 and variance 1
    """
    z = rng.normal(size=(n_samples, 9))
    y = z[:, 0] + np.tanh(2 * z[:, 1]) + 0.4 * z[:, 2] * z[:, 3] - 0.5 * np.abs(z[:, 4])
    y += rng.normal(0, 0.1, n_samples)
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


def normal_weights(net: Layer, std: float, biases: bool = False) -> None:
    """Draw all weights, and if wanted the biases, from a normal distribution; biases are 0 otherwise."""
    rng = np.random.default_rng(int(1000 * std))
    for weight, bias in _weights_and_biases(net):
        weight.tensor = rng.normal(0, std, weight.shape)
        if bias is not None:
            bias.tensor = rng.normal(0, std if biases else 0, bias.shape)


def he_weights(net: Layer) -> None:
    """Draw all weights by He's rule, and set the biases to 0."""
    for weight, bias in _weights_and_biases(net):
        weight.tensor = he_normal(weight.shape)
        if bias is not None:
            fill(bias, 0.0)


def glorot_weights(net: Layer) -> None:
    """Draw all weights as Keras does: Glorot's uniform rule, biases 0."""
    for weight, bias in _weights_and_biases(net):
        weight.tensor = xavier_uniform(weight.shape)
        if bias is not None:
            fill(bias, 0.0)


def _weights_and_biases(net: Layer) -> Iterator[tuple[Parameter, Parameter | None]]:
    """Those of the linear layers and convolutions; norms keep their ones."""
    for _, layer in net.layers_inside():
        if isinstance(layer, (Conv1D, Conv2D, Linear)):
            yield layer.weight, layer.bias


def fill(parameter: Parameter, value: np.ndarray | float) -> None:
    """Set the values of a parameter."""
    parameter.tensor = np.broadcast_to(np.asarray(value, parameter.dtype), parameter.shape)
