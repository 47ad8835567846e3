"""tinynet predict: pictures of any size, mode and ground."""

import re
import shutil

import numpy as np
import pytest
from PIL import Image

from tinynet.cli.pictures import FRAMES, framed_digit
from tinynet.data import digits
from tinynet.data.own.picture_files import read_picture, resized

SIZE = 96


@pytest.fixture(scope="module")
def big() -> np.ndarray:
    """A seven of the test data, enlarged to 96×96, light ink on black, from 0 to 255."""
    _, test = digits()
    seven = test.x[np.flatnonzero(test.y == 7)[0], 0]
    return np.asarray(Image.fromarray((seven * 255).astype(np.uint8)).resize((SIZE, SIZE), Image.Resampling.BICUBIC))


def with_alpha(ink: np.ndarray, level: int) -> Image.Image:
    return Image.fromarray(np.dstack([np.full((*ink.shape, 3), level, np.uint8), ink]))


def placed(ink: np.ndarray) -> Image.Image:
    canvas = np.zeros((300, 500), np.uint8)
    canvas[180 : 180 + SIZE, 20 : 20 + SIZE] = ink
    return Image.fromarray(canvas)


def photographed(ink: np.ndarray) -> Image.Image:
    """Grey ink on a sheet that is neither white nor even."""
    noise = np.random.default_rng(0).normal(0, 5, (300, 500))
    return Image.fromarray(np.clip(200 - 0.55 * np.asarray(placed(ink)) + noise, 0, 255).astype(np.uint8))


