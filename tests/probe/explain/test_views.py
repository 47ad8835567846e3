"""The views of a layer, the loss and a parameter, by short names."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

import tinynet as tn
from tinynet.layers import LSTM, Dropout, LeakyReLU, Linear, MultiHeadAttention
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD
from tinynet.probe import Trace
from tinynet.probe.explain.explainer import Explainer
from tinynet.probe.explain.views import LossView, ParameterView, View


@pytest.fixture(scope="module")
def step() -> Trace:
    tn.seed(0)
    net = Net([Linear(2, 3), LeakyReLU(0.25), Dropout(0.5), Linear(3, 2)])
    x = np.random.default_rng(0).normal(size=(4, 2)).astype(np.float32)
    rule = SGD(lr=0.5, momentum=0.9, clip_norm=1e-3)
    return tn.trace(net, x, np.array([0, 1, 1, 0]), partial(cross_entropy, label_smoothing=0.125), rule)


def test_a_layer(step: Trace) -> None:
    answers = Explainer(step).answers
    layer = answers.layer("0")
    assert [layer.name(short) for short in ("x", "y", "dy", "dx")] == ["0.x", "0.y", "0.dy", "0.dx"]
    assert (layer.name("weight"), layer.name("bias")) == ("0.weight", "0.bias")
    assert layer.has("weight")
    assert not layer.has("nothing")
    np.testing.assert_array_equal(layer.array("weight"), step["0.weight"])
    leaf = layer.at("weight", (2, 1), "W")
    assert (leaf.symbol, leaf.source, float(leaf)) == ("W[2, 1]", ("0.weight", (2, 1)), float(step["0.weight"][2, 1]))
    assert layer.at("x", (np.int64(1), 0)).symbol == "x[1, 0]"
    assert type(layer.at("x", (np.int64(1), 0)).source[1][0]) is int
    assert answers.layer("").name("x") == "x"
    assert answers.layer("").name("0.weight") == "0.weight"
    slope = answers.layer("1").constant("negative_slope", "α")
    assert (slope.symbol, float(slope), slope.exact) == ("α", 0.25, True)
    assert answers.layer("1").constant("negative_slope").symbol == "negative_slope"
    assert answers.layer("1").setting("negative_slope") == 0.25


def test_what_a_layer_remembers(step: Trace) -> None:
    dropout = Explainer(step).answers.layer("2")
    assert dropout.name("m") == dropout.name("memory.m") == "2.m"
    layer = Net([LSTM(2, 2)])
    x = np.ones((1, 3, 2), np.float32)
    found = tn.trace(layer, x, np.zeros((1, 3, 2), np.float32), mean_squared_error)
    view = Explainer(found).answers.layer("0")
    assert view.name("passes.0.gates") == "0.passes.0.gates"
    assert view.name("passes.0.da") == "0.passes.0.da"
    assert view.has("passes.0.states.1")
    assert not view.has("passes.0.states.2")
    attention = tn.trace(Net([MultiHeadAttention(2, 1)]), x, np.zeros((1, 3, 2), np.float32), mean_squared_error)
    view = Explainer(attention).answers.layer("0")
    assert view.name("x") == "0.x"  # although it remembers that array under the name of the batch
    assert view.name("q") == "0.q"


def test_a_loss(step: Trace) -> None:
    loss = LossView(step)
    assert (loss.name("y"), loss.options) == ("y", {"label_smoothing": 0.125})
    assert loss.truth.tolist() == [0, 1, 1, 0]
    assert loss.at("loss").symbol == "loss"
    assert loss.at("loss").source == ("loss", ())
    several = Trace({"ground_truth.0": np.zeros(1), "ground_truth.1": np.ones(1), "y": np.ones(2)}, {}, {}, {}, {})
    assert [part.tolist() for part in LossView(several).truth] == [[0], [1]]
    with pytest.raises(NotImplementedError):
        View(several).name("y")


def test_a_parameter(step: Trace) -> None:
    weight = ParameterView(step, step.parameters["0.weight"])
    names = [weight.name(short) for short in ("before", "after", "gradient", "velocity", "velocity.before")]
    assert names == [
        "0.weight",
        "0.weight.after",
        "0.weight.gradient.used",
        "0.weight.velocity",
        "0.weight.velocity.before",
    ]
    assert (weight.setting("lr"), float(weight.constant("momentum", "μ"))) == (0.5, 0.9)
    assert (weight.constant("momentum", "μ").symbol, weight.constant("momentum").symbol) == ("μ", "momentum")
    net = Net([Linear(2, 2)])
    plain = tn.trace(net, np.ones((1, 2)), np.zeros((1, 2)), mean_squared_error, SGD(lr=0.5))
    assert ParameterView(plain, plain.parameters["0.bias"]).name("gradient") == "0.bias.gradient"
