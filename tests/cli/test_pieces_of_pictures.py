"""How ink is found on a picture and put into its frame, number by number."""

from pathlib import Path

import numpy as np
import pytest

from tinynet.cli import pictures
from tinynet.cli.pictures import FRAMES, Frame, framed_digit

PATH = Path("x.png")


def sheet(value=1.0, size=(20, 20)):
    return np.full(size, value, np.float32)


def colour(grey):
    return np.repeat(np.asarray(grey, np.float32)[:, :, None], 3, axis=2)


def test_ink_is_one_where_it_is_strongest_and_nothing_on_the_ground():
    grey = sheet(0.8)
    grey[5:15, 8:12] = 0.2
    grey[9, 12] = 0.5
    ink, dark = pictures._ink(PATH, grey)
    assert dark
    assert ink[5:15, 8:12] == pytest.approx(1)
    assert ink[9, 12] == pytest.approx(0.5, abs=1e-5)
    assert (ink.sum(), ink.min()) == (pytest.approx(40.5, abs=1e-3), 0)
    light, dark = pictures._ink(PATH, 1 - grey)
    assert not dark
    np.testing.assert_allclose(light, ink, atol=1e-6)


def test_pixels_within_the_noise_of_the_border_are_no_ink():
    grey = sheet(0.5)
    for border in (grey[0], grey[-1], grey[:, 0], grey[:, -1]):  # most of it is off by 0.02
        border[:] = np.resize([0.48, 0.5, 0.52], 20)
    grey[5:15, 8:12] = 1.0
    grey[9, 12], grey[7, 12] = 0.55, 0.7  # less and more than six times that of the border
    ink, _ = pictures._ink(PATH, grey)
    assert ink[9, 12] == 0
    assert ink[7, 12] == pytest.approx(0.4, abs=1e-5)
    assert ink[0].max() == 0


@pytest.mark.parametrize(
    ("strength", "words"),
    [
        (0.059, "x.png shows nothing: all of its pixels are nearly alike."),
        (0.061, None),
    ],
)
def test_a_picture_with_hardly_any_ink_shows_nothing(strength, words):
    grey = sheet(0.5)
    grey[5:15, 8:12] += strength
    if words is None:
        assert pictures._ink(PATH, grey)[0].max() == pytest.approx(1)
    else:
        with pytest.raises(ValueError, match="shows nothing") as caught:
            pictures._ink(PATH, grey)
        assert str(caught.value) == f"tinynet: {words}"


def test_a_picture_that_is_all_uneven_is_named():
    with pytest.raises(ValueError, match="stands out") as caught:
        pictures._uneven_picture(PATH)
    assert str(caught.value) == (
        "tinynet: nothing on x.png stands out from its background, which is as uneven as what may be on it.\n"
        "Hint: give a picture with one digit on an even background."
    )


def test_the_light_of_an_empty_sheet_is_a_plane():
    rows, columns = np.indices((6, 9), dtype=np.float32)
    plane = 0.2 + 0.03 * rows - 0.01 * columns
    drawn_on = plane.copy()
    drawn_on[2:4, 3:6] = 5  # inside, where nobody looks
    np.testing.assert_allclose(pictures._slope(drawn_on), plane, atol=1e-5)
    assert pictures._slope(drawn_on).dtype == np.float32


def test_the_border_of_a_picture():
    grey = np.arange(12).reshape(3, 4)
    assert pictures._border(grey).tolist() == [0, 1, 2, 3, 8, 9, 10, 11, 0, 4, 8, 3, 7, 11]


def test_specks_go_and_strokes_stay():
    ink = np.zeros((20, 40))
    ink[2:12, 2:12] = 1  # 100 pixels
    ink[15, 20:22] = 1  # 2 of them: dust
    ink[15, 30:33] = 1  # 3: a dot of the letter
    ink[11, 11] = 0
    ink[1, 1] = 0.5  # it touches the stroke at a corner
    ink[18, 2] = 0.1  # faint, as the ground is
    kept = pictures._without_specks(ink)
    assert kept[15, 20:22].tolist() == [0, 0]
    assert kept[15, 30:33].tolist() == [1, 1, 1]
    assert (kept[1, 1], kept[18, 2], kept[2:12, 2:12].sum()) == (0.5, 0.1, 99)


def test_the_box_around_ink():
    ink = np.zeros((9, 9))
    ink[2, 3] = ink[5, 6] = 1
    ink[0, 0] = 0.1  # faint
    assert pictures._box(ink) == (2, 6, 3, 7)


def test_the_centre_of_mass_is_where_the_ink_weighs():
    ink = np.zeros((5, 5))
    ink[1, 2], ink[3, 4] = 3, 1
    assert pictures._centre_of_mass(ink) == (1.5, 2.5)


@pytest.mark.parametrize(
    ("size", "side", "at", "start"),
    [
        (28, 20, 10, 4),
        (28, 20, 9.4, 5),
        (28, 20, 9.6, 4),
        (28, 20, 0, 8),
        (28, 20, 20, 0),
        (8, 8, 4, 0),
        (28, 5, 2, 12),
    ],
)
def test_where_a_side_begins(size, side, at, start):
    assert pictures._start(size, side, at) == start


@pytest.mark.parametrize(
    ("frame", "place", "done"),
    [
        (Frame((10, 12), 8, False), (slice(1, 9), slice(4, 8)), "centred in 12×10"),
        (Frame((10, 12), 8, True), (slice(2, 10), slice(5, 9)), "centred by mass in 12×10"),
        (Frame((10, 12), 4, False), (slice(3, 7), slice(5, 7)), "centred in 12×10"),
    ],
)
def test_ink_is_cropped_scaled_and_centred(frame, place, done):
    grey = sheet(0.0, (40, 30))
    grey[4:20, 3:11] = 0.7
    digit, said = framed_digit(PATH, colour(grey), frame)
    expected = np.zeros((1, 10, 12), np.float32)
    expected[0][place] = 1
    np.testing.assert_allclose(digit, expected, atol=1e-5)
    height = place[0].stop - place[0].start
    assert said == ["cropped to 8×16", f"scaled to {height // 2}×{height}", done]
    assert digit.dtype == np.float32
    _, said = framed_digit(PATH, colour(1 - grey), frame)
    assert said[0] == "dark ink on light turned round"


def test_a_thin_line_is_one_pixel_wide_at_least():
    grey = sheet(0.0, (100, 30))
    grey[5:95, 9] = 1
    digit, said = framed_digit(PATH, colour(grey), FRAMES["digits"])
    assert said[1] == "scaled to 1×8"
    assert (digit > 0).sum() == 8
    assert digit[0, :, 4].min() == 1


def test_the_frames_of_the_data_sets():
    assert {"mnist": Frame((28, 28), 20, True), "digits": Frame((8, 8), 8, False)} == FRAMES
