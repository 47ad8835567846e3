"""Section D: three clean programs, each with one fault planted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from tinynet.data import Dataset
from tinynet.layers import Sigmoid, Softmax
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.optimizers import SGD, Adam
from tools.doctor.bases import Data, base_cnn, columns, deep_cnn, regr_nn
from tools.doctor.handwritten import (
    FlippedAdam,
    FlippedSGD,
    broadcast_squared_error,
    summed_cross_entropy,
    summed_squared_error,
)
from tools.doctor.material import digit_images, normal_weights, pictures
from tools.doctor.program import Build, Program, Trial, always, skill_below, worse_than


def clean_b(seed: int) -> Trial:
    return base_cnn()


def clean_d(seed: int) -> Trial:
    return deep_cnn(rng=np.random.default_rng(seed))


def clean_r(seed: int) -> Trial:
    return regr_nn(seed=seed)


def raw_pixels_b(seed: int) -> Trial:
    return base_cnn(digit_images(255))


def raw_pixels_d(seed: int) -> Trial:
    return deep_cnn(pictures(np.random.default_rng(seed), 600, n_classes=6, size=8, scale=255))


def raw_columns_r(seed: int) -> Trial:
    return regr_nn(columns(seed, raw=True))


def target_times_ten_r(seed: int) -> Trial:
    # Miles per gallon have a mean of 23 and a spread of 8.
    return regr_nn(columns(seed, times=80, plus=230))


def _unbalanced(train: Dataset, shares: Sequence[float], seed: int) -> Dataset:
    """Of each class the given share."""
    rng, kept = np.random.default_rng(seed), []
    for label, share in enumerate(shares):
        rows = rng.permutation(np.flatnonzero(train.y == label))
        kept.append(rows[: max(1, round(share * len(rows)))])
    return train.subset(np.sort(np.concatenate(kept)))


def unbalanced_b(seed: int) -> Trial:
    train, valid = digit_images()
    return base_cnn((_unbalanced(train, [1, 1, 1, 1, 1, 0.1, 0.06, 0.04, 0.03, 0.02], seed), valid))


def unbalanced_d(seed: int) -> Trial:
    train, valid = pictures(np.random.default_rng(seed), 1000, n_classes=6, size=8)
    return deep_cnn((_unbalanced(train, [1, 1, 1, 0.1, 0.05, 0.03], seed), valid))


def wide_weights_b(seed: int) -> Trial:
    return base_cnn(weights=partial(normal_weights, std=0.25), channels=(32, 64), hidden=512, epochs=6)


def wide_weights_d(seed: int) -> Trial:
    return deep_cnn(rng=np.random.default_rng(seed), weights=partial(normal_weights, std=0.25))


def wide_weights_r(seed: int) -> Trial:
    return regr_nn(weights=partial(normal_weights, std=0.25), seed=seed)


def hidden_softmax_b(seed: int) -> Trial:
    return base_cnn(activation=_softmax_over_channels)


def hidden_softmax_d(seed: int) -> Trial:
    return deep_cnn(rng=np.random.default_rng(seed), activation=_softmax_over_channels)


def _softmax_over_channels() -> Softmax:
    return Softmax(axis=1)


def sigmoid_for_minus_one_to_one_r(seed: int) -> Trial:
    return regr_nn(_between_minus_one_and_one(seed), last=[Sigmoid()])


def linear_for_minus_one_to_one_r(seed: int) -> Trial:
    return regr_nn(_between_minus_one_and_one(seed))


def _between_minus_one_and_one(seed: int) -> Data:
    train, valid = columns(seed)
    return tuple(Dataset(part.x, np.clip(part.y / 2.5, -1, 1)) for part in (train, valid))  # type: ignore[return-value]


def softmax_twice_b(seed: int) -> Trial:
    return base_cnn(last=[Softmax()])


def softmax_twice_d(seed: int) -> Trial:
    return deep_cnn(rng=np.random.default_rng(seed), last=[Softmax()])


def summed_b(seed: int) -> Trial:
    return base_cnn(loss=summed_cross_entropy)


def summed_d(seed: int) -> Trial:
    return deep_cnn(rng=np.random.default_rng(seed), loss=partial(cross_entropy, reduction="sum"))


def summed_r(seed: int) -> Trial:
    return regr_nn(seed=seed, loss=summed_squared_error)


def broadcast_r(seed: int) -> Trial:
    return regr_nn(_flat_target(seed), loss=broadcast_squared_error)


def refused_broadcast_r(seed: int) -> Trial:
    return regr_nn(_flat_target(seed), loss=mean_squared_error)


def _flat_target(seed: int) -> Data:
    return tuple(Dataset(part.x, part.y[:, 0]) for part in columns(seed))  # type: ignore[return-value]


def ascent_b(seed: int) -> Trial:
    return base_cnn(rule=FlippedSGD(lr=0.1))


def ascent_d(seed: int) -> Trial:
    return deep_cnn(rng=np.random.default_rng(seed), rule=FlippedSGD(lr=0.01, momentum=0.9))


def ascent_r(seed: int) -> Trial:
    return regr_nn(seed=seed, rule=FlippedAdam(lr=0.001))


def tiny_epsilon_b(seed: int) -> Trial:
    return base_cnn(rule=Adam(lr=0.1, eps=1e-16))


def tiny_epsilon_d(seed: int) -> Trial:
    return deep_cnn(rng=np.random.default_rng(seed), rule=Adam(lr=0.01, eps=1e-16))


def tiny_epsilon_r(seed: int) -> Trial:
    return regr_nn(seed=seed, rule=Adam(lr=0.001, eps=1e-16))


def usual_epsilon_b(seed: int) -> Trial:
    return base_cnn(rule=Adam(lr=0.1))


def usual_epsilon_d(seed: int) -> Trial:
    return deep_cnn(rng=np.random.default_rng(seed), rule=Adam(lr=0.01))


def usual_epsilon_r(seed: int) -> Trial:
    return regr_nn(seed=seed, rule=Adam(lr=0.001))


def no_regularization_b(seed: int) -> Trial:
    train, valid = digit_images()
    return base_cnn((train.subset(slice(0, 80)), valid), rule=SGD(lr=0.1), epochs=60)


def no_regularization_d(seed: int) -> Trial:
    train, valid = pictures(np.random.default_rng(seed), 600, n_classes=6, size=8)
    return deep_cnn((train.subset(slice(0, 18)), valid), drop=(0, 0, 0), epochs=40)


def no_regularization_r(seed: int) -> Trial:
    train, valid = columns(seed)
    return regr_nn((train.subset(slice(0, 60)), valid), rule=Adam(lr=0.001), epochs=300)


def much_decay_b(seed: int) -> Trial:
    return base_cnn(rule=SGD(lr=0.1, weight_decay=0.1))


def much_dropout_d(seed: int) -> Trial:
    return deep_cnn(rng=np.random.default_rng(seed), drop=(0.5, 0.5, 0.5), dense_drop=0.5)


def much_decay_r(seed: int) -> Trial:
    return regr_nn(seed=seed, rule=Adam(lr=0.001, weight_decay=0.1))


PROGRAMS = [
    Program("D1b", "pixels to 255", raw_pixels_b, "in-scale", (), skill_below(0.8)),
    Program("D1d", "pixels to 255", raw_pixels_d, "in-scale", (), skill_below(0.8)),
    Program("D1r", "columns in their own units", raw_columns_r, "in-scale", (), skill_below(0.8)),
    Program("D3r", "target times ten", target_times_ten_r, "out-scale", (), skill_below(0.8)),
    Program("D5b", "few samples of half of the classes", unbalanced_b, "imbalance", (), skill_below(0.9)),
    Program("D5d", "few samples of half of the classes", unbalanced_d, "imbalance", (), skill_below(0.9)),
    Program("D7b", "weights from N(0, 0.25)", wide_weights_b, "init-wide", ("explode",), skill_below(0.8)),
    Program("D7d", "weights from N(0, 0.25)", wide_weights_d, "init-wide", ("explode",), skill_below(0.8)),
    Program("D7r", "weights from N(0, 0.25)", wide_weights_r, "init-wide", ("explode",), skill_below(0.8)),
    Program("D9b", "softmax in hidden layers", hidden_softmax_b, "hid-act", (), skill_below(0.8)),
    Program("D9d", "softmax in hidden layers", hidden_softmax_d, "hid-act", (), skill_below(0.8)),
    Program(
        "D11r",
        "sigmoid for targets from −1 to 1",
        sigmoid_for_minus_one_to_one_r,
        "out-act",
        (),
        skill_below(0.8),
        linear_for_minus_one_to_one_r,
    ),
    Program("D13b", "softmax, then softmax cross-entropy", softmax_twice_b, "softmax2", (), always),
    Program("D13d", "softmax, then softmax cross-entropy", softmax_twice_d, "softmax2", (), always),
    Program("D15b", "sum over the batch", summed_b, "reduce", ("lr-high",), always),
    Program("D15d", "sum over the batch", summed_d, "reduce", ("lr-high",), always),
    Program("D15r", "sum over the batch", summed_r, "reduce", ("lr-high",), always),
    Program("D17r", "(N, 1) minus (N,)", broadcast_r, "broadcast", (), skill_below(0.8)),
    Program("D17e", "(N, 1) and (N,), refused", refused_broadcast_r, "broadcast", ("shape",), always),
    Program("D19b", "the sign of the update", ascent_b, "sign", (), skill_below(0.5)),
    Program("D19d", "the sign of the update", ascent_d, "sign", (), skill_below(0.5)),
    Program("D19r", "the sign of the update", ascent_r, "sign", (), skill_below(0.5)),
    Program("D21b", "Adam with ε 1e-16, rate 0.1", tiny_epsilon_b, "eps", ("lr-high",), worse_than(usual_epsilon_b)),
    Program(
        "D21d", "Adam with ε 1e-16 and rate 0.01", tiny_epsilon_d, "eps", ("lr-high",), worse_than(usual_epsilon_d)
    ),
    Program("D21r", "Adam with ε 1e-16", tiny_epsilon_r, "eps", ("lr-high",), worse_than(usual_epsilon_r)),
    Program("D23b", "80 digits, no regularization", no_regularization_b, "reg-none", (), skill_below(0.9)),
    Program("D23d", "18 pictures, no regularization", no_regularization_d, "reg-none", (), skill_below(0.8)),
    Program("D23r", "60 rows, no regularization", no_regularization_r, "reg-none", (), skill_below(0.8)),
    Program("D23b+", "weight decay 0.1", much_decay_b, "reg-much", (), skill_below(0.8)),
    Program("D23d+", "dropout of one half everywhere", much_dropout_d, "reg-much", (), skill_below(0.8)),
    Program("D23r+", "weight decay 0.1", much_decay_r, "reg-much", (), worse_than(clean_r, by=0.01)),
]

CLEAN: dict[str, Build] = {"base b": clean_b, "base d": clean_d, "base r": clean_r}
