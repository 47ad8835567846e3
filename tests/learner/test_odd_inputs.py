"""What losses, metrics and data sets of one's own may return in training: taken, or named in one sentence."""

import numpy as np
import pytest

from tinynet.data import Dataset
from tinynet.layers import Layer, Linear
from tinynet.learner import Learner
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.metrics import accuracy
from tinynet.net import Net
from tinynet.optimizers import SGD

X = np.arange(14, dtype=np.float32).reshape(7, 2) / 10
LABELS = np.arange(7) % 2


class Raw:
    """A data set that gives what a test has written down, by functions of the rows."""

    def __init__(self, x, y, n=7):
        self.x, self.y, self.n = x, y, n

    def __len__(self):
        return self.n

    def __getitem__(self, rows):
        return self.x(rows), self.y(rows)


class Same(Layer):
    def forward(self, x):
        return x

    def backward(self, dy):
        return dy


def mean_square(predicted, truth):
    return float((predicted**2).mean()), 2 * predicted / predicted.size


def learner(train=None, loss=cross_entropy, net=None, **options):
    train = Dataset(X, LABELS) if train is None else train
    return Learner(net or Net([Linear(2, 2)]), loss, SGD(lr=0.0), train, batch_size=3, **options)


def named(name, value):
    def metric(predicted, truth):
        return value

    metric.__name__ = name
    return metric


@pytest.mark.parametrize(
    ("value", "came"),
    [
        (None, "None"),
        ("0.5", "a str"),
        ({"a": 1}, "a dict"),
        ([1, None], "a list"),
        (1j, "a complex"),
        ([[1], [1, 2]], "a list"),
    ],
)
@pytest.mark.parametrize("when", ["fit", "evaluate"])
def test_a_metric_that_returns_no_number_is_named(value, came, when):
    each = learner(metrics=[accuracy, named("mine", value)])
    with pytest.raises(TypeError, match=rf"the metric mine must return a number, .* returned {came}\.\nHint: .*return"):
        each.fit(progress=False) if when == "fit" else each.evaluate(each.train)


@pytest.mark.parametrize("value", [1, 0.5, np.float32(0.5), True, np.bool_(True), np.int64(3), np.array(2.0)])
def test_every_kind_of_number_is_taken_and_shown(value, capsys):
    each = learner(valid=Dataset(X, LABELS), metrics=[named("mine", value)])
    history = each.fit()
    assert history["mine"] == [float(value)] == history["valid_mine"]
    assert f"mine {float(value):.4f}" in capsys.readouterr().out


def test_arrays_of_numbers_are_left_out_of_the_training_columns():
    each = learner(metrics=[named("counts", np.array([1, 2])), named("pair", [0.5, 1.5])])
    assert "counts" not in each.fit(progress=False).names()
    assert each.evaluate(each.train)["pair"] == [0.5, 1.5]


@pytest.mark.parametrize("loss", [None, "0.5", [0.5]])
def test_a_loss_that_is_no_number_is_named(loss):
    with pytest.raises(TypeError, match=r"the loss must return \(loss, gradient\), a number and an array"):
        learner(loss=lambda predicted, truth: (loss, predicted)).fit(progress=False)


def test_without_a_truth_rows_are_those_of_the_inputs():
    data = Raw(lambda rows: X[rows], lambda rows: None)
    each = learner(data, mean_square, Net([Same()]), valid=data, metrics=[lambda predicted, truth: predicted.mean()])
    history = each.fit(progress=False)
    assert history["loss"] == pytest.approx([(X**2).mean()]) == history["valid_loss"]
    assert history["valid_<lambda>"] == pytest.approx([X.mean()])


def test_several_truths_of_which_one_is_none():
    data = Raw(lambda rows: X[rows], lambda rows: (None, LABELS[rows]))
    each = learner(data, lambda predicted, truth: cross_entropy(predicted, truth[1]), valid=data)
    history = each.fit(progress=False)
    assert history["loss"] == pytest.approx(history["valid_loss"])


