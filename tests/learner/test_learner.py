"""The training loop: what it learns, how it weighs, what it refuses."""

from functools import partial

import numpy as np
import pytest

import tinynet as tn
from tinynet.data import Dataset
from tinynet.layers import Layer, Linear, Tanh
from tinynet.learner import Callback, Learner
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.metrics import accuracy, confusion_matrix, top_k_accuracy
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam


def line(n_samples=5, slope=2.0):
    x = np.linspace(-1, 1, n_samples, dtype=np.float32)[:, None]
    return Dataset(x, slope * x)


def one_weight(value=0.0):
    net = Net([Linear(1, 1, bias=False)])
    net[0].weight.tensor = np.full((1, 1), value)
    return net


def two_classes(n_samples=40, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n_samples) % 2
    return Dataset((rng.normal(size=(n_samples, 2)) + 2 * y[:, None]).astype(np.float32), y)


def classifier():
    return Net([Linear(2, 4), Tanh(), Linear(4, 2)])


def test_one_step_is_that_of_the_formula():
    data = line()
    learner = Learner(one_weight(), mean_squared_error, SGD(lr=0.1), data, batch_size=5)
    history = learner.fit(progress=False)
    mean_square = float((data.x**2).mean())
    assert history["loss"] == pytest.approx([4 * mean_square])  # w = 0: the mean of (0 - 2x)²
    assert learner.net[0].weight.tensor[0, 0] == pytest.approx(
        0.1 * 2 * 2 * mean_square
    )  # -lr dL/dw = lr · 2·2·mean(x²)


def test_the_last_short_batch_counts_by_its_size():
    data = Dataset(np.array([[1.0], [1.0], [1.0], [5.0]], np.float32), np.zeros((4, 1), np.float32))
    learner = Learner(one_weight(1.0), mean_squared_error, SGD(lr=0.0), data, batch_size=3, valid=data)
    history = learner.fit(progress=False)
    assert history["loss"] == pytest.approx([(3 * 1 + 25) / 4])
    assert history["valid_loss"] == pytest.approx([(3 * 1 + 25) / 4])


def test_training_metrics_are_weighted_by_batch_size():
    sizes = []

    def rows(predicted, ground_truth):
        sizes.append(len(predicted))
        return len(predicted)

    history = Learner(one_weight(), mean_squared_error, SGD(lr=0.0), line(5), batch_size=3, metrics=[rows]).fit(
        progress=False
    )
    assert sizes == [3, 2]
    assert history["rows"] == [pytest.approx((3 * 3 + 2 * 2) / 5)]


def test_validation_metrics_run_once_over_all_predictions():
    seen = []

    def size(predicted, ground_truth):
        seen.append(len(predicted))
        return 0.0

    data = two_classes()
    learner = Learner(classifier(), cross_entropy, SGD(lr=0.1), data, batch_size=16, metrics=[size, confusion_matrix])
    result = learner.evaluate(data)
    assert seen == [40]
    assert result["confusion_matrix"].sum() == 40
    np.testing.assert_array_equal(result["confusion_matrix"].sum(axis=1), [20, 20])


def test_a_metric_that_is_no_number_stays_out_of_the_training_columns():
    data = two_classes()
    learner = Learner(classifier(), cross_entropy, SGD(lr=0.1), data, valid=data, metrics=[confusion_matrix])
    (row,) = learner.fit(progress=False)
    assert "confusion_matrix" not in row
    assert row["valid_confusion_matrix"].shape == (2, 2)


def test_accumulated_gradients_make_the_step_of_the_large_batch():
    data, nets = two_classes(32), []
    for batch_size, steps in ((32, 1), (8, 4)):
        tn.seed(3)
        net = classifier()
        optimizer = SGD(lr=0.5, gradient_accumulation_steps=steps)
        Learner(net, cross_entropy, optimizer, data, batch_size=batch_size).fit(epochs=3, progress=False)
        nets.append(net)
    for path, parameter in nets[0].parameters().items():
        np.testing.assert_allclose(parameter.tensor, nets[1].parameters()[path].tensor, atol=1e-5)


def test_each_epoch_reads_all_rows_in_an_order_of_its_own():
    orders = []

    class Order(Callback):
        def on_epoch_begin(self, learner, epoch):
            orders.append([])

        def on_batch_begin(self, learner, index):
            orders[-1].extend(learner.batch[0][:, 0])

    data = line(20)
    Learner(one_weight(), mean_squared_error, SGD(lr=0.1), data, valid=data, batch_size=6, callbacks=[Order()]).fit(
        epochs=2, progress=False
    )
    rows = list(data.x[:, 0])
    assert [sorted(order) for order in orders] == [rows, rows]
    assert orders[0] != orders[1] != rows != orders[0]


def run(seed):
    tn.seed(seed)
    train, valid = two_classes().split(0.25)
    learner = Learner(classifier(), cross_entropy, Adam(lr=0.01), train, valid=valid, batch_size=7, metrics=[accuracy])
    history = learner.fit(epochs=3, progress=False)
    return [{name: value for name, value in row.items() if name != "seconds"} for row in history], learner.net.state()


