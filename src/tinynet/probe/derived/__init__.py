"""Values that a layer computes on the way and does not keep: p of attention, da of a recurrent step, σ of a norm.

A trace answers for them by name, as for the others. They are computed from what was recorded, at the first question.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np

from tinynet.probe.derived import attention, norms, recurrent
from tinynet.probe.trace import LayerStep, Trace, joined

#: From the kind of a layer to the file that has `names(step)`, and `compute(trace, step, name)`.
DERIVED: dict[str, ModuleType] = {
    "MultiHeadAttention": attention,
    "RNN": recurrent,
    "LSTM": recurrent,
    "GRU": recurrent,
    "BatchNorm1D": norms,
    "BatchNorm2D": norms,
    "LayerNorm": norms,
    "GroupNorm": norms,
    "RMSNorm": norms,
}


def derived_names(step: LayerStep) -> list[str]:
    """The names of the values on the way of a layer, without its path; none for most kinds.

    Example:
        >>> from tinynet.layers import MultiHeadAttention
        >>> from tinynet.losses import mean_squared_error
        >>> from tinynet.probe import trace
        >>> step = trace(MultiHeadAttention(2, 1), np.ones((1, 3, 2)), np.zeros((1, 3, 2)), mean_squared_error)
        >>> derived_names(step.layers[""])
        ['scores', 'p', 'do', 'ds', 'dv', 'dq', 'dk']
        >>> step["p"][0, 0, 0].round(2).tolist()  # three equal places
        [0.33, 0.33, 0.33]
    """
    return DERIVED[step.kind].names(step) if step.built_in and step.kind in DERIVED else []


def derive(trace: Trace, path: str, name: str) -> dict[str, np.ndarray]:
    """A value on the way of the layer at a path, and those that come with it, by their names in the trace.

    Example:
        >>> from tinynet.layers import RNN
        >>> from tinynet.losses import mean_squared_error
        >>> from tinynet.probe import trace
        >>> step = trace(RNN(2, 1), np.ones((1, 3, 2)), np.zeros((1, 3, 1)), mean_squared_error)
        >>> sorted(derive(step, "", "passes.0.da"))
        ['passes.0.da', 'passes.0.dh', 'passes.0.dx', 'passes.0.dy']
    """
    step = trace.layers[path]
    values = DERIVED[step.kind].compute(trace, step, name)
    return {joined(path, short): array for short, array in values.items()}
