"""Labels, classes and rows; each mistake has a healthy control beside it."""

from functools import partial

import numpy as np

from tests.probe.doctor.patients import after, classifier, names, numbers, only, regression, rows
from tinynet.data import Dataset
from tinynet.layers import LSTM, Linear
from tinynet.learner import Learner
from tinynet.losses import cross_entropy
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam


def test_labels_that_are_all_alike() -> None:
    x, y = rows()[0].x, rows()[0].y
    found = classifier(data=Dataset(x, (y / 255).astype(int))).diagnose()
    assert names(found) == ["labels", "one-class"]
    assert "10 different ones" in found[0].seen


def test_labels_that_count_from_one() -> None:
    x, y = rows()[0].x, rows()[0].y
    found = classifier(Linear(64, 11), data=Dataset(x, y + 1), valid=None).diagnose()
    assert only(found, "labels").level == "remark"
    assert "no training row has the class 0" in only(found, "labels").seen
    assert classifier().diagnose().names() == []


def two_classes(n: tuple[int, int], gap: float, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1], n)
    x = rng.normal(size=(len(y), 2))
    x[:, 0] += gap * y
    return Dataset(x.astype(np.float32), y)


def test_a_class_that_is_rare_and_not_recognised() -> None:
    learner = classifier(Linear(2, 2), data=two_classes((400, 20), 1.0), valid=two_classes((100, 20), 1.0, seed=1))
    found = only(after(learner, 10), "imbalance")
    assert found.level == "problem"
    assert "20 times as many" in found.seen
    assert "are recognised" in found.seen


def test_a_class_that_is_rare_and_recognised() -> None:
    learner = classifier(Linear(2, 2), data=two_classes((400, 20), 9.0), valid=None)
    assert names(after(learner, 10)) == []


def test_classes_that_are_even() -> None:
    assert "imbalance" not in after(classifier(Linear(2, 2), data=two_classes((200, 200), 1.0), valid=None), 5).names()


def test_labels_moved_by_one_row() -> None:
    x, y = rows()[0].x, rows()[0].y
    found = only(classifier(data=Dataset(x, np.roll(y, 1))).diagnose(), "labels")
    assert found.level == "problem"
    assert "moved by 1 row" in found.seen
    assert "np.roll(y, -1, axis=0)" in found.fix


def test_labels_that_have_nothing_to_do_with_the_inputs() -> None:
    x, y = rows()[0].x, rows()[0].y
    learner = classifier(data=Dataset(x, np.random.default_rng(0).permutation(y)), rule=SGD(lr=0.02))
    assert "no-signal" in after(learner, 3).names()
    assert "no-signal" not in after(classifier(rule=SGD(lr=1e-6)), 3).names()


def test_rows_in_training_and_validation() -> None:
    train, valid = rows()
    both = Dataset(np.concatenate([valid.x, train.x[:100]]), np.concatenate([valid.y, train.y[:100]]))
    assert "22% of 460" in only(classifier(valid=both).diagnose(), "leak").seen
    assert "100%" in only(classifier(data=train, valid=train).diagnose(), "leak").seen
    assert "leak" not in classifier().diagnose().names()


class InOrder(Learner):
    """A learner that does not shuffle."""

    def _batches(self, epoch: int):
        order = np.argsort(self.train.y, kind="stable")
        for index, start in enumerate(range(0, len(order), self.batch_size)):
            yield index, self.train[order[start : start + self.batch_size]]


def test_sorted_rows_that_are_not_shuffled() -> None:
    net = Net([Linear(64, 10)])
    found = only(InOrder(net, cross_entropy, SGD(lr=0.1), rows()[0]).diagnose(), "sorted")
    assert found.level == "problem"
    assert "13%" in found.seen
    order = np.argsort(rows()[0].y)
    shuffled = Learner(net, cross_entropy, SGD(lr=0.1), rows()[0].subset(order))
    assert "sorted" not in shuffled.diagnose().names()


def sequences(padding: int) -> Dataset:
    """Sequences of 1 to 12 places, filled up with zeros; the class is the sign of the first feature."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 12, 3)).astype(np.float32)
    is_empty = np.arange(12) >= rng.integers(1, 13, size=(60, 1))
    y = np.where(x[:, :, 0] > 0, 2, 1)
    x[is_empty], y[is_empty] = 0, padding
    return Dataset(x, y)


def test_padding_taken_for_a_class() -> None:
    net = Net([LSTM(3, 6), Linear(6, 3)])
    found = only(Learner(net, cross_entropy, Adam(), sequences(0)).diagnose(), "labels")
    assert found.level == "problem"
    assert "hold nothing and have the label 0" in found.seen
    left_out = partial(cross_entropy, ignore_index=0)
    assert "labels" not in Learner(net, left_out, Adam(), sequences(0)).diagnose().names()[:1]


def test_the_same_inputs_for_all_rows() -> None:
    learner = classifier(data=Dataset(np.repeat(rows()[0].x[:1], 300, axis=0), rows()[0].y[:300]), valid=None)
    assert names(learner.diagnose()) == ["no-signal"]
    assert names(after(learner, 5)) == ["no-signal"]


def test_labels_of_which_a_third_is_wrong() -> None:
    train, _ = rows()
    rng = np.random.default_rng(0)
    wrong = rng.random(len(train)) < 0.35
    y = np.where(wrong, rng.integers(0, 10, len(train)), train.y)
    learner = classifier(data=Dataset(train.x, y), rule=SGD(lr=0.05))
    found = only(after(learner, 5), "labels")
    assert found.level == "problem"
    assert "have another class than these" in found.seen
    assert "on validation data, which the net has not seen" in found.seen


def test_validation_labels_that_are_moved() -> None:
    _, valid = rows()
    found = only(after(classifier(valid=Dataset(valid.x, np.roll(valid.y, 1))), 5), "labels")
    assert found.level == "problem"
    assert "validation rows and theirs" in found.seen


def test_targets_moved_by_one_row() -> None:
    data = numbers(300)
    assert "moved by 1 row" in only(regression(data=Dataset(data.x, np.roll(data.y, -1))).diagnose(), "labels").seen
    assert "labels" not in regression(data=data).diagnose().names()


def test_targets_that_have_nothing_to_do_with_the_inputs() -> None:
    data = numbers(300)
    shuffled = Dataset(data.x, np.random.default_rng(0).permutation(data.y))
    assert "no-signal" in after(regression(data=shuffled, rule=SGD(lr=0.01)), 5).names()


def test_a_class_that_is_in_validation_alone() -> None:
    train, _ = rows()
    found = only(classifier(data=train.subset(train.y != 3)).diagnose(), "labels")
    assert found.level == "problem"
    assert "the validation data have the class 3" in found.seen
