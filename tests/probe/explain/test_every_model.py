"""Every ready model: numbers of each array of a step explained, down to what is printed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import tinynet as tn
from tests.probe.explain.checking import check_back_to_the_data, check_trace
from tinynet import models
from tinynet.losses import binary_cross_entropy_with_logits, cross_entropy, mean_squared_error
from tinynet.optimizers import Adam
from tinynet.probe.explain.explainer import Explainer
from tinynet.probe.trace import Trace


def draws(*shape: int) -> np.ndarray:
    """Numbers of the normal distribution."""
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def labels(*shape: int, below: int = 10) -> np.ndarray:
    """Labels, or tokens."""
    return np.random.default_rng(1).integers(0, below, shape)


def pixels(*shape: int) -> np.ndarray:
    """Numbers from 0 to 1."""
    return np.random.default_rng(2).random(shape, np.float32)


# By the name of each model: the net, a batch, the truth, and the loss.
MODELS: dict[str, Callable[[], tuple[Any, Any, Any, Callable]]] = {
    "mlp": lambda: (models.mlp(12, (5, 4), n_classes=3), draws(3, 12), labels(3, below=3), cross_entropy),
    "digits_cnn": lambda: (models.digits_cnn(), draws(2, 1, 8, 8), labels(2), cross_entropy),
    "lenet5": lambda: (models.lenet5(), draws(2, 1, 28, 28), labels(2), cross_entropy),
    "mnist_cnn": lambda: (models.mnist_cnn(), draws(2, 1, 28, 28), labels(2), cross_entropy),
    "vgg11": lambda: (models.vgg11(width=4), draws(2, 3, 32, 32), labels(2), cross_entropy),
    "vgg16": lambda: (models.vgg16(width=4), draws(2, 3, 32, 32), labels(2), cross_entropy),
    "resnet20": lambda: (models.resnet20((3, 16, 16)), draws(2, 3, 16, 16), labels(2), cross_entropy),
    "mobilenet": lambda: (models.mobilenet(width=4), draws(2, 3, 32, 32), labels(2), cross_entropy),
    "unet": lambda: (
        models.unet(width=4),
        draws(2, 1, 16, 8),
        labels(2, 16, 8, below=2),
        partial(cross_entropy, axis=1),
    ),
    "conv_autoencoder": lambda: (
        models.conv_autoencoder(),
        pixels(2, 1, 28, 28),
        pixels(2, 1, 28, 28),
        mean_squared_error,
    ),
    "vae": lambda: (models.vae((1, 8, 8), hidden=12), pixels(3, 1, 8, 8), pixels(3, 1, 8, 8), models.evidence_loss),
    "char_lstm": lambda: (models.char_lstm(7, 6, 5), labels(2, 4, below=7), labels(2, 4, below=7), cross_entropy),
    "char_gpt": lambda: (models.char_gpt(7, 8, 2, 2), labels(2, 4, below=7), labels(2, 4, below=7), cross_entropy),
    "seq2seq": lambda: (
        models.seq2seq(7, 8, 2, 6),
        (labels(2, 5, below=7), labels(2, 4, below=7)),
        labels(2, 4, below=7),
        cross_entropy,
    ),
    "seq2seq, padded": lambda: (
        models.seq2seq(7, 8, 2, 6, padding=0),
        (np.array([[3, 4, 2, 0, 0], [5, 3, 6, 4, 2]]), np.array([[1, 4, 2, 0], [1, 3, 5, 2]])),
        np.array([[4, 2, 0, 0], [3, 5, 2, 0]]),
        partial(cross_entropy, ignore_index=0),
    ),
    "dcgan, which draws": lambda: (
        models.dcgan((1, 8, 8), 6, 4)[0],
        draws(3, 6),
        pixels(3, 1, 8, 8),
        mean_squared_error,
    ),
    "dcgan, which judges": lambda: (
        models.dcgan((1, 8, 8), 6, 4)[1],
        pixels(3, 1, 8, 8),
        np.ones((3, 1), np.float32),
        binary_cross_entropy_with_logits,
    ),
}


def traced(name: str) -> Trace:
    tn.seed(4)
    net, x, truth, loss = MODELS[name]()
    return tn.trace(net, x, truth, loss, Adam(0.01, clip_norm=1.0))


@pytest.mark.parametrize("name", MODELS)
def test_numbers_of_a_step(name: str) -> None:
    step = traced(name)
    assert check_trace(step, per_array=1 if len(step.layers) > 20 else 3, most=300) > 0
    explainer = Explainer(step)
    first = next(iter(step.parameters))
    for start in (step.layers[""].outputs[0], f"{first}.gradient", f"{first}.after"):
        check_back_to_the_data(explainer, start, tuple(size // 2 for size in step[start].shape), most=12)


def test_every_model_is_here() -> None:
    no_models = {"build", "evidence_loss", "generate", "he_before_relu", "he_convolutions", "noise", "transcribe"}
    nets = {name for name in set(models.__all__) - no_models if name[0].islower()}
    assert nets == {name.split(",")[0] for name in MODELS}
