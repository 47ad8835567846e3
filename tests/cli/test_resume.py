"""tinynet train --resume: a run that was ended by anything comes to the same network."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import tinynet as tn
from tinynet.cli import app, new_run, train
from tinynet.learner import Callback, Learner
from tinynet.storage.checkpoints import checkpoints_in

WORDS = ("train", "digits", "--model", "mlp", "--epochs", "2", "--kernels", "plain")


class Press(Callback):
    """Sends a signal in the middle of the second epoch."""

    def __init__(self, number: int) -> None:
        self.number = number

    def state(self) -> dict[str, Any]:
        return {}

    def on_batch_begin(self, learner: Learner, index: int) -> None:
        if len(learner.history) == 1 and index == 3:
            os.kill(os.getpid(), self.number)


@pytest.fixture(autouse=True)
def _no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.show, "write_report", lambda *_: None)


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("straight") / "run"
    with pytest.raises(SystemExit):
        app.main([*WORDS, "--out", str(folder)])
    return folder


def left(folder: Path) -> tuple[Any, ...]:
    config = json.loads((folder / "config.json").read_text())
    rows = [line.split(",") for line in (folder / "history.csv").read_text().splitlines()]
    at = rows[0].index("seconds")
    weights = {path: array.tobytes() for path, array in tn.load(folder / "model.safetensors").state().items()}
    return weights, [row[:at] + row[at + 1 :] for row in rows], config["test"], config["epochs_done"]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_and_says_how_to_go_on(
    straight: Path, tinynet: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, status: int
) -> None:
    make, folder = app.training.make_learner, tmp_path / "a run"
    with monkeypatch.context() as patched:
        patched.setattr(app.training, "make_learner", lambda s, d, c, *m: make(s, d, [*c, Press(number)], *m))
        result = tinynet(*WORDS, "--out", folder)
    assert result.status == status
    assert f"go on with: tinynet train --resume '{folder}'" in result.out
    again = tinynet("train", "--resume", folder)
    assert again.status == 0
    assert "resumed at step 25, after 1 of 2 epochs" in again.out
    assert left(folder) == left(straight)
    assert tinynet("train", "--resume", folder).status == 0  # at its end, it is tested once more
    assert left(folder) == left(straight)


def test_a_run_that_was_killed_goes_on(straight: Path, tinynet: Any, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(straight, folder)
    for name in ("model.safetensors", "statistics.safetensors"):
        (folder / name).unlink()
    shutil.rmtree(checkpoints_in(folder / "checkpoints")[0])
    (folder / "checkpoints/latest").unlink()
    assert tinynet("train", "--resume", folder).status == 0
    assert left(folder) == left(straight)


def test_a_run_without_a_checkpoint_begins_again(straight: Path, tinynet: Any, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    shutil.copy(straight / "config.json", folder)
    (folder / "history.csv").write_text("epoch,loss\n1,5.0\n")  # written before the first checkpoint
    assert tinynet("train", "--resume", folder).status == 0
    assert left(folder) == left(straight)


@pytest.mark.filterwarnings("default")
def test_a_damaged_checkpoint_is_named(straight: Path, tinynet: Any, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(straight, folder)
    newest = checkpoints_in(folder / "checkpoints")[0]
    (newest / "model.safetensors").write_bytes(b"")
    result = tinynet("train", "--resume", folder)
    assert result.status == 0
    assert f"the checkpoint '{newest}' is damaged: model.safetensors is not what was written." in result.err
    assert "UserWarning" not in result.err
    assert left(folder) == left(straight)


def test_resume_takes_no_other_option(straight: Path, tinynet: Any, tmp_path: Path) -> None:
    result = tinynet("train", "moons", "--resume", straight)
    assert (result.status, "so a data set cannot be given" in result.err) == (2, True)
    result = tinynet("train", "--epochs", 5, "--resume", straight)
    assert (result.status, "so --epochs cannot be given" in result.err) == (2, True)
    result = tinynet("train", "--resume", tmp_path / "none")
    assert (result.status, "is not a run" in result.err) == (2, True)


def test_a_run_that_is_being_trained_is_not_resumed_by_another_process(
    straight: Path, tinynet: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = []

    class Other(Callback):
        def state(self) -> dict[str, Any]:
            return {}

        def on_epoch_end(self, learner: Learner, epoch: int, row: dict[str, Any]) -> None:
            words = [sys.executable, "-m", "tinynet", "train", "--resume", str(tmp_path / "run")]
            said.append(subprocess.run(words, capture_output=True, text=True, check=False))

    make = app.training.make_learner
    monkeypatch.setattr(app.training, "make_learner", lambda s, d, c, *m: make(s, d, [*c, Other()], *m))
    words = ("train", "moons", "--epochs", "1", "--kernels", "plain", "--out", tmp_path / "run")
    assert tinynet(*words).status == 0
    assert said[0].returncode == 2
    assert "another training is writing its checkpoints into" in said[0].stderr


@pytest.mark.parametrize("number", range(8))
def test_a_kill_while_the_files_are_moved_is_made_good(
    straight: Path, tinynet: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    class KilledError(BaseException):
        pass

    folder, moved = tmp_path / "run", []
    shutil.copytree(straight, folder)
    (folder / "report.html").write_text("of the run before")

    def replace(old: Any, new: Any) -> None:
        if len(moved) == number:
            raise KilledError
        moved.append(new)
        shutil.move(old, new)

    words = ("train", "moons", "--epochs", "1", "--kernels", "plain", "--out", str(folder), "--force")
    with monkeypatch.context() as patched:
        move = new_run._move
        patched.setattr(
            new_run, "_move", lambda folder: [patched.setattr(new_run.os, "replace", replace), move(folder)]
        )
        with suppress(KilledError):
            tinynet(*words)
    assert tinynet("train", "--resume", folder).status == 0
    assert json.loads((folder / "config.json").read_text())["dataset"] == "moons"
    assert not (folder / "report.html").exists()
    assert not (folder / "replacement").exists()
    assert tinynet("evaluate", folder).status == 0


def test_a_net_that_cannot_be_written_is_not_lost(
    tinynet: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = train.save

    def full(net: Any, path: Path) -> None:
        if path.parent == tmp_path / "run":
            raise OSError(28, "No space left on device", str(path))
        save(net, path)

    monkeypatch.setattr(train, "save", full)
    monkeypatch.setattr(train.tempfile, "mkdtemp", lambda prefix: str(tmp_path))
    result = tinynet("train", "moons", "--epochs", 1, "--kernels", "plain", "--out", tmp_path / "run")
    assert result.status == 2
    assert f"the network is in {tmp_path / 'model.safetensors'} instead." in result.err
    assert tn.load(tmp_path / "model.safetensors")


def test_where_there_is_no_room_anywhere_the_run_is_named_and_nothing_stays_behind(
    tinynet: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(net: Any, path: Path) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(train, "save", full)
    monkeypatch.setattr(train.tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    result = tinynet("train", "moons", "--epochs", 1, "--kernels", "plain", "--out", tmp_path / "run")
    assert (result.status, f"{tmp_path / 'run' / 'model.safetensors'}: No space left on device" in result.err) == (
        2,
        True,
    )
    assert not list((tmp_path / "temporary").iterdir())


def test_two_forced_runs_do_not_replace_one_run_at_once(straight: Path, tinynet: Any, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(straight, folder)
    words = ("train", "moons", "--epochs", "1", "--kernels", "plain", "--out", folder, "--force")
    with new_run._replacing(folder):
        result = tinynet(*words)
        (folder / "replacement/config.json").write_text("{}")
    assert result.status == 2
    assert "another training is about to replace the run in" in result.err
