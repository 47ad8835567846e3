"""Pictures that tests draw: discs and bars, bright on dark, each a little different."""

from pathlib import Path

import numpy as np
from PIL import Image

MODES = {"RGB": "png", "L": "png", "P": "gif", "CMYK": "tif", "RGBA": "webp", "1": "png", "I;16": "png"}


def disc(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A disc, (H, W) from 0 to 255."""
    y, x = np.indices((height, width))
    radius = min(height, width) * rng.uniform(0.2, 0.3)
    inside = (y - height / 2) ** 2 + (x - width / 2) ** 2 < radius**2
    return (rng.integers(10, 60) + inside * rng.integers(120, 190)).astype(np.uint8)


def bar(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A bar from side to side, (H, W) from 0 to 255."""
    picture = np.full((height, width), rng.integers(10, 60), np.uint8)
    picture[height * 2 // 5 : height * 3 // 5] = rng.integers(180, 250)
    return picture


def folder_of_pictures(folder: Path, n: int = 12, modes: tuple[str, ...] = ("RGB", "L"), seed: int = 0) -> Path:
    """A folder with the classes bar and disc, each of n pictures of different sizes and of these modes in turn."""
    rng = np.random.default_rng(seed)
    for draw in (disc, bar):
        (folder / draw.__name__).mkdir(parents=True, exist_ok=True)
        for i in range(n):
            grey = draw(rng, *rng.integers(20, 60, 2))
            mode = modes[i % len(modes)]
            colour = Image.merge("RGB", [Image.fromarray(grey), Image.fromarray(grey // 2), Image.fromarray(grey // 3)])
            picture = {
                "I;16": lambda g=grey: Image.fromarray(g.astype(np.uint16) * 256),
                "L": lambda g=grey: Image.fromarray(g),
            }
            made = picture[mode]() if mode in picture else colour.convert(mode)
            made.save(folder / draw.__name__ / f"{draw.__name__}.{seed}.{i}.{MODES[mode]}")
    return folder
