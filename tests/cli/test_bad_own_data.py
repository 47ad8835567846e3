"""Bad data of a user's own: each gets one sentence that names what was expected and what came; nothing is written."""

import os
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from tests.cli.without_report import without_report
from tests.data.own.drawn import folder_of_pictures
from tests.data.own.tables import HEADER, rows_of_houses, write_table
from tests.data.own.test_text_file import RHYME
from tinynet.cli import main
from tinynet.data.own.cells import cell_of
from tinynet.data.own.stable_split import in_test
from tinynet.data.own.table_file import _content

ROWS = rows_of_houses(60)
PRICE, TOWN, AREA = HEADER.index("price"), HEADER.index("town"), HEADER.index("area")


class Bad(NamedTuple):
    """Data that cannot be used.

    Attributes:
        name: What is wrong.
        make: Writes them into a folder, and gives the words after `tinynet train`.
        words: What the sentence says.
    """

    name: str
    make: Callable[[Path], list]
    words: str


# Pictures.


def pictures(change: Callable[[Path], object], *words: str) -> Callable[[Path], list]:
    """A folder of good pictures with one thing changed."""

    def make(folder: Path) -> list:
        place = folder_of_pictures(folder / "shapes", 8)
        change(place)
        return [place, *words]

    return make


def bomb(path: Path) -> None:
    """A picture of a few bytes that claims to have 60,000 × 60,000 pixels."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    parts = {b"IHDR": head, b"IDAT": zlib.compress(bytes(1000)), b"IEND": b""}
    chunks = [
        struct.pack(">I", len(part)) + name + part + struct.pack(">I", zlib.crc32(name + part))
        for name, part in parts.items()
    ]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


def emptied(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def one_class_left(folder: Path) -> None:
    emptied(folder / "disc")
    (folder / "disc").rmdir()


def only_in_the_test_part(folder: Path) -> None:
    folder_of_pictures(folder / "train", 3)
    folder_of_pictures(folder / "test", 3)
    (folder / "test" / "bar").rename(folder / "test" / "cube")
    for name in ("bar", "disc"):
        emptied(folder / name)
        (folder / name).rmdir()


def loose(folder: Path) -> None:
    for path in list(folder.rglob("*.png")):
        path.rename(folder / path.name)
    for name in ("bar", "disc"):
        (folder / name).rmdir()


def cut(path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:2000])


def looped(folder: Path) -> None:
    emptied(folder / "bar")
    (folder / "bar" / "again").symlink_to(folder / "bar")


PICTURES = [
    Bad("a folder without folders", pictures(loose), r"expected a folder for each class in .*shapes, but there is no"),
    Bad("an empty folder", lambda folder: [folder], r"expected a folder for each class"),
    Bad("an empty class", pictures(lambda folder: emptied(folder / "disc")), r"the folder .*disc is empty"),
    Bad("a class of links that lead back", pictures(looped), r"the folder .*bar is empty"),
    Bad("one class", pictures(one_class_left), r"expected at least two classes in .*shapes, got one: 'bar'"),
    Bad(
        "classes in the test part only",
        pictures(only_in_the_test_part),
        r"of the class 'cube' in .* there is no",
    ),
    Bad(
        "a file that is no picture",
        pictures(lambda folder: (folder / "bar" / "notes.png").write_text("not a picture")),
        r"1 of 17 files cannot be used: cannot read .*notes\.png: it is none of the kinds that are read",
    ),
    Bad("a picture cut off", pictures(lambda folder: cut(folder / "bar" / "half.png")), r"cannot read .*half\.png: "),
    Bad("an empty file", pictures(lambda folder: (folder / "bar" / "x.jpg").touch()), r"cannot read .*x\.jpg"),
    Bad("a huge picture", pictures(lambda folder: bomb(folder / "bar" / "b.png")), r"b\.png: .*pixels are too many"),
    Bad(
        "only broken ones, left out",
        lambda folder: [
            *pictures(lambda place: [path.write_text("x") for path in place.rglob("*.png")])(folder),
            "--skip-broken",
        ],
        r"no file in .*shapes is a picture that can be read",
    ),
    Bad(
        "a link to nowhere",
        pictures(lambda folder: (folder / "bar" / "gone.png").symlink_to("x")),
        r"no file .*gone\.png",
    ),
    Bad(
        "a single picture",
        lambda folder: [pictures(bool)(folder)[0] / "bar" / "bar.0.0.png"],
        r"got the single picture",
    ),
    Bad("nothing there", lambda folder: [folder / "flowers"], r"there is no file or folder .*flowers\."),
    Bad("a size of 0", pictures(bool, "--size", "0"), r"--size must be at least 1, got 0\."),
    Bad("a huge size", pictures(bool, "--size", "5000"), r"size must be at most 1024, got 5000"),
    Bad(
        "a size too small for the model", pictures(bool, "--size", "8", "--model", "vgg11"), r"at least 32 × 32 pixels"
    ),
    Bad("a model for texts", pictures(bool, "--model", "char_gpt"), r"char_gpt learns from a text\."),
    Bad("a target", pictures(bool, "--target", "disc"), r"--target is for a table, but .*shapes is read as pictures"),
    Bad(
        "too few for a test",
        lambda folder: [folder_of_pictures(folder / "few", 1)],
        r"(is empty: the hash|no picture to learn)",
    ),
]

# Tables.


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
        r"--target is for a table, but .* is read as pictures",
    ),
]

# Texts.


def text(content: bytes, *words: str, name: str = "book.txt") -> Callable[[Path], list]:
    def make(folder: Path) -> list:
        (folder / name).write_bytes(content)
        return [folder / name, *words]

    return make


TEXTS = [
    Bad("an empty text", text(b""), r"book\.txt is empty"),
    Bad(
        "a text shorter than the window",
        text(b"once upon"),
        r"book\.txt has 9 characters, but windows of 64 need 825\.\nHint: take a longer text\.",
    ),
    Bad(
        "a short text",
        text(RHYME.encode() * 5),
        r"book\.txt has 280 characters, but windows of 64 need 825\.\nHint: .*--window 20",
    ),
    Bad("one character", text(b"a" * 5000), r"book\.txt is made of one character only, 'a'"),
    Bad("another encoding", text(("né " * 500).encode("latin-1")), r"book\.txt is not UTF-8 text: byte 1 is 0xe9"),
    Bad("no text", text(bytes(1000)), r"book\.txt is no text: it has zero bytes"),
    Bad("a window of 0", text(RHYME.encode() * 20, "--window", "0"), r"--window must be at least 1, got 0\."),
    Bad(
        "a model for pictures",
        text(RHYME.encode() * 20, "--model", "vgg11"),
        r"vgg11 cannot read a text\.\nHint: take --model char_gpt or char_lstm",
    ),
    Bad(
        "an unknown kind of file",
        text(b"x" * 500, name="data.bin"),
        r"expected a folder of pictures, a table \(\.csv\) or a text \(\.txt\), got",
    ),
    Bad(
        "a target",
        lambda folder: [*text(RHYME.encode() * 20)(folder), "--size", "3"],
        r"--size is for pictures, but .*book\.txt is read as a text",
    ),
]


def files_in(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()}


@pytest.mark.parametrize("bad", [*PICTURES, *TABLES, *TEXTS], ids=lambda bad: bad.name)
def test_bad_data_get_one_sentence_and_nothing_is_written(tinynet, tmp_path, monkeypatch, bad):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    data = tmp_path / "data"
    data.mkdir()
    words = bad.make(data)
    before = files_in(tmp_path)
    result = tinynet("train", *words, "--epochs", 1)
    assert re.search(bad.words, result.err), result.err
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("tinynet: ")
    assert len(result.err.splitlines()) <= 2
    assert "Traceback" not in result.err
    assert files_in(tmp_path) == before
    assert list(here.iterdir()) == []


def test_there_are_many_cases():
    cases = [*PICTURES, *TABLES, *TEXTS, *PREDICTED]
    assert len({bad.name for bad in cases}) >= 80


def test_what_may_not_be_read_is_said(tinynet, tmp_path, monkeypatch):
    folder = folder_of_pictures(tmp_path / "shapes", 8)
    listed = Path.iterdir

    def refuse(path: Path) -> object:
        if path.name == "disc":
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    result = tinynet("train", folder)
    assert result.status == 2
    assert (
        result.err
        == f"tinynet: pictures: there is no permission to read {folder / 'disc'}.\nHint: change its permissions.\n"
    )


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_files_that_may_not_be_read_are_said(tinynet, tmp_path):
    path = write_table(tmp_path / "houses.csv", ROWS)
    path.chmod(0)
    assert "there is no permission to read" in tinynet("train", path, "--target", "price").err


# What comes once a net is trained: a new picture, a new row, a new text.


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A run on each kind of data; how well they do is of no concern here."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "rhyme.txt").write_text(RHYME * 10, encoding="utf-8")
    words = {
        "pictures": [folder_of_pictures(folder / "shapes", 10), "--size", "8", "--model", "mlp"],
        "table": [write_table(folder / "houses.csv", ROWS), "--target", "kind"],
        "text": [folder / "rhyme.txt", "--window", "8", "--model", "char_lstm"],
    }
    for name, some in words.items():
        with without_report(), pytest.raises(SystemExit) as ended:
            main(["train", *map(str, some), "--epochs", "1", "--out", str(folder / name)])
        assert not ended.value.code
    return {name: folder / name for name in words}


def said(kind: str, *words: object, command: str = "predict") -> Callable[[Path], list]:
    """Words after the run of a kind."""
    return lambda folder: [command, kind, *words]


def new_table(
    change: Callable[[list], object] = bool, header: list = HEADER, command: str = "predict", option: str | None = None
) -> Callable[[Path], list]:
    def make(folder: Path) -> list:
        rows = rows_of_houses(3, seed=4)
        change(rows)
        path = write_table(folder / "new.csv", rows, header)
        return [command, "table", *([option] if option else []), path]

    return make


def new_folder(change: Callable[[Path], object]) -> Callable[[Path], list]:
    def make(folder: Path) -> list:
        place = folder_of_pictures(folder / "new", 2, seed=3)
        change(place)
        return ["evaluate", "pictures", "--on", place]

    return make


def file(content: bytes, name: str, *words: str) -> Callable[[Path], list]:
    def make(folder: Path) -> list:
        (folder / name).write_bytes(content)
        return [*words, folder / name]

    return make


ROW = ["town=Ulm", "rooms=3", "area=66.5", "price=200000"]
PREDICTED = [
    Bad(
        "a picture that is none",
        file(b"x", "x.png", "predict", "pictures"),
        r"cannot read .*x\.png: it is none of the kinds",
    ),
    Bad("no such picture", said("pictures", "gone.png"), r"there is no file gone\.png"),
    Bad(
        "a table for pictures",
        file(CSV, "x.csv", "predict", "pictures"),
        r"cannot read .*x\.csv: it is none of the kinds",
    ),
    Bad(
        "a class that was not learned",
        new_folder(lambda place: (place / "bar").rename(place / "cube")),
        r"there is a class 'cube' in .*, which the net does not know\.\nHint: it knows bar, disc",
    ),
    Bad(
        "a folder to test on without classes",
        lambda folder: ["evaluate", "pictures", "--on", folder],
        r"expected a folder for each class",
    ),
    Bad(
        "nothing to test on",
        said("pictures", "--on", "gone/away", command="evaluate"),
        r"there is no file or folder gone/away",
    ),
    Bad(
        "an unknown category",
        said("table", "town=Rom", *ROW[1:]),
        r"town is 'Rom' in the row, which was in no row that was learned from\.\nHint: it knows 'Bonn'",
    ),
    Bad(
        "a missing column",
        said("table", *ROW[:-1]),
        r"the row has no column 'price', from which the net has learned\.\nHint: its columns are town, rooms, area;",
    ),
    Bad(
        "a word for a number",
        said("table", *ROW[:-1], "price=cheap"),
        r"price must be a number, got 'cheap' in the row",
    ),
    Bad("an infinite number to predict", said("table", *ROW[:-1], "price=inf"), r"price is infinite in the row: 'inf'"),
    Bad("a column twice", said("table", *ROW, "town=Ulm"), r"the column 'town' is given twice"),
    Bad(
        "a file and a row",
        lambda folder: [*new_table()(folder), "town=Ulm"],
        r"CSV files or the values of one row, got both",
    ),
    Bad("no such table", said("table", "gone.csv"), r"there is no file gone\.csv"),
    Bad("an empty table", file(b"", "x.csv", "predict", "table"), r"x\.csv is empty"),
    Bad(
        "a table with a header alone",
        file(b"town,rooms\n", "x.csv", "predict", "table"),
        r"x\.csv has a header, but no rows below it",
    ),
    Bad(
        "a table without a column",
        new_table(header=header((TOWN, "city"))),
        r"new\.csv has no column 'town', from which the net has learned",
    ),
    Bad(
        "a category unknown in one row",
        new_table(put(1, TOWN, "Rom")),
        r"town is 'Rom' in line 3 of .*new\.csv, which was in no row",
    ),
    Bad(
        "a ragged row", new_table(lambda rows: rows[1].pop()), r"line 3 of .*new\.csv has 8 cells, but the header has 9"
    ),
    Bad(
        "a picture for a table",
        file(b"\x89PNG\r\n\x1a\n" + bytes(50), "x.png", "predict", "table"),
        r"x\.png is (not UTF-8 text|no text)",
    ),
    Bad(
        "a table to test on without a target",
        new_table(header=header((8, "sort")), command="evaluate", option="--on"),
        r"new\.csv has no column 'kind' to be predicted",
    ),
    Bad(
        "a class to test on that was not learned",
        new_table(put(1, 8, "free"), command="evaluate", option="--on"),
        r"kind is 'free' in line 3 of .*, which is no class that was learned\.\nHint: there are cheap, dear",
    ),
    Bad(
        "an unknown character",
        said("text", "ONE"),
        r"the text has 'E', 'N', 'O', which the net has never read; it knows 22 characters",
    ),
    Bad("an empty text to go on with", said("text", ""), r"the text is empty"),
    Bad(
        "a start with an unknown character",
        said("text", "--start", "é", command="write"),
        r"the text has 'é', which the net has never read",
    ),
    Bad(
        "a negative temperature",
        said("text", "--temperature", "-1", command="write"),
        r"--temperature must be at least 0, got -1\.",
    ),
    Bad("nothing to write", said("text", "--length", "0", command="write"), r"--length must be at least 1, got 0\."),
    Bad("none to draw from", said("text", "--top-k", "0", command="write"), r"--top-k must be at least 1, got 0\."),
    Bad(
        "writing with a table",
        said("table", command="write"),
        r"has learned from no text, so it cannot write\.\nHint: train one: tinynet train TEXT\.txt",
    ),
    Bad(
        "an unknown character to test on",
        file("ünter".encode() * 9, "x.txt", "evaluate", "text", "--on"),
        r"x\.txt has 'ü', which the net has never read",
    ),
    Bad(
        "too short to test on",
        file(b"one", "x.txt", "evaluate", "text", "--on"),
        r"x.txt has 3 characters, but windows of 8 need more",
    ),
]


@pytest.mark.parametrize("bad", PREDICTED, ids=lambda bad: bad.name)
def test_what_cannot_be_predicted_gets_one_sentence(runs, tinynet, tmp_path, bad):
    command, kind, *words = bad.make(tmp_path)
    result = tinynet(command, runs[kind], *words)
    assert re.search(bad.words, result.err), result.err
    assert result.status == 2
    assert result.err.startswith("tinynet: ")
    assert len(result.err.splitlines()) <= 2
    assert "Traceback" not in result.err
