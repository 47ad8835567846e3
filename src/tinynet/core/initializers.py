"""Initial values of weights.

*Fan-in* is how many inputs are added up into one output, *fan-out* how many outputs one input reaches. A sum of fan-in
terms has a variance fan-in times that of a term, so weights whose variance is about 1 / fan-in keep the size of the
signal from layer to layer. With a larger variance signals would explode, with a smaller one they would vanish. A weight
has the shape (out, in) or, for a convolution, (out, in, *kernel): fan-in is then in · kernel size, fan-out out · kernel
size.

Each initializer is a function (shape, rng=None, ...) -> float64 array; rng is a NumPy generator, the package's
"weights" stream if None.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.streams import stream

Shape = tuple[int, ...]
Rng = np.random.Generator | None
_source: ContextVar[Any] = ContextVar("source of weights", default=None)  # the package's stream if None


def fans(shape: Shape) -> tuple[int, int]:
    """Fan-in and fan-out of a weight of shape (out, in, *kernel).

    Raises:
        ValueError: The shape has fewer than two axes.

    Example:
        >>> fans((16, 3, 5, 5))
        (75, 400)
    """
    return _fans("fans", shape)


def _fans(who: str, shape: Shape) -> tuple[int, int]:
    if len(checks.sizes(who, "shape", shape)) < 2:
        checks.fail(who, f"a weight of shape {shape} has no fan-in: it needs at least (out, in).")
    kernel = math.prod(shape[2:])
    return shape[1] * kernel, shape[0] * kernel


def uniform_fan_in(shape: Shape, rng: Rng = None, fan_in: int | None = None) -> np.ndarray:
    """Uniform in (-k, k) with k = 1/√fan_in: PyTorch's default for linear and convolution layers, biases included.

    Args:
        shape: The shape of the weight.
        rng: Where the numbers come from.
        fan_in: For a bias: the fan-in of its layer, because a bias has none of its own.

    Example:
        >>> bool(np.abs(uniform_fan_in((8, 4))).max() <= 0.5)
        True
    """
    fan_in = (
        _fans("uniform_fan_in", shape)[0]
        if fan_in is None
        else checks.integer("uniform_fan_in", "fan_in", fan_in, minimum=1)
    )
    k = 1 / math.sqrt(fan_in or 1)  # a weight without inputs is empty
    return _rng("uniform_fan_in", rng).uniform(-k, k, checks.sizes("uniform_fan_in", "shape", shape))


def xavier_uniform(shape: Shape, rng: Rng = None, gain: float = 1.0) -> np.ndarray:
    """Uniform with variance gain² · 2 / (fan_in + fan_out): Glorot and Bengio 2010, equation 16.

    Example:
        >>> bool(np.abs(xavier_uniform((2, 4))).max() <= 1)
        True
    """
    fan_in, fan_out = _fans("xavier_uniform", shape)
    k = _gain("xavier_uniform", gain) * math.sqrt(6 / (fan_in + fan_out or 1))
    return _rng("xavier_uniform", rng).uniform(-k, k, shape)


def xavier_normal(shape: Shape, rng: Rng = None, gain: float = 1.0) -> np.ndarray:
    """Normal with variance gain² · 2 / (fan_in + fan_out): Glorot and Bengio 2010.

    Example:
        >>> xavier_normal((2, 4)).shape
        (2, 4)
    """
    fan_in, fan_out = _fans("xavier_normal", shape)
    std = _gain("xavier_normal", gain) * math.sqrt(2 / (fan_in + fan_out or 1))
    return _rng("xavier_normal", rng).normal(0, std, shape)


def he_uniform(shape: Shape, rng: Rng = None) -> np.ndarray:
    """Uniform with variance 2 / fan_in, for layers before a ReLU, which halves the signal: He et al. 2015, equation 10.

    Example:
        >>> he_uniform((2, 4)).shape
        (2, 4)
    """
    k = math.sqrt(6 / (_fans("he_uniform", shape)[0] or 1))
    return _rng("he_uniform", rng).uniform(-k, k, shape)


def he_normal(shape: Shape, rng: Rng = None) -> np.ndarray:
    """Normal with variance 2 / fan_in: He et al. 2015, equation 10.

    Example:
        >>> he_normal((2, 4)).shape
        (2, 4)
    """
    return _rng("he_normal", rng).normal(0, math.sqrt(2 / (_fans("he_normal", shape)[0] or 1)), shape)


def normal(shape: Shape, rng: Rng = None, std: float = 0.02) -> np.ndarray:
    """Normal around 0 with standard deviation `std`.

    Example:
        >>> normal((2, 4), std=0.1).shape
        (2, 4)
    """
    std = checks.number("initializers.normal", "std", std, minimum=0)
    return _rng("normal", rng).normal(0, std, checks.sizes("initializers.normal", "shape", shape))


def orthogonal(shape: Shape, rng: Rng = None, gain: float = 1.0) -> np.ndarray:
    """Rows (or columns, where there are more rows) that are orthonormal, times `gain`: Saxe et al. 2014.

    Example:
        >>> W = orthogonal((3, 5))
        >>> bool(np.allclose(W @ W.T, np.eye(3)))
        True
    """
    _fans("orthogonal", shape)
    _gain("orthogonal", gain)
    rows, columns = shape[0], math.prod(shape[1:])
    Q, R = np.linalg.qr(_rng("orthogonal", rng).normal(size=(max(rows, columns), min(rows, columns))))
    Q *= np.sign(np.diag(R))  # makes Q uniform over all orthogonal matrices: Mezzadri 2007
    return gain * (Q if rows >= columns else Q.T).reshape(shape)


def zeros(shape: Shape, rng: Rng = None) -> np.ndarray:
    """All zero, for biases.

    Example:
        >>> zeros((3,))
        array([0., 0., 0.])
    """
    return np.zeros(checks.sizes("initializers.zeros", "shape", shape))


@contextmanager
def drawn_from(source: Any) -> Iterator[None]:
    """Inside this block, and in this thread only, weights are drawn from `source` where no generator is given.

    A net that is read from a file needs no random weights, only room for those of the file.

    Args:
        source: Whatever has `uniform(low, high, size)` and `normal(loc, scale, size)`, as NumPy's generators have.

    Example:
        >>> with drawn_from(np.random.default_rng(0)):
        ...     a = normal((2, 3))
        >>> bool((a == normal((2, 3), np.random.default_rng(0))).all())
        True
    """
    before = _source.set(source)
    try:
        yield
    finally:
        _source.reset(before)


def _gain(who: str, gain: float) -> float:
    if checks.number(who, "gain", gain, minimum=0) > float(np.finfo(np.float32).max):
        checks.fail(who, f"gain must fit into a float32, as the weights do, got {gain:g}.")
    return gain


def _rng(who: str, rng: Rng) -> np.random.Generator:
    if rng is not None:
        return checks.generator(who, rng)
    source = _source.get()
    return stream("weights") if source is None else source
