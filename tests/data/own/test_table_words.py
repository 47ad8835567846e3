"""What is said of a table that cannot be used, word for word: who says it, what is wrong, and what to do."""

import numpy as np
import pytest

from tests.data.own.tables import write_table
from tests.data.own.test_table_file import Frame
from tinynet.data import TablePreparation, table
from tinynet.data.own import cells, table_file
from tinynet.data.own.cells import Cells, cells_of_frame, read_cells
from tinynet.data.own.columns import Category, LeftOut, Number, fitted
from tinynet.data.own.targets import Classes, fitted_target

LONG = "x" * 41


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "{path} is empty.\nHint: name a file with text in it."),
        ("\n\n", "{path} has no column.\nHint: separate its columns by one of these: comma, semicolon, tab, bar."),
        (
            "a:b\n1:2\n",
            "{path} has only one column, 'a:b'.\nHint: separate its columns by one of these: comma, semicolon, tab, "
            "bar.",
        ),
        ("a,,b\n1,2,3\n", "column 2 of {path} has no name.\nHint: name it, or remove it."),
        (",index\n1,2\n", "column 1 of {path} has no name.\nHint: name it, or remove it."),
        ("a, a\n1,2\n", "{path} has two columns called 'a'.\nHint: give each column its own name."),
        (
            f"{LONG[1:]},{LONG[1:]}\n1,2\n",
            f"{{path}} has two columns called '{LONG[1:]}'.\nHint: give each column its own name.",
        ),
        (
            f"{LONG},{LONG}\n1,2\n",
            f"{{path}} has two columns called '{LONG[:40]}…'.\nHint: give each column its own name.",
        ),
        (
            "1,2.5,-3,4\n5,6,7,8\n",
            "the first row of {path} must name the columns, but it holds numbers (1, 2.5, -3).\n"
            "Hint: write a row with a name for each column above it.",
        ),
        ("a,b\n", "{path} has a header, but no rows below it.\nHint: add rows, or name another file."),
        (
            "a,b\n1,2\n\n3\n",
            "line 4 of {path} has 1 cell, but the header has 2.\n"
            "Hint: put a cell with the separator in it into quotes; --skip-broken leaves such rows out.",
        ),
        (
            'a,b\n1,2\n"3,4\n',
            "{path} cannot be read from line 3 on: its quotes are never closed.\n"
            "Hint: close the quotes in that row, and write a quote inside a cell twice.",
        ),
        (
            'a,b\n1,2\n"3"4,5\n',
            "{path} cannot be read from line 3 on: ',' expected after '\"'.\n"
            "Hint: close the quotes in that row, and write a quote inside a cell twice.",
        ),
    ],
)
def test_a_file_that_is_no_table(tmp_path, content, words):
    path = tmp_path / "x.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError) as caught:
        read_cells("table", path)
    assert str(caught.value) == f"table: {words}".replace("{path}", str(path))


def test_the_numbers_that_pandas_writes_before_its_rows_are_called_index(tmp_path):
    assert read_cells("table", write_table(tmp_path / "x.csv", [["0", "1"]], ["", "a"])).names == ["index", "a"]


def test_a_table_has_as_many_columns_as_are_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(cells, "MOST_COLUMNS", 3)
    path = write_table(tmp_path / "x.csv", [["1"] * 3], ["a", "b", "c"])
    assert read_cells("table", path).names == ["a", "b", "c"]
    write_table(path, [["1"] * 4], ["a", "b", "c", "d"])
    with pytest.raises(ValueError) as caught:
        read_cells("table", path)
    assert str(caught.value) == f"table: {path} has 4 columns, more than 3.\nHint: take those that tell something."


def test_a_frame_that_is_no_table():
    for frame, words in (
        (Frame({"a": [], "b": []}), "the frame has no rows.\nHint: check how it was selected."),
        (
            Frame({"a": [1]}),
            "the frame has only one column, 'a'.\n"
            "Hint: separate its columns by one of these: comma, semicolon, tab, bar.",
        ),
    ):
        with pytest.raises(ValueError) as caught:
            cells_of_frame("table", frame)
        assert str(caught.value) == f"table: {words}"


