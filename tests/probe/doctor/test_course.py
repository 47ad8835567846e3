"""Unfinished, overfitted, held back; each mistake has a healthy control beside it."""

import numpy as np

from tests.probe.doctor.patients import after, classifier, names, numbers, only, regression, rows
from tinynet.data import Dataset
from tinynet.layers import Conv2D, Dropout, GlobalAvgPool2D, Linear, ReLU
from tinynet.optimizers import SGD, Adam


def test_training_that_was_stopped_on_the_slope() -> None:
    found = only(after(regression(rule=SGD(lr=0.002)), 8), "few-steps")
    assert found.level == "remark"
    assert "of its value per epoch" in found.seen
    assert str(found.when) == "epochs 7 to 8"
    assert "few-steps" not in after(regression(), 60).names()


def noisy(n: int, seed: int) -> Dataset:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 10))
    y = x[:, :1] + rng.normal(0, 1.5, (n, 1))
    return Dataset(x.astype(np.float32), y.astype(np.float32))


def test_a_net_that_overfits() -> None:
    layers = Linear(10, 128), ReLU(), Linear(128, 128), ReLU(), Linear(128, 1)
    learner = regression(*layers, data=noisy(40, 0), valid=noisy(200, 1), rule=Adam(lr=0.01))
    found = only(after(learner, 60), "reg-none")
    assert found.level == "problem"
    assert "was least" in found.seen
    assert found.when is not None
    assert found.when.last == 60
    assert "reg-none" not in after(classifier(), 10).names()


def test_dropout_that_leaves_too_little() -> None:
    layers = Linear(64, 32), ReLU(), Dropout(0.9), Linear(32, 32), ReLU(), Dropout(0.9), Linear(32, 10)
    found = only(after(classifier(*layers, rule=SGD(lr=0.05)), 3), "reg-much")
    assert found.level == "problem"
    assert "90%" in found.seen
    assert "reg-much" not in after(classifier(Linear(64, 32), ReLU(), Dropout(0.3), Linear(32, 10)), 3).names()


def test_dropout_of_the_outputs_themselves() -> None:
    found = only(classifier(Linear(64, 10), Dropout(0.5)).diagnose(), "reg-much")
    assert "of the outputs themselves" in found.seen
    assert found.where == "1"


def test_weight_decay_that_is_too_strong() -> None:
    learner = classifier(rule=SGD(lr=0.05, weight_decay=1.0))
    found = only(after(learner, 5), "reg-much")
    assert found.level == "problem"
    assert "weight_decay=1" in found.seen
    assert found.experiment is not None
    assert "reg-much" not in after(classifier(rule=SGD(lr=0.1, weight_decay=1e-4)), 5).names()


def test_few_steps_with_large_batches() -> None:
    learner = classifier(rule=SGD(lr=0.01), batch_size=1437)
    assert "an epoch has 1 steps" in only(after(learner, 3), "batch").seen
    assert "batch" not in after(classifier(), 3).names()


def test_a_net_that_is_stuck() -> None:
    x, y = rows()[0].x, rows()[0].y
    learner = classifier(data=Dataset(x, np.random.default_rng(0).permutation(y)), rule=SGD(lr=0.001))
    assert "stuck" in after(learner, 3).names()
    assert names(after(classifier(), 3)) == []
    assert "stuck" not in after(regression(data=numbers()), 10).names()


def test_one_epoch_that_was_stopped_on_the_slope() -> None:
    found = only(after(classifier(rule=SGD(lr=0.05)), 1), "few-steps")
    assert "more bring the skill from" in found.seen
    assert found.level == "remark"
    assert found.weight < 0.3  # what goes well may go on, so all else is said before
    assert "few-steps" not in after(regression(), 60).names()


def test_a_hidden_layer_that_is_too_narrow() -> None:
    found = only(after(classifier(Linear(64, 1), ReLU(), Linear(1, 10), rule=Adam(lr=0.01)), 5), "width")
    assert "the narrowest hidden layer has 1 units" in found.seen
    assert found.fix.startswith("Linear(64, 4)")
    assert "width" not in after(classifier(), 3).names()


def test_a_bottleneck_that_is_no_linear_layer() -> None:
    train, valid = (Dataset(part.x.reshape(-1, 1, 8, 8), part.y) for part in rows())
    layers = Conv2D(1, 1, 3), ReLU(), GlobalAvgPool2D(), Linear(1, 10)
    found = only(after(classifier(*layers, data=train, valid=valid, rule=SGD(lr=0.1)), 3), "width")
    assert "only 1 numbers of a row pass layer 2" in found.seen


def test_weight_decay_that_costs_a_little_is_a_remark() -> None:
    learner = regression(rule=Adam(lr=0.01, weight_decay=0.3))
    found = only(after(learner, 40), "reg-much")
    assert "weight_decay=0.3" in found.seen
