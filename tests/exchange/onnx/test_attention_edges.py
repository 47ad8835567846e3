"""What is an attention and what only looks like one: where numbers are scaled, what is hidden, who else reads it."""

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from tests.exchange.onnx.given import agree, layers_of, run
from tests.exchange.onnx.test_operators import loaded
from tests.exchange.onnx.test_unreadable import F, model
from tinynet.exchange.onnx.read.attention import _is_causal
from tinynet.layers import MultiHeadAttention

RNG = np.random.default_rng(0)
DRAWN = {f"w{name}": RNG.normal(size=(4, 4)).astype(F) for name in "qkvo"}
BIASES = {f"b{name}": RNG.normal(size=4).astype(F) for name in "qkvo"}
APART, TOGETHER = np.array([0, 0, 2, -1]), np.array([0, 0, -1])  # two heads
ROOT = F(np.sqrt(2))
HIDDEN = np.where(np.tri(5), 0, -np.inf).astype(F)


def projected(name, source, perm, scale, biased, cut):
    """The heads of the queries, keys or values: a linear layer of a source, moved, and perhaps scaled."""
    nodes = [("MatMul", [source, f"w{name}"], [f"{name}0"], {})]
    nodes += [("Add", [f"{name}0", f"b{name}"], [f"{name}_biased"], {})] * biased
    nodes += [("Slice", [nodes[-1][2][0], "first", "end", "axis"], [f"{name}_cut"], {})] * cut
    nodes += [("Reshape", [nodes[-1][2][0], "apart"], [f"{name}1"], {})]
    nodes += [("Transpose", [f"{name}1"], [name if scale is None else f"{name}2"], {"perm": perm})]
    return nodes if scale is None else [*nodes, (scale[0], [f"{name}2", f"{name}_by"], [name], {})]


def attention(
    before=(), after=(), source="x", memory="x", shape=("n", "t", 4), outputs=("y",), mask=None, biases="", axis=-1,
    arrays=None, mix=("p", "v"), keys=None, cut=False, between=(), **scales,
):  # fmt: skip
    """A model of an attention as a file spells it out, and what stands before and after it."""
    own = {"apart": APART, "together": TOGETHER} | {f"{name}_by": scale[1] for name, scale in scales.items()}
    own |= {f"b{name}": BIASES[f"b{name}"] for name in biases} | ({} if mask is None else {"/mask": mask})
    nodes = [*before]
    sources = {"q": source, "k": keys or memory, "v": memory}
    for name, start in sources.items():
        perm = (0, 2, 3, 1) if name == "k" else (0, 2, 1, 3)
        nodes += projected(name, start, perm, scales.get(name), name in biases, cut and name != "q")
    nodes += [("MatMul", ["q", "k"], ["s"], {})]
    nodes += [] if mask is None else [("Add", ["s", "/mask"], ["m"], {})]
    nodes += [
        ("Softmax", ["s" if mask is None else "m"], ["p"], {"axis": axis}),
        *between,
        ("MatMul", [*mix], ["a"], {}),
    ]
    nodes += [("Transpose", ["a"], ["b"], {"perm": (0, 2, 1, 3)}), ("Reshape", ["b", "together"], ["c"], {})]
    last = "y0" if "o" in biases or after else "y"
    nodes += [("MatMul", ["c", "wo"], [last], {})]
    nodes += [("Add", ["y0", "bo"], ["y"], {})] if "o" in biases else []
    return model([*nodes, *after], shape, {**DRAWN, **own, **(arrays or {})}, outputs)


def read(made, tmp_path, *lengths):
    """The net of a model, which gives what ONNX Runtime gives for sequences of any length."""
    net = loaded(made, tmp_path)
    for n, T in ((2, lengths[0]), (3, lengths[-1])):
        x = np.random.default_rng(T).normal(size=(n, T, 4)[-len(made.graph.input[0].type.tensor_type.shape.dim) :])
        x = x.astype(F)
        agree(net.predict(x), run(tmp_path / "net.onnx", x))
    assert net.dtype == np.float32
    return net


