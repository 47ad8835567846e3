"""Pairs of texts that cannot be learned from."""

from collections.abc import Callable
from pathlib import Path

from tests.cli.bad_data.case import Bad

PAIRS_OF_NUMBERS = [(f"{number}", f"{number:b}") for number in range(40)]
LINES = [f"{read}\t{written}" for read, written in PAIRS_OF_NUMBERS]
TABLE = "number,binary\n" + "".join(f"{read},{written}\n" for read, written in PAIRS_OF_NUMBERS)


def pairs(content: str | bytes, *words: str, name: str = "pairs.txt", model: str = "seq2seq") -> Callable[[Path], list]:
    def make(folder: Path) -> list:
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return [folder / name, "--model", model, *words]

    return make


def with_line(line: str, *words: str, model: str = "seq2seq") -> Callable[[Path], list]:
    """Pairs of which the third is another."""
    return pairs("\n".join([*LINES[:2], line, *LINES[3:]]), *words, model=model)


BAD_PAIRS = [
    Bad("an empty file of pairs", pairs(b""), r"pairs\.txt is empty"),
    Bad("lines without anything", pairs(b"\n \n\n"), r"there is no pair in .*pairs\.txt\.\nHint: write a pair a line"),
    Bad("a line without a tab", with_line("12 1100"), r"line 3 of .*pairs\.txt has no tab, which parts what is read"),
    Bad(
        "three columns", with_line("2\t10\tCC-BY"), r"line 3 of .*pairs\.txt has 3 texts with tabs between, but a pair"
    ),
    Bad("nothing to read", with_line("\t10"), r"line 3 of .*pairs\.txt has nothing to be read\.\nHint: fill it in"),
    Bad("nothing to be written", with_line("2\t "), r"line 3 of .*pairs\.txt has nothing to be written"),
    Bad("one pair only", pairs("2\t10\n"), r"has 1 pair: the hash .* leaves . to learn from and . for the test, but"),
    Bad(
        "the same pair again",
        pairs("2\t10\n" * 50),
        r"has 50 pairs: the hash .* leaves .* for the test, but there must",
    ),
    Bad(
        "a text longer than max_length",
        with_line("2\t" + "10" * 20, model="seq2seq:max_length=12"),
        r"line 3 of .*pairs\.txt has a text of 40 characters, but 11 are the most where max_length is 12\.\n"
        r"Hint: shorten it, or begin a run with --model seq2seq:max_length=41",
    ),
    Bad("a text of a page", with_line("x" * 300 + "\ty"), r"has a text of 300 characters, but 255 are the most"),
    Bad(
        "all texts longer than max_length",
        pairs("\n".join(LINES), "--skip-broken", model="seq2seq:max_length=2"),
        r"leaves 2 to learn from|all texts of",
    ),
    Bad("a max_length of 1", pairs("\n".join(LINES), model="seq2seq:max_length=1"), r"max_length must be at least 2"),
    Bad("pairs in another encoding", pairs("né\té\n".encode("latin-1") * 9), r"is not UTF-8 text: byte 1 is 0xe9"),
    Bad("a sheet of a spreadsheet", pairs(b"PK\3\4\0\0\0\0" * 9, name="pairs.xlsx"), r"is no text: it has zero bytes"),
    Bad("no such pairs", lambda folder: [folder / "gone.txt", "--model", "seq2seq"], r"there is no file or folder"),
    Bad("a folder for pairs", lambda folder: [_shapes(folder), "--model", "seq2seq"], r"seq2seq learns from pairs"),
    Bad(
        "a table of pairs without a target",
        pairs(TABLE, name="pairs.csv"),
        r"it is not said which column of .*pairs\.csv is to be written\.\nHint: add --target COLUMN; .* number, binary",
    ),
    Bad(
        "a target that is no column",
        pairs(TABLE, "--target", "octal", name="pairs.csv"),
        r"pairs\.csv has no column 'octal' to be written\.\nHint: there are number, binary",
    ),
    Bad(
        "a table with a column more",
        pairs("a,b,c\n1,2,3\n4,5,6\n", "--target", "b", name="pairs.csv"),
        r"has 2 columns beside b, but one text is read: a, c",
    ),
    Bad(
        "a gap in a table of pairs",
        pairs(TABLE.replace("7,111", "7,"), "--target", "binary", name="pairs.csv"),
        r"line 9 of .*pairs\.csv has nothing to be written",
    ),
    Bad(
        "a window for pairs", pairs("\n".join(LINES), "--window", "8"), r"--window is for a text, but .* read as pairs"
    ),
    Bad("pictures of pairs", pairs("\n".join(LINES), "--augment", "flip"), r"--augment is for pictures"),
    Bad(
        "heads that do not fit",
        pairs("\n".join(LINES), model="seq2seq:num_heads=5"),
        r"num_heads=5 does not divide embed_dim=64",
    ),
]


def _shapes(folder: Path) -> Path:
    from tests.data.own.drawn import folder_of_pictures

    return folder_of_pictures(folder / "shapes", 8)
