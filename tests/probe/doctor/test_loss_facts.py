"""What the doctor finds out about a loss by asking it, and what follows for the end of a net."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

import tinynet as tn
from tests.probe.doctor.patients import after, names, only
from tinynet import losses
from tinynet.data import Dataset
from tinynet.layers import Conv2D, Layer, Linear, ReLU, Sigmoid, Softmax, Softplus, Tanh
from tinynet.learner import Learner
from tinynet.net import Net
from tinynet.optimizers import Adam, RAdam
from tinynet.probe.doctor.loss_facts import facts_about

RNG = np.random.default_rng(0)
N = 16
YES, MANY_YES = RNG.integers(0, 2, (N, 1)), RNG.integers(0, 2, (N, 4)).astype(float)
MASKS = RNG.integers(0, 2, (N, 1, 5, 5)).astype(float)
IMAGES_OF_CLASSES = RNG.integers(0, 3, (N, 5, 5))


def own_dice(p: np.ndarray, t: np.ndarray) -> tuple[float, np.ndarray]:
    """As many write it: over the whole batch, with sums and not squares."""
    areas = p.sum() + t.sum() + 1
    D = (2 * (p * t).sum() + 1) / areas
    return float(1 - D), -(2 * t - D) / areas


def root_mean_square(p: np.ndarray, t: np.ndarray) -> tuple[float, np.ndarray]:
    root = np.sqrt(np.mean((p - t) ** 2))
    return float(root), (p - t) / (root + 1e-12) / p.size


def correlation(p: np.ndarray, t: np.ndarray) -> tuple[float, np.ndarray]:
    d, e = p - p.mean(), t - t.mean()
    return float(1 - (d * e).sum() / np.sqrt((d * d).sum() * (e * e).sum())), np.zeros_like(p)


def dice_of_logits(x: np.ndarray, t: np.ndarray) -> tuple[float, np.ndarray]:
    p = 1 / (1 + np.exp(-x))
    loss, gradient = losses.soft_dice(p, t, axis=None)
    return loss, gradient * p * (1 - p)


def both(p: np.ndarray, t: np.ndarray) -> tuple[float, np.ndarray]:
    each = losses.binary_cross_entropy(p, t), losses.soft_dice(p, t, axis=None)
    return each[0][0] + each[1][0], each[0][1] + each[1][1]


@pytest.mark.parametrize(
    ("loss", "shape", "y"),
    [
        (losses.binary_cross_entropy, (N, 1), YES),
        (losses.binary_cross_entropy, (N, 4), MANY_YES),
        (losses.binary_cross_entropy, MASKS.shape, MASKS),
        (losses.soft_dice, (N, 5, 5, 3), IMAGES_OF_CLASSES),
        (partial(losses.soft_dice, axis=1), (N, 3, 5, 5), IMAGES_OF_CLASSES),
        (partial(losses.soft_dice, axis=None), MASKS.shape, MASKS),
        (partial(losses.soft_dice, axis=None, smooth=0.0), MASKS.shape, MASKS),
        (own_dice, MASKS.shape, MASKS),
        (both, MASKS.shape, MASKS),
    ],
)
def test_losses_that_take_probabilities(loss: Any, shape: tuple[int, ...], y: np.ndarray) -> None:
    facts = facts_about(loss, np.zeros(shape), y)
    assert facts.takes == "probabilities"
    assert facts.overlaps == (loss is not losses.binary_cross_entropy)
    assert facts.slope == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    "loss",
    [losses.mean_squared_error, losses.huber, losses.hinge, root_mean_square, correlation, dice_of_logits],
    ids=lambda loss: loss.__name__,
)
def test_losses_that_are_no_overlap(loss: Any) -> None:
    facts = facts_about(loss, np.zeros(MASKS.shape), MASKS)
    assert not facts.overlaps
    assert facts.takes != "probabilities"


@pytest.mark.parametrize("axis", [-1, 1])
def test_cross_entropy_is_no_overlap(axis: int) -> None:
    shape = (N, 5, 5, 3) if axis < 0 else (N, 3, 5, 5)
    facts = facts_about(partial(losses.cross_entropy, axis=axis), np.zeros(shape), IMAGES_OF_CLASSES)
    assert (facts.takes, facts.several, facts.overlaps) == ("logits", True, False)


def segmenter(*ending: Layer, loss: Any, classes: int = 1) -> Learner:
    """A net that finds the bright discs in small pictures."""
    tn.seed(0)
    rng = np.random.default_rng(0)
    places = np.moveaxis(np.indices((10, 10)), 0, -1)
    near = np.linalg.norm(places - rng.uniform(2, 8, (160, 1, 1, 2)), axis=-1) < rng.uniform(2, 4, (160, 1, 1))
    x = (near + rng.normal(0, 0.3, near.shape)).astype(np.float32)[:, np.newaxis]
    y = near.astype(np.int64) if classes > 1 else near[:, np.newaxis].astype(np.float32)
    net = Net([Conv2D(1, 4, 3, padding=1), ReLU(), Conv2D(4, classes, 3, padding=1), *ending])
    return Learner(net, loss, Adam(lr=0.02), Dataset(x[:128], y[:128]), valid=Dataset(x[128:], y[128:]), batch_size=16)


@pytest.mark.parametrize("loss", [partial(losses.soft_dice, axis=None), losses.binary_cross_entropy, own_dice])
def test_masks_from_a_sigmoid_are_healthy(loss: Any) -> None:
    assert names(after(segmenter(Sigmoid(), loss=loss), 6)) == []


@pytest.mark.parametrize("ending", [Softmax(axis=1), Sigmoid()], ids=repr)
def test_classes_of_places_by_their_overlap_are_healthy(ending: Layer) -> None:
    assert names(after(segmenter(ending, loss=partial(losses.soft_dice, axis=1), classes=2), 6)) == []


def test_an_overlap_of_raw_scores() -> None:
    found = only(segmenter(loss=own_dice).diagnose(), "no-softmax")
    assert "an overlap can be more than all" in found.why
    assert "Sigmoid()" in found.fix


@pytest.mark.parametrize("loss", [partial(losses.soft_dice, axis=None), losses.binary_cross_entropy])
def test_raw_scores_that_the_loss_refuses(loss: Any) -> None:
    found = only(segmenter(loss=loss).diagnose(), "loss")
    assert "the first batch is refused" in found.seen
    assert "Sigmoid()" in found.fix


class MeanAndVariance(Layer):
    """Two outputs: a mean, and a variance above 0."""

    def __init__(self) -> None:
        self.mean, self.variance = Linear(8, 1), Net([Linear(8, 1), Softplus()])

    def forward(self, x: np.ndarray) -> Any:
        self.remember()
        return self.mean(x), self.variance(x)

    def backward(self, dmean: np.ndarray, dvariance: np.ndarray) -> np.ndarray:
        self.recall()
        return self.mean.backward(dmean) + self.variance.backward(dvariance)


def waves() -> Learner:
    """A net that says how sure it is; its loss falls below 0."""
    tn.seed(0)
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, (400, 1)).astype(np.float32)
    y = (np.sin(x) + rng.normal(size=x.shape) * (0.1 + 0.2 * np.abs(x))).astype(np.float32)
    net = Net([Linear(1, 8), Tanh(), MeanAndVariance()])
    valid = Dataset(x[300:], y[300:])
    return Learner(net, losses.gaussian_nll, RAdam(lr=0.02), Dataset(x[:300], y[:300]), valid=valid)


def test_a_likelihood_below_0_is_no_rate_too_high() -> None:
    learner = waves()
    diagnoses = after(learner, 12)
    assert learner.history["loss"][-1] < 0
    assert names(diagnoses) == []


@pytest.mark.parametrize("log_input", [True, False])
def test_counts_are_not_to_be_standardised(log_input: bool) -> None:
    tn.seed(0)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 2)).astype(np.float32)
    y = rng.poisson(np.exp(x[:, :1] + 1.5)).astype(np.float32)
    net = Net([Linear(2, 8), ReLU(), Linear(8, 1), *([] if log_input else [Softplus()])])
    loss = partial(losses.poisson_nll, log_input=log_input)
    diagnoses = after(Learner(net, loss, Adam(lr=0.01), Dataset(x, y)), 10)
    assert names(diagnoses) == []
    assert "out-scale" not in [each.name for each in diagnoses]


def test_yes_or_no_of_a_sigmoid_is_healthy() -> None:
    tn.seed(0)
    x = np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32)
    y = (x[:, :1] * x[:, 1:2] + x[:, 2:3] > 0).astype(np.float32)
    net = Net([Linear(4, 16), ReLU(), Linear(16, 1), Sigmoid()])
    learner = Learner(net, losses.binary_cross_entropy, Adam(lr=0.01), Dataset(x[:240], y[:240]), batch_size=16)
    assert names(after(learner, 15)) == []
