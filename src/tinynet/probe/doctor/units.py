"""Signs in the hidden units: what passes through them, forward and back."""

from __future__ import annotations

import numpy as np

from tinynet.layers import Conv2D, Dropout, Dropout2D, Linear, ReLU
from tinynet.net import Net
from tinynet.probe.doctor import trials
from tinynet.probe.doctor.case import Case
from tinynet.probe.doctor.diagnosis import Diagnosis, Level, figure, graded
from tinynet.probe.doctor.skill import skill
from tinynet.probe.doctor.walk import Place, Walk, dead_share

MIN_DEAD_SHARE = 0.6  #: Of the units. From it on it is said that they are dead.
VANISHED, SMALL = 1e-3, 1e-4  #: Of the gradient of the first weights: against the last ones, and itself.
MAX_GROWTH = 1e3


def hidden_softmax(case: Case) -> Diagnosis | None:
    """A softmax in the middle of a net."""
    ending = case.ending.path if case.ending else ""
    places = [
        place
        for place in case.first_walk.places
        if place.kind == "softmax" and place.path != ending and case.inputs_of[place.path].shape[-1] > 1
    ]
    behind = {place.path for place in _behind_last_weights(case.first_walk)}
    places = [place for place in places if place.path not in behind]
    if not places:
        return None
    place = places[0]
    experiment = trials.compare(case, trials.Change("a ReLU in its place", trials.with_layer(place.path, ReLU)))
    bad = not case.goes_well and (trials.helps(experiment) or case.goes_badly)
    seen = f"{len(places)} hidden layer{'s' * (len(places) > 1)} with a softmax: all units of a row together give 1"
    why = (
        "With n units each gives about 1/n, and every gradient is as much smaller; units can only grow at the cost of "
        "others."
    )
    level, weight = graded(bad, 0.84, 0.5)
    return Diagnosis(
        "hid-act",
        level,
        weight,
        seen,
        why,
        f"ReLU()  # in place of layer {place.path}",
        place.path,
        experiment=experiment,
    )


def _behind_last_weights(walk: Walk) -> list[Place]:
    weighted = [index for index, place in enumerate(walk.places) if place.kind == "weights"]
    return walk.places[weighted[-1] + 1 :] if weighted else []


def missing_activation(case: Case) -> Diagnosis | None:
    """Two layers of weights with nothing between them but what is linear too."""
    pairs = []
    for _, net in case.net.layers_inside():
        if isinstance(net, Net):
            pairs += _linear_pairs(net, case)
    if not pairs:
        return None
    seen = f"{len(pairs)} pair{'s' * (len(pairs) > 1)} of layers without an activation between them, first {pairs[0]}"
    why = "Two linear layers in a row are one linear layer: the depth adds nothing."
    return Diagnosis(
        "hid-act",
        "remark",
        0.38 if case.goes_badly else 0.25,
        seen,
        why,
        "ReLU()  # between the two",
        pairs[0].split(" ")[0],
    )


def _linear_pairs(net: Net, case: Case) -> list[str]:
    kinds = {id(place.layer): place.kind for place in case.first_walk.places}
    by_path = {place.path: place.kind for place in case.first_walk.places}
    paths = {id(layer): path for path, layer in case.net.layers_inside()}
    found, last = [], ""
    for layer in net:
        path = paths[id(layer)]
        kind = kinds.get(id(layer), by_path.get(path, "other"))
        if isinstance(layer, (Linear, Conv2D)):
            if last:
                found.append(f"{last} and {path}")
            last = path
        elif (
            kind not in ("shape", "norm")
            and not isinstance(layer, (Dropout, Dropout2D))
            and "Pool" not in type(layer).__name__
        ):
            last = ""
    return found


def dead_units(case: Case) -> Diagnosis | None:
    """ReLU units that are zero for every row: no gradient reaches them any more."""
    walk = case.last_walk if case.fitted else case.first_walk
    relus = [place for place in walk.places if place.dead is not None]
    if not relus:
        return None
    worst = max(relus, key=lambda place: place.dead or 0.0)
    mean = dead_share(walk)
    flat = _is_flat(case)
    many = mean >= MIN_DEAD_SHARE or (worst.dead or 0) > 0.99 or (flat and (worst.dead or 0) >= MIN_DEAD_SHARE)
    if not many and not (case.goes_badly and _many_at_first(case)):
        return None
    at_first = dead_share(case.first_walk)
    seen = (
        f"{mean:.0%} of the ReLU units give 0 for every row, and {worst.dead:.0%} in the worst layer; at first "
        f"{at_first:.0%}"
    )
    why = "Where a ReLU is 0 its gradient is 0 too, so such a unit does nothing and cannot come back."
    fix = "LeakyReLU()  # in place of ReLU(); or a lower learning rate, or weights from he_normal"
    level, weight = graded(case.goes_badly, 0.66, 0.3)
    return Diagnosis("dead-relu", level, weight, seen, why, fix, worst.path)


def _many_at_first(case: Case) -> bool:
    """Whether half of a layer, or a third of all units, was dead before the first step."""
    shares = [place.dead for place in case.first_walk.places if place.dead is not None]
    return max(shares, default=0.0) >= 0.5 or dead_share(case.first_walk) >= 1 / 3


