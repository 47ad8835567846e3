"""Rows of the tables that few steps reach: norms in evaluation mode, nets that only lead to the layers inside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinynet as tn
from tests.probe.explain.checking import check_trace
from tinynet.layers import RNN, BatchNorm1D, BatchNorm2D, Dropout, Layer, Linear, ReLU
from tinynet.losses import mean_squared_error
from tinynet.net import Net, Padded
from tinynet.probe import Trace
from tinynet.probe.explain.explainer import Explainer
from tinynet.probe.explain.layers import branches


def draws(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(1, 2, size=shape).astype(np.float32)


def traced(net: Layer, x: Any) -> Trace:
    y = net.forward(*x) if isinstance(x, tuple) else net.forward(x)
    return tn.trace(net, x, np.random.default_rng(1).normal(size=y.shape).astype(np.float32), mean_squared_error)


@pytest.mark.parametrize(
    ("norm", "shape"),
    [
        (lambda: BatchNorm1D(3), (4, 3)),
        (lambda: BatchNorm2D(3), (4, 3, 2, 2)),
        (lambda: BatchNorm1D(3, affine=False), (4, 3)),
        (lambda: BatchNorm1D(3, momentum=None), (4, 3)),
        (lambda: BatchNorm1D(3, track_running_stats=False), (4, 3)),
    ],
    ids=range(5),
)
@pytest.mark.parametrize("training", [True, False])
def test_batch_norm_in_both_modes(norm: Any, shape: Any, training: bool) -> None:
    layer = norm()
    x = draws(*shape)
    layer.forward(x)  # so that the running statistics have moved
    for _, parameter in layer.parameters().items():
        parameter.tensor = np.linspace(0.5, 2, 3)
    layer.training = training
    step = traced(layer, x)
    check_trace(step, per_array=3)
    for name in ("mean", "inverse_std", "std"):
        for index in np.ndindex(step[name].shape):
            assert tn.explain(step, name, index).value == pytest.approx(step[name][index], rel=1e-5)


def test_batch_norm_in_evaluation_reads_its_running_statistics() -> None:
    layer = BatchNorm1D(2)
    layer.running_mean[...], layer.running_var[...] = [1.0, 2.0], [4.0, 9.0]
    layer.training = False
    step = traced(layer, draws(3, 2))
    symbols = {name: tn.explain(step, name, index).expression.symbols() for name, index in EVALUATED.items()}
    assert symbols == {
        "mean": "running_mean[1]",
        "inverse_std": "1 / √(running_var[1] + eps)",
        "std": "√(running_var[1] + eps)",
        "dx": "γ[1]·dy[2, 1]·inverse_std[1]",
        "weight.gradient": tn.explain(step, "weight.gradient", (1,)).expression.symbols(),
    }
    assert tn.explain(step, "std", (1,)).value == pytest.approx(np.sqrt(9 + 1e-5))
    if "running_mean.after" in step:
        assert tn.explain(step, "running_mean.after", (1,)).value == 2


EVALUATED = {"mean": (1,), "inverse_std": (1,), "std": (1,), "dx": (2, 1), "weight.gradient": (1,)}


def test_a_net_leads_to_the_layers_inside() -> None:
    step = traced(Net([Linear(2, 3), Net([ReLU(), Linear(3, 2)])]), draws(4, 2))
    answers = Explainer(step).answers
    whole, inner = answers.layer(""), answers.layer("1")
    for layer, prefix, y, dx in ((whole, "", "1.y[1, 0]", "0.dx[1, 0]"), (inner, "1.", "1.y[1, 0]", "0.dx[1, 0]")):
        end, begin = branches.net_output(layer, (1, 0), 0), branches.net_input_gradient(layer, (1, 0), 0)
        assert (end.symbols(), begin.symbols()) == (y, dx)
        assert end.source == (prefix + "1.y", (1, 0))
        assert begin.source == (prefix + "0.dx", (1, 0))
    assert branches.into_net(inner, "0.x", (1, 0)).source == ("1.x", (1, 0))
    assert branches.into_net(inner, "1.dy", (1, 0)).source == ("1.dy", (1, 0))
    assert branches.into_net(whole, "0.x", (1, 0)).symbols() == "x[1, 0]"


def test_a_padded_net_leads_to_the_layers_inside() -> None:
    step = traced(Padded([RNN(2, 3), ReLU()]), (draws(2, 3, 2), np.array([3, 2])))
    layer = Explainer(step).answers.layer("")
    assert branches.net_output(layer, (1, 0, 1), 0).source == ("1.y", (1, 0, 1))
    assert branches.padded_input_gradient(layer, (1, 0, 1), 0).source == ("0.dx", (1, 0, 1))
    assert branches.into_padded(layer, "0.x", (1, 0, 1)).source == ("x.0", (1, 0, 1))
    assert branches.into_padded(layer, "1.dy", (1, 0, 1)).source == ("dy", (1, 0, 1))


def test_a_net_that_passes_on_what_it_gets() -> None:
    step = traced(Net([Dropout(0.0)]), draws(2, 2))
    layer = Explainer(step).answers.layer("0")
    assert branches.net_output(layer, (1, 0), 0).source == ("0.x", (1, 0))
    assert branches.net_input_gradient(layer, (1, 0), 0).source == ("0.dy", (1, 0))
