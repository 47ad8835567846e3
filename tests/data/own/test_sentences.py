"""Data of one's own: where a rule begins to hold, and its sentence word for word."""

import re

import numpy as np
import pytest
from PIL import Image

from tinynet.data import pairs, table, text_file
from tinynet.data.own.cells import Cells, read_cells
from tinynet.data.own.columns import Category, LeftOut, Number, fitted
from tinynet.data.own.given import as_dataset
from tinynet.data.own.picture_files import read_picture, resized
from tinynet.data.own.targets import Classes, Numbers, fitted_target
from tinynet.data.own.text_file import TextPreparation

TEN = [f"c{number}" for number in range(9)] + ["kind"]


def cells_of(name, texts):
    return Cells("people.csv", [name], [[text] for text in texts], list(range(2, len(texts) + 2)))


def column_of(texts):
    return fitted("town", cells_of("town", texts), np.ones(len(texts), bool))


def target_of(texts, task=None):
    return fitted_target("kind", cells_of("kind", texts), np.ones(len(texts), bool), task)


def says(sentence, call, kind=ValueError):
    with pytest.raises(kind, match=f"^{re.escape(sentence)}$"):
        call()


def test_texts_are_categories_where_there_are_few_or_each_comes_twice():
    letters = [f"town {number}" for number in range(101)]
    assert isinstance(column_of(letters[:10]), Category)
    assert column_of(letters[:11]) == LeftOut("town", "it has 11 different texts")
    assert isinstance(column_of(letters[:11] * 2), Category)
    assert isinstance(column_of([*letters[:11], *letters[:10]]), LeftOut)
    assert isinstance(column_of(letters[:100] * 2), Category)
    assert isinstance(column_of(letters * 2), LeftOut)


def test_a_text_is_quoted_up_to_forty_characters():
    assert column_of(["x" * 40] * 3) == LeftOut("town", f"it is always '{'x' * 40}'")
    assert column_of(["x" * 41] * 3) == LeftOut("town", f"it is always '{'x' * 40}…'")


def test_a_column_of_numbers_with_other_texts():
    numbers = [str(number / 8) for number in range(30)]
    assert isinstance(column_of(numbers), Number)
    says(
        "table: town holds numbers, but not in 2 of 32 cells: 'odd' in line 32 of people.csv.\n"
        "Hint: mend these cells, or empty them.",
        lambda: column_of([*numbers, "odd", "more"]),
    )
    says(
        "table: town is infinite in line 3 of people.csv: 'inf'.\nHint: write a number, or leave the cell empty.",
        lambda: column_of(["1", "inf", "2"]),
    )


def test_whole_numbers_are_classes_where_there_are_few_and_each_comes_five_times():
    assert isinstance(target_of(list("0123") * 5), Classes)
    assert isinstance(target_of((list("0123") * 5)[:-1]), Numbers)
    twenty = [str(number) for number in range(20)]
    assert isinstance(target_of(twenty * 5), Classes)
    assert isinstance(target_of([*twenty, "20"] * 5), Numbers)
    assert isinstance(target_of(list("0123"), task="classes"), Classes)
    assert isinstance(target_of(list("0123") * 5, task="numbers"), Numbers)


def test_texts_are_classes_where_there_are_few_or_each_comes_twice():
    kinds = [f"kind {number}" for number in range(21)]
    assert isinstance(target_of(kinds[:20]), Classes)
    assert isinstance(target_of(kinds * 2), Classes)
    says(
        "table: the target kind of people.csv has 21 different texts in 41 rows: too many.\n"
        "Hint: name a column of classes or of numbers; the first text here is 'kind 0'.",
        lambda: target_of([*kinds, *kinds[:20]]),
    )
    says(
        "table: the target kind of people.csv is always 'a', so there is nothing to learn.\n"
        "Hint: name another column, or add rows with other values.",
        lambda: target_of(["a", "a"]),
    )


def written(path, header, rows):
    path.write_text("\n".join([",".join(header), *(",".join(row) for row in rows)]) + "\n", encoding="utf-8")
    return path


def test_a_target_that_is_not_there_gets_the_names_that_are(tmp_path):
    row = [str(number) for number in range(10)]
    path = written(tmp_path / "ten.csv", TEN, [row])
    says(
        f"table: {path} has no column 'price' to be predicted.\nHint: there are {', '.join(TEN)}.",
        lambda: table(path, target="price"),
    )
    path = written(tmp_path / "eleven.csv", [*TEN, "last"], [[*row, "1"]])
    says(
        f"table: {path} has no column 'price' to be predicted.\nHint: there are {', '.join(TEN)} and more.",
        lambda: table(path, target="price"),
    )
    says(
        f"table: {path} has no column 'knd' to be predicted.\nHint: did you mean kind?",
        lambda: table(path, target="knd"),
    )
    says("table: target must be a string, got 3.", lambda: table(path, target=3), TypeError)
    says(
        "table: skip_broken must be True or False, got 1.",
        lambda: table(path, target="kind", skip_broken=1),
        TypeError,
    )


