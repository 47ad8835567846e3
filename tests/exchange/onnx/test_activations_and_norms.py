"""Whatever form an exporter gives an activation or a norm, it becomes the layer that has its name."""

import numpy as np
import pytest

import tinynet as tn
from tests.exchange.onnx.given import agree, layers_of, run
from tests.exchange.onnx.test_unreadable import model, one
from tinynet.layers import (
    GLU,
    BatchNorm1D,
    GroupNorm,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    LayerNorm,
    LogSigmoid,
    Mish,
    ReLU6,
    SiLU,
)
from tinynet.net import Net
from tinynet.net.operations import Clip

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

F = np.float32
SIXTH = {"alpha": 1 / 6, "beta": 0.5}
MISH = [("Softplus", ["x"], ["s"], {}), ("Tanh", ["s"], ["t"], {})]
HALVES = [("Split", ["x"], ["a", "b"], {"axis": -1, "num_outputs": 2}), ("Sigmoid", ["b"], ["s"], {})]
FORMS = {
    "Clip from 0 to 6": (one("Clip", {}, F(0), F(6)), ReLU6()),
    "Clip by attributes": (one("Clip", {"min": 0.0, "max": 6.0}, opset=6), ReLU6()),
    "Clip": (one("Clip", {}, F(-0.5), F(2)), Hardtanh(-0.5, 2.0)),
    "Clip to one side": (one("Clip", {}, F(-0.5)), Clip(low=-0.5)),
    "HardSigmoid": (one("HardSigmoid", SIXTH), Hardsigmoid()),
    "HardSwish": (one("HardSwish"), Hardswish()),
    "x by HardSigmoid": (
        model([("HardSigmoid", ["x"], ["h"], SIXTH), ("Mul", ["h", "x"], ["y"], {})]),
        Hardswish(),
    ),
    "Mish": (one("Mish"), Mish()),
    "Mish in parts": (model([*MISH, ("Mul", ["x", "t"], ["y"], {})]), Mish()),
    "Mish turned round": (model([*MISH, ("Mul", ["t", "x"], ["y"], {})]), Mish()),
    "SiLU": (model([("Sigmoid", ["x"], ["s"], {}), ("Mul", ["x", "s"], ["y"], {})]), SiLU()),
    "Log of Sigmoid": (model([("Sigmoid", ["x"], ["s"], {}), ("Log", ["s"], ["y"], {})]), LogSigmoid()),
    "minus Softplus of minus x": (
        model([("Neg", ["x"], ["n"], {}), ("Softplus", ["n"], ["s"], {}), ("Neg", ["s"], ["y"], {})]),
        LogSigmoid(),
    ),
    "GLU": (model([*HALVES, ("Mul", ["a", "s"], ["y"], {})]), GLU()),
    "GLU turned round": (model([*HALVES, ("Mul", ["s", "a"], ["y"], {})]), GLU()),
}
NOT_QUITE = {
    "another slope": one("HardSigmoid", {"alpha": 0.2, "beta": 0.5}),
    "the second half passes": model(
        [
            ("Split", ["x"], ["b", "a"], {"axis": -1, "num_outputs": 2}),
            ("Sigmoid", ["b"], ["s"], {}),
            ("Mul", ["a", "s"], ["y"], {}),
        ]
    ),
    "a sigmoid that is read twice": model([*HALVES, ("Mul", ["a", "s"], ["p"], {}), ("Add", ["p", "s"], ["y"], {})]),
    "tanh of another softplus": model(
        [
            ("Neg", ["x"], ["n"], {}),
            ("Softplus", ["n"], ["s"], {}),
            ("Tanh", ["s"], ["t"], {}),
            ("Mul", ["x", "t"], ["y"], {}),
        ]
    ),
    "minus Softplus of x": model([("Softplus", ["x"], ["s"], {}), ("Neg", ["s"], ["y"], {})]),
}


