"""Folders of pictures that cannot be learned from."""

import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from tests.cli.bad_data.case import Bad
from tests.data.own.drawn import folder_of_pictures


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
    Bad(
        "a class whose name is no text",
        pictures(lambda folder: os.rename(folder / "bar", os.fsencode(folder) + b"/caf\xe9")),
        r"is no text in UTF-8\.\nHint: rename it; it is that of a class",
    ),
    Bad(
        "a folder whose name is no text",
        lambda folder: [folder_of_pictures(Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9")), 8)],
        r"is no text in UTF-8, so no run can note it",
    ),
    Bad("nothing there", lambda folder: [folder / "flowers"], r"there is no file or folder .*flowers\."),
    Bad("a size of 0", pictures(bool, "--size", "0"), r"--size must be at least 1, got 0\."),
    Bad("a huge size", pictures(bool, "--size", "5000"), r"size must be at most 1024, got 5000"),
    Bad(
        "a size too small for the model", pictures(bool, "--size", "8", "--model", "vgg11"), r"at least 32 × 32 pixels"
    ),
    Bad("a model for texts", pictures(bool, "--model", "char_gpt"), r"char_gpt learns from a text\."),
    Bad(
        "a target",
        pictures(bool, "--target", "disc"),
        r"--target is for a table or pairs, but .*shapes is read as pictures",
    ),
    Bad(
        "too few for a test",
        lambda folder: [folder_of_pictures(folder / "few", 1)],
        r"(is empty: the hash|no picture to learn)",
    ),
]
