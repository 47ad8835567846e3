"""Sequences of different lengths in ONNX: the padding is a second input of the file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinynet as tn
from tests.exchange.onnx.given import agree, run
from tinynet.layers import GRU, LSTM, RNN, Embedding, Linear, MultiHeadAttention, TransformerBlock
from tinynet.net import Net, Padded, Residual
from tinynet.net.tuples import as_tuple

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
RNG = np.random.default_rng(0)
LENGTHS = np.array([6, 2, 1, 4])
MASK = np.arange(6) >= LENGTHS[:, np.newaxis]


def tokens(n: int = 4) -> np.ndarray:
    return RNG.integers(0, 9, (n, 6))


BODIES: dict[str, Any] = {
    "attention": lambda: [
        TransformerBlock(4, 2, norm_first=False, activation="relu"),
        MultiHeadAttention(4, 2, causal=True),
    ],
    "recurrent": lambda: [
        RNN(4, 3),
        GRU(3, 2, 2, bidirectional=True),
        Net([LSTM(4, 5, 2, bidirectional=True, proj_size=2)]),
    ],
    "both": lambda: [Residual([LSTM(4, 4)], shortcut=[MultiHeadAttention(4, 1)]), TransformerBlock(4, 2), Linear(4, 3)],
    "states": lambda: [GRU(4, 3, return_state=True)],
}


@pytest.mark.parametrize("label", BODIES)
def test_lengths_are_an_input_of_the_file(label: str, tmp_path: Any) -> None:
    net, x = Padded([Embedding(9, 4), *BODIES[label]()]), tokens()
    tn.export_onnx(net, tmp_path / "net.onnx", [x, LENGTHS])
    agree(
        as_tuple(net.predict(x, LENGTHS)) if label != "states" else net.forward(x, LENGTHS),
        run(tmp_path / "net.onnx", x, LENGTHS),
    )
    more, lengths = tokens(7), np.array([1, 2, 3, 4, 5, 6, 6])
    agree(as_tuple(net.eval().forward(more, lengths)), run(tmp_path / "net.onnx", more, lengths))
    again = tn.load_onnx(tmp_path / "net.onnx")
    agree(as_tuple(net.forward(x, LENGTHS)), as_tuple(again.forward(x, LENGTHS)))


def test_attention_takes_a_mask_with_padding_anywhere(tmp_path: Any) -> None:
    net, x, mask = Padded([Embedding(9, 4), *BODIES["attention"]()]), tokens(), RNG.random((4, 6)) < 0.5
    mask[1] = True  # a sequence that is padding alone
    tn.export_onnx(net, tmp_path / "net.onnx", [x, MASK])
    agree(as_tuple(net.predict(x, mask)), run(tmp_path / "net.onnx", x, mask))


def test_a_recurrent_layer_needs_lengths(tmp_path: Any) -> None:
    net = Padded([Embedding(9, 4), GRU(4, 3)])
    with pytest.raises(
        NotImplementedError, match=r"layer 1, GRU, is given a mask, .* only the lengths(.|\n)*array of lengths"
    ):
        tn.export_onnx(net, tmp_path / "net.onnx", [tokens(), MASK])


def test_without_padding_it_is_written_as_a_net(tmp_path: Any) -> None:
    net, x = Padded([Embedding(9, 4), *BODIES["both"]()]), tokens()
    tn.export_onnx(net, tmp_path / "net.onnx", x)
    agree(as_tuple(net.predict(x)), run(tmp_path / "net.onnx", x))


def test_first_states_that_nothing_is_projected_to_are_refused(tmp_path: Any) -> None:
    layer = LSTM(3, 4, return_state=True, proj_size=2)
    layer.weight_hr_l0.tensor[1] = layer.weight_hr_l0.tensor[0]
    with pytest.raises(NotImplementedError, match=r"has dependent rows(.|\n)*without first states"):
        tn.export_onnx(layer, tmp_path / "net.onnx", [(5, 3), (1, "N", 2), (1, "N", 4)])


def test_weights_whose_product_would_take_too_long_are_refused(tmp_path: Any) -> None:
    from tinynet.exchange.onnx.read.file import Unreadable
    from tinynet.exchange.onnx.read.folding import fold

    with pytest.raises(Unreadable, match="multiplies weights that are too large"):
        fold("Einsum", [np.broadcast_to(np.float32(1), (3000, 3000))] * 2, {"equation": "ij,jk->ik"}, 1)
    with pytest.raises(Unreadable, match="an Einsum of weights whose axes are not all named"):
        fold("Einsum", [np.ones((3, 3))] * 2, {"equation": "...j,kj->...k"}, 1)
    (product,) = fold("Einsum", [np.arange(3), np.arange(2)], {"equation": "i, j -> ij"}, 1)
    assert np.array_equal(product, [[0, 0], [0, 1], [0, 2]])
