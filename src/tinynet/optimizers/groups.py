"""Different rules for different parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from tinynet.core import Parameter, checks
from tinynet.optimizers.clipping import check_parameters
from tinynet.optimizers.optimizer import Optimizer

Chooser = str | Callable[[str, Parameter], bool]


class ParameterGroups(Optimizer):
    """Give each parameter to the first optimizer whose pattern fits its path.

    Equation:
        w ← ruleᵢ(w), with the first i whose pattern fits the path of w

    Args:
        groups: Pairs (which, optimizer). `which` is a pattern for paths, as in "*.bias", "head.*" or "*" for the
            rest, or a function (path, parameter) -> bool.
        options: `clip_norm`, taken over all groups together, and `gradient_accumulation_steps`, see `Optimizer`.

    Raises:
        ValueError: A parameter fits no group, or one optimizer is in two groups.
        TypeError: A group is not such a pair.

    Example:
        >>> from tinynet.layers import Linear
        >>> from tinynet.net import Net
        >>> from tinynet.optimizers import SGD, AdamW
        >>> net = Net([Linear(4, 3), Linear(3, 2)])
        >>> rule = ParameterGroups([("*.bias", SGD(lr=0.1)), ("1.*", SGD(lr=0.01)), ("*", AdamW(weight_decay=0.1))])
        >>> net.update(rule)
        >>> ParameterGroups([("*.bias", SGD(lr=0.1))]).step(net.parameters())
        Traceback (most recent call last):
        ValueError: ParameterGroups: no group fits the parameter 0.weight.
        Hint: end the list with ("*", optimizer) for the rest.
    """

    def __init__(self, groups: Sequence[tuple[Chooser, Optimizer]], **options: Any) -> None:
        super().__init__(lr=0.0, **options)
        _check_groups(groups)
        self.groups = tuple((which, optimizer) for which, optimizer in groups)

    def update(self, parameter: Parameter) -> None:
        checks.fail("ParameterGroups", "update needs a path to choose by.", "call step(parameters).", RuntimeError)

    @property
    def learning_rate(self) -> float:
        """The learning rate of the last group, which takes the rest."""
        return self.groups[-1][1].learning_rate

    @property
    def rules(self) -> tuple[Optimizer, ...]:
        return tuple(rule for _, optimizer in self.groups for rule in optimizer.rules)

    def rule_of(self, path: str, parameter: Parameter) -> Optimizer:
        parts = self._divide({path: parameter})
        return next(
            optimizer.rule_of(path, parameter) for (_, optimizer), part in zip(self.groups, parts, strict=True) if part
        )

    def in_groups(self, parameters: dict[str, Parameter]) -> list[tuple[Optimizer, dict[str, Parameter]]]:
        return [(rule, part) for (_, rule), part in zip(self.groups, self._divide(parameters), strict=True)]

    @property
    def is_adding_up(self) -> bool:
        return super().is_adding_up or all(optimizer.is_adding_up for _, optimizer in self.groups)

    def state(self, parameters: dict[str, Parameter]) -> dict[str, Any]:
        parts = self._divide(parameters)
        states = [optimizer.state(part) for (_, optimizer), part in zip(self.groups, parts, strict=True)]
        return {"n_calls": self.n_calls, "n_steps": self.n_steps, "groups": states}

    def load_state(self, state: dict[str, Any], parameters: dict[str, Parameter]) -> None:
        _check_state(state, len(self.groups))
        for (_, optimizer), part, kept in zip(self.groups, self._divide(parameters), state["groups"], strict=True):
            optimizer.load_state(kept, part)
        self.n_calls, self.n_steps = (
            checks.integer("ParameterGroups", name, state.get(name), minimum=0) for name in ("n_calls", "n_steps")
        )
        self._of_its_net = set(parameters.values())
        for _, optimizer in self.groups:
            optimizer._of_its_net = self._of_its_net

    def finish(self, parameters: dict[str, Parameter]) -> None:
        super().finish(parameters)
        for (_, optimizer), part in zip(self.groups, self._divide(_trainable(parameters)), strict=True):
            optimizer.finish(part)

    def start(self, parameters: dict[str, Parameter]) -> None:
        super().start(parameters)
        for _, optimizer in self.groups:
            optimizer.start(parameters)

    def belongs_to(self, parameters: dict[str, Parameter]) -> None:
        super().belongs_to(parameters)
        for _, optimizer in self.groups:
            if optimizer._of_its_net is not self._of_its_net:  # what a group updates changes as parameters are frozen
                optimizer.belongs_to(parameters)
                optimizer._of_its_net = self._of_its_net

    def update_all(self, parameters: dict[str, Parameter]) -> None:
        for (_, optimizer), part in zip(self.groups, self._divide(parameters), strict=True):
            optimizer.step(part)

    def _divide(self, parameters: dict[str, Parameter]) -> list[dict[str, Parameter]]:
        check_parameters("ParameterGroups", parameters)
        parts: list[dict[str, Parameter]] = [{} for _ in self.groups]
        for path, parameter in parameters.items():
            fitting = (index for index, (which, _) in enumerate(self.groups) if _fits(which, path, parameter))
            index = next(fitting, None)
            if index is None:
                checks.fail(
                    "ParameterGroups",
                    f"no group fits the parameter {path}.",
                    'end the list with ("*", optimizer) for the rest.',
                )
            parts[index][path] = parameter
        return parts


def _trainable(parameters: dict[str, Parameter]) -> dict[str, Parameter]:
    return {path: parameter for path, parameter in parameters.items() if parameter.trainable}


def _fits(which: Chooser, path: str, parameter: Parameter) -> bool:
    return which(path, parameter) if callable(which) else fnmatchcase(path, which)


def _check_groups(groups: Any) -> None:
    if not isinstance(groups, (list, tuple)) or not groups:
        problem = f"groups must be a list of pairs (pattern, optimizer), got {groups!r}."
        checks.fail("ParameterGroups", problem, kind=TypeError)
    for group in groups:
        fits = isinstance(group, (tuple, list)) and len(group) == 2
        if not fits or not (isinstance(group[0], str) or callable(group[0])) or not isinstance(group[1], Optimizer):
            problem = f"a group must be a pair (pattern, optimizer), got {group!r}."
            checks.fail("ParameterGroups", problem, kind=TypeError)
    if len({id(optimizer) for _, optimizer in groups}) < len(groups):
        checks.fail("ParameterGroups", "one optimizer stands in two groups.", "make one for each group.")


def _check_state(state: Any, n_groups: int) -> None:
    if not isinstance(state, dict) or "groups" not in state:
        checks.fail("ParameterGroups", f"expected the state of {n_groups} groups, got that of another rule.")
    if not isinstance(state["groups"], (list, tuple)):
        problem = f"groups of a state must be a list, got {checks.of_kind(state['groups'])}."
        checks.fail("ParameterGroups", problem, kind=TypeError)
    if len(state["groups"]) != n_groups:
        checks.fail("ParameterGroups", f"expected the state of {n_groups} groups, got {len(state['groups'])}.")
