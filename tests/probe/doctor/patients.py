"""Trainings that several tests examine."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

import tinynet as tn
from tinynet.data import Dataset, digits
from tinynet.layers import Linear, ReLU
from tinynet.learner import Learner
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD
from tinynet.probe.doctor import Diagnoses, Diagnosis


def rows(scale: float = 1.0) -> tuple[Dataset, Dataset]:
    """The digits as rows of 64 numbers, to train and to validate with."""
    return tuple(Dataset(part.x.reshape(-1, 64) * np.float32(scale), part.y) for part in digits())  # type: ignore[return-value]


def classifier(*layers: Any, data: Any = None, loss: Any = cross_entropy, rule: Any = None, **options: Any) -> Learner:
    """A learner of digits; without layers, a net that does well."""
    tn.seed(0)
    layers = layers or (Linear(64, 32), ReLU(), Linear(32, 10))
    train, valid = rows()
    options.setdefault("valid", valid)
    return Learner(Net(list(layers)), loss, rule or SGD(lr=0.1, momentum=0.9), data or train, **options)


def numbers(n: int = 200, x_scale: float = 1.0, y_scale: float = 1.0, y_shift: float = 0.0) -> Dataset:
    """Four standardised columns, and a target that depends on them, of mean `y_shift` and about spread `y_scale`."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 4))
    y = 0.7 * x[:, :1] - 0.5 * x[:, 1:2] + 0.5 * np.sin(x[:, 2:3])
    return Dataset((x * x_scale).astype(np.float32), (y * y_scale + y_shift).astype(np.float32))


def regression(
    *layers: Any, data: Any = None, loss: Any = mean_squared_error, rule: Any = None, **options: Any
) -> Learner:
    """A learner of `numbers`; without layers, a net that does well."""
    tn.seed(0)
    layers = layers or (Linear(4, 16), ReLU(), Linear(16, 1))
    return Learner(Net(list(layers)), loss, rule or SGD(lr=0.05, momentum=0.9), data or numbers(), **options)


def after(learner: Learner, epochs: int) -> Diagnoses:
    """What the doctor says after so many epochs, or after the error that ended them."""
    with contextlib.suppress(FloatingPointError):
        learner.fit(epochs, progress=False)
    return learner.diagnose()


def only(diagnoses: Diagnoses, name: str) -> Diagnosis:
    """The diagnosis of a name."""
    return next(each for each in diagnoses if each.name == name)


def names(diagnoses: Diagnoses) -> list[str]:
    """The problems by name."""
    return [each.name for each in diagnoses.problems]
