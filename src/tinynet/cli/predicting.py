"""What `tinynet predict` does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import numpy as np

from tinynet.cli.pictures import FRAMES, framed_digit, read_picture, resized
from tinynet.cli.runs import Run
from tinynet.core.checks.words import fail
from tinynet.models import MODELS

SHOWN = 3  # classes for each picture


def predictions(run: Run, paths: Sequence[Path]) -> Iterator[str]:
    """Two lines for each picture: the classes with their probabilities, and how the picture was prepared."""
    if len(run.input_shape) != 3 or MODELS[run.settings.model].reconstructs:
        _no_pictures(run.settings.dataset)
    net = run.net()
    for path in paths:
        x, done = prepared(run, path)
        p = probabilities(net.predict(x[np.newaxis])[0])
        best = np.argsort(-p)[:SHOWN]
        first, *others = [f"{run.classes[label]} ({p[label]:.1%})" for label in best]
        yield f"{path}: {first}, then {', '.join(others)}\n  {', '.join(done)}"


def prepared(run: Run, path: Path) -> tuple[np.ndarray, list[str]]:
    """A picture file in the form of the run's training data, (C, H, W), and what was done to it."""
    pixels, opened = read_picture(path)
    frame = FRAMES.get(run.settings.dataset)
    x, done = resized(pixels, run.input_shape) if frame is None else framed_digit(path, pixels, frame)  # type: ignore[arg-type]
    return x, [*opened, *done]


def probabilities(logits: np.ndarray) -> np.ndarray:
    """The softmax of the logits of one sample.

    Example:
        >>> probabilities(np.array([0.0, 0.0]))
        array([0.5, 0.5])
    """
    e = np.exp(logits - logits.max())
    return e / e.sum()


def _no_pictures(dataset: str) -> NoReturn:
    """A net does not classify pictures."""
    fail(
        "tinynet",
        f"this run was trained on {dataset}, and its net names no classes of pictures.",
        "predict needs one that does.",
    )
