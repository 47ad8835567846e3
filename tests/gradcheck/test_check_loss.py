"""check_loss and check_net."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from tests.gradcheck.planted_bugs import TanhOfTheOutput, squared_error_without_two
from tinynet.gradcheck import GradientError, check_loss, check_net
from tinynet.layers import Conv2D, Dropout, Flatten, Linear, MaxPool2D, ReLU
from tinynet.losses import binary_cross_entropy, cross_entropy, mean_squared_error
from tinynet.net import Net

LABELS = np.array([0, 2, 1, 1])


def absolute_error(predicted, truth):
    return float(np.abs(predicted - truth).sum()), np.sign(predicted - truth)


def test_right_losses() -> None:
    assert check_loss(mean_squared_error, (4, 3), np.zeros((4, 3))).max_error < 1e-7
    report = check_loss(partial(cross_entropy, axis=1), (2, 3, 4), np.zeros((2, 4), int))
    assert report.who == "cross_entropy(axis=1)"
    assert list(report.errors) == ["predicted"]


def test_kinks_of_a_loss_are_avoided() -> None:
    report = check_loss(absolute_error, np.full((4, 3), 1e-7), np.zeros((4, 3)))
    assert report.n_redrawn > 0
    assert report.max_error < 1e-7


def test_loss_of_several_predictions() -> None:
    def loss(predicted, truth):
        a, b = predicted
        return float((a * b).sum()), (b.copy(), a.copy())

    assert list(check_loss(loss, [(4, 3), (4, 3)], None).errors) == ["predicted[0]", "predicted[1]"]


def broken(sentence: str, loss: object) -> GradientError:
    with pytest.raises(GradientError, match=sentence) as caught:
        check_loss(loss, (4, 3), np.zeros((4, 3)))
    return caught.value


def test_probabilities_stay_probabilities_where_others_are_drawn() -> None:
    p = np.array([[0.02, 0.5, 0.98], [0.9, 0.05, 0.3]])
    assert check_loss(binary_cross_entropy, p, np.array([[1, 0, 1], [0, 0, 1]])).max_error < 1e-6


def test_loss_must_be_a_finite_number() -> None:
    broken("expected the loss as a finite float, got array", lambda p, t: (p.sum(axis=0), np.ones_like(p)))
    broken("expected the loss as a finite float, got nan", lambda p, t: (float("nan"), np.ones_like(p)))


def test_loss_must_not_write_into_its_arguments() -> None:
    def loss(predicted, truth):
        predicted -= truth + 1
        return float(predicted.sum()), np.ones_like(predicted)

    broken("writes into its arguments", loss)


def test_gradient_must_not_be_a_buffer() -> None:
    buffer = np.empty((4, 3))

    def loss(predicted, truth):
        buffer[...] = 2 * predicted
        return float((predicted**2).sum()), buffer

    broken("the next call overwrites the gradient", loss)


def test_type_must_be_kept() -> None:
    error = broken("type float32 .* got float64", lambda p, t: (float(p.sum()), np.ones(p.shape)))
    assert error.cause == "dtype"


def test_memory_order_must_not_matter() -> None:
    def loss(predicted, truth):
        flat = predicted.ravel(order="K")
        weights = np.arange(flat.size, dtype=predicted.dtype)
        return float(flat @ weights), weights.reshape(predicted.shape)

    broken("another memory order .* another loss", loss)


def test_shape_of_the_gradient() -> None:
    error = broken(r"to have shape \(4, 3\), got an array of shape \(3,\)", lambda p, t: (float(p.sum()), p[0]))
    assert error.name == "predicted"


def net() -> Net:
    return Net([Conv2D(1, 2, 3), ReLU(), MaxPool2D(2), Flatten(), Dropout(0.3), Linear(8, 3)])


def test_net_with_a_loss() -> None:
    report = check_net(net(), (4, 1, 6, 6), cross_entropy, LABELS)
    assert list(report.errors) == ["x", "0.weight", "0.bias", "5.weight", "5.bias"]
    assert report.max_error < 1e-5


def test_net_without_a_loss() -> None:
    assert check_net(net(), (4, 1, 6, 6)).max_error < 1e-5


def test_wrong_layer_of_a_net_is_named() -> None:
    with pytest.raises(GradientError, match=r"layer 1: TanhOfTheOutput\(\)") as caught:
        check_net(Net([Linear(3, 3), TanhOfTheOutput()]), (4, 3), cross_entropy, LABELS)
    assert caught.value.cause == "output"


def test_wrong_loss_of_a_net_is_named() -> None:
    with pytest.raises(
        GradientError, match="squared_error_without_two: the gradient with respect to predicted"
    ) as caught:
        check_net(Net([Linear(3, 3)]), (4, 3), squared_error_without_two, np.zeros((4, 3)))
    assert caught.value.cause == "factor"


@pytest.mark.parametrize("given", [{"loss": cross_entropy}, {"ground_truth": LABELS}])
def test_loss_and_truth_come_together(given: dict) -> None:
    with pytest.raises(ValueError, match="loss was given without ground_truth, or ground_truth without loss"):
        check_net(Net([Linear(3, 3)]), (4, 3), **given)
