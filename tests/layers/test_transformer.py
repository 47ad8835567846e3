"""The transformer block and nets of it: composed as the formula says, and cached as uncached."""

import numpy as np
import pytest

from tinynet.core import seed
from tinynet.layers import (
    GELU,
    GRU,
    LSTM,
    RNN,
    Dropout,
    Embedding,
    LayerNorm,
    LearnedPosition,
    Linear,
    MultiHeadAttention,
    ReLU,
    SinusoidalPosition,
    TransformerBlock,
)
from tinynet.net import Net, Residual


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def build(*args, **kwargs):
    layer = TransformerBlock(*args, **kwargs).astype(np.float64)
    for path, parameter in layer.parameters().items():
        if path.endswith("bias"):
            parameter.tensor = normal(*parameter.shape, seed=len(path))
    return layer


@pytest.mark.parametrize("causal", [False, True])
def test_is_two_residuals_with_a_norm_in_front(causal):
    block = build(8, 2, mlp_dim=6, causal=causal)
    parts = [
        Residual([LayerNorm(8), MultiHeadAttention(8, 2, causal=causal)]),
        Residual([LayerNorm(8), Linear(8, 6), GELU(), Linear(6, 8)]),
    ]
    composed = Net(parts).astype(np.float64)
    names = {
        "norm1": "0.body.0",
        "attention": "0.body.1",
        "norm2": "1.body.0",
        "linear1": "1.body.1",
        "linear2": "1.body.3",
    }
    moved = {}
    for path, array in block.state().items():
        first, _, rest = path.partition(".")
        moved[f"{names[first]}.{rest}"] = array
    composed.load_state(moved)
    x, dy = normal(2, 5, 8), normal(2, 5, 8, seed=1)
    np.testing.assert_allclose(block.forward(x), composed.forward(x))
    np.testing.assert_allclose(block.backward(dy), composed.backward(dy))
    for one, other in zip(block.parameters().values(), composed.parameters().values(), strict=True):
        np.testing.assert_allclose(one.gradient, other.gradient, atol=1e-12)


@pytest.mark.parametrize("activation", [GELU, ReLU])
def test_a_norm_may_stand_after_each_sum(activation):
    block = build(8, 2, mlp_dim=6, causal=True, norm_first=False, activation=activation.__name__.lower())
    attention = Residual(MultiHeadAttention(8, 2, causal=True))
    mlp = Residual([Linear(8, 6), activation(), Linear(6, 8)])
    composed = Net([attention, LayerNorm(8), mlp, LayerNorm(8)]).astype(np.float64)
    names = {"norm1": "1", "attention": "0.body.0", "norm2": "3", "linear1": "2.body.0", "linear2": "2.body.2"}
    moved = {}
    for path, array in block.state().items():
        first, _, rest = path.partition(".")
        moved[f"{names[first]}.{rest}"] = array
    composed.load_state(moved)
    x, dy = normal(2, 5, 8), normal(2, 5, 8, seed=1)
    np.testing.assert_allclose(block.forward(x), composed.forward(x))
    np.testing.assert_allclose(block.backward(dy), composed.backward(dy))
    gradients = composed.parameters()
    for path, parameter in block.parameters().items():
        first, _, rest = path.partition(".")
        np.testing.assert_allclose(parameter.gradient, gradients[f"{names[first]}.{rest}"].gradient, atol=1e-12)
    state, parts = None, []
    for start, end in ((0, 2), (2, 3), (3, 5)):
        y, state = block.step(x[:, start:end], state)
        parts.append(y)
    np.testing.assert_allclose(np.concatenate(parts, axis=1), block.forward(x), atol=1e-12)


def test_the_small_network_is_four_times_as_wide_by_default():
    block = TransformerBlock(6, 2)
    assert (block.linear1.weight.shape, block.linear2.weight.shape) == ((24, 6), (6, 24))


def test_bias_false_leaves_biases_to_the_norms():
    assert [path for path in TransformerBlock(4, 2, bias=False).parameters() if "bias" in path] == [
        "norm1.bias",
        "norm2.bias",
    ]


