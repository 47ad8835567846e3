"""What `tinynet predict` does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from tinynet.cli.answers import Answer, likeliest
from tinynet.cli.drawing import can_draw
from tinynet.cli.output import given_path, reason
from tinynet.cli.pictures import FRAMES, framed_digit
from tinynet.cli.predicting_rows import rows_predicted
from tinynet.cli.settings import learns
from tinynet.cli.trained import Trained
from tinynet.cli.translating import texts_translated
from tinynet.cli.writing import texts_continued
from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.words import fail
from tinynet.data.own.picture_files import read_picture, resized


def answers(trained: Trained, samples: Sequence[str]) -> Iterator[Answer]:
    """What is said about samples as a user names them: picture files, rows of a table, or texts.

    A sample that cannot be read gets a sentence instead, and the others get their answers.
    """
    kind = getattr(trained.preparation, "kind", "pictures")
    if kind == "pictures":
        return predictions(trained, [given_path(sample) for sample in samples])
    if kind == "pairs":
        return texts_translated(trained, samples)
    return rows_predicted(trained, samples) if kind == "table" else texts_continued(trained, samples)


def predictions(trained: Trained, paths: Sequence[Path]) -> Iterator[Answer]:
    """Two lines for each picture: the classes with their probabilities, and how the picture was prepared.

    A picture that cannot be read gets a sentence instead, and the others get their answers.
    """
    if can_draw(trained.net):
        problem = f"the net of {trained.place} draws pictures, it names no classes of pictures."
        fail("tinynet", problem, f"see what it draws: tinynet draw {trained.place}")
    if len(trained.input_shape) != 3 or learns(trained.model) != "labels":
        _no_pictures(trained.dataset)
    for path in paths:
        try:
            x, done = prepared(trained.dataset, trained.input_shape, path, trained.preparation)
        except OSError as error:
            yield Answer(reason(error), False)
        except ValueError as error:
            yield Answer(str(error).removeprefix("tinynet: "), False)
        else:
            with np.errstate(over="ignore", invalid="ignore"):
                logits = trained.net.predict(x[np.newaxis])
            if np.shape(logits) == (1, len(trained.classes)) and not np.isfinite(logits).all():
                yield Answer(f"{path}: the net gives numbers that are not finite; its weights may be damaged.", False)
                continue
            yield Answer(f"{path}: {_classes(trained, logits)}\n  {', '.join(done)}", True)


def _classes(trained: Trained, logits: np.ndarray) -> str:
    """The most probable classes."""
    if np.shape(logits) != (1, len(trained.classes)):
        _other_classes(trained, np.shape(logits))
    return likeliest(trained.classes, logits[0])


def prepared(
    dataset: str, input_shape: tuple[int, ...], path: Path, preparation: Any = None
) -> tuple[np.ndarray, list[str]]:
    """A picture file in the form of the training data, (C, H, W), and what was done to it."""
    if preparation is not None:
        return preparation.read(path)
    pixels, opened = read_picture(path)
    frame = FRAMES.get(dataset)
    x, done = resized(pixels, input_shape) if frame is None else framed_digit(path, pixels, frame)  # type: ignore[arg-type]
    return x, [*opened, *done]


def _no_pictures(dataset: str) -> NoReturn:
    """A net does not classify pictures."""
    fail(
        "tinynet",
        f"this net was trained on {dataset}, and it names no classes of pictures.",
        "predict needs one that does.",
    )


def _other_classes(trained: Trained, shape: tuple[int, ...]) -> NoReturn:
    """A net and the classes that are named for it do not belong together."""
    problem = (
        f"the net of {trained.place} gives {shape_text(shape)}, but {len(trained.classes)} classes are named for it."
    )
    fail("tinynet", problem, "train again, or name the data that it learned from with --on DATASET.")
