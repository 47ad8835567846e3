"""Picture files of every mode as numbers, in memory of the order of the picture."""

from __future__ import annotations

import os
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.words import fail

LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # how bright red, green and blue look: ITU-R BT.601
LONGEST = 2048  # pixels of a side that are looked at; a larger picture is reduced first
MAX_PIXELS = 128 * 2**20  # 128 megapixels, 512 MiB when they are decoded
COSTLY = ("AVIF", "JPEG2000", "WEBP")  # Their decoders take four times the memory, so a quarter of the pixels.
#: What is read. Pillow knows more, but hands some of them to other programs, as EPS to Ghostscript.
FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "TGA", "TIFF", "WEBP")
#: What Pillow's readers say of a file that is damaged.
REFUSALS = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)
#: Where a file contradicts itself, they stumble in any of these ways, too.
STUMBLES = (*REFUSALS, ArithmeticError, AttributeError, LookupError, NotImplementedError, RuntimeError, TypeError)


class RefusedError(ValueError):
    """A picture that Pillow can read, but that is not taken."""


def read_picture(path: Path, longest: int = LONGEST) -> tuple[np.ndarray, list[str]]:
    """The pixels of a picture file, whatever its mode, and what was done to get them.

    Transparent pixels get the background, black or white, with the stronger contrast to the visible ones. A picture
    with a side of more than `longest` pixels is reduced, which is much faster than to look at them all.

    Shapes:
        pixels: (H, W, 3) float32 in [0, 1]
    """
    from PIL import Image

    checks.readable_file("tinynet", path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, about pictures that it reads all the same
            return _read(path, longest)
    except RefusedError:
        raise
    except Image.UnidentifiedImageError:
        _unreadable_picture(path, "it is none of the kinds that are read", f"those are {', '.join(FORMATS)}.")
    except Image.DecompressionBombError:
        _unreadable_picture(path, "its pixels are too many", "make it smaller first.")
    except MemoryError:
        _unreadable_picture(path, "there is not enough memory")
    except REFUSALS as error:
        _unreadable_picture(path, str(error).rstrip(".") or type(error).__name__)
    except STUMBLES as error:
        _unreadable_picture(path, f"it is damaged ({type(error).__name__}: {error})")


def picture_size(path: Path) -> tuple[int, int] | None:
    """Height and width of a picture, from the beginning of its file; None if it is none that can be read."""
    from PIL import Image

    if not os.path.isfile(path):  # a pipe would wait for ever
        return None
    try:
        with warnings.catch_warnings(action="ignore"), _opened(path) as file:
            return file.height, file.width
    except (*STUMBLES, Image.DecompressionBombError):
        return None


def resized(pixels: np.ndarray, shape: tuple[int, int, int]) -> tuple[np.ndarray, list[str]]:
    """A picture of any size as (C, H, W), grey where C is 1, and what was done."""
    channels, height, width = shape
    planes = [pixels @ LUMINANCE] if channels == 1 else np.moveaxis(pixels, 2, 0)
    done = ["turned grey"] if channels == 1 and np.ptp(pixels, axis=2).max() > 1e-9 else []
    if pixels.shape[:2] != (height, width):
        done.append(f"resized to {width}×{height}")
    return np.stack([scaled(plane, height, width) for plane in planes]).astype(np.float32), done


def scaled(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    """One colour of a picture in another size, in [0, 1]; a smaller pixel is the mean of those that it stands for."""
    if plane.shape == (height, width):
        return plane
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    return np.clip(np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC)), 0, 1)


def _opened(path: Path) -> Any:
    from PIL import Image

    Image.init()
    return Image.open(path, formats=[name for name in FORMATS if name in Image.OPEN])


def _read(path: Path, longest: int) -> tuple[np.ndarray, list[str]]:
    from PIL import ImageOps

    with _opened(path) as file:
        width, height = file.size
        if width * height > MAX_PIXELS // (4 if file.format in COSTLY else 1):
            _unreadable_picture(path, f"{width}×{height} pixels are too many", "make it smaller first.", RefusedError)
        file.draft(None, (longest, longest))  # a large JPEG is reduced while it is decoded
        mode = file.mode
        file.load()  # older versions of Pillow turn a TIFF here
        picture = ImageOps.exif_transpose(_reduced(file, longest))
    if (width - height) * (picture.width - picture.height) < 0:  # it was held sideways
        width, height = height, width
    done = [f"{mode} {width}×{height}"]
    if picture.size != (width, height):
        done.append(f"reduced to {picture.width}×{picture.height}")
    if picture.mode.startswith(("I", "F")):
        return np.repeat(_grey(path, picture)[:, :, None], 3, axis=2), done
    pixels = np.asarray(picture.convert("RGBA"), np.float32) / np.float32(255)  # (H, W, 4)
    colour, alpha = pixels[:, :, :3], pixels[:, :, 3:]
    if alpha.min() == 1:
        return colour, done
    visible = float((colour @ LUMINANCE * alpha[:, :, 0]).sum() / max(alpha.sum(), 1e-9))
    ground = 1.0 if visible < 0.5 else 0.0
    return colour * alpha + ground * (1 - alpha), [*done, f"laid on {'white' if ground else 'black'}"]


def _reduced(picture: Any, longest: int) -> Any:
    """A picture whose sides are at most `longest`, each pixel the mean of those that it stands for."""
    from PIL import Image

    factor = -(-max(picture.size) // longest)
    if factor == 1:
        return picture
    exif = picture.getexif()
    if picture.mode in ("1", "P", "PA"):  # the mean of two places in a palette is no colour
        has_alpha = picture.mode == "PA" or "transparency" in picture.info
        picture = picture.convert("L" if picture.mode == "1" else "RGBA" if has_alpha else "RGB")
    if picture.mode.startswith("I;16"):
        values = np.asarray(picture)
        rows = range(0, len(values), factor)
        small = [_column_means(values[row : row + factor].mean(axis=0, dtype=np.float32), factor) for row in rows]
        reduced = Image.fromarray(np.round(np.stack(small)).astype(np.uint16))
    else:
        reduced = picture.reduce(factor)
    reduced.getexif().update(exif)
    reduced.info.update(picture.info)
    return reduced


def _column_means(row: np.ndarray, factor: int) -> np.ndarray:
    starts = np.arange(0, len(row), factor)
    return np.add.reduceat(row, starts) / np.diff([*starts, len(row)])


def _grey(path: Path, picture: Any) -> np.ndarray:
    """Pixels of 16 or 32 bits, (H, W) in [0, 1]."""
    values = np.asarray(picture, np.float32)
    if not np.isfinite(values).all():
        _unreadable_picture(path, "it has pixels that are NaN or infinite", "set them to a number first.", RefusedError)
    return np.clip(values / np.float32(_full_scale(picture.mode, float(values.max()))), 0, 1)


def _full_scale(mode: str, largest: float) -> float:
    """The number that stands for white: the largest of the type that these numbers seem to be of."""
    scales = (65535.0,) if mode.startswith("I;16") else (255.0, 65535.0) if mode == "I" else (1.0, 255.0)
    return next((scale for scale in scales if largest <= scale), largest)


def _unreadable_picture(
    path: Path,
    problem: str,
    hint: str = "give a picture file, such as a PNG or JPEG.",
    kind: type[ValueError] = ValueError,
) -> NoReturn:
    """A file is no picture that can be read."""
    fail("tinynet", f"cannot read {path}: {problem}.", hint, kind)
