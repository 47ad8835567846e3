"""Layers that a file spells out in several nodes, and what differs from one in a single number or name."""

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from tests.exchange.onnx.given import agree, layers_of, run
from tests.exchange.onnx.test_operators import input_of, loaded
from tests.exchange.onnx.test_unreadable import F, model, one
from tinynet.layers import GELU, GLU, BatchNorm1D, GroupNorm, Hardswish, LayerNorm, LogSigmoid, Mish, SiLU

ROOT = F(np.sqrt(2))
MERGED = {GELU, GLU, Hardswish, LogSigmoid, Mish, SiLU}


def gelu(
    op="Div", by=ROOT, one=1.0, half=0.5, times="x", function="Erf", plus="Add", product="Mul", more=(), outputs=("y",)
):
    """x (1 + erf(x / √2)) ½, or what is like it."""
    nodes = [(op, ["x", "by"], ["d"], {}), (function, ["d"], ["e"], {}), (plus, ["e", "one"], ["p"], {})]
    nodes += [(product, [times, "p"], ["m"], {}), ("Mul", ["m", "half"], ["y"], {}), *more]
    return model(nodes, arrays={"by": by, "one": F(one), "half": F(half)}, outputs=outputs)


@pytest.mark.parametrize("made", [gelu(), gelu("Mul", 1 / ROOT), gelu(by=np.array([ROOT]))], ids=["Div", "Mul", "Row"])
def test_gelu_is_found(made, tmp_path):
    net, x = loaded(made, tmp_path), input_of(made)
    agree(net.predict(x), run(tmp_path / "net.onnx", x))
    assert [type(layer) for layer in layers_of(net)] == [GELU]


HALVES = [("Slice", ["x", "zero", "two", "one"], ["a"], {}), ("Slice", ["x", "two", "four", "one"], ["b"], {})]
PLACES = {name: np.array([n]) for n, name in enumerate(["zero", "one", "two", "three", "four"])}
GATED = [("Sigmoid", ["b"], ["s"], {}), ("Mul", ["a", "s"], ["y"], {})]
NOT_QUITE = {
    "another divisor": gelu(by=F(1.4)),
    "the divisor as a factor": gelu("Mul"),
    "a summand": gelu("Add"),
    "one taken away": gelu(plus="Sub"),
    "x added": gelu(product="Add"),
    "another half": gelu(half=0.51),
    "another one": gelu(one=1.01),
    "times what is inside": gelu(times="d"),
    "another function": gelu(function="Tanh"),
    "a middle that is read twice": gelu(more=[("Relu", ["e"], ["z"], {})], outputs=("y", "z")),
    "a divisor for each number": gelu(by=np.array([ROOT, ROOT, ROOT, 2], F)),
    "half of a product": model(
        [("Mul", ["x", "w"], ["m"], {}), ("Mul", ["m", "half"], ["y"], {})],
        arrays={"w": np.arange(4, dtype=F), "half": F(0.5)},
    ),
    "half of a sum": model(
        [("Add", ["x", "x"], ["m"], {}), ("Mul", ["m", "half"], ["y"], {})], arrays={"half": F(0.5)}
    ),
    "half of a product with a sum": model(
        [
            ("Relu", ["x"], ["r"], {}),
            ("Add", ["r", "r"], ["s"], {}),
            ("Mul", ["x", "s"], ["m"], {}),
            ("Mul", ["m", "half"], ["y"], {}),
        ],
        arrays={"half": F(0.5)},
    ),
    "times the gate of another": model(
        [("Relu", ["x"], ["r"], {}), ("Sigmoid", ["r"], ["s"], {}), ("Mul", ["x", "s"], ["y"], {})]
    ),
    "times the tangent": model([("Tanh", ["x"], ["s"], {}), ("Mul", ["x", "s"], ["y"], {})]),
    "log of a softplus": model([("Softplus", ["x"], ["s"], {}), ("Log", ["s"], ["y"], {})]),
    "minus a sigmoid": model([("Sigmoid", ["x"], ["s"], {}), ("Neg", ["s"], ["y"], {})]),
    "the exponential of a sigmoid": model([("Sigmoid", ["x"], ["s"], {}), ("Exp", ["s"], ["y"], {})]),
    "minus Softplus of the size": model(
        [("Abs", ["x"], ["n"], {}), ("Softplus", ["n"], ["s"], {}), ("Neg", ["s"], ["y"], {})]
    ),
    "unequal parts": model(
        [("Slice", ["x", "zero", "one", "one"], ["a"], {}), ("Slice", ["x", "one", "four", "one"], ["b"], {}), *GATED],
        arrays=PLACES,
    ),
    "parts of two arrays": model(
        [("Relu", ["x"], ["r"], {}), HALVES[0], ("Slice", ["r", "two", "four", "one"], ["b"], {}), *GATED],
        arrays=PLACES,
    ),
    "twice the first half": model(
        [HALVES[0], ("Slice", ["x", "zero", "two", "one"], ["b"], {}), *GATED], arrays=PLACES
    ),
    "every other number": model(
        [
            ("Slice", ["x", "zero", "four", "one", "two"], ["a"], {}),
            ("Slice", ["x", "one", "four", "one", "two"], ["b"], {}),
            *GATED,
        ],
        arrays=PLACES,
    ),
    "the tangent of one half": model([*HALVES, ("Tanh", ["b"], ["s"], {}), GATED[1]], arrays=PLACES),
}


