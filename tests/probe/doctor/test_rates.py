"""The direction and the length of the steps; each mistake has a healthy control beside it."""

import numpy as np

from tests.probe.doctor.patients import after, classifier, names, numbers, only, regression
from tinynet.core import Parameter
from tinynet.layers import Linear, ReLU
from tinynet.learner import Learner
from tinynet.learner.doctor import diagnose
from tinynet.losses import mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam, CosineAnnealingLR, LinearWarmup


class Ascent(SGD):
    """θ ← θ + ε∇."""

    def update(self, parameter: Parameter) -> None:
        parameter.tensor += self.learning_rate * parameter.gradient


def test_an_update_that_goes_uphill() -> None:
    found = regression(rule=Ascent(lr=0.01)).diagnose()
    assert names(found) == ["sign"]
    assert "cosine 1.00" in found[0].seen
    assert names(after(regression(rule=Ascent(lr=0.01)), 5)) == ["sign"]
    assert names(regression(rule=SGD(lr=0.01)).diagnose()) == []


class NeverCleared(Learner):
    """A training step that keeps the gradients."""

    def train_step(self, x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
        predicted = self.net.forward(x)
        loss, gradient = self.loss(predicted, y)
        self.net.backward(gradient)
        for parameter in self.net.parameters().values():
            parameter.tensor -= self.optimizer.learning_rate * parameter.gradient
        return loss, predicted


class ClearedBefore(NeverCleared):
    """A training step that clears the gradients before it begins."""

    def train_step(self, x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
        self.net.zero_gradient()
        return super().train_step(x, y)


def test_gradients_that_add_up() -> None:
    def learner(kind: type[Learner]) -> Learner:
        return kind(Net([Linear(4, 8), ReLU(), Linear(8, 1)]), mean_squared_error, SGD(lr=0.01), numbers())

    assert "1 : 2.0 : 3.0" in only(learner(NeverCleared).diagnose(), "accumulate").seen
    assert learner(ClearedBefore).diagnose().names() == []
    assert "accumulate" not in regression(rule=SGD(lr=0.01, gradient_accumulation_steps=4)).diagnose().names()


def test_a_rate_at_which_the_loss_is_not_finite() -> None:
    found = only(after(regression(rule=SGD(lr=20)), 20), "lr-high")
    assert found.level == "problem"
    assert "is not finite" in found.seen
    assert found.experiment is not None
    assert found.fix.startswith("SGD(lr=")


def test_a_rate_at_which_the_net_is_stuck() -> None:
    learner = classifier(rule=Adam(lr=1.0))
    assert "lr-high" in names(after(learner, 5))


def test_a_high_rate_of_a_schedule() -> None:
    rule = SGD(lr=LinearWarmup(CosineAnnealingLR(20.0, T_max=90), 9))
    assert "lr-high" in names(after(classifier(rule=rule), 2))


def test_a_rate_of_a_tenth_is_normal() -> None:
    assert "lr-high" not in after(classifier(rule=SGD(lr=0.1)), 5).names()


def test_a_rate_that_is_too_low() -> None:
    found = only(after(regression(rule=SGD(lr=1e-4)), 5), "lr-low")
    assert found.level == "problem"
    assert found.experiment is not None
    assert found.experiment.changed[-1] < found.experiment.unchanged[-1]
    assert "lr-low" not in after(regression(), 10).names()


def test_an_eps_that_is_too_small() -> None:
    assert "eps=1e-16" in only(classifier(rule=Adam(eps=1e-16)).diagnose(), "eps").seen
    assert "eps" not in classifier(rule=Adam()).diagnose().names()


def test_a_net_that_has_lost_what_it_knew() -> None:
    learner = classifier(rule=SGD(lr=0.05, momentum=0.9))
    learner.fit(4, progress=False)
    for parameter in learner.net.parameters().values():
        parameter.tensor = parameter.tensor * 0
    found = only(learner.diagnose(), "lr-high")
    assert "the skill is 0." in found.seen
    assert "and 0.00 after 180" in found.seen


def test_units_that_died_tell_of_a_long_step_without_an_experiment() -> None:
    learner = regression(Linear(4, 16), ReLU(), Linear(16, 1))
    learner.fit(2, progress=False)
    learner.net[0].bias.tensor = np.full(16, -100.0)
    found = only(diagnose(learner, may_try=False), "lr-high")
    assert "100% of the ReLU units are dead, at first it was" in found.seen
    assert "dead-relu" not in names(diagnose(learner, may_try=False))


def test_weight_decay_is_not_taken_for_the_rate() -> None:
    assert "lr-high" not in names(after(classifier(rule=SGD(lr=0.05, weight_decay=1.0)), 5))
