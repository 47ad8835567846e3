"""What the functions and preparations of own data refuse, each in a sentence."""

import numpy as np
import pytest

from tests.data.own.tables import rows_of_houses, write_table
from tests.data.own.test_table_file import Frame
from tinynet.data import (
    PicturePreparation,
    TablePreparation,
    TextPreparation,
    pictures,
    preparation_of,
    table,
    text_file,
)
from tinynet.data.own import text_files
from tinynet.data.own.columns import Category, Number
from tinynet.data.own.given import as_dataset
from tinynet.data.own.targets import Classes, Numbers

TARGET = Classes("y", ("no", "yes"))
TABLE = TablePreparation([Number("a", 0.0, 1.0), Category("b", ("x", "y"))], TARGET).config()


def changed(**entries):
    return {**TABLE, **entries}


def with_column(**entries):
    return changed(columns=[{**TABLE["columns"][0], **entries}])


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (3, "config must be a dict, got an int"),
        ({}, "kind must be one of 'pictures', 'table', 'text'"),
        (changed(columns=5), "columns must be a list, got 5"),
        (changed(columns=[5]), "name must be a text, got None"),
        (changed(columns=[]), "it makes 0 numbers of a row"),
        (changed(target={"name": "y", "task": "guess"}), "there is no task called 'guess'"),
        (changed(target={**TABLE["target"], "values": ["a", "a"]}), "values must be a list of different names"),
        (changed(fraction=float("inf")), "fraction must be a number, got inf"),
        (with_column(kind="song"), "there is no kind of column called 'song'"),
        (with_column(std=0.0), "std must be above 0, got 0"),
        (with_column(mean="3"), "mean must be a number, got '3'"),
        (with_column(has_gaps=1), "has_gaps must be true or false, got 1"),
    ],
)
def test_a_damaged_preparation_is_refused(config, words):
    with pytest.raises((TypeError, ValueError), match=f"^preparation: .*{words}"):
        preparation_of(config)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda folder: pictures(folder / "gone"), "pictures: there is no folder .*gone"),
        (lambda folder: pictures(write_table(folder / "x.csv", [])), r"pictures: expected a folder, but .*x\.csv is a"),
        (lambda folder: pictures(folder, fraction=1.5), r"pictures: fraction must lie between 0 and 1, got 1\.5"),
        (lambda folder: pictures(folder, size=0), "pictures: size must be at least 1, got 0"),
        (
            lambda folder: PicturePreparation((2, 8, 8), ["a"]),
            r"input_shape must be .* with 1 or 3 channels, got \(2, 8",
        ),
        (lambda folder: PicturePreparation((3, 8, 8), "ab"), "classes must be a list of names, got 'ab'"),
        (lambda folder: table(5, "y"), "table: source must be the path of a CSV file or a frame, got int"),
        (lambda folder: table(Frame({"a": [], "y": []}), "y"), "table: the frame has no rows"),
        (lambda folder: table(folder / "x.csv", "y", task="rank"), "table: task must be one of 'classes', 'numbers'"),
        (lambda folder: TablePreparation([5], TARGET), "columns must be a list of columns, got"),
        (lambda folder: TablePreparation([], 5), "target must be Classes or Numbers, got an int"),
        (lambda folder: TablePreparation([], TARGET)(5), "a row must be a dict from column to value, got an int"),
        (lambda folder: text_file(folder / "x.txt", window=0), "text_file: window must be at least 1, got 0"),
        (lambda folder: TextPreparation("aa"), "vocabulary must be different characters, got 'aa'"),
        (lambda folder: as_dataset("Learner", "train", ({"a"}, 3)), "train"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, call, words):
    with pytest.raises((TypeError, ValueError, OSError), match=words):
        call(tmp_path)


def test_a_table_that_would_have_too_many_inputs_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("tinynet.data.own.table_file.MOST_NUMBERS", 5)
    path = write_table(tmp_path / "houses.csv", rows_of_houses(60))
    with pytest.raises(ValueError, match=r"a row of .*houses\.csv would be 9 numbers, more than 5\.\nHint: leave out"):
        table(path, "price")


def test_a_file_that_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(text_files, "LONGEST", 100)
    path = write_table(tmp_path / "houses.csv", rows_of_houses(60))
    with pytest.raises(ValueError, match=r"houses\.csv has 0\.0 GB, more than is read at once"):
        table(path, "price")


def test_numbers_that_are_all_alike_in_the_training_part_are_said(tmp_path):
    rows = [["1.0" if i % 2 else "1", str(i)] for i in range(60)]
    with pytest.raises(ValueError, match=r"no column of .*x\.csv tells anything about y: same: it is always 1, where"):
        table(write_table(tmp_path / "x.csv", rows, ["same", "y"]), "y")
    with pytest.raises(ValueError, match=r"the target same of .*x\.csv is 1 in all rows to learn from"):
        table(tmp_path / "x.csv", "same", task="numbers")


def test_numbers_come_back_in_their_units():
    target = Numbers("price", 100.0, 20.0)
    assert target.number(np.float32(1.5)) == 130
