"""The card of a saved net: written with it, read without building it, and printed as a page."""

import json

import numpy as np
import pytest

import tinynet as tn
from tinynet.layers import Conv2D, Layer, Linear, ReLU
from tinynet.net import Concat, Named, Net, Residual
from tinynet.storage.card import _lines
from tinynet.storage.tensors import read_tensors, write_tensors


class Own(Layer):
    def __init__(self, name, sizes=(1, 2)):
        self.size = len(name) + len(sizes)

    def forward(self, x):
        return x

    def backward(self, dy):
        return dy


def test_a_card_is_a_page(tmp_path):
    tn.seed(7)
    net = Net([Conv2D(1, 2, 3), Residual([Linear(2, 2), ReLU()]), Concat([[], Own("a", sizes=(3, 4))])])
    path = tmp_path / "net.safetensors"
    tn.save(net, path, card={"data": "digits", "results": {"accuracy": 1 / 3, "loss": 2.0}, "classes": ["a", "b"]})
    assert str(tn.read_card(path)).splitlines() == [
        "architecture    Net()",
        "                  Conv2D(in_channels=1, out_channels=2, kernel_size=3)",
        "                  Residual()",
        "                    Linear(in_features=2, out_features=2)",
        "                    ReLU()",
        "                  Concat()",
        "                    Own(name='a', sizes=(3, 4))",
        "numbers         26",
        "seed            7",
        "data            digits",
        "results         accuracy 0.333333, loss 2",
        "classes         a, b",
        f"versions        tinynet {tn.__version__}, {python_and_numpy()}",
        f"how to load     net = tinynet.load({str(path)!r}, layers=[Own])",
    ]


def test_parts_are_shown_with_their_names(tmp_path):
    tn.save(Named({"first": Net([Linear(2, 3), ReLU()]), "last": Linear(3, 1)}), tmp_path / "net")
    assert tn.read_card(tmp_path / "net").architecture == [
        "Named()",
        "  first: Net()",
        "    Linear(in_features=2, out_features=3)",
        "    ReLU()",
        "  last: Linear(in_features=3, out_features=1)",
    ]


@pytest.mark.parametrize("pairs", [3, [3], [["first"]], [["first", 3]]])
def test_parts_that_are_none(pairs):
    node = {"class": "Named", "arguments": {"layers": {"dict": pairs}}}
    assert len(list(_lines(node))) == 1


def python_and_numpy():
    import platform

    return f"python {platform.python_version()}, numpy {np.__version__}"


def test_a_net_without_a_card_has_one_all_the_same(tmp_path):
    tn.save(Linear(2, 2), tmp_path / "net")
    card = tn.read_card(tmp_path / "net")
    assert (set(card.about), card.n_parameters, card.custom) == ({"seed", "versions"}, 6, [])


def test_the_card_may_name_a_seed_of_its_own(tmp_path):
    tn.save(Linear(2, 2), tmp_path / "net", card={"seed": 12})
    assert tn.read_card(tmp_path / "net").about["seed"] == 12


def test_a_card_changes_nothing_that_is_loaded(tmp_path):
    net = Linear(2, 2)
    tn.save(net, tmp_path / "net", card={"layers": ["nothing"]})
    assert np.array_equal(tn.load(tmp_path / "net").weight.tensor, net.weight.tensor)


@pytest.mark.parametrize(
    ("card", "words"),
    [
        (["digits"], r"save: card must be a dict from names to values, got a list\.\nHint: write card="),
        ({"accuracy": np.float32(0.5)}, r"save: the card can hold texts, numbers, lists and dicts only: .*float32"),
        ({"net": Linear(1, 1)}, "save: the card can hold texts, numbers, lists and dicts only"),
    ],
)
def test_what_a_card_cannot_hold(card, words, tmp_path):
    with pytest.raises(TypeError, match=words):
        tn.save(Linear(2, 2), tmp_path / "net", card=card)
    assert not (tmp_path / "net").exists()


def changed(path, **words):
    tn.save(Linear(2, 2), path)
    arrays, metadata = read_tensors("test", path)
    write_tensors("test", path, arrays, metadata | words)
    return path


@pytest.mark.parametrize(
    ("card", "words"),
    [("{", "its card is not JSON that can be read"), ("[1]", "its card is not a table of names and values")],
)
def test_a_damaged_card(card, words, tmp_path):
    path = changed(tmp_path / "net", card=card)
    with pytest.raises(ValueError, match=f"read_card: '.*' contradicts itself: {words}"):
        tn.read_card(path)
    tn.load(path)


def test_a_damaged_architecture_and_a_missing_one_word_for_word(tmp_path):
    path = changed(tmp_path / "net", tinynet="[1]")
    with pytest.raises(ValueError) as caught:
        tn.read_card(path)
    assert str(caught.value) == (
        f"read_card: {str(path)!r} contradicts itself: its architecture names no format.\n"
        "Hint: it was damaged or altered after it was written, or a class of your own has changed since."
    )
    write_tensors("test", path, {"w": np.ones(2)}, {"format": "pt"})
    with pytest.raises(ValueError) as caught:
        tn.read_card(path)
    assert str(caught.value) == (
        f"read_card: {str(path)!r} holds weights but no Tinynet architecture, as files made by PyTorch do.\n"
        "Hint: build the network yourself, then fill it with tn.load_weights(net, path)."
    )
    with pytest.raises(
        FileNotFoundError, match=r"^read_card: there is no file '.*nowhere'\.\nHint: (that folder|the work)"
    ):
        tn.read_card(tmp_path / "nowhere")
    with pytest.raises(TypeError, match="^read_card: path must be"):
        tn.read_card(5)


def test_a_card_of_an_older_file_is_empty(tmp_path):
    tn.save(Linear(2, 2), tmp_path / "net")
    arrays, metadata = read_tensors("test", tmp_path / "net")
    del metadata["card"]
    write_tensors("test", tmp_path / "net", arrays, metadata)
    assert tn.read_card(tmp_path / "net").about == {}


def test_nothing_in_a_card_moves_the_cursor(tmp_path):
    path = changed(tmp_path / "net", card=json.dumps({"data\x1b[2J": "digits\x1b]0;gone"}))
    assert "\x1b" not in str(tn.read_card(path))


def test_tables_that_are_nested_deep(tmp_path):
    card = {"data": "digits"}
    for _ in range(400):
        card = {"in": card}
    tn.save(Linear(2, 2), tmp_path / "net", card=card)
    assert "in              in in in in in in in in in in …" in str(tn.read_card(tmp_path / "net"))


def test_nets_that_are_nested_deep(tmp_path):
    net = Net([ReLU()])
    for _ in range(150):
        net = Net([net])
    tn.save(net, tmp_path / "net")
    lines = tn.read_card(tmp_path / "net").architecture
    assert lines == ["nested too deep to be shown"] or len(lines) == 152


def test_weights_of_another_program_have_no_card(tmp_path):
    write_tensors("test", tmp_path / "net", {"weight": np.ones(2)}, {})
    with pytest.raises(ValueError, match="read_card: '.*' holds weights but no Tinynet architecture"):
        tn.read_card(tmp_path / "net")
