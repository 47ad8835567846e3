"""What callbacks remember in a checkpoint, and what they say of a memory that cannot be theirs."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tinynet as tn
from tinynet.data import Dataset
from tinynet.layers import Dropout, Linear
from tinynet.learner import (
    AverageWeights,
    Callback,
    Checkpoint,
    CSVLog,
    EarlyStopping,
    KeepBest,
    Learner,
    LearningRateLog,
    ReduceOnPlateau,
)
from tinynet.learner.progress import Progress, go_on_without
from tinynet.learner.resume import _check_settings
from tinynet.learner.scaled import Scaled
from tinynet.learner.standing import _plain_rate
from tinynet.losses import mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD, StepLR
from tinynet.storage.checkpoints import read_checkpoint


class Jitter(Dataset):
    """Data with a generator of its own."""

    rng: np.random.Generator

    def __getitem__(self, rows: Any) -> Any:
        x, y = super().__getitem__(rows)
        return x + self.rng.normal(0, 0.01, x.shape).astype(np.float32), y


def made(*callbacks: Callback, seed: int = 1, rate: Any = 0.1) -> Learner:
    """A learner with 4 steps in an epoch."""
    tn.seed(1)
    x = np.random.default_rng(0).normal(size=(16, 3)).astype(np.float32)
    data = Jitter(x, x[:, :1])
    data.rng = np.random.default_rng(seed)
    learner = Learner(
        Net([Linear(3, 4), Dropout(0.3), Linear(4, 1)]),
        mean_squared_error,
        SGD(lr=rate),
        data,
        batch_size=4,
        callbacks=list(callbacks),
    )
    tn.seed(seed)
    return learner


def begun(callback: Callback) -> Any:
    """A callback whose fit has begun."""
    callback.on_fit_begin(made(callback))
    return callback


@pytest.mark.parametrize(
    ("make", "changes", "kind", "sentence"),
    [
        (AverageWeights, {"n_updates": -1}, ValueError, "AverageWeights: n_updates must be at least 0, got -1."),
        (AverageWeights, {"n_updates": 1.5}, TypeError, "AverageWeights: n_updates must be an integer, got 1.5."),
        (
            lambda: EarlyStopping("loss"),
            {"waited": -1},
            ValueError,
            "EarlyStopping: waited must be at least 0, got -1.",
        ),
        (lambda: EarlyStopping("loss"), {"best": "1"}, TypeError, "EarlyStopping: best must be a number, got a str."),
        (
            lambda: EarlyStopping("loss"),
            {"best_epoch": -1},
            ValueError,
            "EarlyStopping: best_epoch must be at least 0, got -1.",
        ),
        (
            lambda: ReduceOnPlateau("loss"),
            {"waited": -1},
            ValueError,
            "ReduceOnPlateau: waited must be at least 0, got -1.",
        ),
        (
            lambda: ReduceOnPlateau("loss"),
            {"resting": None},
            TypeError,
            "ReduceOnPlateau: resting must be an integer, got None.",
        ),
        (
            lambda: KeepBest("loss"),
            {"weights": {}},
            ValueError,
            "Net: the state does not fit this network; missing: 0.",
        ),
        (LearningRateLog, {"rates": ["0.1"]}, TypeError, "LearningRateLog: a rate must be a number, got '0.1'."),
    ],
)
def test_a_memory_that_cannot_be_its_own_is_refused(make: Any, changes: Any, kind: Any, sentence: str) -> None:
    callback = begun(make())
    with pytest.raises(kind, match=f"^{re.escape(sentence)}"):
        callback.load_state(callback.state() | changes)


@pytest.mark.parametrize("name", ["size", "n_lines"])
def test_a_log_refuses_a_memory_of_less_than_nothing(tmp_path: Path, name: str) -> None:
    log = begun(CSVLog(tmp_path / "log.csv"))
    log.path.write_text("epoch,loss\n1,0.5\n")
    with pytest.raises(ValueError, match=rf"^CSVLog: {name} must be at least 0, got -1\.$"):
        log.load_state(log.state() | {name: -1})
    with pytest.raises(TypeError, match=rf"^CSVLog: {name} must be an integer, got None\.$"):
        log.load_state(log.state() | {name: None})
    assert log.path.read_text() == "epoch,loss\n1,0.5\n"


def test_a_log_of_rates_and_an_average_go_on_after_a_resume(tmp_path: Path) -> None:
    whole, average = LearningRateLog(), AverageWeights(0.5)
    made(whole, average, rate=StepLR(0.1, step_size=3, gamma=0.5)).fit(2, progress=False)
    writing = Checkpoint(tmp_path, "3 steps", keep=9)
    made(LearningRateLog(), AverageWeights(0.5), writing, rate=StepLR(0.1, step_size=3, gamma=0.5)).fit(
        2, progress=False
    )
    log, again = LearningRateLog(), AverageWeights(0.5)
    learner = made(log, again, rate=StepLR(0.1, step_size=3, gamma=0.5))
    learner.resume(tmp_path / "checkpoint-000001")
    learner.fit(progress=False)
    assert log.rates == whole.rates == [0.1] * 3 + [0.05] * 3 + [0.025] * 2
    assert again.average.n_updates == 8
    for path, array in average.average.averages().items():
        np.testing.assert_array_equal(again.average.averages()[path], array)


def test_what_a_batch_took_is_not_kept() -> None:
    shown = Progress()
    shown.on_fit_begin(made())
    assert shown.state() == {}


def test_after_a_resume_the_numbers_are_those_of_the_seed_of_then(tmp_path: Path) -> None:
    straight = made(Checkpoint(tmp_path, "3 steps", keep=9), seed=7)
    straight.fit(2, progress=False)
    learner = made(seed=8)  # another order, another dropout, other jitter
    learner.resume(tmp_path / "checkpoint-000001")
    learner.fit(progress=False)
    for path, array in straight.net.state().items():
        np.testing.assert_array_equal(learner.net.state()[path], array)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("seed", None, "set_generator_states: seed must be an integer, got None"), ("generators", [{}], "")],
)
def test_a_checkpoint_that_does_not_fit_leaves_all_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: Any, words: str
) -> None:
    made(Checkpoint(tmp_path, "epoch")).fit(1, progress=False)
    learner = made(seed=8)
    before = learner.net.state(), learner.train.rng.bit_generator.state, tn.core.generator_states()

    def spoiled(who: str, place: Path) -> Any:
        content = read_checkpoint(who, place)
        content.state[name] = value
        return content

    monkeypatch.setattr("tinynet.learner.resume.read_checkpoint", spoiled)
    with pytest.raises(ValueError, match=f"does not fit this learner: {words}"):
        learner.resume(tmp_path)
    assert {path: array.tobytes() for path, array in learner.net.state().items()} == {
        path: array.tobytes() for path, array in before[0].items()
    }
    assert (learner.train.rng.bit_generator.state, tn.core.generator_states()) == before[1:]
    assert learner.step == 0


@pytest.mark.parametrize("settings", [None, [], "batch_size"])
def test_a_checkpoint_without_settings_is_damaged(settings: Any) -> None:
    content: Any = SimpleNamespace(config={"settings": settings} if settings is not None else {})
    with pytest.raises(ValueError, match=r"Learner\.resume: .*here.*its config\.json says nothing about settings"):
        _check_settings(made(), Path("here"), content)


def test_of_a_schedule_all_factors_are_kept() -> None:
    schedule = StepLR(0.1, step_size=3)
    assert _plain_rate(0.1) == 0.1
    assert _plain_rate(schedule) == ("schedule", 1.0)
    assert _plain_rate(Scaled(Scaled(schedule, 0.5), 0.25)) == ("schedule", 0.125)


def test_the_best_weights_are_written_at_the_end_where_an_error_kept_them_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tinynet.learner import keep_best

    save, n_saved = keep_best.save, []

    def full_at_the_second(net: Net, path: Path) -> None:
        n_saved.append(1)
        if len(n_saved) == 2:
            raise MemoryError
        save(net, path)

    monkeypatch.setattr(keep_best, "save", full_at_the_second)
    keep = KeepBest("loss", path=tmp_path / "best.safetensors")
    learner = made(keep, rate=0.01)
    with pytest.raises(MemoryError):
        learner.fit(9, progress=False)
    assert keep.best_epoch > 1
    for path, array in tn.load(keep.path).state().items():
        np.testing.assert_array_equal(array, learner.net.state()[path])


def test_a_warning_that_training_goes_on_names_the_place_of_the_call() -> None:
    def written() -> None:
        go_on_without("Log", OSError(28, "No space left on device", "log.csv"))

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        written()
        go_on_without("Log", MemoryError())
    assert [str(one.message) for one in told] == [
        "Log: log.csv could not be written: No space left on device. Training goes on.",
        "Log: there is not enough memory. Training goes on.",
    ]
    assert told[0].filename == __file__
