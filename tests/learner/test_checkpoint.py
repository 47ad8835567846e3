"""Checkpoint and resume: when it is written, what it remembers, and what happens where it cannot be written or read."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinynet as tn
from tinynet.core.joinable import Joinable
from tinynet.data import Dataset
from tinynet.layers import Dropout, Linear, ReLU
from tinynet.learner import AverageWeights, Callback, Checkpoint, CSVLog, KeepBest, Learner, LearningRateLog, Statistics
from tinynet.learner.averages import Averages
from tinynet.learner.every import Every, every_of
from tinynet.losses import mean_squared_error
from tinynet.metrics import f1_score, r2_score
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam
from tinynet.storage.checkpoints import checkpoints_in, pointed, read_checkpoint


def made(folder: Path | None = None, *callbacks: Callback, **options: Any) -> Learner:
    """A learner with 6 steps in an epoch."""
    tn.seed(1)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(24, 3)).astype(np.float32), rng.normal(size=(24, 2)).astype(np.float32)
    net = Net([Linear(3, 4), ReLU(), Dropout(0.3), Linear(4, 2)])
    every = options.pop("every", 1)
    writing = [] if folder is None else [Checkpoint(folder, every, keep=options.pop("keep", 100))]
    options = {"batch_size": 4, "valid": Dataset(x[:8], y[:8])} | options
    rule = options.pop("optimizer", None) or Adam(lr=0.01, gradient_accumulation_steps=2)
    kind, loss = options.pop("kind", Learner), options.pop("loss", mean_squared_error)
    return kind(net, loss, rule, Dataset(x, y), callbacks=[*writing, *callbacks], **options)


def weights(learner: Learner) -> dict[str, bytes]:
    return {path: array.tobytes() for path, array in learner.net.state().items()}


def rows(learner: Learner) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "seconds"} for row in learner.history]


def steps(folder: Path) -> list[tuple[int, int]]:
    states = [read_checkpoint("test", path).state for path in reversed(checkpoints_in(folder))]
    return [(state["epoch"], state["batch"]) for state in states]


@pytest.mark.parametrize(
    ("every", "found"),
    [
        (4, [(0, 4), (1, 2), (2, 0)]),
        ("3 steps", [(0, 3), (1, 0), (1, 3), (2, 0)]),
        ("2 epochs", [(2, 0)]),
        (["epoch", "1000 minutes"], [(1, 0), (2, 0)]),
        ("0.0000001 minutes", [(0, n) for n in range(1, 6)] + [(1, 0)] + [(1, n) for n in range(1, 6)] + [(2, 0)]),
    ],
    ids=str,
)
def test_when_it_is_written(tmp_path: Path, every: Any, found: list[tuple[int, int]]) -> None:
    learner = made(tmp_path, every=every)
    learner.callbacks[0].monitor.improves = lambda row: False  # type: ignore[attr-defined]
    learner.callbacks[0]._history = learner.history  # type: ignore[attr-defined]
    learner.fit(2, progress=False)
    assert steps(tmp_path) == found


def test_how_often_is_read() -> None:
    assert every_of("Checkpoint", 5) == Every(steps=5)
    assert every_of("Checkpoint", ("10 Steps".lower(), "epoch", "1.5 minutes")) == Every(10, 1, 1.5)
    for odd in ("never", "0 steps", "1.5 epochs", 0, "", [], ["epoch", "2 epochs"], "-1 steps"):
        with pytest.raises((ValueError, TypeError), match="Checkpoint: every"):
            every_of("Checkpoint", odd)


def test_the_last_and_the_best_are_kept_and_the_best_can_be_loaded(tmp_path: Path) -> None:
    learner = made(tmp_path, every="epoch", keep=2)
    learner.fit(6, progress=False)
    best = learner.history.best("valid_loss")["epoch"]
    place = pointed(tmp_path, "best")
    assert place is not None
    assert read_checkpoint("test", place).state["epoch"] == best
    assert len(checkpoints_in(tmp_path)) == (2 if best > 4 else 3)
    assert isinstance(tn.load(place / "model.safetensors"), Net)


def test_a_fit_at_its_end_is_at_its_end_again(tmp_path: Path) -> None:
    straight = made(tmp_path, KeepBest(), AverageWeights(0.9))
    straight.fit(3, progress=False)
    again = made(tmp_path, KeepBest(), AverageWeights(0.9))
    again.resume(tmp_path)
    again.fit(progress=False)
    assert weights(again) == weights(straight)
    assert rows(again) == rows(straight)
    again.fit(1, progress=False)
    assert len(again.history) == 4


def test_another_number_of_epochs_may_be_asked_for(tmp_path: Path) -> None:
    made(tmp_path, every=4).fit(1, progress=False)
    learner, straight = made(), made()
    learner.resume(checkpoints_in(tmp_path)[1])
    assert (learner.epoch, learner.step) == (0, 4)
    learner.fit(3, progress=False)
    straight.fit(3, progress=False)
    assert weights(learner) == weights(straight)


def test_a_resume_on_other_threads_gives_the_same(tmp_path: Path) -> None:
    straight, learner = made(tmp_path), made()
    straight.fit(2, progress=False)
    learner.resume(checkpoints_in(tmp_path)[5])
    with tn.threads(2):
        learner.fit(progress=False)
    assert weights(learner) == weights(straight)


class Press(Callback):
    """Sends a signal while a step is learned, and perhaps another one."""

    def __init__(self, step: int, number: int, times: int = 1) -> None:
        self.step, self.number, self.times = step, number, times

    def on_batch_begin(self, learner: Learner, index: int) -> None:
        if learner.step == self.step:
            for _ in range(self.times):
                os.kill(os.getpid(), self.number)


@pytest.mark.parametrize("step", [7, 11])
def test_ctrl_c_saves_the_step_and_says_how_to_go_on(
    tmp_path: Path, step: int, capsys: pytest.CaptureFixture[str]
) -> None:
    log, straight_log = CSVLog(tmp_path / "log.csv"), CSVLog(tmp_path / "straight.csv")
    learner = made(tmp_path / "all", log, KeepBest(path=tmp_path / "best"), Press(step, signal.SIGINT), every="epoch")
    learner.fit(3, progress=False)
    assert (learner.stop_reason, learner.epoch) == ("Ctrl-C", 2)
    said = capsys.readouterr().out
    assert f"go on with: learner.resume({str(tmp_path / 'all')!r}), then learner.fit()" in said
    assert steps(tmp_path / "all")[-1] == (1, step - 5)
    again = made(tmp_path / "all", CSVLog(tmp_path / "log.csv"), KeepBest(path=tmp_path / "best"))
    again.resume(tmp_path / "all")
    with pytest.warns(UserWarning, match="holds the memory of Press, which this learner is without"):
        again.fit(progress=False)
    straight = made(tmp_path / "straight", straight_log, KeepBest(path=tmp_path / "best straight"))
    straight.fit(3, progress=False)
    assert weights(again) == weights(straight)
    assert rows(again) == rows(straight)
    assert (tmp_path / "best").read_bytes() == (tmp_path / "best straight").read_bytes()
    assert len(log.path.read_text().splitlines()) == len(straight_log.path.read_text().splitlines()) == 4


def test_sigterm_saves_and_ends_the_process(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as ended:
        made(tmp_path, Press(8, signal.SIGTERM), every="epoch").fit(3, progress=False)
    assert ended.value.code == 143
    assert "SIGTERM: saved in" in capsys.readouterr().out
    assert steps(tmp_path)[-1] == (1, 3)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_second_ctrl_c_stops_at_once(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        made(tmp_path, Press(8, signal.SIGINT, times=2), every="epoch").fit(3, progress=False)
    assert steps(tmp_path) == [(1, 0)]


def test_a_stop_by_a_callback_is_kept(tmp_path: Path) -> None:
    class Stop(Callback):
        def on_batch_end(self, learner: Learner, index: int, means: dict[str, float]) -> None:
            if learner.step == 9:
                learner.stop, learner.stop_reason = True, "it is enough"

    straight = made(tmp_path, Stop())
    straight.fit(3, progress=False)
    for place in reversed(checkpoints_in(tmp_path)):
        learner = made(None, Stop())
        learner.resume(place)
        learner.fit(progress=False)
        assert (rows(learner), weights(learner)) == (rows(straight), weights(straight))
        assert (learner.epoch, learner.stop_reason) == (2, "it is enough")


class Memory(Callback):
    """Has numbers, arrays and draws of its own, and things that cannot be stored."""

    def __init__(self) -> None:
        self.n, self.sums, self.rng, self.call = 0, np.zeros(2), np.random.default_rng(0), print
        self.seen: dict[str, list[float]] = {"draws": []}

    def on_batch_end(self, learner: Learner, index: int, means: dict[str, float]) -> None:
        self.n += 1
        self.sums += self.n
        self.seen["draws"].append(self.rng.random())


class Noisy:
    """Data with a generator of their own, as an augmentation may have one."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(5)

    def __len__(self) -> int:
        return 24

    def __getitem__(self, indices: Any) -> Any:
        x = self.rng.normal(size=(len(indices), 3)).astype(np.float32)
        return x, x[:, :2]


