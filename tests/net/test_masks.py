"""A padding mask goes through a net to every layer that reads it, and to no other."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

import tinynet as tn
from tinynet.core import faster
from tinynet.data import Dataset
from tinynet.layers import (
    GRU,
    LSTM,
    RNN,
    Conv1D,
    Dropout,
    Embedding,
    Layer,
    LayerNorm,
    Linear,
    MultiHeadAttention,
    ReLU,
    TransformerBlock,
)
from tinynet.learner import Learner
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.models import char_gpt, char_lstm, seq2seq
from tinynet.net import Concat, Graph, Named, Net, Padded, Residual
from tinynet.net.operations import Combine
from tinynet.net.tuples import as_tuple
from tinynet.optimizers import Adam

N, T, D = 3, 6, 4
LENGTHS = np.array([6, 1, 4])
MASK = np.arange(T) >= LENGTHS[:, np.newaxis]


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def tokens(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 9, (N, T))


def graph() -> Graph:
    steps = [
        ("first", GRU(D, D), ["x"], ["a"]),
        ("second", MultiHeadAttention(D, 2), ["x"], ["b"]),
        ("sum", Combine("add"), ["a", "b"], ["y"]),
    ]
    return Graph(["x"], steps, ["y"])


NETS = {
    "attention": lambda: Net([MultiHeadAttention(D, 2)]),
    "recurrent": lambda: Net([Linear(D, D), RNN(D, D), LSTM(D, 3, 2, bidirectional=True, proj_size=2), GRU(D, D)]),
    "blocks": lambda: Net(
        [TransformerBlock(D, 2, dropout=0.2), TransformerBlock(D, 2, norm_first=False), LayerNorm(D)]
    ),
    "residual": lambda: Net([Residual([LayerNorm(D), MultiHeadAttention(D, 2, causal=True)]), Linear(D, 2)]),
    "both ways": lambda: Net([Residual(LSTM(D, D), shortcut=[Linear(D, D), GRU(D, D)])]),
    "one way": lambda: Net([Residual([Linear(D, D), ReLU()], shortcut=GRU(D, D))]),
    "side by side": lambda: Net([Concat([[RNN(D, 3)], [Linear(D, 2)], [], TransformerBlock(D, 2)], axis=-1)]),
    "named": lambda: Named({"inner": Named({"lstm": LSTM(D, D)}), "out": Net([Net([GRU(D, 2)])])}),
    "graph": lambda: Net([graph(), Linear(D, 2)]),
    "states": lambda: Net([LSTM(D, D, return_state=True)]),
}


class Observer:
    """Keeps which layers were given a mask."""

    def __init__(self) -> None:
        self.masks: dict[str, np.ndarray] = {}
        self.inputs: dict[str, Any] = {}

    def on_forward_begin(self, path: str, layer: Layer, inputs: Any, options: dict[str, Any]) -> None:
        for mask in options.values():
            if mask is not None:
                self.masks[path] = mask

    def on_forward(self, path: str, layer: Layer, x: Any, y: Any) -> None:
        self.inputs[path] = x


def readers(net: Layer) -> list[str]:
    kinds = (RNN, LSTM, GRU, MultiHeadAttention)
    return [path for path, layer in net.layers_inside() if isinstance(layer, kinds)]


@pytest.mark.parametrize("choice", ["plain", "auto", "compiled"])
@pytest.mark.parametrize("label", NETS)
def test_padding_reaches_nobody(label: str, choice: str) -> None:
    net, x = NETS[label]().eval(), normal(N, T, D)
    with faster.use(choice):
        y = as_tuple(net.forward(x, padding_mask=MASK))
        dy = [np.where(MASK[..., np.newaxis], 0, part) if part.shape[:2] == (N, T) else part for part in y]
        dx, gradients = net.backward(*dy), [p.gradient.copy() for p in net.parameters().values()]
        assert not np.allclose(y[0], as_tuple(net.forward(x))[0])
        other = np.where(MASK[..., np.newaxis], 7, x).astype(np.float32)
        for n, length in enumerate(LENGTHS):  # each sequence as if there were no padding
            alone = as_tuple(net.forward(x[n : n + 1, :length]))
            np.testing.assert_allclose(y[0][n, :length], alone[0][0], rtol=1e-4, atol=1e-5)
        again = as_tuple(net.forward(other, padding_mask=MASK))
        np.testing.assert_array_equal(y[0][~MASK], again[0][~MASK])
        net.zero_gradient()
        net.forward(other, padding_mask=MASK)
        np.testing.assert_allclose(net.backward(*dy)[~MASK], dx[~MASK], rtol=1e-4, atol=1e-5)
        if label in ("attention", "recurrent", "both ways", "states"):  # where no other layer multiplies the padding
            for one, parameter in zip(gradients, net.parameters().values(), strict=True):
                np.testing.assert_allclose(parameter.gradient, one, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("label", NETS)
def test_every_reader_is_given_the_mask_and_watchers_see_it(label: str) -> None:
    net, observer = NETS[label](), Observer()
    with net.watch(observer):
        net.forward(normal(N, T, D), padding_mask=MASK)
    assert set(readers(net)) <= set(observer.masks)
    assert all(mask is MASK for mask in observer.masks.values())
    assert set(observer.inputs) == {path for path, _ in net.layers_inside()}


@pytest.mark.parametrize("build", [lambda: char_gpt(9, 8, 2, 2), lambda: char_lstm(9, 4, 5, 2)])
def test_models_of_text(build: Any) -> None:
    net, x = build(), tokens()
    y, other = net(x, padding_mask=MASK), np.where(MASK, 8 - x, x)
    np.testing.assert_array_equal(
        net.predict(other, padding_mask=MASK)[~MASK], net.predict(x, padding_mask=MASK)[~MASK]
    )
    assert y.shape == (N, T, 9)


def test_the_source_of_a_translation_may_be_padded() -> None:
    net, source, written = seq2seq(9, 8, 2), tokens(), tokens(1)[:, :4]
    y = net.forward(source, written, padding_mask=MASK)
    np.testing.assert_array_equal(net.forward(np.where(MASK, 8 - source, source), written, padding_mask=MASK), y)
    net.backward(np.ones_like(y))
    np.testing.assert_allclose(net.forward(source[1:2, :1], written[1:2]), y[1:2], rtol=1e-4, atol=1e-5)
    assert not np.allclose(net.forward(source, written), y)


def test_prediction_cuts_the_mask_with_the_rows() -> None:
    net, x = NETS["blocks"](), normal(N, T, D)
    whole = net.predict(x, padding_mask=MASK)
    np.testing.assert_allclose(net.predict(x, padding_mask=MASK, batch_size=2), whole, rtol=1e-5, atol=1e-6)
    assert not np.allclose(net.predict(x), whole)


@pytest.mark.parametrize("label", NETS)
def test_without_padding_a_mask_changes_no_bit(label: str) -> None:
    net, x = NETS[label]().eval(), normal(N, T, D)
    expected = as_tuple(net.forward(x))
    found = as_tuple(net.forward(x, padding_mask=np.zeros((N, T), bool)))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


class Own(Layer):
    """A layer of a user's own around attention, with or without an argument for the mask."""

    def __init__(self) -> None:
        self.attention = MultiHeadAttention(D, 2)

    def forward(self, x: np.ndarray) -> np.ndarray:
        return self.attention.forward(x)

    def backward(self, dy: np.ndarray) -> Any:
        return self.attention.backward(dy)


