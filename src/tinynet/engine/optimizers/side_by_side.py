"""The lesson's own update, once for all parameters side by side in one array, where they have few numbers.

A NumPy operation takes as long for a hundred numbers as for one. Tensors and gradients are copied. The arrays that the
rule keeps for each parameter become views of one array for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinynet.core import Parameter
from tinynet.engine.optimizers.pieces import are_rows_apart
from tinynet.engine.serves import is_floating
from tinynet.optimizers import Optimizer


class SideBySide:
    """All parameters of a rule as one.

    Args:
        optimizer: The rule.
        parameters: Those that it updates.
        slots: The names of the arrays that it keeps for each, and their first values.
    """

    def __init__(self, optimizer: Optimizer, parameters: list[Parameter], slots: Mapping[str, float]) -> None:
        self.arrays = arrays_of(optimizer, parameters, slots)
        self.served = is_floating(*self.arrays) and are_rows_apart(self.arrays, 2 + len(slots))
        if not self.served:
            return
        self.tensors = [parameter.tensor.reshape(-1) for parameter in parameters]  # views
        self.gradients = [parameter.gradient.reshape(-1) for parameter in parameters]
        self.all = Parameter(np.concatenate(self.tensors), dtype=parameters[0].dtype)
        ends = np.cumsum([parameter.size for parameter in parameters])
        self.parts = np.split(self.all.tensor, ends[:-1])
        self.slots = {}
        for name in slots:
            self.slots[name] = np.concatenate([optimizer.slot(name, parameter).reshape(-1) for parameter in parameters])
            for parameter, part in zip(parameters, np.split(self.slots[name], ends[:-1]), strict=True):
                optimizer._slots[parameter][name] = part.reshape(parameter.shape)
        self.arrays = arrays_of(optimizer, parameters, slots)

    def update(self, optimizer: Optimizer, n_updates: int) -> None:
        """Apply the rule, after `n_updates` updates of each of the parameters."""
        np.concatenate(self.tensors, out=self.all.tensor)
        np.concatenate(self.gradients, out=self.all.gradient)
        optimizer._slots[self.all], optimizer._counts[self.all] = self.slots, n_updates
        try:
            optimizer.update(self.all)
        finally:
            del optimizer._slots[self.all], optimizer._counts[self.all]
        for w, g, part in zip(self.tensors, self.gradients, self.parts, strict=True):
            w[...] = part
            g.fill(0)


def arrays_of(optimizer: Optimizer, parameters: list[Parameter], slots: Mapping[str, float]) -> list[Any]:
    """Tensor, gradient and the arrays that the rule keeps, of one parameter after the other."""
    arrays: list[Any] = []
    for parameter in parameters:
        arrays += [parameter.tensor, parameter.gradient]
        arrays += [optimizer.slot(name, parameter, start) for name, start in slots.items()]
    return arrays
