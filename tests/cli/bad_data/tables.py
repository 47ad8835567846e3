"""Tables that cannot be learned from."""

from collections.abc import Callable
from pathlib import Path

from tests.cli.bad_data.case import Bad
from tests.data.own.tables import HEADER, rows_of_houses, write_table
from tinynet.data.own.cells import cell_of
from tinynet.data.own.stable_split import in_test
from tinynet.data.own.table_file import _content

ROWS = rows_of_houses(60)
PRICE, TOWN, AREA = HEADER.index("price"), HEADER.index("town"), HEADER.index("area")


def table(
    change: Callable[[list], object] = bool,
    target: str | None = "price",
    header: list = HEADER,
    separator: str = ",",
) -> Callable[[Path], list]:
    """A good table with one thing changed."""

    def make(folder: Path) -> list:
        rows = [list(row) for row in ROWS]
        changed = change(rows)
        path = write_table(folder / "houses.csv", changed if isinstance(changed, list) else rows, header, separator)
        return [path] if target is None else [path, "--target", target]

    return make


def bytes_of(content: bytes, *words: str) -> Callable[[Path], list]:
    """A file of these bytes."""

    def make(folder: Path) -> list:
        (folder / "houses.csv").write_bytes(content)
        return [folder / "houses.csv", *(words or ("--target", "price"))]

    return make


def each(column: int, value: Callable[[int], str]) -> Callable[[list], object]:
    """Put a value into a column of each row."""

    def change(rows: list) -> None:
        for number, row in enumerate(rows):
            row[column] = value(number)

    return change


def put(row: int, column: int, value: str) -> Callable[[list], object]:
    """Put a value into a cell."""
    return lambda rows: rows[row].__setitem__(column, value)


def header(*changes: tuple[int, str]) -> list:
    names = list(HEADER)
    for place, name in changes:
        names[place] = name
    return names


def always_the_same(rows: list) -> list:
    """Rows of a column that is constant, and a target."""
    return [["a", str(number)] for number in range(len(rows))]


def a_class_for_the_test(rows: list) -> None:
    """One row that is for the test has a class of its own."""
    for row in rows:
        before, row[-1] = row[-1], "odd"
        if in_test(_content([cell_of(cell) for cell in row])):
            return
        row[-1] = before


CSV = ("town,rooms,price\n" + "".join(f"Ulm,{i % 5},{i * 1000}\n" for i in range(40))).encode()

