"""The last activation and the loss against the targets; each mistake has a healthy control beside it."""

from functools import partial

import numpy as np
import pytest

from tests.probe.doctor.patients import after, classifier, names, numbers, only, regression, rows
from tinynet.data import Dataset, moons
from tinynet.layers import Dropout, Linear, LogSoftmax, ReLU, Sigmoid, Softmax, Tanh
from tinynet.losses import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    mean_absolute_error,
    mean_squared_error,
    negative_log_likelihood,
)
from tinynet.metrics import mean_absolute_error as absolute


def crossentropy(p: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """−log p of the truth, for probabilities."""
    t = (y[:, None] == np.arange(p.shape[1])).astype(p.dtype)
    q = np.clip(p, 1e-7, 1)
    return float(-np.sum(t * np.log(q)) / len(p)), -t / q / len(p)


def yes_or_no(p: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Binary cross-entropy of probabilities."""
    t, q = y.reshape(p.shape).astype(p.dtype), np.clip(p, 1e-7, 1 - 1e-7)
    loss = -np.mean(t * np.log(q) + (1 - t) * np.log(1 - q))
    return float(loss), (q - t) / (q * (1 - q)) / p.size


def test_softmax_twice_names_the_least_loss_and_tries_it_without() -> None:
    found = only(classifier(Linear(64, 10), Softmax()).diagnose(), "softmax2")
    assert found.level == "problem"
    assert found.where == "1"
    assert "cannot fall below 1.46" in found.seen
    assert found.experiment is not None
    assert found.experiment.changed[-1] < found.experiment.unchanged[-1]


def test_two_softmax_layers_behind_each_other() -> None:
    learner = classifier(Linear(64, 10), Softmax(), Softmax(), loss=crossentropy)
    assert "softmax2" in names(learner.diagnose())


def test_a_sigmoid_before_a_loss_with_a_sigmoid() -> None:
    data = moons(100)
    yes = Dataset(data.x, data.y[:, None].astype(np.float32))
    learner = classifier(Linear(2, 1), Sigmoid(), loss=binary_cross_entropy_with_logits, data=yes, valid=None)
    assert names(learner.diagnose()) == ["softmax2"]


@pytest.mark.parametrize(
    ("last", "loss"),
    [((), cross_entropy), ((Softmax(),), crossentropy), ((LogSoftmax(),), negative_log_likelihood)],
    ids=["logits", "probabilities", "logarithms"],
)
def test_a_softmax_in_one_place_is_right(last: tuple, loss: object) -> None:
    learner = classifier(Linear(64, 32), ReLU(), Linear(32, 10), *last, loss=loss)
    assert names(learner.diagnose()) == []
    assert names(after(learner, 5)) == []


def test_softmax_over_one_unit() -> None:
    found = only(regression(Linear(4, 1), Softmax()).diagnose(), "softmax1")
    assert found.level == "problem"
    assert found.where == "1"


def test_a_loss_with_a_softmax_over_one_output() -> None:
    data = Dataset(rows()[0].x, np.zeros(1437, np.int64))
    assert "softmax1" in names(classifier(Linear(64, 1), data=data, valid=None).diagnose())


@pytest.mark.parametrize("loss", [crossentropy, negative_log_likelihood], ids=["probabilities", "logarithms"])
def test_a_loss_for_probabilities_on_raw_scores(loss: object) -> None:
    assert names(classifier(Linear(64, 10), loss=loss).diagnose())[0] == "no-softmax"


def test_a_loss_for_one_probability_on_raw_scores() -> None:
    data = Dataset(numbers().x, (numbers().y > 0).astype(np.float32))
    found = only(regression(Linear(4, 1), loss=yes_or_no, data=data).diagnose(), "no-softmax")
    assert "binary_cross_entropy_with_logits" in found.fix


@pytest.mark.parametrize("last", [ReLU(), Sigmoid(), Tanh()], ids=["relu", "sigmoid", "tanh"])
def test_targets_that_the_last_activation_cannot_reach(last: object) -> None:
    found = only(regression(Linear(4, 8), ReLU(), Linear(8, 1), last, data=numbers(y_scale=3)).diagnose(), "out-act")
    assert found.level == "problem"
    assert "of the targets lie outside" in found.seen


def test_targets_that_the_last_activation_can_reach() -> None:
    x, y = numbers().x, numbers().y
    for last, target in ((ReLU(), np.abs(y)), (Sigmoid(), np.clip(y, 0, 1)), (Tanh(), np.clip(y, -1, 1))):
        learner = regression(Linear(4, 8), ReLU(), Linear(8, 1), last, data=Dataset(x, target))
        assert "out-act" not in learner.diagnose().names()


def test_several_sigmoids_for_one_choice() -> None:
    assert names(classifier(Linear(64, 10), Sigmoid(), loss=crossentropy).diagnose()) == ["out-act"]


def test_yes_or_no_for_three_classes() -> None:
    train = Dataset(rows()[0].x, (rows()[0].y % 3).astype(np.float32)[:, None])
    found = only(classifier(Linear(64, 1), Sigmoid(), loss=yes_or_no, data=train, valid=None).diagnose(), "loss")
    assert found.level == "problem"
    assert "3 classes from 0 to 2" in found.seen
    assert "cross_entropy" in found.fix


def test_yes_or_no_for_numbers() -> None:
    found = only(regression(Linear(4, 1), Sigmoid(), loss=yes_or_no).diagnose(), "loss")
    assert "numbers" in found.seen
    assert "mean_squared_error" in found.fix


def test_the_absolute_error_for_yes_and_no() -> None:
    data = Dataset(numbers().x, (numbers().y > 0).astype(np.float32))
    learner = regression(Linear(4, 1), Sigmoid(), loss=mean_absolute_error, data=data, rule=None)
    assert only(learner.diagnose(), "loss").level == "problem"
    healthy = regression(Linear(4, 1), Sigmoid(), loss=yes_or_no, data=data)
    assert names(healthy.diagnose()) == []
    assert names(after(healthy, 20)) == []


def test_the_squared_error_for_classes_is_a_remark() -> None:
    one_hot = Dataset(rows()[0].x, np.eye(10, dtype=np.float32)[rows()[0].y])
    found = classifier(Linear(64, 10), Softmax(), loss=mean_squared_error, data=one_hot, valid=None).diagnose()
    assert only(found, "loss").level == "remark"


def only_yes(p: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """The cross-entropy for several classes, given a single one."""
    t, q = y.reshape(p.shape).astype(p.dtype), np.clip(p, 1e-7, 1)
    return float(-np.mean(t * np.log(q))), -t / q / len(p)


def test_a_loss_that_no_row_with_a_no_changes() -> None:
    data = Dataset(numbers().x, (numbers().y > 0).astype(np.float32))
    found = only(regression(Linear(4, 1), Sigmoid(), loss=only_yes, data=data).diagnose(), "loss")
    assert "whatever the net says" in found.seen


def flipped(predicted: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    loss, gradient = mean_squared_error(predicted, y)
    return loss, -gradient


def without_factor(predicted: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    loss, gradient = mean_squared_error(predicted, y)
    return loss, gradient / 2


def squared_instead(predicted: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    loss, gradient = mean_squared_error(predicted, y)
    return loss, gradient * gradient


def test_a_gradient_with_the_wrong_sign() -> None:
    assert names(regression(loss=flipped).diagnose())[0] == "sign"


def test_a_gradient_that_is_not_the_derivative() -> None:
    assert "promises a rise of 1" in only(regression(loss=squared_instead).diagnose(), "gradient").seen
    assert only(regression(loss=without_factor).diagnose(), "gradient").level == "remark"  # only half the rate
    assert "gradient" not in regression().diagnose().names()


def all_with_all(predicted: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    d = predicted - y  # (N, N)
    return float(np.mean(d**2)), 2 * d.mean(axis=1, keepdims=True) / len(d)


def test_outputs_and_targets_that_broadcast() -> None:
    data = Dataset(numbers().x, numbers().y[:, 0])
    found = only(regression(data=data, loss=all_with_all).diagnose(), "broadcast")
    assert found.level == "problem"
    assert "(200, 1)" in found.seen
    assert "broadcast" not in regression(loss=all_with_all).diagnose().names()  # (N, 1) and (N, 1)


def test_a_sum_over_the_batch() -> None:
    summed = partial(cross_entropy, reduction="sum")
    found = only(after(classifier(loss=summed, rule=None), 3), "reduce")
    assert "twice the rows give twice the gradient" in found.seen
    assert found.experiment is not None
    assert found.experiment.change == "the mean over the batch"
    assert "reduce" not in after(classifier(), 3).names()


def hits(predicted: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean(predicted == y))


def test_a_metric_that_counts_hits_of_numbers() -> None:
    assert names(regression(metrics=[hits]).diagnose()) == ["metric"]
    assert names(regression(metrics=[absolute]).diagnose()) == []


def test_a_batch_that_is_refused() -> None:
    found = classifier(Linear(63, 10)).diagnose()
    assert names(found) == ["shape"]
    assert "expected x of shape" in found[0].seen
    assert names(classifier(Linear(64, 9)).diagnose()) == ["labels"]


def clipped(p: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Cross-entropy of probabilities that are kept above 0.2."""
    t, q = (y[:, None] == np.arange(p.shape[1])).astype(p.dtype), np.clip(p, 0.2, 1)
    return float(-np.sum(t * np.log(q)) / len(p)), -t / q / len(p) * (p > 0.2)


def test_a_loss_that_is_flat_for_wrong_rows() -> None:
    layers = Linear(64, 32), ReLU(), Linear(32, 10), Softmax()
    assert "gives no gradient" in only(classifier(*layers, loss=clipped).diagnose(), "loss").seen
    assert "loss" not in classifier(*layers, loss=crossentropy).diagnose().names()


def test_probabilities_for_a_loss_that_takes_their_logarithms() -> None:
    learner = classifier(Linear(64, 10), Softmax(), loss=negative_log_likelihood)
    assert "takes the logarithms of probabilities" in only(learner.diagnose(), "loss").seen
    assert names(learner.diagnose()) == ["loss"]


@pytest.mark.parametrize(("last", "loss"), [(ReLU(), yes_or_no), (Tanh(), yes_or_no), (ReLU(), crossentropy)])
def test_an_activation_that_gives_no_probabilities(last: object, loss: object) -> None:
    if loss is yes_or_no:
        data = Dataset(numbers().x, (numbers().y > 0).astype(np.float32))
        assert names(regression(Linear(4, 1), last, loss=loss, data=data).diagnose())[0] == "out-act"
    else:
        assert names(classifier(Linear(64, 10), last, loss=loss).diagnose())[0] == "out-act"


def test_a_softmax_where_several_are_true_at_once() -> None:
    several = (np.random.default_rng(0).random((200, 4)) < 0.5).astype(np.float32)
    learner = regression(Linear(4, 4), Softmax(), loss=yes_or_no, data=Dataset(numbers().x, several))
    assert "sum to 0 to 4" in only(learner.diagnose(), "out-act").seen
    single = regression(Linear(4, 4), Sigmoid(), loss=yes_or_no, data=Dataset(numbers().x, several))
    assert "out-act" not in single.diagnose().names()


def test_a_relu_before_scores_is_a_problem_where_it_keeps_the_net_from_learning() -> None:
    learner = classifier(Linear(64, 10), ReLU(), rule=None)
    learner.net[0].bias.tensor = np.full(10, -100.0)
    found = only(after(learner, 3), "out-act")
    assert found.level == "problem"
    assert "none can be below 0" in found.seen


def test_a_yes_or_no_for_each_class_of_a_softmax_is_a_remark() -> None:
    one_hot = Dataset(rows()[0].x, np.eye(10, dtype=np.float32)[rows()[0].y])
    found = classifier(Linear(64, 10), Softmax(), loss=yes_or_no, data=one_hot, valid=None).diagnose()
    assert "asks for a yes or no from each unit" in only(found, "loss").seen
    assert names(found) == []


def test_a_softmax_over_the_batch() -> None:
    found = classifier(Linear(64, 10), Softmax(axis=0), loss=crossentropy).diagnose()
    assert "when other rows stand beside it" in only(found, "reduce").seen


class AlwaysDrops(Dropout):
    """A dropout that is on in evaluation too."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.training = True
        return super().forward(x)


def test_a_dropout_that_is_on_in_evaluation() -> None:
    found = classifier(Linear(64, 32), ReLU(), AlwaysDrops(0.5), Linear(32, 10)).diagnose()
    assert "the outputs for four equal rows differ" in only(found, "bn-mode").seen
    assert names(classifier(Linear(64, 32), ReLU(), Dropout(0.5), Linear(32, 10)).diagnose()) == []


def above_zero(predicted: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean((predicted > 0) == y.reshape(predicted.shape)))


def test_a_metric_that_cannot_tell_right_from_wrong() -> None:
    data = Dataset(numbers().x, (numbers().y > 0).astype(np.float32))
    learner = regression(Linear(4, 1), Sigmoid(), loss=yes_or_no, data=data, metrics=[above_zero])
    assert "are all right" in only(learner.diagnose(), "metric").seen
    of_logits = regression(Linear(4, 1), loss=binary_cross_entropy_with_logits, data=data, metrics=[above_zero])
    assert names(of_logits.diagnose()) == []


def test_targets_that_go_beyond_one_end_of_the_outputs_alone() -> None:
    x = np.random.default_rng(0).normal(size=(200, 10)).astype(np.float32)
    share = 1 / (1 + np.exp(-x[:, :1]))
    for y, is_reached in ((share, True), (3 * share, False), (share - 0.5, False)):
        found = regression(Linear(10, 1), Sigmoid(), data=Dataset(x, y), valid=None).diagnose()
        assert any("of the targets lie outside" in each.seen for each in found) is not is_reached
