"""Every example from 01 to 09 runs, at small size and without the network, and prints numbers that make sense."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
FIRST = sorted([*EXAMPLES.glob("0*.py"), *EXAMPLES.glob("18*.py")])


def run(name: str, *words: object) -> str:
    (path,) = EXAMPLES.glob(f"{name}_*.py")
    environment = {name: value for name, value in os.environ.items() if name != "TINYNET_DATA"}
    command = [sys.executable, str(path), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout


def number(pattern: str, text: str) -> float:
    found = re.search(pattern.replace("#", r"(-?\d+(?:\.\d+)?(?:e[-+]\d+)?)"), text)
    assert found, f"{pattern} is not in:\n{text}"
    return float(found.group(1))


def pictures(folder: Path) -> list[str]:
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in folder.glob("*.png"))
    return sorted(path.name for path in folder.glob("*.png"))


@pytest.mark.parametrize("path", FIRST, ids=lambda path: path.stem)
def test_is_short_and_says_what_one_learns(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 60
    assert text.startswith('"""')


def test_back_propagation_by_hand_is_what_the_net_computes():
    out = run("01")
    assert number(r"largest difference in the loss and the eight gradients is #", out) < 1e-15
    assert number("y1 = #", out) == 0.751365
    assert number(r"/ 2 = #", out) == 0.298371
    assert number(r"w5 - 0.5 ∂L/∂w5 = #", out) == 0.358916


def test_linear_regression_finds_the_best_line():
    out = run("02")
    slope, best = number(r"descent +y = # x", out), number(r"equations +y = # x", out)
    assert abs(slope - best) < 0.01
    assert abs(slope - 2) < 0.05
    assert number("R² = #", out) > 0.98
    assert number("R² = #", run("02", "--quick")) > 0.95


def test_curves_are_fitted(tmp_path):
    out = run("03", "--quick", "--out", tmp_path)
    assert number(r"x² \+# x³", out) == pytest.approx(2, abs=0.3)
    assert number(r"polynomial.*R² = #", out) > 0.85
    assert number(r"sine.*R² = #", out) > 0.9
    assert pictures(tmp_path) == ["03_sine.png"]


def test_spirals_need_hidden_layers(tmp_path):
    out = run("04", "--quick", "--out", tmp_path)
    assert number("one linear layer +test accuracy #%", out) < 70
    assert number("two hidden layers +test accuracy #%", out) > 85
    assert pictures(tmp_path) == ["04_curves.png", "04_spirals.png"]


def test_digits_are_read_saved_and_loaded(tmp_path):
    out = run("05", "--quick", "--out", tmp_path)
    assert number("test accuracy #%", out) > 90
    assert "the same answers on the test set: True" in out
    assert pictures(tmp_path) == ["05_filters.png", "05_mistakes.png"]
    assert (tmp_path / "05_digits.safetensors").stat().st_size > 4 * 9930


def test_a_perceptron_reads_digits(tmp_path):
    out = run("06", "--quick", "--out", tmp_path)
    assert "UCI optical digits" in out
    assert number("test accuracy #%", out) > 90


def test_a_convolutional_net_reads_digits(tmp_path):
    out = run("07", "--quick", "--out", tmp_path)
    assert number("test accuracy #%", out) > 80
    assert pictures(tmp_path) == ["07_feature_maps.png", "07_mistakes.png"]


def test_an_autoencoder_draws_better_than_the_mean_digit(tmp_path):
    out = run("08", "--quick", "--out", tmp_path)
    assert number("mean squared error #;", out) < 0.5 * number("mean digit every time: #", out)
    assert "64 pixels became 32 numbers" in out
    assert pictures(tmp_path) == ["08_reconstructions.png"]


def test_a_layer_of_ones_own_is_right_and_a_wrong_one_is_found():
    out = run("09", "--quick")
    assert "the gradients agree with finite differences" in out
    assert "Wrong(features=3): the gradient with respect to x is wrong" in out
    assert number("test accuracy #%", out) > 75


def test_a_number_is_explained_back_to_the_loss() -> None:
    out = run("18")
    assert "0.weight.gradient[0, 1] = Σₙ dy[n, 0]·x[n, 1]" in out
    assert number("loss = sum / N .* = #", out) == pytest.approx(0.83901)
