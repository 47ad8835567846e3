"""The folder of a run: nobody else gets it, and the run that --force replaces lives until the new one is whole."""

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tinynet.cli import app, train
from tinynet.cli.choosing import choose
from tinynet.cli.new_run import begun, new_folder
from tinynet.learner import Callback

SETTINGS = choose("moons", epochs=1)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_of_many_that_begin_at_once_each_gets_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(lambda _: new_folder(SETTINGS, None), range(40)))
    assert sorted(folders) == sorted(Path("runs", f"moons-mlp-{number}") for number in range(1, 41))


def test_two_trainings_at_once_keep_two_nets(tmp_path):
    words = [sys.executable, "-m", "tinynet", "train", "moons", "--epochs", "1", "--kernels", "plain", "--seed"]
    both = [subprocess.Popen([*words, seed], cwd=tmp_path, stdout=subprocess.DEVNULL) for seed in "12"]
    assert [process.wait() for process in both] == [0, 0]
    folders = [tmp_path / "runs/moons-mlp-1", tmp_path / "runs/moons-mlp-2"]
    seeds = [json.loads((folder / "config.json").read_text())["seed"] for folder in folders]
    assert sorted(seeds) == [1, 2]
    assert all((folder / "model.safetensors").exists() for folder in folders)


def test_one_folder_of_a_name_is_given_to_one_of_two(tmp_path):
    with begun(tmp_path, {"seed": 1}, force=False) as work:
        assert work == tmp_path
        second = begun(tmp_path, {"seed": 2}, force=False)
        with pytest.raises(FileExistsError, match=r"there is a run in .* already \(config.json\)"), second:
            pass
    assert json.loads((tmp_path / "config.json").read_text()) == {"seed": 1}


class Look(Callback):
    def __init__(self, folder):
        self.folder = folder

    def on_fit_end(self, learner):
        self.seen = contents(self.folder)


def test_force_leaves_the_old_run_until_the_new_one_is_whole(run, tinynet, tmp_path, monkeypatch):
    folder, copy = shutil.copytree(run, tmp_path / "run"), shutil.copytree(run, tmp_path / "copy")
    look = Look(folder)
    make = app.training.make_learner
    monkeypatch.setattr(app.training, "make_learner", lambda s, d, c, *m: make(s, d, [*c, look], *m))
    assert tinynet("train", "moons", "--epochs", 1, "--out", folder, "--force").status == 0
    assert look.seen == contents(copy)
    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in copy.iterdir())
    assert json.loads((folder / "config.json").read_text())["dataset"] == "moons"
    assert "moons" in (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("ending", [MemoryError, KeyboardInterrupt, FloatingPointError("it grew.")])
def test_what_ends_a_forced_training_leaves_the_old_run(run, tinynet, tmp_path, monkeypatch, ending):
    folder = shutil.copytree(run, tmp_path / "run")
    before = contents(folder)

    def fail(*_):
        raise ending

    words = ("train", "moons", "--epochs", 1, "--kernels", "plain", "--out", folder, "--force")
    with monkeypatch.context() as patched:
        patched.setattr(train, "save", fail)
        assert tinynet(*words).status in (1, 130)
    assert contents(folder) == before
    assert tinynet("train", "--resume", folder).status == 0  # what was lost is only what was not in a checkpoint
    assert json.loads((folder / "config.json").read_text())["dataset"] == "moons"
    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in run.iterdir())


def test_a_killed_forced_training_leaves_the_old_run_and_the_next_one_takes_its_place(run, tinynet, tmp_path):
    folder = shutil.copytree(run, tmp_path / "run")
    before = contents(folder)
    code = (
        "import os, signal\nfrom tinynet.cli import app, train\n"
        "train.save = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"app.main(['train', 'moons', '--epochs', '1', '--kernels', 'plain', '--out', {str(folder)!r}, '--force'])"
    )
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert killed.returncode == -9
    assert contents(folder) == before
    assert tinynet("evaluate", folder).status == 0
    assert tinynet("train", "digits", "--model", "mlp", "--epochs", 1, "--out", folder, "--force").status == 0
    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in run.iterdir())
    assert json.loads((folder / "config.json").read_text())["dataset"] == "digits"


