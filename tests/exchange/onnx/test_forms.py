"""Parts, shapes, sums and sequences, which give what ONNX Runtime gives."""

import itertools

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from tests.exchange.onnx.given import agree, run
from tests.exchange.onnx.test_operators import loaded
from tests.exchange.onnx.test_unreadable import F, model, one
from tests.exchange.onnx.test_windows import IMAGE, drawn, must_agree

NUMBER = np.array(1)
SHAPES = {
    "one place": one("Gather", {"axis": 1}, np.array(2)),
    "the last place": one("Gather", {"axis": -1}, np.array(-1)),
    "a place before the last": one("Gather", {"axis": 1}, np.array(-2), shape=("n", 3, 4)),
    "several places": one("Gather", {"axis": 2}, np.array([[0, 3], [1, 1]]), shape=("n", 3, 4)),
    "equal parts": model(
        [
            ("Split", ["x"], ["a", "b", "c"], {"axis": 1, "num_outputs": 3}),
            ("Concat", ["c", "a", "b"], ["y"], {"axis": 1}),
        ],
        ("n", 7),
    ),
    "parts of given sizes": model(
        [("Split", ["x", "sizes"], ["a", "b"], {"axis": -1}), ("Concat", ["b", "a"], ["y"], {"axis": -1})],
        arrays={"sizes": np.array([1, 3])},
    ),
    "axes turned round": one("Transpose", shape=("n", 3, 4)),
    "rows of all that follows": one("Flatten", shape=IMAGE),
    "rows of rows": one("Flatten", {"axis": 2}, shape=IMAGE),
    "rows of the last": one("Flatten", {"axis": -1}, shape=IMAGE),
    "one row": one("Flatten", {"axis": 0}, shape=(3, 4)),
    "an axis left out": one("Squeeze", {}, np.array([1]), shape=("n", 1, 4)),
    "all axes of one left out": one("Squeeze", shape=(3, 1, 4, 1)),
    "an axis by attribute": one("Unsqueeze", {"axes": [1]}, opset=11),
    "axes from behind": one("Unsqueeze", {}, np.array([-1, 1])),
    "pixels of channels": one("DepthToSpace", {"blocksize": 2}, shape=("n", 8, 2, 3)),
    "channels of pixels": one("SpaceToDepth", {"blocksize": 2}, shape=("n", 3, 4, 6)),
    "a step of two": one(
        "Slice", {}, np.array([3, 0]), np.array([-9, 2]), np.array([1, 2]), np.array([-2, 1]), shape=("n", 4, 3)
    ),
    "nothing cut": model(
        [("Slice", ["x", "start", "end"], ["s"], {}), ("Relu", ["s"], ["y"], {})],
        arrays={"start": np.array([0]), "end": np.array([2**62])},
    ),
    "several axes repeated": one("Tile", {}, np.array([1, 2, 3]), shape=("n", 2, 3)),
    "nothing repeated": model(
        [("Tile", ["x", "by"], ["t"], {}), ("Relu", ["t"], ["y"], {})], arrays={"by": np.array([1, 1])}
    ),
    "new axes": one("Expand", {}, np.array([2, 1, 1]), shape=(3, 4)),
    "nothing expanded": model(
        [("Expand", ["x", "to"], ["t"], {}), ("Relu", ["t"], ["y"], {})], arrays={"to": np.array([1, 4])}
    ),
    "sums from the end": one("CumSum", {"reverse": 1}, NUMBER),
    "sums of those before": one("CumSum", {"exclusive": 1}, NUMBER),
    "sums from behind": one("CumSum", {}, np.array(-1), shape=("n", 2, 3)),
    "a mean that keeps no axis": one("ReduceMean", {"keepdims": 0}, np.array([2, 3]), shape=IMAGE),
    "a mean that keeps its axes": one("ReduceMean", {}, np.array([-1, 2]), shape=IMAGE),
    "a mean of another axis": one("ReduceMean", {}, np.array([1]), shape=IMAGE),
    "a sum of all": one("ReduceSum", {"keepdims": 0}, shape=(3, 4)),
    "a sum of nothing": model([("ReduceSum", ["x"], ["s"], {"noop_with_empty_axes": 1}), ("Relu", ["s"], ["y"], {})]),
    "a mean by attribute": one("ReduceMean", {"axes": [1]}, opset=11),
    "sums of three": model([("Sum", ["x", "x", "w"], ["y"], {})], arrays={"w": np.arange(4, dtype=F)}),
    "a mean of three": model([("Mean", ["x", "w", "x"], ["y"], {})], arrays={"w": np.arange(4, dtype=F)}),
    "a sum of one": model([("Sum", ["x"], ["s"], {}), ("Relu", ["s"], ["y"], {})]),
    "the greatest of one": model([("Max", ["x"], ["s"], {}), ("Relu", ["s"], ["y"], {})]),
    "the least of a number and two": model(
        [("Min", ["half", "x", "w"], ["y"], {})], arrays={"half": F(0.5), "w": np.arange(4, dtype=F) - 1}
    ),
    "the greatest of a number with more axes": one("Max", {}, np.full((1, 1, 1), 0.5, F)),
    "the least of two numbers": one("Min", {}, F(0.5), F(0.25)),
    "dots in the middle": one("Einsum", {"equation": "a...b,bc->c...a"}, drawn(4, 2), shape=("n", 3, 4)),
    "a lower triangle": one("Trilu", {"upper": 0}, shape=("n", 3, 4)),
    "an upper triangle": one("Trilu", {}, np.array(1), shape=("n", 3, 4)),
    "a vector before": model(
        [("Relu", ["x"], ["r"], {}), ("Transpose", ["r"], ["t"], {}), ("MatMul", ["v", "t"], ["y"], {})],
        arrays={"v": np.arange(4, dtype=F)},
    ),
    "GatherND": one("GatherND", {}, np.array([[0, 1], [1, 0]]), shape=(3, 3, 4)),
}


