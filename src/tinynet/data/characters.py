"""Text as data: every character is a class, and the next one is to be predicted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.vocabulary import at_least, optional
from tinynet.data import sentences


class Windows:
    """Stretches of a text and the same stretches one character later, as a data set.

    Shapes:
        x: (N, length) int64    y: (N, length) int64, y[:, t] is the character after x[:, t]

    Args:
        codes: The whole text as integers, (n_characters,).
        length: Characters per window, at least 1.
        stride: Characters from the start of one window to the next; `length` if None, so that each is used once.
        classes: The characters that the integers stand for.

    Raises:
        ValueError: A size is below 1, or the text is too short for one window.

    Example:
        >>> windows = Windows(np.arange(10), length=4)
        >>> x, y = windows[[0, 1]]
        >>> x.tolist(), y.tolist()
        ([[0, 1, 2, 3], [4, 5, 6, 7]], [[1, 2, 3, 4], [5, 6, 7, 8]])
    """

    length: int
    stride: int

    def __init__(
        self, codes: np.ndarray, length: int, stride: int | None = None, classes: Sequence[str] | None = None
    ) -> None:
        self.codes = np.asarray(codes)
        checks.arguments(self, locals(), length=at_least(1), stride=optional(at_least(1)))
        self.stride = self.stride or self.length
        self.classes = None if classes is None else tuple(classes)
        if len(self.codes) <= self.length:
            checks.fail(
                "Windows",
                f"a window of {self.length} characters and the one after it need {self.length + 1}, "
                f"there are {len(self.codes)}.",
                "take a smaller length or a longer text.",
            )

    def __len__(self) -> int:
        return (len(self.codes) - self.length - 1) // self.stride + 1

    def __getitem__(self, indices: Any) -> tuple[np.ndarray, np.ndarray]:
        starts = sentences.row_numbers("Windows", indices, len(self)) * self.stride
        places = starts[..., None] + np.arange(self.length)  # (N, length)
        return self.codes[places], self.codes[places + 1]

    def __repr__(self) -> str:
        return f"Windows({len(self)} samples, length={self.length}, stride={self.stride})"


class Text:
    """A text, its characters as integers, and windows of it to learn from.

    Args:
        content: The text.
        length: Characters per window.
        stride: Characters from one window to the next; `length` if None.
        valid: The share at the end of the text that is kept for validation, from 0 up to, but below, 1.

    Attributes:
        vocabulary: The different characters, sorted; a character's place is its code.
        codes: The whole text as integers, (n_characters,).
        train: Windows over the beginning of the text.
        valid: Windows over its end; None if the share is 0.

    Raises:
        ValueError: A part of the text is too short for one window.

    Example:
        >>> corpus = Text("hello world, hello again", length=4, valid=0.25)
        >>> corpus.decode(corpus.encode("hello"))
        'hello'
        >>> corpus.train
        Windows(4 samples, length=4, stride=4)
    """

    def __init__(self, content: str, length: int = 64, stride: int | None = None, valid: float = 0.1) -> None:
        share = checks.fraction("Text", "valid", valid)
        self.vocabulary = "".join(sorted(set(content)))
        self._code = {character: code for code, character in enumerate(self.vocabulary)}
        self.codes = self.encode(content)
        n_valid = round(share * len(content))
        cut = len(content) - n_valid
        self.train = Windows(self.codes[:cut], length, stride, self.vocabulary)
        self.valid = Windows(self.codes[cut:], length, stride, self.vocabulary) if n_valid else None

    def encode(self, text: str) -> np.ndarray:
        """The characters of a text as integers, (n_characters,) int64.

        Raises:
            ValueError: A character is not in the vocabulary.
        """
        unknown = sorted(set(text) - self._code.keys())
        if unknown:
            words = ", ".join(repr(character) for character in unknown[:5])
            problem = f"the text has {words}, not among the {len(self._code)} known characters."
            checks.fail("Text.encode", problem, "leave them out.")
        return np.fromiter((self._code[character] for character in text), np.int64, len(text))

    def decode(self, codes: np.ndarray | Sequence[int]) -> str:
        """The text that integers stand for.

        Raises:
            TypeError: They are not integers.
            ValueError: One stands for no character.
        """
        codes = np.asarray(codes).ravel()
        if codes.size and codes.dtype.kind not in "iu":
            hint = "take the argmax of the predictions."
            checks.fail("Text.decode", f"codes must be integers, got {codes.dtype}.", hint, TypeError)
        wrong = codes[(codes < 0) | (codes >= len(self.vocabulary))]
        if wrong.size:
            checks.fail("Text.decode", f"codes must lie in 0 to {len(self.vocabulary) - 1}, got {wrong[0]}.")
        return "".join(self.vocabulary[code] for code in codes.tolist())

    def __repr__(self) -> str:
        size = f"{len(self.codes)} characters, {len(self.vocabulary)} different"
        return f"Text({size}, train={self.train}, valid={self.valid})"


def text(path: str | Path, length: int = 64, stride: int | None = None, valid: float = 0.1) -> Text:
    """Read a UTF-8 text file, to learn its characters.

    Args:
        path: The file.
        length: Characters per window.
        stride: Characters from one window to the next; `length` if None.
        valid: The share at the end of the text that is kept for validation.

    Returns:
        A `Text` with `vocabulary`, `encode`, `decode` and the data sets `train` and `valid`.

    Raises:
        OSError: There is no such file, or it is a directory.
        ValueError: The file is empty, is not UTF-8, or is too short for one window.

    Example:
        >>> corpus = text("input.txt", length=128)  # doctest: +SKIP
        >>> x, y = corpus.train[:16]  # doctest: +SKIP
    """
    content = _text_file(Path(path))
    try:
        return Text(content, length, stride, valid)
    except ValueError as error:
        checks.fail("text", f"{path} was not taken. {error}")


def _text_file(path: Path) -> str:
    """Read a text file in UTF-8 that is not empty."""
    checks.readable_file("text", path)
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors begin a file with a byte order mark
    except UnicodeDecodeError as error:
        checks.fail(
            "text",
            f"{path} is not UTF-8 text: byte {error.start} is 0x{error.object[error.start]:02x}.",
            "convert the file to UTF-8, for example with iconv.",
        )
    if not text:
        checks.fail("text", f"{path} is empty.", "name a file with text in it.")
    return text
