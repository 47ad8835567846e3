"""Every model of the table by its name, with what each needs."""

import json

import numpy as np
import pytest

from tinynet.cli import app
from tinynet.cli.choosing import sizes_of
from tinynet.cli.tasks import Ink, check_task, overlap, pixel_accuracy
from tinynet.data import Dataset, digits
from tinynet.models import MODELS


@pytest.mark.parametrize(
    ("model", "numbers"),
    [
        ("vae:hidden=16", {"loss"}),
        ("unet:width=2", {"loss", "pixel_accuracy", "overlap"}),
        ("mobilenet:width=2", {"loss", "accuracy"}),
        ("conv_autoencoder:code_channels=2", {"loss"}),
    ],
)
def test_a_model_is_trained_and_used_by_its_name(model, numbers, tinynet, tmp_path, monkeypatch):
    monkeypatch.setattr(app.show, "write_report", lambda *_: None)
    result = tinynet("train", "digits", "--model", model, "--epochs", 1, "--batch-size", 256, "--out", tmp_path)
    assert result.status == 0
    assert set(json.loads((tmp_path / "config.json").read_text())["test"]) == numbers
    assert tinynet("evaluate", tmp_path).out in result.out
    assert tinynet("summary", tmp_path).status == 0


@pytest.mark.usefixtures("drawn")
@pytest.mark.parametrize("model", ["vae", "unet"])
def test_the_report_shows_what_there_is(model, tinynet, tmp_path):
    assert (
        tinynet("train", "digits", "--model", model, "--epochs", 1, "--batch-size", 512, "--out", tmp_path).status == 0
    )
    assert model in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "names no classes of pictures" in tinynet("predict", tmp_path, "x.png").err


def test_the_truth_of_a_pixel_is_the_class_of_its_ink():
    data = digits()[1]
    x, y = data[:5]
    pixels = Ink(data)[:5][1]
    assert ((pixels > 0) == (x[:, 0] > 0.5)).all()
    assert all(set(np.unique(pixels[i])) <= {0, y[i] + 1} for i in range(5))
    right = np.moveaxis(np.eye(11)[pixels], -1, 1)
    assert (pixel_accuracy(right, pixels), overlap(right, pixels)) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("moons", "--model", "vae"), "vae learns from pictures, but a sample of these data has the shape (2,)"),
        (("moons", "--model", "unet"), "unet learns from pictures"),
        (("moons", "--model", "dcgan"), "dcgan learns from pictures, but a sample of these data has the shape (2,)"),
        (("digits", "--model", "dcgan:hidden=4"), "dcgan has no option 'hidden'"),
        (("digits", "--model", "dcgan", "--early-stopping", "3"), "--early-stopping goes by the loss, but a low one"),
        (("digits", "--model", "dcgan", "--schedule", "plateau"), "--schedule plateau goes by the loss"),
        (("digits", "--model", "unet:depth=4"), "pictures must have sides that are multiples of 16, got 8 × 8"),
        (("digits", "--model", "seq2seq"), "seq2seq learns from pairs of texts, one to read and one to write"),
        (("dates", "--model", "seq2seq:max_length=9"), "there are texts of 19 tokens, but max_length is 9"),
        (("dates", "--model", "mlp"), "mlp cannot read pairs of texts"),
        (("dates", "--augment", "flip"), "--augment is for pictures, but a sample"),
        (("digits", "--model", "char_gpt"), "char_gpt learns from a text"),
        (("moons", "--model", "resnet20"), "input_shape must be (channels, height, width), got (2,)"),
        (("digits", "--model", "lenet5"), "lenet5"),
    ],
)
def test_what_a_model_needs_is_one_sentence(words, sentence, tinynet, tmp_path):
    result = tinynet("train", *words, "--out", tmp_path / "run")
    assert (result.status, sentence in result.err, len(result.err.splitlines())) == (2, True, 2)
    assert not (tmp_path / "run").exists()


def test_colour_tells_no_class_of_a_pixel():
    data = Dataset(np.zeros((2, 3, 8, 8), np.float32), np.array([0, 1]), ["cat", "dog"])
    with pytest.raises(ValueError, match="unet needs a class for each pixel, which only grey pictures"):
        check_task("unet", data)


def test_every_model_says_which_sizes_it_takes(tinynet):
    assert {name: sizes_of(name) for name in ("mlp", "vgg16", "vae", "unet", "char_lstm", "resnet20", "dcgan")} == {
        "mlp": ["hidden"],
        "vgg16": ["width"],
        "vae": ["latent", "hidden"],
        "unet": ["width", "depth"],
        "char_lstm": ["embedding_dim", "hidden_size", "num_layers"],
        "resnet20": [],
        "dcgan": ["latent", "width"],
    }
    listed = tinynet("models").out
    assert all(name in listed for name in MODELS)
