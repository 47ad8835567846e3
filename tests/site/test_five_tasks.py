"""Five things that a reader does with the site and `--help` alone, in a fresh folder, command by command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw


@pytest.fixture
def tinynet(tmp_path: Path):
    """Run a command in the fresh folder, and return what it printed."""

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "tinynet", *arguments]
        surroundings = os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "120", "NO_COLOR": "1"}
        done = subprocess.run(command, cwd=tmp_path, env=surroundings, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def draw(shape: str, path: Path, rng: np.random.Generator) -> None:
    """A black circle or square on white paper, somewhere, of some size, in a picture of some size and mode."""
    width, height = (int(side) for side in rng.integers(30, 50, 2))
    left, top, size = (int(number) for number in rng.integers([2, 2, 14], [10, 10, 20]))
    picture = Image.new("RGB", (width, height), "white")
    getattr(ImageDraw.Draw(picture), shape)([left, top, left + size, top + size], fill="black")
    picture.convert(str(rng.choice(["RGB", "L", "P", "RGBA"]))).save(path)


def test_pictures(tmp_path: Path, tinynet) -> None:
    """Train on a folder of pictures that a script has made, and classify new ones."""
    rng = np.random.default_rng(0)
    for shape in ("ellipse", "rectangle"):
        (tmp_path / "shapes" / shape).mkdir(parents=True)
        for number in range(80):
            draw(shape, tmp_path / "shapes" / shape / f"{number}.png", rng)
        for number in range(3):
            draw(shape, tmp_path / f"new_{shape}_{number}.png", rng)
    tinynet("train", "shapes", "--size", "16", "--epochs", "25", "--out", "runs/shapes")
    names = sorted(path.name for path in tmp_path.glob("new_*.png"))
    said = tinynet("predict", "runs/shapes", *names)
    right = sum(f"{name}: {name.split('_')[1]}" in said for name in names)
    assert right >= 5, said


def test_table(tmp_path: Path, tinynet) -> None:
    """Train on a table with categories, gaps and a column of free text, and ask about a new row."""
    rng = np.random.default_rng(0)
    rows = ["weight,colour,notes,fruit"]
    for _ in range(300):
        fruit = rng.choice(["apple", "melon"])
        weight = rng.normal(180, 20) if fruit == "apple" else rng.normal(900, 100)
        colour = rng.choice(["red", "green"]) if fruit == "apple" else "green"
        gap = rng.random() < 0.1
        rows.append(f'{"" if gap else round(weight)},{colour},"seen on day {rng.integers(1e6)}, by me",{fruit}')
    (tmp_path / "fruit.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    printed = tinynet("train", "fruit.csv", "--target", "fruit", "--epochs", "10", "--out", "runs/fruit")
    assert "notes" in printed, "a column that is left out is named"
    assert "melon" in tinynet("predict", "runs/fruit", "weight=950", "colour=green", "notes=?")
    assert "apple" in tinynet("predict", "runs/fruit", "weight=170", "colour=red", "notes=?")


def test_text(tmp_path: Path, tinynet) -> None:
    """Train a GPT on a text of 30 kB, and let it write."""
    rng = np.random.default_rng(0)
    words = ["the cat", "a dog", "my bird", "sat", "ran", "sang", "on the mat", "in the sun", "all day"]
    text = "".join(f"{rng.choice(words[:3])} {rng.choice(words[3:6])} {rng.choice(words[6:])}. " for _ in range(1400))
    (tmp_path / "story.txt").write_text(text[:30_000], encoding="utf-8")
    tinynet("train", "story.txt", "--model", "char_gpt", "--epochs", "2", "--window", "32", "--out", "runs/story")
    written = tinynet("write", "runs/story", "--start", "the cat ", "--length", "120", "--temperature", "0.3")
    assert "the cat " in written
    assert sum(word in written for word in ("sat", "ran", "sang", "mat", "sun", "day")) >= 2, written


NET = """
import numpy as np

from tinynet import Parameter
from tinynet.layers import Flatten, Layer, Linear, ReLU
from tinynet.net import Net


class Scale(Layer):
    def __init__(self, features: int) -> None:
        self.weight = Parameter(np.ones(features))

    def forward(self, x):
        self.remember(x=x)
        return x * self.weight.tensor

    def backward(self, dy):
        (x,) = self.recall()
        self.weight.accumulate((dy * x).sum(axis=0))
        return dy * self.weight.tensor


def my_net():
    return Net([Flatten(), Scale(64), Linear(64, 32), ReLU(), Linear(32, 10)])
"""


def test_a_net_of_ones_own(tmp_path: Path, tinynet) -> None:
    """Train a net from a file, with a layer of its own in it; save it, load it, and let it read a digit."""
    (tmp_path / "my_net.py").write_text(NET, encoding="utf-8")
    tinynet("train", "digits", "--net", "my_net.py", "--epochs", "8", "--out", "runs/mine")
    picture = Image.new("L", (40, 40), 0)
    ImageDraw.Draw(picture).line([20, 4, 20, 36], fill=255, width=6)
    picture.save(tmp_path / "one.png")
    assert "one.png: 1" in tinynet("predict", "runs/mine", "one.png", "--net", "my_net.py")
    assert "Scale" in tinynet("card", "runs/mine")


def test_a_run_that_fails(tinynet) -> None:
    """Find out why a run learns nothing."""
    tinynet("train", "digits", "--optimizer", "sgd", "--lr", "20", "--epochs", "2", "--out", "runs/wild")
    said = tinynet("doctor", "runs/wild")
    assert "rate" in said
    assert "fix:" in said
