"""One forward and one backward of a batch through a net, and a few numbers about each layer."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinynet.core import Parameter
from tinynet.layers import Layer
from tinynet.net import Net
from tinynet.net.tuples import as_tuple
from tinynet.probe.doctor.skill import ERRORS, Loss

MAX_SATURATED_SLOPE = 0.02  #: A unit is saturated where its slope is below this share of its largest.

N_SAMPLED = 50_000  #: Numbers of a large array that tell its size.
MIN_VALUES = 8  #: Of a unit, before it can be called dead.


@dataclass
class Place:
    """A layer without inner layers, as a batch passes through it.

    Attributes:
        path: Where it is in the net.
        layer: The layer.
        size: Root mean square of the outputs.
        varies: Spread of the outputs over the rows, as a share of their size: 0 where all rows give the same.
        dead: The share of units that are zero for every row; None if the layer does not cut off negative numbers.
        saturated: The share of outputs at which the slope is almost zero; None if the layer has no ends.
        kind: "weights", "relu", "squash", "softmax", "shape", "norm" or "other": what the layer does, by behaviour.
        multiply_adds: The multiply-adds of a row.
        n_outputs: The numbers that come out for a row.
        gradient_size: Root mean square of ∂L/∂y; NaN before a backward.
        parameter_gradients: Norm of the gradient of each own parameter, by its name.
    """

    path: str
    layer: Layer
    size: float
    varies: float
    dead: float | None
    saturated: float | None
    kind: str
    multiply_adds: int
    n_outputs: int
    gradient_size: float = float("nan")
    parameter_gradients: dict[str, float] = field(default_factory=dict)


class Walk:
    """The places of a net in the order in which a batch passes them.

    Args:
        net: A net that may be used up: its gradients and its memory change.
        x: The inputs of the batch.
        y: The truth; None for no backward.
        loss: The loss of the net.

    Attributes:
        places: One for each layer without inner layers.
        output: What the net gave.
        loss: The loss.
    """

    def __init__(self, net: Net, x: Any, y: Any = None, loss: Loss | None = None) -> None:
        self.places: list[Place] = []
        self._inner = {id(layer) for layer in net.every_layer() if any(isinstance(p, Layer) for _, p in layer.parts())}
        self.loss = float("nan")
        net.zero_gradient()
        with net.watch(self):
            self.output = net.forward(*as_tuple(x))
            if loss is not None:
                self.loss, gradient = loss(self.output, y)
                net.backward(*as_tuple(gradient))
        for place in self.places:
            own = {name: part for name, part in place.layer.parts() if isinstance(part, Parameter)}
            place.parameter_gradients = {name: _norm(part.gradient) for name, part in own.items()}

    def on_forward(self, path: str, layer: Layer, x: Any, y: Any) -> None:
        if id(layer) in self._inner or not isinstance(x, np.ndarray) or not isinstance(y, np.ndarray):
            return
        kind = kind_of(layer, x, y)
        dead = _dead_share(y) if kind == "relu" else None
        saturated = _saturated_share(layer, x, y) if kind == "squash" else None
        work = layer.multiply_adds(x, y) // max(1, len(x))
        self.places.append(
            Place(path, layer, _size(y), _varies(y), dead, saturated, kind, work, y.size // max(1, len(y)))
        )

    def on_backward(self, path: str, layer: Layer, dy: Any, dx: Any) -> None:
        for place in self.places:
            if place.path == path and isinstance(dy, np.ndarray):
                place.gradient_size = _size(dy)

    def weighted(self) -> list[Place]:
        """The places with a weight, from the input on; a bias or a norm alone is none."""
        return [place for place in self.places if place.kind == "weights"]


def dead_share(walk: Walk) -> float:
    """The mean share of dead units over all layers that cut off negative numbers; 0 without any."""
    shares = [place.dead for place in walk.places if place.dead is not None]
    return float(np.mean(shares)) if shares else 0.0


def kind_of(layer: Layer, x: np.ndarray, y: np.ndarray) -> str:
    """What a layer does with its input, found out by asking it.

    Example:
        >>> from tinynet.layers import Flatten, Linear, Tanh
        >>> x = np.ones((2, 3), np.float32)
        >>> [kind_of(layer, x, layer.forward(x)) for layer in (Linear(3, 2), Tanh(), Flatten())]
        ['weights', 'squash', 'shape']
    """
    own = [part for _, part in layer.parts() if isinstance(part, Parameter)]
    if any(part.tensor.ndim > 1 for part in own):
        return "weights"
    if own or hasattr(layer, "running_mean"):
        return "norm"
    if x.size == y.size and np.array_equal(x.reshape(-1), y.reshape(-1)) and not _bends(layer, x):
        return "shape"
    low, high, sums = output_range(layer, x)
    if sums:
        return "softmax"
    if np.isfinite([low, high]).all():
        return "squash"
    return "relu" if low == 0 and x.shape == y.shape else "other"


def output_range(layer: Layer, x: np.ndarray) -> tuple[float, float, bool]:
    """The lowest and the highest output that a layer without weights can give, and whether rows sum to 1.

    The layer is asked: inputs of the shape of x, from tiny to huge.

    Example:
        >>> from tinynet.layers import ReLU, Softmax, Tanh
        >>> x = np.ones((2, 3), np.float32)
        >>> [output_range(layer, x) for layer in (Tanh(), ReLU(), Softmax())]
        [(-1.0, 1.0, False), (0.0, inf, False), (0.0, 1.0, True)]
    """
    rng = np.random.default_rng(0)
    x = x[:8]
    tried = [rng.normal(0, scale, x.shape).astype(x.dtype) for scale in (1e-2, 1, 30, 1e6)]
    tried += [np.full_like(x, 1e6), np.full_like(x, -1e6)]
    outputs = [each for each in map(_asked(layer), tried) if each is not None and np.isfinite(each).all()]
    if not outputs:
        return -np.inf, np.inf, False
    low, high = min(float(y.min()) for y in outputs), max(float(y.max()) for y in outputs)
    sums = all(y.ndim > 1 and np.abs(y.sum(axis=-1) - 1).max() < 1e-3 and y.min() >= 0 for y in outputs)
    return (-np.inf if low < -1e3 else _round(low)), (np.inf if high > 1e3 else _round(high)), sums


def _asked(layer: Layer) -> Any:
    alone = deepcopy(layer).eval()  # a copy is not watched

    def ask(x: np.ndarray) -> np.ndarray | None:
        try:
            return alone.forward(x)
        except ERRORS:
            return None

    return ask


def _bends(layer: Layer, x: np.ndarray) -> bool:
    """Whether a layer that left x as it is, as a ReLU leaves positive numbers, changes other numbers."""
    y = _asked(layer)(-np.abs(x) - 1)
    return y is not None and (y.size != x.size or not np.array_equal(y.reshape(-1), (-np.abs(x) - 1).reshape(-1)))


def _round(value: float) -> float:
    return float(np.round(value, 3)) + 0.0


def _size(array: np.ndarray) -> float:
    part = array.reshape(-1)[:: 1 + array.size // N_SAMPLED]
    return float(np.sqrt(np.mean(np.square(part, dtype=np.float64)))) if part.size else 0.0


def _norm(array: np.ndarray) -> float:
    return float(np.sqrt(np.sum(np.square(array, dtype=np.float64))))


def _varies(y: np.ndarray) -> float:
    if y.dtype.kind != "f" or len(y) < 2:
        return float("nan")
    part = y.reshape(len(y), -1)[:, :: 1 + y.size // N_SAMPLED]
    spread = float(np.sqrt(np.mean(np.var(part, axis=0, dtype=np.float64))))
    return spread / max(_size(part), 1e-30)


def _dead_share(y: np.ndarray) -> float | None:
    """The share of units, or of channels, that are zero for every row and place; None if those are too few to tell."""
    over = (0, 2, 3) if y.ndim == 4 else tuple(range(y.ndim - 1))
    if np.prod([y.shape[axis] for axis in over]) < MIN_VALUES:
        return None
    return float((y == 0).all(axis=over).mean())


def _saturated_share(layer: Layer, x: np.ndarray, y: np.ndarray) -> float:
    """The share of numbers whose slope is below MAX_SATURATED_SLOPE of the largest of the layer, at or near 0."""
    ask, step = _asked(layer), x.dtype.type(1e-2)
    near, at_zero, at_step = ask(x + step), ask(np.zeros_like(x[:1])), ask(np.full_like(x[:1], step))
    if near is None or at_zero is None or at_step is None:
        return 0.0
    steepest = float(np.abs(at_step - at_zero).max())
    return float((np.abs(near - y) < MAX_SATURATED_SLOPE * steepest).mean())
