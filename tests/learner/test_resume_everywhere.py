"""A training that is resumed at any of its steps ends as if nothing had happened, whatever takes part in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinynet as tn
from tinynet import optimizers
from tinynet.core import Parameter
from tinynet.data import Dataset
from tinynet.layers import BatchNorm1D, Dropout, Linear, Tanh
from tinynet.learner import AverageWeights, Callback, EarlyStopping, KeepBest, Learner, ReduceOnPlateau
from tinynet.learner.resume import _take, content_of
from tinynet.losses import mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LinearLR,
    LinearWarmup,
    Lion,
    MultiStepLR,
    Muon,
    NAdam,
    OneCycleLR,
    Optimizer,
    ParameterGroups,
    PolynomialLR,
    RAdam,
    RMSProp,
    SequentialLR,
    StepLR,
)
from tinynet.storage.checkpoints import Content
from tinynet.storage.values import packed, unpacked

N_STEPS, PER_EPOCH, N_EPOCHS = 60, 7, 9
TO_THE_END = 17  # Of so many resumed trainings, one runs to its end; of the others, the next moment is compared.


def is_matrix(path: str, parameter: Parameter) -> bool:
    return len(parameter.shape) > 1


RULES: dict[str, Any] = {
    "sgd": lambda **options: SGD(momentum=0.9, nesterov=True, **options),
    "adam": lambda **options: Adam(amsgrad=True, **options),
    "adamw": AdamW,
    "nadam": NAdam,
    "radam": lambda **options: RAdam(betas=(0.9, 0.9), **options),  # so that its variance is used from step 6 on
    "adamax": Adamax,
    "adagrad": Adagrad,
    "adadelta": Adadelta,
    "rmsprop": lambda **options: RMSProp(momentum=0.5, centered=True, **options),
    "lion": Lion,
    "muon": lambda lr, **options: ParameterGroups([(is_matrix, Muon(lr=lr)), ("*", AdamW(lr=lr))], **options),
    "groups": lambda lr, **options: ParameterGroups(
        [("*.bias", SGD(lr=lr, momentum=0.5)), ("*", Adam(lr=lr))], **options
    ),
}
SCHEDULES: list[Any] = [
    StepLR(0.03, 10),
    MultiStepLR(0.03, [20, 11, 20]),
    ExponentialLR(0.03, 0.95),
    PolynomialLR(0.03, 50, power=2.0),
    CosineAnnealingLR(0.03, 40),
    CosineAnnealingWarmRestarts(0.03, 5, T_mult=2),
    ConstantLR(0.03, total_iters=20),
    LinearLR(ExponentialLR(0.03, 0.95), total_iters=30),
    LinearWarmup(0.03, 20),
    OneCycleLR(0.03, 60),
    CyclicLR(0.001, 0.03, 5, 4, mode="triangular2"),
    SequentialLR([LinearLR(0.03), CosineAnnealingLR(0.03, 40)], [5]),
]
WITH = ("schedule", "accumulation", "clipping", "average", "early stopping", "best weights", "plateau")


#: A schedule and a plateau exclude each other. With both sets, each rule meets each addition, and each two meet.
SETS = [frozenset(WITH) - {"plateau"}, frozenset(WITH) - {"schedule"}]
ROWS = list(product(RULES, SETS))


def test_the_rows_cover_all_pairs() -> None:
    pairs = {frozenset(pair) for _, several in ROWS for pair in combinations(several, 2)}
    wanted = {frozenset(pair) for pair in combinations(WITH, 2)} - {frozenset(("schedule", "plateau"))}
    assert wanted <= pairs
    assert {(rule, one) for rule, several in ROWS for one in several} == set(product(RULES, WITH))


class Moments(Callback):
    """Calls a function after every step and every epoch, with all that a checkpoint would hold."""

    comes_last = True

    def __init__(self, look: Callable[[Content], None]) -> None:
        self.look = look

    def state(self) -> dict[str, Any]:
        return {}

    def on_batch_end(self, learner: Learner, index: int, means: dict[str, float]) -> None:
        self.look(content_of(learner, [one for one in learner.callbacks if one is not self]))

    def on_epoch_end(self, learner: Learner, epoch: int, row: dict[str, Any]) -> None:
        self.look(content_of(learner, [one for one in learner.callbacks if one is not self]))


class SeenError(Exception):
    """All was seen."""


def made(rule: str, several: frozenset[str], schedule: Any = SCHEDULES[4]) -> Learner:
    tn.seed(3)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(27, 4)).astype(np.float32), rng.normal(size=(27, 2)).astype(np.float32)
    norms = BatchNorm1D(5), BatchNorm1D(5, momentum=None, bias=False)  # the second counts its batches
    net = Net([Linear(4, 5), norms[0], Tanh(), norms[1], Dropout(0.2), Linear(5, 2)])
    options: dict[str, Any] = {"lr": schedule if "schedule" in several else 0.02}
    options |= {"gradient_accumulation_steps": 3} if "accumulation" in several else {}
    options |= {"clip_norm": 0.5, "clip_value": 0.3} if "clipping" in several else {}
    optimizer: Optimizer = RULES[rule](**options)
    makers: dict[str, Any] = {
        "average": lambda: AverageWeights(0.8),
        "early stopping": lambda: EarlyStopping(patience=4),
        "best weights": KeepBest,
        "plateau": lambda: ReduceOnPlateau(patience=0, factor=0.5),
    }
    callbacks = [makers[name]() for name in WITH if name in several and name in makers]
    valid = Dataset(x[:9] + 0.1, y[:9])
    return Learner(net, mean_squared_error, optimizer, Dataset(x, y), valid=valid, batch_size=4, callbacks=callbacks)


def bits(content: Content) -> tuple[str, dict[str, bytes]]:
    """All of a checkpoint but the times, so that two are equal only bit for bit."""
    arrays: dict[str, np.ndarray] = dict(content.model)
    plain = packed("test", [content.optimizer, content.state], arrays, "all")
    text = re.sub(r'"seconds": [0-9.e-]+', "", json.dumps(plain))
    return text, {name: array.tobytes() for name, array in arrays.items()}


def through_a_file(content: Content) -> Content:
    """What comes back of a checkpoint, without the disk."""
    arrays: dict[str, np.ndarray] = {}
    text = json.dumps(packed("test", [content.optimizer, content.state], arrays, "all"))
    optimizer, state = unpacked(json.loads(text), {name: array.copy() for name, array in arrays.items()})
    return replace(content, optimizer=optimizer, state=state)


@pytest.mark.parametrize(("rule", "several"), ROWS, ids=lambda value: value if isinstance(value, str) else "")
def test_every_step(rule: str, several: frozenset[str]) -> None:
    contents: list[Content] = []
    straight = made(rule, several)
    straight.callbacks += (Moments(contents.append),)
    straight.fit(N_EPOCHS, progress=False)
    right = [bits(content) for content in contents]
    ends = left(straight)
    for index, content in enumerate(contents[: N_STEPS + N_STEPS // PER_EPOCH]):
        learner = made(rule, several)
        _take(learner, Path("checkpoint"), through_a_file(content))
        if index % TO_THE_END == 5:
            learner.fit(progress=False)
            np.testing.assert_equal(left(learner), ends)
        elif index + 1 < len(contents):  # what comes next is the same, and so is all that comes later
            found: list[Content] = []
            learner.callbacks += (Moments(lambda content, found=found: seen(content, found)),)
            with pytest.raises(SeenError):
                learner.fit(progress=False)
            assert bits(found[0]) == right[index + 1], index


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: type(schedule).__name__)
def test_every_schedule(schedule: Any) -> None:
    contents: list[Content] = []
    straight = made("sgd", frozenset({"schedule"}), schedule)
    straight.callbacks += (Moments(contents.append),)
    straight.fit(N_EPOCHS, progress=False)
    for content in contents[3:N_STEPS:13]:
        learner = made("sgd", frozenset({"schedule"}), schedule)
        _take(learner, Path("checkpoint"), through_a_file(content))
        learner.fit(progress=False)
        np.testing.assert_equal(left(learner), left(straight))


def test_every_exported_schedule_is_resumed() -> None:
    exported = {name for name in optimizers.__all__ if hasattr(getattr(optimizers, name), "__post_init__")}
    assert exported == {type(schedule).__name__ for schedule in SCHEDULES}


def seen(content: Content, found: list[Content]) -> None:
    found.append(content)
    raise SeenError


def left(learner: Learner) -> tuple[Any, ...]:
    """What a training has come to."""
    rows = [{name: value for name, value in row.items() if name != "seconds"} for row in learner.history]
    state = learner.optimizer.state(learner.net.parameters())
    return learner.net.state(), state, rows, learner.stop_reason, learner.epoch
