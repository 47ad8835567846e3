"""Sums of many float32 numbers are within 1e-6 of the sum in float64, in every layer and loss that has them.

Numbers that are all alike are the hardest: what is rounded away from one is rounded away from all.
"""

from __future__ import annotations

from copy import deepcopy
from functools import partial

import numpy as np
import pytest

from tinynet.core import faster
from tinynet.layers import (
    AdaptiveAvgPool1D,
    AdaptiveAvgPool2D,
    AvgPool1D,
    AvgPool2D,
    BatchNorm1D,
    BatchNorm2D,
    Conv1D,
    Conv2D,
    ConvTranspose2D,
    Embedding,
    GlobalAvgPool1D,
    GlobalAvgPool2D,
    GroupNorm,
    Layer,
    LayerNorm,
    LearnedPosition,
    Linear,
    LogSoftmax,
    MaxPool1D,
    PReLU,
    RMSNorm,
    Softmax,
    Upsample,
)
from tinynet.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cosine_embedding,
    cross_entropy,
    focal,
    gaussian_nll,
    hinge,
    huber,
    kl_divergence,
    margin_ranking,
    mean_absolute_error,
    mean_squared_error,
    multi_margin,
    negative_log_likelihood,
    poisson_nll,
    soft_dice,
)

N = 10**6
CHOICES = ("plain", "compiled")
LIMIT = 1e-6


def tenths(*shape: int) -> np.ndarray:
    return np.full(shape, 0.1, np.float32)


def two_values(*shape: int) -> np.ndarray:
    """Numbers whose distance from their mean has one size, so that all squares are alike."""
    return np.where(np.arange(np.prod(shape)).reshape(shape) % 3 > 0, 0.4, -0.8).astype(np.float32)


def channels_last(x: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)


def results(layer: Layer, x: np.ndarray, dy: np.ndarray, choice: str, dtype: type) -> dict[str, np.ndarray]:
    layer = deepcopy(layer).astype(dtype)
    with faster.use(choice):
        y = layer.forward(x.astype(dtype) if x.dtype.kind == "f" else x)
        dx = layer.backward(dy.astype(dtype))
    gradients = {path: parameter.gradient for path, parameter in layer.parameters().items()}
    return {"y": y} | ({} if dx is None else {"dx": dx}) | gradients


