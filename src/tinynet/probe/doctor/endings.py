"""Signs in the last activation and the loss: what the net can give against what it should give."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import numpy as np

from tinynet.probe.doctor import trials
from tinynet.probe.doctor.case import Case
from tinynet.probe.doctor.diagnosis import Diagnosis, Level, extent, figure, graded
from tinynet.probe.doctor.losses import loss_name
from tinynet.probe.doctor.settings import with_rate
from tinynet.probe.doctor.skill import constant_loss, loss_value

MAX_LOSS_SHARE = 0.02  #: Of the loss of a constant. If the last activation costs more, it is a problem.
INFINITE_OUTPUT = 30.0  #: Stands for infinity where an output has no bound: e⁻³⁰ is nothing.


def refused(case: Case) -> Diagnosis | None:
    """The first batch is refused: its shapes do not fit together."""
    if not case.refusal or not case.usual_step or (case.n_steps and not case.ended_by):
        return None  # a training of its own kind may call the net in another way
    sentence, _, hint = case.refusal.partition("\nHint: ")
    is_labels = "expected labels" in sentence and "of shape" not in sentence
    name = "labels" if is_labels else "loss" if "from 0 to 1" in sentence else "shape"
    why = "Nothing can be learned before the net, the loss and the targets agree about shapes and ranges."
    return Diagnosis(
        name, "problem", 1.0, f"the first batch is refused: {sentence}", why, hint or "net.summary(x.shape[1:])"
    )


def softmax_over_one(case: Case) -> Diagnosis | None:
    """A softmax over a single unit gives 1, whatever comes in."""
    for place in case.first_walk.places:
        seen = case.inputs_of.get(place.path)
        if place.kind == "softmax" and seen is not None and seen.shape[getattr(place.layer, "axis", -1)] == 1:
            return _softmax_over_one(place.path, "the softmax has one unit, so its output is 1 for every input")
    facts = case.loss_facts
    if facts.ignores_output and case.first_output.shape[-1] == 1:
        return _softmax_over_one("", "the loss has a softmax in it and the net one output: no output changes the loss")
    return None


def _softmax_over_one(where: str, seen: str) -> Diagnosis:
    why = "exp(x) / exp(x) = 1: the gradient is zero and nothing is learned."
    fix = "Net([..., Linear(n, 1), Sigmoid()])  # or two units; no activation at all for numbers"
    return Diagnosis("softmax1", "problem", 0.98, seen, why, fix, where)


def softmax_twice(case: Case) -> Diagnosis | None:
    """The net ends in probabilities, and the loss makes probabilities of them once more."""
    facts, (low, high, sums) = case.loss_facts, case.output_range
    place = case.ending
    if facts.takes != "logits" or facts.ignores_output or place is None:
        return _two_layers(case)
    twice = sums if facts.several else (low, high) == (0, 1)
    if not twice:
        return _two_layers(case)
    name = "softmax" if facts.several else "sigmoid"
    floor, chance = _least_loss(case), constant_loss(case.loss, case.first_output, case.y)
    seen = f"the net ends in probabilities, and {loss_name(case)} applies the {name} itself"
    if np.isfinite(floor):
        seen += f": the loss cannot fall below {figure(floor)}, a guess has {figure(chance)}"
    why = f"The second {name} sees only numbers from 0 to 1, so it is never sure and its gradient is small."
    without = trials.with_layer(place.path, _none)
    experiment = trials.compare(case, trials.Change("the last activation taken out", without))
    if not trials.helps(experiment):
        slower = trials.Change(
            "the last activation taken out and a tenth of the rate", without, optimizer=with_rate(0.1)
        )
        second = trials.compare(case, slower)  # without the second softmax the gradients are larger
        experiment = second if trials.helps(second) else experiment
    fix = "net = Net(list(net)[:-1])  # the loss wants logits"
    return Diagnosis("softmax2", "problem", 0.93, seen, why, fix, place.path, experiment=experiment)


def _two_layers(case: Case) -> Diagnosis | None:
    """Two softmax layers, one after the other."""
    places = [place for place in case.first_walk.places if place.kind != "shape"]
    for first, second in itertools.pairwise(places):
        if first.kind == second.kind == "softmax":
            why = "The second softmax sees only numbers from 0 to 1, so it is never sure and its gradient is small."
            seen = f"layers {first.path} and {second.path} are both a softmax"
            return Diagnosis("softmax2", "problem", 0.93, seen, why, f"# take out layer {first.path}", second.path)
    return None


def _none() -> None:
    return None


def no_softmax(case: Case) -> Diagnosis | None:
    """A loss for probabilities, or for their logarithms, gets raw scores, which may be negative or above 1."""
    facts, (low, high, sums) = case.loss_facts, case.output_range
    if facts.takes == "log-probabilities" and sums and case.truth.kind == "classes":
        return _without_logarithm(case)
    if facts.takes not in ("probabilities", "log-probabilities") or sums:
        return None
    if facts.takes == "log-probabilities" and case.truth.kind != "classes":
        return None  # a critic's loss is linear too
    output = case.first_output
    if facts.takes == "log-probabilities":
        if not np.isfinite(output).all() or np.abs(np.exp(output).sum(axis=-1) - 1).max() < 1e-2:
            return None
    elif np.isfinite([low, high]).all() or low >= 0:
        return None  # bounded, or cut off at zero: see `unfit_activation`
    share = float(((output < 0) | (output > 1)).mean())
    seen = f"{loss_name(case)} takes {facts.takes}, the net gives raw scores: {share:.0%} of them are not from 0 to 1"
    why = (
        "The logarithm of a negative number is NaN, and scores that do not sum to 1 let the loss fall without learning."
    )
    if facts.overlaps:
        why = "Where numbers are below 0 or above 1, an overlap can be more than all or less than nothing."
        return Diagnosis(
            "no-softmax", "problem", 0.94, seen, why, "Net([..., Sigmoid()])  # or Softmax over the classes"
        )
    fix = (
        "Learner(net, cross_entropy, ...)  # or end the net in Softmax()"
        if output.shape[-1] > 1
        else ("Learner(net, binary_cross_entropy_with_logits, ...)  # or end the net in Sigmoid()")
    )
    return Diagnosis("no-softmax", "problem", 0.94, seen, why, fix, case.ending.path if case.ending else "")


def _without_logarithm(case: Case) -> Diagnosis:
    """A loss that takes the logarithms of probabilities gets the probabilities themselves."""
    seen = f"{loss_name(case)} takes the logarithms of probabilities, and the net ends in probabilities"
    why = "Its gradient is then the same for a sure mistake and for a right answer, and the loss is no surprise but −p."
    fix = "Net([..., LogSoftmax()])  # or no activation and cross_entropy"
    return Diagnosis("loss", "problem", 0.95, seen, why, fix, case.ending.path if case.ending else "")


def unfit_activation(case: Case) -> Diagnosis | None:
    """The last activation cannot give what the targets or the loss ask for."""
    facts, (low, high, sums) = case.loss_facts, case.output_range
    place = case.ending
    if place is None or place.kind in ("weights", "norm") or not np.isfinite([low, high]).any():
        return None
    if sums and case.first_output.shape[-1] > 1:
        return _several_at_once(case, place.path)
    make = partial(Diagnosis, "out-act", "problem", 0.9, where=place.path)
    kind = type(place.layer).__name__
    ending = f"the net ends in {kind}, which gives {_range_text(low, high)}"
    if facts.takes == "probabilities" and facts.several and not facts.overlaps and not sums:
        seen = f"{ending}, and the loss takes probabilities that sum to 1"
        why = "Outputs that do not compete can all grow together: the loss falls without a choice between the classes."
        return make(seen, why, "Net([..., Linear(n, n_classes), Softmax()])  # or no activation and cross_entropy")
    if facts.takes == "probabilities" and not (low >= 0 and high <= 1):
        why = "The logarithm of 0, or of a number below it or above 1, is infinite or NaN."
        return make(f"{ending}, and the loss takes probabilities", why, "Net([..., Linear(n, 1), Sigmoid()])")
    if facts.takes == "logits" and (sums or (not facts.several and (low, high) == (0, 1))):
        return None  # see `softmax_twice`
    return _unreachable(case, make, ending) or _cut_off(case, kind, place.path)


def _several_at_once(case: Case, where: str) -> Diagnosis | None:
    """A softmax shares 1 between the units, and the targets of a row do not sum to 1."""
    values = case.truth.values
    if values is None or case.loss_facts.takes == "logits" or np.abs(values.sum(axis=-1) - 1).max() < 1e-3:
        return None
    totals = values.sum(axis=-1)
    seen = f"the net ends in a softmax, whose outputs sum to 1, and the targets of a row sum to {extent(totals)}"
    why = (
        "A softmax chooses one of several. Where several can be true at once, or none, each needs a yes or no of its "
        "own."
    )
    fix = "Learner(net, binary_cross_entropy_with_logits, ...)  # without the softmax; for numbers mean_squared_error"
    return Diagnosis("out-act", "problem", 0.9, seen, why, fix, where)


def _unreachable(case: Case, make: Any, ending: str) -> Diagnosis | None:
    """The range of the outputs does not reach the targets: part of the loss stays whatever is learned."""
    (low, high, _), values = case.output_range, case.truth.values
    if values is None or (case.loss_facts.takes != "logits" and low <= values.min() and values.max() <= high):
        return None
    floor, chance = _least_loss(case), constant_loss(case.loss, case.first_output, case.y)
    if not np.isfinite(floor) or not np.isfinite(chance) or floor <= MAX_LOSS_SHARE * abs(chance):
        return None
    seen = f"{ending}; the loss cannot fall below {figure(floor)}, and a constant has {figure(chance)}"
    if case.loss_facts.takes == "numbers" and values is not None:
        outside = float(((values < low) | (values > high)).mean())
        seen = (
            f"{ending}, and {outside:.0%} of the targets lie outside: they go from "
            f"{_range_text(values.min(), values.max())}"
        )
        seen = seen.replace("go from from", "go from")
    why = "No weights can make up for an output that cannot be reached."
    level: Level = "problem" if not case.goes_well else "remark"
    return (
        make(seen, why, "net = Net(list(net)[:-1])  # no activation after the last Linear")
        if level == "problem"
        else None
    )


def _cut_off(case: Case, kind: str, where: str) -> Diagnosis | None:
    """A ReLU in front of a loss for scores cuts off all that is negative."""
    low, high, _ = case.output_range
    if low != 0 or np.isfinite(high) or case.loss_facts.takes != "logits":
        return None
    experiment = trials.compare(case, trials.Change("the last activation taken out", trials.with_layer(where, _none)))
    bad = case.goes_badly or (not case.goes_well and trials.helps(experiment))
    seen = f"the net ends in {kind}, and {loss_name(case)} takes scores of any sign: none can be below 0"
    why = "A score that is cut off has no gradient; a class whose unit is dead is never learned."
    fix = "net = Net(list(net)[:-1])  # no activation after the last Linear"
    level, weight = graded(bad, 0.9, 0.45)
    return Diagnosis("out-act", level, weight, seen, why, fix, where, experiment=experiment)


def _least_loss(case: Case) -> float:
    """The loss of the best output that the last activation can give; NaN if that is not known."""
    (low, high, _), values = case.output_range, case.truth.values
    if values is None or not case.loss_facts.takes:
        return np.nan
    lowest, highest = max(low, -INFINITE_OUTPUT), min(high, INFINITE_OUTPUT)
    best = np.clip(values, low, high)
    if case.loss_facts.takes == "logits":
        best = np.where(values > 0.5, highest, lowest)
    elif case.loss_facts.takes == "log-probabilities":
        return np.nan
    elif case.loss_facts.takes == "probabilities":
        best = np.clip(best, 1e-6, 1 - 1e-6)
    return loss_value(case.loss, best.astype(case.first_output.dtype), case.y)


def _range_text(low: float, high: float) -> str:
    if np.isinf(low):
        return f"at most {figure(float(high))}"
    return f"at least {figure(float(low))}" if np.isinf(high) else f"from {figure(float(low))} to {figure(float(high))}"
