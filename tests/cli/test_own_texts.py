"""tinynet train TEXT.txt and tinynet write: from a text to another of its kind."""

import json
import shutil

import pytest

from tests.cli.without_report import without_report
from tests.data.own.test_text_file import RHYME
from tinynet.cli import main


@pytest.fixture(scope="module")
def rhyme(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "rhyme.txt"
    path.write_text(RHYME * 24, encoding="utf-8")
    return path


def trained_on(rhyme, model, epochs):
    folder = rhyme.parent / model
    words = ["--model", model, "--window", "16", "--epochs", str(epochs), "--lr", "0.01", "--out", str(folder)]
    with without_report(), pytest.raises(SystemExit) as ended:
        main(["train", str(rhyme), *words])
    assert not ended.value.code
    return folder


@pytest.fixture(scope="module")
def run(rhyme):
    return trained_on(rhyme, "char_lstm", 3)


def test_it_writes_with_a_seed_a_length_and_a_temperature(run, tinynet):
    result = tinynet("write", run, "--start", "one ", "--length", 40, "--temperature", 0)
    assert result.status == 0
    assert len(result.out) == 45
    assert result.out.startswith("one ")
    assert tinynet("write", run, "--start", "one ", "--length", 40, "--temperature", 0, "--seed", 1).out == result.out
    hot = ["write", run, "--length", 40, "--temperature", 3]
    assert tinynet(*hot).out == tinynet(*hot).out != tinynet(*hot, "--seed", 1).out
    assert set(tinynet(*hot).out) <= set(RHYME) | {"\n"}
    assert tinynet(*hot, "--top-k", 1).out == tinynet("write", run, "--length", 40, "--temperature", 0).out


def test_it_has_learned(run):
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    assert config["classes"] == sorted(set(RHYME))
    assert config["test"]["accuracy"] > 0.4


def test_a_gpt_writes_too(rhyme, tinynet):
    folder = trained_on(rhyme, "char_gpt", 1)
    result = tinynet("write", folder, "--start", "one ", "--length", 40)
    assert (result.status, result.err, len(result.out)) == (0, "", 45)


def test_predict_tells_what_comes_next(run, tinynet):
    result = tinynet("predict", run, RHYME[:30], "one three é")
    assert result.status == 2
    assert result.out.startswith(f"{RHYME[:30]!r} goes on with '")
    assert "the text has 'é', which the net has never read; it knows 22 characters." in result.err


def test_evaluate_tests_on_the_end_or_on_another_text(run, tinynet, tmp_path):
    assert tinynet("evaluate", run).status == 0
    other = tmp_path / "other.txt"
    other.write_text(RHYME * 4, encoding="utf-8")
    assert "(13 samples)" in tinynet("evaluate", run, "--on", other).out
    other.write_text("ünknown", encoding="utf-8")
    assert "other.txt has 'ü', which the net has never read" in tinynet("evaluate", run, "--on", other).err


@pytest.mark.parametrize(
    "words", [["report"], ["doctor"], ["card"], ["explain", "--terms", "2"], ["export", "--to", "npz"]]
)
def test_what_works_for_any_run_works_for_this_one(run, tinynet, tmp_path, words):
    copy = shutil.copytree(run, tmp_path / "copy")
    result = tinynet(words[0], copy, *words[1:])
    assert (result.status, result.err) == (0, "")


def test_the_run_goes_on(run, tinynet, tmp_path):
    copy = shutil.copytree(run, tmp_path / "copy")
    with without_report():
        result = tinynet("train", "--resume", copy)
    assert result.status == 0
    assert "resumed at step" in result.out
