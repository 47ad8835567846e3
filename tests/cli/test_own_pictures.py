"""tinynet train FOLDER: pictures of a user's own, from the folder to the class of a new one."""

import json
import shutil

import pytest

from tests.cli.without_report import without_report
from tests.data.own.drawn import folder_of_pictures
from tinynet.cli import main, own_data
from tinynet.cli.runs import open_run


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    return folder_of_pictures(tmp_path_factory.mktemp("own") / "my shapes", 30)


@pytest.fixture(scope="module")
def run(shapes):
    folder = shapes.parent / "run"
    words = ["--size", "12", "--model", "digits_cnn", "--epochs", "12", "--lr", "0.003", "--out", str(folder)]
    with without_report(), pytest.raises(SystemExit) as ended:
        main(["train", str(shapes), *words])
    assert not ended.value.code
    return folder


def test_the_run_tells_what_was_learned_from(run, shapes):
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    assert config["dataset"] == str(shapes)
    assert config["own"]["kind"] == "pictures"
    assert config["own"]["size"] == 12
    assert config["classes"] == ["bar", "disc"]
    assert config["data_source"].startswith("60 own pictures, ")
    assert f"train '{shapes}' --size 12 --model" in config["command"]
    assert config["test"]["accuracy"] > 0.8
    assert open_run(run).preparation().input_shape == (3, 12, 12)


def test_a_new_picture_is_classified(run, tinynet, tmp_path):
    new = folder_of_pictures(tmp_path / "new", 3, ("RGB", "P", "CMYK"), seed=7)
    paths = sorted(new.rglob("*.*"))
    result = tinynet("predict", run, *paths)
    assert result.status == 0
    answers = result.out.splitlines()[::2]
    right = [f": {path.parent.name} (" in answer for path, answer in zip(paths, answers, strict=True)]
    assert sum(right) >= 5
    assert "resized to 12×12" in result.out


def test_evaluate_tests_on_the_part_that_was_set_aside_or_on_another_folder(run, tinynet, shapes, tmp_path):
    test = json.loads((run / "config.json").read_text(encoding="utf-8"))["test"]
    result = tinynet("evaluate", run)
    assert f"accuracy {test['accuracy']:.2%}, loss {test['loss']:.4f} (" in result.out
    assert tinynet("evaluate", run, "--on", shapes).out == result.out
    new = folder_of_pictures(tmp_path / "new", 5, seed=8)
    assert "(10 samples)" in tinynet("evaluate", run, "--on", new).out
    (new / "disc").rename(new / "sphere")
    assert ", which the net does not know.\nHint: it knows bar, disc." in (tinynet("evaluate", run, "--on", new).err)


@pytest.mark.parametrize(
    "words", [["report"], ["doctor"], ["card"], ["explain", "--terms", "2"], ["export", "--to", "npz"]]
)
def test_what_works_for_any_run_works_for_this_one(run, tinynet, tmp_path, words):
    copy = shutil.copytree(run, tmp_path / "copy")
    result = tinynet(words[0], copy, *words[1:])
    assert (result.status, result.err) == (0, "")


def test_a_run_goes_on_only_with_the_same_data(run, tinynet, shapes, tmp_path):
    copy = shutil.copytree(run, tmp_path / "copy")
    with without_report():
        assert tinynet("train", "--resume", copy).status == 0
    more = folder_of_pictures(shutil.copytree(shapes, tmp_path / "more"), 1, seed=5)
    config = json.loads((copy / "config.json").read_text(encoding="utf-8"))
    (copy / "config.json").write_text(json.dumps(config | {"dataset": str(more)}), encoding="utf-8")
    result = tinynet("train", "--resume", copy)
    assert result.status == 2
    assert "the data have changed since the run began: it learned from 60 own pictures" in result.err


def signed(config):
    """The text of a preparation that somebody has changed, and its hash with it."""
    body = {name: value for name, value in config.items() if name != "sha256"}
    return json.dumps(body | {"sha256": own_data._digest(body)})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda config: "{", "preparation.json is damaged: it is no JSON"),
        (lambda config: json.dumps(config | {"format": 2}), "preparation.json is damaged: it is not of format 1"),
        (lambda config: json.dumps(config | {"kind": "songs"}), "kind must be one of 'pictures'"),
        (lambda config: json.dumps(config | {"classes": ["a", "a"]}), "classes must be a list of different names"),
        (lambda config: json.dumps(config | {"input_shape": [3, 8]}), "input_shape must be 3 sizes, got [3, 8]"),
        (lambda config: json.dumps(config | {"fraction": "much"}), "fraction must be a number, got 'much'"),
        (
            lambda config: json.dumps(config | {"classes": ["a", "b"]}),
            "is not what was written; its SHA-256 is another",
        ),
        (lambda config: signed(config | {"classes": ["a", "b"]}), "and config.json tell of different inputs or"),
        (lambda config: None, "there is no file"),
    ],
)
def test_a_damaged_preparation_is_one_sentence(run, tinynet, tmp_path, change, words):
    copy = shutil.copytree(run, tmp_path / "copy")
    path = copy / "preparation.json"
    text = change(json.loads(path.read_text(encoding="utf-8")))
    path.unlink() if text is None else path.write_text(text, encoding="utf-8")
    result = tinynet("evaluate", copy)
    assert result.status == 2
    assert words in result.err