def one_column(texts, separator=","):
    """A table of one column, called a, from line 2 on."""
    return Cells("x.csv", ["a"], [[text] for text in texts], list(range(2, len(texts) + 2)), separator)


def all_of(texts):
    return np.ones(len(texts), bool)


class TestColumns:
    @pytest.mark.parametrize(
        ("texts", "words"),
        [
            (
                ["1", "inf", "3"],
                "a is infinite in line 3 of x.csv: 'inf'.\nHint: write a number, or leave the cell empty.",
            ),
            (
                ["1", "2", "1" + "0" * 400],
                f"a is infinite in line 4 of x.csv: '1{'0' * 39}…'.\nHint: write a number, or leave the cell empty.",
            ),
            (
                [*map(str, range(0, 40, 2)), LONG, *"ab"],
                f"a holds numbers, but not in 3 of 23 cells: '{LONG[:40]}…' in line 22 of x.csv.\n"
                "Hint: mend these cells, or empty them.",
            ),
        ],
    )
    def test_numbers_that_are_none(self, texts, words):
        with pytest.raises(ValueError) as caught:
            fitted("a", one_column(texts), all_of(texts))
        assert str(caught.value) == f"table: {words}"

    @pytest.mark.parametrize(
        ("texts", "why"),
        [
            (["", "", ""], "it has no values"),
            (["y" * 40] * 3, f"it is always '{'y' * 40}'"),
            ([LONG] * 3, f"it is always '{LONG[:40]}…'"),
            (["2", "2.0", ""], "it is always 2, where it is given"),
            ([f"t{n}" for n in range(11)], "it has 11 different texts"),
        ],
    )
    def test_what_tells_nothing_is_left_out(self, texts, why):
        assert fitted("a", one_column(texts), all_of(texts)) == LeftOut("a", why)

    def test_ten_different_texts_are_categories_in_any_table_and_more_where_each_comes_twice(self):
        texts = [f"t{n:03}" for n in range(101)]
        for few in (texts[:10], 2 * texts[:11], 2 * texts[:100]):
            assert fitted("a", one_column(few), all_of(few)) == Category("a", tuple(sorted(set(few))))
        for many in (texts[:11], 2 * texts[:11] + ["another"], 3 * texts):
            assert fitted("a", one_column(many), all_of(many)).kind == "left out"

    def test_the_rows_are_numbered_where_each_number_is_one_more(self):
        for name, texts, kind in (
            ("id", ["3", "4", "5"], "left out"),
            ("row nr", ["0", "1", "2"], "left out"),
            ("grid", ["3", "4", "5"], "number"),
            ("id", ["3", "5", "4"], "number"),
            ("id", ["3", "4", "4"], "number"),
            ("id", ["3", "4.0", "5"], "number"),
        ):
            table = one_column(texts)._replace(names=[name])
            assert fitted(name, table, all_of(texts)).kind == kind

    def test_a_comma_is_a_decimal_sign_where_it_parts_no_cells(self):
        texts = ["1,5", "2,5"]
        assert fitted("a", one_column(texts, ";"), all_of(texts)) == Number("a", 2.0, 0.5, has_commas=True)
        assert fitted("a", one_column(texts, ","), all_of(texts)) == Category("a", ("1,5", "2,5"))

    def test_a_number_that_is_asked_for_and_a_category_that_is_not_known(self):
        for column, text, words in (
            (
                Number("age", 0.0, 1.0),
                LONG,
                f"age must be a number, got '{LONG[:40]}…' in the row.\nHint: leave it empty if it is missing.",
            ),
            (
                Category("town", ("", "Bonn", "Ulm")),
                "Rom",
                "town is 'Rom' in the row, which was in no row that was learned from.\n"
                "Hint: it knows 'Bonn', 'Ulm'; leave the cell empty if none fits.",
            ),
            (
                Category("n", tuple(f"{n:02}" for n in range(12))),
                "x",
                "n is 'x' in the row, which was in no row that was learned from.\n"
                f"Hint: it knows {', '.join(repr(f'{n:02}') for n in range(10))} and 2 more; "
                "leave the cell empty if none fits.",
            ),
        ):
            with pytest.raises(ValueError) as caught:
                column.encode([text], ["the row"])
            assert str(caught.value) == f"table: {words}"
        assert Category("town", ("", "Ulm")).encode(["Rom", "Ulm", ""], "123", strict=False).tolist() == [
            [0, 0],
            [0, 1],
            [1, 0],
        ]
        assert Category("town", ("Bonn", "Ulm")).encode([""], ["the row"]).tolist() == [[0, 0]]


