"""The weights before the first step; each mistake has a healthy control beside it."""

import numpy as np

from tests.probe.doctor.patients import after, classifier, names, only, regression
from tinynet.core.initializers import he_normal
from tinynet.data import Dataset
from tinynet.layers import RNN, BatchNorm1D, Flatten, Linear, ReLU, Sigmoid
from tinynet.learner import Learner
from tinynet.losses import binary_cross_entropy_with_logits
from tinynet.net import Net
from tinynet.optimizers import SGD


def filled(learner: Learner, value: object) -> Learner:
    for parameter in learner.net.parameters().values():
        parameter.tensor = value(parameter.shape) if callable(value) else np.full(parameter.shape, value)
    return learner


def test_units_that_start_alike_stay_alike() -> None:
    learner = filled(classifier(Linear(64, 16), Sigmoid(), Linear(16, 10)), 0.1)
    found = only(learner.diagnose(), "init-const")
    assert found.level == "problem"
    assert found.where == "0"
    assert "all 0.1" in found.seen
    assert "init-const" in names(after(learner, 2))
    assert "init-const" in names(filled(classifier(Linear(64, 16), ReLU(), Linear(16, 10)), 0.0).diagnose())


def test_zeros_are_right_for_a_single_layer() -> None:
    learner = filled(classifier(Linear(64, 10)), 0.0)
    assert names(learner.diagnose()) == []
    assert names(after(learner, 5)) == []


def test_zero_weights_at_the_end_alone_are_right() -> None:
    learner = classifier()
    learner.net[2].weight.tensor = np.zeros((10, 32))
    assert names(learner.diagnose()) == []


def test_weights_that_are_too_wide() -> None:
    wide = filled(
        classifier(Linear(64, 64), ReLU(), Linear(64, 64), ReLU(), Linear(64, 10), rule=SGD(lr=0.1)),
        lambda shape: np.random.default_rng(0).normal(0, 1, shape),
    )
    found = only(wide.diagnose(), "init-wide")
    assert found.level == "problem"
    assert "of 3 layers" in found.seen
    assert "He's rule gives 1.41" in found.seen
    assert found.experiment is not None
    assert found.experiment.change == "weights drawn by He's rule"


def test_weights_by_hes_rule() -> None:
    layers = Linear(64, 64), ReLU(), Linear(64, 64), ReLU(), Linear(64, 10)
    learner = filled(classifier(*layers), lambda shape: he_normal(shape) if len(shape) > 1 else np.zeros(shape))
    assert "init-wide" not in learner.diagnose().names()


class OfTheFirst(SGD):
    """A rule that forgets all parameters but the first two."""

    def update_all(self, parameters: dict) -> None:
        super().update_all(dict(list(parameters.items())[:2]))
        for parameter in parameters.values():
            parameter.zero_gradient()


def test_parameters_that_no_step_changes() -> None:
    learner = regression(Linear(4, 8), ReLU(), Linear(8, 8), ReLU(), Linear(8, 1), rule=OfTheFirst(lr=0.01))
    assert "4 of 6 parameters" in only(learner.diagnose(), "untouched").seen
    assert "untouched" not in regression().diagnose().names()


def test_nothing_to_train() -> None:
    learner = regression()
    for parameter in learner.net.parameters().values():
        parameter.trainable = False
    assert "no parameter is trainable" in only(learner.diagnose(), "untouched").seen


def test_a_bias_that_the_norm_takes_away_is_a_remark() -> None:
    found = regression(Linear(4, 8), BatchNorm1D(8), ReLU(), Linear(8, 1)).diagnose()
    assert found.names() == ["useless-bias"]
    assert found[0].level == "remark"
    assert found[0].where == "0"
    assert regression(Linear(4, 8, bias=False), BatchNorm1D(8), ReLU(), Linear(8, 1)).diagnose().names() == []


def test_layers_that_are_frozen_by_mistake() -> None:
    learner = classifier(Linear(64, 32), ReLU(), Linear(32, 16), ReLU(), Linear(16, 10), rule=SGD(lr=0.05))
    for index in (0, 4):
        for parameter in learner.net[index].parameters().values():
            parameter.trainable = False
    found = only(after(learner, 2), "untouched")
    assert "4 of 6 parameters are frozen, first 0.weight" in found.seen
    assert found.experiment is not None
    assert found.experiment.change == "nothing frozen"


class Blocked(ReLU):
    """An activation whose backward returns nothing."""

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return np.zeros_like(super().backward(dy))


def test_a_layer_that_no_gradient_reaches() -> None:
    found = only(classifier(Linear(64, 32), Blocked(), Linear(32, 10)).diagnose(), "untouched")
    assert found.level == "remark"
    assert "0.weight is reached by no gradient" in found.seen


def test_recurrent_weights_that_double_what_they_get() -> None:
    x = np.random.default_rng(0).normal(size=(120, 40, 3)).astype(np.float32)
    data = Dataset(x, (x[:, -1:, 0] > 0).astype(np.float32))

    def learner() -> Learner:
        net = Net([RNN(3, 16), Flatten(), Linear(640, 1)])
        return Learner(net, binary_cross_entropy_with_logits, SGD(lr=0.02), data)

    wide = learner()
    for path, parameter in wide.net.parameters().items():
        if "weight_hh" in path:
            parameter.tensor = np.random.default_rng(0).normal(0, 3 / 4, parameter.shape)
    assert "init-wide" in wide.diagnose().names()
    assert "init-wide" not in learner().diagnose().names()