@pytest.mark.parametrize(("fraction", "part"), [(1e-9, "test"), (1 - 1e-9, "training")])
def test_a_part_without_rows_is_named(tmp_path, fraction, part):
    path = written(tmp_path / "few.csv", ["age", "kind"], [[str(number), "ab"[number % 2]] for number in range(6)])
    says(
        f"table: the {part} part of {path} is empty: the hash that decides for each took none of 6 rows.\n"
        f"Hint: add rows, or take another fraction than {fraction:g}; equal rows stay together.",
        lambda: table(path, target="kind", fraction=fraction),
    )


def test_a_header_of_numbers_is_none(tmp_path):
    path = written(tmp_path / "bare.csv", ["1", "2.5", "3", "4"], [["1", "2", "3", "4"]])
    says(
        f"tinynet: the first row of {path} must name the columns, but it holds numbers (1, 2.5, 3).\n"
        "Hint: write a row with a name for each column above it.",
        lambda: read_cells("tinynet", path, skip_broken=False),
    )


def test_what_streams_is_told_from_what_can_only_be_read_once():
    class Stream:
        def __iter__(self):
            return iter([])

        def take(self, n):
            return self

    problem = "Learner: train must have len(d) and d[indices] -> (x, y), got"
    hint = "Hint: rows that stream cannot be drawn by number: load it without streaming, or pass list(data.take(…))."
    says(f"{problem} Stream.\n{hint}", lambda: as_dataset("Learner", "train", Stream()), TypeError)
    says(f"{problem} list_iterator.", lambda: as_dataset("Learner", "train", iter([1])), TypeError)


def test_pairs_say_themselves_what_is_wrong(tmp_path):
    path = tmp_path / "pairs.txt"
    path.write_text("a\tb\n" * 4, encoding="utf-8")
    says("pairs: skip_broken must be True or False, got 1.", lambda: pairs(path, skip_broken=1), TypeError)
    says("pairs: target must be a string, got 3.", lambda: pairs(path, target=3), TypeError)
    says("pairs: max_length must be at least 2, got 1.", lambda: pairs(path, max_length=1))


@pytest.mark.parametrize(("fraction", "smaller"), [(0.1, 14), (0.75, 38), (0.25, 38)])
def test_a_short_text_is_told_which_windows_it_is_long_enough_for(tmp_path, fraction, smaller):
    path = tmp_path / "short.txt"
    path.write_text("abcd" * 50, encoding="utf-8")
    with pytest.raises(
        ValueError, match=rf"\nHint: take a longer text, or windows of {smaller}: --window {smaller}\.$"
    ):
        text_file(path, fraction=fraction)
    text_file(path, window=smaller, fraction=fraction)


def test_the_window_of_a_text_is_a_number_of_characters():
    says("TextPreparation: window must be at least 1, got 0.", lambda: TextPreparation("ab", window=0))
    says("TextPreparation: window must be an integer, got 1.5.", lambda: TextPreparation("ab", window=1.5), TypeError)
    says("TextPreparation: vocabulary must be a string, got 3.", lambda: TextPreparation(3), TypeError)
    says("TextPreparation: vocabulary must be different characters, got 'aa'.", lambda: TextPreparation("aa"))


def test_a_picture_of_which_one_pixel_is_coloured_is_said_to_be_turned_grey():
    pixels = np.full((2, 2, 3), 0.5, np.float32)
    assert resized(pixels, (1, 2, 2))[1] == []
    pixels[0, 0] = [1, 0, 0]
    grey, done = resized(pixels, (1, 2, 2))
    assert done == ["turned grey"]
    assert grey.shape == (1, 2, 2)
    assert resized(pixels, (3, 2, 2))[1] == []


def test_a_tiff_that_was_held_sideways_is_turned_once(tmp_path):
    pixels = np.zeros((2, 4, 3), np.uint8)
    pixels[0, :2] = 255  # the left half of the upper row
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it by 90° to the right to see it upright
    Image.fromarray(pixels).save(tmp_path / "held.tiff", exif=exif)
    found, done = read_picture(tmp_path / "held.tiff")
    np.testing.assert_array_equal(found, np.rot90(pixels, -1) / 255)
    assert done == ["RGB 2×4"]


def test_a_damaged_picture_says_in_its_own_words_what_is_wrong(tmp_path):
    path = tmp_path / "half.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(
        ValueError, match=rf"^tinynet: cannot read {re.escape(str(path))}: .*truncated.*\.\nHint: give a"
    ):
        read_picture(path)