def test_where_nothing_can_be_written_is_one_sentence(tinynet, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").write_text("a file")
    result = tinynet("train", "moons", "--epochs", 1)
    assert (result.status, result.err) == (
        2,
        "tinynet: cannot write to runs: File exists.\nHint: choose another --out.\n",
    )

    def full(self, *_, **__):
        raise OSError(28, "No space left on device", "x")

    monkeypatch.setattr(Path, "mkdir", full)
    result = tinynet("train", "moons", "--epochs", 1, "--out", "new", "--force")
    assert (result.status, result.err.splitlines()[0]) == (2, "tinynet: cannot write to new: No space left on device.")


CHANGES = [
    ("input_shape", 5, "input_shape must be a list of sizes, got 5"),
    ("input_shape", [1, "8", 8], "input_shape must be a list of sizes"),
    ("input_shape", [], "input_shape must be a list of sizes"),
    ("input_shape", [1, 10**6, 10**6], "input_shape must be a list of sizes"),
    ("input_shape", [True, 8, 8], "input_shape must be a list of sizes"),
    ("classes", None, "classes must be a list of names, got None"),
    ("classes", [], "classes must be a list of names, got []"),
    ("classes", [["a"]], "classes must be a list of names"),
    ("test", [1], "test must be a number for each name, got [1]"),
    ("test", {"accuracy": "high"}, "test must be a number for each name"),
    ("dataset", 5, "dataset must be a text, got 5"),
    ("model", ["mlp"], "model must be a text, got ['mlp']"),
    ("kernels", None, "kernels must be a text, got None"),
    ("lr", 10**400, "--lr must be finite"),
    ("epochs", 10**400, "--epochs must be at most 9007199254740992, got one of 401 digits"),
    ("lr", None, None),
    ("seed", "0", "--seed must be an integer, got '0'"),
]


@pytest.mark.parametrize(("name", "value", "words"), CHANGES, ids=lambda value: str(value)[:20])
def test_an_edited_config_is_used_or_named_with_the_mistake(run, tinynet, tmp_path, name, value, words):
    folder = shutil.copytree(run, tmp_path / "run")
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {name: value}))
    for command in ("evaluate", "report", "summary"):
        result = tinynet(command, folder)
        if words is None:
            assert result.status == 0
        else:
            assert (result.status, result.out) == (2, "")
            assert str(path) in result.err
            assert words in result.err
            assert len(result.err.splitlines()) == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[" * 100_000, "is damaged: it is no JSON"),
        (b"\xff\xfe{", "is damaged: it is no JSON"),
        (b"", "is damaged: it is no JSON"),
        (b"null", "is damaged: it is not of format 1"),
        (b'"format"', "is damaged: it is not of format 1"),
        (b'{"format": 1, "seed": ' + b"1" * 5000 + b"}", "is damaged: it is no JSON"),
    ],
    ids=["deep", "bytes", "empty", "null", "text", "digits"],
)
def test_a_config_that_is_none_is_one_sentence(run, tinynet, tmp_path, content, words):
    folder = shutil.copytree(run, tmp_path / "run")
    (folder / "config.json").write_bytes(content)
    result = tinynet("evaluate", folder)
    assert (result.status, words in result.err, "config.json" in result.err) == (2, True, True)


def test_a_byte_order_mark_does_no_harm_to_a_run(run, tinynet, tmp_path):
    folder = shutil.copytree(run, tmp_path / "run")
    for name in ("config.json", "history.csv"):
        (folder / name).write_bytes(b"\xef\xbb\xbf" + (folder / name).read_bytes())
    assert tinynet("report", folder).status == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"epoch,loss\n1,0.5\n\xff\xfe,1\n", "is not UTF-8 text: byte"),
        (b"epoch,loss\n1,\x000.5\n", "is not a row of numbers"),
        (b"epoch,loss\n1\n", "line 2 of"),
        (b'epoch,loss\n1,"' + b"0" * 200_000, "line 2 of"),
        (b"\x89PNG\r\n\x1a\n", "is not"),
    ],
    ids=["bytes", "zero", "short", "endless", "png"],
)
def test_a_damaged_history_is_one_sentence(run, tinynet, tmp_path, content, words):
    folder = shutil.copytree(run, tmp_path / "run")
    (folder / "history.csv").write_bytes(content)
    result = tinynet("report", folder)
    assert (result.status, "history.csv" in result.err, words in result.err) == (2, True, True)
