"""What a file of ONNX says, and what cannot be written."""

import json

import numpy as np
import pytest

import tinynet as tn
from tests.exchange.onnx.given import agree, numbers, run
from tinynet.layers import LSTM, BatchNorm2D, Conv2D, Dropout, Flatten, Layer, Linear, ReLU
from tinynet.net import Net, Residual

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


class Doubled(Linear):
    """A layer of one's own that says how it is written."""

    def forward(self, x):
        return 2 * super().forward(x)

    def to_onnx(self, graph, x):
        y = graph.node("Gemm", x, graph.weight(self.weight), graph.weight(self.bias), transB=1)
        return graph.node("Mul", y, graph.constant(2.0))


class Silent(Linear):
    def forward(self, x):
        return -super().forward(x)


def metadata(entries):
    return {entry.key: entry.value for entry in entries}


def test_nodes_name_the_layers_they_come_from(tmp_path):
    net = Net([Residual([Linear(3, 4), ReLU(), Linear(4, 3)]), Dropout(), Linear(3, 2)])
    tn.export_onnx(net, tmp_path / "net.onnx", (3,), classes=["no", "yes"])
    model = onnx.load(tmp_path / "net.onnx")
    found = [(node.op_type, metadata(node.metadata_props)) for node in model.graph.node]
    assert [(op, about["tinynet.path"], about["tinynet.layer"]) for op, about in found] == [
        ("Gemm", "0.body.0", "Linear"),
        ("Relu", "0.body.1", "ReLU"),
        ("Gemm", "0.body.2", "Linear"),
        ("Add", "0", "Residual"),
        ("Gemm", "2", "Linear"),
    ]
    assert found[0][1]["pkg.torch.onnx.name_scopes"] == "['', '0', '0.body', '0.body.0']"
    assert {tensor.name for tensor in model.graph.initializer} == set(net.state())
    assert json.loads(metadata(model.metadata_props)["classes"]) == ["no", "yes"]
    assert model.opset_import[0].version == 17
    assert [dim.dim_param or dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim] == ["N", 3]


def test_a_net_of_nothing_gives_its_input(tmp_path):
    tn.export_onnx(Net([Dropout(), Dropout()]), tmp_path / "net.onnx", (3,))
    x = numbers((3,), 2)
    agree(x, run(tmp_path / "net.onnx", x))


def test_a_layer_of_ones_own_says_how_it_is_written(tmp_path):
    net = Net([Doubled(3, 2), ReLU()])
    tn.export_onnx(net, tmp_path / "net.onnx", (3,))
    x = numbers((3,), 4)
    agree(net.forward(x), run(tmp_path / "net.onnx", x))


def test_double_precision(tmp_path):
    net = Net([Linear(3, 4), ReLU(), Linear(4, 2)]).astype(np.float64)
    tn.export_onnx(net, tmp_path / "net.onnx", (3,))
    x = numbers((3,), 4).astype(np.float64)
    assert np.abs(net.forward(x) - run(tmp_path / "net.onnx", x)[0]).max() < 1e-14


def test_the_net_is_left_as_it_was(tmp_path):
    net = Net([Conv2D(1, 2, 3), BatchNorm2D(2), Flatten(), Linear(8, 2), Dropout()])
    before = net.state()
    tn.export_onnx(net, tmp_path / "net.onnx", (1, 4, 4))
    assert net.training
    assert all(np.array_equal(before[name], array) for name, array in net.state().items())
    with pytest.raises(RuntimeError, match="there is no forward to go back through"):
        net.backward(np.zeros((2, 2)))


def test_a_layer_without_a_form_is_named(tmp_path):
    (tmp_path / "net.onnx").write_text("old")
    sentence = "layer 1, Silent, has no form in ONNX that Tinynet knows.\nHint: give the class a method to_onnx"
    with pytest.raises(NotImplementedError, match=sentence + ".*its own forward is not that of Linear"):
        tn.export_onnx(Net([ReLU(), Silent(3, 2)]), tmp_path / "net.onnx", (3,))
    assert (tmp_path / "net.onnx").read_text() == "old"


@pytest.mark.parametrize("shape", [3, [3], ("N", "N", 2), [(3,), "3"]])
def test_input_shapes_are_tuples(shape, tmp_path):
    with pytest.raises(TypeError, match="export_onnx: input_shape must be a tuple of integers, got"):
        tn.export_onnx(Linear(3, 2), tmp_path / "net.onnx", shape)


def test_classes_are_names(tmp_path):
    with pytest.raises(TypeError, match="export_onnx: classes must be a list of names, got"):
        tn.export_onnx(Linear(3, 2), tmp_path / "net.onnx", (3,), classes="cat")


def test_more_than_onnx_can_hold(tmp_path, monkeypatch):
    monkeypatch.setattr("tinynet.exchange.onnx.export.MAX_BYTES", 30)
    with pytest.raises(ValueError, match="the weights take 32 bytes, but an ONNX file cannot be larger than 2 GB"):
        tn.export_onnx(Linear(3, 2), tmp_path / "net.onnx", (3,))


def test_the_states_of_a_recurrent_layer_name_their_batch_axis(tmp_path):
    tn.export_onnx(LSTM(3, 2, return_state=True), tmp_path / "net.onnx", [(4, 3), (1, "N", 2), (1, "N", 2)])
    model = onnx.load(tmp_path / "net.onnx")
    sizes = [[d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim] for v in model.graph.output]
    assert sizes == [["N", 4, 2], [1, "N", 2], [1, "N", 2]]


def test_every_layer_has_a_writer():
    from tinynet import layers
    from tinynet.exchange.onnx.write import WRITERS

    exported = [getattr(layers, name) for name in layers.__all__]
    assert [kind.__name__ for kind in exported if kind is not Layer and kind not in WRITERS] == []
