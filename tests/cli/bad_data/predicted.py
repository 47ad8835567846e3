"""What comes once a net is trained, and cannot be used: a new picture, a new row, a new text."""

from collections.abc import Callable
from pathlib import Path

from tests.cli.bad_data.case import Bad
from tests.cli.bad_data.tables import CSV, TOWN, header, put
from tests.data.own.drawn import folder_of_pictures
from tests.data.own.tables import HEADER, rows_of_houses, write_table


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
    Bad(
        "a character that no pair has",
        said("pairs", "3a"),
        r"'3a': the text has 'a', which the net has never read; it knows 10 characters\.\nHint: leave them out",
    ),
    Bad("an empty text to read", said("pairs", " "), r"' ': the text is empty"),
    Bad("too long a text to read", said("pairs", "1" * 7), r"the text has 7 characters, but the net takes 6 at most"),
    Bad(
        "writing with pairs",
        said("pairs", command="write"),
        r"writes what a text becomes, and begins none itself\.\nHint: give it one: tinynet predict .* \"TEXT\"",
    ),
    Bad(
        "pictures for pairs",
        said("pairs", "--on", "digits", command="evaluate"),
        r"digits is not made of the characters",
    ),
    Bad(
        "other pairs for pairs",
        said("pairs", "--on", "dates", command="evaluate"),
        r"dates is not made of the characters",
    ),
    Bad("pairs for a table", said("table", "--on", "dates", command="evaluate"), r"mlp cannot read pairs of texts"),
    Bad(
        "an unknown character in pairs to test on",
        file("3\té\n".encode() * 9, "x.txt", "evaluate", "pairs", "--on"),
        r"line 1 of .*x\.txt has 'é', which the net has never read",
    ),
    Bad(
        "too long a text to test on",
        file(b"3\t1\n33333333\t1\n", "x.txt", "evaluate", "pairs", "--on"),
        r"line 2 of .*x\.txt has a text of 8 characters, but 6 are the most",
    ),
    Bad("a method of pictures", said("pairs", "--method", "pca", command="look"), r"pca is not for pairs of texts"),
]
