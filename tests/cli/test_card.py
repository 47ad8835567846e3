"""A weights file alone: its card, what is on pictures, and how good it is."""

import numpy as np
import pytest
from PIL import Image

import tinynet as tn
from tinynet.layers import Linear
from tinynet.net import Net


@pytest.fixture
def alone(run, tmp_path):
    """The weights of the run, without the rest of it."""
    (tmp_path / "net.safetensors").write_bytes((run / "model.safetensors").read_bytes())
    return tmp_path / "net.safetensors"


@pytest.fixture
def picture(tmp_path):
    pixels = (tn.data.digits()[1].x[0, 0] * 255).astype(np.uint8)
    Image.fromarray(pixels).resize((40, 40)).save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


def test_a_run_gives_its_net_a_card(tinynet, run, alone):
    result = tinynet("card", alone)
    assert result.status == 0
    lines = dict(line.split(None, 1) for line in result.out.splitlines() if not line.startswith((" ", "how")))
    assert lines["architecture"] == "Net()"
    assert (lines["data"], lines["model"], lines["seed"], lines["classes"]) == (
        "digits",
        "mlp",
        "0",
        ", ".join("0123456789"),
    )
    assert lines["results"].startswith("loss ")
    assert "accuracy 0." in lines["results"]
    assert lines["versions"].startswith(f"tinynet {tn.__version__}, python ")
    assert f"how to load     net = tinynet.load('{alone}')" in result.out
    assert tinynet("card", run).out.splitlines()[:-1] == result.out.splitlines()[:-1]


def test_a_file_alone_gives_the_results_of_its_run(tinynet, run, alone):
    expected = tinynet("evaluate", run).out
    assert tinynet("evaluate", alone).out == expected
    assert tinynet("evaluate", alone, "--on", "digits").out == expected
    assert tinynet("evaluate", run, "--on", "digits").out == expected


def test_a_file_alone_says_what_is_on_a_picture(tinynet, run, alone, picture):
    expected = tinynet("predict", run, picture)
    assert (expected.status, tinynet("predict", alone, picture)) == (0, expected)
    assert tinynet("predict", alone, picture, "--on", "digits") == expected


def test_the_card_tells_the_shape_of_the_input(tinynet, run, alone):
    assert tinynet("summary", alone) == tinynet("summary", run)


def test_a_file_whose_card_names_no_data(tinynet, tmp_path, picture):
    net = tn.models.mlp(64)
    tn.save(net, tmp_path / "net.safetensors")
    result = tinynet("predict", tmp_path / "net.safetensors", picture)
    assert result.status == 2
    assert "does not tell what its net learned from" in result.err
    assert "--on digits" in result.err
    assert tinynet("predict", tmp_path / "net.safetensors", picture, "--on", "digits").status == 0
    assert tinynet("evaluate", tmp_path / "net.safetensors", "--on", "digits").out.startswith("test ")


def test_a_card_with_other_things_in_it(tinynet, tmp_path):
    path = tmp_path / "net.safetensors"
    for about in ({"data": ["digits"]}, {"data": "digits"}, {"data": "digits", "input_shape": [-1], "classes": ["a"]}):
        tn.save(tn.models.mlp(64), path, card=about)
        result = tinynet("evaluate", path)
        assert (result.status, "--on" in result.err) == (2, True)


def test_a_net_that_does_not_fit_the_data(tinynet, tmp_path):
    tn.save(Net([Linear(3, 2)]), tmp_path / "net.safetensors")
    result = tinynet("evaluate", tmp_path / "net.safetensors", "--on", "digits")
    assert (result.status, "Linear" in result.err) == (2, True)


def test_a_layer_alone_is_a_net(tinynet, tmp_path):
    tn.save(Linear(2, 2), tmp_path / "net.safetensors")
    assert tinynet("evaluate", tmp_path / "net.safetensors", "--on", "moons").out.startswith("test ")


def test_an_unknown_data_set_is_named(tinynet, alone):
    result = tinynet("evaluate", alone, "--on", "faces")
    assert (result.status, "faces" in result.err) == (2, True)


def test_a_file_that_is_not_there(tinynet, tmp_path):
    result = tinynet("evaluate", tmp_path / "net.safetensors", "--on", "digits")
    assert (result.status, "there is no file" in result.err) == (2, True)


def test_no_card_without_a_file(tinynet, tmp_path):
    assert tinynet("card", tmp_path / "nothing").status == 2
