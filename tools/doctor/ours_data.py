"""Section H, our own programs: faults in the data."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from tinynet.data import Dataset
from tinynet.layers import Linear, ReLU
from tinynet.learner import Learner
from tinynet.losses import binary_cross_entropy_with_logits, cross_entropy, mean_squared_error
from tinynet.metrics import accuracy
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam
from tools.doctor.bases import columns, regr_nn
from tools.doctor.material import digit_rows, halves, standardised
from tools.doctor.program import Program, Trial, accuracy_skill, always, logit_skill, r2_skill, skill_below


def _digits(train: Any, valid: Any, epochs: int = 15, hidden: int = 64) -> Trial:
    net = Net([Linear(64, hidden), ReLU(), Linear(hidden, 10)])
    learner = Learner(net, cross_entropy, Adam(lr=0.002), train, valid=valid, metrics=[accuracy])
    return Trial(learner, epochs, accuracy_skill)


def clean_digits(seed: int) -> Trial:
    return _digits(*digit_rows())


def labels_shuffled(seed: int) -> Trial:
    train, valid = digit_rows()
    return _digits(Dataset(train.x, np.random.default_rng(seed).permutation(train.y)), valid)


def a_third_of_the_labels_wrong(seed: int) -> Trial:
    rng, (train, valid) = np.random.default_rng(seed), digit_rows()
    wrong = rng.uniform(size=len(train)) < 1 / 3
    y = np.where(wrong, (train.y + rng.integers(1, 10, len(train))) % 10, train.y)
    return _digits(Dataset(train.x, y), valid, epochs=40, hidden=256)


def labels_one_row_off(seed: int) -> Trial:
    train, valid = digit_rows()
    return _digits(Dataset(train.x, np.roll(train.y, 1)), valid)


def labels_from_one_to_ten(seed: int) -> Trial:
    train, valid = digit_rows()
    return _digits(Dataset(train.x, train.y + 1), Dataset(valid.x, valid.y + 1))


class ShuffledApart:
    """Rows read in one order for x and in another for y: the two are no longer a pair."""

    def __init__(self, data: Dataset, rng: np.random.Generator) -> None:
        self.data, self.rng = data, rng

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, indices: Any) -> tuple[np.ndarray, np.ndarray]:
        x, y = self.data[indices]
        return x, (self.rng.permutation(y) if np.ndim(y) else y)


def x_and_y_shuffled_apart(seed: int) -> Trial:
    train, valid = digit_rows()
    return _digits(ShuffledApart(train, np.random.default_rng(seed)), valid)


class InOrder:
    """A reader that takes the next rows of a file, whatever rows it is asked for."""

    def __init__(self, data: Dataset) -> None:
        self.data, self.place = data, 0

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, indices: Any) -> tuple[np.ndarray, np.ndarray]:
        rows = (self.place + np.arange(len(np.atleast_1d(indices)))) % len(self.data)
        self.place = int(rows[-1] + 1) % len(self.data)
        return self.data[rows]


def _ordered(order: np.ndarray) -> Trial:
    train, valid = digit_rows()
    net = Net([Linear(64, 64), ReLU(), Linear(64, 10)])
    data = InOrder(train.subset(order))
    learner = Learner(net, cross_entropy, SGD(lr=0.2), data, valid=valid, batch_size=16)
    return Trial(learner, 5, accuracy_skill)


def sorted_by_class(seed: int) -> Trial:
    return _ordered(np.argsort(digit_rows()[0].y, kind="stable"))


def in_random_order(seed: int) -> Trial:
    return _ordered(np.random.default_rng(seed).permutation(len(digit_rows()[0])))


def divided_as_integers(seed: int) -> Trial:
    """pixels // 255 of whole numbers: all is 0 but the brightest."""
    train, valid = (Dataset(part.x // np.float32(1.01), part.y) for part in digit_rows())
    return _digits(train, valid)


def validation_in_other_units(seed: int) -> Trial:
    train, (_, valid) = digit_rows()[0], digit_rows(16)
    return _digits(train, valid)


def validation_not_standardised(seed: int) -> Trial:
    (train, _), (_, raw) = columns(seed), columns(seed, raw=True)
    return regr_nn((train, raw))


def validation_labels_one_row_off(seed: int) -> Trial:
    train, valid = digit_rows()
    return _digits(train, Dataset(valid.x, np.roll(valid.y, 1)))


def validation_from_training(seed: int) -> Trial:
    train, _ = digit_rows()
    return _digits(train, train.subset(np.random.default_rng(seed).permutation(len(train))[:300]))


def half_of_validation_from_training(seed: int) -> Trial:
    train, valid = digit_rows()
    x, y = np.concatenate([valid.x, train.x[:360]]), np.concatenate([valid.y, train.y[:360]])
    return _digits(train, Dataset(x, y))


def one_class_only(seed: int) -> Trial:
    train, valid = digit_rows()
    return _digits(train.subset(train.y == 3), valid)


def rare_yes(seed: int) -> Trial:
    """Of 1,000 rows 30 are a yes; never saying so is right in 97 %, but in half of the even validation data."""
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(1000) % 33 == 0, np.arange(300) % 2 == 0]).astype(np.float32)[:, None]
    x = (rng.normal(size=(1300, 6)) + 0.9 * y).astype(np.float32)
    net = Net([Linear(6, 16), ReLU(), Linear(16, 1)])
    train, valid = Dataset(x[:1000], y[:1000]), Dataset(x[1000:], y[1000:])
    rule = Adam(lr=0.003)
    learner = Learner(net, binary_cross_entropy_with_logits, rule, train, valid=valid, metrics=[accuracy])
    return Trial(learner, 30, logit_skill)


