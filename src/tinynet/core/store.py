"""The flat memory behind the parameters of a net.

A net with fifty parameters has a hundred small arrays, and an optimizer that visits each spends its time in Python.
So a net packs its parameters side by side into one `Store`, and an optimizer then updates a whole *run* of neighbours
with one array operation. This is an optimisation and never a meaning: a run is found afresh at every update, so a
parameter that has moved, is shared, or is frozen only makes the runs shorter.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tinynet.core.parameter import Parameter


class Store:
    """One flat array of values and one of gradients, in which parameters have their places.

    Args:
        size: How many numbers fit in.
        dtype: Their floating type.

    Example:
        >>> Store(6, np.float32).gradients
        array([0., 0., 0., 0., 0., 0.], dtype=float32)
    """

    def __init__(self, size: int, dtype: np.dtype | type) -> None:
        self.tensors = np.zeros(size, dtype)
        self.gradients = np.zeros(size, dtype)


class Run:
    """Neighbouring parameters of one store, seen as one long parameter.

    It has the `tensor` and `gradient` of a Parameter, both flat, so an elementwise update rule needs no second form.

    Args:
        parameters: Parameters that lie side by side in one store, in order.

    Example:
        >>> from tinynet.core import Parameter
        >>> parameters = [Parameter(np.zeros((2, 2))), Parameter(np.ones(2))]
        >>> pack(parameters); Run(parameters).tensor
        array([0., 0., 0., 0., 1., 1.], dtype=float32)
    """

    def __init__(self, parameters: list[Parameter]) -> None:
        first, last = parameters[0], parameters[-1]
        self.parameters = parameters
        self.tensor = first.store.tensors[first.start : last.start + last.size]  # (sum of sizes,)
        self.gradient = first.store.gradients[first.start : last.start + last.size]

    def zero_gradient(self) -> None:
        """Set every gradient of the run to zero."""
        self.gradient[...] = 0


def pack(parameters: Iterable[Parameter]) -> None:
    """Move parameters side by side into one new store per dtype, values and gradients kept.

    Args:
        parameters: The parameters, in the order in which they shall lie.

    Example:
        >>> from tinynet.core import Parameter
        >>> a, b = Parameter(np.ones(2)), Parameter(np.ones(3))
        >>> pack([a, b])
        >>> a.store is b.store, b.start
        (True, 2)
    """
    by_dtype: dict[np.dtype, list[Parameter]] = {}
    for parameter in parameters:
        by_dtype.setdefault(parameter.dtype, []).append(parameter)
    for dtype, group in by_dtype.items():
        store = Store(sum(parameter.size for parameter in group), dtype)
        start = 0
        for parameter in group:
            tensor, gradient = parameter.tensor, parameter.gradient
            parameter.place(store, start, parameter.shape)
            parameter.tensor, parameter.gradient = tensor, gradient
            start += parameter.size


def runs(parameters: Iterable[Parameter], alike: Callable[[Parameter], Hashable] = lambda parameter: None) -> list[Run]:
    """Merge the trainable parameters that lie side by side into runs.

    Args:
        parameters: In any order; frozen ones are left out.
        alike: Only parameters for which this gives equal values join one run.

    Returns:
        The runs, in the order of the parameters.

    Example:
        >>> from tinynet.core import Parameter
        >>> a, b = Parameter(np.ones(2)), Parameter(np.ones(3))
        >>> len(runs([a, b]))
        2
        >>> pack([a, b]); len(runs([a, b]))
        1
    """
    merged: list[list[Parameter]] = []
    for parameter in parameters:
        if not parameter.trainable:
            continue
        last = merged[-1][-1] if merged else None
        neighbours = last is not None and last.store is parameter.store and last.start + last.size == parameter.start
        if last is not None and neighbours and alike(last) == alike(parameter):
            merged[-1].append(parameter)
        else:
            merged.append([parameter])
    return [Run(group) for group in merged]