@pytest.mark.parametrize("name", NOT_QUITE)
def test_what_differs_in_one_thing_stays_as_it_is(name, tmp_path):
    made = NOT_QUITE[name]
    net, x = loaded(made, tmp_path), input_of(made)
    agree(net.predict(x), run(tmp_path / "net.onnx", x))
    assert not MERGED & {type(layer) for layer in net.every_layer()}


@pytest.mark.parametrize(
    ("axis", "shape", "own"), [(1, ("n", 4, 3), GLU(1)), (2, ("n", 3, 4), GLU()), (1, ("n", 4, 2, 2), GLU(1))]
)
def test_halves_of_any_axis(axis, shape, own, tmp_path):
    made = model([*HALVES, *GATED], shape, PLACES | {"one": np.array([axis])})
    net, x = loaded(made, tmp_path), input_of(made)
    agree(net.predict(x), run(tmp_path / "net.onnx", x))
    assert [repr(layer) for layer in layers_of(net)] == [repr(own)]


C = 4
ROW = np.array([-0.5, 0.25, 0.5, 1.0], F)


def grouped(shape=("n", C, 3, 3), back=(0, C, 3, 3), groups=2, ones=None, more=(), eps=1e-3, **arrays):
    """A norm of groups as a file spells it out, and what stands after it."""
    first = {"/ones": np.ones(groups, F) if ones is None else ones, "/zeros": np.zeros(groups, F)}
    nodes = [("Reshape", ["x", "apart"], ["a"], {}), ("InstanceNormalization", ["a", *first], ["i"], {"epsilon": eps})]
    nodes += [("Reshape", ["i", "back"], ["r"], {}), *more]
    nodes[-1] = (*nodes[-1][:2], ["y"], nodes[-1][3])
    own = {"apart": np.array([0, groups, -1]), "back": np.array(back)}
    return model(nodes, shape, first | own | arrays)


SCALED = ("Mul", ["r", "w"], ["m"], {})
MOVED = ("Add", ["m", "b"], ["n"], {})
COLUMN = ROW.reshape(C, 1, 1)
NORMS = {  # the kinds of the layers, and the parameters of the norm
    "alone": (grouped(), ["GroupNorm"], []),
    "of sequences": (grouped(("n", C, 5), (0, C, 5)), ["GroupNorm"], []),
    "scaled": (grouped(more=[SCALED], w=COLUMN), ["GroupNorm"], ["weight"]),
    "scaled, turned round": (grouped(more=[("Mul", ["w", "r"], ["m"], {})], w=COLUMN), ["GroupNorm"], ["weight"]),
    "scaled and moved": (grouped(more=[SCALED, MOVED], w=COLUMN, b=COLUMN), ["GroupNorm"], ["weight", "bias"]),
    "moved alone": (
        grouped(more=[("Add", ["r", "b"], ["n"], {})], b=COLUMN),
        ["Graph", "GroupNorm", "Combine"],
        [],
    ),
    "scaled twice": (
        grouped(more=[SCALED, ("Mul", ["m", "b"], ["n"], {})], w=COLUMN, b=COLUMN),
        ["Graph", "GroupNorm", "Combine"],
        ["weight"],
    ),
    "moved twice": (
        grouped(more=[SCALED, MOVED, ("Add", ["n", "b"], ["o"], {})], w=COLUMN, b=COLUMN),
        ["Graph", "GroupNorm", "Combine"],
        ["weight", "bias"],
    ),
    "scaled by the column": (grouped(more=[SCALED], w=np.array([1, 2, 3], F)), ["Graph", "GroupNorm", "Combine"], []),
    "scaled by a number": (grouped(more=[SCALED], w=np.array([2], F)), ["Graph", "GroupNorm", "Combine"], []),
    "scaled by each pixel": (
        grouped(more=[SCALED], w=np.arange(36, dtype=F).reshape(1, 4, 3, 3)),
        ["Graph", "GroupNorm", "Combine"],
        [],
    ),
    "scaled by data": (
        grouped(more=[("Relu", ["x"], ["z"], {}), ("Mul", ["r", "z"], ["m"], {})]),
        ["Graph", "GroupNorm", "ReLU", "Combine"],
        [],
    ),
    "groups that are scaled": (
        grouped(ones=np.array([1, 2], F)),
        ["Reshape", "GroupNorm", "Reshape"],
        ["weight"],
    ),
    "another shape afterwards": (grouped(back=(0, 2, 6, 3)), ["Reshape", "GroupNorm", "Reshape"], []),
    "channels that the groups do not share": (
        grouped(("n", 3, 4, 3), (0, 3, 4, 3)),
        ["Reshape", "GroupNorm", "Reshape"],
        [],
    ),
    "rows": (grouped(("n", 6), (0, 6)), ["Reshape", "GroupNorm", "Flatten"], []),
}


