"""One short epoch on the real MNIST, and its test digits recognised from picture files, however they come."""

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tinynet.cli import main
from tinynet.data import mnist

N_PICTURES = 100

pytestmark = pytest.mark.skipif(
    not (Path(os.environ.get("TINYNET_DATA") or "/nowhere") / "mnist").exists(),
    reason="TINYNET_DATA names no folder with mnist",
)


def call(*words: object) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    assert not ended.value.code


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mnist") / "run"
    call("train", "mnist", "--model", "mlp", "--epochs", 1, "--out", folder)
    return folder


def test_mnist_is_what_it_should_be():
    train, test = mnist()
    assert (train.x.shape, test.x.shape) == ((60000, 1, 28, 28), (10000, 1, 28, 28))
    np.testing.assert_array_equal(np.bincount(train.y)[:3], [5923, 6742, 5958])
    assert (train.x.min(), train.x.max()) == (0, 1)
    assert float(train.x.mean(dtype=np.float64)) == pytest.approx(0.1307, abs=1e-4)


def test_one_epoch_goes_far(run):
    assert json.loads((run / "config.json").read_text())["test"]["accuracy"] > 0.95


def off_centre(ink: np.ndarray) -> Image.Image:
    canvas = np.zeros((90, 120), np.uint8)
    canvas[3:31, 80:108] = ink
    return Image.fromarray(canvas)


@pytest.mark.parametrize(
    "draw",
    [
        Image.fromarray,
        lambda ink: Image.fromarray(255 - ink),
        off_centre,
        lambda ink: Image.fromarray(255 - ink).resize((300, 300), Image.Resampling.BICUBIC),
    ],
    ids=["plain", "inverted", "off-centre", "enlarged"],
)
def test_digits_are_recognised_from_picture_files(run, draw, tmp_path, capsys):
    _, test = mnist()
    pixels = (test.x[:N_PICTURES, 0] * 255).round().astype(np.uint8)
    paths = [tmp_path / f"{index}.png" for index in range(N_PICTURES)]
    for path, ink in zip(paths, pixels, strict=True):
        draw(ink).save(path)
    capsys.readouterr()
    call("predict", run, *paths)
    answers = [int(digit) for digit in re.findall(r"\.png: (\d) \(", capsys.readouterr().out)]
    assert np.mean(np.array(answers) == test.y[:N_PICTURES]) > 0.93
