"""Signs in the update: its direction and its size."""

from __future__ import annotations

from math import isfinite

import numpy as np

from tinynet.core import streams
from tinynet.net.tuples import as_tuple
from tinynet.probe.doctor import trials
from tinynet.probe.doctor.case import Case
from tinynet.probe.doctor.course import unfinished
from tinynet.probe.doctor.diagnosis import Diagnosis, Experiment, Span, figure, graded
from tinynet.probe.doctor.settings import unused, with_rate, with_setting
from tinynet.probe.doctor.skill import ERRORS
from tinynet.probe.doctor.walk import dead_share

MIN_COSINE = 0.3  #: Between update and gradient. From it on a step goes uphill.
MIN_SKILL = 0.4  #: That a higher rate reaches in some steps, and the whole training did not.
MIN_EPS = 1e-10


def uphill(case: Case) -> Diagnosis | None:
    """The first update goes along the gradient, and not against it."""
    if not case.may_try or not case.first_batches:
        return None
    cosine = _cosine_of_first_step(case)
    if not cosine > MIN_COSINE:
        return None
    losses = trials.unchanged(case).losses
    seen = (
        f"the first update and the gradient have the cosine {cosine:.2f}; the loss goes from {figure(losses[0])} to "
        f"{figure(losses[-1])} in {len(losses)} steps"
    )
    why = "The gradient points to where the loss grows: a step against it is right, one along it makes the loss larger."
    return Diagnosis("sign", "problem", 0.97, seen, why, "parameter.tensor -= lr * parameter.gradient  # minus")


def _cosine_of_first_step(case: Case) -> float:
    x, y = case.first_batches[0]
    net = case.copy_of_net()
    streams.go_to(epoch=1, step=1)
    try:
        _, gradient = case.loss(net.forward(*as_tuple(x)), y)
        net.backward(*as_tuple(gradient))
        along = {path: parameter.gradient.copy() for path, parameter in net.parameters().items() if parameter.trainable}
        net.zero_gradient()
        before = {path: parameter.tensor.copy() for path, parameter in net.parameters().items()}
        streams.go_to(epoch=1, step=1)
        trials.step_for(case, net, case.loss, unused(case.optimizer))(x, y)
    except (FloatingPointError, *ERRORS):
        return float("nan")
    after = net.parameters()
    product = sum(float(np.vdot(along[path], after[path].tensor - before[path])) for path in along)
    moved = sum(float(np.square(after[path].tensor - before[path], dtype=np.float64).sum()) for path in along)
    steep = sum(float(np.square(g, dtype=np.float64).sum()) for g in along.values())
    return product / np.sqrt(moved * steep) if moved and steep else float("nan")


def accumulated(case: Case) -> Diagnosis | None:
    """A second step on the same batch has the gradient of both."""
    if not case.may_try or not case.first_batches or case.optimizer.gradient_accumulation_steps > 1:
        return None
    x, y = case.first_batches[0]
    net = case.copy_of_net()
    step = trials.step_for(case, net, case.loss, with_rate(0.0)(unused(case.optimizer)))
    norms = []
    try:
        for _ in range(3):
            streams.go_to(epoch=1, step=1)
            step(x, y)
            norms.append(sum(float(np.abs(parameter.gradient).sum()) for parameter in net.parameters().values()))
    except (FloatingPointError, *ERRORS):
        return None
    if not norms[0] or not norms[1] > 1.5 * norms[0] or not norms[2] > 2.5 * norms[0]:
        return None
    seen = (
        f"three steps on the same batch leave gradients in the ratio 1 : {norms[1] / norms[0]:.1f} : "
        f"{norms[2] / norms[0]:.1f}"
    )
    why = "backward adds to the gradients; where nobody clears them, each step follows the sum of all batches so far."
    return Diagnosis(
        "accumulate", "problem", 0.95, seen, why, "net.zero_gradient()  # after each update; optimizer.step does it"
    )


