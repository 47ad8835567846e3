"""Rows of the tables that few steps reach: norms in evaluation mode, nets that only lead to the layers inside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinynet as tn
from tests.probe.explain import test_every_model
from tests.probe.explain.checking import check_trace
from tinynet.layers import RNN, BatchNorm1D, BatchNorm2D, Dropout, Layer, Linear, ReLU
from tinynet.losses import mean_squared_error
from tinynet.net import Net, Padded
from tinynet.probe import Trace
from tinynet.probe.explain.explainer import Explainer
from tinynet.probe.explain.layers import branches, moves, of_models


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


# Ready models.


def symbols(step: Trace, name: str, index: tuple[int, ...]) -> str:
    return tn.explain(step, name, index).expression.symbols()


def test_what_the_parts_of_a_translator_give_to_each_other() -> None:
    step = test_every_model.traced("seq2seq")
    wires = {
        "writer.x": "h[1, 2, 3] + attention.y[1, 2, 3]",
        "reader.dy": "dh[1, 2, 3] + norm.dx[1, 2, 3]",
        "norm.x": "reader.y[1, 2, 3]",
        "attention.x.0": "norm.y[1, 2, 3]",
        "attention.x.1": "encoder.y[1, 2, 3]",
        "writer.dy": "dy[1, 2, 3]",
        "attention.dy": "writer.dx[1, 2, 3]",
        "norm.dy": "attention.dx.0[1, 2, 3]",
        "encoder.dy": "attention.dx.1[1, 2, 3]",
    }
    layer = Explainer(step).answers.layer("0")
    for short, text in wires.items():
        found = of_models.in_encoder_decoder(layer, short, (1, 2, 3))
        assert found.symbols() == text, short
        assert float(found) == pytest.approx(step[f"0.{short}"][1, 2, 3], rel=1e-4), short
    for short, wire in (("encoder.x", "x.0"), ("reader.x", "x.1")):
        assert of_models.in_encoder_decoder(layer, short, (1, 2)).symbols() == f"{wire}[1, 2]"
    assert symbols(step, "0.writer.x", (1, 2, 3)) == wires["writer.x"]
    assert symbols(step, "0.reader.dy", (1, 2, 3)) == wires["reader.dy"]
    end = of_models.written(layer, (1, 2, 3), 0)
    assert (end.symbols(), end.value) == ("writer.y[1, 2, 3]", step["y"][1, 2, 3])
    assert of_models.tokens_have_none(layer, (1, 2), 0).symbols() == "0 (integers have no gradient)"


def test_what_the_parts_of_an_autoencoder_give_to_each_other() -> None:
    step = test_every_model.traced("vae")
    layer, n = Explainer(step).answers.layer("0"), of_models.latent(Explainer(step).answers.layer("0"))
    assert n == step["y.1"].shape[1]
    for part, (at, text) in enumerate((((1, 0, 2, 3), "decoder.y[1, 0, 2, 3]"), ((1, 1), "encoder.y[1, 1]"))):
        assert of_models.decoded(layer, at, part).symbols() == text
    assert of_models.decoded(layer, (1, 1), 2).symbols() == f"encoder.y[1, {n + 1}]"
    assert symbols(step, "y.2", (1, 1)) == f"encoder.y[1, {n + 1}]"
    assert of_models.encoder_gradient(layer, (1, 0, 2, 3), 0).symbols() == "encoder.dx[1, 0, 2, 3]"
    assert symbols(step, "0.deviation", (1, 1)) == "exp(log σ²[1, 1] / 2)·ε"
    expected = {
        ("decoder.x", (1, 1)): "μ[1, 1] + σε[1, 1]",
        ("encoder.dy", (1, n - 1)): f"∂L/∂μ[1, {n - 1}] + dz[1, {n - 1}]",
        ("encoder.dy", (1, n)): "∂L/∂log σ²[1, 0] + dz[1, 0]·σε[1, 0] / 2",
        ("encoder.x", (1, 0, 2, 3)): "x[1, 0, 2, 3]",
        ("decoder.dy", (1, 0, 2, 3)): "dy.0[1, 0, 2, 3]",
    }
    for (short, index), text in expected.items():
        found = of_models.in_autoencoder(layer, short, index)
        assert found.symbols() == text
        assert float(found) == pytest.approx(step[f"0.{short}"][index], rel=1e-4, abs=1e-9)


def test_a_row_of_moves_says_what_it_cuts_and_carries() -> None:
    def places(layer: Any) -> np.ndarray:
        return np.array([[0, -1]])

    cutting = moves.row(places, reason="it was cut off")
    assert (list(cutting.cut), list(cutting.carry), cutting.keeps_places) == (["y"], ["y"], False)
    reason, mask = cutting.cut["y"](None)
    assert (reason, mask.tolist()) == ("it was cut off", [[False, True]])
    assert cutting.carry["y"](None, np.array([[True, True]])).tolist() == [[True, False]]
    keeping = moves.row(places, keeps_places=True)
    assert (keeping.cut, keeping.carry, keeping.keeps_places) == ({}, {}, True)
