"""Where the first NaN or infinity of a training step comes from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.arrays import as_array, is_array
from tinynet.layers import Layer
from tinynet.net.net import ERRORS
from tinynet.net.tuples import as_tuple, one_or_tuple
from tinynet.optimizers import Optimizer
from tinynet.probe.not_finite.cause import bad_place, cause_of, is_bad
from tinynet.probe.not_finite.finding import NotFinite
from tinynet.probe.not_finite.replay import Loss, Place, Step, first_place, outcome_of, step_of
from tinynet.probe.not_finite.rows import bad_rows, row_of
from tinynet.probe.not_finite.update import where_in_update


def where_not_finite(net: Layer, x: Any, y: Any, loss: Loss, optimizer: Optimizer | None = None) -> NotFinite | None:
    """Run one training step on a batch, and name the first thing in it that is not finite.

    The step is forward, loss, backward and, with an optimizer, its update. Nothing changes: weights, gradients,
    statistics, what the optimizer keeps and the random streams are afterwards as they were. If the step is finite, it
    is run once; if not, about twenty times.

    Args:
        net: The net, or any layer.
        x: The inputs of the batch; a tuple becomes several inputs.
        y: The truth.
        loss: A function (predicted, ground_truth) -> (loss, gradient).
        optimizer: The update rule; updates are not looked at if None.

    Returns:
        What was found, which reads as a sentence: the layer, the pass, the sample, the operation and its operands. None
        if loss, gradients and updated weights are all finite.

    Raises:
        TypeError: net is not a layer, or optimizer not an optimizer.

    Example:
        >>> from tinynet.layers import Layer, Linear
        >>> from tinynet.losses import mean_squared_error
        >>> from tinynet.net import Net
        >>> class Log(Layer):
        ...     def forward(self, x):
        ...         self.remember(x=x)
        ...         return np.log(x)
        ...     def backward(self, dy):
        ...         return dy / self.recall().x
        >>> net, x = Net([Log(), Linear(1, 1)]), np.array([[2.0], [-0.3]], np.float32)
        >>> found = where_not_finite(net, x, np.zeros((2, 1)), mean_squared_error)
        >>> print(found)
        log of -0.3 = nan in layer 0 (Log), forward, row 1 of the batch. It stands in line ...: return np.log(x).
    """
    checks.instance("where_not_finite", "net", net, Layer)
    if optimizer is not None:
        checks.instance("where_not_finite", "optimizer", optimizer, Optimizer)
    checks.function("where_not_finite", "loss", loss, 2, "pass cross_entropy itself.")
    step = step_of(net, x, y, loss)
    return find(step) or (None if optimizer is None else where_in_update(step, optimizer))


def find(step: Step) -> NotFinite | None:
    """What is not finite in a step, up to its gradients; None if nothing is."""
    place = first_place(step)
    if place is None:
        return None
    return _in_data(step, place) or _in_weights(step, place) or _in_pass(step, place)


def _in_data(step: Step, place: Place) -> NotFinite | None:
    """What the batch held already, if without it the step is finite, or goes wrong elsewhere."""
    dtype = next(iter(step.nets.values())).dtype
    for name, given in (("x", step.x), ("y", step.y)):
        parts: list[Any] = [part if part is None else as_array(part) for part in as_tuple(given)]
        bad = [_outside(part, dtype) for part in parts]
        index = next((index for index, marks in enumerate(bad) if marks.any()), None)
        if index is None:
            continue
        clean = [np.where(marks, 0, part) if marks.any() else part for part, marks in zip(parts, bad, strict=True)]
        cleaned: dict[str, Any] = {name: one_or_tuple(clean)}
        if not place.is_at(first_place(replace(step, **cleaned))):
            at = tuple(map(int, np.argwhere(bad[index])[0]))
            path = f"{name}.{index}" if len(parts) > 1 else name
            n_samples = len(np.unique(np.argwhere(bad[index])[:, 0]))
            return NotFinite("data", path, "", float(parts[index][at]), at, None, at[0], n_samples=n_samples)
    return None


def _outside(x: Any, dtype: Any) -> Any:
    """Where numbers of the data are not finite, or are not once they have the type of the net."""
    if x is None or x.dtype.kind != "f":
        return np.zeros(np.shape(x), bool)
    with np.errstate(over="ignore"):
        return ~np.isfinite(x.astype(dtype))


def _in_weights(step: Step, place: Place) -> NotFinite | None:
    """A weight or a statistic that is not finite, if without it the step is, or goes wrong elsewhere."""
    found = [(path, array) for path, array in _arrays(step) if is_bad(array)]
    if not found:
        return None
    with step.again():
        for _, array in found:
            array[~np.isfinite(array)] = 0
        if place.is_at(first_place(step)):
            return None
    return bad_weight(*found[0])


def bad_weight(path: str, array: np.ndarray) -> NotFinite:
    """What is found where a weight holds a NaN or an infinity.

    Example:
        >>> bad_weight("0.bias", np.array([1.0, np.inf])).place
        (1,)
    """
    place = bad_place(array)
    return NotFinite("weights", path, "", float(array[place]), place)


def _arrays(step: Step) -> Iterator[tuple[str, np.ndarray]]:
    for path, parameter in step.parameters().items():
        yield path, parameter.tensor
    for prefix, net in step.nets.items():
        for path, layer in net.layers_inside(prefix):
            yield from ((f"{path}.{name}".lstrip("."), part) for name, part in layer.parts() if is_array(part))


def _in_pass(step: Step, place: Place) -> NotFinite:
    n_rows = next((len(part) for part in as_tuple(step.x) if np.ndim(part)), 0)
    call = place.call
    seen: Any
    if call is None:
        path, kind = "", name_of_loss(step.loss)
        with step.again():
            seen = step.loss(*place.arguments)
    else:
        path, kind = call.path, type(call.layer).__name__
        seen = call.y if place.found_in == "forward" else call.dx
    run = outcome_of(place, step)
    weights = set() if call is None else {parameter.shape for parameter in call.layer.parameters().values()}
    cause = cause_of(run, n_rows, weights)
    rows = bad_rows(seen, n_rows)
    operation = row = None
    if cause is not None:
        operation, row = cause.operation, row_of(cause, n_rows, weights)
    elif 0 < len(rows) < n_rows:
        row = rows[0]
    if row is None and call is None:
        row = _row_of_loss(step, place)
    value, where = _first_bad(seen, operation)
    return NotFinite(place.found_in, path, kind, value, where, operation, row, n_samples=len(rows))


def _row_of_loss(step: Step, place: Place) -> int | None:
    """The sample whose loss alone is not finite, if the loss takes single samples."""
    with step.again(), suppress(ERRORS):
        predicted, truth = place.arguments
        for row in range(len(predicted)):
            if is_bad(step.loss(predicted[row : row + 1], truth[row : row + 1])):
                return row
    return None


def _first_bad(seen: Any, operation: Any) -> tuple[float, tuple[int, ...]]:
    for array in as_tuple(seen):
        if is_bad(array):
            place = bad_place(as_array(array))
            return float(as_array(array)[place]), place
    return (float("nan") if operation is None else operation.result), ()


def name_of_loss(loss: Any) -> str:
    """The name of a loss, without the options that functools.partial has bound.

    Example:
        >>> from tinynet.losses import cross_entropy
        >>> name_of_loss(partial(cross_entropy, axis=1))
        'cross_entropy'
    """
    while isinstance(loss, partial):
        loss = loss.func
    return getattr(loss, "__name__", type(loss).__name__)