class Two(Learner):
    """Trains a second net with an optimizer of its own, and counts."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.train, self.critic, self.rule = Noisy(), Net([Linear(2, 2)]), Adam(lr=0.05)
        self.n_own = 0

    def train_step(self, x: Any, y: Any) -> Any:
        self.n_own += 1
        if self.n_own % 2:
            self.critic.forward(y)
            self.critic.backward(y - 1)
            self.critic.update(self.rule)
        return super().train_step(x, y * (self.n_own % 3))


def test_nothing_of_a_users_own_is_forgotten(tmp_path: Path) -> None:
    straight = made(tmp_path, Memory(), kind=Two)
    straight.fit(2, progress=False)
    for place in checkpoints_in(tmp_path):
        learner = made(None, Memory(), kind=Two)
        learner.resume(place)
        learner.fit(progress=False)
        assert weights(learner) == weights(straight)
        for path, array in straight.critic.state().items():
            np.testing.assert_array_equal(learner.critic.state()[path], array)
        assert learner.n_own == straight.n_own
        mine, theirs = learner.callbacks[-1], straight.callbacks[-1]
        assert (mine.n, mine.seen, mine.sums.tolist()) == (theirs.n, theirs.seen, theirs.sums.tolist())


def spiked(predicted: Any, truth: Any) -> Any:
    """A loss that is not finite at the 10th step, and again two steps later."""
    loss, gradient = mean_squared_error(predicted, truth)
    spiked.n += 1  # type: ignore[attr-defined]
    return (np.nan if spiked.n in (10, 12) else loss), gradient  # type: ignore[attr-defined]


@pytest.mark.filterwarnings("ignore")
def test_going_back_is_the_same_after_a_resume(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Count(Callback):
        def on_batch_begin(self, learner: Learner, index: int) -> None:
            spiked.n = learner.step  # type: ignore[attr-defined]

    straight = made(tmp_path, Count(), on_nan="back", loss=spiked, valid=None)
    straight.fit(3, progress=False)
    assert straight.recovery.went_back
    for place in checkpoints_in(tmp_path):
        learner = made(None, Count(), on_nan="back", loss=spiked, valid=None)
        learner.resume(place)
        learner.fit(progress=False)
        assert weights(learner) == weights(straight), place
        assert len(learner.recovery.went_back) == len(straight.recovery.went_back)
        assert learner.optimizer.lr == straight.optimizer.lr


def test_the_numbers_of_an_epoch_go_on(tmp_path: Path) -> None:
    def labels(predicted: Any, truth: Any) -> Any:
        return f1_score(predicted, (truth > 0).astype(int)[:, 0])

    def two_losses(predicted: Any, truth: Any) -> Any:
        loss, gradient = mean_squared_error(predicted, truth)
        return loss + 0.5 * loss, 1.5 * gradient

    straight = made(tmp_path, metrics=[labels, r2_score], loss=two_losses)
    straight.fit(2, progress=False)
    for place in checkpoints_in(tmp_path):
        learner = made(None, metrics=[labels, r2_score], loss=two_losses)
        learner.resume(place)
        learner.fit(progress=False)
        np.testing.assert_equal(rows(learner), rows(straight))


def test_numbers_of_a_users_own_kind_are_named_and_training_goes_on(tmp_path: Path) -> None:
    class Own(Joinable):
        def joined(self, others: Any) -> Any:
            return self

    learner = made(tmp_path, every=4, metrics=[lambda predicted, truth: Own(1.0)])
    with pytest.warns(UserWarning, match="<lambda> has numbers of a kind of your own, which a checkpoint within an"):
        learner.fit(1, progress=False)
    assert steps(tmp_path) == [(1, 0)]


# What is in the way.


@pytest.mark.parametrize("problem", ["full", "gone", "pipe"])
def test_where_it_cannot_be_written_training_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: str
) -> None:
    folder, whole = tmp_path / "all", made()
    whole.fit(3, progress=False)

    class Trouble(Callback):
        def on_epoch_begin(self, learner: Learner, epoch: int) -> None:
            monkeypatch.undo()
            if epoch == 2 and problem == "full":
                monkeypatch.setattr("tinynet.storage.checkpoints.write_through", full)
            if epoch == 2 and problem != "full":
                shutil.move(folder, tmp_path / "away")
                if problem == "pipe":
                    folder.write_text("a file is in the way")

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    learner = made(folder, Trouble(), every="epoch")
    if problem == "gone":
        learner.fit(3, progress=False)
        assert steps(folder) == [(2, 0), (3, 0)]
        assert steps(tmp_path / "away") == [(1, 0)]
    else:
        match = r"all.* could not be written: the disk is full; those" if problem == "full" else "all"
        with pytest.warns(UserWarning, match=match):
            learner.fit(3, progress=False)
        assert steps(folder if problem == "full" else tmp_path / "away")[0] == (1, 0)
    assert weights(learner) == weights(whole)


def test_a_full_disk_loses_no_row_of_a_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, append = CSVLog(tmp_path / "log.csv"), CSVLog._append

    class Trouble(Callback):
        def on_epoch_begin(self, learner: Learner, epoch: int) -> None:
            monkeypatch.setattr(CSVLog, "_append", full if epoch == 2 else append)

    def full(self: Any, row: Any) -> None:
        raise OSError(28, "No space left on device")  # as a write does, which does not know the name

    with pytest.warns(
        UserWarning, match=r"CSVLog: .*log\.csv could not be written: No space left on device\. Training goes on"
    ):
        made(None, log, Trouble()).fit(3, progress=False)
    assert [line.partition(",")[0] for line in log.path.read_text().splitlines()] == ["epoch", "1", "2", "3"]


def test_a_full_disk_keeps_no_best_weights_from_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "best.safetensors"

    class Trouble(Callback):
        def on_epoch_begin(self, learner: Learner, epoch: int) -> None:
            monkeypatch.setattr("tinynet.storage.atomic.write_through", full)

        def on_fit_end(self, learner: Learner) -> None:
            monkeypatch.undo()

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    watching = Statistics(every=2, path=tmp_path / "statistics.safetensors")
    learner = made(None, Trouble(), KeepBest(path=path), watching)
    with pytest.warns(UserWarning, match=r"could not be written: the disk is full; .* Training goes on"):
        learner.fit(3, progress=False)
    assert weights(learner) == {name: array.tobytes() for name, array in tn.load(path).state().items()}
    assert watching.path.exists()


def test_lines_of_a_log_that_a_loss_of_power_took_are_written_again(tmp_path: Path) -> None:
    made(tmp_path / "all", CSVLog(tmp_path / "log.csv"), every=4).fit(3, progress=False)
    whole = (tmp_path / "log.csv").read_text()
    for cut in (0, 10, len(whole) // 2, len(whole) - 3):
        (tmp_path / "log.csv").write_text(whole[:cut])
        learner = made(tmp_path / "all", CSVLog(tmp_path / "log.csv"))
        learner.resume(tmp_path / "all")
        learner.fit(progress=False)
        assert (tmp_path / "log.csv").read_text() == whole


def test_a_damaged_checkpoint_is_named_and_the_one_before_is_taken(tmp_path: Path) -> None:
    straight = made(tmp_path)
    straight.fit(2, progress=False)
    newest, before = checkpoints_in(tmp_path)[:2]
    (newest / "optimizer.safetensors").write_bytes(b"odd")
    learner = made(tmp_path)
    with pytest.warns(
        UserWarning, match=rf"{newest}' is damaged: optimizer\.safetensors is not .*goes on from {before}"
    ):
        assert learner.resume(tmp_path) == before
    learner.fit(progress=False)
    assert weights(learner) == weights(straight)
    assert checkpoints_in(tmp_path)[0].name > newest.name  # what is written next is the newest
    for place in checkpoints_in(tmp_path):
        (place / "state.json").unlink()
    with pytest.raises(ValueError, match=r"Learner\.resume: no checkpoint in .* is whole\. .*has no file state\.json"):
        made().resume(tmp_path)


def test_what_is_no_folder_of_checkpoints_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"Learner\.resume: there is no checkpoint in"):
        made().resume(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"Learner\.resume: there is no folder .*none"):
        made().resume(tmp_path / "none")


def test_a_checkpoint_of_another_training_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    made(tmp_path, every="epoch").fit(1, progress=False)
    others = {
        r"batch_size=4, by its config\.json; this learner has 3": made(batch_size=3),
        r"optimizer=\['Adam'\], by its config\.json; this learner has \['SGD'\]": made(
            optimizer=SGD(lr=0.1, gradient_accumulation_steps=2)
        ),
        r"does not fit this learner: the learning rate was a number, and is a schedule": made(
            optimizer=Adam(lr=lambda step: 0.1, gradient_accumulation_steps=2)
        ),
    }
    for match, learner in others.items():
        before = weights(learner)
        with pytest.raises(ValueError, match=match):
            learner.resume(tmp_path)
        assert weights(learner) == before
        assert (learner.step, len(learner.history)) == (0, 0)
    learner = made()
    learner.net = Net([Linear(3, 2)])
    with pytest.raises(ValueError, match="does not fit this learner"):
        learner.resume(tmp_path)
    scheduled = tmp_path / "scheduled"
    made(scheduled, every="epoch", optimizer=Adam(lr=lambda step: 0.1)).fit(1, progress=False)
    with pytest.raises(ValueError, match="the learning rate was a schedule, and is a number"):
        made(optimizer=Adam(lr=0.1)).resume(scheduled)
    noisy = tmp_path / "noisy"
    made(noisy, every="epoch", kind=Two).fit(1, progress=False)
    with pytest.raises(ValueError, match="had 1 generators of random numbers, and have 0"):
        made().resume(noisy)


def test_two_trainings_never_share_a_folder(tmp_path: Path) -> None:
    class Other(Callback):
        def on_epoch_end(self, learner: Learner, epoch: int, row: dict[str, Any]) -> None:
            with pytest.raises(BlockingIOError, match=r"Checkpoint: another training is writing its checkpoints into"):
                made(tmp_path).fit(1, progress=False)

    first = made(tmp_path, Other(), every="epoch")
    first.fit(1, progress=False)
    with pytest.raises(FileExistsError, match=r"there are checkpoints of another training in .*\nHint: go on with it"):
        made(tmp_path).fit(1, progress=False)
    first.fit(1, progress=False)  # its own
    assert steps(tmp_path) == [(1, 0), (2, 0)]
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"Checkpoint: .*file.* cannot be made: "):
        made(tmp_path / "file").fit(1, progress=False)


def test_a_user_may_lower_the_rate_after_a_resume(tmp_path: Path) -> None:
    made(tmp_path, every="epoch").fit(1, progress=False)
    learner = made(None, LearningRateLog())
    learner.resume(tmp_path)
    learner.optimizer.lr = 0.001
    learner.fit(1, progress=False)
    assert learner.history["lr"] == [0.01, 0.001]


@pytest.mark.parametrize("state", [{"loss": ["text"]}, {"loss": []}, {"loss": [1.0]}])
def test_averages_take_over_numbers_that_can_be_joined(state) -> None:
    with pytest.raises(TypeError, match="Averages: a number of loss must be a Joinable"):
        Averages().load_state(state)
