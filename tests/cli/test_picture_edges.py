"""tinynet predict: each picture gets its answer or its sentence, in memory of the order of the picture."""

import tracemalloc
import warnings

import numpy as np
import pytest
from PIL import Image

from tinynet.cli.pictures import FRAMES, framed_digit
from tinynet.data import digits
from tinynet.data.own.picture_files import LONGEST, read_picture


@pytest.fixture(scope="module")
def seven() -> np.ndarray:
    """A seven on a canvas of 300×500, from 0 to 1."""
    _, test = digits()
    ink = Image.fromarray(test.x[np.flatnonzero(test.y == 7)[0], 0]).resize((96, 96), Image.Resampling.BICUBIC)
    canvas = np.zeros((300, 500), np.float32)
    canvas[100:196, 200:296] = np.clip(ink, 0, 1)
    return canvas


def grey(values) -> Image.Image:
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def test_a_photo_lit_from_one_side_is_the_same_digit(seven, tmp_path):
    path = tmp_path / "x.png"
    grey(255 * seven).save(path)
    wanted, _ = framed_digit(path, read_picture(path)[0], FRAMES["digits"])
    for light in (np.linspace(140, 250, 500)[None], np.linspace(250, 140, 300)[:, None]):
        grey(light - 125 * seven).save(path)
        digit, _ = framed_digit(path, read_picture(path)[0], FRAMES["digits"])
        assert np.abs(digit - wanted).mean() < 0.03


half = np.indices((100, 100))[1] // 50 * 255
checks = np.indices((64, 64)).sum(0) % 2 * 255
SHAPELESS = {
    "half black": half,
    "half black below": half.T,
    "one pixel more": np.indices((101, 101))[1] // 50 * 127,
    "2×1": np.array([[0, 255]]),
    "1×2": np.array([[0], [255]]),
    "1×1": np.array([[9]]),
    "3×1": np.array([[0, 0, 255]]),
    "2×2": np.array([[0, 255], [255, 0]]),
    "a slope": np.tile(np.arange(256), (9, 1)),
    "a chess board": checks,
    "noise": np.random.default_rng(0).integers(0, 256, (40, 40)),
    "a frame": np.pad(np.zeros((20, 20)), 1, constant_values=255),
    "a dot": np.pad([[255]], 20),
}


@pytest.mark.parametrize("name", SHAPELESS)
def test_what_is_no_digit_gets_an_answer_or_a_sentence(run, tinynet, tmp_path, name):
    path = tmp_path / "x.png"
    grey(SHAPELESS[name]).save(path)
    result = tinynet("predict", run, path)
    assert (result.status, result.out.startswith(f"{path}: "), result.err.startswith("tinynet: ")) in (
        (0, True, False),
        (2, False, True),
    )


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_a_picture_of_floats_that_are_no_numbers_is_named(run, tinynet, tmp_path, seven, number):
    path, values = tmp_path / "x.tif", seven.copy()
    values[3, 4] = number
    Image.fromarray(values).save(path)
    result = tinynet("predict", run, path)
    assert (result.status, result.out) == (2, "")
    assert result.err == (
        f"tinynet: cannot read {path}: it has pixels that are NaN or infinite.\nHint: set them to a number first.\n"
    )


@pytest.mark.parametrize("scale", [1, 255, 1000, 65535, 1e6, 1e30])
def test_floats_of_any_scale_are_read(seven, tmp_path, scale):
    path = tmp_path / "x.tif"
    Image.fromarray(seven / seven.max() * np.float32(scale)).save(path)
    pixels, _ = read_picture(path)
    assert pixels.max() == pytest.approx(1)
    digit, _ = framed_digit(path, pixels, FRAMES["digits"])
    assert digit.max() == 1


