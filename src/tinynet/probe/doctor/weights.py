"""Signs in the weights before the first step."""

from __future__ import annotations

import itertools
from math import isfinite, sqrt

import numpy as np

from tinynet.core import Parameter
from tinynet.layers import Layer
from tinynet.net import Net
from tinynet.probe.doctor import trials
from tinynet.probe.doctor.case import Case
from tinynet.probe.doctor.diagnosis import Diagnosis, Level, figure, graded
from tinynet.probe.doctor.skill import constant_loss

MAX_SPREAD = 2.9  #: Of the weights, times √fan-in; He's rule gives 1.41.
MAX_REPEATED_SPREAD = 1.7  #: The same where a weight is applied again and again, as in recurrent layers; 0.58 is usual.
MIN_LOSS_RATIO = 2.0


def symmetric(case: Case) -> Diagnosis | None:
    """Units of a hidden layer that are alike, and that get the same gradient: they stay alike for ever."""
    hidden = case.first_walk.weighted()[:-1]
    for place in hidden:
        weight = _weight(place.layer)
        if weight is None or len(weight.tensor) < 2 or place.multiply_adds == 0:
            continue
        w, g = weight.tensor.reshape(len(weight.tensor), -1), weight.gradient.reshape(len(weight.tensor), -1)
        alike = np.ptp(w, axis=0).max() <= 1e-6 * max(1e-30, float(np.abs(w).max()))
        stays = np.ptp(g, axis=0).max() <= 1e-4 * max(1e-30, float(np.abs(g).max()))
        if (alike and stays) or (not w.any() and not g.any()):
            value = f"all {w.flat[0]:g}" if np.ptp(w) == 0 else "the same in every unit"
            seen = f"the weights are {value}, and all {len(w)} units get the same gradient"
            why = "Units that start alike and are corrected alike stay alike: the layer has the power of a single unit."
            level: Level = "remark" if case.goes_well else "problem"
            fix = "Linear(n_in, n_out)  # draws its weights; only biases may start at 0"
            return Diagnosis("init-const", level, 0.85, seen, why, fix, place.path)
    return None


def too_wide(case: Case) -> Diagnosis | None:
    """Weights so wide that the new net is sure of nonsense, or its units are saturated."""
    weighted = [place for place in case.first_walk.weighted() if place.multiply_adds]
    gains = {place.path: _gain(place.layer) for place in weighted}
    limits = {place.path: MAX_SPREAD if len(_matrices(place.layer)) == 1 else MAX_REPEATED_SPREAD for place in weighted}
    wide = {path: gain for path, gain in gains.items() if gain > limits[path]}
    if not wide:
        return None
    chance, first = constant_loss(case.loss, case.first_output, case.y), case.first_walk.loss
    above = first / chance if isfinite(first) and isfinite(chance) and chance > 0 else float("inf")
    saturated = max((place.saturated or 0.0 for place in case.first_walk.places), default=0.0)
    recurs = any(len(_matrices(place.layer)) > 1 for place in case.first_walk.places if place.path in wide)
    if above < MIN_LOSS_RATIO and saturated < 0.5 and not recurs:  # which saturates where nobody sees it
        return None
    experiment = trials.compare(case, trials.Change("weights drawn by He's rule", net=_narrowed))
    bad = trials.helps(experiment) if case.may_try else case.goes_badly
    bad = bad and not case.goes_well
    path = max(wide, key=lambda each: wide[each])
    seen = (
        f"the weights of {len(wide)} of {len(gains)} layers are too wide: their spread times √fan-in is up to "
        f"{figure(wide[path])}, He's rule gives 1.41; the first loss is {figure(first)}, a guess has {figure(chance)}"
    )
    why = "Each layer makes the signal larger: the new net is sure of nonsense, and must first unlearn it."
    level, weight = graded(bad, 0.74, 0.52 if case.goes_badly else 0.4)
    fix = "layer.weight.tensor = he_normal(layer.weight.shape)  # from tinynet.core.initializers"
    return Diagnosis("init-wide", level, weight, seen, why, fix, path, experiment=experiment)


def _gain(layer: Layer) -> float:
    """The largest spread of a weight of a layer, times √fan-in."""
    return max((float(each.tensor.std()) * sqrt(each.tensor[0].size) for each in _matrices(layer)), default=0.0)


def _matrices(layer: Layer) -> list[Parameter]:
    return [part for _, part in layer.parts() if isinstance(part, Parameter) and part.tensor.ndim > 1]


def _weight(layer: Layer) -> Parameter | None:
    weight, own = getattr(layer, "weight", None), _matrices(layer)
    return weight if isinstance(weight, Parameter) and weight in own else own[0] if len(own) == 1 else None