def rate_too_high(case: Case) -> Diagnosis | None:
    """Steps so long that the loss grows, or jumps about: a tenth, or less, goes down."""
    if case.goes_well:
        return None
    if not case.may_try:
        return _rose(case)
    if not case.first_batches:
        return None
    before = trials.unchanged(case)
    if not case.fitted and not _grows(before.losses):
        return None
    if _decay(case) and trials.helps(trials.compare(case, trials.Change(optimizer=with_setting(weight_decay=0.0)))):
        return None  # a lower rate would help against the decay too, because it is multiplied by the rate
    for long, factors in ((False, (0.1, 0.01, 0.001)), (True, (0.1, 0.01))):
        for factor in factors:
            change = trials.Change(f"lr={figure(case.rate * factor)}", optimizer=with_rate(factor))
            experiment = trials.compare(case, change, long=long)
            if trials.helps(experiment) or _falls(experiment, case.first_skill):
                return _too_high(case, experiment, factor)
        if not case.goes_badly or "lr-high" in case.explained:
            return None
    return None if case.ended_by else _rose(case)


def _too_high(case: Case, experiment: Experiment | None, factor: float) -> Diagnosis:
    rate = case.rate
    failed = experiment is not None and not isfinite(experiment.unchanged[-1])
    level, weight = graded(case.goes_badly or (failed and not case.fitted), 0.7, 0.45)
    ended = f"; training ended: {case.ended_by}" if case.ended_by else ""
    seen = f"with lr={rate:g} {_fate(experiment)}, and with {figure(rate * factor)} it falls{ended}"
    why = "A step beyond the valley lands higher up on the other side; the next one is longer still."
    fix = f"{type(case.optimizer).__name__}(lr={figure(rate * factor)})"
    return Diagnosis("lr-high", level, weight, seen, why, fix, when=_rising(case), experiment=experiment)


def _rising(case: Case) -> Span | None:
    """The step at which training ended, or the epochs from the least loss on, if it rose since."""
    losses = [float(row["loss"]) for row in case.history if "loss" in row]
    if case.ended_by:
        return Span("step", case.n_steps + 1, case.n_steps + 1)
    if not losses or losses[-1] <= 1.02 * min(losses):
        return None
    epochs = [int(row.get("epoch", index + 1)) for index, row in enumerate(case.history)]
    return Span("epoch", epochs[int(np.argmin(losses))], epochs[-1])


def _falls(experiment: Experiment | None, first_skill: float) -> bool:
    """Whether the net gets better with the change, where the loss grew or was not finite without."""
    if experiment is None or not _grows(experiment.unchanged) or not isfinite(experiment.changed[-1]):
        return False
    return experiment.skills[1] > first_skill + 0.01 or experiment.changed[-1] < 0.8 * experiment.changed[0]


def _fate(experiment: Experiment | None) -> str:
    losses = () if experiment is None else experiment.unchanged
    if losses and not isfinite(losses[-1]):
        return f"the loss is not finite after {len(losses)} steps"
    if losses and losses[-1] > losses[0]:
        return f"the loss rises from {figure(losses[0])} to {figure(losses[-1])} in {len(losses)} steps"
    return "the loss stays high"


def _grows(losses: tuple[float, ...]) -> bool:
    if not losses:
        return False
    return not isfinite(losses[-1]) or float(np.mean(losses[-3:])) > losses[0] + abs(losses[0])


def _rose(case: Case) -> Diagnosis | None:
    """What was learned is lost: the loss rose, or was not finite, or units died that were alive at first."""
    losses = [float(row["loss"]) for row in case.history if "loss" in row]
    if case.ended_by:
        return _high(case, f"training ended: {case.ended_by}")
    if case.goes_badly and len(losses) > 1 and _is_back(losses):
        return _high(case, f"the loss rose from {figure(min(losses))} to {figure(losses[-1])}")
    return _lost(case) or _died(case)


def _is_back(losses: list[float]) -> bool:
    """Whether the last loss is a fifth above the lowest; of losses below 0, as likelihoods have, a fifth of the way."""
    low = min(losses)
    return losses[-1] - low > 0.2 * (low if low >= 0 else max(losses) - low)


def _lost(case: Case) -> Diagnosis | None:
    """The first steps alone lead further than all of them: what was learned is lost."""
    if not case.may_try or not case.goes_badly or case.n_steps <= case.n_long:
        return None
    early = trials.unchanged(case, long=True)
    if not early.skill > max(case.skill, 0.0) + 0.3:
        return None
    return _high(
        case, f"the skill is {early.skill:.2f} after {case.n_long} steps and {case.skill:.2f} after {case.n_steps}"
    )


