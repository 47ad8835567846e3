"""Signs in the course of a training: unfinished, stuck, over- and underfitted."""

from __future__ import annotations

from math import isfinite

import numpy as np

from tinynet.layers import Dropout, Dropout2D
from tinynet.net import Net
from tinynet.probe.doctor import trials
from tinynet.probe.doctor.case import Case
from tinynet.probe.doctor.diagnosis import Diagnosis, Experiment, Span, figure, graded
from tinynet.probe.doctor.settings import with_setting

MIN_FALL = 0.02  #: The share of its value by which a loss falls per epoch while it is still falling.
MIN_STRONG_DROPOUT = 0.65
MIN_SHARE_OF_SIZE = 0.3  #: Of the first size of the weights. Below it they have collapsed.


def unfinished(case: Case) -> Diagnosis | None:
    """The loss still falls by a clear share of its value in each epoch."""
    if not case.fitted or case.ended_by or not case.history:
        return None
    losses = [float(row["loss"]) for row in case.history if "loss" in row]
    valid = [float(row["valid_loss"]) for row in case.history if "valid_loss" in row]
    if len(losses) < 3:
        return _continued(case)
    if not np.isfinite(losses).all():
        return None
    k = max(2, len(losses) // 4)
    slope = _slope(losses[-k:]) / max(abs(losses[-1]), 1e-30)
    if slope > -MIN_FALL / max(1, len(losses) / 10) or (len(valid) > k and min(valid) < 0.98 * valid[-1]):
        return None
    if case.skill > 0.95:
        return None
    seen = (
        f"the loss still falls by {-slope:.1%} of its value per epoch, from {figure(losses[-k])} to "
        f"{figure(losses[-1])}"
    )
    why = "Training was stopped on the slope: more of the same goes on."
    when = Span("epoch", int(case.history[-k].get("epoch", 1)), int(case.history[-1].get("epoch", 1)))
    weight = 0.48 if case.goes_badly else 0.3
    return Diagnosis(
        "few-steps", "remark", weight, seen, why, f"learner.fit({2 * len(losses)})  # it continues", when=when
    )


def _continued(case: Case) -> Diagnosis | None:
    """After an epoch or two, a few more steps tell whether the net still gets better."""
    if not case.may_try or case.skill > 0.95:
        return None
    more = trials.unchanged(case, "last", long=True)
    if not more.skill > case.skill + 0.03:
        return None
    seen = (
        f"after {case.n_steps} steps, {len(more.losses)} more bring the skill from {case.skill:.2f} to {more.skill:.2f}"
    )
    why = "Training was stopped on the slope: more of the same goes on."
    weight = 0.48 if case.goes_badly else 0.3
    return Diagnosis("few-steps", "remark", weight, seen, why, "learner.fit(10)  # it continues")


def _slope(values: list[float]) -> float:
    return float(np.polyfit(np.arange(len(values)), values, 1)[0])


def overfitted(case: Case) -> Diagnosis | None:
    """The net does much better on training data than on validation data, which got worse on the way."""
    if not case.fitted or case.valid_sample is None or not isfinite(case.valid_skill):
        return None
    losses = [float(row["valid_loss"]) for row in case.history if "valid_loss" in row]
    if len(losses) < 3 or not np.isfinite(losses).all():
        return None
    best = int(np.argmin(losses))
    rose, gap = losses[-1] / losses[best] if losses[best] > 0 else 1.0, case.skill - case.valid_skill
    if gap < 0.1 or (rose < 1.15 and gap < 0.2):
        return None
    epochs = [int(row.get("epoch", index + 1)) for index, row in enumerate(case.history)]
    seen = (
        f"the validation loss was least, {figure(losses[best])}, in epoch {epochs[best]} and is "
        f"{figure(losses[-1])} now; the skill is {case.skill:.2f} on training data and "
        f"{case.valid_skill:.2f} on validation data"
    )
    why = "The net learns the training rows by heart, with their noise; what it learns then does not hold for new rows."
    fix = "Learner(..., callbacks=[EarlyStopping()])  # and AdamW(weight_decay=0.01), Dropout(0.3), or more data"
    spoils = gap > 0.25 and case.valid_skill < 0.75 and rose > 1.3
    level, weight = graded(spoils, 0.58, 0.4)
    when = Span("epoch", epochs[best], epochs[-1])
    return Diagnosis("reg-none", level, weight, seen, why, fix, when=when)


def too_much_dropout(case: Case) -> Diagnosis | None:
    """Dropout that takes away so much that the rest cannot learn, or that hits the output itself."""
    dropouts = [
        (path, layer)
        for path, layer in case.net.layers_inside()
        if isinstance(layer, (Dropout, Dropout2D)) and layer.p > 0
    ]
    if not dropouts:
        return None
    path, worst = max(dropouts, key=lambda each: each[1].p)
    behind = _behind_last_weights(case)
    kept = float(np.prod([1 - layer.p for _, layer in dropouts]))
    strong = worst.p >= MIN_STRONG_DROPOUT or kept < 0.15 or behind
    without = trials.Change("no dropout", net=_without_dropout)
    experiment = trials.compare(case, without) if strong or case.goes_badly else None
    helps = trials.helps(experiment)
    if not strong and not helps:
        return None
    bad = bool(strong) and not case.goes_well and (helps or behind != "" or worst.p >= 0.75)
    if case.fitted and case.skill >= 0.85 and not behind:
        bad = False
    seen = f"dropout takes away up to {worst.p:.0%} of the numbers at layer {path}"
    if len(dropouts) > 1:
        seen += f"; all {len(dropouts)} together leave a path from input to output {kept:.1%} of the time"
    if behind:
        share = dict(dropouts)[behind].p
        seen = f"dropout comes after the last weights: it sets {share:.0%} of the outputs themselves to 0"
    why = "What is dropped neither answers nor learns in that step; past a half, most of the answer is noise."
    level, weight = graded(bad, 0.68, 0.5 if strong else 0.3)
    return Diagnosis("reg-much", level, weight, seen, why, "Dropout(0.2)", behind or path, experiment=experiment)


def _behind_last_weights(case: Case) -> str:
    places = case.first_walk.places
    last = max((index for index, place in enumerate(places) if place.kind == "weights"), default=len(places))
    found = [
        place.path
        for place in places[last + 1 :]
        if isinstance(place.layer, (Dropout, Dropout2D)) and place.layer.p > 0
    ]
    return found[0] if found else ""


def _without_dropout(net: Net) -> Net:
    for layer in net.every_layer():
        if isinstance(layer, (Dropout, Dropout2D)):
            layer.p = 0.0
    return net


def too_much_decay(case: Case) -> Diagnosis | None:
    """Weight decay that holds the weights so near zero that the data cannot move them."""
    decay = max((float(getattr(rule, "weight_decay", 0.0) or 0.0) for rule in case.optimizer.rules), default=0.0)
    if not decay or not case.may_try:
        return None
    change = trials.Change("no weight decay", optimizer=with_setting(weight_decay=0.0))
    experiment = trials.compare(case, change, "last") if case.fitted and not case.ended_by else None
    if case.goes_well:
        return _slight(case, experiment, decay)
    if not trials.helps(experiment):
        experiment = trials.compare(case, change)  # weights that have come down to 0 do not rise in a few steps
    before, after = _weight_size(case.copy_of_net()), _weight_size(case.net)
    if not trials.helps(experiment) and not (case.goes_badly and after < MIN_SHARE_OF_SIZE * before):
        return None
    seen = f"weight_decay={decay:g}; the weights went from root mean square {figure(before)} to {figure(after)}"
    why = "The decay pulls every weight to 0 in each step. Where it pulls harder than the data, nothing is learned."
    fix = f"{type(case.optimizer).__name__}(..., weight_decay={figure(decay / 100)})"
    level, weight = graded(case.fitted, 0.66, 0.4)
    return Diagnosis("reg-much", level, weight, seen, why, fix, experiment=experiment)


def _slight(case: Case, experiment: Experiment | None, decay: float) -> Diagnosis | None:
    """A net that does well does better yet without the decay."""
    if experiment is None or not experiment.skills[1] > experiment.skills[0] + 0.01:
        return None
    seen = (
        f"weight_decay={decay:g}; without it {case.n_tried} more steps bring the skill from {experiment.skills[0]:.3f} "
        f"to {experiment.skills[1]:.3f}"
    )
    why = "The decay pulls every weight to 0 in each step, and the training loss stays above what the net could reach."
    fix = f"{type(case.optimizer).__name__}(..., weight_decay={figure(decay / 10)})"
    return Diagnosis("reg-much", "remark", 0.35, seen, why, fix, experiment=experiment)


def _weight_size(net: Net) -> float:
    weights = [parameter.tensor for parameter in net.parameters().values() if parameter.tensor.ndim > 1]
    total = sum(float(np.square(w, dtype=np.float64).sum()) for w in weights)
    return float(np.sqrt(total / max(1, sum(w.size for w in weights))))


def few_updates(case: Case) -> Diagnosis | None:
    """A batch so large that an epoch has only a handful of steps."""
    if not case.goes_badly or case.ended_by:
        return None
    per_epoch = case.n_steps / max(1, len(case.history))
    if per_epoch > 5 or case.n_steps > 100 or case.batch_size <= 32:
        return None
    seen = f"with batches of {case.batch_size} an epoch has {per_epoch:.0f} steps, {case.n_steps} in all"
    why = "The net changes once per batch, however large that is."
    return Diagnosis("batch", "remark", 0.3, seen, why, "Learner(..., batch_size=32)")


def stuck(case: Case) -> Diagnosis | None:
    """The net is no better than a constant, and nothing else explains it."""
    if not case.fitted or case.ended_by or not case.skill < 0.05 or case.n_steps < 50:
        return None
    seen = f"after {case.n_steps} steps the net is no better than the best constant: skill {case.skill:.3f}"
    why = "It has not begun to learn, or it has lost what it knew."
    fix = "print(learner.overfit_one_batch())  # can it learn one batch by heart?"
    if case.may_try:
        losses = trials.one_batch(case)
        learned = len(losses) > 1 and losses[-1] < 0.5 * losses[0]
        seen += (
            f"; on a single batch, over and over, the loss goes from {figure(losses[0])} to {figure(losses[-1])} in "
            f"{len(losses)} steps"
        )
        why = (
            "It can learn a batch by heart, so look at the data and at the rate."
            if learned
            else "It cannot even learn one batch by heart: look at the net, the loss and the rate."
        )
    return Diagnosis("stuck", "remark", 0.35, seen, why, fix)
