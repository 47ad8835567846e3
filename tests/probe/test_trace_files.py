"""A trace in a file: the same arrays and words, opened without the net; a damaged file says so in a sentence."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import tinynet as tn
from tests.probe.recompute import recompute
from tests.probe.test_replay import assert_same
from tinynet import Parameter
from tinynet.layers import BatchNorm1D, Dropout, Layer, Linear, MultiHeadAttention, ReLU
from tinynet.losses import cross_entropy
from tinynet.net import Net, Residual
from tinynet.optimizers import SGD, Adam, ParameterGroups
from tinynet.probe import Trace, load_trace
from tinynet.probe.files import KEY
from tinynet.storage.tensors import read_tensors, write_tensors


class Scale(Layer):
    """A layer of a user's own."""

    def __init__(self) -> None:
        self.factor = Parameter(np.full(1, 1.5))

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.remember(x=x)
        return self.factor.tensor * x

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (x,) = self.recall()
        self.factor.accumulate(np.sum(dy * x, keepdims=True).reshape(1))
        return self.factor.tensor * dy


def step_of(*layers: Layer, rule: tn.optimizers.Optimizer | None = None) -> Trace:
    tn.seed(1)
    draws = np.random.default_rng(0)
    net = Net([Linear(4, 6), *layers, Linear(6, 3)])
    loss = partial(cross_entropy, weight=np.array([1.0, 2.0, 0.5]), label_smoothing=0.1)
    rule = rule or ParameterGroups([("*.bias", SGD(lr=0.1, momentum=0.5)), ("*", Adam(lr=0.01))], clip_norm=0.5)
    x, y = draws.normal(size=(5, 4)), np.array([0, 1, 2, 1, 0])
    tn.trace(net, x, y, loss, rule)
    return tn.trace(net, x, y, loss, rule)


def own_dropout() -> Dropout:
    return Dropout(0.5, rng=np.random.default_rng(7))


@pytest.fixture
def step() -> Trace:
    return step_of(BatchNorm1D(6), Residual([Linear(6, 6), ReLU(), own_dropout()]))


def test_a_file_gives_the_trace_again(step: Trace, tmp_path: Path) -> None:
    again = load_trace(step.save(tmp_path / "step.safetensors"))
    assert_same(again, step)
    assert again.layers == step.layers
    assert again.parameters == step.parameters
    assert {name: again.about[name] for name in step.about} == step.about
    assert again.loss["name"] == "cross_entropy"
    np.testing.assert_array_equal(again.loss["options"]["weight"], [1.0, 2.0, 0.5])
    assert again["0.y"] is again["1.x"]


def test_a_file_needs_no_net_to_explain_and_replay(step: Trace, tmp_path: Path) -> None:
    again = load_trace(step.save(tmp_path / "step.safetensors"))
    for name, index in [("0.weight", (2, 3)), ("2.y", (1, 2)), ("3.dx", (4, 5)), ("loss", ()), ("2.body.0.bias", (3,))]:
        assert str(tn.explain(again, name, index)) == str(tn.explain(step, name, index))
    assert_same(again.replay(), step)


def test_layers_of_ones_own_need_their_class(tmp_path: Path) -> None:
    step = step_of(Scale(), rule=SGD(lr=0.1))
    path = step.save(tmp_path / "step.safetensors")
    with pytest.raises(RuntimeError, match=r"layer 1 is a Scale.*\n.*load_trace\(path, layers=\[Scale\]\)"):
        tn.explain(load_trace(path), "1.dx", (0, 1))
    with pytest.raises(ValueError, match="layers of your own: Scale"):
        load_trace(path).replay()
    again = load_trace(path, layers=[Scale])
    assert str(tn.explain(again, "1.dx", (0, 1))) == str(tn.explain(step, "1.dx", (0, 1)))
    assert_same(load_trace(path).replay(layers=[Scale]), step)


def test_some_layers_only(step: Trace, tmp_path: Path) -> None:
    again = load_trace(step.save(tmp_path / "step.safetensors", layers=["2.body"]))
    assert "2.body.1.y" in again
    assert "0.weight.gradient" in again
    assert "0.y" not in again
    assert again.nbytes < step.nbytes
    with pytest.raises(ValueError, match="layers must be one of"):
        step.save(tmp_path / "step.safetensors", layers=["9"])
    with pytest.raises(TypeError, match=r"layers must be a list of paths, got .0."):
        step.save(tmp_path / "step.safetensors", layers="0")


