"""What a row of the tables holds: how the values of a layer, a loss or an update rule are explained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from tinynet.probe.explain.expressions import Expression, Index
from tinynet.probe.explain.views import LayerView, LossView, ParameterView


@dataclass(frozen=True)
class LayerRow:
    """How the values of one class of layer are explained.

    Attributes:
        output: (layer, index, part) -> the expression of y[index]; `part` counts the outputs, 0 if there is only one.
        input_gradient: (layer, index, part) -> the expression of ∂L/∂x[index]; `part` counts the inputs.
        parameter_gradient: (layer, name, index) -> the expression of ∂L/∂W[index] for the parameter of that name.
        memory: From what forward remembered to (layer, index) -> the expression of that number.
        on_the_way: (layer, short name, index) -> the expression of a number that the layer remembered or computed on
            the way, for names that `memory` does not list, as "passes.0.gates".
        inside: (layer, short name, index) -> the expression of a number that the layer gives to a layer inside it, as
            "branches.1.dy"; None if those are its own inputs and gradients.
        cut: Which numbers the layer has set to zero: from "y" or "dx" to layer -> (the reason, an array of bools).
        keeps_places: Whether each number depends on the one at the same place of x, also after a change of shape; then
            what was cut before the layer is cut after it.
        carry: For other layers, how it is cut after them: from "y" or "dx" to (layer, an array of bools like x or dy)
            -> one like y or dx.
    """

    output: Callable[[LayerView, Index, int], Expression]
    input_gradient: Callable[[LayerView, Index, int], Expression]
    parameter_gradient: Callable[[LayerView, str, Index], Expression] | None = None
    memory: dict[str, Callable[[LayerView, Index], Expression]] = field(default_factory=dict)
    on_the_way: Callable[[LayerView, str, Index], Expression] | None = None
    inside: Callable[[LayerView, str, Index], Expression] | None = None
    cut: dict[str, Callable[[LayerView], tuple[str, np.ndarray]]] = field(default_factory=dict)
    keeps_places: bool = False
    carry: dict[str, Callable[[LayerView, np.ndarray], np.ndarray]] = field(default_factory=dict)


@dataclass(frozen=True)
class LossRow:
    """How a loss is explained.

    Attributes:
        loss: (loss) -> the expression of the number.
        gradient: (loss, index, part) -> the expression of ∂L/∂p[index]; `part` counts the outputs of the net.
        terms: (loss, index) -> the expression of the terms of the loss whose index starts so: (7,) for sample 7.
        memory: From a value on the way, "S" for "loss.S", to (loss, index) -> the expression of that number.
    """

    loss: Callable[[LossView], Expression]
    gradient: Callable[[LossView, Index, int], Expression]
    terms: Callable[[LossView, Index], Expression] | None = None
    memory: dict[str, Callable[[LossView, Index], Expression]] = field(default_factory=dict)


@dataclass(frozen=True)
class OptimizerRow:
    """How an update rule is explained.

    Attributes:
        update: (parameter, index) -> the expression of w[index] after the step.
        slots: From what the rule keeps to (parameter, index) -> the expression of that number after the step.
    """

    update: Callable[[ParameterView, Index], Expression]
    slots: dict[str, Callable[[ParameterView, Index], Expression]] = field(default_factory=dict)
