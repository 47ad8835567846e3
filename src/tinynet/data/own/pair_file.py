"""Pairs of texts of a user's own as a data set: one is read, the other one written."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.words import fail
from tinynet.data.dataset import Dataset
from tinynet.data.own.configs import entry, sizes_of
from tinynet.data.own.pair_lines import SKIP, Pair, Pairs, read_pairs
from tinynet.data.own.stable_split import TEST_FRACTION, fingerprint, in_test, share

PADDING, START, END = 0, 1, 2
SIGNS = ("<padding>", "<start>", "<end>")  #: What these tokens are called; characters count from 3.
LONGEST = 256  # tokens of a text, where nothing else is said; attention takes the square of them
SHOWN = 5  # unknown characters that are named
LEAST = 6  # pairs to learn from, of which a tenth becomes one for validation


class PairPreparation:
    """What is done to a pair of texts before the net sees it: each character becomes a token, and an end is set.

    Shapes:
        a call gives (n_characters + 1,) int64

    Args:
        vocabulary: The characters that are known, sorted, those of both sides.
        lengths: The tokens of the longest text that is read, and of the longest that is written.
        max_length: The most tokens that the net takes; the larger of these two if None.
        target: The column that is written, where the pairs come from a table.
        fraction: The share of the test part.

    Attributes:
        input_shape: The lengths.
        classes: What each token stands for: padding, the start, the end, and the characters.

    Example:
        >>> preparation = PairPreparation(" abc", lengths=(5, 4))
        >>> preparation("cab").tolist(), preparation.decode([6, 4, 2, 0])
        ([6, 4, 5, 2], 'ca')
    """

    kind = "pairs"

    def __init__(
        self,
        vocabulary: str,
        lengths: tuple[int, int],
        max_length: int | None = None,
        target: str | None = None,
        fraction: float = TEST_FRACTION,
    ) -> None:
        self.vocabulary = checks.text("PairPreparation", "vocabulary", vocabulary)
        if len(set(vocabulary)) < max(len(vocabulary), 1):
            fail("PairPreparation", f"vocabulary must be different characters, got {vocabulary[:40]!r}.")
        self.lengths = _two_lengths(lengths)
        longest = max(self.lengths)
        self.max_length = longest if max_length is None else max_length
        checks.integer("PairPreparation", "max_length", self.max_length, minimum=longest)
        self.target = target
        self.fraction = share("PairPreparation", fraction)
        self.input_shape = self.lengths
        self.classes = (*SIGNS, *vocabulary)
        self._code = {character: code for code, character in enumerate(vocabulary, len(SIGNS))}

    def __call__(self, text: str) -> np.ndarray:
        """A text that is read, as tokens with the end after them."""
        text = checks.text("pairs", "text", text).strip()
        if not text:
            fail("pairs", "the text is empty.", "give at least one character.")
        if len(text) >= self.max_length:
            fail("pairs", f"the text has {len(text)} characters, but the net takes {self.max_length - 1} at most.")
        return np.array([*self._codes(text, "the text"), END])

    def decode(self, codes: Any) -> str:
        """The text that tokens stand for, up to its end."""
        kept = [int(code) for code in codes]
        kept = kept[: kept.index(END)] if END in kept else kept
        return "".join(self.classes[code] for code in kept if code >= len(SIGNS))

    def parts(self, path: str | os.PathLike[str], skip_broken: bool = False) -> tuple[Dataset, Dataset]:
        """The training and the test part of a file, cut as at first."""
        return self._parts(self._read(path, skip_broken))

    def dataset(self, path: str | os.PathLike[str], skip_broken: bool = False) -> Dataset:
        """All pairs of another file, none of which the net has learned from, to test it."""
        pairs = self._read(path, skip_broken)
        return self._dataset(pairs, pairs.rows)

    def encoded(self, rows: Sequence[Pair], place: str = "the pairs") -> Dataset:
        """Pairs as a data set: the tokens that are read and those written so far, and as the truth the next ones.

        Shapes:
            x: (N, S) and (N, T) int64    y: (N, T) int64, PADDING after the end
        """
        sizes = [max(len(text) + 1 for text in side) for side in ([p.read for p in rows], [p.written for p in rows])]
        S, T = (max(pair) for pair in zip(sizes, self.lengths, strict=True))
        source, answer = np.full((len(rows), S), PADDING), np.full((len(rows), T + 1), PADDING)
        for n, pair in enumerate(rows):
            where = f"line {pair.line} of {place}"
            source[n, : len(pair.read) + 1] = [*self._codes(pair.read, where), END]
            answer[n, : len(pair.written) + 2] = [START, *self._codes(pair.written, where), END]
        return Dataset((source, answer[:, :-1]), answer[:, 1:], self.classes)

    def config(self) -> dict[str, Any]:
        """All of it, as plain values."""
        names = ("kind", "vocabulary", "max_length", "target", "fraction")
        return {name: getattr(self, name) for name in names} | {"lengths": list(self.lengths)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> PairPreparation:
        """The preparation that a config tells of."""
        vocabulary, max_length = entry(config, "vocabulary", str), entry(config, "max_length", int)
        target = None if config.get("target") is None else entry(config, "target", str)
        S, T = sizes_of(config, "lengths", 2)
        return cls(vocabulary, (S, T), max_length, target, entry(config, "fraction", float))

    @property
    def words(self) -> list[str]:
        """What was seen in the pairs, in sentences."""
        S, T = self.lengths
        return [f"reads up to {S - 1} characters and writes up to {T - 1}, of {len(self.vocabulary)} different ones"]

    def __repr__(self) -> str:
        return f"PairPreparation({len(self.vocabulary)} characters, lengths={self.lengths})"

    def _read(self, path: str | os.PathLike[str], skip_broken: bool) -> Pairs:
        pairs = read_pairs(checks.path("pairs", path), self.target, skip_broken)
        return short_enough(pairs, self.max_length, skip_broken)

    def _parts(self, pairs: Pairs) -> tuple[Dataset, Dataset]:
        learned, tested = split(pairs, self.fraction)
        return self._dataset(pairs, learned), self._dataset(pairs, tested)

    def _dataset(self, pairs: Pairs, rows: Sequence[Pair]) -> Dataset:
        part = self.encoded(rows, pairs.place)
        contents = (f"{pair.read}\t{pair.written}".encode("utf-8", "surrogatepass") for pair in pairs.rows)
        part.source = f"{len(pairs.rows):,} own pairs, {fingerprint(contents)}"
        return part

    def _codes(self, text: str, place: str) -> list[int]:
        unknown = sorted(set(text) - self._code.keys())
        if unknown:
            words = ", ".join(map(repr, unknown[:SHOWN]))
            problem = f"{place} has {words}, which the net has never read; it knows {len(self.vocabulary)} characters."
            fail("pairs", problem, "leave them out.")
        return [self._code[character] for character in text]


def pairs(
    source: str | os.PathLike[str],
    target: str | None = None,
    max_length: int | None = None,
    fraction: float = TEST_FRACTION,
    skip_broken: bool = False,
) -> tuple[Dataset, Dataset, PairPreparation]:
    """Pairs of texts, for a net that reads one and writes the other, such as `models.seq2seq`.

    The file is a text in which each line has what is read, a tab, and what is written; or a table with a column for
    each. Each character is a token. Texts differ in length, so the shorter ones are filled up with the token PADDING,
    0: `seq2seq(..., padding=0)` does not read it, and `cross_entropy` leaves it out with `ignore_index=0`. A hash of
    what is read decides whether a pair is for the test, so a text with several answers is never on both sides.

    Args:
        source: The file, in UTF-8.
        target: The column that is written, if it is a table of two columns.
        max_length: The most tokens that a text may have, the end counted; if None, those of the longest text, up to
            256.
        fraction: The share of the test part.
        skip_broken: Whether lines that are no pair, or are too long, are left out; else one is an error.

    Returns:
        The training part, the test part, and the preparation, which takes a new text.

    Raises:
        OSError: The file cannot be read.
        ValueError: A line is no pair, a text is too long, or there are too few pairs.

    Example:
        >>> train, test, preparation = pairs("german-english.txt")  # doctest: +SKIP
        >>> codes = tn.models.transcribe(net, preparation("Guten Tag!")[np.newaxis], 1, 40, end=2)  # doctest: +SKIP
        >>> preparation.decode(codes[0])  # doctest: +SKIP
        'Good day!'
    """
    place = checks.path("pairs", source)
    if target is not None:
        checks.text("pairs", "target", target)
    if max_length is not None:
        checks.integer("pairs", "max_length", max_length, minimum=2)
    part = share("pairs", fraction)
    checks.flag("pairs", "skip_broken", skip_broken)
    found = short_enough(read_pairs(place, target, skip_broken), max_length or LONGEST, skip_broken)
    split(found, part)
    vocabulary = "".join(sorted({character for pair in found.rows for character in pair.read + pair.written}))
    longest = (max(len(pair.read) for pair in found.rows) + 1, max(len(pair.written) for pair in found.rows) + 1)
    preparation = PairPreparation(vocabulary, longest, max_length, target, part)
    return *preparation._parts(found), preparation


def short_enough(pairs: Pairs, max_length: int, skip_broken: bool) -> Pairs:
    """The pairs, after a check that no text has more tokens than the net takes, its end counted."""
    kept = []
    for pair in pairs.rows:
        size = max(len(pair.read), len(pair.written)) + 1
        if size <= max_length:
            kept.append(pair)
        elif not skip_broken:
            problem = f"{pairs.places(pair)} has a text of {size - 1} characters, but {max_length - 1} are the most"
            hint = f"shorten it, or begin a run with --model seq2seq:max_length={size}; {SKIP}"
            fail("pairs", f"{problem} where max_length is {max_length}.", hint)
    if not kept:
        fail("pairs", f"all texts of {pairs.place} are longer than {max_length - 1} characters.")
    return pairs._replace(rows=kept)


def split(pairs: Pairs, fraction: float) -> tuple[list[Pair], list[Pair]]:
    """The pairs to learn from, and those for the test: that is asked of what is read, which may have several answers.

    Raises:
        ValueError: One of the parts is too small.
    """
    parts: tuple[list[Pair], list[Pair]] = ([], [])
    for pair in pairs.rows:
        parts[in_test(pair.read.encode("utf-8", "surrogatepass"), fraction)].append(pair)
    if len(parts[0]) < LEAST or not parts[1]:
        n, what = len(pairs.rows), "pair" if len(pairs.rows) == 1 else "pairs"
        cut = f"the hash that decides for each leaves {len(parts[0])} to learn from and {len(parts[1])} for the test"
        problem = f"{pairs.place} has {n} {what}: {cut}, but there must be {LEAST} and 1."
        fail("pairs", problem, "add pairs; to learn something, hundreds are needed.")
    return parts


def _two_lengths(lengths: Any) -> tuple[int, int]:
    if not isinstance(lengths, (list, tuple)) or len(lengths) != 2:
        problem = f"lengths must be two numbers of tokens, got {lengths!r}."
        fail("PairPreparation", problem, "as in (20, 12).", TypeError)
    S, T = (checks.integer("PairPreparation", f"lengths[{i}]", size, minimum=2) for i, size in enumerate(lengths))
    return S, T
