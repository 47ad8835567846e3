"""What is trained, and all that is left of it, as one fingerprint."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import tinynet as tn
from tinynet.core.faster import use
from tinynet.data import Dataset
from tinynet.layers import BatchNorm1D, Dropout, Linear, ReLU
from tinynet.learner import (
    AverageWeights,
    Callback,
    Checkpoint,
    CSVLog,
    EarlyStopping,
    KeepBest,
    Learner,
    LearningRateLog,
    Snapshots,
    Statistics,
)
from tinynet.losses import cross_entropy
from tinynet.metrics import accuracy, f1_score, roc_auc
from tinynet.net import Net
from tinynet.optimizers import AdamW, CosineAnnealingLR
from tinynet.storage.checkpoints import checkpoints_in, read_checkpoint

EPOCHS, N_SAMPLES, BATCH_SIZE = 5, 100, 8
FILES = ("model.safetensors", "optimizer.safetensors", "arrays.safetensors")


class Phase(Callback):
    """Tells from outside whether it trains, validates or saves."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell

    def state(self) -> dict[str, Any]:
        return {}

    def on_batch_begin(self, learner: Learner, index: int) -> None:
        self._tell("training")

    def on_batch_end(self, learner: Learner, index: int, means: dict[str, float]) -> None:
        self._tell("validating" if index + 1 == learner.batches_per_epoch else "saving")

    def on_epoch_end(self, learner: Learner, epoch: int, row: dict[str, Any]) -> None:
        self._tell("saving")

    def on_fit_end(self, learner: Learner) -> None:
        self._tell("ending")


def train(folder: Path, tell: Callable[[str], None] = lambda phase: None) -> Learner:
    """Train in a folder: from its last checkpoint, or from the beginning."""
    with use("plain"):
        learner = make_learner(folder, [Phase(tell)])
        places = folder / "checkpoints"
        if places.is_dir() and checkpoints_in(places):
            learner.resume(places)
            learner.fit(progress=False)
        else:
            (folder / "history.csv").unlink(missing_ok=True)
            learner.fit(EPOCHS, progress=False)
    return learner


def make_learner(folder: Path, callbacks: Sequence[Callback] = ()) -> Learner:
    """A small net with dropout, statistics and gradients that add up, and every callback that remembers something."""
    tn.seed(0)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(N_SAMPLES, 6)).astype(np.float32), rng.integers(0, 2, N_SAMPLES)
    net = Net([Linear(6, 8), BatchNorm1D(8), ReLU(), Dropout(0.2), Linear(8, 2)])
    rule = AdamW(lr=CosineAnnealingLR(0.01, T_max=40), gradient_accumulation_steps=3, clip_norm=1.0)
    watching = [EarlyStopping(patience=4), KeepBest(path=folder / "best.safetensors"), AverageWeights(0.9)]
    writing = [CSVLog(folder / "history.csv"), Statistics(every=4, path=folder / "statistics.safetensors")]
    return Learner(
        net,
        cross_entropy,
        rule,
        Dataset(x, y),
        valid=Dataset(x[:40], y[:40]),
        batch_size=BATCH_SIZE,
        metrics=[accuracy, f1_score, roc_auc],
        callbacks=[
            *watching,
            *writing,
            LearningRateLog(),
            Snapshots([1, 3]),
            Checkpoint(folder / "checkpoints", [5, "epoch"]),
            *callbacks,
        ],
    )


def fingerprint(folder: Path) -> dict[str, str]:
    """What a training has left in its folder, file by file, without the times that it took."""
    found = {name: _digest((folder / name).read_bytes()) for name in ("best.safetensors", "statistics.safetensors")}
    last = checkpoints_in(folder / "checkpoints")[0]
    content = read_checkpoint("kill_test", last)
    found |= {name: _digest((last / name).read_bytes()) for name in FILES}
    state = json.loads((last / "state.json").read_text(encoding="utf-8"))
    found["optimizer"] = _digest(json.dumps(state["optimizer"]).encode())
    callbacks = [pair for pair in content.state["callbacks"] if pair[0] not in ("CSVLog", "Phase")]
    kept = {name: content.state[name] for name in ("epoch", "batch", "stopped", "so_far", "seed", "generators")}
    found["state"] = _digest(repr((kept, [without_times(row) for row in content.state["history"]])).encode())
    found["callbacks"] = _digest(repr(callbacks).encode())
    found["history.csv"] = _digest(repr(rows_of(folder / "history.csv")).encode())
    return found


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file without the times."""
    with open(path, encoding="utf-8", newline="") as file:
        return [without_times(row) for row in csv.DictReader(file)]


def without_times(row: dict[str, Any]) -> dict[str, Any]:
    """A row of a history without the seconds that the epoch took."""
    return {name: value for name, value in row.items() if name != "seconds"}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