def read(made, tmp_path):
    """The net of a model, which gives what ONNX Runtime gives."""
    for index, node in enumerate(made.graph.node):
        node.name = f"/block/{node.op_type}_{index}"  # two nodes may not have one name
    onnx.save(made, tmp_path / "net.onnx")
    net = tn.load_onnx(tmp_path / "net.onnx")
    x = (3 * np.random.default_rng(0).normal(size=(5, 4))).astype(F)
    (expected,) = run(tmp_path / "net.onnx", x)
    np.testing.assert_allclose(net.predict(x), expected, rtol=1e-4, atol=1e-4)  # its log σ(x) has few digits
    return net


@pytest.mark.parametrize("name", FORMS)
def test_an_activation_is_found(name, tmp_path):
    made, layer = FORMS[name]
    assert [repr(each) for each in layers_of(read(made, tmp_path))] == [repr(layer)]


@pytest.mark.parametrize("name", NOT_QUITE)
def test_what_only_looks_like_one_stays_what_it_is(name, tmp_path):
    kinds = {type(layer) for layer in read(NOT_QUITE[name], tmp_path).every_layer()}
    assert not kinds & {GLU, Hardsigmoid, Hardswish, LogSigmoid, Mish, SiLU}


ONES, ZEROS, DRAWN = np.ones(4, F), np.zeros(4, F), np.arange(1, 5, dtype=F)
STATISTICS = {"mean": DRAWN / 10, "var": DRAWN}


def norm(op, weight, bias, **more):
    """A norm of one node; γ and β are a name and an array each."""
    arrays = dict([weight, bias]) | more
    return model([(op, ["x", *arrays], ["y"], {})], arrays=arrays)


@pytest.mark.parametrize(
    ("made", "layer"),
    [
        (norm("BatchNormalization", ("w", DRAWN), ("/Constant_1", ZEROS), **STATISTICS), BatchNorm1D(4, bias=False)),
        (norm("BatchNormalization", ("w", DRAWN), ("b", ZEROS), **STATISTICS), BatchNorm1D(4)),
        (norm("BatchNormalization", ("val_0", ONES), ("val_1", ZEROS), **STATISTICS), BatchNorm1D(4, affine=False)),
        (norm("BatchNormalization", ("val_0", ONES), ("b", DRAWN), **STATISTICS), BatchNorm1D(4)),
        (norm("LayerNormalization", ("w", DRAWN), ("val_1", ZEROS)), LayerNorm(4, bias=False)),
        (norm("LayerNormalization", ("val_0", ONES), ("val_1", ZEROS)), LayerNorm(4, elementwise_affine=False)),
    ],
)
def test_a_constant_in_the_place_of_a_parameter_is_none(made, layer, tmp_path):
    (found,) = layers_of(read(made, tmp_path))
    assert type(found) is type(layer)
    assert list(found.parameters()) == list(layer.parameters())


def test_instance_norm_without_bias(tmp_path):
    arrays = {"w": np.array([2, 3], F), "val_1": np.zeros(2, F)}
    made = model([("InstanceNormalization", ["x", *arrays], ["y"], {})], shape=("n", 2, 6), arrays=arrays)
    onnx.save(made, tmp_path / "net.onnx")
    net, x = tn.load_onnx(tmp_path / "net.onnx"), np.random.default_rng(0).normal(size=(3, 2, 6)).astype(F)
    agree(net.predict(x), run(tmp_path / "net.onnx", x))
    (layer,) = layers_of(net)
    assert isinstance(layer, GroupNorm)
    assert list(layer.parameters()) == ["weight"]


def test_batch_norm_without_momentum_goes_through_a_file(tmp_path):
    layer = BatchNorm1D(4, momentum=None, bias=False)
    tn.export_onnx(Net([layer]), tmp_path / "net.onnx", (4,))
    written = onnx.load(tmp_path / "net.onnx")
    del written.metadata_props[:]
    (again,) = layers_of(read(written, tmp_path))
    assert (again.momentum, again.bias) == (None, None)
