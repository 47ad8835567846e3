"""What passes through the hidden units; each mistake has a healthy control beside it."""

import numpy as np

from tests.probe.doctor.patients import after, classifier, names, numbers, only, regression
from tinynet.core.initializers import he_normal
from tinynet.data import circles
from tinynet.layers import BatchNorm1D, Linear, ReLU, Sigmoid, Softmax, Tanh
from tinynet.optimizers import SGD, Adam


def test_a_softmax_between_hidden_layers() -> None:
    learner = classifier(Linear(64, 32), Softmax(), Linear(32, 10), rule=SGD(lr=0.1))
    found = only(after(learner, 3), "hid-act")
    assert found.level == "problem"
    assert found.where == "1"
    assert found.experiment is not None
    assert found.experiment.change == "a ReLU in its place"


def test_layers_without_an_activation_between_them_are_a_remark() -> None:
    found = only(after(classifier(Linear(64, 32), Linear(32, 10)), 2), "hid-act")
    assert found.level == "remark"
    assert "0 and 1" in found.seen
    assert "hid-act" not in classifier().diagnose().names()


def test_dead_units() -> None:
    learner = regression(Linear(4, 16), ReLU(), Linear(16, 1))
    learner.net[0].bias.tensor = np.full(16, -100.0)
    found = only(after(learner, 5), "dead-relu")
    assert found.level == "problem"
    assert found.where == "1"
    assert "100%" in found.seen
    assert "dead-relu" not in after(regression(), 5).names()


def test_saturated_units_are_a_remark() -> None:
    learner = regression(Linear(4, 16), Tanh(), Linear(16, 1), data=numbers(x_scale=1000))
    assert "saturated" in learner.diagnose().names()
    assert "saturated" not in regression(Linear(4, 16), Tanh(), Linear(16, 1)).diagnose().names()


def deep(activation: type, n: int, width: int) -> list:
    layers = [Linear(2, width), activation()]
    for _ in range(n - 1):
        layers += [Linear(width, width), activation()]
    return [*layers, Linear(width, 2)]


def test_a_gradient_that_vanishes() -> None:
    learner = classifier(*deep(Sigmoid, 8, 5), data=circles(200), valid=None, rule=SGD(lr=0.1))
    found = only(after(learner, 5), "vanish")
    assert found.level == "problem"
    assert found.where == "0"
    healthy = classifier(*deep(ReLU, 2, 16), data=circles(200), valid=None, rule=Adam(lr=0.02))
    assert names(after(healthy, 20)) == []


def test_a_signal_that_explodes() -> None:
    learner = classifier(*deep(ReLU, 8, 32), data=circles(200), valid=None, rule=SGD(lr=1e-30))
    for parameter in learner.net.parameters().values():
        parameter.tensor = parameter.tensor * 12
    assert "explode" in learner.diagnose().names()
    for parameter in learner.net.parameters().values():
        parameter.tensor = he_normal(parameter.shape) if len(parameter.shape) > 1 else np.zeros(parameter.shape)
    assert "explode" not in learner.diagnose().names()


def test_batch_norm_over_too_few_rows() -> None:
    layers = Linear(4, 8, bias=False), BatchNorm1D(8), ReLU(), Linear(8, 1)
    assert "batches of 2 rows" in only(regression(*layers, batch_size=2).diagnose(), "bn-mode").seen
    assert "bn-mode" not in regression(*layers).diagnose().names()


def test_batch_norm_that_was_in_evaluation_mode() -> None:
    class Evaluating(BatchNorm1D):
        def uses_batch(self) -> bool:
            return False

    learner = regression(Linear(4, 8, bias=False), Evaluating(8), ReLU(), Linear(8, 1))
    assert "has seen no batch" in only(after(learner, 2), "bn-mode").seen


def test_running_statistics_that_do_not_fit_the_weights() -> None:
    learner = classifier(Linear(64, 32, bias=False), BatchNorm1D(32), ReLU(), Linear(32, 10))
    learner.fit(4, progress=False)
    learner.net[1].running_mean += 20
    found = only(learner.diagnose(), "bn-mode")
    assert found.level == "problem"
    assert "recompute_statistics" in found.fix
