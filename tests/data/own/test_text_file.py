"""tinynet.data.text_file, and what else reads texts."""

import json

import numpy as np
import pytest

from tinynet.data import TextPreparation, Windows, preparation_of, text_file

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


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        ("", {}, "{path} is empty.\nHint: name a file with text in it."),
        ("a\0b", {}, "{path} is no text: it has zero bytes.\nHint: save it as text in UTF-8; a sheet, as CSV."),
        (
            RHYME,
            {},
            "{path} has 56 characters, but windows of 64 need 825.\n"
            "Hint: take a longer text, or windows of 2: --window 2.",
        ),
        (
            RHYME,
            {"fraction": 0.75},
            "{path} has 56 characters, but windows of 64 need 330.\n"
            "Hint: take a longer text, or windows of 9: --window 9.",
        ),
        (RHYME[:20], {}, "{path} has 20 characters, but windows of 64 need 825.\nHint: take a longer text."),
        (
            "a" * 2000,
            {},
            "{path} is made of one character only, 'a'.\nHint: name a text that tells something.",
        ),
        (RHYME, {"window": 0}, "window must be at least 1, got 0."),
        (RHYME, {"fraction": 0}, "fraction must lie between 0 and 1, got 0.\nHint: 0.2 sets a fifth aside."),
    ],
)
def test_a_text_that_is_no_data_set_word_for_word(tmp_path, content, options, words):
    path = tmp_path / "x.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError) as caught:
        text_file(path, **options)
    assert str(caught.value) == f"text_file: {words}".replace("{path}", str(path))


def test_the_windows_that_are_advised_are_taken(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text(RHYME, encoding="utf-8")
    for fraction, window in ((0.1, 2), (0.75, 9)):
        train, test, _ = text_file(path, window, fraction)
        assert min(len(train), len(test)) > 0
        with pytest.raises(ValueError, match=f"or windows of {window}"):
            text_file(path, window + 1, fraction)


def test_a_text_is_as_long_as_it_must_be(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("ab" * 25, encoding="utf-8")
    text_file(path, window=8, fraction=0.25)  # (8 + 2) / (0.25 · 0.8)
    path.write_text("ab" * 24 + "a", encoding="utf-8")
    with pytest.raises(ValueError, match="has 49 characters, but windows of 8 need 50"):
        text_file(path, window=8, fraction=0.25)


def test_another_text_for_a_net_that_was_trained(rhyme, tmp_path):
    preparation = text_file(rhyme, window=8)[2]
    other = tmp_path / "x.txt"
    other.write_text(RHYME + "ABCDEF", encoding="utf-8")
    for content, words in (
        (
            RHYME + "FEDCBA",
            "text: {path} has 'A', 'B', 'C', 'D', 'E', which the net has never read; it knows 22 characters.\n"
            "Hint: leave them out.",
        ),
        (RHYME, "text: {path} has 56 characters, but windows of 8 need more.\nHint: take a longer text."),
    ):
        other.write_text(content, encoding="utf-8")
        with pytest.raises(ValueError) as caught:
            preparation.dataset(other)
        assert str(caught.value) == words.replace("{path}", str(other))
    with pytest.raises(ValueError, match="^text: the text has 'A', which the net has never read"):
        preparation("A")
    with pytest.raises(TypeError, match=r"^text: text must be a string, got 5\."):
        preparation(5)


def test_preparations_that_make_no_sense():
    for arguments, words in (
        ((5,), "vocabulary must be a string, got 5."),
        (("abca",), "vocabulary must be different characters, got 'abca'."),
        (("ab", 0), "window must be at least 1, got 0."),
        (("ab", 4, 1), "fraction must lie between 0 and 1, got 1.\nHint: 0.2 sets a fifth aside."),
    ):
        with pytest.raises((TypeError, ValueError)) as caught:
            TextPreparation(*arguments)
        assert str(caught.value) == f"TextPreparation: {words}"