def _is_flat(case: Case) -> bool:
    """Whether the output is the same for every row, or nearly so."""
    output = case.output
    if not isinstance(output, np.ndarray) or len(output) < 2 or not np.isfinite(output).all():
        return False
    return float(output.std(axis=0).max()) <= 1e-3 * max(1e-12, float(np.abs(output).max()))


def saturated_units(case: Case) -> Diagnosis | None:
    """Hidden sigmoid or tanh units at their ends, where they are flat."""
    walk = case.last_walk if case.fitted else case.first_walk
    ending = case.ending.path if case.ending else ""
    places = [place for place in walk.places if place.saturated is not None and place.path != ending]
    worst = max(places, key=lambda place: place.saturated or 0.0, default=None)
    if worst is None or (worst.saturated or 0.0) < 0.7:
        return None
    seen = f"{worst.saturated:.0%} of the outputs of {type(worst.layer).__name__} are at its ends, where it is flat"
    why = "The slope there is almost 0, so almost no gradient passes to the layers before it."
    fix = "x = (x - x.mean(axis=0)) / x.std(axis=0)  # or narrower weights, or ReLU()"
    return Diagnosis("saturated", "remark", 0.45 if case.goes_badly else 0.25, seen, why, fix, worst.path)


def vanishing(case: Case) -> Diagnosis | None:
    """The gradient of the first weights is almost nothing beside that of the last."""
    for walk in (case.last_walk, case.first_walk) if case.fitted else (case.first_walk,):
        norms = [_norm(place) for place in walk.weighted()]
        if len(norms) < 3 or not np.isfinite(norms).all() or not norms[-1]:
            continue
        first, last = norms[0], norms[-1]
        if first / last < VANISHED and first < SMALL:
            seen = f"the gradient of the first weights has norm {figure(first)}, that of the last {figure(last)}"
            why = (
                f"Each of the {len(norms)} layers multiplies the gradient by the slopes of its units and its weights; "
                "a product of small numbers is almost 0, and the first layers do not learn."
            )
            fix = "ReLU()  # in place of Sigmoid() or Tanh(), with he_normal weights, BatchNorm1D or Residual"
            level, weight = graded(case.goes_badly, 0.64, 0.35)
            return Diagnosis("vanish", level, weight, seen, why, fix, walk.weighted()[0].path)
    return None


def exploding(case: Case) -> Diagnosis | None:
    """The signal grows from layer to layer, forward or back."""
    weighted = case.first_walk.weighted()
    sizes, norms = [place.size for place in weighted], [_norm(place) for place in weighted]
    if len(weighted) < 2:
        return None
    grows = sizes[-1] / max(sizes[0], 1e-30)
    back = norms[0] / max(norms[-1], 1e-30)
    if not (grows > MAX_GROWTH or back > MAX_GROWTH or not np.isfinite([*sizes, *norms]).all()):
        return None
    seen = (
        f"from the first weights to the last, the signal becomes {figure(grows)} times as large; on the way back the "
        f"gradient {figure(back)} times"
    )
    why = "Where every layer multiplies by more than 1, deep nets overflow."
    fix = "layer.weight.tensor = he_normal(layer.weight.shape)  # and SGD(lr, clip_norm=1.0)"
    level: Level = "problem" if case.ended_by else "remark"
    return Diagnosis("explode", level, 0.5, seen, why, fix, weighted[-1].path)


def batch_norm(case: Case) -> Diagnosis | None:
    """Batch norm over too few rows, or with running statistics that do not fit."""
    norms = [place for place in case.first_walk.places if hasattr(place.layer, "running_mean")]
    if not norms:
        return None
    path = norms[0].path
    rows = min(case.batch_size, len(case.train))
    if rows < 4:
        seen = f"batch norm over batches of {rows} row{'s' * (rows > 1)}"
        why = (
            "The mean and variance of so few rows are noise: in training each row sees other statistics than in "
            "evaluation."
        )
        level: Level = "problem" if case.goes_badly or (rows == 1 and not case.goes_well) else "remark"
        return Diagnosis(
            "bn-mode", level, 0.8, seen, why, "Learner(..., batch_size=32)  # or LayerNorm, GroupNorm", path
        )
    tracked = dict(case.net.layers_inside())[path].num_batches_tracked  # type: ignore[attr-defined]
    if case.n_steps > 4 and not tracked:
        seen = f"batch norm has seen no batch in {case.n_steps} steps: it was in evaluation mode"
        why = "Its running statistics are those of a new layer, mean 0 and variance 1, and not those of the data."
        return Diagnosis(
            "bn-mode", "problem", 0.86, seen, why, "net.train()  # before each epoch; Learner.fit does it", path
        )
    return _other_in_evaluation(case, path)


def _other_in_evaluation(case: Case, path: str) -> Diagnosis | None:
    if not case.fitted or case.ended_by:
        return None
    in_training = skill(case.loss, case.last_walk.output, case.y)
    gap = in_training - case.skill
    if not gap > 0.05:
        return None
    seen = (
        f"on the same rows the skill is {in_training:.2f} with the statistics of the batch, and {case.skill:.2f} with "
        "the running ones"
    )
    why = "The running statistics lag behind the weights, or were taken over other data."
    level: Level = "problem" if gap > 0.3 and case.skill < 0.5 and case.n_steps > 100 else "remark"
    return Diagnosis("bn-mode", level, 0.82, seen, why, "learner.recompute_statistics()", path)


def _norm(place: Place) -> float:
    return float(np.sqrt(sum(norm**2 for norm in place.parameter_gradients.values())))
