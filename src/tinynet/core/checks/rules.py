"""Checks of optimizers and what they are given."""

from __future__ import annotations

from typing import Any

from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.values import fraction
from tinynet.core.checks.words import fail


def betas(who: str, value: Any) -> tuple[float, float]:
    """Check a pair of numbers, each from 0 up to, but below, 1."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        fail(who, f"betas must be a pair of numbers, got {value!r}.", "write betas=(0.9, 0.999).", TypeError)
    return fraction(who, "betas[0]", value[0]), fraction(who, "betas[1]", value[1])


def matrix_parameter(who: str, shape: tuple[int, ...]) -> None:
    """Check that a parameter is a matrix, or can be seen as one."""
    if len(shape) < 2:
        fail(
            who,
            f"expected a parameter with at least two axes, got shape {shape_text(shape)}.",
            "give biases and norms to another rule: "
            "ParameterGroups([(lambda path, p: len(p.shape) > 1, Muon()), ('*', AdamW())]).",
        )


def group_states(who: str, state: Any, n_groups: int) -> list[Any]:
    """Check that a state is one of groups, and of as many, and return theirs."""
    if "groups" not in state:
        fail(who, f"expected the state of {n_groups} groups, got that of another rule.")
    if len(state["groups"]) != n_groups:
        fail(who, f"expected the state of {n_groups} groups, got {len(state['groups'])}.")
    return state["groups"]


def optimizer_groups(who: str, groups: Any, kind: type) -> None:
    """Check a list of pairs (pattern or function, optimizer), in which no optimizer stands twice."""
    if not isinstance(groups, (list, tuple)) or not groups:
        fail(who, f"groups must be a list of pairs (pattern, optimizer), got {groups!r}.", kind=TypeError)
    for group in groups:
        fits = isinstance(group, (tuple, list)) and len(group) == 2
        if not fits or not (isinstance(group[0], str) or callable(group[0])) or not isinstance(group[1], kind):
            fail(who, f"a group must be a pair (pattern, optimizer), got {group!r}.", kind=TypeError)
    if len({id(optimizer) for _, optimizer in groups}) < len(groups):
        fail(who, "one optimizer stands in two groups.", "make one for each group.")