def test_dropout_stands_on_both_residuals_and_only_in_training():
    block, x = TransformerBlock(4, 2, dropout=0.99), normal(50, 5, 4).astype(np.float32)
    dropped = block.forward(x)
    assert 0.8 < (dropped == x).mean() < 1  # nearly all of what is added has been dropped
    y = block.eval().forward(x)
    assert (y == x).mean() < 0.01
    np.testing.assert_array_equal(block.forward(x), y)


def test_padding_changes_nothing():
    block, x, dy = build(4, 2), normal(2, 5, 4), normal(2, 5, 4, seed=1)
    mask = np.arange(5) >= np.array([[3], [4]])
    dy[mask] = 0
    results = []
    for filling in (0.5, -20.0):
        x[mask] = np.array([1.0, 2.0, -1.0, 0.5]) * filling
        y = block.forward(x, key_padding_mask=mask)
        results.append((y[~mask], block.backward(dy)[~mask]))
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


def test_causal_later_inputs_change_nothing_earlier():
    block, x = build(4, 2, causal=True, rotary=True), normal(2, 5, 4)
    y = block.forward(x)
    x[:, 3:] += normal(2, 2, 4, seed=1)
    changed = block.forward(x)
    np.testing.assert_array_equal(changed[:, :3], y[:, :3])
    assert np.abs(changed[:, 3:] - y[:, 3:]).min() > 1e-6


@pytest.mark.parametrize("rotary", [False, True])
def test_steps_equal_the_whole_sequence(rotary):
    block, x, state, parts = build(8, 2, causal=True, rotary=rotary), normal(2, 6, 8), None, []
    for start, end in ((0, 3), (3, 4), (4, 6)):
        y, state = block.step(x[:, start:end], state)
        parts.append(y)
    with pytest.raises(RuntimeError, match="there is no forward to go back through"):
        block.linear2.backward(y)  # nothing is remembered
    np.testing.assert_allclose(np.concatenate(parts, axis=1), block.forward(x), atol=1e-12)


# Nets that generate.

VOCABULARY, WIDTH, LENGTH = 11, 16, 24


def gpt(*position, rotary=False):
    blocks = [TransformerBlock(WIDTH, 4, dropout=0.1, causal=True, rotary=rotary) for _ in range(3)]
    return Net([Embedding(VOCABULARY, WIDTH), *position, *blocks, LayerNorm(WIDTH), Linear(WIDTH, VOCABULARY)])


NETS = {
    "learned": lambda: gpt(LearnedPosition(LENGTH, WIDTH)),
    "sinusoidal": lambda: gpt(SinusoidalPosition(WIDTH)),
    "rotary": lambda: gpt(rotary=True),
    "RNN": lambda: Net([Embedding(VOCABULARY, 8), RNN(8, 9, num_layers=2), Linear(9, VOCABULARY)]),
    "LSTM": lambda: Net([Embedding(VOCABULARY, 8), LSTM(8, 9, num_layers=2), Dropout(0.5), Linear(9, VOCABULARY)]),
    "GRU": lambda: Net([Embedding(VOCABULARY, 8), Net([GRU(8, 9)]), Linear(9, VOCABULARY)]),
}


@pytest.mark.parametrize("kind", NETS)
@pytest.mark.parametrize("prompt", [1, 7])
def test_cached_and_uncached_logits_agree(kind, prompt):
    net = NETS[kind]()
    for path, parameter in net.parameters().items():
        if not path.endswith("bias"):
            parameter.tensor = 1.5 * parameter.tensor  # logits of some size, so that a difference would show
    tokens = np.random.default_rng(1).integers(0, VOCABULARY, (2, LENGTH))
    whole = net.predict(tokens)
    y, state = net.step(tokens[:, :prompt])
    parts = [y]
    for t in range(prompt, LENGTH):
        y, state = net.step(tokens[:, t : t + 1], state)
        parts.append(y)
    cached = np.concatenate(parts, axis=1)
    assert cached.dtype == np.float32
    assert whole.std() > 0.2
    assert np.abs(cached - whole).max() <= 1e-5


def test_step_leaves_mode_memory_and_state_as_they_were():
    net = gpt(rotary=True)
    assert net.training
    tokens = np.array([[1, 2, 3]])
    _, first = net.step(tokens)
    again, _ = net.step(np.array([[4]]), first)
    same, _ = net.step(np.array([[4]]), first)  # a state can be gone on from twice
    np.testing.assert_array_equal(again, same)
    assert all(layer.training for _, layer in net.layers_inside())
    with pytest.raises(RuntimeError, match="there is no forward to go back through"):
        net.backward(np.ones((1, 3, VOCABULARY), np.float32))


