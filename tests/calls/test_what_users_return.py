"""What a loss, a metric or a layer of a user's own returns, and parts assigned later: each has its sentence."""

import re

import numpy as np
import pytest

import tinynet as tn
from tests.calls.outcome import is_phrased
from tinynet.data import Dataset
from tinynet.gradcheck import GradientError, check_layer, check_loss, check_net
from tinynet.layers import Layer, Linear
from tinynet.learner import Callback, Learner
from tinynet.losses import cross_entropy
from tinynet.metrics import accuracy
from tinynet.net import Net
from tinynet.optimizers import SGD

X, Y = np.ones((4, 2), np.float32), np.array([0, 1, 0, 1])

RETURNED = {
    "nothing": (lambda p, y: None, "None"),
    "no gradient": (lambda p, y: 1.0, "a float"),
    "a loss for each row": (lambda p, y: (np.ones(len(p)), p), r"\(a ndarray, a ndarray\)"),
    "a text": (lambda p, y: ("low", p), r"\(a str, a ndarray\)"),
    "too much": (lambda p, y: (1.0, p, p), "a tuple of 3"),
    "a number that is no float": (lambda p, y: (10**400, p), r"\(an int, a ndarray\)"),
}
ASKED = {
    "Learner": lambda loss: learner(loss).fit(progress=False),
    "check_loss": lambda loss: check_loss(loss, (4, 2), Y),
    "check_net": lambda loss: check_net(net(), (4, 2), loss, Y),
    "trace": lambda loss: tn.trace(net(), X, Y, loss),
}


def net() -> Net:
    return Net([Linear(2, 2)])


def learner(loss=cross_entropy, **options):  # type: ignore[no-untyped-def]
    return Learner(net(), loss, SGD(lr=0.1), Dataset(X, Y), **options)


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("returned", RETURNED)
def test_a_loss_returns_a_number_and_a_gradient(asked, returned):
    loss, came = RETURNED[returned]
    if asked == "check_loss" and came.startswith(r"\("):
        with pytest.raises(GradientError, match="expected the loss as a finite float, got"):
            ASKED[asked](loss)
        return
    words = rf"{asked}: the loss must return \(loss, gradient\), a number and an array; it returned {came}\.\nHint: ret"
    with pytest.raises(TypeError, match=words):
        ASKED[asked](loss)


@pytest.mark.parametrize("asked", ASKED)
def test_a_loss_returns_a_gradient_that_is_there(asked):
    with pytest.raises(
        TypeError, match="expected a gradient, an array|the loss must return .loss, gradient."
    ) as caught:
        ASKED[asked](lambda p, y: (1.0, None))
    assert is_phrased(caught.value)


def test_a_loss_that_is_a_bool_is_checked_as_a_number():
    check_net(net(), (4, 2), lambda p, y: (True, np.zeros_like(p)), Y)


def test_a_metric_beyond_every_float_is_no_number():
    with pytest.raises(TypeError, match="the metric <lambda> must return a number, or an array of numbers; it ret"):
        learner(metrics=[lambda p, y: 10**400]).evaluate((X, Y))


def test_one_batch_whose_loss_is_nan_from_the_start_is_told():
    found = learner(lambda p, y: (float("nan"), p)).overfit_one_batch(50)
    assert "nan" in str(found)


@pytest.mark.parametrize("y", [None, 1.0, "y", {}, ()], ids=["None", "a number", "a text", "a dict", "nothing"])
def test_a_last_layer_that_returns_no_rows(y):
    class Last(Layer):
        def forward(self, x):
            return y

        def backward(self, dy):
            return dy

    with pytest.raises(TypeError, match=r"^Net\.predict: expected of the last layer an array with a row for each of x"):
        Net([Linear(2, 2), Last()]).predict(X)


def test_a_layer_returns_numbers():
    class Objects(Layer):
        def forward(self, x):
            self.remember()
            return x.astype(object)

        def backward(self, dy):
            return dy

    with pytest.raises(GradientError, match="forward must return numbers, got an array of object"):
        check_layer(Objects(), (3, 2))


ASSIGNED = [
    ("net", None, "Learner: net must be a Net, got NoneType."),
    ("loss", "mse", "Learner: loss must be a function, got str."),
    ("optimizer", SGD, "Learner: optimizer is the class SGD."),
    ("metrics", [accuracy], "Learner: metrics must be a dict, got a list."),
    ("callbacks", None, "Learner: callbacks must be a list, got NoneType."),
]


@pytest.mark.parametrize(("name", "value", "words"), ASSIGNED, ids=[name for name, _, _ in ASSIGNED])
def test_a_part_that_was_assigned_is_checked_when_training_begins(name, value, words):
    one = learner()
    one.fit(progress=False)
    setattr(one, name, value)
    with pytest.raises(TypeError, match=re.escape(words)):
        one.fit(progress=False)


def test_training_does_not_begin_within_itself():
    class Again(Callback):
        def on_epoch_end(self, learner, epoch, row):
            learner.fit(progress=False)

    one = learner(callbacks=[Again()])
    with pytest.raises(RuntimeError, match=r"^Learner\.fit: this learner is training already\.\nHint: a callback may"):
        one.fit(progress=False)
    one.callbacks = ()
    assert one.fit(progress=False)["epoch"][-1] == one.epoch


def test_another_training_may_begin_within_one():
    other = learner()

    class Other(Callback):
        def on_epoch_end(self, learner, epoch, row):
            other.fit(progress=False)

    learner(callbacks=[Other()]).fit(2, progress=False)
    assert other.epoch == 2
