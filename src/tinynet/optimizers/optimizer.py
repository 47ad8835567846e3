"""The base class of every optimizer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks.vocabulary import at_least, number, optional, rate
from tinynet.core.faster import faster
from tinynet.optimizers.clipping import check_parameters, clip_gradient_norm, clip_gradient_value
from tinynet.optimizers.schedules import Schedule


class Optimizer(ABC):
    """An update rule: how a gradient changes the values of a parameter.

    A subclass writes `update(parameter)`, which reads `parameter.gradient` and changes `parameter.tensor`. What a rule
    keeps from step to step, such as a velocity, lives here and not in the parameter: `self.slot(name, parameter)` is an
    array like the tensor, zero at first. An optimizer is for one net.

    Args:
        lr: The learning rate ε, at least 0, or a schedule: a function of the number of steps done so far.
        clip_norm: If given, all gradients together are scaled down to this norm where theirs is greater.
        clip_value: If given, every number of the gradients is cut to the range from −clip_value to clip_value.
        gradient_accumulation_steps: Each update uses the mean gradient over this many calls of `step`; what is left at
            the end of an epoch makes an update of its own, see `finish`.

    Raises:
        ValueError: A rate is negative, a count is below 1, or the optimizer is given the parameters of a second net.

    Example:
        >>> class SignDescent(Optimizer):
        ...     def update(self, parameter):
        ...         parameter.tensor -= self.learning_rate * np.sign(parameter.gradient)
        >>> weight = Parameter(np.zeros(2))
        >>> weight.accumulate([3.0, -0.1])
        >>> SignDescent(lr=0.5).step({"weight": weight}); weight.tensor
        array([-0.5,  0.5], dtype=float32)
    """

    lr: float | Schedule
    clip_norm: float | None
    clip_value: float | None
    gradient_accumulation_steps: int

    def __init__(
        self,
        lr: float | Schedule,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        gradient_accumulation_steps: int = 1,
    ) -> None:
        checks.arguments(
            self,
            locals(),
            lr=rate,
            clip_norm=optional(number(above=0)),
            clip_value=optional(number(above=0)),
            gradient_accumulation_steps=at_least(1),
        )
        self.n_calls = 0
        self.n_steps = 0
        self._slots: dict[Parameter, dict[str, np.ndarray]] = {}
        self._counts: dict[Parameter, int] = {}
        self._of_its_net: set[Parameter] = set()

    @abstractmethod
    def update(self, parameter: Parameter) -> None:
        """Apply the rule to one parameter."""

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next update."""
        if not callable(self.lr):
            return self.lr
        return checks.number(type(self).__name__, f"lr({self.n_steps})", self.lr(self.n_steps), minimum=0)

    @property
    def rules(self) -> tuple[Optimizer, ...]:
        """The optimizers that apply a rule: this one, or those of the groups."""
        return (self,)

    def rule_of(self, path: str, parameter: Parameter) -> Optimizer:
        """The optimizer that applies its rule to a parameter: this one, or the one of its group."""
        return self

    def in_groups(self, parameters: dict[str, Parameter]) -> list[tuple[Optimizer, dict[str, Parameter]]]:
        """The optimizers inside this one, each with the parameters that it updates; none in a plain rule."""
        return []

    @property
    def is_adding_up(self) -> bool:
        """Whether the last call of `step` changed no weight, because more gradients will be added first."""
        return self.n_calls % self.gradient_accumulation_steps > 0

    def step(self, parameters: dict[str, Parameter]) -> None:
        """Update every trainable parameter and clear the gradients.

        Args:
            parameters: From path to parameter, as `net.parameters()` gives them.
        """
        self.belongs_to(parameters)
        self.n_calls += 1
        if self.n_calls % self.gradient_accumulation_steps == 0:  # else more gradients will be added before the update
            self._update_with_mean(parameters, self.gradient_accumulation_steps)

    def finish(self, parameters: dict[str, Parameter]) -> None:
        """Update with the gradients that have been added since the last update, if there are any.

        Example:
            >>> from tinynet.optimizers import SGD
            >>> weight, rule = Parameter(np.zeros(1)), SGD(lr=0.5, gradient_accumulation_steps=4)
            >>> weight.accumulate([3.0]); rule.step({"weight": weight}); weight.tensor.item()
            0.0
            >>> rule.finish({"weight": weight}); weight.tensor.item()
            -1.5
        """
        check_parameters(f"{type(self).__name__}.finish", parameters)
        n_added = self.n_calls % self.gradient_accumulation_steps
        if n_added:
            self.n_calls += self.gradient_accumulation_steps - n_added  # those that did not come count as done
            self._update_with_mean(parameters, n_added)

    def start(self, parameters: dict[str, Parameter]) -> None:
        """Begin a training: forget the gradients that an interrupted one has left."""
        self.belongs_to(parameters)
        self.n_calls -= self.n_calls % self.gradient_accumulation_steps
        for parameter in parameters.values():
            parameter.zero_gradient()

    def belongs_to(self, parameters: dict[str, Parameter]) -> None:
        """Check that these parameters, or some of them, are of the net that the optimizer has updated before."""
        check_parameters(f"{type(self).__name__}.step", parameters)
        if parameters and self._of_its_net.isdisjoint(parameters.values()) and self.n_calls:
            problem = "it has updated another net, and its step count and memory belong to that one."
            hint = "make an optimizer for each net; in a loop over folds, inside the loop."
            checks.fail(type(self).__name__, problem, hint)
        self._of_its_net.update(parameters.values())  # at the first step, or layers were added

    def _update_with_mean(self, parameters: dict[str, Parameter], n_added: int) -> None:
        trainable = {path: parameter for path, parameter in parameters.items() if parameter.trainable}
        if n_added > 1:
            for parameter in trainable.values():
                parameter.gradient /= n_added
        if self.clip_norm is not None:
            clip_gradient_norm(trainable.values(), self.clip_norm)
        if self.clip_value is not None:
            clip_gradient_value(trainable.values(), self.clip_value)
        self.update_all(trainable)
        self.n_steps += 1

    @faster
    def update_all(self, parameters: dict[str, Parameter]) -> None:
        """Apply the rule to each of the parameters, and clear its gradient."""
        for parameter in parameters.values():
            self.update(parameter)
            parameter.zero_gradient()

    def slot(self, name: str, parameter: Parameter, start: float = 0.0) -> np.ndarray:
        """The array that this rule keeps under `name` for a parameter, filled with `start` at first. Write into it."""
        slots = self._slots.setdefault(parameter, {})
        kept = slots.get(name)
        if kept is None:
            kept = slots[name] = np.full_like(parameter.tensor, start)
        elif kept.dtype != parameter.dtype:
            kept = slots[name] = kept.astype(parameter.dtype)
        return kept

    def count(self, parameter: Parameter) -> int:
        """Count this update of the parameter, and return how many there have been: 1 at the first."""
        self._counts[parameter] = self._counts.get(parameter, 0) + 1
        return self._counts[parameter]

    def state(self, parameters: dict[str, Parameter]) -> dict[str, Any]:
        """Copies of all that the rule keeps, by path, as in {"0.weight": {"velocity": …}}, and the step counts."""
        check_parameters(f"{type(self).__name__}.state", parameters)
        kept = {path: self._slots.get(parameter, {}) for path, parameter in parameters.items()}
        return {
            "n_calls": self.n_calls,
            "n_steps": self.n_steps,
            "counts": {path: self._counts.get(parameter, 0) for path, parameter in parameters.items()},
            "slots": {path: {name: array.copy() for name, array in slots.items()} for path, slots in kept.items()},
        }

    def load_state(self, state: dict[str, Any], parameters: dict[str, Parameter]) -> None:
        """Take over what `state` gave, for the parameters at the same paths."""
        who = f"{type(self).__name__}.load_state"
        check_parameters(who, parameters)
        _check_state(who, state)
        self._check_paths(list(state["slots"]), list(parameters))
        for path, slots in state["slots"].items():
            for name, array in slots.items():
                checks.same_shape(f"{type(self).__name__}: {name} of {path}", np.shape(array), parameters[path].shape)
        self.n_calls, self.n_steps = state["n_calls"], state["n_steps"]
        self._of_its_net = set(parameters.values())
        self._counts = {parameters[path]: count for path, count in state["counts"].items() if count}
        self._slots = {
            parameters[path]: {name: np.array(array) for name, array in slots.items()}
            for path, slots in state["slots"].items()
        }

    def _check_paths(self, got: list[str], expected: list[str]) -> None:
        missing, unexpected = sorted(set(expected) - set(got)), sorted(set(got) - set(expected))
        problems = [
            f"{what}: {', '.join(paths)}" for what, paths in (("missing", missing), ("unexpected", unexpected)) if paths
        ]
        if problems:
            checks.fail(type(self).__name__, f"the state does not fit these parameters; {'; '.join(problems)}.")


def _check_state(who: str, state: Any) -> None:
    """Check that a state has the entries that `Optimizer.state` gives, each of its kind."""
    if not isinstance(state, dict) or not {"n_calls", "n_steps", "counts", "slots"} <= state.keys():
        checks.fail(who, f"expected what state(parameters) gave, got {checks.of_kind(state)}.", kind=TypeError)
    for name in ("n_calls", "n_steps"):
        checks.integer(who, name, state[name], minimum=0)
    for name in ("counts", "slots"):
        checks.instance(who, name, state[name], dict)
    for path, count in state["counts"].items():
        checks.integer(who, f"the count of {path}", count, minimum=0)
    for path, slots in state["slots"].items():
        for name, array in checks.instance(who, f"the entry of {path}", slots, dict).items():
            checks.floating_input(who, array, f"{name} of {path}")
