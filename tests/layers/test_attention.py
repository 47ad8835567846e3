"""Attention: weights by hand, who sees whom, one to three inputs, going on place by place."""

import copy

import numpy as np
import pytest

from tinynet.core import faster
from tinynet.gradcheck import check_layer
from tinynet.layers import MultiHeadAttention
from tinynet.layers.scaled_dot_product import attend


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def build(*args, **kwargs):
    layer = MultiHeadAttention(*args, **kwargs).astype(np.float64)
    for path, parameter in layer.parameters().items():
        if path.endswith("bias"):
            parameter.tensor = normal(*parameter.shape, seed=len(path))  # they start at zero
    return layer


def plain(n_features, num_heads=1, **kwargs):
    """Queries, keys and values are the inputs themselves."""
    layer = MultiHeadAttention(n_features, num_heads, bias=False, **kwargs).astype(np.float64)
    layer.in_proj_weight.tensor = np.tile(np.eye(n_features), (3, 1))
    layer.out_proj.weight.tensor = np.eye(n_features)
    return layer


def softmax(scores):
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


# By hand.


def test_weights_are_a_softmax_of_products():
    x = normal(2, 4, 3)
    expected = softmax(x @ x.transpose(0, 2, 1) / np.sqrt(3)) @ x
    np.testing.assert_allclose(plain(3).forward(x), expected)


def test_each_head_reads_with_its_own_features():
    x = normal(2, 4, 6)
    halves = [softmax(part @ part.transpose(0, 2, 1) / np.sqrt(3)) @ part for part in (x[..., :3], x[..., 3:])]
    np.testing.assert_allclose(plain(6, 2).forward(x), np.concatenate(halves, axis=-1))


def test_projections_stand_in_the_order_query_key_value():
    layer, x = build(4, 2), normal(1, 3, 4)
    W, b = layer.in_proj_weight.tensor, layer.in_proj_bias.tensor
    q, k, v = (
        (x @ W[i : i + 4].T + b[i : i + 4]).reshape(1, 3, 2, 2).transpose(0, 2, 1, 3) for i in (0, 4, 8)
    )  # (N, heads, T, D)
    heads = softmax(q @ k.transpose(0, 1, 3, 2) / np.sqrt(2)) @ v
    joined = heads.transpose(0, 2, 1, 3).reshape(1, 3, 4)
    expected = joined @ layer.out_proj.weight.tensor.T + layer.out_proj.bias.tensor
    np.testing.assert_allclose(layer.forward(x), expected)


def test_rotary_turns_queries_and_keys_but_no_values():
    layer, x = plain(4, rotary=True), normal(1, 5, 4)
    turned = layer.rotary.forward(x)
    expected = softmax(turned @ turned.transpose(0, 2, 1) / np.sqrt(4)) @ x
    np.testing.assert_allclose(layer.forward(x), expected)


def test_parameters_have_the_names_of_pytorch():
    shapes = {path: parameter.shape for path, parameter in MultiHeadAttention(4, 2).parameters().items()}
    names = {"in_proj_weight": (12, 4), "in_proj_bias": (12,), "out_proj.weight": (4, 4), "out_proj.bias": (4,)}
    assert shapes == names
    assert list(MultiHeadAttention(4, 2, bias=False).parameters()) == ["in_proj_weight", "out_proj.weight"]


def test_biases_start_at_zero_and_weights_within_the_bound_of_glorot():
    layer = MultiHeadAttention(16, 2)
    assert not layer.in_proj_bias.tensor.any()
    assert not layer.out_proj.bias.tensor.any()
    bound = np.sqrt(6 / (16 + 48))
    assert 0.9 * bound < np.abs(layer.in_proj_weight.tensor).max() <= bound


# Several inputs.


def test_one_input_is_three_times_the_same():
    one, three = build(4, 2), build(4, 2)
    three.load_state(one.state())
    x, dy = normal(2, 5, 4), normal(2, 5, 4, seed=1)
    np.testing.assert_allclose(one.forward(x), three.forward(x, x, x))
    np.testing.assert_allclose(one.backward(dy), sum(three.backward(dy)))
    for path, parameter in one.parameters().items():
        np.testing.assert_allclose(parameter.gradient, three.parameters()[path].gradient, atol=1e-12, err_msg=path)