class Willing(Own):
    def forward(self, x: np.ndarray, padding_mask: np.ndarray | None = None) -> np.ndarray:
        return self.attention.forward(x, key_padding_mask=padding_mask)


class Orderly(Willing):
    def forward(self, x: np.ndarray, padding_mask: np.ndarray | None = None) -> np.ndarray:
        assert x.flags.c_contiguous
        return super().forward(x, padding_mask)


def test_a_layer_of_ones_own_takes_part_by_an_argument() -> None:
    net, x = Net([Conv1D(D, D, 1), Willing()]), normal(N, T, D)
    y = net.forward(x, padding_mask=MASK)
    np.testing.assert_allclose(y, net[1].attention.forward(net[0].forward(x), key_padding_mask=MASK), rtol=1e-5)


def test_the_engine_gives_it_arrays_in_c_order_beside_the_mask_too() -> None:
    pytest.importorskip("tinynet.engine")
    with faster.use("compiled"):
        Net([Conv1D(D, D, 1), Orderly()]).forward(normal(N, T, D), padding_mask=MASK)


@pytest.mark.parametrize(
    ("run", "kind", "words"),
    [
        (
            lambda: Net([Linear(D, D), Dropout()]).forward(normal(N, T, D), padding_mask=MASK),
            TypeError,
            r"^Net: a padding mask was given, but no layer reads one\.\nHint: leave the mask out, or put attention",
        ),
        (
            lambda: Residual([Linear(D, D)]).forward(normal(N, T, D), padding_mask=MASK),
            TypeError,
            r"^Residual: a padding mask was given, but no layer reads one\.",
        ),
        (
            lambda: Net([Linear(D, D), Own()]).forward(normal(N, T, D), padding_mask=MASK),
            TypeError,
            r"^Net: the forward of Own takes no padding mask for the MultiHeadAttention inside it\.\n"
            r"Hint: give its forward an argument padding_mask=None, and let it hand that on\.",
        ),
        (
            lambda: Net([Conv1D(D, D, 3), GRU(D, D)]).forward(normal(N, T, D), padding_mask=MASK),
            ValueError,
            r"layer 1: GRU\(.*\): expected a mask of shape \(3, 4\), got \(3, 6\)\.",
        ),
        (
            lambda: Net([Net([GRU(D, D)])]).forward(normal(N, T, D), padding_mask=MASK.astype(int)),
            TypeError,
            r"layer 0\.0: GRU\(.*\): expected a mask of bools, True at padding, got int64\.",
        ),
        (
            lambda: Net([GRU(D, D)]).predict(normal(N, T, D), padding_mask=[[False] * T] * N),
            TypeError,
            r"^Net\.predict: expected padding_mask to be a NumPy array, got list\.",
        ),
        (
            lambda: Padded([Linear(D, D)]),
            TypeError,
            r"^Padded: no layer reads a padding mask\.\nHint: use a Net, or put",
        ),
        (
            lambda: Padded([GRU(D, D)]).forward(normal(N, T, D), LENGTHS[:2]),
            ValueError,
            r"^Padded: expected a length for each of 3 sequences, got \(2,\)\.\nHint: lengths are \(N,\) integers",
        ),
        (
            lambda: Padded([GRU(D, D)]).forward(normal(N, T, D), LENGTHS + 1),
            ValueError,
            r"^Padded: lengths must be from 0 to 6, the length of x, got 7\.",
        ),
        (
            lambda: Padded([GRU(D, D)]).forward(normal(N, T, D), LENGTHS - 2),
            ValueError,
            r"^Padded: lengths must be from 0 to 6, the length of x, got -1\.",
        ),
        (
            lambda: Padded([GRU(D, D)]).forward(normal(N, T, D), LENGTHS.astype(float)),
            TypeError,
            r"^Padded: expected lengths, or a mask of bools that is True at padding, got float64\.",
        ),
        (
            lambda: Padded([GRU(D, D)]).forward(normal(N), LENGTHS),
            ValueError,
            r"^Padded: expected sequences x of shape \(N, T\) or \(N, T, D\), got \(3,\)\.",
        ),
    ],
)
def test_what_cannot_be_handed_on_is_said(run: Any, kind: type, words: str) -> None:
    with pytest.raises(kind, match=words):
        run()