def noise_for_inputs(seed: int) -> Trial:
    rng = np.random.default_rng(seed)
    y = np.arange(600) % 3
    train, valid = halves(rng.normal(size=(600, 10)).astype(np.float32), y)
    net = Net([Linear(10, 16), ReLU(), Linear(16, 3)])
    return Trial(Learner(net, cross_entropy, Adam(), train, valid=valid), 15, accuracy_skill)


def inputs_far_below_zero(seed: int) -> Trial:
    """Temperatures in a unit whose zero is far away: −300 to −200."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(500, 4))
    y = standardised(z[:, :1] - 0.5 * z[:, 1:2] + np.tanh(z[:, 2:3]))
    train, valid = halves((15 * z - 250).astype(np.float32), y)
    net = Net([Linear(4, 32), ReLU(), Linear(32, 32), ReLU(), Linear(32, 1)])
    return Trial(Learner(net, mean_squared_error, Adam(), train, valid=valid), 30, r2_skill)


def one_column_in_the_millions(seed: int) -> Trial:
    """Nine columns are standardised; the tenth, an income, was forgotten."""
    train, valid = columns(seed)
    rng = np.random.default_rng(seed)
    income = partial(rng.normal, 3e6, 1e6)
    parts = (
        Dataset(np.concatenate([part.x[:, :8], income((len(part), 1))], axis=1).astype(np.float32), part.y)
        for part in (train, valid)
    )
    return regr_nn(tuple(parts))  # type: ignore[arg-type]


PROGRAMS = [
    Program("H1", "labels shuffled", labels_shuffled, ("labels", "no-signal"), ("reg-none",), skill_below(0.5)),
    Program(
        "H2",
        "a third of the labels wrong",
        a_third_of_the_labels_wrong,
        ("labels", "reg-none"),
        (),
        skill_below(0.93),
        clean_digits,
    ),
    Program("H3", "labels one row off", labels_one_row_off, ("labels", "no-signal"), ("reg-none",), skill_below(0.5)),
    Program("H4", "labels from 1 to 10 for ten classes", labels_from_one_to_ten, "labels", ("width",), always),
    Program("H5", "x and y shuffled apart", x_and_y_shuffled_apart, ("labels", "no-signal"), (), skill_below(0.5)),
    Program("H6", "sorted by class, not shuffled", sorted_by_class, "sorted", (), skill_below(0.8), in_random_order),
    Program(
        "H7",
        "whole pixels divided as integers",
        divided_as_integers,
        ("no-signal", "in-scale"),
        ("labels",),
        skill_below(0.9),
    ),
    Program("H8", "validation to 16, training to 1", validation_in_other_units, "eval-prep", ("in-scale",), always),
    Program(
        "H9", "validation not standardised", validation_not_standardised, "eval-prep", ("in-scale",), skill_below(0.5)
    ),
    Program(
        "H10",
        "validation labels one row off",
        validation_labels_one_row_off,
        ("labels", "eval-prep"),
        ("reg-none",),
        skill_below(0.5),
    ),
    Program("H11", "validation rows from training", validation_from_training, "leak", (), always),
    Program("H12", "half of the validation rows from training", half_of_validation_from_training, "leak", (), always),
    Program("H13", "all of one class", one_class_only, "one-class", ("labels", "imbalance"), always),
    Program("H14", "3 % of one class", rare_yes, "imbalance", ("metric",), skill_below(0.5)),
    Program("H15", "noise for inputs", noise_for_inputs, "no-signal", ("labels", "reg-none"), skill_below(0.3)),
    Program("H16", "inputs near −250", inputs_far_below_zero, "in-scale", ("dead-relu",), skill_below(0.9)),
    Program(
        "H17", "one column in the millions", one_column_in_the_millions, "in-scale", ("explode",), skill_below(0.8)
    ),
]
