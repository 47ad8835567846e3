"""The doctor as a whole: what it says, when it is silent, and that looking changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinynet as tn
from tests.probe.doctor.patients import after, classifier, names, regression, rows
from tinynet.core import generator_states
from tinynet.data import Compose, Dataset, RandomFlip, digits, spirals
from tinynet.layers import BatchNorm1D, Conv2D, Dropout, Flatten, Linear, MaxPool2D, ReLU, Softmax
from tinynet.learner import Learner
from tinynet.losses import cross_entropy
from tinynet.metrics import accuracy
from tinynet.net import Net
from tinynet.optimizers import SGD
from tinynet.probe import diagnose
from tinynet.probe.doctor import Case


def three_arms() -> Learner:
    """The spirals with a softmax too many and a rate of 5."""
    tn.seed(0)
    layers = [Linear(2, 64), ReLU(), Linear(64, 64), ReLU(), Linear(64, 3), Softmax()]
    rule = SGD(lr=5.0, momentum=0.9)
    return Learner(Net(layers), cross_entropy, rule, spirals(300, rng=0), metrics=[accuracy])


def test_the_spirals_that_end_at_chance_are_answered() -> None:
    learner = three_arms()
    learner.fit(30, progress=False)
    assert learner.history["accuracy"][-1] == pytest.approx(1 / 3)
    found = learner.diagnose()
    assert found.names()[:2] == ["softmax2", "lr-high"]
    assert [each.level for each in found[:2]] == ["problem", "problem"]
    assert "cross_entropy applies the softmax itself" in found[0].seen
    assert found[0].fix.startswith("net = Net(list(net)[:-1])")
    assert found[1].fix == "SGD(lr=0.5)"


def test_fit_says_it_in_three_lines(capsys: pytest.CaptureFixture[str]) -> None:
    learner = three_arms()
    learner.fit(30)
    lines = capsys.readouterr().out.split("\n")[30:]
    assert lines[0] == "softmax twice:"
    assert lines[1].startswith("  seen:  the net ends in probabilities")
    assert "  fix:   net = Net(list(net)[:-1])  # the loss wants logits" in lines
    assert lines[-2] == "learner.diagnose() tells more, and tries it out."


def test_fit_says_it_too_where_the_loss_is_not_finite(capsys: pytest.CaptureFixture[str]) -> None:
    learner = regression(rule=SGD(lr=50))
    with pytest.raises(FloatingPointError):
        learner.fit(20)
    assert "the learning rate is too high:" in capsys.readouterr().out


def test_fit_is_silent_where_nothing_is_wrong_or_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    classifier().fit(2)
    assert capsys.readouterr().out.count("\n") == 2
    three_arms().fit(2, progress=False)
    assert capsys.readouterr().out == ""


def with_everything_random() -> Learner:
    """Dropout, batch norm and a transform with a generator of its own, some steps into its training."""
    tn.seed(0)
    train, valid = digits()
    train = train.with_transform(Compose([RandomFlip(rng=np.random.default_rng(1))]))
    layers = [Conv2D(1, 8, 3), ReLU(), MaxPool2D(2), Flatten(), Linear(72, 16), BatchNorm1D(16), ReLU(), Dropout(0.3)]
    net = Net([*layers, Linear(16, 10)])
    learner = Learner(net, cross_entropy, SGD(lr=0.05, momentum=0.9), train, valid=valid, metrics=[accuracy])
    learner.fit(1, progress=False)
    return learner


def everything(learner: Learner) -> dict[str, Any]:
    """All that a look could change."""
    parameters = learner.net.parameters()
    return {
        "weights": learner.net.state(),
        "gradients": {path: parameter.gradient.copy() for path, parameter in parameters.items()},
        "optimizer": learner.optimizer.state(parameters),
        "streams": generator_states(),
        "history": learner.history["loss"] + learner.history["valid_loss"],
        "modes": [layer.training for layer in learner.net.every_layer()],
        "next batch": learner.train[np.arange(5)][0],
    }


def test_looking_changes_no_bit() -> None:
    looked, not_looked = with_everything_random(), with_everything_random()
    looked.diagnose()
    before, here = everything(not_looked), everything(looked)
    np.testing.assert_equal(here, before)
    assert looked.fit(2, progress=False)["loss"] == not_looked.fit(2, progress=False)["loss"]
    np.testing.assert_equal(looked.net.state(), not_looked.net.state())


def test_the_same_case_has_the_same_answer() -> None:
    learner = three_arms()
    assert str(learner.diagnose()) == str(learner.diagnose())


def test_a_case_can_be_made_without_a_learner() -> None:
    case = Case(Net([Linear(64, 10), Softmax()]), cross_entropy, SGD(lr=0.1), rows()[0])
    assert diagnose(case).names() == ["softmax2"]


def test_an_answer_can_be_read_in_a_terminal_and_in_a_notebook() -> None:
    found = after(three_arms(), 30)
    text, html = str(found), found._repr_html_()
    assert text.startswith("1. softmax twice [problem: softmax2]\n     seen:  ")
    assert "\n     tried: 20 steps again: loss " in text
    assert "\n\n2. the learning rate is too high [problem: lr-high]\n" in text
    assert max(map(len, text.split("\n"))) <= 110
    assert html.count("<li>") == len(found)
    assert ">SGD(lr=0.5)</code>" in html
    assert repr(found) == text
    assert found.problems == found[: len(found.problems)]


def test_nothing_wrong_is_said_too() -> None:
    found = after(classifier(), 5)
    assert found == []
    assert str(found) == "The doctor finds nothing wrong."
    assert found._repr_html_() == "<p>The doctor finds nothing wrong.</p>"


def test_inputs_and_outputs_of_any_kind_are_no_error() -> None:
    class Pairs:
        def __len__(self) -> int:
            return 40

        def __getitem__(self, indices: np.ndarray) -> tuple[Any, Any]:
            x = np.ones((len(indices), 3), np.float32) * np.asarray(indices)[:, None] / 40
            return (x, x), (x, x)

    class Both(tn.layers.Layer):
        def forward(self, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return a, b

        def backward(self, da: np.ndarray, db: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return da, db

    def loss(predicted: Any, y: Any) -> tuple[float, Any]:
        return 1.0, tuple(np.zeros_like(part) for part in predicted)

    assert names(Learner(Net([Both()]), loss, SGD(lr=0.1), Pairs()).diagnose()) == []


def test_one_row_is_enough() -> None:
    learner = regression(data=Dataset(np.ones((1, 4), np.float32), np.ones((1, 1), np.float32)))
    assert names(after(learner, 2)) == []


class Adversary(Learner):
    """A training of its own kind: the net is a generator, and the loss is another net's."""

    def train_step(self, x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
        made = self.net.forward(np.zeros((len(x), 2), np.float32))
        self.net.backward(np.ones_like(made) / made.size)
        self.net.update(self.optimizer)
        return float(made.mean()), made


def test_a_training_of_another_kind_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    learner = Adversary(Net([Linear(2, 5)]), cross_entropy, SGD(lr=0.1), rows()[0])
    learner.fit(1)
    assert capsys.readouterr().out.count("\n") == 1
    assert names(learner.diagnose()) == []


class Fading(Dataset):
    """Data that can be read for a while."""

    n_reads = 0

    def __getitem__(self, indices: Any) -> tuple[Any, Any]:
        self.n_reads += 1
        if self.n_reads > 2 * 45:
            raise IndexError("nothing left")
        return super().__getitem__(indices)


def test_no_question_spoils_a_training_that_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    train, _ = rows()
    learner = classifier(data=Fading(train.x, train.y), valid=None)
    assert len(learner.fit(2)["loss"]) == 2
    assert capsys.readouterr().out.count("\n") == 2


def test_layers_may_be_exchanged_between_two_fits() -> None:
    learner = classifier()
    learner.fit(1, progress=False)
    learner.net.layers = (*learner.net.layers[:2], Linear(32, 16), ReLU(), Linear(16, 10))
    learner.fit(3)
    assert names(learner.diagnose()) == []
