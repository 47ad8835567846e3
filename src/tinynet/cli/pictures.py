"""Picture files, and how a picture of a digit is brought to the form of the training data."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import NamedTuple, NoReturn

import numpy as np

from tinynet.core.checks.words import fail

LUMINANCE = np.array([0.299, 0.587, 0.114])  # how bright red, green and blue look: ITU-R BT.601
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


def read_picture(path: Path) -> tuple[np.ndarray, list[str]]:
    """The pixels of a picture file, whatever its mode, and what was done to get them.

    Transparent pixels get the background, black or white, with the stronger contrast to the visible ones.

    Shapes:
        pixels: (H, W, 3) in [0, 1]
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as file:
            picture = ImageOps.exif_transpose(file)
            done = [f"{file.mode} {picture.width}×{picture.height}"]
            if picture.mode.startswith(("I", "F")):
                values = np.asarray(picture, np.float64)  # (H, W), of 16 or 32 bits
                grey = np.clip(values / _full_scale(picture.mode, values), 0, 1)
                return np.repeat(grey[:, :, None], 3, axis=2), done
            pixels = np.asarray(picture.convert("RGBA"), np.float64) / 255  # (H, W, 4)
    except FileNotFoundError:
        _unreadable_picture(path, "there is no such file")
    except IsADirectoryError:
        _unreadable_picture(path, "it is a directory")
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError) as error:
        _unreadable_picture(path, str(error).rstrip(".") or type(error).__name__)
    colour, alpha = pixels[:, :, :3], pixels[:, :, 3:]
    if alpha.min() == 1:
        return colour, done
    visible = float((colour @ LUMINANCE * alpha[:, :, 0]).sum() / max(alpha.sum(), 1e-9))
    ground = 1.0 if visible < 0.5 else 0.0
    return colour * alpha + ground * (1 - alpha), [*done, f"laid on {'white' if ground else 'black'}"]


def resized(pixels: np.ndarray, shape: tuple[int, int, int]) -> tuple[np.ndarray, list[str]]:
    """A picture of any size as (C, H, W), grey where C is 1, and what was done."""
    channels, height, width = shape
    planes = [pixels @ LUMINANCE] if channels == 1 else np.moveaxis(pixels, 2, 0)
    done = ["turned grey"] if channels == 1 and np.ptp(pixels, axis=2).max() > 1e-9 else []
    if pixels.shape[:2] != (height, width):
        done.append(f"resized to {width}×{height}")
    return np.stack([_scaled(plane, height, width) for plane in planes]).astype(np.float32), done


def framed_digit(path: Path, pixels: np.ndarray, frame: Frame) -> tuple[np.ndarray, list[str]]:
    """A picture of a digit as (1, H, W), light ink on black, cropped, scaled and centred like the training data."""
    ink, dark = _ink(path, pixels @ LUMINANCE)
    done = ["dark ink on light turned round"] if dark else []
    top, bottom, left, right = _box(ink)
    ink = ink[top:bottom, left:right]
    done.append(f"cropped to {ink.shape[1]}×{ink.shape[0]}")
    scale = frame.longest / max(ink.shape)
    height, width = (max(1, round(side * scale)) for side in ink.shape)
    ink = _scaled(ink, height, width)
    done.append(f"scaled to {width}×{height}")
    rows, columns = frame.size
    middle = _centre_of_mass(ink) if frame.by_mass else (height / 2, width / 2)
    y, x = (_start(size, side, at) for size, side, at in zip(frame.size, ink.shape, middle, strict=True))
    picture = np.zeros((1, rows, columns), np.float32)
    picture[0, y : y + height, x : x + width] = ink / ink.max()
    return picture, [*done, f"centred{' by mass' if frame.by_mass else ''} in {columns}×{rows}"]


def _full_scale(mode: str, values: np.ndarray) -> float:
    if mode.startswith("I;16") or (mode == "I" and values.max() > 255):
        return max(65535.0, values.max())
    return 255.0 if values.max() > 1 else 1.0


def _ink(path: Path, grey: np.ndarray) -> tuple[np.ndarray, bool]:
    """How much ink is on each pixel, 0 on the background and 1 at most, and whether it is dark on light."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    ground = float(np.median(border))
    dark = ground - grey.min() > grey.max() - ground
    contrast = ground - grey if dark else grey - ground
    if contrast.max() < BLANK:
        _blank_picture(path)
    noise = float(np.median(np.abs(border - ground))) / contrast.max()
    ink = np.clip(contrast / contrast.max(), 0, 1)
    ink[ink < 6 * noise] = 0
    return _without_specks(ink), dark


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


def _scaled(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    if plane.shape == (height, width):
        return plane
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    return np.clip(np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC)), 0, 1)


def _centre_of_mass(ink: np.ndarray) -> tuple[float, float]:
    rows, columns = np.indices(ink.shape)
    return float((ink * rows).sum() / ink.sum()), float((ink * columns).sum() / ink.sum())


def _start(size: int, side: int, at: float) -> int:
    """Where a side has to begin for its point `at` to come to the middle, as far as it stays inside."""
    return int(np.clip(np.floor(size / 2 - at + 0.5), 0, size - side))


def _unreadable_picture(path: Path, problem: str) -> NoReturn:
    """A file is no picture that can be read."""
    fail("tinynet", f"cannot read {path}: {problem}.", "give a picture file, such as a PNG or JPEG.")


def _blank_picture(path: Path) -> NoReturn:
    """A picture has nothing in it."""
    fail("tinynet", f"{path} shows nothing: all of its pixels are nearly alike.")