def test_a_net_of_layers_that_need_no_state_steps_too():
    seed(1)
    net, x = Net([Linear(3, 4), GELU(), Linear(4, 2)]), normal(2, 5, 3).astype(np.float32)
    y, state = net.step(x[:, :2])
    z, _ = net.step(x[:, 2:], state)
    np.testing.assert_allclose(np.concatenate([y, z], axis=1), net.predict(x), atol=1e-6)


@pytest.mark.parametrize(
    ("run", "kind", "words"),
    [
        (lambda: TransformerBlock(0, 1), ValueError, r"^TransformerBlock: embed_dim must be at least 1, got 0\."),
        (
            lambda: TransformerBlock(4, 2, mlp_dim=0),
            ValueError,
            r"^TransformerBlock: mlp_dim must be at least 1, got 0",
        ),
        (
            lambda: TransformerBlock(4, 2, activation="tanh"),
            ValueError,
            r"^TransformerBlock: activation must be one of 'gelu', 'relu'; got 'tanh'\.",
        ),
        (lambda: TransformerBlock(4, 3), ValueError, r"num_heads=3 does not divide embed_dim=4\."),
        (lambda: TransformerBlock(4, 2, dropout=1.5), ValueError, r"^Dropout: p must be"),
        (
            lambda: TransformerBlock(4, 2).step(np.ones((1, 2, 4), np.float32)),
            RuntimeError,
            r"step cannot go on where places see later ones\.",
        ),
    ],
)
def test_what_is_refused(run, kind, words):
    with pytest.raises(kind, match=words):
        run()


class Seen:
    """An observer that keeps what the layers take and give."""

    def __init__(self):
        self.forward, self.backward = {}, {}

    def on_forward(self, path, layer, x, y):
        self.forward[path] = x, y

    def on_backward(self, path, layer, dy, dx):
        self.backward[path] = dy, dx


@pytest.mark.parametrize("size", [(2, 5, 8), (2, 64, 64)])
def test_a_watched_block_shows_every_layer_and_computes_the_same_bits(size):
    seed(0)
    net = Net([TransformerBlock(size[-1], 2, causal=True, rotary=True)])
    x, dy = (normal(*size, seed=s).astype(np.float32) for s in range(2))
    y, dx = net.forward(x), net.backward(dy)
    gradients = {path: parameter.gradient.copy() for path, parameter in net.parameters().items()}
    net.zero_gradient()
    with net.watch(Seen()) as seen:
        np.testing.assert_array_equal(net.forward(x), y)
        np.testing.assert_array_equal(net.backward(dy), dx)
    for path, parameter in net.parameters().items():
        np.testing.assert_array_equal(parameter.gradient, gradients[path])
    names = ["norm1", "attention", "attention.out_proj", "dropout1", "norm2", "linear1", "activation", "linear2"]
    for name in [*names, "dropout2"]:
        assert f"0.{name}" in seen.forward, name
        assert f"0.{name}" in seen.backward, name
    h, _ = seen.forward["0.norm2"]
    np.testing.assert_array_equal(h, x + seen.forward["0.dropout1"][1])


@pytest.mark.parametrize("name", ["norm1", "norm2"])
def test_a_norm_of_another_kind_is_called_as_it_is(name):
    class Twice(LayerNorm):
        def forward(self, x):
            return 2 * super().forward(x)

        def backward(self, dy):
            return super().backward(2 * dy)

    block, doubled = build(8, 2), build(8, 2)
    doubled.load_state(block.state())
    state = getattr(block, name).state()
    setattr(block, name, Twice(8).astype(np.float64))
    getattr(block, name).load_state(state)
    for parameter in getattr(doubled, name).parameters().values():
        parameter.tensor *= 2
    x, dy = normal(2, 5, 8), normal(2, 5, 8, seed=1)
    np.testing.assert_allclose(block.forward(x), doubled.forward(x))
    np.testing.assert_allclose(block.backward(dy), doubled.backward(dy))