def _died(case: Case) -> Diagnosis | None:
    """Units died that were alive at first: a step was so long that it took them where no row reaches them."""
    first, last = dead_share(case.first_walk), dead_share(case.last_walk)
    if not case.goes_badly or last <= 2 * first + 0.3:
        return None
    return _high(case, f"{last:.0%} of the ReLU units are dead, at first it was {first:.0%}")


def _high(case: Case, seen: str) -> Diagnosis:
    why = "A step beyond the valley lands higher up on the other side; the next one is longer still."
    fix = f"{type(case.optimizer).__name__}(lr={figure(case.rate / 10)})"
    return Diagnosis("lr-high", "problem", 0.67, f"with lr={figure(case.rate)} {seen}", why, fix, when=_rising(case))


def _decay(case: Case) -> float:
    return max(float(getattr(rule, "weight_decay", 0.0) or 0.0) for rule in case.optimizer.rules)


def rate_too_low(case: Case) -> Diagnosis | None:
    """The loss falls steadily but hardly: a higher rate gets much further in as many steps."""
    if case.ended_by or not case.may_try or not (case.goes_badly or unfinished(case)):
        return None
    before = trials.unchanged(case)
    if _grows(before.losses) or not isfinite(before.skill):
        return None
    factor, experiment = _best_higher_rate(case)
    if experiment is None:
        return None
    old, new = figure(case.rate), figure(case.rate * factor)
    seen = f"with lr={old} the net has the skill {case.skill:.2f} after {case.n_steps} steps; {new} is faster"
    why = "Each step is so short that the minimum is many epochs away."
    level, weight = graded(case.goes_badly and experiment.skills[1] > MIN_SKILL, 0.56, 0.42)
    fix = f"{type(case.optimizer).__name__}(lr={new})"
    return Diagnosis("lr-low", level, weight, seen, why, fix, experiment=experiment)


def _best_higher_rate(case: Case) -> tuple[float, Experiment | None]:
    """The first higher rate that is proof enough, or the best of those that help."""
    few, many = ((10.0, False), (3.0, False)), ((100.0, False), (10.0, True), (100.0, True), (1e3, True), (1e4, True))
    best: tuple[float, Experiment | None] = (1.0, None)
    for factor, long in few + many if case.goes_badly else few:
        change = trials.Change(f"lr={figure(case.rate * factor)}", optimizer=with_rate(factor))
        experiment = trials.compare(case, change, long=long)
        if experiment is None or not trials.helps(experiment) or experiment.changed[-1] >= experiment.unchanged[-1]:
            continue
        if best[1] is None or experiment.skills[1] > best[1].skills[1]:
            best = factor, experiment
        if not case.goes_badly or experiment.skills[1] > MIN_SKILL:
            break
    return best


def tiny_eps(case: Case) -> Diagnosis | None:
    """An adaptive rule whose eps is so small that weights without a gradient move by full steps."""
    rules = [rule for rule in case.optimizer.rules if 0 <= getattr(rule, "eps", 1.0) < MIN_EPS]
    if not rules:
        return None
    eps = rules[0].eps  # type: ignore[attr-defined]
    experiment = trials.compare(case, trials.Change("eps=1e-8", optimizer=with_setting(eps=1e-8)))
    gradients = np.concatenate([np.abs(p.gradient).reshape(-1) for p in _after_walk(case)])
    share = float(((gradients > 0) & (gradients < 1e-8)).mean()) if gradients.size else 0.0
    level, weight = graded(not (case.goes_well), 0.72, 0.55)
    if not case.fitted:
        level, weight = "remark", 0.55
    seen = (
        f"eps={eps:g}: {share:.1%} of the weights have a gradient below 1e-8 and still move by a full step of "
        f"lr={case.rate:g}"
    )
    why = (
        "The rule divides by √v̂ + eps. Where the gradient is almost 0, only eps keeps the step from being noise of "
        "full size."
    )
    return Diagnosis("eps", level, weight, seen, why, "Adam(eps=1e-8)", experiment=experiment)


def _after_walk(case: Case) -> list:
    walk = case.last_walk if case.fitted else case.first_walk
    return [part for place in walk.places for _, part in place.layer.parts() if hasattr(part, "gradient")]
