"""Attention, recurrent layers and embeddings explained: padding, masks, first states, and a few numbers by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinynet as tn
from tests.probe.explain.checking import check_back_to_the_data, check_number, check_trace
from tinynet.layers import GRU, LSTM, RNN, Embedding, Layer, LearnedPosition, MultiHeadAttention
from tinynet.losses import mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD
from tinynet.probe.explain.explainer import Explainer

PADDING = np.array([[False, False, True, True], [False, False, False, False], [True, False, True, False]])


class Padded(Layer):
    """Gives a mask to the layer inside."""

    def __init__(self, inner: Layer) -> None:
        self.inner = inner
        self.mask_name = "key_padding_mask" if isinstance(inner, MultiHeadAttention) else "padding_mask"

    def forward(self, *x: np.ndarray) -> Any:
        self.remember()
        return self.inner.forward(*x, **{self.mask_name: PADDING})

    def backward(self, dy: np.ndarray) -> Any:
        self.recall()
        return self.inner.backward(dy)


LAYERS = {
    "RNN": lambda: RNN(3, 2, 2, bidirectional=True),
    "RNN with ReLU": lambda: RNN(3, 2, nonlinearity="relu"),
    "LSTM": lambda: LSTM(3, 2, 2, bidirectional=True),
    "projected LSTM": lambda: LSTM(3, 3, 2, bidirectional=True, proj_size=2),
    "GRU": lambda: GRU(3, 2, 2, bidirectional=True),
    "attention": lambda: MultiHeadAttention(4, 2),
    "causal attention": lambda: MultiHeadAttention(4, 2, causal=True, rotary=True),
}


def traced(net: Layer, *x: np.ndarray, scale: float = 1.0) -> Any:
    """A step with a truth that is drawn."""
    shape = net.forward(*x).shape
    truth = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    return tn.trace(net, x if len(x) > 1 else x[0], scale * truth, mean_squared_error, SGD(lr=0.1))


def draws(*shape: int) -> np.ndarray:
    """Numbers of the normal distribution."""
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("label", LAYERS)
def test_padding(label: str) -> None:
    tn.seed(0)
    inner = LAYERS[label]()
    width = 4 if isinstance(inner, MultiHeadAttention) else 3
    step = traced(Padded(inner), draws(3, 4, width))
    check_trace(step, per_array=5)
    explainer = Explainer(step)
    for index in [(0, 1, 0), (2, 3, 1)]:
        check_back_to_the_data(explainer, "inner.y", index, most=24)
        check_back_to_the_data(explainer, "inner.dx", index, most=24)


class Hidden(Padded):
    """Gives attention a mask of each query and key too."""

    def __init__(self, inner: Layer, attn_mask: np.ndarray) -> None:
        super().__init__(inner)
        self._mask = attn_mask

    def forward(self, *x: np.ndarray) -> Any:
        self.remember()
        return self.inner.forward(*x, key_padding_mask=PADDING, attn_mask=self._mask)


MASKS = {
    "bools": np.random.default_rng(2).random((4, 4)) < 0.4,
    "bools of each head": np.random.default_rng(3).random((6, 4, 4)) < 0.4,
    "numbers": np.where(np.eye(4), -np.inf, np.random.default_rng(4).normal(size=(3, 1, 4, 4))).astype(np.float32),
}


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("label", MASKS)
def test_masks_of_each_query_and_key(label: str, causal: bool) -> None:
    tn.seed(0)
    step = traced(Hidden(MultiHeadAttention(4, 2, causal=causal), MASKS[label]), draws(3, 4, 4))
    check_trace(step, per_array=5)
    explainer = Explainer(step)
    for name in ("inner.y", "inner.dx"):
        check_back_to_the_data(explainer, name, (1, 3, 1), most=24)


def test_masks_of_each_query_and_key_say_what_they_did() -> None:
    hides_itself = np.eye(4, dtype=bool)
    step = traced(Hidden(MultiHeadAttention(4, 2), hides_itself), draws(3, 4, 4))
    explained = str(tn.explain(step, "inner.heads", (0, 1, 0, 1)))
    assert "2 terms are 0: the key is masked" in explained
    assert "1 term is 0: attn_mask hides the key" in explained
    step = traced(Hidden(MultiHeadAttention(4, 2), np.full((4, 4), 0.5, np.float32)), draws(3, 4, 4))
    assert "q·k / √(D) + attn_mask" in str(tn.explain(step, "inner.scores", (1, 0, 0, 2)))


def test_rotated_queries_that_begin_behind_the_first_key() -> None:
    tn.seed(0)
    layer = MultiHeadAttention(4, 2, causal=True, rotary=True)
    step = traced(layer, draws(2, 3, 4), np.random.default_rng(3).normal(size=(2, 5, 4)).astype(np.float32))
    explainer = Explainer(step)
    for name in ("q", "k", "dq", "dk", "dq.before_rotation", "dk.before_rotation"):
        for index in ((0, 0, 0, 1), (1, 1, 2, 0)):
            check_number(explainer, name, index)


def test_padding_says_what_it_cut_off() -> None:
    step = traced(Padded(RNN(3, 2)), draws(3, 4, 3))
    assert "4 terms are 0: the step is padding" in str(tn.explain(step, "inner.weight_ih_l0.gradient", (1, 2)))
    assert "0 (the step is padding)" in str(tn.explain(step, "inner.y", (0, 3, 1)))
    step = traced(Padded(MultiHeadAttention(4, 2)), draws(3, 4, 4))
    assert "2 terms are 0: the key is masked" in str(tn.explain(step, "inner.heads", (0, 1, 0, 1)))
    assert "0 (the query does not see the key)" in str(tn.explain(step, "inner.p", (0, 1, 0, 3)))


def test_first_states() -> None:
    tn.seed(0)
    layer = LSTM(3, 2, 2, return_state=True)
    x, h, c = draws(2, 4, 3), draws(2, 2, 2), draws(2, 2, 2)

    def loss(predicted: Any, truth: Any) -> tuple[float, Any]:
        y, _, last_c = predicted
        return 0.0, (y, None, last_c)

    step = tn.trace(layer, (x, h, c), None, loss)
    check_trace(step, per_array=5)
    check_back_to_the_data(Explainer(step), "dx.1", (1, 1, 0), most=24)


def test_a_state_by_hand() -> None:
    layer = RNN(1, 1, bias=False)
    layer.weight_ih_l0.tensor, layer.weight_hh_l0.tensor = [[0.5]], [[2.0]]
    step = traced(layer, np.array([[[1.0], [-1.0]]], np.float32))
    text = str(tn.explain(step, "y", (0, 1, 0)))
    assert "a[1, 0, 0] = W_ih[0, 0]·x[1, 0, 0] + W_hh[0, 0]·h[0, 0, 0]" in text
    assert tn.explain(step, "y", (0, 1, 0)).value == pytest.approx(np.tanh(2 * np.tanh(0.5) - 0.5))
    dh = tn.explain(step, "passes.0.dh", (0, 0, 0))
    assert [source[0] for source in dh.sources] == ["passes.0.dy", "passes.0.da", "weight_hh_l0"]


def test_attention_by_hand() -> None:
    layer = MultiHeadAttention(2, 1, bias=False)
    eye = np.eye(2)
    layer.in_proj_weight.tensor, layer.out_proj.weight.tensor = np.concatenate([eye, eye, eye]), eye
    step = traced(layer, np.array([[[1.0, 0.0], [0.0, 1.0]]], np.float32))
    p = 1 / (1 + np.exp(-1 / np.sqrt(2)))
    assert tn.explain(step, "p", (0, 0, 0, 0)).value == pytest.approx(p)
    assert tn.explain(step, "y", (0, 0, 0)).value == pytest.approx(p)
    assert "scores[0, 0, 0, 0] = q·k / √(D)" in str(tn.explain(step, "scores", (0, 0, 0, 0)))


def test_the_gradient_of_a_token() -> None:
    net = Net([Embedding(5, 2, padding_idx=0), LearnedPosition(6, 2)])
    step = traced(net, np.array([[3, 0, 3], [1, 3, 2]]))
    explanation = tn.explain(step, "0.weight.gradient", (3, 1))
    assert "3 terms are 0: the place holds another token" in str(explanation)
    assert {at[:2] for _, at in explanation.sources} == {(0, 0), (0, 2), (1, 1)}
    assert "the token 0 is padding" in str(tn.explain(step, "0.weight.gradient", (0, 1)))
    assert "no sequence of the batch is so long" in str(tn.explain(step, "1.weight.gradient", (5, 0)))
