"""Text: codes, windows and files that cannot be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tinynet.data import Text, Windows, batches, text

CONTENT = "Ein Bäcker bäckt Brot.\n" * 10


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_text(CONTENT, encoding="utf-8")
    return tmp_path / "a.txt"


def test_codes_stand_for_the_sorted_characters(path: Path) -> None:
    corpus = text(path, length=8)
    assert corpus.vocabulary == "".join(sorted(set(CONTENT)))
    assert corpus.decode(corpus.codes) == CONTENT
    assert corpus.encode("\n B").tolist() == [0, 1, 3]
    assert corpus.encode("").tolist() == []
    assert corpus.decode([]) == ""
    assert corpus.train.classes == tuple(corpus.vocabulary)


def test_parts_lie_one_after_the_other(path: Path) -> None:
    corpus = text(str(path), length=8, valid=0.25)
    n_valid = round(len(CONTENT) * 0.25)
    assert corpus.decode(corpus.train.codes) == CONTENT[:-n_valid]
    assert corpus.decode(corpus.valid.codes) == CONTENT[-n_valid:]
    assert text(path, length=8, valid=0).valid is None


@pytest.mark.parametrize(
    ("length", "stride", "starts"), [(4, None, [0, 4]), (4, 1, range(6)), (9, None, [0]), (2, 3, [0, 3, 6])]
)
def test_windows_and_the_character_after_each(length: int, stride: int | None, starts: list[int]) -> None:
    codes = np.arange(10) * 2
    windows = Windows(codes, length, stride)
    assert len(windows) == len(starts)
    x, y = windows[:]
    assert x.tolist() == [codes[start : start + length].tolist() for start in starts]
    assert y.tolist() == [codes[start + 1 : start + 1 + length].tolist() for start in starts]


def test_windows_are_read_like_any_dataset() -> None:
    windows = Text("abcdefghijklmnopqrstuvwxyz" * 4, length=5).train
    x, y = next(batches(windows, 4, shuffle=True, rng=0))
    assert x.shape == y.shape == (4, 5)
    assert np.array_equal(x[:, 1:], y[:, :-1])
    assert windows[-1][0].shape == (5,)
    with pytest.raises(IndexError, match="there is no sample 99"):
        windows[99]


def test_repr() -> None:
    assert repr(Text("ab" * 10, length=2, valid=0)) == (
        "Text(20 characters, 2 different, train=Windows(9 samples, length=2, stride=2), valid=None)"
    )


def test_files_that_cannot_be_read(tmp_path: Path, path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"text: there is no file .*b\.txt"):
        text(tmp_path / "b.txt")
    with pytest.raises(IsADirectoryError, match=r"text: expected a file, but .* is a directory"):
        text(tmp_path)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match=r"text: .*a\.txt is empty"):
        text(path)
    path.write_bytes("Bä".encode("latin-1"))
    with pytest.raises(ValueError, match=r"text: .*a\.txt is not UTF-8 text: byte 1 is 0xe4"):
        text(path)


def test_other_refusals(path: Path) -> None:
    corpus = text(path, length=8)
    with pytest.raises(ValueError, match=r"Text.encode: the text has '!', 'z', not among the \d+ known characters"):
        corpus.encode("z!")
    with pytest.raises(ValueError, match=r"Text.decode: codes must lie in 0 to \d+, got 99"):
        corpus.decode([0, 99])
    with pytest.raises(TypeError, match="codes must be integers, got float64"):
        corpus.decode([0.5])
    with pytest.raises(ValueError, match="a window of 230 characters and the one after it need 231, there are 207"):
        text(path, length=len(CONTENT))
    with pytest.raises(ValueError, match="length must be at least 1, got 0"):
        text(path, length=0)
    with pytest.raises(ValueError, match="stride must be at least 1, got 0"):
        text(path, stride=0)
    with pytest.raises(ValueError, match="valid must be at least 0 and below 1, got 1"):
        text(path, valid=1)