# Lengths and masks beside the sequences.


def words_net() -> Padded:
    tn.seed(1)
    return Padded([Embedding(9, D), TransformerBlock(D, 2), Residual([GRU(D, D)]), Linear(D, 3)])


def test_lengths_and_masks_say_the_same() -> None:
    net, x = words_net(), tokens()
    y = net.forward(x, LENGTHS)
    np.testing.assert_array_equal(net.forward(x, MASK), y)
    np.testing.assert_array_equal(Net([*net]).forward(x, padding_mask=MASK), y)
    np.testing.assert_array_equal(net.forward(x), Net([*net]).forward(x))
    assert [*net.parameters()][:2] == ["0.weight", "1.norm1.weight"]
    net.forward(x, LENGTHS)
    assert net.backward(np.ones_like(y), input_gradient=False) is None


@pytest.mark.parametrize("padding", [LENGTHS, MASK], ids=["lengths", "mask"])
def test_a_learner_learns_from_padded_sequences(padding: np.ndarray) -> None:
    many, y = np.tile(padding, (8, *[1] * (padding.ndim - 1))), np.tile(np.where(MASK, -1, tokens() % 3), (8, 1))
    x = np.tile(tokens(), (8, 1))
    x[np.tile(MASK, (8, 1))] = np.random.default_rng(3).integers(0, 9, int(8 * MASK.sum()))
    loss = partial(cross_entropy, ignore_index=-1)
    learner = Learner(words_net(), loss, Adam(0.02), Dataset((x, many), y), valid=Dataset((x, many), y))
    history = learner.fit(20, progress=False)
    assert history["valid_loss"][-1] < 0.3 < history["loss"][0]
    first = learner.predict((x[:3], many[:3]))
    others = learner.predict((np.where(MASK, 0, x[:3]), many[:3]))
    np.testing.assert_array_equal(first[~MASK], others[~MASK])


def test_a_step_with_padding_is_the_step_of_each_sequence_alone() -> None:
    net = Padded([LSTM(D, D), Linear(D, 1)]).astype(np.float64)
    x, truth = normal(N, T, D).astype(np.float64), normal(N, T, 1, seed=1).astype(np.float64)
    truth[MASK] = 0
    y = net.forward(x, LENGTHS)
    net.backward(np.where(MASK[..., np.newaxis], 0, mean_squared_error(y, truth)[1] * truth.size))
    together = {path: parameter.gradient.copy() for path, parameter in net.parameters().items()}
    net.zero_gradient()
    for n, length in enumerate(LENGTHS):
        part, right = x[n : n + 1, :length], truth[n : n + 1, :length]
        net.backward(mean_squared_error(net.forward(part), right)[1] * right.size)
    for path, parameter in net.parameters().items():
        np.testing.assert_allclose(parameter.gradient, together[path], rtol=1e-10, atol=1e-12)


def test_a_padded_net_can_be_traced_and_explained_saved_and_loaded(tmp_path: Any) -> None:
    net, x = words_net(), tokens()
    step = tn.trace(net, (x, LENGTHS), tokens(1) % 3, cross_entropy)
    assert tn.explain(step, "3.weight.gradient", (0, 1)).value == pytest.approx(float(step["3.weight.gradient"][0, 1]))
    assert "the key is masked" in str(tn.explain(step, "1.attention.heads", (1, 0, 0, 0)))
    tn.save(net, tmp_path / "net.safetensors")
    again = tn.load(tmp_path / "net.safetensors")
    assert type(again) is Padded
    np.testing.assert_array_equal(again.predict(x, LENGTHS), net.predict(x, LENGTHS))
