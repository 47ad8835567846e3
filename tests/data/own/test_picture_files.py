"""Picture files as numbers: what is done to each is told, and what cannot be read is said word for word."""

import numpy as np
import pytest
from PIL import Image, ImageFile

from tinynet.data.own.picture_files import picture_size, read_picture, resized, scaled

HINT = "Hint: give a picture file, such as a PNG or JPEG."


@pytest.fixture
def path(tmp_path):
    """A grey picture of 3×2 pixels."""
    path = tmp_path / "x.png"
    Image.fromarray(np.arange(6, dtype=np.uint8).reshape(2, 3)).save(path)
    return path


def refused(path, **options):
    with pytest.raises(ValueError) as caught:
        read_picture(path, **options)
    return str(caught.value).replace(str(path), "PATH")


def test_a_file_that_is_no_picture(path):
    path.write_bytes(b"no picture")
    assert refused(path) == (
        "tinynet: cannot read PATH: it is none of the kinds that are read.\n"
        "Hint: those are AVIF, BMP, GIF, JPEG, JPEG2000, MPO, PNG, PPM, TGA, TIFF, WEBP."
    )
    assert picture_size(path) is None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError("image file is truncated."), "image file is truncated"),
        (OSError(), "OSError"),
        (EOFError(), "EOFError"),
        (SyntaxError("broken PNG file"), "broken PNG file"),
        (KeyError("mode"), "it is damaged (KeyError: 'mode')"),
        (ZeroDivisionError("by zero"), "it is damaged (ZeroDivisionError: by zero)"),
        (MemoryError(), "there is not enough memory"),
    ],
)
def test_whatever_stops_pillow_is_the_reason(path, monkeypatch, error, words):
    def stop(*_):
        raise error

    monkeypatch.setattr(ImageFile.ImageFile, "load", stop)
    assert refused(path) == f"tinynet: cannot read PATH: {words}.\n{HINT}"


def test_pixels_are_counted_before_they_are_decoded(path, monkeypatch):
    monkeypatch.setattr("tinynet.data.own.picture_files.MAX_PIXELS", 6)
    assert read_picture(path)[0].shape == (2, 3, 3)
    monkeypatch.setattr("tinynet.data.own.picture_files.MAX_PIXELS", 5)
    assert refused(path) == "tinynet: cannot read PATH: 3×2 pixels are too many.\nHint: make it smaller first."
    costly = path.with_suffix(".webp")
    Image.new("RGB", (3, 2)).save(costly)
    monkeypatch.setattr("tinynet.data.own.picture_files.MAX_PIXELS", 24)
    assert read_picture(costly)[0].shape == (2, 3, 3)
    monkeypatch.setattr("tinynet.data.own.picture_files.MAX_PIXELS", 23)
    assert "3×2 pixels are too many" in refused(costly)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 2)  # Pillow refuses twice that
    assert refused(path) == "tinynet: cannot read PATH: its pixels are too many.\nHint: make it smaller first."


def test_height_comes_before_width(path):
    assert picture_size(path) == (2, 3)
    assert picture_size(path.parent) is None


@pytest.mark.parametrize(("suffix", "sideways"), [("jpg", 6), ("png", 8), ("tif", 6), ("webp", 8)])
def test_a_picture_is_turned_as_its_camera_says_whole_or_reduced(tmp_path, suffix, sideways):
    values = np.zeros((40, 60), np.uint8)
    values[:20] = 255
    exif = Image.Exif()
    exif[0x0112] = sideways  # to be turned a quarter: the bright upper half comes to the right, or to the left
    Image.fromarray(values).convert("RGB").save(tmp_path / f"x.{suffix}", exif=exif)
    for longest, shape, done in (
        (60, (60, 40), ["RGB 40×60"]),
        (59, (30, 20), ["RGB 40×60", "reduced to 20×30"]),
    ):
        pixels, told = read_picture(tmp_path / f"x.{suffix}", longest)
        assert (pixels.shape[:2], told) == (shape, done)
        bright = pixels[:, shape[1] * 3 // 4 :] if sideways == 6 else pixels[:, : shape[1] // 4]
        assert bright.mean() > 0.95
        assert pixels.mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("values", "dtype", "scale"),
    [
        ([0, 65535], np.uint16, 65535),
        ([0, 200], np.uint16, 65535),
        ([0, 255], np.int32, 255),
        ([0, 256], np.int32, 65535),
        ([0, 65536], np.int32, 65536),
        ([0, 1], np.float32, 1),
        ([0, 1.5], np.float32, 255),
        ([0, 510], np.float32, 510),
        ([-3, 1], np.float32, 1),
    ],
)
def test_white_is_the_largest_number_of_the_type_that_these_seem_to_be_of(tmp_path, values, dtype, scale):
    Image.fromarray(np.array([values], dtype)).save(tmp_path / "x.tif")
    pixels, _ = read_picture(tmp_path / "x.tif")
    assert pixels.shape == (1, 2, 3)
    np.testing.assert_allclose(pixels[0], np.clip(values, 0, None)[:, None] / np.full(3, scale), rtol=1e-6)


@pytest.mark.parametrize(("ink", "ground"), [(0, "white"), (255, "black")])
def test_what_is_transparent_gets_the_ground_of_the_stronger_contrast(tmp_path, ink, ground):
    values = np.full((1, 2, 4), ink, np.uint8)
    values[0, :, 3] = (255, 0)
    Image.fromarray(values).save(tmp_path / "x.png")
    pixels, done = read_picture(tmp_path / "x.png")
    assert done == ["RGBA 2×1", f"laid on {ground}"]
    assert pixels[0].tolist() == [[ink / 255] * 3, [1 - ink / 255] * 3]


def test_a_large_picture_of_16_bits_is_reduced_to_means(tmp_path):
    values = np.array([[0, 1000, 60000], [2000, 3000, 50000]], np.uint16)
    Image.fromarray(values).save(tmp_path / "x.png")
    pixels, done = read_picture(tmp_path / "x.png", longest=2)
    assert done == ["I;16 3×2", "reduced to 2×1"]
    np.testing.assert_allclose(pixels[0, :, 0] * 65535, [1500, 55000], rtol=1e-6)


def test_a_picture_with_one_coloured_pixel_is_turned_grey():
    pixels = np.full((2, 2, 3), 0.5, np.float32)
    assert resized(pixels, (1, 2, 2))[1] == []
    pixels[0, 0] = (1, 0, 0)
    grey, done = resized(pixels, (1, 2, 2))
    assert done == ["turned grey"]
    np.testing.assert_allclose(grey, [[[0.299, 0.5], [0.5, 0.5]]], rtol=1e-6)
    assert resized(pixels, (3, 2, 2))[1] == []
    assert resized(pixels, (3, 4, 2))[1] == ["resized to 2×4"]
    assert resized(pixels, (3, 2, 4))[0].shape == (3, 2, 4)


def test_a_smaller_pixel_is_the_mean_of_those_that_it_stands_for_and_none_leaves_0_to_1():
    plane = np.zeros((4, 8), np.float32)
    plane[:, 4:] = 1
    assert scaled(plane, 4, 8) is plane
    small = scaled(plane, 2, 4)
    assert small.shape == (2, 4)
    assert (small.min(), small.max()) == (0, 1)
    assert small.mean() == pytest.approx(0.5)