@pytest.mark.parametrize(
    "scales",
    [
        {},
        {"q": ("Div", ROOT)},
        {"q": ("Mul", 1 / ROOT)},
        {"k": ("Div", np.array([ROOT]))},
        {"k": ("Mul", 1 / ROOT)},
        {"q": ("Mul", F(2**-0.25)), "k": ("Mul", F(2**-0.25))},
        {"q": ("Div", F(0.5)), "k": ("Mul", F(0.25)), "v": ("Mul", F(3))},
    ],
    ids=str,
)
@pytest.mark.parametrize("biases", ["", "qkvo"])
def test_queries_keys_and_values_may_be_scaled(scales, biases, tmp_path):
    (layer,) = layers_of_attention(read(attention(biases=biases, **scales), tmp_path, 5, 8))
    assert (layer.embed_dim, layer.num_heads, layer.causal) == (4, 2, False)
    assert (layer.in_proj_bias is None) is not bool(biases)


def test_large_numbers_agree_as_far_as_their_digits_go(tmp_path):
    net = loaded(attention(arrays={"wo": 1e6 * DRAWN["wo"]}), tmp_path)
    (layer,) = layers_of_attention(net)
    with pytest.raises(RuntimeError, match="there is no forward to go back through"):
        layer.backward(np.zeros((3, 7, 4), F))  # nothing is kept of the examples


def test_all_numbers_may_be_negative(tmp_path):
    made = attention(biases="qkvo", arrays={"bo": np.full(4, -100, F)})
    assert loaded(made, tmp_path).predict(np.ones((2, 5, 4), F)).max() < 0
    layers_of_attention(loaded(made, tmp_path))


@pytest.mark.parametrize("biases", ["q", "kv", "o"])
def test_biases_that_are_left_out_are_zero(biases, tmp_path):
    (layer,) = layers_of_attention(read(attention(biases=biases), tmp_path, 5, 8))
    found = {name: layer.in_proj_bias.tensor[4 * i : 4 * i + 4] for i, name in enumerate("qkv")}
    found["o"] = layer.out_proj.bias.tensor
    for name, b in found.items():
        expected = BIASES[f"b{name}"] * (ROOT if name == "q" else 1) if name in biases else np.zeros(4)
        np.testing.assert_allclose(b, expected, rtol=1e-6)


def layers_of_attention(net):
    """The attention of a net that consists of nothing else."""
    found = [layer for layer in layers_of(net) if isinstance(layer, MultiHeadAttention)]
    assert len(list(net)) == len(found) == 1
    return found


@pytest.mark.parametrize("mask", [HIDDEN, HIDDEN[np.newaxis, np.newaxis], np.where(np.tri(5), 0, F(-1e4)).astype(F)])
def test_a_mask_that_hides_the_future_is_causal(mask, tmp_path):
    (layer,) = layers_of_attention(read(attention(shape=("n", 5, 4), mask=mask), tmp_path, 5))
    assert layer.causal


LATEST = [("Slice", ["x", "first", "end", "axis"], ["late"], {})]


def latest(n):
    """Numbers that cut out the last steps."""
    return {"first": np.array([-n]), "end": np.array([2**62]), "axis": np.array([1])}


def test_the_latest_queries_see_all_keys_before_them(tmp_path):
    made = attention(LATEST, source="late", shape=("n", 5, 4), mask=HIDDEN[2:], arrays=latest(3))
    net = read(made, tmp_path, 5)
    (layer,) = [layer for layer in layers_of(net) if isinstance(layer, MultiHeadAttention)]
    assert layer.causal


def test_queries_of_one_and_keys_of_another(tmp_path):
    net = read(attention([("Relu", ["x"], ["r"], {})], memory="r"), tmp_path, 5, 8)
    assert sum(isinstance(layer, MultiHeadAttention) for layer in net.every_layer()) == 1
    net = read(attention([("Relu", ["x"], ["r"], {})], keys="r"), tmp_path, 5, 8)  # only the keys
    assert sum(isinstance(layer, MultiHeadAttention) for layer in net.every_layer()) == 1