def test_a_bad_file_between_others_does_not_end_it(run, tinynet, tmp_path, seven):
    paths = [tmp_path / name for name in ("a.png", "gone.png", "blank.png", "eps.png", "b.png")]
    for path in (paths[0], paths[4]):
        grey(255 * seven).save(path)
    grey(np.zeros((5, 5))).save(paths[2])
    paths[3].write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n")
    result = tinynet("predict", run, *paths)
    assert result.status == 2
    assert [line.split(":")[0] for line in result.out.splitlines()[::2]] == [str(paths[0]), str(paths[4])]
    for path, words in zip(paths[1:4], ("there is no file", "shows nothing", "none of the kinds"), strict=True):
        assert any(str(path) in line and words in line for line in result.err.splitlines())


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "I;16", "I", "F", "CMYK", "LA"])
def test_a_large_picture_takes_memory_of_its_order(tmp_path, mode):
    values = np.full((900, 1200), 200, np.uint8)
    values[300:600, 550:650] = 30
    if mode == "I;16":
        picture = Image.fromarray(values.astype(np.uint16) * 257)
    else:
        picture = Image.fromarray(values).convert(mode)
    path = tmp_path / ("x.tif" if mode in ("I", "F", "CMYK") else "x.png")
    picture.save(path)
    tracemalloc.start()
    try:
        pixels, done = read_picture(path, longest=256)
        peak = tracemalloc.get_traced_memory()[1]  # NumPy's; that of Pillow is 4 bytes a pixel and a copy at most
    finally:
        tracemalloc.stop()
    assert peak < 12 * values.size
    assert pixels.shape == (180, 240, 3)
    assert done[0].endswith("1200×900")
    assert done[1] == "reduced to 240×180"
    digit, _ = framed_digit(path, pixels, FRAMES["mnist"])
    assert digit[0, 4:24, 11:17].mean() > 0.9


def test_a_reduced_picture_is_turned_as_its_camera_says(tmp_path):
    values = np.zeros((200, 400), np.uint8)
    values[:, :100] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    for name in ("x.jpg", "x.png"):
        Image.fromarray(values).save(tmp_path / name, exif=exif)
        pixels, done = read_picture(tmp_path / name)
        assert pixels.shape[0] > pixels.shape[1]
        assert pixels[: len(pixels) // 5].mean() > 0.9
        assert done[0] == "L 200×400"


def test_too_many_pixels_are_refused_before_they_are_decoded(tmp_path):
    for size in ((12000, 12000), (30000, 30000)):  # Pillow warns of the first and refuses the second
        Image.new("1", size).save(tmp_path / "x.png")
        with pytest.raises(ValueError, match="pixels are too many"):
            read_picture(tmp_path / "x.png")


def test_warnings_of_pillow_do_not_show(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 60)
    grey(np.arange(81).reshape(9, 9)).save(tmp_path / "x.png")
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        read_picture(tmp_path / "x.png")
    assert not shown


def test_eps_is_never_handed_to_ghostscript(tmp_path, monkeypatch):
    from PIL import EpsImagePlugin

    def called(*_, **__):
        raise AssertionError

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", called)
    (tmp_path / "x.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n")
    with pytest.raises(ValueError, match="it is none of the kinds that are read"):
        read_picture(tmp_path / "x.png")


def test_every_damaged_picture_is_one_sentence(tmp_path, seven):
    rng = np.random.default_rng(0)
    for kind in ("png", "jpg", "gif", "bmp", "tif", "webp", "tga", "ppm"):
        path = tmp_path / f"x.{kind}"
        grey(255 * seven[90:200, 190:300]).save(path)
        whole = path.read_bytes()
        for _ in range(40):
            content = bytearray(whole[: rng.integers(1, len(whole))] if rng.random() < 0.3 else whole)
            for place in rng.integers(0, min(len(content), 400), 3):
                content[place] = rng.integers(256)
            path.write_bytes(content)
            try:
                framed_digit(path, read_picture(path, longest=64)[0], FRAMES["digits"])
            except ValueError as error:
                assert str(error).startswith("tinynet: ")  # noqa: PT017
                assert str(path) in str(error)  # noqa: PT017


def test_a_net_of_other_classes_is_named(run, tinynet, tmp_path, seven):
    import json
    import shutil

    folder = shutil.copytree(run, tmp_path / "run")
    config = json.loads((folder / "config.json").read_text())
    grey(255 * seven).save(tmp_path / "x.png")
    for names in (["yes", "no"], ["one"]):
        (folder / "config.json").write_text(json.dumps(config | {"classes": names}))
        result = tinynet("predict", folder, tmp_path / "x.png")
        assert result.status == 2
        assert f"gives (1, 10), but {len(names)} classes are named for it." in result.err


def test_a_side_that_is_looked_at_has_two_thousand_pixels():
    assert LONGEST == 2048
