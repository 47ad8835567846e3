"""All rules, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy, deepcopy
from typing import Any

import numpy as np

from tinynet.core import checks, streams
from tinynet.probe.doctor import (
    course,
    endings,
    labels,
    losses,
    neighbours,
    rates,
    rows,
    scales,
    trials,
    units,
    weights,
    width,
)
from tinynet.probe.doctor.case import Case
from tinynet.probe.doctor.causes import explained_by, settled
from tinynet.probe.doctor.diagnosis import Diagnoses, Diagnosis
from tinynet.probe.doctor.skill import ERRORS

Rule = Callable[[Case], Any]
#: Those that ask about outputs, targets and the loss: where the net gives one array of outputs.
OF_OUTPUTS: list[Rule] = [
    endings.softmax_over_one,
    endings.softmax_twice,
    endings.no_softmax,
    endings.unfit_activation,
    losses.unfit_loss,
    losses.wrong_gradient,
    losses.silent_rows,
    losses.broadcast,
    losses.sum_for_mean,
    losses.mixed_rows,
    losses.unfit_metric,
    labels.one_class,
    labels.missing_classes,
    labels.imbalance,
    neighbours.misaligned,
    neighbours.contradicting,
    neighbours.no_signal,
    neighbours.unrelated_validation,
    rows.padding,
    rows.sorted_data,
    scales.targets,
]
#: Those that ask about the inputs, the weights and the course of the training.
OF_TRAINING: list[Rule] = [
    rows.leak,
    scales.inputs,
    scales.validation,
    weights.symmetric,
    weights.too_wide,
    weights.useless_bias,
    units.hidden_softmax,
    units.missing_activation,
    units.dead_units,
    units.saturated_units,
    units.vanishing,
    units.exploding,
    units.batch_norm,
    rates.tiny_eps,
    rates.rate_too_high,
    course.unfinished,
    course.overfitted,
    course.too_much_dropout,
    course.few_updates,
    course.stuck,
]
#: Those that try steps.
TRYING: list[Rule] = [
    weights.untouched,
    weights.frozen,
    rates.uphill,
    rates.accumulated,
]
#: Those that try several rates or settings, by the name of their diagnosis: for what nothing else explains.
LAST: dict[str, Rule] = {"width": width.too_narrow, "reg-much": course.too_much_decay, "lr-low": rates.rate_too_low}
#: Those that hold where the first batch is refused.
OF_DATA: list[Rule] = [rows.leak, scales.validation]


def diagnose(case: Case) -> Diagnoses:
    """Examine a training.

    Nothing changes in it: the doctor works on copies of the net, the optimizer and the transforms, and puts the random
    streams back.

    Args:
        case: The training. With `may_try=False` nothing is trained again, which takes less than a second; then only
            what is certain without an experiment is called a problem.

    Returns:
        The diagnoses, problems first, each in order of weight; empty if nothing is wrong.

    Example:
        >>> from tinynet.data import digits
        >>> from tinynet.layers import Flatten, Linear, Softmax
        >>> from tinynet.losses import cross_entropy
        >>> from tinynet.net import Net
        >>> from tinynet.optimizers import SGD
        >>> net = Net([Flatten(), Linear(64, 10), Softmax()])
        >>> diagnose(Case(net, cross_entropy, SGD(lr=0.1), digits()[0])).names()
        ['softmax2']
    """
    case = copy(checks.instance("diagnose", "case", case, Case, "write Case(net, loss, optimizer, train)."))
    case.explained = set()
    case.train, case.valid = _undisturbed(case.train), _undisturbed(case.valid)
    with streams.place_kept(), np.errstate(all="ignore"):
        return settled(_found(case))


def _found(case: Case) -> Iterator[Diagnosis]:
    refusal = endings.refused(case)
    if refusal is not None:
        yield refusal
    rules = OF_DATA if case.refusal else _rules(case)
    for rule in rules:
        for each in _asked(rule, case):
            case.explained |= explained_by(each)
            yield each
    for name, rule in LAST.items() if rules is not OF_DATA and case.may_try else ():
        if name not in case.explained:
            yield from _asked(rule, case)


def _rules(case: Case) -> list[Rule]:
    if not case.usual_step and not (case.may_try and trials.has_usual_loss(case)):
        return TRYING if case.may_try else []  # what the net and the loss are for is not known
    has_one_output = isinstance(case.first_output, np.ndarray) and case.first_output.ndim > 1
    return (OF_OUTPUTS if has_one_output else []) + OF_TRAINING + (TRYING if case.may_try else [])


def _asked(rule: Rule, case: Case) -> list[Diagnosis]:
    """What a rule says; nothing where a loss or a layer of a user's own refuses the question."""
    try:
        given = rule(case)
        return [] if given is None else [given] if isinstance(given, Diagnosis) else list(given)
    except ERRORS:
        return []


def _undisturbed(data: Any) -> Any:
    """The same data, read through a copy of their transform, which may have a generator of its own."""
    if getattr(data, "transform", None) is None or not hasattr(data, "with_transform"):
        return data
    return data.with_transform(deepcopy(data.transform))