def lengths(rows):
    """Sequences of this batch's own length."""
    return np.ones((len(rows), 2 + int(rows[0]) // 3, 2), np.float32)


def test_validation_batches_of_different_lengths_need_no_metric():
    data = Raw(lengths, lambda rows: lengths(rows) - 1)
    each = learner(data, mean_squared_error, Net([Same()]), valid=data)
    assert each.fit(progress=False)["valid_loss"] == [1.0]


def test_validation_batches_of_different_lengths_cannot_have_a_metric():
    data = Raw(lengths, lambda rows: lengths(rows) - 1)
    each = learner(Dataset(lengths(np.arange(3)), LABELS[:3]), metrics=[named("mine", 1.0)], loss=mean_square)
    sentence = (
        r"^Learner\.evaluate: predicted has the shape \(3, 2, 2\) in one batch and \(3, 3, 2\) in another, .*"
        r"\nHint: pad all samples to one length"
    )
    with pytest.raises(ValueError, match=sentence):
        each.evaluate(data)


def test_inputs_as_lists_are_named_where_they_are_not_finite():
    rows = np.where(X > 0.35, np.nan, X).tolist()
    data = Raw(lambda indices: [rows[index] for index in indices], lambda indices: LABELS[indices])
    with pytest.raises(FloatingPointError, match=r"of the training data \(row 0 of the batch\) holds nan, at x"):
        learner(data).fit(progress=False)


@pytest.mark.parametrize("kind", ["lists", "one by one"])
def test_data_sets_of_ones_own_give_the_same_numbers(kind):
    expected = learner(valid=Dataset(X, LABELS), metrics=[accuracy]).evaluate(Dataset(X, LABELS))
    x, y = list(X), LABELS.tolist()

    class Singles:
        def __len__(self):
            return 7

        def __getitem__(self, index):
            return x[index], y[index]

    raw = Raw(lambda rows: [x[row].tolist() for row in rows], lambda rows: LABELS[rows])
    data = raw if kind == "lists" else Singles()
    net = Net([Linear(2, 2)])
    own, ours = (learner(each, net=net, metrics=[accuracy]) for each in (data, Dataset(X, LABELS)))
    assert own.evaluate(data) == pytest.approx(ours.evaluate(ours.train))
    assert expected.keys() == own.evaluate(data).keys()
    own.fit(progress=False)


@pytest.mark.parametrize("value", [np.ma.masked, np.ma.array(3.0, mask=True)])
def test_a_masked_number_is_nan(value):
    each = learner(valid=Dataset(X, LABELS), metrics=[named("mine", value)])
    history = each.fit(progress=False)
    assert np.isnan([*history["mine"], *history["valid_mine"]]).all()


def test_what_is_evaluated_are_plain_numbers():
    each = learner(metrics=[named("mine", np.array(2.0)), named("count", np.int64(3))])
    found = each.evaluate(each.train)
    assert [(type(found[name]), found[name]) for name in ("mine", "count")] == [(float, 2.0), (float, 3.0)]


def test_an_integer_too_large_for_a_number_is_named():
    with pytest.raises(
        TypeError, match=r"the metric mine must return a number, .* it returned an int\.\nHint: return a float"
    ):
        learner(metrics=[named("mine", 10**400)]).fit(progress=False)


def test_the_class_of_a_metric_is_refused_with_what_to_write():
    class Mine:
        pass

    with pytest.raises(TypeError, match=r"Learner: metrics hold the class Mine\.\nHint: write Mine\(\.\.\.\)"):
        learner(metrics=[Mine])


def test_what_a_loss_returned_is_said():
    with pytest.raises(TypeError, match=r"it returned \(a ndarray, a float\)\.\nHint: return the derivative"):
        learner(loss=lambda predicted, truth: (predicted, 1.0)).fit(progress=False)