def test_a_memory_gives_keys_and_values():
    two, three = build(4, 2), build(4, 2)
    three.load_state(two.state())
    x, memory, dy = normal(2, 5, 4), normal(2, 3, 4, seed=2), normal(2, 5, 4, seed=1)
    np.testing.assert_allclose(two.forward(x, memory), three.forward(x, memory, memory))
    dx, d_memory = two.backward(dy)
    dq, dk, dv = three.backward(dy)
    np.testing.assert_allclose(dx, dq)
    np.testing.assert_allclose(d_memory, dk + dv)
    for path, parameter in two.parameters().items():
        np.testing.assert_allclose(parameter.gradient, three.parameters()[path].gradient, atol=1e-12, err_msg=path)


def test_queries_keys_and_values_apart():
    q, k, v = normal(2, 5, 3), normal(2, 4, 3, seed=1), normal(2, 4, 3, seed=2)
    expected = softmax(q @ k.transpose(0, 2, 1) / np.sqrt(3)) @ v
    np.testing.assert_allclose(plain(3).forward(q, k, v), expected)


# Who sees whom.


@pytest.mark.parametrize("rotary", [False, True])
def test_causal_later_inputs_change_nothing_earlier(rotary):
    layer, x = build(4, 2, causal=True, rotary=rotary), normal(2, 6, 4)
    y = layer.forward(x)
    changed = x.copy()
    changed[:, 4:] = 1e3
    y_changed = layer.forward(changed)
    np.testing.assert_array_equal(y_changed[:, :4], y[:, :4])
    assert np.abs(y_changed[:, 4:] - y[:, 4:]).max() > 1
    dy = np.zeros_like(y)
    dy[:, :4] = 1
    dx = layer.backward(dy)
    assert not dx[:, 4:].any()
    assert dx[:, :4].all()


def test_the_first_place_of_a_causal_layer_sees_only_itself():
    x = normal(1, 3, 2)
    np.testing.assert_allclose(plain(2, causal=True).forward(x)[:, 0], x[:, 0])


def test_causal_with_a_longer_memory_lets_the_last_places_stand_together():
    x, memory = normal(1, 2, 2), normal(1, 3, 2, seed=1)
    y = plain(2, causal=True).forward(x, memory)
    np.testing.assert_allclose(y[:, :1], plain(2).forward(x[:, :1], memory[:, :2]))
    np.testing.assert_allclose(y[:, 1:], plain(2).forward(x[:, 1:], memory))


@pytest.mark.parametrize("causal", [False, True])
def test_what_stands_in_the_padding_changes_nothing(causal):
    layer, x, memory, dy = build(4, 2, causal=causal), normal(2, 3, 4), normal(2, 5, 4, seed=2), normal(2, 3, 4, seed=1)
    mask = np.array([[False, False, True, True, True], [False, True, False, False, True]])
    results = []
    for filling in (0.0, 1e3):
        memory[mask] = filling
        layer.zero_gradient()
        y = layer.forward(x, memory, key_padding_mask=mask)
        dx, d_memory = layer.backward(dy)
        results.append([y, dx, d_memory, *(p.gradient.copy() for p in layer.parameters().values())])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)
    assert not d_memory[mask].any()
    assert d_memory[~mask].all()
    shorter = layer.forward(x[:1, -1:], memory[:1, :2])
    np.testing.assert_allclose(y[:1, -1:], shorter)


def test_where_all_is_padding_only_the_bias_comes_out_and_nothing_goes_back():
    layer, x, dy = build(4, 2), normal(2, 3, 4), normal(2, 3, 4, seed=1)
    mask = np.array([[True] * 3, [False] * 3])
    y = layer.forward(x, key_padding_mask=mask)
    dx = layer.backward(dy)
    np.testing.assert_array_equal(y[0], np.tile(layer.out_proj.bias.tensor, (3, 1)))
    assert not dx[0].any()
    np.testing.assert_allclose(y[1:], layer.forward(x[1:]))
    assert not plain(4, 2).forward(x, key_padding_mask=mask)[0].any()


def test_who_sees_a_value_with_one_bad_number_gets_nan_and_who_does_not_see_it_does_not():
    q = k = np.zeros((1, 1, 3, 2))
    v = np.array([[[[1.0, 2.0], [3.0, np.nan], [5.0, 6.0]]]])
    heads, _ = attend(q, k, v, True, None)
    np.testing.assert_array_equal(heads[0, 0], [[1, 2], [np.nan, np.nan], [np.nan, np.nan]])
    heads, _ = attend(q, k, v, False, np.array([[False, True, False]]))
    np.testing.assert_array_equal(heads[0, 0], [[3, 4]] * 3)


# Place by place.


