"""tinynet.data.table: a CSV file, or a frame, whose columns predict one."""

import json

import numpy as np
import pytest

from tests.data.own.tables import HEADER, rows_of_houses, write_table
from tinynet.data import preparation_of, table
from tinynet.data.own.columns import Category, LeftOut, Number
from tinynet.data.own.targets import Classes, Numbers


@pytest.fixture(scope="module")
def houses(tmp_path_factory):
    return write_table(tmp_path_factory.mktemp("own") / "houses.csv", rows_of_houses())


def test_every_column_gets_its_preparation(houses):
    train, test, preparation = table(houses, target="price")
    found = {column.name: column for column in preparation.columns}
    assert found["id"] == LeftOut("id", "it numbers the rows")
    assert isinstance(found["name"], LeftOut)
    assert found["name"].why.endswith("different texts")
    assert found["town"] == Category("town", ("", "Bonn", "Köln", "Ulm"))
    assert isinstance(found["rooms"], Number)
    assert not found["rooms"].has_gaps
    assert found["area"].has_gaps
    assert found["currency"] == LeftOut("currency", "it is always 'EUR'")
    assert found["nothing"] == LeftOut("nothing", "it has no values")
    assert preparation.input_shape == (4 + 1 + 2 + 2,)
    assert (train.x.dtype, train.y.dtype, train.y.shape) == (np.float32, np.float32, (len(train), 1))
    assert len(train) + len(test) == 300
    assert preparation.words[0] == "price is predicted as a number; --task classes takes its values for classes"
    assert "9 inputs from 2 columns of numbers and 2 of categories" in preparation.words


def test_statistics_are_those_of_the_training_part_alone(houses):
    train, test, preparation = table(houses, target="price")
    assert np.abs(train.y.mean()) < 1e-5
    assert np.abs(train.y.std() - 1) < 1e-5
    assert np.abs(train.x[:, 4].mean()) < 1e-5  # rooms
    assert np.abs(train.x[:, 4].std() - 1) < 1e-5
    assert np.abs(test.x[:, 4].mean()) > 1e-3
    assert isinstance(preparation.target, Numbers)
    prices = [preparation.target.number(y) for y in train.y[:, 0]]
    assert 5_000 < min(prices) < max(prices) < 700_000


def test_gaps_get_the_mean_and_are_told(houses):
    train, _, preparation = table(houses, target="price")
    area, gap = train.x[:, 5], train.x[:, 6]
    assert set(gap) == {0, 1}
    assert np.all(area[gap == 1] == 0)
    assert np.abs(area[gap == 0].mean()) < 1e-5
    x = preparation({"town": None, "rooms": float("nan"), "area": "", "kind": "dear", "more": 1})
    assert x.tolist() == [1, 0, 0, 0, 0, 0, 1, 0, 1]


@pytest.mark.parametrize(
    ("target", "task", "kind"),
    [("kind", None, Classes), ("price", None, Numbers), ("rooms", None, Classes), ("rooms", "numbers", Numbers)],
)
def test_what_is_predicted_is_seen_from_the_column_or_told(houses, target, task, kind):
    train, _, preparation = table(houses, target=target, task=task)
    assert isinstance(preparation.target, kind)
    if kind is Classes:
        assert train.classes == preparation.classes == (("cheap", "dear") if target == "kind" else tuple("1234567"))
        assert train.y.dtype == np.int64


def test_a_row_stays_in_its_part_when_others_come(houses, tmp_path):
    _, before, _ = table(houses, target="kind")
    rows = rows_of_houses()
    more = write_table(tmp_path / "more.csv", [*rows_of_houses(50, seed=1), *rows[::-1]])
    preparation = table(houses, target="kind")[2]
    _, after = preparation.parts(more)
    assert {x.tobytes() for x in before.x} <= {x.tobytes() for x in after.x}
    assert len(after) > len(before)


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_the_separator_is_seen_from_the_file(houses, tmp_path, separator):
    other = write_table(tmp_path / "other.csv", rows_of_houses(), separator=separator)
    assert np.array_equal(table(houses, target="price")[0].x, table(other, target="price")[0].x)


