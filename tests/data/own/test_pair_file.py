"""tinynet.data.pairs: texts to read, and what they become."""

import json

import numpy as np
import pytest

from tinynet.data import PairPreparation, dates, pairs, preparation_of
from tinynet.data.own.pair_file import END, PADDING, START

ROWS = [(f"{number}", f"{number:b}") for number in range(100)]
TEXT = "".join(f"{read}\t{written}\n" for read, written in ROWS)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "binary.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def texts(preparation, data):
    """The pairs of a data set, as they stood in the file."""
    (source, _), y = data[:]
    return [(preparation.decode(read), preparation.decode(written)) for read, written in zip(source, y, strict=True)]


def test_each_pair_is_what_is_read_what_is_written_so_far_and_the_next_token(path):
    train, test, preparation = pairs(path)
    assert sorted(texts(preparation, train) + texts(preparation, test)) == sorted(ROWS)
    assert preparation.input_shape == (3, 8)
    assert train.classes == preparation.classes == ("<padding>", "<start>", "<end>", *"0123456789")
    (source, written), y = train[:]
    assert (written[:, 0] == START).all()
    assert ((written[:, 1:] == y[:, :-1]) | (y[:, :-1] == PADDING)).all()
    for part in (source, y):
        assert ((part == END).sum(axis=1) == 1).all()
        after = (np.cumsum(part == END, axis=1) - (part == END)).astype(bool)
        assert (part[after] == PADDING).all()
        assert (part[~after] != PADDING).all()
    assert train.source == test.source
    assert train.source.startswith("100 own pairs, ")


def test_what_is_read_decides_on_the_part(tmp_path):
    path = tmp_path / "twice.txt"
    path.write_text("".join(f"{n}\t{n}\n{n}\t{n:x}\n" for n in range(100)), encoding="utf-8")
    train, test, preparation = pairs(path)
    assert {read for read, _ in texts(preparation, train)} & {read for read, _ in texts(preparation, test)} == set()
    before = set(texts(preparation, test))
    path.write_text(path.read_text() + "".join(f"{n}\t{n}\n" for n in range(200, 300)), encoding="utf-8")
    _, test, preparation = pairs(path)
    assert before <= set(texts(preparation, test))


def test_a_table_of_two_columns_is_pairs_too(tmp_path, path):
    table = tmp_path / "binary.csv"
    table.write_text("binary;number\n" + "".join(f"{written};{read}\n" for read, written in ROWS), encoding="utf-8")
    expected, found = pairs(path), pairs(table, target="binary")
    for one, other in zip(expected[:2], found[:2], strict=True):
        assert texts(expected[2], one) == texts(found[2], other)
    assert found[2].target == "binary"
    table.write_text("read,written\n" + "none,NA\n" * 5 + "\n".join(f"{n},-" for n in range(40)), encoding="utf-8")
    train, test, preparation = pairs(table, target="written")
    assert ("none", "NA") in texts(preparation, train) + texts(preparation, test)  # words, and no gaps


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_line_ends_and_empty_lines_do_no_harm(path, encoding):
    before = pairs(path)
    path.write_bytes(("\n" + TEXT.replace("\n", "\r\n\r\n")).encode(encoding))
    after = pairs(path)
    assert texts(before[2], before[0]) == texts(after[2], after[0])
    assert before[0].source == after[0].source


def test_broken_lines_are_left_out_if_asked(path):
    path.write_text(TEXT + f"no tab\na\tb\tc\n\t1\n1\t\n{'9' * 20}\t1\n", encoding="utf-8")
    train, test, preparation = pairs(path, max_length=9, skip_broken=True)
    assert len(train) + len(test) == 100
    assert sorted(preparation.vocabulary) == list("0123456789")
    again = preparation.parts(path, skip_broken=True)
    assert texts(preparation, again[0]) == texts(preparation, train)


def test_a_preparation_goes_through_json_and_does_the_same(path):
    train, test, preparation = pairs(path, max_length=12, fraction=0.3)
    again = preparation_of(json.loads(json.dumps(preparation.config())))
    assert repr(again) == repr(preparation) == "PairPreparation(10 characters, lengths=(3, 8))"
    assert (again.max_length, again.target, again.fraction) == (12, None, 0.3)
    for before, after in zip((train, test), again.parts(path), strict=True):
        assert all(np.array_equal(*both) for both in zip((*before.x, before.y), (*after.x, after.y), strict=True))
        assert before.source == after.source
    assert len(again.dataset(path)) == 100
    assert preparation.words == ["reads up to 2 characters and writes up to 7, of 10 different ones"]