@pytest.mark.parametrize("rotary", [False, True])
def test_steps_equal_the_whole_sequence(rotary):
    layer, x, state, parts = build(8, 2, causal=True, rotary=rotary), normal(2, 6, 8), None, []
    for start, end in ((0, 3), (3, 4), (4, 6)):
        y, state = layer.step(x[:, start:end], state)
        parts.append(y)
        assert state[0].shape == state[1].shape == (2, 2, end, 4)
    with pytest.raises(RuntimeError, match="there is no forward to go back through"):
        layer.out_proj.backward(y)  # nothing is remembered
    np.testing.assert_allclose(np.concatenate(parts, axis=1), layer.forward(x), atol=1e-12)


# What it refuses.

X = np.ones((2, 3, 4), np.float32)


@pytest.mark.parametrize(
    ("run", "kind", "words"),
    [
        (
            lambda: MultiHeadAttention(6, 4),
            ValueError,
            r"^MultiHeadAttention: num_heads=4 does not divide embed_dim=6\.\nHint: num_heads=3 would\.",
        ),
        (lambda: MultiHeadAttention(0, 1), ValueError, r"^MultiHeadAttention: embed_dim must be at least 1, got 0\."),
        (lambda: MultiHeadAttention(4, 0), ValueError, r"^MultiHeadAttention: num_heads must be at least 1, got 0\."),
        (lambda: MultiHeadAttention(6, 2, rotary=True), ValueError, r"dim must be even, .*; got 3\."),
        (
            lambda: MultiHeadAttention(4, 2).forward(X[0]),
            ValueError,
            r"expected x of shape \(N, T, 4\), got \(3, 4\)\.",
        ),
        (
            lambda: MultiHeadAttention(4, 2).forward(X, X[..., :3]),
            ValueError,
            r"expected x of shape \(N, T, 4\), got \(2, 3, 3\)\.",
        ),
        (
            lambda: MultiHeadAttention(4, 2).forward(X, X[:1]),
            ValueError,
            r"expected keys for 2 sequences, as there are queries; got 1\.",
        ),
        (
            lambda: MultiHeadAttention(4, 2).forward(X, X, X[:, :2]),
            ValueError,
            r"expected a value for each key, of shape \(2, 3, 4\); got \(2, 2, 4\)\.",
        ),
        (
            lambda: MultiHeadAttention(4, 2).forward(X, None, X),
            TypeError,
            r"expected a key with the value, got None\.\nHint: pass \(query, memory\)",
        ),
        (
            lambda: MultiHeadAttention(4, 2).forward(X, key_padding_mask=np.zeros((2, 4), bool)),
            ValueError,
            r"expected a mask of shape \(2, 3\), got \(2, 4\)\.",
        ),
        (
            lambda: MultiHeadAttention(4, 2).forward(X, key_padding_mask=np.zeros((2, 3))),
            TypeError,
            r"expected a mask of bools, True at padding, got float64\.",
        ),
        (
            lambda: MultiHeadAttention(4, 2, causal=True).step(X[..., :3]),
            ValueError,
            r"expected x of shape \(N, T, 4\), got \(2, 3, 3\)\.",
        ),
        (
            lambda: MultiHeadAttention(4, 2).step(X),
            RuntimeError,
            r"step cannot go on where places see later ones\.\nHint: build it with causal=True\.",
        ),
        (lambda: MultiHeadAttention(4, 2).backward(X), RuntimeError, "there is no forward to go back through"),
    ],
)
def test_what_is_refused(run, kind, words):
    with pytest.raises(kind, match=words):
        run()


@pytest.mark.parametrize("choice", ["plain", "loops", "auto", "compiled"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
def test_rotary_queries_among_other_keys_stand_at_their_own_places(choice: str, dtype: type) -> None:
    layer = MultiHeadAttention(8, 2, causal=True, rotary=True).astype(dtype)
    x, dy = (np.random.default_rng(seed).normal(size=(2, 40, 8)).astype(dtype) for seed in range(2))
    dy[:, :4] = 0
    twin = copy.deepcopy(layer)
    with faster.use(choice):
        np.testing.assert_allclose(layer.forward(x[:, 4:], x), twin.forward(x)[:, 4:], rtol=1e-4, atol=1e-5)
        (dx, dmemory), true = layer.backward(dy[:, 4:]), twin.backward(dy)
    dmemory[:, 4:] += dx
    np.testing.assert_allclose(dmemory, true, rtol=1e-4, atol=1e-5)
    for name, parameter in twin.parameters().items():
        np.testing.assert_allclose(layer.parameters()[name].gradient, parameter.gradient, rtol=1e-3, atol=1e-4)
    assert check_layer(MultiHeadAttention(4, 2, causal=True, rotary=True), [(2, 2, 4), (2, 5, 4)])
