"""tinynet.data.text_file, and what else reads texts."""

import json

import numpy as np
import pytest

from tinynet.data import Windows, preparation_of, text_file

RHYME = "one two, buckle my shoe; three four, knock at the door. "


@pytest.fixture
def rhyme(tmp_path):
    path = tmp_path / "rhyme.txt"
    path.write_text(RHYME * 20, encoding="utf-8")
    return path


def test_a_text_is_windows_and_what_comes_after_each_character(rhyme):
    train, test, preparation = text_file(rhyme, window=8)
    x, y = train[[0, 1]]
    assert preparation.decode(x[0]) == RHYME[:8]
    assert preparation.decode(y[0]) == RHYME[1:9]
    assert preparation.decode(x[1]) == RHYME[8:16]
    assert len(train.codes) == 1008  # nine tenths
    assert preparation.decode(test.codes) == (RHYME * 20)[1008:]
    assert train.classes == preparation.classes == tuple(sorted(set(RHYME)))
    assert train.source == test.source
    assert train.source.startswith("1,120 own characters, ")


def test_a_preparation_goes_through_json_and_does_the_same(rhyme):
    train, test, preparation = text_file(rhyme, window=8)
    again = preparation_of(json.loads(json.dumps(preparation.config())))
    assert repr(again) == repr(preparation) == "TextPreparation(22 characters, window=8)"
    for before, after in zip((train, test), again.parts(rhyme), strict=True):
        assert np.array_equal(before.codes, after.codes)
        assert before.source == after.source
    assert len(again.dataset(rhyme).codes) == 1120


def test_windows_are_split_at_the_end_and_keep_their_source():
    windows = Windows(np.arange(40) % 7, length=4, stride=2)
    windows.source = "a book"
    rest, part = windows.split(0.25)
    assert (len(rest.codes), len(part.codes)) == (30, 10)
    assert rest.stride == part.stride == 2
    assert np.array_equal(np.concatenate([rest.codes, part.codes]), windows.codes)
    assert rest.source == part.source == "a book"
    with pytest.raises(ValueError, match=r"^Windows.split: fraction must lie between 0 and 1, got 1\."):
        windows.split(1)
    with pytest.raises(
        ValueError, match=r"^Windows: a window of 4 characters and the one after it need 5, there are 4\."
    ):
        windows.split(0.1)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_at_the_beginning_and_line_ends_of_windows_do_no_harm(rhyme, encoding):
    train, _, _ = text_file(rhyme, window=8)
    rhyme.write_bytes((RHYME * 20).encode(encoding))
    assert np.array_equal(text_file(rhyme, window=8)[0].codes, train.codes)
    rhyme.write_bytes((RHYME * 20).replace("; ", ";\r\n").encode(encoding))
    assert "\r" not in text_file(rhyme, window=8)[2].vocabulary


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"vocabulary": "aa"}, "vocabulary must be different characters"),
        ({"window": 0}, "window at least 1"),
        ({"window": 1.5}, "window must be a whole number, got 1.5"),
        ({"vocabulary": None}, "vocabulary must be a text, got None"),
    ],
)
def test_a_damaged_preparation_is_refused(config, words):
    whole = {"kind": "text", "vocabulary": "ab", "window": 4, "fraction": 0.1}
    with pytest.raises(ValueError, match=f"^preparation: .*{words}"):
        preparation_of(whole | config)
