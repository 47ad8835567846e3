"""Text as data: every character is a class, and the next one is to be predicted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.vocabulary import at_least, fraction, optional
from tinynet.data import sentences
from tinynet.data.own.text_files import text_of


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

    source = ""  #: Where the text came from, in words.
    codes: np.ndarray
    length: int
    stride: int
    classes: tuple[str, ...] | None

    def __init__(
        self, codes: np.ndarray, length: int, stride: int | None = None, classes: Sequence[str] | None = None
    ) -> None:
        checks.arguments(
            self,
            locals(),
            codes=_codes,
            length=at_least(1),
            stride=optional(at_least(1)),
            classes=optional(_characters),
        )
        self.stride = self.stride or self.length
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

    def split(self, fraction: float, rng: object = None) -> tuple[Windows, Windows]:
        """Cut off the end of the text: `train, valid = windows.split(0.1)`.

        Args:
            fraction: The share of the characters in the second part, between 0 and 1.
            rng: Not used; a `Dataset` draws its part at random, where neighbours do not overlap.

        Returns:
            The beginning and the end.

        Raises:
            ValueError: The fraction is not between 0 and 1, or a part is too short for one window.

        Example:
            >>> Windows(np.arange(20), length=4).split(0.25)
            (Windows(3 samples, length=4, stride=4), Windows(1 samples, length=4, stride=4))
        """
        share = checks.number("Windows.split", "fraction", fraction)
        if not 0 < share < 1:
            checks.fail("Windows.split", f"fraction must lie between 0 and 1, got {share:g}.")
        cut = len(self.codes) - round(share * len(self.codes))
        both = [Windows(codes, self.length, self.stride, self.classes) for codes in np.split(self.codes, [cut])]
        for part in both:
            part.source = self.source
        return both[0], both[1]

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
        checks.text("Text", "content", content)
        sizes = {"length": at_least(1), "stride": optional(at_least(1))}
        checks.arguments("Text", locals(), **sizes, valid=fraction)
        self.vocabulary = "".join(sorted(set(content)))
        self._code = {character: code for code, character in enumerate(self.vocabulary)}
        self.codes = self.encode(content)
        n_valid = round(valid * len(content))
        cut = len(content) - n_valid
        self.train = Windows(self.codes[:cut], length, stride, self.vocabulary)
        self.valid = Windows(self.codes[cut:], length, stride, self.vocabulary) if n_valid else None

    def encode(self, text: str) -> np.ndarray:
        """The characters of a text as integers, (n_characters,) int64.

        Raises:
            ValueError: A character is not in the vocabulary.
        """
        checks.text("Text.encode", "text", text)
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
        codes = checks.as_array("Text.decode", "codes", codes).ravel()
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
    sizes = {"length": at_least(1), "stride": optional(at_least(1))}
    checks.arguments("text", locals(), **sizes, valid=fraction)
    content = text_of("text", checks.path("text", path))
    try:
        return Text(content, length, stride, valid)
    except ValueError as error:
        checks.fail("text", f"{path} was not taken. {error}")


def _codes(who: str, name: str, value: Any, others: Mapping[str, Any]) -> np.ndarray:
    """A rule for arguments: a row of integers."""
    codes = checks.as_array(who, name, value)
    if codes.ndim != 1 or codes.dtype.kind not in "iu":
        problem = (
            f"{name} must be integers of shape (n_characters,), got {codes.dtype} of shape {shape_text(codes.shape)}."
        )
        checks.fail(who, problem, "Text(content).codes are such.", TypeError)
    return codes


def _characters(who: str, name: str, value: Any, others: Mapping[str, Any]) -> tuple[str, ...]:
    """A rule for arguments: what each code stands for, a string or a list of them."""
    if not isinstance(value, (str, list, tuple)) or not all(isinstance(character, str) for character in value):
        checks.fail(who, f"{name} must be a string or a list of characters, got {value!r}.", kind=TypeError)
    return tuple(value)
