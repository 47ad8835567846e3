"""Whether a hidden layer is too narrow, found out by a wider net."""

from __future__ import annotations

import numpy as np

from tinynet.layers import Linear
from tinynet.net import Net
from tinynet.probe.doctor import trials
from tinynet.probe.doctor.case import Case
from tinynet.probe.doctor.diagnosis import Diagnosis

WIDENED = 4
MIN_UNITS = 16  #: A layer with this many is not narrow, nor one with twice as many as there are outputs and a few more.


def too_narrow(case: Case) -> Diagnosis | None:
    """A hidden layer so narrow that a wider net gets further in as many steps."""
    if not case.may_try or not case.fitted or case.ended_by or case.goes_well or case.skill - case.valid_skill > 0.15:
        return None
    linear = _linear_layers(case.net)
    if len(linear) < 2:
        return _bottleneck(case)
    hidden, last = linear[:-1], linear[-1]
    path, narrowest = min(hidden, key=lambda each: each[1].out_features)
    if narrowest.out_features >= min(MIN_UNITS, 2 * last[1].out_features + 4):
        return _bottleneck(case)
    change = trials.Change(f"hidden layers {WIDENED} times as wide", net=_wider)
    experiment = trials.compare(case, change, long=True)
    if not trials.helps(experiment):
        return _bottleneck(case)
    seen = f"the narrowest hidden layer has {narrowest.out_features} units"
    why = "All that is known of a row must pass through it; what does not fit is lost to the layers after it."
    fix = f"Linear({narrowest.in_features}, {WIDENED * narrowest.out_features})  # and the next layer to fit"
    return Diagnosis("width", "remark", 0.42, seen, why, fix, str(path), experiment=experiment)


def _bottleneck(case: Case) -> Diagnosis | None:
    """A place through which fewer numbers pass than a quarter of the outputs."""
    places = case.first_walk.places[:-1]
    n_outputs = case.first_walk.places[-1].n_outputs
    narrowest = min(places, key=lambda each: each.n_outputs, default=None)
    if narrowest is None or not case.goes_badly or narrowest.n_outputs > n_outputs / 4:
        return None
    seen = f"only {narrowest.n_outputs} numbers of a row pass layer {narrowest.path}, and the net gives {n_outputs}"
    why = "All that is known of a row must pass through it; what does not fit is lost to the layers after it."
    return Diagnosis("width", "remark", 0.42, seen, why, "# let more units, channels or places through", narrowest.path)


def _linear_layers(net: Net) -> list[tuple[int, Linear]]:
    return [(index, layer) for index, layer in enumerate(net) if isinstance(layer, Linear)]


def _wider(net: Net) -> Net:
    """The same layers with more hidden units and new weights."""
    layers, linear = list(net), _linear_layers(net)
    rng = np.random.default_rng(0)
    for place, (index, layer) in enumerate(linear):
        n_in = layer.in_features * (WIDENED if place else 1)
        n_out = layer.out_features * (WIDENED if place < len(linear) - 1 else 1)
        layers[index] = Linear(n_in, n_out, bias=layer.bias is not None, rng=rng)
    return Net(layers).astype(net.dtype).train()