def _narrowed(net: Net) -> Net:
    for layer in net.every_layer():
        is_wide = _gain(layer) > MAX_SPREAD / 2
        for weight in _matrices(layer) if is_wide else ():
            gain = float(weight.tensor.std()) * sqrt(weight.tensor[0].size)
            weight.tensor = weight.tensor * ((sqrt(2) if _weight(layer) else 1.0) / max(gain, 1e-30))
        bias = getattr(layer, "bias", None)
        if isinstance(bias, Parameter) and is_wide and np.abs(bias.tensor).max() > 0.5:
            bias.tensor = np.zeros_like(bias.tensor)
    return net


def untouched(case: Case) -> Diagnosis | None:
    """Parameters with a gradient that no step changes, or no parameter that may change."""
    parameters = case.net.parameters()
    if parameters and not any(parameter.trainable for parameter in parameters.values()):
        seen, why = "no parameter is trainable", "Nothing can be learned."
        return Diagnosis("untouched", "problem", 0.96, seen, why, "parameter.trainable = True")
    if not case.may_try or not isfinite(trials.unchanged(case).losses[-1]):
        return None
    before, after = case.copy_of_net().parameters(), trials.unchanged(case).net.parameters()
    gradients = {
        f"{place.path}.{name}": norm
        for place in case.first_walk.places
        for name, norm in place.parameter_gradients.items()
    }
    same = [
        path
        for path, parameter in before.items()
        if parameter.trainable and gradients.get(path, 0) > 0 and np.array_equal(parameter.tensor, after[path].tensor)
    ]
    moved = [path for path in before if not np.array_equal(before[path].tensor, after[path].tensor)]
    size = max((gradients.get(path, 0.0) for path in same), default=0.0)
    if not same or size < 1e-4 * max(gradients.values(), default=0.0):
        return None
    seen = f"{len(same)} of {len(before)} parameters have a gradient and did not change in {case.n_tried} steps"
    why = "Their layer stays as it was drawn."
    level: Level = "problem" if not case.goes_well and (not moved or len(same) > 1) else "remark"
    fix = "net.update(optimizer)  # with every parameter: net.parameters()"
    return Diagnosis("untouched", level, 0.7, f"{seen}, first {same[0]}", why, fix, same[0])


def frozen(case: Case) -> Diagnosis | None:
    """Layers that are frozen, or that no gradient reaches: they stay as they were drawn."""
    if not case.may_try:
        return None
    parameters = case.net.parameters()
    still = [path for path, parameter in parameters.items() if not parameter.trainable]
    if not still or len(still) == len(parameters):
        return _without_gradient(case)
    experiment = trials.compare(case, trials.Change("nothing frozen", net=_thawed))
    seen = f"{len(still)} of {len(parameters)} parameters are frozen, first {still[0]}"
    why = "A frozen layer helps if it was trained before. One that was just drawn says something random for ever."
    level, weight = graded(trials.helps(experiment) and case.fitted and not case.goes_well, 0.7, 0.4)
    return Diagnosis(
        "untouched", level, weight, seen, why, "parameter.trainable = True", still[0], experiment=experiment
    )


def _thawed(net: Net) -> Net:
    for parameter in net.parameters().values():
        parameter.trainable = True
    return net


def _without_gradient(case: Case) -> Diagnosis | None:
    after = trials.unchanged(case).net.parameters()
    before = case.copy_of_net().parameters()
    still = [
        path for path in before if path.endswith("weight") and np.array_equal(before[path].tensor, after[path].tensor)
    ]
    used = {
        f"{place.path}.{name}": norm
        for place in case.first_walk.places
        for name, norm in place.parameter_gradients.items()
    }
    still = [path for path in still if used.get(path, 0.0) == 0.0]
    if not still or len(still) == len(before) or not isfinite(trials.unchanged(case).losses[-1]):
        return None
    where = "is reached by no gradient" if still[0] in used else "is not used by the forward"
    seen = f"{still[0]} {where} and does not change in {case.n_tried} steps"
    why = (
        "It stays as it was drawn. If its layer has a backward of your own, that returns nothing for the layers before."
    )
    return Diagnosis(
        "untouched", "remark", 0.33, seen, why, "check_layer(layer, x.shape)  # from tinynet.gradcheck", still[0]
    )


def useless_bias(case: Case) -> Diagnosis | None:
    """A bias directly before a norm, which subtracts the mean."""
    places = case.first_walk.places
    found = [
        first.path
        for first, second in itertools.pairwise(places)
        if first.kind == "weights"
        and hasattr(second.layer, "running_mean")
        and isinstance(getattr(first.layer, "bias", None), Parameter)
    ]
    if not found:
        return None
    seen = (
        f"{len(found)} layer{'s' * (len(found) > 1)} with a bias stand{'s' * (len(found) == 1)} directly before a "
        "batch norm"
    )
    why = (
        "The norm subtracts the mean, and the bias with it; its own β takes that place. It costs a little and does "
        "nothing."
    )
    return Diagnosis("useless-bias", "remark", 0.2, seen, why, "Conv2D(n_in, n_out, 3, bias=False)", found[0])
