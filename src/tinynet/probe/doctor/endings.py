"""Signs in the last activation and the loss: what the net can give against what it should give."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import numpy as np

from tinynet.net.tuples import as_tuple
from tinynet.probe.doctor import trials
from tinynet.probe.doctor.case import Case
from tinynet.probe.doctor.diagnosis import Diagnosis, figure
from tinynet.probe.doctor.skill import ERRORS, constant_loss, loss_value

MISSED = 0.02  #: The share of the loss of a constant that the last activation may cost before it is a problem.
FAR = 30.0  #: Stands for infinity where an output has no bound: e⁻³⁰ is nothing.


def refused(case: Case) -> Diagnosis | None:
    """The first batch is refused: its shapes do not fit together."""
    if not case.refusal:
        return None
    sentence, _, hint = case.refusal.partition("\nHint: ")
    name = "labels" if "expected labels from" in sentence else "loss" if "from 0 to 1" in sentence else "shape"
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
    experiment = trials.compare(
        case, trials.Change("the last activation taken out", trials.with_layer(place.path, _none))
    )
    fix = "net = Net(list(net)[:-1])  # the loss wants logits"
    return Diagnosis("softmax2", "problem", 0.93, seen, why, fix, place.path, experiment=experiment)


def _two_layers(case: Case) -> Diagnosis | None:
    """Two softmax layers behind each other."""
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
    fix = (
        "Learner(net, cross_entropy, ...)  # or end the net in Softmax()"
        if output.shape[-1] > 1
        else ("Learner(net, binary_cross_entropy_with_logits, ...)  # or end the net in Sigmoid()")
    )
    return Diagnosis("no-softmax", "problem", 0.94, seen, why, fix, case.ending.path if case.ending else "")


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
    if facts.takes == "probabilities" and facts.several and not sums:
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
    seen = f"the net ends in a softmax, whose outputs sum to 1, and the targets of a row sum to {_values(totals)}"
    why = "A softmax chooses one of several. Where several can be true at once, or none, each needs a yes or no of its own."
    fix = "Learner(net, binary_cross_entropy_with_logits, ...)  # without the softmax; for numbers mean_squared_error"
    return Diagnosis("out-act", "problem", 0.9, seen, why, fix, where)


def _unreachable(case: Case, make: Any, ending: str) -> Diagnosis | None:
    """The range of the outputs does not reach the targets: part of the loss stays whatever is learned."""
    (low, high, _), values = case.output_range, case.truth.values
    if values is None or (case.loss_facts.takes != "logits" and low <= values.min() and values.max() <= high):
        return None
    floor, chance = _least_loss(case), constant_loss(case.loss, case.first_output, case.y)
    if not np.isfinite(floor) or not np.isfinite(chance) or floor <= MISSED * abs(chance):
        return None
    seen = f"{ending}; the loss cannot fall below {figure(floor)}, and a constant has {figure(chance)}"
    if case.loss_facts.takes == "numbers" and values is not None:
        outside = float(((values < low) | (values > high)).mean())
        seen = f"{ending}, and {outside:.0%} of the targets lie outside: they go from {_range_text(values.min(), values.max())}"
        seen = seen.replace("go from from", "go from")
    why = "No weights can make up for an output that cannot be reached."
    level = "problem" if not case.goes_well else "remark"
    return (
        make(seen, why, "net = Net(list(net)[:-1])  # no activation behind the last Linear")
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
    fix = "net = Net(list(net)[:-1])  # no activation behind the last Linear"
    level, weight = ("problem", 0.9) if bad else ("remark", 0.45)
    return Diagnosis("out-act", level, weight, seen, why, fix, where, experiment=experiment)  # type: ignore[arg-type]


def _least_loss(case: Case) -> float:
    """The loss of the best output that the last activation can give; NaN if that is not known."""
    (low, high, _), values = case.output_range, case.truth.values
    if values is None or not case.loss_facts.takes:
        return np.nan
    lowest, highest = max(low, -FAR), min(high, FAR)
    best = np.clip(values, low, high)
    if case.loss_facts.takes == "logits":
        best = np.where(values > 0.5, highest, lowest)
    elif case.loss_facts.takes == "log-probabilities":
        return np.nan
    elif case.loss_facts.takes == "probabilities":
        best = np.clip(best, 1e-6, 1 - 1e-6)
    return loss_value(case.loss, best.astype(case.first_output.dtype), case.y)


def unfit_loss(case: Case) -> Diagnosis | None:
    """The loss does not fit the kind of targets."""
    return _truth_outside(case) or _signs_for_classes(case) or _only_yes(case) or _distance_for_classes(case)


def _truth_outside(case: Case) -> Diagnosis | None:
    """A loss for yes and no gets targets below 0 or above 1, at which it has no lower bound."""
    y, facts = case.y, case.loss_facts
    if not isinstance(y, np.ndarray) or y.dtype.kind not in "biuf" or case.truth.kind == "classes":
        return None
    outside = float(((y < 0) | (y > 1)).mean())
    if not outside or facts.several or facts.takes not in ("probabilities", "logits"):
        return None
    codes = case.truth.kind == "codes"
    what = f"{len(np.unique(y))} classes" if codes else "numbers"
    seen = (
        f"{loss_name(case)} is for targets from 0 to 1, and {outside:.0%} of them are outside: {what} from {_values(y)}"
    )
    why = "Outside 0 and 1 the loss has no lower bound: it falls below zero while nothing is learned."
    fix = (
        "Learner(net, cross_entropy, ...)  # with an output for each class"
        if codes
        else "Learner(net, mean_squared_error, ...)"
    )
    return Diagnosis("loss", "problem", 0.95, seen, why, fix)


def _signs_for_classes(case: Case) -> Diagnosis | None:
    """The absolute error, whose gradient says nothing about the distance, for classes."""
    if not case.loss_facts.only_signs or case.truth.kind not in ("classes", "binary", "codes"):
        return None
    level = "remark" if case.goes_well else "problem"
    seen = f"the targets are classes, and the gradient of {loss_name(case)} has the same size whatever the distance"
    why = "The absolute error is least at the median, which is one of the classes; a sigmoid behind it makes even that slow."
    fix = "Learner(net, cross_entropy, ...)  # or binary_cross_entropy_with_logits, without the last activation"
    return Diagnosis("loss", level, 0.95 if level == "problem" else 0.5, seen, why, fix)  # type: ignore[arg-type]


def _only_yes(case: Case) -> Diagnosis | None:
    """A loss of one output per row that no row with the target 0 changes."""
    y, output = case.y, case.first_output
    if case.truth.kind != "binary" or output.shape[-1] != 1 or case.loss_facts.ignores_output:
        return None
    no = y.reshape(len(y), -1)[:, 0] == 0
    if not no.any() or no.all():
        return None
    p = np.full_like(output, 0.4)
    other = np.where(no.reshape(-1, *[1] * (p.ndim - 1)), np.float32(0.6), p)
    at, moved = loss_value(case.loss, p, y), loss_value(case.loss, other, y)
    if not np.isfinite([at, moved]).all() or abs(at - moved) > 1e-9 * abs(at):
        return None
    seen = "for a row with the target 0 the loss is the same whatever the net says"
    why = "With one output, the cross-entropy for several classes knows only the yes: the net learns to say it always."
    return Diagnosis("loss", "problem", 0.95, seen, why, "Learner(net, binary_cross_entropy_with_logits, ...)")


def _distance_for_classes(case: Case) -> Diagnosis | None:
    """A squared distance for classes works, but it learns slowly from sure mistakes."""
    if case.truth.kind != "classes" or case.loss_facts.only_signs:
        return None
    if case.loss_facts.takes == "probabilities" and not case.loss_facts.several and case.output_range[2]:
        seen = f"{loss_name(case)} asks for a yes or no from each unit, and the net ends in a softmax over the classes"
        why = "It counts each of the many right no's, so the loss and its gradient are smaller, and the choice counts less."
        return Diagnosis(
            "loss", "remark", 0.4, seen, why, "Learner(net, cross_entropy, ...)  # without the last activation"
        )
    if case.loss_facts.takes != "numbers":
        return None
    seen = f"the targets are classes, and {loss_name(case)} measures distances"
    why = "Where a softmax or a sigmoid is surely wrong, the gradient of a distance is almost zero; that of the cross-entropy is not."
    return Diagnosis(
        "loss", "remark", 0.4, seen, why, "Learner(net, cross_entropy, ...)  # without the last activation"
    )


def wrong_gradient(case: Case) -> Diagnosis | None:
    """A loss whose gradient is not its derivative."""
    slope = case.loss_facts.slope
    if not np.isfinite(slope) or abs(slope - 1) < 0.02:
        return None
    fix = "check_loss(loss, predicted.shape, y)  # from tinynet.gradcheck; it says which number is wrong"
    if abs(slope + 1) < 0.02:
        seen = "along the gradient that the loss returns, the loss falls: the sign is wrong"
        return Diagnosis("sign", "problem", 0.97, seen, "Every step makes the loss larger.", fix)
    seen = f"the gradient that the loss returns promises a rise of 1, and the loss rises by {figure(slope)}"
    why = "The optimizer follows the gradient, not the number that is shown."
    level = "remark" if case.goes_well or 0.4 < slope < 2.5 else "problem"
    return Diagnosis("gradient", level, 0.9 if level == "problem" else 0.45, seen, why, fix)  # type: ignore[arg-type]


def broadcast(case: Case) -> Diagnosis | None:
    """Outputs (N, 1) minus targets (N,) are N × N differences."""
    facts = case.loss_facts
    if not facts.compares_all:
        return None
    shapes = f"predictions {np.shape(case.first_output)} and targets {np.shape(case.y)}"
    seen = f"the loss stays the same when the targets are exchanged between the rows: {shapes}"
    why = "(N, 1) minus (N,) has the shape (N, N): every prediction is compared with every target, and the mean is learned."
    return Diagnosis("broadcast", "problem", 0.96, seen, why, "y = y.reshape(-1, 1)  # the shape of the predictions")


def sum_for_mean(case: Case) -> Diagnosis | None:
    """The loss is a sum over the batch: its gradient grows with the batch."""
    if not case.loss_facts.sums:
        return None
    n = min(case.batch_size, len(case.train))
    experiment = trials.compare(case, trials.Change("the mean over the batch", loss=trials.as_mean(n)))
    bad = trials.helps(experiment) and not case.goes_well
    seen = f"twice the rows give twice the gradient: with a batch of {n} it is {n} times that of the mean"
    why = "The learning rate then depends on the batch size; with this one the steps are too long."
    level, weight = ("problem", 0.76) if bad or (case.goes_badly and n > 1) else ("remark", 0.6)
    fix = 'loss / len(y), gradient / len(y)  # or reduction="mean"'
    return Diagnosis("reduce", level, weight, seen, why, fix, experiment=experiment)  # type: ignore[arg-type]


def mixed_rows(case: Case) -> Diagnosis | None:
    """What the net says of a row depends on the other rows of the batch: an axis is taken for another."""
    inputs = as_tuple(case.sample[0])
    if len(inputs[0]) < 4 or not isinstance(case.output, np.ndarray):
        return None
    net = case.copy_of_net("last").eval()
    together = net.forward(*(part[:4] for part in inputs))
    alone = net.forward(*(part[:1] for part in inputs))
    if not isinstance(alone, np.ndarray) or together.shape[1:] != alone.shape[1:] or not np.isfinite(together).all():
        return None
    size = max(float(np.abs(together).max()), 1e-30)
    if float(np.abs(together[:1] - alone).max()) <= 1e-2 * size:
        return None
    seen = "in evaluation mode the output for a row changes when other rows stand beside it in the batch"
    why = "The rows of a batch are unrelated samples: a sum, a softmax or a reshape goes over the batch axis."
    return Diagnosis("reduce", "problem", 0.88, seen, why, "Softmax(axis=-1)  # and Reshape and sums without axis 0")


def unfit_metric(case: Case) -> Diagnosis | None:
    """A metric that does not tell good predictions from wild ones."""
    values, kind = case.truth.values, case.first_output.dtype
    if case.truth.kind not in ("numbers", "classes", "binary") or values is None or len(np.unique(values)) < 2:
        return None
    spread = float(values.std())
    near, far = values + 1e-3 * spread, np.roll(values, len(values) // 2 + 1, axis=0) + 2 * spread
    words = "miss by a thousandth of the spread", "for wild ones"
    if case.truth.kind != "numbers":
        near, far = values, 1 - values if values.shape[-1] == 1 else np.roll(values, 1, axis=-1)
        if case.loss_facts.takes == "logits":
            near, far = 20 * near - 10, 20 * far - 10
        words = "are all right", "where all are wrong"
    near, far = near.astype(kind), far.astype(kind)
    for name, metric in case.metrics.items():
        try:
            beside, off = float(metric(near, case.y)), float(metric(far, case.y))
        except ERRORS:
            continue
        if abs(beside - off) <= 0.05 * max(1.0, abs(off)):
            seen = f"{name} is {beside:.2f} for predictions that {words[0]}, and {off:.2f} {words[1]}"
            numbers = case.truth.kind == "numbers"
            why = (
                "Numbers are never hit exactly: a share of hits"
                if numbers
                else "A metric that cannot tell right from wrong"
            )
            fix = f"Learner(..., metrics=[{'mean_absolute_error' if numbers else 'accuracy'}])"
            return Diagnosis("metric", "problem", 0.6, seen, f"{why} says nothing about how good the net is.", fix)
    return None


def loss_name(case: Case) -> str:
    """What the loss is called."""
    function = getattr(case.loss, "func", case.loss)
    name = getattr(function, "__name__", type(function).__name__)
    return "the loss" if name == "<lambda>" else name


def _range_text(low: float, high: float) -> str:
    if np.isinf(low):
        return f"at most {figure(float(high))}"
    return f"at least {figure(float(low))}" if np.isinf(high) else f"from {figure(float(low))} to {figure(float(high))}"


def _values(y: np.ndarray) -> str:
    return f"{figure(float(y.min()))} to {figure(float(y.max()))}"