PICTURES = {
    "plain": Image.fromarray,
    "dark-on-light": lambda ink: Image.fromarray(255 - ink),
    "off-centre": placed,
    "photographed": photographed,
    "1-bit": lambda ink: Image.fromarray(ink).point(lambda value: 255 * (value > 110)).convert("1"),
    "palette": lambda ink: Image.fromarray(ink).convert("P"),
    "16-bit": lambda ink: Image.fromarray(60000 - ink.astype(np.uint16) * 200),
    "32-bit": lambda ink: Image.fromarray(ink.astype(np.int32) * 256),
    "colour": lambda ink: Image.merge(
        "RGB", [Image.fromarray(255 - ink), Image.fromarray(255 - ink // 2), Image.new("L", (SIZE, SIZE), 255)]
    ),
    "cmyk": lambda ink: Image.fromarray(255 - ink).convert("RGB").convert("CMYK"),
    "black-on-transparent": lambda ink: with_alpha(ink, 0),
    "white-on-transparent": lambda ink: with_alpha(ink, 255),
    "grey-with-alpha": lambda ink: with_alpha(ink, 0).convert("LA"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_every_kind_of_picture_becomes_the_same_digit(big, name, tmp_path):
    path = tmp_path / f"seven.{'tif' if name in ('cmyk', '32-bit') else 'png'}"
    PICTURES[name](big).save(path)
    plain = tmp_path / "plain.png"
    Image.fromarray(big).save(plain)
    wanted, _ = framed_digit(plain, read_picture(plain)[0], FRAMES["digits"])
    pixels, _ = read_picture(path)
    got, _ = framed_digit(path, pixels, FRAMES["digits"])
    assert got.shape == (1, 8, 8)
    assert got.dtype == np.float32
    assert np.abs(got - wanted).mean() < 0.12
    assert np.corrcoef(got.ravel(), wanted.ravel())[0, 1] > 0.8


def test_a_digit_is_cropped_scaled_and_centred_by_mass(tmp_path):
    path, canvas = tmp_path / "one.png", np.full((80, 200), 255, np.uint8)
    canvas[10:50, 150:160] = 0  # a bar of 40×10
    canvas[70, 20] = 0  # dust
    Image.fromarray(canvas).save(path)
    digit, done = framed_digit(path, read_picture(path)[0], FRAMES["mnist"])
    assert done == ["dark ink on light turned round", "cropped to 10×40", "scaled to 5×20", "centred by mass in 28×28"]
    expected = np.zeros((1, 28, 28), np.float32)
    expected[0, 5:25, 12:17] = 1
    np.testing.assert_allclose(digit, expected, atol=1e-6)


def test_a_picture_in_the_form_already_stays_as_it_is(tmp_path):
    path, x = tmp_path / "x.png", np.zeros((28, 28), np.uint8)
    x[5:25, 10:20] = 255
    Image.fromarray(x).save(path)
    digit, _ = framed_digit(path, read_picture(path)[0], FRAMES["mnist"])
    np.testing.assert_allclose(digit[0] * 255, x)


def test_other_pictures_are_resized(tmp_path):
    path = tmp_path / "red.png"
    Image.new("RGB", (10, 20), (255, 0, 0)).save(path)
    pixels, opened = read_picture(path)
    colour, done = resized(pixels, (3, 32, 32))
    np.testing.assert_allclose(colour, np.broadcast_to(np.array([1, 0, 0]).reshape(3, 1, 1), (3, 32, 32)))
    assert (opened, done) == (["RGB 10×20"], ["resized to 32×32"])
    grey, done = resized(pixels, (1, 28, 28))
    np.testing.assert_allclose(grey, 0.299, atol=1e-6)
    assert done == ["turned grey", "resized to 28×28"]


def test_a_picture_held_sideways_is_turned(tmp_path):
    path, canvas = tmp_path / "bar.jpg", np.zeros((40, 80), np.uint8)
    canvas[:, :20] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # stored sideways: to be turned a quarter to the right
    Image.fromarray(canvas).save(path, exif=exif)
    pixels, done = read_picture(path)
    assert pixels.shape == (80, 40, 3)
    assert pixels[:15].mean() > 0.9
    assert done == ["L 40×80"]


def test_predict_names_the_class_and_says_what_was_done(run, tinynet, big, tmp_path):
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    Image.fromarray(big).save(paths[0])
    with_alpha(big, 0).save(paths[1])
    result = tinynet("predict", run, *paths)
    assert result.status == 0
    lines = result.out.splitlines()
    assert re.fullmatch(rf"{re.escape(str(paths[0]))}: 7 \(\d+\.\d%\), then \d \(\d+\.\d%\), \d \(\d+\.\d%\)", lines[0])
    assert lines[1].startswith("  L 96×96, cropped to ")
    assert lines[2].startswith(f"{paths[1]}: 7 (")
    assert "RGBA 96×96, laid on white, dark ink on light turned round, cropped to" in lines[3]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "there is no file"),
        (lambda path: path.mkdir(), "is a directory"),
        (
            lambda path: path.write_text("hello"),
            "it is none of the kinds that are read.\nHint: those are AVIF, BMP, GIF",
        ),
        (lambda path: path.write_bytes(b""), "it is none of the kinds that are read.\nHint: those are AVIF, BMP, GIF"),
        (lambda path: Image.new("L", (9, 9), 77).save(path), "shows nothing: all of its pixels are nearly alike"),
    ],
)
def test_what_is_no_picture_is_one_sentence(run, tinynet, tmp_path, make, words):
    path = tmp_path / "x.png"
    make(path)
    result = tinynet("predict", run, path)
    assert result.status == 2
    assert words in result.err
    assert "Traceback" not in result.err


def test_a_truncated_picture_is_one_sentence(run, tinynet, tmp_path, big):
    path = tmp_path / "x.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (99, 99), np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:500])
    result = tinynet("predict", run, path)
    assert (result.status, "cannot read" in result.err) == (2, True)


def test_a_run_that_names_no_pictures_is_refused(run, tinynet, tmp_path):
    folder = shutil.copytree(run, tmp_path / "run")
    config = (folder / "config.json").read_text()
    (folder / "config.json").write_text(config.replace('"model": "mlp"', '"model": "conv_autoencoder"'))
    result = tinynet("predict", folder, "x.png")
    assert result.status == 2
    assert "it names no classes of pictures" in result.err