WIDE = {"wv": RNG.normal(size=(4, 8)).astype(F), "wo": RNG.normal(size=(8, 4)).astype(F)}
NOT_QUITE = {
    "weights that are an output": attention(outputs=("y", "p")),
    "weights that are read twice": attention(
        after=[("Relu", ["p"], ["z"], {}), ("Relu", ["y0"], ["y"], {})], outputs=("y", "z")
    ),
    "weights that are read twice, and an output": attention(
        after=[("Relu", ["p"], ["z"], {}), ("Relu", ["y0"], ["y"], {})], outputs=("y", "z", "p")
    ),
    "heads that are an output": attention(outputs=("y", "a")),
    "a sum over the queries": attention(axis=-2),
    "keys of the last six steps": attention(cut=True, arrays=latest(6)),
    "features that are scaled apart": attention(q=("Mul", np.array([1, 2], F))),
    "a number for each head": attention(k=("Mul", np.array([1, 2], F).reshape(2, 1, 1))),
    "a mask that hides the past": attention(shape=("n", 5, 4), mask=HIDDEN.T),
    "a mask that weakens": attention(shape=("n", 5, 4), mask=np.maximum(HIDDEN, -9)),
    "a mask that prefers some": attention(shape=("n", 5, 4), mask=HIDDEN + np.eye(5, dtype=F)),
    "a mask for each head": attention(shape=("n", 5, 4), mask=np.stack([HIDDEN, np.zeros((5, 5), F)])),
    "the same added to all": attention(shape=("n", 5, 4), mask=np.ones(5, F)),
    "values times weights": attention(shape=("n", 2, 4), mix=("v", "p")),
    "a second linear layer at the end": attention(
        after=[("MatMul", ["y0", "w2"], ["y"], {})],
        arrays={"wo": RNG.normal(size=(4, 3)).astype(F), "w2": RNG.normal(size=(3, 4)).astype(F)},
    ),
    "queries that are squared": attention(q=("Pow", F(2))),
    "a sum over the queries, of small numbers": attention(axis=-2, arrays={"wo": 1e-6 * DRAWN["wo"]}),
    "one sequence without a batch axis": attention(
        shape=("t", 4), arrays={"apart": np.array([1, -1, 2, 2]), "together": np.array([-1, 4])}
    ),
    "weights that are bent": attention(between=[("Relu", ["p"], ["p2"], {})], mix=("p2", "v")),
    "heads that are wider than the features": attention(
        arrays={**WIDE, "wq": RNG.normal(size=(4, 8)).astype(F), "wk": RNG.normal(size=(4, 8)).astype(F)}
    ),
    "a memory of fewer features": attention(
        [("Slice", ["x", "first", "end", "axis"], ["few"], {})], memory="few",
        arrays={**latest(3), "axis": np.array([2]), "wk": DRAWN["wk"][:3], "wv": DRAWN["wv"][:3]},
    ),
    "values that are wider than keys": attention(arrays=WIDE),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_QUITE)
def test_what_only_looks_like_attention_stays_as_it_is(name, tmp_path):
    made = NOT_QUITE[name]
    fixed = made.graph.input[0].type.tensor_type.shape.dim[1].dim_value
    net = read(made, tmp_path, *([fixed] if fixed else [6, 9]))
    assert not any(isinstance(layer, MultiHeadAttention) for layer in net.every_layer())


@pytest.mark.parametrize(
    ("mask", "is_causal"),
    [
        (np.zeros((1, 4)), True),  # one query, the last, sees all keys
        (np.where(np.tri(2, 3, 1), 0, -np.inf), True),
        (np.where(np.tri(2, 3, 0), 0, -np.inf), False),
        (np.where(np.tri(3), 0, -9999), False),
        (np.where(np.tri(3), 0, -1e4), True),
        (np.where(np.tri(3), 0, -np.inf).reshape(1, 1, 3, 3), True),
        (np.zeros((3, 3)), False),
        (np.float32(0), False),
    ],
)
def test_masks(mask, is_causal):
    assert _is_causal(np.asarray(mask)) is is_causal
