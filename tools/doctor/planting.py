"""Faults planted in programs drawn at random: `python -m tools.doctor --drawn 100`.

The programs of the list are forty-seven. These are as many as one likes, so that the doctor does not learn the list by
heart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from tinynet.data import Dataset
from tinynet.layers import (
    GELU,
    Conv2D,
    Dropout,
    Layer,
    LeakyReLU,
    Linear,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)
from tinynet.losses import binary_cross_entropy_with_logits, cross_entropy, mean_squared_error
from tinynet.optimizers import SGD, AdamW
from tools.doctor.handwritten import (
    FlippedAdam,
    FlippedSGD,
    binary_crossentropy,
    categorical_crossentropy,
    summed_cross_entropy,
    summed_squared_error,
)
from tools.doctor.material import (
    fill,
    normal_weights,
)
from tools.doctor.program import Program, Trial, always, worse_than
from tools.doctor.recipes import Recipe, healthy, pick

# Faults: functions (recipe, rng) -> recipe, or None where the fault does not apply.


def _with_data(recipe: Recipe, change: Callable[[Dataset], Dataset], valid: bool = True) -> Recipe:
    train, held = recipe.data
    return replace(recipe, data=(change(train), change(held) if valid else held))


def unscaled_inputs(recipe: Recipe, rng: np.random.Generator) -> Recipe | None:
    """Every column in units of its own, or pixels to 255."""
    if recipe.data[0].x.ndim == 4 or recipe.data[0].x.min() >= 0:
        return _with_data(recipe, lambda data: Dataset(data.x * np.float32(255), data.y))
    shape = recipe.data[0].x.shape[1:]
    spread = 10 ** rng.uniform(1, 3, shape)
    mean = spread * rng.uniform(1, 5, shape)
    return _with_data(recipe, lambda data: Dataset((data.x * spread + mean).astype(np.float32), data.y))


def unscaled_targets(recipe: Recipe, rng: np.random.Generator) -> Recipe | None:
    if recipe.task != "numbers":
        return None
    spread = np.float32(10 ** rng.uniform(2.5, 5))
    mean = spread * np.float32(rng.uniform(1, 4))
    return _with_data(recipe, lambda data: Dataset(data.x, data.y * spread + mean))


def rate_too_high(recipe: Recipe, rng: np.random.Generator) -> Recipe | None:
    recipe.rule.lr *= 10 ** rng.uniform(2, 3)
    return recipe


def rate_too_low(recipe: Recipe, rng: np.random.Generator) -> Recipe | None:
    recipe.rule.lr *= 10 ** rng.uniform(-5, -3)
    return recipe


def flipped_sign(recipe: Recipe, rng: np.random.Generator) -> Recipe | None:
    return replace(recipe, rule=pick(rng, [FlippedSGD(lr=0.01), FlippedAdam(lr=0.001)]))


def summed_loss(recipe: Recipe, rng: np.random.Generator) -> Recipe | None:
    losses = {cross_entropy: summed_cross_entropy, mean_squared_error: summed_squared_error}
    losses[binary_cross_entropy_with_logits] = partial(binary_cross_entropy_with_logits, reduction="sum")
    if recipe.loss not in losses:
        return None
    return replace(recipe, loss=losses[recipe.loss])


def softmax_twice(recipe: Recipe, rng: np.random.Generator) -> Recipe | None:
    return replace(recipe, last=[Softmax()]) if recipe.loss is cross_entropy else None


def softmax_over_one(recipe: Recipe, rng: np.random.Generator) -> Recipe | None:
    return replace(recipe, last=[Softmax()], loss=binary_crossentropy) if recipe.task == "yes" else None


def no_softmax(recipe: Recipe, rng: np.random.Generator) -> Recipe | None:
    losses = {"classes": categorical_crossentropy, "yes": binary_crossentropy}
    return replace(recipe, last=[], loss=losses[recipe.task]) if recipe.task in losses else None


def output_cut_off(recipe: Recipe, rng: np.random.Generator) -> Recipe | None:
    return replace(recipe, last=[pick(rng, [ReLU, Sigmoid])()]) if recipe.task == "numbers" else None


def shuffled_labels(recipe: Recipe, rng: np.random.Generator) -> Recipe | None:
    return _with_data(recipe, lambda data: Dataset(data.x, rng.permutation(data.y)), valid=False)


def other_validation(recipe: Recipe, rng: np.random.Generator) -> Recipe | None:
    train, valid = recipe.data
    factor, offset = pick(rng, [(255, 0), (50, 100), (1 / 255, 0)])
    return replace(recipe, data=(train, Dataset(valid.x * np.float32(factor) + np.float32(offset), valid.y)))


def leaking_validation(recipe: Recipe, rng: np.random.Generator) -> Recipe | None:
    train, _ = recipe.data
    return replace(recipe, data=(train, train.subset(rng.permutation(len(train))[: len(train) // 5])))


def equal_weights(recipe: Recipe, rng: np.random.Generator) -> Recipe | None:
    value = pick(rng, [0.0, 0.05])

    def weights(net: Layer) -> None:
        for _, layer in net.layers_inside():
            if isinstance(layer, (Conv2D, Linear)):
                for parameter in layer.parameters().values():
                    fill(parameter, value)

    return replace(recipe, weights=weights)


def wide_weights(recipe: Recipe, rng: np.random.Generator) -> Recipe | None:
    return replace(recipe, weights=partial(normal_weights, std=float(rng.uniform(1, 4))))


def heavy_dropout(recipe: Recipe, rng: np.random.Generator) -> Recipe | None:
    return replace(recipe, body=[*recipe.body, Dropout(float(rng.uniform(0.85, 0.97)))])


def heavy_decay(recipe: Recipe, rng: np.random.Generator) -> Recipe | None:
    return replace(recipe, rule=pick(rng, [SGD(lr=0.1, weight_decay=0.3), AdamW(lr=0.01, weight_decay=10.0)]))


def no_activations(recipe: Recipe, rng: np.random.Generator) -> Recipe | None:
    linear = [layer for layer in recipe.body if not isinstance(layer, (ReLU, Tanh, GELU, LeakyReLU))]
    return replace(recipe, body=linear) if recipe.task != "yes" else None


def few_of_a_class(recipe: Recipe, rng: np.random.Generator) -> Recipe | None:
    if recipe.task == "numbers":
        return None
    train, valid = recipe.data
    rare = train.y.reshape(-1) == 0
    kept = ~rare
    kept[np.flatnonzero(rare)[: max(2, int(0.02 * rare.sum()))]] = True
    return replace(recipe, data=(train.subset(kept), valid))


Fault = Callable[[Recipe, np.random.Generator], Recipe | None]
#: Each with the primary diagnoses, of which one must be among the first three, and those that are right as well.
FAULTS: list[tuple[Fault, tuple[str, ...], tuple[str, ...]]] = [
    (unscaled_inputs, ("in-scale",), ("lr-high", "dead-relu", "explode", "saturated")),
    (unscaled_targets, ("out-scale",), ("lr-high", "explode", "dead-relu", "few-steps", "lr-low")),
    (rate_too_high, ("lr-high",), ("explode", "dead-relu", "saturated", "unstable")),
    (rate_too_low, ("lr-low",), ("few-steps",)),
    (flipped_sign, ("sign",), ("explode",)),
    (summed_loss, ("reduce",), ("lr-high", "explode", "dead-relu")),
    (softmax_twice, ("softmax2",), ()),
    (softmax_over_one, ("softmax1",), ("out-act",)),
    (no_softmax, ("no-softmax", "out-act"), ("loss",)),
    (output_cut_off, ("out-act",), ("dead-relu",)),
    (shuffled_labels, ("labels", "no-signal"), ("reg-none",)),
    (other_validation, ("eval-prep",), ("in-scale",)),
    (leaking_validation, ("leak",), ()),
    (equal_weights, ("init-const",), ("vanish",)),
    (wide_weights, ("init-wide",), ("saturated", "explode", "dead-relu", "lr-high")),
    (heavy_dropout, ("reg-much",), ()),
    (heavy_decay, ("reg-much",), ()),
    (no_activations, ("hid-act",), ("width",)),
    (few_of_a_class, ("imbalance",), ("labels",)),
]

#: Faults that are there whatever comes of them.
STATIC = (summed_loss, softmax_twice, softmax_over_one, no_softmax, other_validation, leaking_validation)
#: A drawn program that does worse is not healthy enough to plant anything in it.
MIN_SKILL = 0.85


def clean(seed: int) -> Trial:
    """The healthy program of that number."""
    return healthy(seed).trial()


def planted(number: int) -> Program:
    """The faulty program of that number; faults take turns, and one that does not apply leaves its turn to the next."""
    for turn in range(number, number + len(FAULTS)):
        fault, primaries, accepted = FAULTS[turn % len(FAULTS)]
        if fault(healthy(number), np.random.default_rng(number)) is not None:
            break
    effect = always if fault in STATIC else worse_than(clean, by=0.1)
    return Program(f"{number} {fault.__name__}", fault.__name__, partial(_planted, fault), primaries, accepted, effect)


def _planted(fault: Fault, seed: int) -> Trial:
    recipe = fault(healthy(seed), np.random.default_rng(seed))
    assert recipe is not None
    return recipe.trial()