@pytest.mark.parametrize("name", SHAPES)
def test_parts_and_sums(name, tmp_path):
    must_agree(SHAPES[name], tmp_path)


GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
OUTPUTS = [("y", "h"), ("h",), ("y",)]


@pytest.mark.parametrize(("op", "directions", "biased"), itertools.product(GATES, (1, 2), (False, True)))
def test_sequences(op, directions, biased, tmp_path):
    gates, about = GATES[op], {"hidden_size": 3, "direction": "bidirectional" if directions == 2 else "forward"}
    about |= {"linear_before_reset": 1} if op == "GRU" else {}
    about |= {"activations": ["Relu"] * directions} if op == "RNN" and biased else {}
    arrays = {"W": drawn(directions, gates * 3, 4), "R": drawn(directions, gates * 3, 3)}
    arrays |= {"B": drawn(directions, gates * 6)} if biased else {}
    for outputs in [*OUTPUTS, *([("y", "c"), ("h", "c")] if op == "LSTM" else [])]:
        names = [name if name in outputs else "" for name in "yhc"[: 3 if op == "LSTM" else 2]]
        must_agree_over_time(model([(op, ["x", *arrays], names, about)], (5, "n", 4), arrays, outputs), tmp_path)


@pytest.mark.parametrize("op", GATES)
def test_sequences_that_begin_somewhere(op, tmp_path):
    gates, about = GATES[op], {"hidden_size": 3} | ({"linear_before_reset": 1} if op == "GRU" else {})
    arrays = {"W": drawn(1, gates * 3, 4), "R": drawn(1, gates * 3, 3), "h0": drawn(1, 2, 3), "c0": drawn(1, 2, 3)}
    states = ["h0", "c0"] if op == "LSTM" else ["h0"]
    if op != "LSTM":
        arrays.pop("c0")
    nodes = [(op, ["x", "W", "R", "", "", *states], ["y", "h"], about)]
    must_agree_over_time(model(nodes, (5, 2, 4), arrays, ("y", "h")), tmp_path)
    arrays |= {name: np.zeros((1, 2, 3), F) for name in states}
    net = must_agree_over_time(model(nodes, (5, 2, 4), arrays, ("y", "h")), tmp_path)
    assert not any(getattr(layer, "return_state", False) for layer in net.every_layer())


def must_agree_over_time(made, tmp_path):
    net = loaded(made, tmp_path)
    x = np.random.default_rng(0).normal(size=(5, 2, 4)).astype(F)
    agree(net.predict(x), run(tmp_path / "net.onnx", x))
    return net
