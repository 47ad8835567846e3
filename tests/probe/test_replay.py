"""A trace, run again, has the same bits: every model, every rule, dropout and batch norm included."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pytest

import tinynet as tn
from tinynet import models
from tinynet.layers import Dropout, Linear
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam, ParameterGroups


class ModelRow(NamedTuple):
    """A model in a small size, a batch for it and its loss."""

    build: Callable[[], Net]
    x: Any
    y: Any
    loss: Callable


def images(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).random(shape).astype(np.float32)


def labels(*shape: int, classes: int = 10) -> np.ndarray:
    return np.random.default_rng(1).integers(0, classes, shape)


PICTURES, SMALL = images(3, 1, 28, 28), images(3, 3, 32, 32)
TOKENS = labels(2, 6, classes=9)
GENERATOR, DISCRIMINATOR = 0, 1
MODELS = {
    "mlp": ModelRow(models.mlp, images(3, 784), labels(3), cross_entropy),
    "digits_cnn": ModelRow(models.digits_cnn, images(3, 1, 8, 8), labels(3), cross_entropy),
    "lenet5": ModelRow(models.lenet5, PICTURES, labels(3), cross_entropy),
    "mnist_cnn": ModelRow(models.mnist_cnn, PICTURES, labels(3), cross_entropy),
    "vgg11": ModelRow(partial(models.vgg11, width=2), SMALL, labels(3), cross_entropy),
    "vgg16": ModelRow(partial(models.vgg16, width=2), SMALL, labels(3), cross_entropy),
    "resnet20": ModelRow(models.resnet20, images(2, 3, 16, 16), labels(2), cross_entropy),
    "mobilenet": ModelRow(partial(models.mobilenet, width=4), SMALL, labels(3), cross_entropy),
    "conv_autoencoder": ModelRow(models.conv_autoencoder, PICTURES, PICTURES, mean_squared_error),
    "unet": ModelRow(
        partial(models.unet, width=2),
        images(2, 1, 8, 8),
        labels(2, 8, 8, classes=2),
        partial(cross_entropy, axis=1),
    ),
    "dcgan's generator": ModelRow(
        lambda: models.dcgan((1, 8, 8), 4, 2)[GENERATOR], images(3, 4), images(3, 1, 8, 8), mean_squared_error
    ),
    "dcgan's discriminator": ModelRow(
        lambda: models.dcgan((1, 8, 8), 4, 2)[DISCRIMINATOR], images(3, 1, 8, 8), images(3, 1), mean_squared_error
    ),
    "vae": ModelRow(
        partial(models.vae, (1, 4, 4), hidden=8), images(3, 1, 4, 4), images(3, 1, 4, 4), models.evidence_loss
    ),
    "char_lstm": ModelRow(partial(models.char_lstm, 9, 12, 16, 2), TOKENS, TOKENS, cross_entropy),
    "char_gpt": ModelRow(partial(models.char_gpt, 9, 16, 2, 2, 0.1), TOKENS, TOKENS, cross_entropy),
    "seq2seq": ModelRow(partial(models.seq2seq, 9, 8, 2, 6), (TOKENS, TOKENS), TOKENS, cross_entropy),
}
RULES = {
    "SGD": lambda: SGD(lr=0.1, momentum=0.9),
    "Adam": lambda: Adam(lr=0.01, clip_norm=0.1),
    "groups": lambda: ParameterGroups([("*.bias", SGD(lr=0.1, momentum=0.5)), ("*", Adam(lr=0.01))], clip_norm=1.0),
    "adding up": lambda: SGD(lr=0.1, momentum=0.9, gradient_accumulation_steps=2),
    "a schedule": lambda: SGD(lr=tn.optimizers.StepLR(0.1, step_size=1), momentum=0.9),
}


def test_every_model_has_a_row() -> None:
    functions = [name for name in models.__all__ if name.islower() and callable(getattr(models, name))]
    helpers = {"build", "evidence_loss", "generate", "he_before_relu", "he_convolutions", "noise", "transcribe"}
    named = {name.split("'")[0] for name in MODELS}
    assert named == set(functions) - helpers


@pytest.mark.parametrize("name", MODELS)
def test_every_model_again_bit_for_bit(name: str) -> None:
    row, rule = MODELS[name], Adam(lr=0.01)
    tn.seed(4)
    net = row.build()
    tn.trace(net, row.x, row.y, row.loss, rule)  # so that the optimizer and the statistics have a past
    step = tn.trace(net, row.x, row.y, row.loss, rule)
    net.update(rule)
    assert_same(step.replay(), step)


@pytest.mark.parametrize("name", RULES)
def test_every_kind_of_rule_again(name: str) -> None:
    tn.seed(4)
    rule, net = RULES[name](), Net([Linear(4, 3), Dropout(0.5), Linear(3, 2)])
    x, y = images(5, 4), labels(5, classes=2)
    for _ in range(3):
        step = tn.trace(net, x, y, cross_entropy, rule)
        assert_same(step.replay(), step)


def assert_same(again: tn.probe.Trace, step: tn.probe.Trace) -> None:
    assert list(again) == list(step)
    for name in step:
        assert again[name].tobytes() == step[name].tobytes(), name
        assert again[name].dtype == step[name].dtype