def test_one_seed_gives_one_run_bit_by_bit_and_another_seed_another():
    rows, state = run(7)
    again, same = run(7)
    _, other = run(8)
    assert rows == again
    assert all(np.array_equal(state[path], same[path]) for path in state)
    assert not any(np.array_equal(state[path], other[path]) for path in state)


def test_it_learns_and_predicts():
    tn.seed(0)
    data = two_classes(200)
    learner = Learner(classifier(), cross_entropy, SGD(lr=0.3), data, metrics=[accuracy])
    learner.fit(epochs=10, progress=False)
    assert learner.evaluate(data)["accuracy"] > 0.85
    predicted = learner.predict(data.x)
    assert predicted.shape == (200, 2)
    assert np.mean(predicted.argmax(-1) == data.y) == learner.evaluate(data)["accuracy"]


def test_evaluate_learns_nothing_and_leaves_mode_and_memory_alone():
    data = two_classes()
    learner = Learner(classifier(), cross_entropy, SGD(lr=0.1), data)
    before = learner.net.state()
    learner.evaluate(data)
    assert learner.net.training
    assert all(np.array_equal(before[path], array) for path, array in learner.net.state().items())
    with pytest.raises(RuntimeError, match="no forward to go back through"):
        learner.net.backward(np.ones((8, 2), np.float32))


class Sum(Layer):
    """Two inputs, one output."""

    def forward(self, a, b):
        self.remember()
        return a + b

    def backward(self, dy):
        self.recall()
        return dy, dy


class Twice(Layer):
    """One input, two outputs: x and 2x."""

    def forward(self, x):
        self.remember()
        return x, 2 * x

    def backward(self, da, db):
        self.recall()
        return da + 2 * db


def test_several_inputs_come_as_a_tuple():
    x = np.arange(6, dtype=np.float32)[:, None] / 6
    data = Dataset((x, 2 * x), 6 * x)  # (x + 2x) w = 6x, so w = 2
    learner = Learner(Net([Sum(), Linear(1, 1, bias=False)]), mean_squared_error, SGD(lr=0.3), data, valid=data)
    learner.fit(epochs=40, progress=False)
    assert learner.net[1].weight.tensor[0, 0] == pytest.approx(2, abs=1e-2)
    np.testing.assert_allclose(learner.predict((x, 2 * x)), 6 * x, atol=0.1)


def test_several_outputs_get_a_gradient_each():
    def both(predicted, ground_truth):
        losses = [mean_squared_error(p, t) for p, t in zip(predicted, ground_truth, strict=True)]
        return losses[0][0] + losses[1][0], (losses[0][1], losses[1][1])

    def rows(predicted, ground_truth):
        return len(predicted[0]) + 100 * len(ground_truth[1])

    x = np.linspace(-1, 1, 8, dtype=np.float32)[:, None]
    data = Dataset(x, (3 * x, 6 * x))
    learner = Learner(
        Net([Linear(1, 1, bias=False), Twice()]), both, SGD(lr=0.1), data, valid=data, batch_size=3, metrics=[rows]
    )
    history = learner.fit(epochs=20, progress=False)
    assert learner.net[0].weight.tensor[0, 0] == pytest.approx(3, abs=1e-2)
    assert history["valid_rows"][0] == 808
    assert history["rows"][0] == pytest.approx(101 * (3 * 3 + 3 * 3 + 2 * 2) / 8)


def test_an_infinite_loss_changes_no_weight_and_says_why():
    def overflowing(predicted, ground_truth):
        loss, gradient = mean_squared_error(predicted, ground_truth)
        return (loss if loss < 1e38 else np.inf), gradient

    data = line()
    learner = Learner(one_weight(1.0), overflowing, SGD(lr=1e30), data)
    learner.fit(progress=False)
    before = learner.net.state()
    with pytest.raises(FloatingPointError, match=r"inf in the loss overflowing.*\n.*lower the learning rate"):
        learner.fit(epochs=3, progress=False)
    assert len(learner.history) == 1
    assert np.array_equal(before["0.weight"], learner.net.state()["0.weight"])
    assert not learner.net[0].weight.gradient.any()


