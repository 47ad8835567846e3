"""A text of a user's own as a data set."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.words import fail
from tinynet.data.characters import Windows
from tinynet.data.own.configs import entry
from tinynet.data.own.stable_split import fingerprint, share
from tinynet.data.own.text_files import text_of

WINDOW = 64  # characters that are read at once
TEST_FRACTION = 0.1  # the end of the text, set aside for the test
VALIDATED = 0.8  # what is left of the smaller part, at least, once validation data are cut off
SHOWN = 5  # unknown characters that are named


class TextPreparation:
    """What is done to a text before the net sees it: each character becomes its place in the vocabulary.

    Shapes:
        a call gives (n_characters,) int64

    Args:
        vocabulary: The characters that are known, sorted.
        window: How many of them are read at once.
        fraction: The share at the end of the text that is for the test.

    Example:
        >>> preparation = TextPreparation(" abc", window=2)
        >>> preparation("a cab").tolist(), preparation.decode([3, 1, 2])
        ([1, 0, 3, 1, 2], 'cab')
    """

    kind = "text"

    def __init__(self, vocabulary: str, window: int = WINDOW, fraction: float = TEST_FRACTION) -> None:
        self.vocabulary = checks.text("TextPreparation", "vocabulary", vocabulary)
        if len(set(vocabulary)) < max(len(vocabulary), 1):
            fail("TextPreparation", f"vocabulary must be different characters, got {vocabulary[:40]!r}.")
        self.window = checks.integer("TextPreparation", "window", window, minimum=1)
        self.fraction = share("TextPreparation", fraction)
        self.input_shape = (window,)
        self.classes = tuple(vocabulary)
        self._code = {character: code for code, character in enumerate(vocabulary)}

    def __call__(self, text: str) -> np.ndarray:
        """The characters of a text as integers."""
        return self._codes(checks.text("text", "text", text), "the text")

    def decode(self, codes: Any) -> str:
        """The text that integers stand for."""
        return "".join(self.vocabulary[code] for code in codes)

    def parts(self, path: str | os.PathLike[str], skip_broken: bool = False) -> tuple[Windows, Windows]:
        """The training and the test part of a text, cut as at first."""
        place = checks.path("text", path)
        train, test = self._windows(place, text_of("text", place)).split(self.fraction)
        return train, test

    def dataset(self, path: str | os.PathLike[str], skip_broken: bool = False) -> Windows:
        """The whole of another text, to test the net on it."""
        place = checks.path("text", path)
        return self._windows(place, text_of("text", place))

    def config(self) -> dict[str, Any]:
        """All of it, as plain values."""
        return {
            "kind": self.kind,
            "vocabulary": self.vocabulary,
            "window": self.window,
            "fraction": self.fraction,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> TextPreparation:
        """The preparation that a config tells of."""
        vocabulary, window = entry(config, "vocabulary", str), entry(config, "window", int)
        if len(vocabulary) < 2 or len(set(vocabulary)) < len(vocabulary) or window < 1:
            fail("preparation", "vocabulary must be different characters, window at least 1.", "train again.")
        return cls(vocabulary, window, entry(config, "fraction", float))

    def __repr__(self) -> str:
        return f"TextPreparation({len(self.vocabulary)} characters, window={self.window})"

    def _codes(self, text: str, place: str) -> np.ndarray:
        unknown = sorted(set(text) - self._code.keys())
        if unknown:
            words = ", ".join(map(repr, unknown[:SHOWN]))
            problem = f"{place} has {words}, which the net has never read; it knows {len(self.vocabulary)} characters."
            fail("text", problem, "leave them out.")
        return np.fromiter((self._code[character] for character in text), np.int64, len(text))

    def _windows(self, path: Path, text: str) -> Windows:
        codes = self._codes(text, str(path))
        if len(text) * self.fraction < self.window + 2:
            problem = f"{path} has {len(text):,} characters, but windows of {self.window} need more."
            fail("text", problem, "take a longer text.")
        windows = Windows(codes, self.window, classes=self.vocabulary)
        windows.source = f"{len(text):,} own characters, {fingerprint([text.encode('utf-8', 'surrogatepass')])}"
        return windows


def text_file(
    path: str | os.PathLike[str], window: int = WINDOW, fraction: float = TEST_FRACTION
) -> tuple[Windows, Windows, TextPreparation]:
    """A text as a data set: each window of it, and as its truth the same window one character later.

    Args:
        path: A file in UTF-8.
        window: How many characters are read at once.
        fraction: The share at the end of the text that is for the test.

    Returns:
        The training part, the test part, and the preparation, which takes a new text.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is empty, no text, or too short.

    Example:
        >>> train, test, preparation = text_file("book.txt", window=128)  # doctest: +SKIP
        >>> codes = tn.models.generate(net, preparation("Once "), length=100, context=128)  # doctest: +SKIP
        >>> preparation.decode(codes)  # doctest: +SKIP
    """
    place = checks.path("text_file", path)
    checks.integer("text_file", "window", window, minimum=1)
    part = share("text_file", fraction)
    text = text_of("text_file", place)
    vocabulary = "".join(sorted(set(text)))
    least = math.ceil((window + 2) / (min(part, 1 - part) * VALIDATED))
    if len(text) < least:
        problem = f"{path} has {len(text):,} characters, but windows of {window} need {least:,}."
        smaller = int(len(text) * min(part, 1 - part) * VALIDATED) - 2
        hint = f"take a longer text{f', or windows of {smaller}: --window {smaller}' if smaller > 0 else ''}."
        fail("text_file", problem, hint)
    if len(vocabulary) < 2:
        fail("text_file", f"{path} is made of one character only, {vocabulary!r}.", "name a text that tells something.")
    preparation = TextPreparation(vocabulary, window, part)
    train, test = preparation._windows(place, text).split(part)
    return train, test, preparation
