"""Data of a user's own, and what is kept with a run on them: a folder of pictures, a table, a text, a preparation."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tinynet import data
from tinynet.cli.own_data import write_preparation
from tinynet.data.own.given import as_dataset
from tinynet.models import MODELS
from tinynet.storage import save
from tools.fuzz.kind import Format
from tools.fuzz.mutations import BYTES
from tools.fuzz.runs import CONFIG, command, json_tree

RNG = np.random.default_rng(0)
TOWNS = ("Ulm", "Köln", "Bonn")


def _make_table(folder: Path) -> list[Path]:
    rows = [f'{i},"{TOWNS[i % 3]}, centre",{i % 5},{i * 1.5 if i % 7 else ""},{i * 10}' for i in range(60)]
    (folder / "houses.csv").write_text("\n".join(["id,town,rooms,area,price", *rows]) + "\n", encoding="utf-8")
    return [folder / "houses.csv"]


def _read_table(folder: Path) -> None:
    train, test, preparation = data.table(folder / "houses.csv", target="price")
    assert train.x.shape[1:] == test.x.shape[1:] == preparation.input_shape, "another shape"
    assert np.isfinite(train.x).all(), "numbers that are none"
    assert data.preparation_of(json.loads(json.dumps(preparation.config()))).columns == preparation.columns, "a loss"


def _make_arrays(folder: Path) -> list[Path]:
    x, y = RNG.normal(size=(9, 4)).astype(np.float32), np.arange(9) % 3
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)
    np.savez(folder / "plain.npz", x=x, y=y)
    np.savez_compressed(folder / "packed.npz", x=x, y=y)
    return sorted(folder.iterdir())


def _read_arrays(folder: Path) -> None:
    for given in ((folder / "x.npy", folder / "y.npy"), folder / "plain.npz", folder / "packed.npz"):
        train = as_dataset("Learner", "train", given)
        assert len(train) == len(train[:][0]) == len(train[:][1]), "rows without a truth"


def _make_text(folder: Path) -> list[Path]:
    (folder / "rhyme.txt").write_text("one two, buckle my shöe\n" * 40, encoding="utf-8")
    return [folder / "rhyme.txt"]


def _read_text(folder: Path) -> None:
    train, _, preparation = data.text_file(folder / "rhyme.txt", window=4)
    assert train.codes.max() < len(preparation.vocabulary), "a code without a character"


def _make_folder(folder: Path) -> list[Path]:
    from PIL import Image

    for name, level in (("dark", 30), ("light", 200)):
        (folder / name).mkdir()
        for i in range(12):
            pixels = RNG.integers(level, level + 40, (9, 7), np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{name}{i}.{('png', 'jpg', 'gif')[i % 3]}")
    return sorted(folder.rglob("*.*"))


def _read_folder(folder: Path) -> None:
    train, _, preparation = data.pictures(folder)
    assert train.x.shape[1:] == preparation.input_shape, "another shape"
    assert np.abs(train.x - 0.5).max() <= 0.5, "pixels out of range"


def _make_run(folder: Path) -> list[Path]:
    """A run on a table, whose data are elsewhere: predict needs none."""
    (table,) = _make_table(folder)
    preparation = data.table(table, target="price")[2]
    table.unlink()
    own = {"kind": "table", "target": "price", "task": None, "size": None, "window": None, "skip_broken": False}
    about = {"dataset": "/gone/houses.csv", "own": own, "classes": ["price"]}
    config = CONFIG | about | {"input_shape": list(preparation.input_shape), "test": {"r2_score": 0.5}}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    write_preparation(folder, preparation)
    save(MODELS["mlp"].for_data(preparation.input_shape, 1), folder / "model.safetensors")
    return [folder / "config.json", folder / "preparation.json"]


def _predict_row(folder: Path) -> None:
    words = command("predict", str(folder), "town=Ulm, centre", "rooms=3", "area=")
    assert words.startswith("price "), "no price"


FORMATS = {
    "arrays": Format(_make_arrays, _read_arrays),
    "table": Format(_make_table, _read_table),
    "text": Format(_make_text, _read_text),
    "folder": Format(_make_folder, _read_folder),
    "own_run": Format(_make_run, _predict_row, BYTES + (json_tree,) * 16),
}
