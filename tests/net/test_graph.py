"""Graph, Named, and the single operations that a graph is made of."""

from copy import deepcopy

import numpy as np
import pytest

import tinynet as tn
from tests.layers.differences import assert_derivative
from tinynet.layers import LSTM, Embedding, Linear, ReLU, Tanh
from tinynet.losses import mean_squared_error
from tinynet.net import Graph, Named, Net
from tinynet.net.operations import (
    Choose,
    Clip,
    Combine,
    Compare,
    CumulativeSum,
    Einsum,
    Elementwise,
    Expand,
    Join,
    MatMul,
    Part,
    Power,
    Reduce,
    Repeat,
    Take,
    View,
)
from tinynet.net.operations import Transpose as Transposed
from tinynet.optimizers import SGD

X = np.random.default_rng(0).normal(size=(3, 4))


def gated(**changes):
    arguments = {
        "inputs": ["x"],
        "steps": [
            ("gate", Linear(4, 2), ["x"], ["g"]),
            ("value", MatMul(), ["x", "W"], ["v"]),
            ("product", Combine("multiply"), ["g", "v"], ["p"]),
            ("sum", Combine("add"), ["p", "c"], ["y"]),
        ],
        "outputs": ["y"],
        "weights": {"W": (4, 2)},
        "constants": {"c": ((2,), "float32")},
    }
    return Graph(**arguments | changes)


def test_a_graph_computes_its_steps():
    graph = gated().astype(np.float64)
    graph.c[...] = [1, 2]
    expected = (X @ graph.steps[0][1].weight.tensor.T + graph.steps[0][1].bias.tensor) * (X @ graph.weights["W"].tensor)
    np.testing.assert_allclose(graph.forward(X), expected + graph.c)
    assert list(graph.parameters()) == ["W", "gate.weight", "gate.bias"]
    assert sorted(graph.state()) == ["W", "c", "gate.bias", "gate.weight"]


def test_a_constant_that_is_a_single_number_is_saved(tmp_path):
    graph = gated(constants={"c": ((), "float32")})
    graph.c[...] = 3
    tn.save(graph, tmp_path / "graph.safetensors")
    loaded = tn.load(tmp_path / "graph.safetensors")
    assert loaded.c == 3
    assert np.array_equal(loaded.forward(X.astype(np.float32)), graph.forward(X.astype(np.float32)))


def test_the_derivative_of_a_graph():
    assert_derivative(gated(), X.copy())


def test_a_value_that_is_read_twice_or_never():
    steps = [
        ("a", Tanh(), ["x"], ["a"]),
        ("unused", ReLU(), ["a"], ["u"]),
        ("twice", Combine("multiply"), ["a", "a"], ["y"]),
    ]
    assert_derivative(Graph(["x"], steps, ["y"]), X.copy())
    assert_derivative(Graph(["x"], steps[:1], ["a"]), X.copy())


def test_several_outputs_of_which_one_is_read_twice():
    graph = Graph(["a", "b"], [("sum", Combine("add"), ["a", "b"], ["y"])], ["y", "a", "y"]).astype(np.float64)
    graph.forward(X, X)
    da, db = graph.backward(X, 10 * X, 100 * X)
    np.testing.assert_allclose(da, 111 * X)
    np.testing.assert_allclose(db, 101 * X)


def test_only_the_last_state_of_a_recurrent_layer_is_read():
    steps = [("rnn", LSTM(4, 2, return_state=True), ["x"], ["y", "h", "c"]), ("first", Part(0, 0, 1), ["h"], ["z"])]
    assert_derivative(Graph(["x"], steps, ["z"]), np.random.default_rng(1).normal(size=(3, 5, 4)))


def test_integers_have_no_gradient():
    steps = [("embedding", Embedding(5, 3), ["x"], ["e"]), ("some", Take(1), ["e", "c"], ["y"])]
    graph = Graph(["x"], steps, ["y"], constants={"c": ((2,), "int64")})
    y = graph.forward(np.array([[1, 2, 3]]))
    assert graph.backward(np.ones_like(y)) is None
    assert graph.steps[0][1].weight.gradient.sum() == 6