def test_decimal_commas_are_read_where_the_separator_is_another(houses, tmp_path):
    rows = [
        [cell.replace(".", ",") if place == 4 else cell for place, cell in enumerate(row)] for row in rows_of_houses()
    ]
    other = write_table(tmp_path / "german.csv", rows, separator=";")
    train, _, preparation = table(other, target="price")
    assert {column.name: column for column in preparation.columns}["area"].has_commas
    assert np.abs(train.x[:, 5].mean()) < 1e-5
    assert preparation({"town": "Ulm", "rooms": 1, "area": "22,5", "kind": "dear"})[5] < 0
    train, _, preparation = table(other, target="area", skip_broken=True)
    assert preparation.target.has_commas


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_at_the_beginning_and_line_ends_of_windows_do_no_harm(houses, tmp_path, encoding):
    other = tmp_path / "other.csv"
    other.write_bytes(houses.read_text(encoding="utf-8").replace("\n", "\r\n").encode(encoding))
    assert np.array_equal(table(houses, target="price")[0].x, table(other, target="price")[0].x)


def test_a_preparation_goes_through_json_and_does_the_same(houses):
    for target in ("price", "kind"):
        train, test, preparation = table(houses, target=target)
        again = preparation_of(json.loads(json.dumps(preparation.config())))
        assert repr(again) == repr(preparation)
        assert again.columns == preparation.columns
        for before, after in zip((train, test), again.parts(houses), strict=True):
            assert np.array_equal(before.x, after.x)
            assert np.array_equal(before.y, after.y)
            assert before.source == after.source
        assert len(again.dataset(houses)) == 300


class Frame:
    """What a frame of pandas has of what is used."""

    def __init__(self, columns):
        self.of = columns
        self.columns = list(columns)

    def __getitem__(self, name):
        return self.of[name]


def test_a_frame_is_a_table_too(houses):
    columns = list(zip(*rows_of_houses(), strict=True))
    values = {name: list(column) for name, column in zip(HEADER, columns, strict=True)}
    values["area"] = [float("nan") if value == "NA" else float(value) for value in values["area"]]
    values["town"] = [value or None for value in values["town"]]
    values["rooms"] = list(map(int, values["rooms"]))
    train, _, preparation = table(Frame(values), target="price")
    assert np.array_equal(train.x, table(houses, target="price")[0].x)
    assert preparation({"town": "Ulm", "rooms": 2, "area": 44.5, "kind": "dear"})[4] < 0


def test_skipping_leaves_out_rows_without_a_target_and_ragged_ones(houses, tmp_path):
    rows = rows_of_houses()
    rows[5][7] = "NA"
    rows[6] = rows[6][:-1]
    broken = write_table(tmp_path / "broken.csv", rows)
    train, test, _ = table(broken, target="price", skip_broken=True)
    assert len(train) + len(test) == 298


def test_a_category_that_only_the_test_part_has_counts_as_none(houses):
    preparation = table(houses, target="kind")[2]
    rows = rows_of_houses(40, seed=5)
    rows[0][2] = "Rom"
    with pytest.raises(ValueError, match=r"town is 'Rom' in the row, which was in no row that was learned from\."):
        preparation(dict(zip(HEADER, rows[0], strict=True)))


def test_whole_numbers_with_a_point_are_classes_too(tmp_path):
    rows = [[str(i), f"{i % 2}.0"] for i in range(100)]
    assert table(write_table(tmp_path / "pandas.csv", rows, ["x", "y"]), target="y")[2].classes == ("0.0", "1.0")


def test_numbers_too_large_to_be_squared_are_standardised(tmp_path):
    rows = [[str(i * 1e300), str(i % 2)] for i in range(100)]
    train, _, _ = table(write_table(tmp_path / "large.csv", rows, ["x", "y"]), target="y")
    assert np.abs(train.x.std() - 1) < 1e-5


def test_a_number_beyond_what_was_learned_from_is_named_with_its_line(houses):
    preparation = table(houses, target="price")[2]
    row = dict(zip(HEADER, rows_of_houses(1, seed=5)[0], strict=True)) | {"area": "-1e300"}
    with pytest.raises(
        ValueError, match=r"area is '-1e300' in the row, too far from what was learned from\.\nHint: the mean"
    ):
        preparation(row)


def test_a_target_of_enormous_numbers_is_standardised_too(tmp_path):
    rows = [[str(i), str(i * 1e305)] for i in range(100)]
    train, _, preparation = table(write_table(tmp_path / "large.csv", rows, ["x", "y"]), target="y")
    assert np.abs(train.y.std() - 1) < 1e-5
    assert np.abs(preparation.target.number(1.0) / 1e305 - 50) < 40