def check(layer: Layer, x: np.ndarray, choice: str, names: tuple[str, ...], signs: bool = False) -> None:
    """Compare with float64; `signs` makes dy as positive and negative as y, so that Σ dy x̂ is as large as can be."""
    with faster.use("plain"):
        y = deepcopy(layer).forward(x)
    dy = np.where(y > 0, 0.1, -0.1 if signs else 0.1).astype(y.dtype)
    exact, found = results(layer, x, dy, "plain", np.float64), results(layer, x, dy, choice, np.float32)
    for name in names:
        error = np.abs(found[name] - exact[name]).max() / np.abs(exact[name]).max()
        assert error < LIMIT, (name, error)


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize(
    ("layer", "x", "names"),
    [
        (GlobalAvgPool1D(), tenths(1, N, 1), ("y", "dx")),
        (GlobalAvgPool2D(), channels_last(tenths(1, 3, 512, 512)), ("y", "dx")),
        (GlobalAvgPool2D(), tenths(1, 3, 512, 512), ("y", "dx")),
        (AvgPool1D(5000, 500), tenths(1, 10_000, 1), ("y", "dx")),
        (AvgPool2D(100), tenths(1, 2, 200, 200), ("y", "dx")),
        (AvgPool2D(20, 1), tenths(1, 2, 40, 40), ("y", "dx")),
        (AdaptiveAvgPool1D(1), tenths(1, 5000, 2), ("y", "dx")),
        (AdaptiveAvgPool2D(1), tenths(1, 2, 512, 512), ("y", "dx")),
        (Upsample(100), tenths(1, 2, 2, 2), ("y", "dx")),
        (Linear(3, 2), tenths(N, 3), ("bias",)),
        (Linear(2, 300), tenths(5000, 2), ("bias",)),
        (Linear(2, 10), tenths(200, 2), ("bias",)),
        (Conv2D(3, 2, 1), tenths(1, 3, 300, 300), ("bias",)),
        (Conv1D(3, 20, 3), tenths(2, 20_000, 3), ("bias",)),
        (ConvTranspose2D(3, 2, 2, stride=2), tenths(1, 3, 100, 100), ("bias",)),
        (LearnedPosition(4, 3), tenths(100_000, 4, 3), ("weight",)),
        (Embedding(3, 2), np.arange(N // 2).reshape(2, -1) % 3, ("weight",)),
        (PReLU(), -tenths(1, N), ("weight", "dx")),
        (PReLU(3), -tenths(1, 3, 300, 300), ("weight", "dx")),
        (PReLU(3), -channels_last(tenths(1, 3, 300, 300)), ("weight", "dx")),
        (Softmax(), tenths(1, N), ("y",)),
        (Softmax(0), tenths(N // 4, 4), ("y",)),
        (LogSoftmax(), tenths(1, N), ("y",)),
        (LogSoftmax(0), tenths(N // 4, 4), ("y",)),
    ],
    ids=lambda value: repr(value) if isinstance(value, Layer) else "",
)
def test_sums_in_layers(layer: Layer, x: np.ndarray, names: tuple[str, ...], choice: str) -> None:
    check(layer, x, choice, names)


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (BatchNorm1D(4), two_values(N // 4, 4)),
        (BatchNorm1D(304), two_values(3000, 304)),
        (BatchNorm1D(2), two_values(1000, 50, 2)),
        (BatchNorm2D(1), two_values(10, 1, 100, 100)),
        (BatchNorm2D(4), channels_last(two_values(1, 4, 317, 317))),
        (BatchNorm2D(4), two_values(1, 4, 317, 317)),
        (LayerNorm(4), two_values(100_000, 4)),
        (LayerNorm(N), two_values(1, N)),
        (LayerNorm(300), two_values(2000, 300)),
        (RMSNorm(4), two_values(100_000, 4)),
        (RMSNorm(N), two_values(1, N)),
        (GroupNorm(1, 2), two_values(1, 2, N // 2)),
        (GroupNorm(1, 2), channels_last(two_values(1, 2, 500, 1000))),
        (GroupNorm(8, 64), channels_last(two_values(2, 64, 100, 100))),
        (GroupNorm(2, 4), two_values(20_000, 4, 3, 3)),
    ],
    ids=lambda value: repr(value) if isinstance(value, Layer) else str(value.shape),
)
def test_sums_in_norms(layer: Layer, x: np.ndarray, choice: str) -> None:
    check(layer, x, choice, ("y", "weight"), signs=True)
    if not isinstance(layer, RMSNorm):
        check(layer, x, choice, ("bias",))


TARGET = np.zeros((N // 2, 2), np.float32)
LABELS = np.zeros(N // 2, np.int64)
LOSSES = {
    "mean_squared_error": (mean_squared_error, TARGET),
    "mean_absolute_error": (mean_absolute_error, TARGET),
    "huber": (huber, TARGET),
    "hinge": (hinge, TARGET + 1),
    "binary_cross_entropy_with_logits": (binary_cross_entropy_with_logits, TARGET),
    "cross_entropy": (cross_entropy, LABELS),
    "cross_entropy, smoothed": (partial(cross_entropy, label_smoothing=0.1), LABELS),
    "cross_entropy of probabilities": (cross_entropy, TARGET + np.float32(0.5)),
    "negative_log_likelihood": (negative_log_likelihood, LABELS),
    "focal": (focal, LABELS),
    "kl_divergence": (kl_divergence, TARGET + np.float32(0.5)),
    "multi_margin": (multi_margin, LABELS),
    "poisson_nll": (poisson_nll, TARGET + 1),
    "margin_ranking": (lambda x, t: margin_ranking((x, 2 * x), t), TARGET - 1),
    "cosine_embedding": (lambda x, t: cosine_embedding((x, x[:, ::-1]), t), LABELS + 1),
    "gaussian_nll": (lambda x, t: gaussian_nll((x, -x), t), TARGET),
    "binary_cross_entropy": (lambda x, t: binary_cross_entropy(-x, t), TARGET),
    "soft_dice": (lambda x, t: soft_dice(-x[np.newaxis], t[np.newaxis]), LABELS),
}


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("name", LOSSES)
def test_sums_in_losses(name: str, choice: str) -> None:
    loss, truth = LOSSES[name]
    predicted = -tenths(N // 2, 2) * np.array([1, 3], np.float32)
    with faster.use("plain"):
        exact, _ = loss(predicted.astype(np.float64), truth)
    with faster.use(choice):
        found, _ = loss(predicted, truth)
    assert abs(found - exact) < LIMIT * abs(exact)


@pytest.mark.parametrize("choice", CHOICES)
def test_cross_entropy_over_very_many_classes(choice: str) -> None:
    with faster.use(choice):
        loss, gradient = cross_entropy(tenths(N, 2), np.zeros(2, np.int64), axis=0)
    assert abs(loss - np.log(N)) < LIMIT * np.log(N)
    assert abs(gradient[1, 0] * 2 * N - 1) < LIMIT


@pytest.mark.parametrize("choice", CHOICES)
def test_ten_million_terms(choice: str) -> None:
    x = tenths(1, 10 * N, 1)
    mean = np.float64(np.float32(0.1))
    layer = Linear(1, 1)
    with faster.use(choice):
        assert abs(GlobalAvgPool1D().forward(x).item() - mean) < LIMIT * mean
        layer.forward(x)
        layer.backward(x)
    assert abs(layer.bias.gradient.item() - 10 * N * mean) < LIMIT * 10 * N * mean


@pytest.mark.parametrize("choice", ["plain", "loops", "compiled"])
def test_a_number_that_wins_many_windows_or_stands_in_many(choice: str) -> None:
    x, layers = tenths(1, 400, 1), (MaxPool1D(200, 1), AvgPool1D(200, 1))
    x[0, 200] = 1
    for layer in layers:
        check(layer, x, choice, ("y", "dx"))


@pytest.mark.parametrize("choice", ["plain", "loops", "compiled"])
def test_a_token_that_occurs_very_often(choice: str) -> None:
    check(Embedding(2, 1), np.zeros((1, 20_000), np.int64), choice, ("weight",))
