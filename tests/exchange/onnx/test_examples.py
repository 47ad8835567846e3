"""The two examples that run through a graph: what is the same in both is fixed, what differs is free."""

import json

import numpy as np
import pytest

import tinynet as tn
from tests.exchange.onnx.given import agree, layers_of, run
from tests.exchange.onnx.test_operators import loaded
from tests.exchange.onnx.test_unreadable import FLOAT, INT, F, helper, model, one
from tinynet.exchange.onnx.load import _examples, _size
from tinynet.exchange.onnx.read.file import Unreadable, document
from tinynet.exchange.onnx.read.reader import Value, settled
from tinynet.layers import Linear, ReLU
from tinynet.net import Net

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


@pytest.mark.parametrize(
    ("size", "axis", "n_axes", "sizes"),
    [
        (5, 0, 2, (5, 5)),
        ("n", 0, 2, (2, 3)),
        (0, 0, 2, (2, 3)),
        ("?", 2, 4, (32, 48)),
        ("h", 3, 4, (32, 48)),
        ("t", 1, 3, (6, 7)),
        (-1, 1, 3, (6, 7)),
    ],
)
def test_the_sizes_of_an_axis(size, axis, n_axes, sizes):
    free = {}
    assert tuple(_size(size, axis, n_axes, run, free, "x1") for run in (0, 1)) == sizes


def test_a_name_that_occurs_again_has_the_same_size():
    free = {}
    assert _size("t", 0, 2, 0, free, "x0") == _size("t", 1, 3, 0, free, "y1") == 2
    assert _size("?", 0, 2, 1, free, "z0") == 3
    assert _size("?", 1, 3, 1, free, "z1") == 7  # without a name each is another


def examples(shape, dtype=FLOAT, shapes=()):
    return _examples(document(onnx, model([("Relu", ["x"], ["y"], {})], shape, dtype=dtype), None), list(shapes))["x"]


def test_numbers_are_drawn_and_tokens_are_zero():
    first, second = examples(("n", "t"))
    assert (first.shape, second.shape, first.dtype) == ((2, 6), (3, 7), np.float32)
    assert first.std() > 0.5
    assert not np.array_equal(first[0], second[0, :6])
    first, second = examples(("n", 4), INT)
    assert (first.dtype, first.any(), second.shape) == (np.int64, False, (3, 4))
    assert examples(("n", 4), onnx.TensorProto.FLOAT16)[0].dtype == np.float32
    assert examples(("n", 4), onnx.TensorProto.DOUBLE)[0].dtype == np.float64


def test_the_caller_names_all_sizes_but_that_of_the_batch():
    assert [x.shape for x in examples(("n", "t", "k"), shapes=[(5, 4)])] == [(2, 5, 4), (3, 5, 4)]
    assert [x.shape for x in examples((1, "t"), shapes=[(5,)])] == [(1, 5), (1, 5)]
    with pytest.raises(Unreadable, match="^the input x has 2 axes, input_shape says 3.$"):
        examples(("n", 4), shapes=[(4, 4)])
    with pytest.raises(Unreadable, match="^it has 1 inputs, input_shape names 2.$"):
        examples(("n", 4), shapes=[(4,), (4,)])


@pytest.mark.parametrize(
    ("shape", "kind", "words"),
    [
        ((0,), ValueError, r"input_shape\[0\] must be .*at least 1"),
        ((3, 2.5), TypeError, r"input_shape\[1\] must be"),
        ([(3,), [3]], TypeError, r"input_shape must be a tuple of integers, got \[\(3,\), \[3\]\]"),
        ("ab", TypeError, "input_shape must be a tuple of integers, got 'ab'"),
    ],
)
def test_shapes_that_are_none(shape, kind, words, tmp_path):
    onnx.save(one("Relu"), tmp_path / "net.onnx")
    with pytest.raises(kind, match=words):
        tn.load_onnx(tmp_path / "net.onnx", input_shape=shape)