def test_a_graph_in_a_net_trains_and_is_saved(tmp_path):
    net = Net([gated(), Linear(2, 1)])
    losses = []
    for _ in range(20):
        loss, gradient = mean_squared_error(net.forward(X), np.ones((3, 1)))
        losses.append(loss)
        net.backward(gradient)
        net.update(SGD(lr=0.1))
    assert losses[-1] < 0.5 * losses[0]
    tn.save(net, tmp_path / "net.safetensors")
    assert np.array_equal(tn.load(tmp_path / "net.safetensors").predict(X), net.predict(X))
    assert np.array_equal(deepcopy(net).predict(X), net.predict(X))


def test_the_update_changes_no_weight_that_was_read():
    graph = gated()
    graph.forward(X.astype(np.float32))
    read = graph.steps[1][1].recall().b
    before = read.copy()
    graph.weights["W"].tensor[...] = 7
    assert np.array_equal(read, before)


def test_an_error_names_its_step():
    with pytest.raises(ValueError, match="layer gate: Linear.*expected x of shape \\(N, 4\\), got \\(3, 5\\)"):
        gated().forward(np.ones((3, 5)))
    with pytest.raises(TypeError, match="Graph: expected 1 inputs, got 2"):
        gated().forward(X, X)


ONE = Linear(4, 2)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"inputs": "x"}, "inputs must be a list of names, got 'x'\\.\nHint: write inputs=\\[\"x\"]"),
        ({"inputs": ["x", 3]}, r"inputs must be a list of names, got \['x', 3]"),
        ({"outputs": []}, r"outputs must be a list of names, got \[\]"),
        ({"steps": 3}, r"steps must be a list of steps, got an int\.$"),
        (
            {"steps": [("one", ONE, ["x"])]},
            r"steps\[0\] must be \(name, layer, reads, gives\), got \('one', .*\nHint: write",
        ),
        (
            {"steps": [("a", ReLU(), ["x"], ["y"]), 3]},
            r"steps\[1\] must be \(name, layer, reads, gives\), got 3\.\nHint: w",
        ),
        ({"steps": [("o.ne", ONE, ["x"], ["y"])]}, r"steps\[0\] must be"),
        ({"steps": [("", ONE, ["x"], ["y"])]}, r"steps\[0\] must be"),
        ({"steps": [(3, ONE, ["x"], ["y"])]}, r"steps\[0\] must be"),
        ({"steps": [("one", 3, ["x"], ["y"])]}, "the layer of step 'one' must be a Layer, got an int"),
        ({"steps": [("one", ONE, "x", ["y"])]}, "what step 'one' reads must be a list of names, got 'x'"),
        ({"steps": [("one", ONE, ["x"], "y")]}, "what 'one' gives must be a list of names, got 'y'"),
        ({"weights": [3]}, r"weights must be a dict from names without dots, got \[3\]"),
        ({"weights": {"": (2,)}}, r"weights must be a dict from names without dots, got \{'': \(2,\)\}"),
        ({"constants": {"a.b": ((2,), "bool")}}, r"constants must be a dict from names without dots, got \{'a\.b': "),
        ({"weights": {"W": 3}}, "the shape of W must be a tuple of integers, got 3"),
        ({"weights": {"W": (2, "3")}}, "the shape of W must be an integer, got '3'"),
        ({"constants": {"c": (3, "bool")}}, "the shape of c must be a tuple of integers, got 3"),
        (
            {"constants": {"c": (2,)}},
            r"constant c must be \(shape, type\) with one of float32, float64, int32, int64, bool, ",
        ),
        (
            {"constants": {"c": ((2,), "int8")}},
            r"constant c must be .*, got \(\(2,\), 'int8'\)\.\nHint: write \(\(2, 3\), ",
        ),
    ],
)
def test_what_is_of_another_kind_is_refused(changes, words):
    with pytest.raises(TypeError, match=f"^Graph: {words}"):
        gated(**changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"steps": [("one", ONE, ["z"], ["y"])]}, r"step 'one' reads z, which is not there yet\."),
        ({"steps": [("one", ONE, ["x"], ["x"])]}, r"step 'one': there are two things named x\."),
        ({"steps": [("one", ONE, ["x"], ["y", "y"])]}, r"step 'one': there are two things named y, y\."),
        ({"steps": [("W", ONE, ["x"], ["y"])], "weights": {"W": (2,)}}, r"step 'W': there are two things named W\."),
        (
            {"steps": [("a", ReLU(), ["x"], ["y"]), ("a", ReLU(), ["y"], ["z"])]},
            "step 'a': there are two things named a",
        ),
        ({"inputs": ["x", "x"]}, "two of the inputs, weights and constants have the same name"),
        ({"weights": {"x": (2,)}}, "two of the inputs, weights and constants have the same name"),
        ({"outputs": ["z"]}, "no step gives the output z"),
        (
            {"steps": [("one", ONE, ["x"], ["y"]), ("two", ONE, ["x"], ["z"])]},
            r"a layer is used twice, but it remembers only its last forward\.\nHint: make a second layer; to share",
        ),
        ({"weights": {"W": (2, -1)}}, "the shape of W must be at least 0, got -1"),
        ({"constants": {"c": ((-2,), "bool")}}, "the shape of c must be at least 0, got -2"),
        (
            {"constants": {"forward": ((2,), "bool"), "c": ((2,), "bool")}},
            r"a constant cannot be named 'forward'\.\nHint: name it c0, for example\.",
        ),
        ({"constants": {"c": ((2,), "bool"), "_c": ((2,), "bool")}}, "a constant cannot be named '_c'"),
        ({"constants": {"c": ((2,), "bool"), "c d": ((2,), "bool")}}, "a constant cannot be named 'c d'"),
    ],
)
def test_a_wrong_graph_is_refused(changes, words):
    with pytest.raises(ValueError, match=f"^Graph: {words}"):
        gated(**changes)


