"""Values that a layer computes on the way and does not keep: p of attention, da of each step of a recurrent layer.

A trace answers for them by name, as for the others. They are computed from what was recorded, at the first question.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinynet.probe.derived.attention import attention_values
from tinynet.probe.derived.recurrent import recurrent_values
from tinynet.probe.trace import LayerStep, Trace

Values = dict[str, np.ndarray]

#: From the kind of a layer to a function that gives its further values by name.
DERIVED: dict[str, Callable[[Trace, LayerStep], Values]] = {
    "MultiHeadAttention": attention_values,
    "RNN": recurrent_values,
    "LSTM": recurrent_values,
    "GRU": recurrent_values,
}


def derived_values(trace: Trace, path: str) -> Values:
    """The further values of a layer by their names, without the path; none for most kinds.

    Example:
        >>> from tinynet.layers import MultiHeadAttention
        >>> from tinynet.losses import mean_squared_error
        >>> from tinynet.probe import trace
        >>> step = trace(MultiHeadAttention(2, 1), np.ones((1, 3, 2)), np.zeros((1, 3, 2)), mean_squared_error)
        >>> derived_values(step, "")["p"][0, 0, 0].round(2)  # three equal places
        array([0.33, 0.33, 0.33])
    """
    step = trace.layers[path]
    function = DERIVED.get(step.kind)
    return {} if function is None else function(trace, step)
