"""How a picture is brought to the form of the training data."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, NoReturn

import numpy as np

from tinynet.core.checks.words import fail
from tinynet.data.own.picture_files import LUMINANCE, scaled

FAINT = 0.1  # Of the strongest ink. Weaker pixels belong to the background.
SPECK = 0.03  # of the area of the largest stroke; smaller ones are dust
BLANK = 0.06  # pixels that differ by less from the background are no ink


class Frame(NamedTuple):
    """How the digits of a data set are placed in their pictures.

    Attributes:
        size: Height and width of a picture.
        longest: To how many pixels the longer side of the ink was scaled.
        by_mass: Whether the centre of mass is in the middle, rather than the middle of the ink's box.
    """

    size: tuple[int, int]
    longest: int
    by_mass: bool


FRAMES = {"mnist": Frame((28, 28), 20, True), "digits": Frame((8, 8), 8, False)}


def framed_digit(path: Path, pixels: np.ndarray, frame: Frame) -> tuple[np.ndarray, list[str]]:
    """A picture of a digit as (1, H, W), light ink on black, cropped, scaled and centred like the training data."""
    ink, dark = _ink(path, pixels @ LUMINANCE)
    done = ["dark ink on light turned round"] if dark else []
    top, bottom, left, right = _box(ink)
    ink = ink[top:bottom, left:right]
    done.append(f"cropped to {ink.shape[1]}×{ink.shape[0]}")
    scale = frame.longest / max(ink.shape)
    height, width = (max(1, round(side * scale)) for side in ink.shape)
    ink = scaled(ink, height, width)
    done.append(f"scaled to {width}×{height}")
    rows, columns = frame.size
    middle = _centre_of_mass(ink) if frame.by_mass else (height / 2, width / 2)
    y, x = (_start(size, side, at) for size, side, at in zip(frame.size, ink.shape, middle, strict=True))
    picture = np.zeros((1, rows, columns), np.float32)
    picture[0, y : y + height, x : x + width] = ink / ink.max()
    return picture, [*done, f"centred{' by mass' if frame.by_mass else ''} in {columns}×{rows}"]


def _ink(path: Path, grey: np.ndarray) -> tuple[np.ndarray, bool]:
    """How much ink is on each pixel, 0 on the background and 1 at most, and whether it is dark on light."""
    border = _border(grey)
    ground = np.median(border)
    if 6 * np.median(np.abs(border - ground)) >= np.ptp(grey):  # its light is uneven
        grey = grey - _slope(grey)
        border = _border(grey)
        ground = np.median(border)
    dark = bool(ground - grey.min() > grey.max() - ground)
    contrast = ground - grey if dark else grey - ground
    if contrast.max() < BLANK:
        _blank_picture(path)
    noise = float(np.median(np.abs(border - ground))) / contrast.max()
    ink = np.clip(contrast / contrast.max(), 0, 1)
    ink[ink < 6 * noise] = 0
    if ink.max() <= FAINT:
        _uneven_picture(path)
    return _without_specks(ink), dark


def _border(grey: np.ndarray) -> np.ndarray:
    return np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])


def _slope(grey: np.ndarray) -> np.ndarray:
    """The plane through the pixels of the border: how bright an empty sheet would be that is lit from one side."""
    rows, columns = np.arange(grey.shape[0])[:, None], np.arange(grey.shape[1])
    y, x = (_border(np.broadcast_to(places, grey.shape)) for places in (rows, columns))
    A = np.stack([np.ones(len(y)), y, x], axis=1)
    level, down, right = np.linalg.lstsq(A, _border(grey), rcond=None)[0]
    return (level + down * rows + right * columns).astype(grey.dtype)


def _without_specks(ink: np.ndarray) -> np.ndarray:
    from scipy.ndimage import label

    numbers, _ = label(ink > FAINT, np.ones((3, 3)))
    areas = np.bincount(numbers.ravel())
    areas[0] = 0  # the background
    specks = (areas < SPECK * areas.max()) & (np.arange(areas.size) > 0)
    return np.where(specks[numbers], 0, ink)


def _box(ink: np.ndarray) -> tuple[int, int, int, int]:
    """The first row and column with ink, and those after the last."""
    rows, columns = (np.flatnonzero((ink > FAINT).any(axis=axis)) for axis in (1, 0))
    return rows[0], rows[-1] + 1, columns[0], columns[-1] + 1


def _centre_of_mass(ink: np.ndarray) -> tuple[float, float]:
    rows, columns = np.indices(ink.shape)
    return float((ink * rows).sum() / ink.sum()), float((ink * columns).sum() / ink.sum())


def _start(size: int, side: int, at: float) -> int:
    """Where a side has to begin for its point `at` to come to the middle, as far as it stays inside."""
    return int(np.clip(np.floor(size / 2 - at + 0.5), 0, size - side))


def _blank_picture(path: Path) -> NoReturn:
    """A picture has nothing in it."""
    fail("tinynet", f"{path} shows nothing: all of its pixels are nearly alike.")


def _uneven_picture(path: Path) -> NoReturn:
    """The background varies as much as what is on it."""
    problem = f"nothing on {path} stands out from its background, which is as uneven as what may be on it."
    fail("tinynet", problem, "give a picture with one digit on an even background.")