class TestTargets:
    @pytest.mark.parametrize(
        ("texts", "task", "words"),
        [
            (
                ["yes", "yes"],
                None,
                "the target a of x.csv is always 'yes', so there is nothing to learn.\n"
                "Hint: name another column, or add rows with other values.",
            ),
            (
                ["1", "2", "two"],
                "numbers",
                "the target a must be a number in each row, got 'two' in line 4 of x.csv.\n"
                "Hint: mend that cell, or learn classes with task='classes', --task classes.",
            ),
            (
                [f"t{n:02}" for n in range(21)],
                None,
                "the target a of x.csv has 21 different texts in 21 rows: too many.\n"
                "Hint: name a column of classes or of numbers; the first text here is 't00'.",
            ),
            (
                ["1", "1.0"],
                "numbers",
                "the target a of x.csv is 1 in all rows to learn from.\nHint: name another column, or add rows.",
            ),
        ],
    )
    def test_what_cannot_be_predicted(self, texts, task, words):
        with pytest.raises(ValueError) as caught:
            fitted_target("a", one_column(texts), all_of(texts), task)
        assert str(caught.value) == f"table: {words}"

    def test_classes_are_at_most_a_thousand_and_each_comes_twice_where_there_are_more_than_twenty(self):
        texts = [f"t{n:04}" for n in range(1001)]
        for few in (texts[:20], 2 * texts[:21], 2 * texts[:1000]):
            assert fitted_target("a", one_column(few), all_of(few), None) == Classes("a", tuple(sorted(set(few))))
        for many in (texts[:21], 2 * texts[:21] + ["another"], 2 * texts):
            with pytest.raises(ValueError, match="different texts"):
                fitted_target("a", one_column(many), all_of(many), None)

    def test_whole_numbers_are_classes_where_there_are_twenty_at_most_and_each_comes_five_times(self):
        numbers = list(map(str, range(21)))
        for texts, task in (
            (5 * numbers[:20], "classes"),
            ((5 * numbers[:20])[1:], "numbers"),
            (5 * numbers, "numbers"),
            (5 * ["1", "2.0"], "classes"),
            (5 * ["1", "2.5"], "numbers"),
        ):
            assert fitted_target("a", one_column(texts), all_of(texts), None).task == task
        assert fitted_target("a", one_column(["10", "9"]), all_of("12"), "classes").values == ("9", "10")

    def test_a_class_that_only_the_test_has(self):
        for texts, rows in ((["a", "b", "c"], "1 row, which is"), (["a", "b", "c", "c"], "2 rows, all of which are")):
            with pytest.raises(ValueError) as caught:
                fitted_target("a", one_column(texts), np.array([True, True, False, False][: len(texts)]), None)
            assert str(caught.value) == (
                f"table: the class 'c' of a in x.csv has {rows} for the test, so it cannot be learned.\n"
                "Hint: add rows of it, or remove it."
            )

    def test_a_class_that_was_never_learned(self):
        with pytest.raises(ValueError) as caught:
            Classes("y", ("no", "yes")).encode(["no", "may"], ["line 2", "line 3"])
        assert str(caught.value) == (
            "table: y is 'may' in line 3, which is no class that was learned.\nHint: there are no, yes."
        )