class Rows:
    """A dataset of one's own, which nobody has checked."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __len__(self):
        return len(self.x)

    def __getitem__(self, indices):
        return self.x[indices], self.y[indices]


def test_nan_in_the_data_is_named_with_its_row():
    x = np.ones((4, 1), np.float32)
    x[2] = np.nan
    learner = Learner(one_weight(1.0), mean_squared_error, SGD(lr=0.1), Rows(x, np.ones((4, 1), np.float32)))
    with pytest.raises(
        FloatingPointError, match=r"sample 2 of the training data \(row [0-3] of the batch\) holds nan, at x"
    ):
        learner.fit(progress=False)
    assert learner.net[0].weight.tensor[0, 0] == 1


def test_an_infinite_gradient_is_named_by_its_path():
    def loss(predicted, ground_truth):
        return 1.0, np.full_like(predicted, np.inf)

    learner = Learner(classifier(), loss, SGD(lr=0.1), two_classes())
    before = learner.net.state()
    with pytest.raises(FloatingPointError, match=r"the gradient of 0\.weight is not finite"):
        learner.fit(progress=False)
    assert all(np.array_equal(before[path], array) for path, array in learner.net.state().items())


def test_finite_gradients_whose_sum_overflows_are_no_error():
    def loss(predicted, ground_truth):
        return 1.0, np.full_like(predicted, 1e38)

    net = Net([Linear(1, 8)])
    data = Rows(np.ones((1, 1), np.float32), np.ones((1, 8), np.float32))
    Learner(net, loss, SGD(lr=0.0), data).fit(progress=False)


def test_a_subclass_trains_in_its_own_way():
    class Sign(Learner):
        def train_step(self, x, y):
            loss, predicted = super().train_step(x, -y)
            return 2 * loss, predicted

    learner = Sign(one_weight(), mean_squared_error, SGD(lr=0.1), line(), batch_size=5)
    history = learner.fit(epochs=30, progress=False)
    assert learner.net[0].weight.tensor[0, 0] == pytest.approx(-2, abs=0.1)
    assert history["loss"][0] == pytest.approx(2 * 4 * float((line().x ** 2).mean()))


def test_columns_are_those_of_the_history():
    data = two_classes()
    learner = Learner(
        classifier(), cross_entropy, SGD(lr=0.1), data, valid=data, metrics=[accuracy, partial(top_k_accuracy, k=2)]
    )
    assert learner.fit(progress=False).names() == learner.columns
    assert learner.columns[2:4] == ["accuracy", "top_k_accuracy(k=2)"]


def parts(**changes):
    return {"net": classifier(), "loss": cross_entropy, "optimizer": SGD(lr=0.1), "train": two_classes()} | changes


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"net": Linear(2, 2)}, TypeError, r"net must be a Net, got Linear.\nHint: wrap layers as Net"),
        ({"optimizer": SGD}, TypeError, r"optimizer is the class SGD.\nHint: write SGD\(...\)"),
        ({"optimizer": 0.1}, TypeError, "optimizer must be a Optimizer, got float"),
        ({"loss": "cross_entropy"}, TypeError, "loss must be a function, got str"),
        ({"metrics": accuracy}, TypeError, "metrics must be a list, got function"),
        ({"metrics": ["accuracy"]}, TypeError, "metrics must hold functions, got 'accuracy'"),
        ({"metrics": [accuracy, accuracy]}, ValueError, "two metrics have one name; the names are accuracy"),
        ({"callbacks": Callback()}, TypeError, "callbacks must be a list, got Callback"),
        ({"callbacks": [Callback]}, TypeError, "callbacks must hold Callbacks, got <class"),
        ({"train": np.ones((2, 2))}, TypeError, r"must be a dataset, got a ndarray.\nHint: pass a pair of arrays"),
        ({"train": 3}, TypeError, r"train must have len\(d\) and d\[indices\]"),
        ({"train": Rows(np.ones((0, 2)), np.ones(0))}, ValueError, "train is empty"),
        ({"valid": Rows(np.ones((0, 2)), np.ones(0))}, ValueError, "valid is empty"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, got 0"),
        ({"batch_size": 2.5}, TypeError, "batch_size must be an integer, got 2.5"),
    ],
)
def test_a_part_that_does_not_fit_is_refused(changes, kind, words):
    with pytest.raises(kind, match=words):
        Learner(**parts(**changes))


def test_a_metric_may_not_take_the_name_of_another_column():
    def loss(predicted, ground_truth):
        return 0.0

    with pytest.raises(ValueError, match="a metric is called loss, which is a column of its own"):
        Learner(**parts(metrics=[loss]))


def test_no_epochs_and_no_data_are_refused():
    learner = Learner(**parts())
    with pytest.raises(ValueError, match="epochs must be at least 1, got 0"):
        learner.fit(epochs=0)
    with pytest.raises(TypeError, match=r"Learner.evaluate: data must be a dataset, got a ndarray"):
        learner.evaluate(np.ones((2, 2)))


def test_what_is_left_in_a_frozen_parameter_ends_no_training():
    learner = Learner(classifier(), cross_entropy, SGD(lr=0.1), two_classes())
    frozen = learner.net[0].bias
    frozen.gradient = np.full(4, np.nan)
    frozen.trainable = False
    learner.fit(progress=False)
    assert len(learner.history) == 1


def test_training_goes_on_after_a_batch_that_failed():
    """The next fit begins with that batch, and the epoch keeps its number."""
    learner = Learner(classifier(), cross_entropy, SGD(lr=0.1), two_classes(), batch_size=10)
    seen, step = [], learner.train_step

    def fails_once(x, y):
        seen.append(x.copy())
        if len(seen) == 3:
            raise FloatingPointError
        return step(x, y)

    learner.train_step = fails_once
    with pytest.raises(FloatingPointError):
        learner.fit(progress=False)
    assert (learner.epoch, learner.step, len(learner.history)) == (0, 2, 0)
    learner.fit(progress=False)
    assert (learner.epoch, learner.step, learner.history["epoch"]) == (1, 4, [1])
    assert len(seen) == 5
    np.testing.assert_array_equal(seen[3], seen[2])