def test_layers_with_names():
    net = Named({"hidden": Linear(4, 3), "out": Linear(3, 2)})
    assert list(net.state()) == ["hidden.weight", "hidden.bias", "out.weight", "out.bias"]
    assert repr(net).startswith("Named(\n  (hidden): Linear(")
    assert_derivative(net, X.copy())
    x = X.astype(np.float32)
    assert np.array_equal(net.astype(np.float32)[1].forward(net[0].forward(x)), net.forward(x))
    with pytest.raises(TypeError, match="Named: layers must be a dict of layers, got a list"):
        Named([Linear(2, 2)])
    for name in ("", "a.b", 3):
        with pytest.raises(ValueError, match="Named: a name must be a text without dots, got"):
            Named({name: ReLU()})


@pytest.mark.parametrize(
    ("layer", "inputs", "expected"),
    [
        (Combine("divide"), ([6.0, 4.0], [2.0]), [3.0, 2.0]),
        (Choose(), ([True, False], [1.0, 1.0], [5.0, 7.0]), [1.0, 7.0]),
        (Clip(0, 6), ([-1.0, 7.0, 2.0],), [0.0, 6.0, 2.0]),
        (Power(2.0), ([3.0],), [9.0]),
        (Elementwise("reciprocal"), ([4.0],), [0.25]),
        (Reduce("max", (0,), keepdims=False), ([[1.0, 5.0], [3.0, 2.0]],), [3.0, 5.0]),
        (Reduce("min", (0,)), ([[1.0, 5.0], [3.0, 2.0]],), [[1.0, 2.0]]),
        (Reduce("norm", (0,)), ([3.0, 4.0],), [5.0]),
        (Reduce("logsumexp", (0,)), ([1000.0, 1000.0],), [1000 + np.log(2)]),
        (Reduce("logsumexp", (0,)), ([-np.inf, -np.inf],), [-np.inf]),
        (Combine("maximum"), ([1.0, 5.0], [2.0]), [2.0, 5.0]),
        (Combine("minimum"), ([1.0, 5.0], [2.0]), [1.0, 2.0]),
        (Compare("equal"), ([1, 2, 3], [2]), [0.0, 1.0, 0.0]),
        (Compare("greater_equal"), ([1.0, 2.0], [2.0]), [0.0, 1.0]),
        (Repeat(), ([[1.0, 2.0]], [0.0, 0.0, 0.0]), [[1.0, 2.0]] * 3),
        (Compare("less"), ([1.0, 2.0], [2.0]), [1.0, 0.0]),
        (CumulativeSum(-1), ([[1.0, 2.0], [3.0, 4.0]],), [[1.0, 3.0], [3.0, 7.0]]),
        (Einsum("i, i ->"), ([1.0, 2.0], [3.0, 4.0]), 11.0),
        (Elementwise("round"), ([0.5, 1.5, -0.6],), [0.0, 2.0, -1.0]),
        (Part(0, -1, None, -2), ([1.0, 2.0, 3.0],), [3.0, 1.0]),
        (Expand(2, -1), ([[1.0, 2.0]],), [[1.0, 2.0], [1.0, 2.0]]),
        (Join(0), ([1.0], [2.0, 3.0]), [1.0, 2.0, 3.0]),
        (View("x1", -1), ([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],), [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
        (Transposed(1, 0), ([[1.0, 2.0]],), [[1.0], [2.0]]),
    ],
    ids=repr,
)
def test_operations_by_hand(layer, inputs, expected):
    np.testing.assert_allclose(layer.forward(*map(np.array, inputs)), expected)


def test_numbers_in_float32_are_not_too_large_nor_too_many():
    x = np.array([3e19, 4e19], np.float32)
    layer = Reduce("norm", (0,))
    np.testing.assert_allclose(layer.forward(x), [5e19], rtol=1e-6)  # x² is beyond float32
    np.testing.assert_allclose(layer.backward(np.ones(1, np.float32)), [0.6, 0.8], rtol=1e-6)
    many = np.full((1_000_000, 2), 0.1, np.float32)  # the second axis lets NumPy add the first number by number
    for operation, expected in (("mean", 0.1), ("sum", 1e5), ("norm", 100.0), ("logsumexp", 0.1 + np.log(1e6))):
        np.testing.assert_allclose(Reduce(operation, (0,)).forward(many), [[expected] * 2], rtol=1e-6)
    np.testing.assert_allclose(CumulativeSum(0).forward(many)[-1], [1e5] * 2, rtol=1e-6)


def test_true_and_false_are_counted():
    assert Reduce("sum", (0,)).forward(np.array([True, True, False])) == 2
    np.testing.assert_array_equal(CumulativeSum(0).forward(np.array([True, True, False])), [1, 2, 2])


def test_the_greatest_shares_its_gradient():
    layer = Reduce("max", (0,))
    layer.forward(np.array([1.0, 4.0, 4.0]))
    np.testing.assert_allclose(layer.backward(np.array([6.0])), [0.0, 3.0, 3.0])


@pytest.mark.parametrize("operation", ["maximum", "minimum"])
def test_equal_numbers_share_the_gradient(operation):
    layer = Combine(operation)
    layer.forward(np.array([1.0, 4.0]), np.array([4.0, 4.0]))
    da, db = layer.backward(np.array([6.0, 6.0]))
    taken = [0.0, 6.0] if operation == "maximum" else [6.0, 0.0]
    np.testing.assert_allclose(da, [taken[0], 3.0])
    np.testing.assert_allclose(db, [taken[1], 3.0])


def test_the_length_of_zeros_has_no_gradient():
    layer = Reduce("norm", (1,))
    layer.forward(np.array([[0.0, 0.0], [3.0, 4.0]]))
    np.testing.assert_allclose(layer.backward(np.array([[5.0], [5.0]])), [[0.0, 0.0], [3.0, 4.0]])