class TestTables:
    @pytest.mark.parametrize(
        ("rows", "target", "words"),
        [
            (["12"], 5, "target must be a string, got 5."),
            (["12"], "q", "{path} has no column 'q' to be predicted.\nHint: there are a, b."),
            (["1" * 11], "q", "{path} has no column 'q' to be predicted.\nHint: there are {ten} and more."),
            (["1" * 10], "q", "{path} has no column 'q' to be predicted.\nHint: there are {ten}."),
            (["12"], "bb", "{path} has no column 'bb' to be predicted.\nHint: did you mean b?"),
            ([["1", ""]], "b", "the target b has no values in {path}.\nHint: name another column."),
            (
                [["1", "2"], ["3", ""], ["4", ""]],
                "b",
                "the target b is missing in 2 of 3 rows of {path}, first in line 3.\n"
                "Hint: fill it in, or leave such rows out with skip_broken=True, --skip-broken.",
            ),
        ],
    )
    def test_a_target_that_is_not_there(self, tmp_path, rows, target, words):
        names = [chr(ord("a") + n) for n in range(len(rows[0]))]
        path = write_table(tmp_path / "x.csv", rows, names)
        with pytest.raises((TypeError, ValueError)) as caught:
            table(path, target)
        expected = words.replace("{path}", str(path)).replace("{ten}", "a, b, c, d, e, f, g, h, i, j")
        assert str(caught.value).splitlines() == f"table: {expected}".splitlines()

    def test_the_part_that_is_empty_is_named(self, tmp_path):
        for fraction, part in ((1e-9, "test"), (1 - 1e-9, "training")):
            path = write_table(tmp_path / "x.csv", [["1", "1"], ["2", "2"]], ["a", "b"])
            with pytest.raises(ValueError) as caught:
                table(path, "b", fraction=fraction)
            assert str(caught.value) == (
                f"table: the {part} part of {path} is empty: the hash that decides for each took none of 2 rows.\n"
                f"Hint: add rows, or take another fraction than {fraction:g}; equal rows stay together."
            )

    def test_a_row_has_as_many_numbers_as_are_taken(self, tmp_path, monkeypatch):
        rows = [[f"t{n % 3}", str(n)] for n in range(60)]
        path = write_table(tmp_path / "x.csv", rows, ["a", "b"])
        monkeypatch.setattr(table_file, "MOST_NUMBERS", 3)
        assert table(path, "b")[2].input_shape == (3,)
        monkeypatch.setattr(table_file, "MOST_NUMBERS", 2)
        with pytest.raises(ValueError) as caught:
            table(path, "b")
        assert str(caught.value) == (
            f"table: a row of {path} would be 3 numbers, more than 2.\nHint: leave out columns with many categories."
        )

    def test_a_column_that_the_net_needs(self):
        preparation = TablePreparation(
            [Number("age", 0.0, 1.0), LeftOut("name", "it has no values")], Classes("y", ("no", "yes"))
        )
        assert preparation({"age": 3}).tolist() == [3]
        with pytest.raises(ValueError) as caught:
            preparation({"town": "Ulm", "name": "Ada"})
        assert str(caught.value) == (
            "table: the row has no column 'age', from which the net has learned.\n"
            "Hint: its columns are town, name; leave a cell empty if its value is missing."
        )

    def test_what_was_seen_is_told(self, tmp_path):
        numbers = [[f"t{n % 3}", str(n % 2), str(n / 7), ""] for n in range(60)]
        path = write_table(tmp_path / "x.csv", numbers, ["town", "y", "size", "nothing"])
        assert table(path, "y")[2].words == [
            "y is predicted as one of 2 classes; --task numbers takes them for numbers",
            "4 inputs from 1 column of numbers and 1 of categories",
            "left out: nothing (it has no values)",
        ]
        assert table(path, "town")[2].words[0] == "town is predicted as one of 3 classes"
        assert repr(table(path, "y")[2]) == "TablePreparation(4 inputs, target='y', classes)"
