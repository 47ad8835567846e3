"""A look at one training step: an observer of the net, and what it has seen in numbers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tinynet.core import Parameter
from tinynet.layers import Dropout, Dropout2D, Layer
from tinynet.net.tuples import as_tuple
from tinynet.probe.statistics.bins import N_BINS, histograms
from tinynet.probe.statistics.units import Units, share_dead, share_saturated, some_rows, units_of

#: What is known of each layer at each look, a number.
NUMBERS = ("mean", "spread", "dead", "saturated", "gradient_norm", "update_ratio")
#: What may be counted in histograms; the first always is.
HISTOGRAMS = ("outputs", "weights", "gradients")


class Seen(NamedTuple):
    """What a look has seen of L layers."""

    numbers: dict[str, np.ndarray]  #: From each of NUMBERS to (L,); NaN where a layer has no such number.
    histograms: dict[str, np.ndarray]  #: From some of HISTOGRAMS to (L, N_BINS).


class Watched(NamedTuple):
    """A layer that is looked at, with the parameters that it holds itself, not inside another layer."""

    path: str
    layer: Layer
    parameters: list[Parameter]
    units: Units


def layers_to_watch(net: Layer) -> list[Watched]:
    """The layers that learn or that change the numbers: not those that only hold others, and no dropout.

    Example:
        >>> from tinynet.layers import Linear, ReLU
        >>> from tinynet.net import Net, Residual
        >>> [found.path for found in layers_to_watch(Net([Residual([Linear(2, 2), ReLU()]), Dropout(0.5)]))]
        ['0.body.0', '0.body.1']
    """
    found = []
    for path, layer in net.layers_inside():
        parts = [part for _, part in layer.parts()]
        own = [part for part in parts if isinstance(part, Parameter)]
        is_leaf = not any(isinstance(part, Layer) for part in parts)
        if own or (is_leaf and not isinstance(layer, (Dropout, Dropout2D))):
            found.append(Watched(path, layer, own, units_of(layer)))
    return found


class Look:
    """Watch a net through one training step.

    It is made before the step, which runs inside `with net.watch(look)`. Where a layer runs several times, the last
    time counts.

    Args:
        watched: What `layers_to_watch` gave.
        most: How many outputs of each layer to look at.
        deep: Whether to count weights and gradients in histograms too.
    """

    def __init__(self, watched: list[Watched], most: int, deep: bool = False) -> None:
        self.watched, self.most, self.deep = watched, most, deep
        self.index = {one.path: index for index, one in enumerate(watched)}
        self.numbers = {name: np.full(len(watched), np.nan) for name in NUMBERS}
        self.rows: dict[int, np.ndarray] = {}
        self.gradients: dict[int, np.ndarray] = {}
        self.before = [[parameter.tensor.copy() for parameter in one.parameters] for one in watched]
        self._axis: int | None = None

    def on_forward(self, path: str, layer: Layer, x: Any, y: Any) -> None:
        index, y = self.index.get(path), as_tuple(y)[0]
        if index is None:
            return
        units = self.watched[index].units
        self._axis = units.axis_after(self._axis)
        if not _is_filled(y) or not (self.watched[index].parameters or _is_alike(x, y)):
            return
        rows = some_rows(y, self._axis, self.most)
        self.rows[index] = rows
        self.numbers["dead"][index] = share_dead(y, self._axis, rows)
        if units.slope is not None:
            self.numbers["saturated"][index] = share_saturated(units.slope(rows))

    def on_backward(self, path: str, layer: Layer, dy: Any, dx: Any) -> None:
        index = self.index.get(path)
        if index is None:
            return
        gradients = [parameter.gradient for parameter in self.watched[index].parameters if parameter.trainable]
        if gradients:
            self.numbers["gradient_norm"][index] = norm(gradients)
            if self.deep:
                self.gradients[index] = _some(gradients, self.most)

    def seen(self, n_added: int = 1, updated: bool = True) -> Seen:
        """What was seen, once the step is over.

        Args:
            n_added: Over how many batches the gradients have been added up.
            updated: Whether the step has changed the weights.
        """
        self.numbers["gradient_norm"] /= n_added
        if updated:
            for index, (one, before) in enumerate(zip(self.watched, self.before, strict=True)):
                self.numbers["update_ratio"][index] = update_ratio(one.parameters, before)
        counts = {"outputs": self._summarize()}
        if self.deep:
            weights = [[parameter.tensor for parameter in one.parameters] for one in self.watched]
            counts["weights"] = self._counted({i: _some(w, self.most) for i, w in enumerate(weights) if w})
            counts["gradients"] = self._counted(self.gradients)
        return Seen(self.numbers, counts)

    def _summarize(self) -> np.ndarray:
        """Mean, spread and histogram of the outputs of all layers, in one pass over all of them."""
        if self.rows:
            layers, flat, sizes = list(self.rows), *_joined(self.rows)
            starts = np.cumsum(sizes) - sizes
            with np.errstate(over="ignore", invalid="ignore"):
                means = np.add.reduceat(flat, starts, dtype=np.float64) / sizes
                deviations = flat - np.repeat(means, sizes)
                variances = np.add.reduceat(deviations * deviations, starts) / sizes
            self.numbers["mean"][layers], self.numbers["spread"][layers] = means, np.sqrt(variances)
        return self._counted(self.rows)

    def _counted(self, values: dict[int, np.ndarray]) -> np.ndarray:
        if not values:
            return np.zeros((len(self.watched), N_BINS), np.int64)
        flat, sizes = _joined(values)
        return histograms(flat, np.repeat(list(values), sizes), len(self.watched))


def norm(arrays: list[np.ndarray]) -> float:
    """The root of the sum of all squares, also of numbers whose squares are beyond the range of their type.

    Example:
        >>> norm([np.array([3.0]), np.array([[4.0]])])
        5.0
        >>> f"{norm([np.array([3e-30, 4e-30], np.float32)]):.6g}"
        '5e-30'
    """
    with np.errstate(over="ignore"):
        return float(np.sqrt(sum(_squares(array.ravel()) for array in arrays)))


def _squares(values: np.ndarray) -> float:
    total = float(np.dot(values, values))
    if not 1e-30 < total < np.inf and values.dtype != np.float64:
        wide = values.astype(np.float64)
        total = float(np.dot(wide, wide))
    return total


def update_ratio(parameters: list[Parameter], before: list[np.ndarray]) -> float:
    """The size of an update against that of the weights, ‖Δθ‖ / ‖θ‖, over all parameters of a layer that can learn.

    Args:
        parameters: As they are after the update.
        before: Copies of what they were; they are used up.

    Example:
        >>> weight = Parameter(np.array([3.0, 4.0]))
        >>> update_ratio([weight], before=[np.array([6.0, 8.0])])
        0.5
    """
    learning = [(one.tensor, old) for one, old in zip(parameters, before, strict=True) if one.trainable]
    size = norm([old for _, old in learning])
    return norm([np.subtract(new, old, out=old) for new, old in learning]) / size if size else float("nan")


def _joined(values: dict[int, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """All numbers in one row, and how many are of each layer."""
    return np.concatenate([part.ravel() for part in values.values()]), np.array([part.size for part in values.values()])


def _some(arrays: list[np.ndarray], most: int) -> np.ndarray:
    """About `most` numbers of the arrays together, taken at equal distances."""
    step = -(-sum(array.size for array in arrays) // most)
    return np.concatenate([array.ravel()[::step] for array in arrays])


def _is_filled(y: Any) -> bool:
    return isinstance(y, np.ndarray) and y.dtype.kind == "f" and y.ndim > 0 and y.size > 0


def _is_alike(x: Any, y: np.ndarray) -> bool:
    return isinstance(x, np.ndarray) and x.shape == y.shape