def test_attention_and_what_follows_from_it(tmp_path: Path) -> None:
    tn.seed(0)
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    step = tn.trace(Net([MultiHeadAttention(4, 2)]), x, np.zeros((2, 3), np.int64), cross_entropy)
    again = load_trace(step.save(tmp_path / "step.safetensors"))
    np.testing.assert_array_equal(again["0.p"], step["0.p"])
    assert recompute(tn.explain(again, "0.y", (1, 2, 3))) > 0


def test_what_has_no_code_in_a_file(tmp_path: Path) -> None:
    def my_loss(predicted, truth):
        return float(np.sum(predicted**2)), 2 * predicted

    class Descent(SGD):
        pass

    net = Net([Linear(2, 2)])
    step = tn.trace(net, np.ones((3, 2)), None, my_loss, Descent(lr=0.1))
    assert_same(step.replay(), step)
    again = load_trace(step.save(tmp_path / "step.safetensors"))
    with pytest.raises(ValueError, match="my_loss is not one of Tinynet's losses"):
        again.replay()
    with pytest.raises(ValueError, match="Descent is not one of Tinynet's optimizers"):
        again.replay(loss=my_loss)
    assert_same(again.replay(loss=my_loss, optimizer=Descent(lr=0.1)), step)


def test_a_net_without_an_architecture(tmp_path: Path) -> None:
    class Applied(Layer):
        def __init__(self, function) -> None:
            self.function = function

        def forward(self, x):
            self.remember()
            return self.function(x)

        def backward(self, dy):
            return dy

    net = Net([Applied(np.abs), Linear(2, 2)])
    step = tn.trace(net, np.ones((3, 2)), np.zeros(3, np.int64), cross_entropy)
    again = load_trace(step.save(tmp_path / "step.safetensors"))
    with pytest.raises(ValueError, match="the trace has no architecture: .*function"):
        again.replay()
    assert_same(again.replay(net), step)
    assert_same(step.replay(), step)


def test_other_files(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    tn.save(Net([Linear(2, 2)]), path)
    with pytest.raises(ValueError, match="holds no trace"):
        load_trace(path)
    with pytest.raises(TypeError, match="layers must be a list of classes"):
        load_trace(path, layers=Scale)
    with pytest.raises(TypeError, match="save_trace: trace must be"):
        tn.probe.save_trace("step", path)


def test_a_truth_of_words_is_no_tensor(tmp_path: Path) -> None:
    step = tn.trace(
        Net([Linear(2, 2)]), np.ones((3, 2)), np.array(["a", "b", "c"]), lambda p, t: (0.0, np.ones_like(p))
    )
    with pytest.raises(TypeError, match=r"ground_truth has type <U1, which a safetensors file cannot hold"):
        step.save(tmp_path / "step.safetensors")


def test_a_damaged_file_is_named(step: Trace, tmp_path: Path) -> None:
    path = step.save(tmp_path / "step.safetensors")
    arrays, metadata = read_tensors("test", path)
    whole = json.loads(metadata[KEY])
    draws = np.random.default_rng(0)
    for _ in range(60):
        text = json.dumps(altered(whole, draws))
        write_tensors("test", path, arrays, {KEY: text})
        try:
            load_trace(path)
        except ValueError as error:
            assert "is damaged" in str(error) or "format" in str(error)  # noqa: PT017
    write_tensors("test", path, arrays, {KEY: metadata[KEY][:1000]})
    with pytest.raises(ValueError, match="is damaged"):
        load_trace(path)
    write_tensors("test", path, arrays, {KEY: json.dumps(whole | {"format": 99})})
    with pytest.raises(ValueError, match="format 99"):
        load_trace(path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ValueError, match="damaged or cut off"):
        load_trace(path)


def altered(value, draws: np.random.Generator):
    """The same with one entry, somewhere inside, replaced or left out."""
    if not isinstance(value, (dict, list)) or not value or draws.random() < 0.05:
        return [None, 3, "x", [], {}][draws.integers(5)]
    copy = value.copy()
    at = [*copy][draws.integers(len(copy))] if isinstance(copy, dict) else draws.integers(len(copy))
    if draws.random() < 0.1:
        del copy[at]
    else:
        copy[at] = altered(copy[at], draws)
    return copy
