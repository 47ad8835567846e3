"""Signs in the loss and the metrics: what they ask against what the targets are."""

from __future__ import annotations

import numpy as np

from tinynet.net.tuples import as_tuple
from tinynet.probe.doctor import trials
from tinynet.probe.doctor.case import Case
from tinynet.probe.doctor.diagnosis import Diagnosis, Level, extent, figure, graded
from tinynet.probe.doctor.skill import ERRORS, as_labels, loss_value

MAX_CLIPPED = 1e-4  #: A probability below it may be clipped.


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
        f"{loss_name(case)} is for targets from 0 to 1, and {outside:.0%} of them are outside: {what} from {extent(y)}"
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
    level: Level = "remark" if case.goes_well else "problem"
    seen = f"the targets are classes, and the gradient of {loss_name(case)} has the same size whatever the distance"
    why = (
        "The absolute error is least at the median, which is one of the classes; a sigmoid after it makes even that "
        "slow."
    )
    fix = "Learner(net, cross_entropy, ...)  # or binary_cross_entropy_with_logits, without the last activation"
    return Diagnosis("loss", level, 0.95 if level == "problem" else 0.5, seen, why, fix)


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
    facts = case.loss_facts
    if facts.takes == "probabilities" and not (facts.several or facts.overlaps) and case.output_range[2]:
        seen = f"{loss_name(case)} asks for a yes or no from each unit, and the net ends in a softmax over the classes"
        why = (
            "It counts each of the many right no's, so the loss and its gradient are smaller, and the choice counts "
            "less."
        )
        return Diagnosis(
            "loss", "remark", 0.34, seen, why, "Learner(net, cross_entropy, ...)  # without the last activation"
        )
    if case.loss_facts.takes != "numbers":
        return None
    seen = f"the targets are classes, and {loss_name(case)} measures distances"
    why = (
        "Where a softmax or a sigmoid is surely wrong, the gradient of a distance is almost zero; that of the "
        "cross-entropy is not."
    )
    return Diagnosis(
        "loss", "remark", 0.34, seen, why, "Learner(net, cross_entropy, ...)  # without the last activation"
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
    level: Level = "remark" if case.goes_well or 0.4 < slope < 2.5 else "problem"
    return Diagnosis("gradient", level, 0.9 if level == "problem" else 0.45, seen, why, fix)


def silent_rows(case: Case) -> Diagnosis | None:
    """Rows that the net gets wrong and from which the loss gives no gradient: it was cut off."""
    labels = as_labels(case.output, case.y)
    if labels is None or labels.ndim != 1 or case.loss_facts.ignores_output or not np.isfinite(case.output).all():
        return None
    gradient = case.loss(case.output, case.y)[1]
    wrong = case.output.argmax(axis=-1) != labels
    silent = wrong & (gradient == 0).all(axis=-1)
    if silent.sum() < 0.2 * len(labels) or not case.output_range[2]:
        return None
    if np.median(case.output[silent, labels[silent]]) < MAX_CLIPPED:
        return None  # the net is so sure that no number is left to clip
    share = silent.sum() / wrong.sum()
    seen = f"{loss_name(case)} gives no gradient for {share:.0%} of the rows that the net gets wrong"
    why = "Where a prediction is clipped, the loss is flat: the rows from which most is to be learned teach nothing."
    level, weight = graded(not case.goes_well, 0.88, 0.4)
    return Diagnosis("loss", level, weight, seen, why, "np.clip(p, 1e-7, 1)  # no further; or cross_entropy of logits")


def broadcast(case: Case) -> Diagnosis | None:
    """Outputs (N, 1) minus targets (N,) are N × N differences."""
    facts = case.loss_facts
    if not facts.compares_all:
        return None
    shapes = f"predictions {np.shape(case.first_output)} and targets {np.shape(case.y)}"
    seen = f"the loss stays the same when the targets are exchanged between the rows: {shapes}"
    why = (
        "(N, 1) minus (N,) has the shape (N, N): every prediction is compared with every target, and the mean is "
        "learned."
    )
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
    level, weight = graded(bad or (case.goes_badly and n > 1), 0.76, 0.6)
    fix = 'loss / len(y), gradient / len(y)  # or reduction="mean"'
    return Diagnosis("reduce", level, weight, seen, why, fix, experiment=experiment)


def mixed_rows(case: Case) -> Diagnosis | None:
    """What the net says of a row depends on the other rows of the batch, or on chance."""
    inputs = [
        np.asarray(part[:4], np.float64) if part.dtype.kind == "f" else part[:4] for part in as_tuple(case.sample[0])
    ]
    if len(inputs[0]) < 4 or not isinstance(case.output, np.ndarray):
        return None
    net = case.copy_of_net("last").eval()
    net.astype(np.float64)
    together, alike = net.forward(*inputs), net.forward(*(np.repeat(part[:1], 4, axis=0) for part in inputs))
    if not np.isfinite(together).all():
        return None
    if np.abs(alike - alike[:1]).max() > 1e-6 * np.abs(alike).max():
        seen = "in evaluation mode the outputs for four equal rows differ"
        why = "Something random, such as a dropout, is on in evaluation: each answer is a throw of dice."
        fix = "x if not self.training else ...  # in a layer of your own; or Dropout, which looks at it"
        return Diagnosis("bn-mode", "problem", 0.86, seen, why, fix)
    alone = net.forward(*(part[:1] for part in inputs))
    if together.shape[1:] != alone.shape[1:] or np.abs(together[:1] - alone).max() <= 1e-3 * np.abs(together).max():
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
        elif case.output_range[:2] == (0, 1):
            near, far = 0.05 + 0.9 * near, 0.05 + 0.9 * far  # sure, but not quite
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