def test_longer_texts_of_another_file_are_taken_up_to_max_length(path, tmp_path):
    _, _, preparation = pairs(path, max_length=12)
    other = tmp_path / "other.txt"
    other.write_text("11111\t1\n", encoding="utf-8")
    (source, written), y = preparation.dataset(other)[:]
    assert (source.shape, written.shape, y.shape) == ((1, 6), (1, 8), (1, 8))
    assert preparation(" 42 ").tolist() == [7, 5, END]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: PairPreparation("aa", (3, 3)), "PairPreparation: vocabulary must be different characters, got 'aa'"),
        (lambda: PairPreparation("a", 3), "PairPreparation: lengths must be two numbers of tokens, got 3"),
        (lambda: PairPreparation("a", (3, 1)), r"PairPreparation: lengths\[1\] must be at least 2, got 1"),
        (lambda: PairPreparation("a", (3, 4), 3), "PairPreparation: max_length must be at least 4, got 3"),
        (lambda: PairPreparation("a", (3, 4), 0), "PairPreparation: max_length must be at least 4, got 0"),
        (
            lambda: PairPreparation("a", (3, 4))("b"),
            "pairs: the text has 'b', which the net has never read; it knows 1",
        ),
        (lambda: PairPreparation("a", (3, 4))("aaaa"), "pairs: the text has 4 characters, but the net takes 3 at most"),
        (lambda: PairPreparation("a", (3, 4))(" "), "pairs: the text is empty"),
        (lambda: pairs("x.txt", max_length=1), "pairs: max_length must be at least 2, got 1"),
        (lambda: dates(80_000), "dates: n_samples must be at most 73,?049, got 80,?000"),
        (
            lambda: preparation_of({**PairPreparation("a", (3, 4)).config(), "lengths": [3]}),
            "preparation: lengths must be 2 sizes",
        ),
    ],
)
def test_refusals(make, words):
    with pytest.raises((TypeError, ValueError), match=f"^{words}"):
        make()


SKIPPED = "--skip-broken leaves such lines out."


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        ("", {}, "pairs: {path} is empty.\nHint: name a file with text in it."),
        (" \n", {}, "pairs: there is no pair in {path}.\nHint: write a pair a line, with a tab between."),
        (
            "1\t1\n\n2 10\n",
            {},
            "pairs: line 3 of {path} has no tab, which parts what is read from what is written.\n"
            f"Hint: write a pair a line, with a tab between; {SKIPPED}",
        ),
        (
            "1\t1\tone\n",
            {},
            "pairs: line 1 of {path} has 3 texts with tabs between, but a pair has 2.\n"
            f"Hint: remove the others; {SKIPPED}",
        ),
        ("\t1\n", {}, f"pairs: line 1 of {{path}} has nothing to be read.\nHint: fill it in; {SKIPPED}"),
        ("1\t\n", {}, f"pairs: line 1 of {{path}} has nothing to be written.\nHint: fill it in; {SKIPPED}"),
        (
            "a;b\n1;1\n",
            {"target": "c"},
            "pairs: {path} has no column 'c' to be written.\nHint: there are a, b.",
        ),
        (
            "a;b;c\n1;1;1\n",
            {"target": "b"},
            "pairs: {path} has 2 columns beside b, but one text is read: a, c.\n"
            "Hint: leave only the column that is read, and the one that is written.",
        ),
        (
            TEXT + "1234\t1\n",
            {"max_length": 4},
            "pairs: line 9 of {path} has a text of 4 characters, but 3 are the most where max_length is 4.\n"
            f"Hint: shorten it, or begin a run with --model seq2seq:max_length=5; {SKIPPED}",
        ),
        (TEXT, {"max_length": 1}, "pairs: max_length must be at least 2, got 1."),
        (
            "10\t1\n11\t1\n",
            {"max_length": 2, "skip_broken": True},
            "pairs: all texts of {path} are longer than 1 characters.",
        ),
        (
            "10\t1\n",
            {},
            "pairs: {path} has 1 pair: the hash that decides for each leaves 1 to learn from and 0 for the test, but "
            "there must be 6 and 1.\nHint: add pairs; to learn something, hundreds are needed.",
        ),
        (TEXT, {"target": 5}, "pairs: target must be a string, got 5."),
        (TEXT, {"skip_broken": "no"}, "pairs: skip_broken must be True or False, got 'no'."),
        (TEXT, {"fraction": 1}, "pairs: fraction must lie between 0 and 1, got 1.\nHint: 0.2 sets a fifth aside."),
    ],
)
def test_files_that_are_no_pairs_word_for_word(tmp_path, content, options, words):
    path = tmp_path / "x.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises((TypeError, ValueError)) as caught:
        pairs(path, **options)
    assert str(caught.value) == words.replace("{path}", str(path))


def test_a_text_of_as_many_tokens_as_the_net_takes_is_taken(path):
    longest = max(len(text) for pair in ROWS for text in pair) + 1
    assert pairs(path, max_length=longest)[2].max_length == longest
    assert pairs(path)[2].max_length == longest
    assert PairPreparation("ab", (3, 4))("aaa").tolist() == [3, 3, 3, END]


def test_what_is_read_of_a_pair_that_the_net_does_not_know(path, tmp_path):
    preparation = pairs(path)[2]
    other = tmp_path / "other.txt"
    other.write_text("1\t1\nabcdef\t1\n", encoding="utf-8")
    with pytest.raises(ValueError) as caught:
        preparation.dataset(other)
    assert str(caught.value) == (
        f"pairs: line 2 of {other} has 'a', 'b', 'c', 'd', 'e', which the net has never read; "
        "it knows 10 characters.\nHint: leave them out."
    )


def test_dates_are_drawn_once_each_and_by_a_seed():
    data = dates(500, rng=3)
    preparation = PairPreparation("".join(data.classes[3:]), lengths=(19, 11))
    found = texts(preparation, data)
    assert len({written for _, written in found}) == 500
    assert texts(preparation, dates(500, rng=3)) == found != texts(preparation, dates(500, rng=4))
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    for read, written in found:
        year, month, day = written.split("-")
        assert year in read
        assert months[int(month) - 1] in read
        assert str(int(day)) in read.replace(",", "").split()