@pytest.mark.parametrize("name", NORMS)
def test_a_norm_of_groups(name, tmp_path):
    made, kinds, parameters = NORMS[name]
    net, x = loaded(made, tmp_path), input_of(made)
    for y, expected in zip([net.predict(x)], run(tmp_path / "net.onnx", x), strict=True):
        np.testing.assert_allclose(y, expected, rtol=1e-3, atol=1e-4)
    assert [type(layer).__name__ for layer in layers_of(net)] == kinds
    (norm,) = [layer for layer in net.every_layer() if isinstance(layer, GroupNorm)]
    assert (norm.num_groups, norm.eps) == (2, 1e-3)
    assert list(norm.parameters()) == parameters
    assert norm.dtype == np.float32


DRAWN = np.arange(1, 5, dtype=F)


@pytest.mark.parametrize(
    ("weight", "bias", "parameters"),
    [
        (("/Constant", DRAWN), ("/Constant_1", DRAWN), ["weight", "bias"]),  # not neutral, so they are needed
        (("/Constant", np.ones(4, F)), ("/Constant_1", np.zeros(4, F)), []),
        (("/Constant", np.ones(4, F)), ("/Constant_1", np.ones(4, F)), ["weight", "bias"]),
        (("w", np.ones(4, F)), ("b", np.zeros(4, F)), ["weight", "bias"]),
        (("w", np.ones(4, F)), ("/Constant_1", np.zeros(4, F)), ["weight"]),
    ],
)
@pytest.mark.parametrize("op", ["BatchNormalization", "LayerNormalization"])
def test_what_scales_and_moves_a_norm(op, weight, bias, parameters, tmp_path):
    arrays = dict([weight, bias])
    if op == "BatchNormalization":
        arrays |= {"mean": DRAWN / 10, "var": DRAWN}
    about = {"epsilon": 0.25} | ({"momentum": 0.75} if op == "BatchNormalization" else {})
    made = model([(op, ["x", *arrays], ["y"], about)], arrays=arrays)
    net, x = loaded(made, tmp_path), input_of(made)
    agree(net.predict(x), run(tmp_path / "net.onnx", x))
    (layer,) = layers_of(net)
    assert list(layer.parameters()) == parameters
    assert layer.eps == 0.25
    assert getattr(layer, "momentum", 0.25) == 0.25


def test_norms_have_the_defaults_of_onnx(tmp_path):
    (layer,) = layers_of(loaded(one("BatchNormalization", {}, DRAWN, DRAWN, DRAWN, DRAWN), tmp_path))
    assert isinstance(layer, BatchNorm1D)
    assert (layer.eps, layer.momentum) == (1e-5, 0.1)
    (layer,) = layers_of(loaded(one("LayerNormalization", {}, DRAWN), tmp_path))
    assert isinstance(layer, LayerNorm)
    assert (layer.eps, layer.bias) == (1e-5, None)
    (layer,) = layers_of(loaded(one("InstanceNormalization", {}, DRAWN, DRAWN, shape=("n", 4, 3)), tmp_path))
    assert (layer.num_groups, layer.num_channels, layer.eps) == (4, 4, 1e-5)


@pytest.mark.parametrize("numbers", [DRAWN, np.array([2, 3], F)], ids=["each channel", "each group"])
def test_the_scale_of_a_group_norm(numbers, tmp_path):
    made = one("GroupNormalization", {"num_groups": 2, "epsilon": 0.5}, numbers, -numbers, shape=("n", 4, 3))
    net, x = loaded(made, tmp_path), input_of(made)
    groups = x.reshape(len(x), 2, 6)
    hat = (groups - groups.mean(axis=2, keepdims=True)) / np.sqrt(groups.var(axis=2, keepdims=True) + 0.5)
    each = numbers.repeat(4 // len(numbers)).reshape(4, 1)
    np.testing.assert_allclose(net.predict(x), hat.reshape(x.shape) * each - each, rtol=1e-4, atol=1e-5)
