"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from tinynet.core import Parameter, checks
from tinynet.core.checks.vocabulary import flag, fraction, number
from tinynet.optimizers.optimizer import Optimizer
from tinynet.optimizers.schedules import Schedule


class SGD(Optimizer):
    """Step against the gradient: new = old − ε∇. With momentum, a velocity averages the gradients of earlier steps.

    Equation:
        g = ∇ + λ w             weight decay λ
        v ← μ v + g             momentum μ
        w ← w − ε v             with v = g where μ is 0
        w ← w − ε (g + μ v)     Nesterov: Sutskever et al. 2013, in PyTorch's form

    Args:
        lr: The learning rate ε, or a schedule.
        momentum: μ, at least 0 and below 1.
        weight_decay: λ, the strength of an L2 penalty ½λ‖w‖² on the parameters.
        nesterov: If True, look ahead along the velocity; this needs a momentum.
        options: `clip_norm` and `gradient_accumulation_steps`, see `Optimizer`.

    Raises:
        ValueError: A number is out of range, or nesterov is asked for without momentum.

    Example:
        >>> weight = Parameter(np.ones(1)); weight.accumulate([2.0])
        >>> SGD(lr=0.1).update(weight); weight.tensor
        array([0.8], dtype=float32)
    """

    momentum: float
    weight_decay: float
    nesterov: bool

    def __init__(
        self,
        lr: float | Schedule,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(lr, **options)
        checks.arguments(self, locals(), momentum=fraction, weight_decay=number(0), nesterov=flag)
        if nesterov and not momentum:
            checks.fail("SGD", "nesterov needs a momentum, got momentum=0.", "write momentum=0.9.")

    def update(self, parameter: Parameter) -> None:
        w, g = parameter.tensor, parameter.gradient
        if self.weight_decay:
            g = g + self.weight_decay * w
        if self.momentum:
            v = self.slot("velocity", parameter)  # kept from step to step, zero at first
            v[...] = self.momentum * v + g
            g = g + self.momentum * v if self.nesterov else v
        w -= self.learning_rate * g
