"""Texts that cannot be learned from."""

from collections.abc import Callable
from pathlib import Path

from tests.cli.bad_data.case import Bad
from tests.data.own.test_text_file import RHYME


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
