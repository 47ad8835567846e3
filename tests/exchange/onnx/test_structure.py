"""Stacks, residuals, concatenations and graphs, and what their parts are called."""

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from tests.exchange.onnx.given import agree, run
from tests.exchange.onnx.test_operators import PARAMETER, input_of, loaded, with_signature
from tests.exchange.onnx.test_unreadable import F, model
from tinynet.exchange.onnx.read.structure import Item, _common, _free, _last, _plain, stacked
from tinynet.layers import ReLU
from tinynet.net import Concat, Graph, Net, Residual

RELU, TANH = ("Relu", ["x"], ["r"], {}), ("Tanh", ["x"], ["t"], {})
FIRST = {"start": np.array([0]), "end": np.array([1]), "axis": np.array([1])}
ROW = np.array([1, 2, 3, 4], F)


def added(*inputs):
    return ("Add", list(inputs), ["y"], {})


STRUCTURES = {
    "a sum with what came in": (model([RELU, added("x", "r")]), "Residual ReLU"),
    "a sum turned round": (model([RELU, added("r", "x")]), "Residual ReLU"),
    "a sum of two branches": (model([RELU, TANH, added("r", "t")]), "Residual ReLU Tanh"),
    "the longer branch is the body": (
        model([RELU, TANH, ("Sigmoid", ["t"], ["s"], {}), added("r", "s")]),
        "Residual Tanh Sigmoid ReLU",
    ),
    "a sum in a sum": (
        model([RELU, ("Add", ["x", "r"], ["s"], {}), ("Tanh", ["s"], ["t"], {}), added("t", "x")]),
        "Residual Residual ReLU Tanh",
    ),
    "twice the same": (model([added("x", "x")]), "Graph Combine"),
    "a difference": (model([RELU, ("Sub", ["x", "r"], ["y"], {})]), "Graph ReLU Combine"),
    "a sum that repeats a column": (
        model([("Slice", ["x", *FIRST], ["c"], {}), added("x", "c")], arrays=FIRST),
        "Graph Part Combine",
    ),
    "a branch that is an output": (model([RELU, added("x", "r")], outputs=("y", "r")), "Graph ReLU Combine"),
    "a branch that is read twice": (
        model([RELU, ("Add", ["x", "r"], ["s"], {}), ("Mul", ["s", "r"], ["y"], {})]),
        "Graph ReLU Combine Combine",
    ),
    "a branch of two inputs": (
        model([RELU, TANH, ("Mul", ["r", "t"], ["m"], {}), added("m", "x")]),
        "Graph ReLU Tanh Combine Combine",
    ),
    "a row beside a branch": (model([RELU, added("r", "w")], arrays={"w": ROW}), "Graph ReLU Combine"),
    "side by side": (model([RELU, ("Concat", ["x", "r"], ["y"], {"axis": 1})]), "Concat ReLU"),
    "three side by side": (
        model([RELU, TANH, ("Concat", ["r", "x", "t"], ["y"], {"axis": -1})]),
        "Concat ReLU Tanh",
    ),
    "unequal parts side by side": (
        model([("Slice", ["x", *FIRST], ["c"], {}), ("Concat", ["x", "c"], ["y"], {"axis": 1})], arrays=FIRST),
        "Concat Part",
    ),
    "what is not needed": (model([RELU, TANH, ("Sigmoid", ["r"], ["y"], {})]), "ReLU Sigmoid"),
    "an output in the middle": (model([RELU, ("Tanh", ["r"], ["y"], {})], outputs=("r", "y")), "Graph ReLU Tanh"),
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_what_a_graph_is_made_of(name, tmp_path):
    made, kinds = STRUCTURES[name]
    net, x = loaded(made, tmp_path), input_of(made)
    agree(net.predict(x), run(tmp_path / "net.onnx", x))
    found = [type(layer).__name__ for _, layer in net.layers_inside() if not isinstance(layer, Net)]
    assert " ".join(found) == kinds


def test_a_weight_is_no_source_of_branches(tmp_path):
    nodes = [("Exp", ["w"], ["e"], {}), ("Add", ["e", "w"], ["s"], {}), ("Mul", ["x", "s"], ["y"], {})]
    net = loaded(with_signature(model(nodes, arrays={"w": ROW}), PARAMETER.format("w")), tmp_path)
    x = np.ones((2, 4), F)
    agree(net.predict(x), run(tmp_path / "net.onnx", x))
    assert not any(isinstance(layer, Residual) for layer in net.every_layer())
    net.backward(np.ones_like(net.forward(x)))
    (w,) = net.parameters().values()
    np.testing.assert_allclose(w.gradient, 2 * (np.exp(ROW) + 1), rtol=1e-6)


def test_branches_keep_their_axis_and_their_order(tmp_path):
    net = loaded(STRUCTURES["three side by side"][0], tmp_path)
    (concat,) = [layer for layer in net.every_layer() if isinstance(layer, Concat)]
    assert concat.axis in (1, -1)
    assert [len(list(branch.every_layer())) > 1 for branch in concat.branches] == [True, False, True]


@pytest.mark.parametrize(
    ("scopes", "paths"),
    [
        ([[], []], "0 1"),
        ([["0"], ["1"]], "0 1"),
        ([["1"], ["2"]], "1 2"),
        ([["conv"], ["act"]], "conv act"),
        ([["act"], ["conv"], ["act"]], "act conv act_2"),
        ([["a"], []], "a relu"),
        ([["net", "net.conv"], ["net", "net.act"]], "conv act"),
        ([["net"], ["net", "net.act"]], "net net.relu net.act"),
        ([["act"], ["act"]], "act act.relu act.relu_2"),
        ([["f", "f.0"], ["f", "f.1"], ["fc"]], "f f.0 f.1 fc"),
        ([["f", "f.a"], ["f", "f.b"], ["fc"]], "f f.a f.b fc"),
        ([["f", "f.a", "f.a.b"], ["fc"]], "f fc"),
        ([["f", "f.a"], ["f", "f.a"], ["fc"]], "f f.relu f.relu_2 fc"),
        ([["f", "f.a.b"], ["f", "f.a.c"], ["g"]], "f f.a_b f.a_c g"),
    ],
)
def test_layers_are_nested_and_named_as_their_modules(scopes, paths):
    net = stacked([Item(ReLU(), path) for path in scopes])
    assert " ".join(path for path, _ in net.layers_inside() if path) == paths


def test_names():
    taken = {"x", "x_2", "y_9", "_1", "a_b"}
    assert [_free(name, taken) for name in ("z", "x", "y_9", "_1", "a_b")] == ["z", "x_3", "y_10", "_1_2", "a_b_2"]
    assert [_plain(name) for name in ("/a.b/c", "7up", "...", "ok", "a--b")] == ["a_b_c", "n7up", "x", "ok", "a_b"]
    assert [_last("a.b.c", "a"), _last("a.b.c", ""), _last("ab.c", "a")] == ["b_c", "a_b_c", "ab_c"]
    assert _common([["a", "b"], ["a", "c"], ["a", "b", "d"]]) == ["a"]
    assert _common([["a"], []]) == []
    assert _common([["a", "b"]]) == ["a", "b"]


def test_the_steps_and_values_of_a_graph_have_names(tmp_path):
    nodes = [("LSTM", ["x", "W", "R"], ["o", "h", "c"], {"hidden_size": 2}), ("Tanh", ["x"], ["t"], {})]
    nodes += [("Mul", ["t", "scale"], ["u"], {}), ("Add", ["u", "table"], ["y"], {})]
    arrays = {"W": np.ones((1, 8, 3), F), "R": np.ones((1, 8, 2), F), "scale": ROW[:3], "table": np.array([5], F)}
    made = model(nodes, (4, "n", 3), arrays, ("y", "o", "h", "c"))
    net = loaded(made, tmp_path)
    (graph,) = [layer for layer in net.every_layer() if isinstance(layer, Graph)]
    assert graph.inputs == ["x"]
    assert list(graph.weights) == ["scale"]
    assert [getattr(graph, name).tolist() for name in graph.constants] == [[5]]
    names = [name for name, _, _, _ in graph.steps]
    assert names[0] == "block"
    assert len(set(names)) == len(names)
    values = {name for _, _, _, gives in graph.steps for name in gives}
    (lstm,) = [gives for _, layer, _, gives in graph.steps if len(gives) == 3]
    assert [name[-2:] for name in lstm] == ["_y", "_h", "_c"]
    assert set(graph.outputs) <= values
    x = np.random.default_rng(0).normal(size=(4, 2, 3)).astype(F)
    agree(net.predict(x), run(tmp_path / "net.onnx", x))