def test_a_row_that_is_repeated_for_each_sample_is_one_row():
    row = np.array([[1.0, 2.0]])
    assert settled(Value((row, row), True)).tolist() == [[1, 2]]
    assert settled(Value((row.repeat(2, axis=0), row.repeat(3, axis=0)), True)).tolist() == [[1, 2]]
    both = np.ones((2, 6)), np.ones((3, 7))
    assert settled(Value(both, True)).shape == (1, 1)
    for first, second in (
        (row, 2 * row),  # other numbers
        (row.repeat(2, axis=0), 2 * row.repeat(3, axis=0)),
        (np.arange(2.0), np.arange(3.0)),  # rows that differ
        (np.ones(2), np.ones((2, 1))),
    ):
        with pytest.raises(Unreadable, match="^it needs an array that depends on the shape of the input: ") as caught:
            settled(Value((first, second), True))
        shapes = [f"({n.shape[0]},)" if n.ndim == 1 else str(n.shape) for n in (first, second)]
        assert str(caught.value).endswith(f"{shapes[0]} for one shape, {shapes[1]} for another.")
        assert caught.value.hint == "name the sizes of all axes but the batch: load_onnx(path, input_shape=...)."


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (one("Resize", {}, None, None, np.array([2, 2, 12, 12]), shape=("n", 2, 6, 6)), "it resizes the batch or the"),
        (one("Slice", {}, np.array([0]), np.array([6]), np.array([1]), shape=("n", "t")), "where it cuts depends"),
        (one("Trilu", shape=("n", 3, "t")), "its matrices have free axes"),
        (one("SplitToSequence", {"axis": 1}, shape=("n", "t")), "it splits a free axis"),
        (
            model(
                [("Relu", ["x"], ["r"], {}), ("Shape", ["x"], ["s"], {}), ("Expand", ["r1", "s"], ["y"], {})],
                ("n", "t"),
                {"r1": np.ones((1, 1), F)},
            ),
            "its output 'y' does not depend on its inputs",
        ),
    ],
)
def test_what_differs_between_the_examples_is_refused(made, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        loaded(made, tmp_path)


def test_half_numbers_become_floats(tmp_path):
    half = onnx.TensorProto.FLOAT16
    net = loaded(one("Add", {}, np.ones(4, np.float16), dtype=half), tmp_path)
    assert net.dtype == np.float32
    assert net.predict(np.zeros((1, 4), F)).tolist() == [[1] * 4]


def test_the_net_is_in_evaluation_mode_and_can_be_trained(tmp_path):
    net = loaded(model([("Dropout", ["x"], ["d"], {}), ("Relu", ["d"], ["y"], {})]), tmp_path)
    assert not net.training
    (dropout, _) = layers_of(net)
    assert dropout.p == 0.5
    net.train()
    assert dropout.training


def written(tmp_path, change=None):
    """A net, and its file with other metadata."""
    net = Net([Linear(3, 2), ReLU()])
    tn.export_onnx(net, tmp_path / "net.onnx", (3,))
    made = onnx.load(tmp_path / "net.onnx")
    if change is not None:
        change(made, {entry.key: entry for entry in made.metadata_props})
    onnx.save(made, tmp_path / "net.onnx")
    return net, tn.load_onnx(tmp_path / "net.onnx")


def other_mark(made, entries):
    entries["tinynet.graph"].value = "0"


def other_node(made, entries):
    made.graph.node[-1].op_type = "Tanh"


def other_class(made, entries):
    entry = entries["tinynet.architecture"]
    entry.value = entry.value.replace("ReLU", "Unknown")


def no_architecture(made, entries):
    entries["tinynet.architecture"].value = "{"


def missing_entry(made, entries):
    entry = entries["tinynet.architecture"]
    entry.value = json.dumps(json.loads(entry.value) | {"entries": ["0.weight", "0.bias", "7.weight"]})


def test_a_file_of_ours_gives_the_same_net(tmp_path):
    net, again = written(tmp_path)
    assert repr(again) == repr(net)
    assert not again.training
    x = np.ones((2, 3), F)
    assert np.array_equal(again.predict(x), net.predict(x))


@pytest.mark.parametrize("change", [other_mark, other_node, other_class, no_architecture, missing_entry])
def test_a_file_of_ours_that_was_changed_is_read_as_any_other(change, tmp_path):
    _, again = written(tmp_path, change)
    x = np.ones((2, 3), F)
    agree(again.predict(x), run(tmp_path / "net.onnx", x))


def test_a_file_without_a_graph(tmp_path):
    (tmp_path / "net.onnx").write_bytes(helper.make_model(helper.make_graph([], "g", [], [])).SerializeToString())
    with pytest.raises(ValueError, match=r"load_onnx: '.*net.onnx' is no ONNX file, or it holds no graph\."):
        tn.load_onnx(tmp_path / "net.onnx")
    (tmp_path / "net.onnx").write_bytes(b"\x08")
    with pytest.raises(ValueError, match=r"load_onnx: '.*net.onnx' is no ONNX file, or it is damaged\."):
        tn.load_onnx(tmp_path / "net.onnx")
