"""Checkpoints: damaged by accident, or altered on purpose with checksums that are right."""

from __future__ import annotations

import hashlib
import json
import shutil
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

import tinynet as tn
from tinynet.data import Dataset
from tinynet.layers import BatchNorm1D, Linear
from tinynet.learner import AverageWeights, Checkpoint, EarlyStopping, KeepBest, Learner, LearningRateLog
from tinynet.losses import mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import Adam
from tools.fuzz.kind import Format
from tools.fuzz.mutations import BYTES, Rng, dumped, in_json

FILES = ("arrays.safetensors", "config.json", "model.safetensors", "optimizer.safetensors")


def _learner(*callbacks: Any) -> Learner:
    tn.seed(0)
    x = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)
    net = Net([Linear(3, 2), BatchNorm1D(2)])
    watching = [EarlyStopping("loss"), KeepBest("loss"), AverageWeights(0.5), LearningRateLog(), *callbacks]
    rule = Adam(lr=0.01, gradient_accumulation_steps=2)
    return Learner(net, mean_squared_error, rule, Dataset(x, x[:, :2]), batch_size=2, callbacks=watching)


def _make(folder: Path) -> list[Path]:
    checkpoint = Checkpoint(folder.parent / "all", 3)
    shutil.rmtree(checkpoint.folder, ignore_errors=True)
    _learner(checkpoint).fit(2, progress=False)
    (middle,) = checkpoint.folder.glob("*3")  # of the second epoch, where gradients wait for an update
    shutil.move(middle, folder)
    return sorted((folder / middle.name).iterdir())


def _resume(folder: Path) -> None:
    learner, before = _learner(), _learner().net.state()
    (checkpoint,) = folder.iterdir()
    try:
        learner.resume(checkpoint)
    except Exception:
        after = learner.net.state()
        assert all(np.array_equal(before[path], array) for path, array in after.items()), "half taken over"
        assert (learner.step, len(learner.history)) == (0, 0), "half taken over"
        raise
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Learner.resume: the checkpoint .* holds the memory of")
        learner.fit(progress=False)


def _forge(folder: Path) -> None:
    """Make the checksums right, and resume."""
    (checkpoint,) = folder.iterdir()
    _sign(checkpoint)
    with suppress(FloatingPointError):  # weights that are no numbers were loaded as they are, and training stops there
        _resume(folder)


def _sign(checkpoint: Path) -> None:
    path = checkpoint / "state.json"
    if not all((checkpoint / name).is_file() for name in (path.name, *FILES)):
        return
    try:
        body = json.loads(path.read_bytes())
        body.pop("sha256", None)
        digests = {name: hashlib.sha256((checkpoint / name).read_bytes()).hexdigest() for name in FILES}
        whole = {"format": body["format"], "files": digests} | {name: body[name] for name in ("optimizer", "state")}
    except (ValueError, TypeError, KeyError, AttributeError, OSError, RecursionError):
        return
    text = json.dumps(whole, ensure_ascii=False).encode("utf-8", "backslashreplace")
    whole["sha256"] = hashlib.sha256(text).hexdigest()
    path.write_bytes(json.dumps(whole, ensure_ascii=False).encode("utf-8", "backslashreplace"))


def state_tree(rng: Rng, content: bytes) -> bytes:
    """A value of a JSON file is another, below the checksums; of other files the bytes change."""
    try:
        tree = json.loads(content)
    except ValueError:
        return BYTES[int(rng.integers(len(BYTES)))](rng, content)
    inside = "state" if "state" in tree and rng.random() < 0.8 else None
    return dumped(tree | {inside: in_json(rng, tree[inside])} if inside else in_json(rng, tree))


FORMATS = {
    "checkpoint": Format(_make, _resume),
    "forged": Format(_make, _forge, BYTES + (state_tree,) * 16),
}