TABLES = [
    Bad("an empty file", bytes_of(b""), r"houses\.csv is empty\."),
    Bad("a header alone", table(lambda rows: rows.clear() or []), r"houses\.csv has a header, but no rows below it"),
    Bad("blank lines alone", bytes_of(b"\n\n\n"), r"houses\.csv has no column"),
    Bad(
        "no target named",
        table(target=None),
        r"which column of .*houses\.csv is to be predicted\.\nHint: .*id, name, town",
    ),
    Bad("a target that is not there", table(target="pryce"), r"has no column 'pryce' .*\nHint: did you mean price\?"),
    Bad("a duplicated header", table(header=header((3, "town"))), r"houses\.csv has two columns called 'town'"),
    Bad("a header without a name", table(header=header((3, " "))), r"column 4 of .*houses\.csv has no name"),
    Bad(
        "no header",
        bytes_of(b"1,2,3\n" * 30),
        r"the first row of .*houses\.csv must name the columns, but it holds num",
    ),
    Bad(
        "another separator",
        table(separator=":"),
        r"has only one column, 'id:name:town.*\nHint: .*comma, semicolon, tab",
    ),
    Bad(
        "a row too short",
        table(lambda rows: rows[4].pop()),
        r"line 6 of .*houses\.csv has 8 cells, but the header has 9",
    ),
    Bad("a row too long", table(lambda rows: rows[4].append("x")), r"line 6 of .* has 10 cells, but the header has 9"),
    Bad(
        "quotes left open",
        bytes_of(CSV.replace(b"Ulm,3", b'"Ulm,3', 1)),
        r"from line 5 on: its quotes are never closed",
    ),
    Bad("a quote inside a cell", bytes_of(CSV.replace(b"Ulm,3", b'"U"lm,3', 1)), r"cannot be read from line 5 on: "),
    Bad(
        "a cell without end",
        bytes_of(CSV.replace(b"Ulm,3", b"U" * 200_000 + b",3", 1)),
        r"cannot be read from line 5 on",
    ),
    Bad(
        "Latin-1",
        bytes_of(CSV.replace(b"Ulm", b"K\xf6ln")),
        r"houses\.csv is not UTF-8 text: byte 18 is 0xf6\.\nHint: convert",
    ),
    Bad("a sheet of Excel", bytes_of(b"PK\3\4" + bytes(200)), r"houses\.csv is no text: it has zero bytes"),
    Bad("UTF-16 cut off", bytes_of(CSV.decode().encode("utf-16")[:-1]), r"houses\.csv is not UTF-8 text"),
    Bad(
        "100,000 columns",
        bytes_of(b",".join(b"c%d" % i for i in range(100_000)) + b"\n"),
        r"has 100,000 columns, more than",
    ),
    Bad("a target without values", table(target="nothing"), r"the target nothing has no values in"),
    Bad("a target that is constant", table(target="currency"), r"the target currency of .* is always 'EUR'"),
    Bad(
        "a target with gaps",
        table(put(7, PRICE, "NA")),
        r"the target price is missing in 1 of 60 rows of .*, first in line 9",
    ),
    Bad(
        "a target of free text",
        table(target="name"),
        r"the target name of .* has 60 different texts in 60 rows: too many",
    ),
    Bad("an infinite target", table(put(7, PRICE, "-inf")), r"price is infinite in line 9 of .*: '-inf'\."),
    Bad("a target too large", table(put(7, PRICE, "1e400")), r"price is infinite in line 9 of .*: '1e400'\."),
    Bad("a class in the test part only", table(a_class_for_the_test, "kind"), r"the class 'odd' of kind in .* 1 row"),
    Bad("an infinite number", table(put(7, AREA, "inf")), r"area is infinite in line 9 of .*: 'inf'\."),
    Bad(
        "a word among numbers",
        table(put(7, AREA, "large")),
        r"area holds numbers, but not in 1 of 53 cells: 'large' in line 9",
    ),
    Bad(
        "words for numbers",
        lambda folder: [*table(target="town")(folder), "--task", "numbers", "--skip-broken"],
        r"the target town must be a number in each row, got 'Bonn' in line",
    ),
    Bad(
        "nothing that tells",
        table(always_the_same, "y", ["same", "y"]),
        r"no column of .*houses\.csv tells anything about y: same: it is always 'a'",
    ),
    Bad(
        "one row",
        table(lambda rows: rows[:1]),
        r"the test part of .* is empty: the hash that decides for each took none of 1 rows",
    ),
    Bad("two rows", table(lambda rows: rows[:2]), r"is empty: the hash"),
    Bad(
        "equal rows",
        table(lambda rows: [rows[0], rows[1]] * 30, "kind"),
        r"the (test|training) part of .* is empty.*\nHint: .*equal rows stay together",
    ),
    Bad(
        "no such task",
        lambda folder: [*table()(folder), "--task", "ranking"],
        r"--task must be one of 'classes', 'numbers'",
    ),
    Bad(
        "a model for pictures",
        lambda folder: [*table()(folder), "--model", "vgg11"],
        r"input_shape must be \(channels,",
    ),
    Bad(
        "a size",
        lambda folder: [*table()(folder), "--size", "8"],
        r"--size is for pictures, but .*houses\.csv is read as a table",
    ),
    Bad(
        "a folder that ends in .csv",
        lambda folder: [(folder / "x.csv").mkdir() or folder / "x.csv", "--target", "y"],
        r"--target is for a table or pairs, but .* is read as pictures",
    ),
]
