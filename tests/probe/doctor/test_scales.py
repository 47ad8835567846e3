"""The scale of inputs, targets and validation data; each mistake has a healthy control beside it."""

import numpy as np

from tests.probe.doctor.patients import after, classifier, names, numbers, only, regression, rows
from tinynet.data import Dataset
from tinynet.layers import Linear
from tinynet.optimizers import SGD, Adam


def test_raw_pixels() -> None:
    train, valid = rows(255)
    learner = classifier(data=train, valid=valid)
    found = only(learner.diagnose(), "in-scale")
    assert found.level == "problem"
    assert "from 0 to 255" in found.seen
    found = only(after(learner, 3), "in-scale")
    assert found.level == "problem"
    assert found.experiment is not None
    assert found.experiment.skills[1] > found.experiment.skills[0] or not np.isfinite(found.experiment.skills[0])


def test_an_offset_that_drowns_the_spread() -> None:
    x, y = numbers().x, numbers().y
    learner = regression(data=Dataset(x + 60, y), rule=SGD(lr=0.05))
    assert "times its spread" in only(after(learner, 20), "in-scale").seen


def test_one_feature_in_other_units() -> None:
    x, y = numbers().x.copy(), numbers().y
    x[:, 3] *= 1e5
    assert "feature 3 alone" in only(regression(data=Dataset(x, y)).diagnose(), "in-scale").seen


def test_large_inputs_of_a_net_that_does_well_are_a_remark() -> None:
    train, valid = rows(32)
    learner = classifier(data=train, valid=valid, rule=Adam(lr=0.002))
    assert only(after(learner, 10), "in-scale").level == "remark"


def test_standardised_inputs_may_reach_four() -> None:
    data = numbers(1000)
    assert np.abs(data.x).max() > 3.5
    learner = regression(data=data, rule=SGD(lr=0.1))
    assert list(learner.diagnose()) == []
    assert names(after(learner, 10)) == []


def test_targets_far_from_what_a_new_net_gives() -> None:
    learner = regression(data=numbers(y_scale=1000, y_shift=5000), rule=Adam())
    found = only(after(learner, 5), "out-scale")
    assert found.level == "problem"
    assert "the new net gives" in found.seen
    assert "y_train.std()" in found.fix
    assert "out-scale" not in after(regression(rule=Adam()), 5).names()


def test_large_targets_of_a_net_that_does_well_are_a_remark() -> None:
    learner = regression(Linear(4, 1), data=numbers(y_shift=20), rule=SGD(lr=0.1))
    assert names(after(learner, 30)) == []


def test_validation_data_without_the_scaling_of_training() -> None:
    found = only(classifier(valid=rows(255)[1]).diagnose(), "eval-prep")
    assert found.level == "problem"
    assert "eval-prep" not in classifier().diagnose().names()
