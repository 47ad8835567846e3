"""Training: each call is given a net, whose weights must be what they were afterwards."""

from functools import partial

import numpy as np

from tests.errors.case import Case, ones, points
from tinynet.data import Dataset
from tinynet.layers import Linear
from tinynet.learner import Callback, CSVLog, EarlyStopping, History, KeepBest, Learner
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.metrics import accuracy
from tinynet.net import Net
from tinynet.optimizers import SGD


class Raw:
    """A data set of one's own, which checks nothing."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __len__(self):
        return len(self.x)

    def __getitem__(self, indices):
        return self.x[indices], self.y[indices]


LABELS = np.zeros(8, int)
NAN = np.where(np.arange(16).reshape(8, 2) == 5, np.nan, 1.0)


def learner(net, train=None, loss=cross_entropy, optimizer=None, **options):
    return Learner(net, loss, optimizer or SGD(lr=0.1), points() if train is None else train, **options)


def fit(net, *args, **options):
    return learner(net, *args, **options).fit(epochs=2, progress=False)


def _class_with(name):
    return type("Mine", (Callback,), {name: lambda *_: None})


CASES = [
    Case(
        "NaN in a data set of one's own",
        lambda net: fit(net, Raw(NAN, LABELS)),
        FloatingPointError,
        r"Learner: the loss became nan in step 0 .*: sample 2 of the training .* holds nan.* no weight\.\nHint: clean",
    ),
    Case(
        "a loss that becomes infinite",
        lambda net: fit(net, loss=lambda predicted, truth: (np.inf, predicted)),
        FloatingPointError,
        r"Learner: the loss became inf in step 0 .*: inf in the loss .*\nHint: lower the learning rate \(now 0\.1\)",
    ),
    Case(
        "a truth that is NaN",
        lambda net: fit(net, Raw(ones(8, 2), ones(8, 3) * np.nan), mean_squared_error),
        FloatingPointError,
        r"Learner: the loss became nan in step 0 .*: sample \d of the training .*row 0 .* holds nan, at y\[0, 0\]",
    ),
    Case(
        "float labels in training",
        lambda net: fit(net, Dataset(ones(4, 2), ones(4))),
        TypeError,
        r"cross_entropy: expected integer labels",
    ),
    Case(
        "a label beyond the classes",
        lambda net: fit(net, Dataset(ones(4, 2), np.full(4, 3))),
        ValueError,
        r"cross_entropy: expected labels from 0 to 2 for 3 classes, got 3",
    ),
    Case(
        "inputs of another width",
        lambda net: fit(net, Dataset(ones(4, 5), LABELS[:4])),
        ValueError,
        r"layer 0: Linear\(.*\): expected x of shape \(N, 2\), got \(4, 5\)",
    ),
    Case(
        "integer inputs",
        lambda net: fit(net, Dataset(np.ones((4, 2), int), LABELS[:4])),
        TypeError,
        r"layer 0: Linear\(.*\): expected x of floating-point numbers, got int64",
    ),
    Case(
        "a loss without a gradient",
        lambda net: fit(net, loss=lambda predicted, truth: 1.0),
        TypeError,
        r"Learner: the loss must return \(loss, gradient\), a number and an array; it returned a float\.\nHint: return",
    ),
    Case(
        "a loss with too much",
        lambda net: fit(net, loss=lambda predicted, truth: (1.0, predicted, 0)),
        TypeError,
        r"it returned a tuple of 3",
    ),
    Case(
        "a gradient that is none",
        lambda net: fit(net, loss=lambda predicted, truth: (1.0, None)),
        TypeError,
        r"Net\.backward: expected a gradient, an array of shape \(8, 3\), got NoneType",
    ),
    Case(
        "a gradient of one row",
        lambda net: fit(net, loss=lambda predicted, truth: (1.0, predicted[:1])),
        ValueError,
        r"Net\.backward: expected a gradient of the output's shape \(8, 3\), got \(1, 3\)",
    ),
    Case(
        "a negative rate by a schedule",
        lambda net: fit(net, optimizer=SGD(lr=lambda step: -1.0)),
        ValueError,
        r"SGD: lr\(0\) must be at least 0, got -1",
    ),
    Case(
        "a batch of no rows",
        lambda net: learner(net, batch_size=0),
        ValueError,
        r"Learner: batch_size must be at least 1, got 0",
    ),
    Case(
        "no epochs",
        lambda net: learner(net).fit(epochs=0),
        ValueError,
        r"Learner\.fit: epochs must be at least 1, got 0",
    ),
    Case(
        "one array instead of a data set",
        lambda net: learner(net, ones(2, 2)),
        TypeError,
        r"Learner: train must be a dataset, got a ndarray\.\nHint: pass a pair of arrays \(x, y\), or wrap them",
    ),
    Case(
        "an empty data set",
        lambda net: learner(net, Raw(ones(0, 2), LABELS[:0])),
        ValueError,
        r"Learner: train is empty\.\nHint: check how",
    ),
    Case(
        "validation data that are none",
        lambda net: learner(net, valid=3),
        TypeError,
        r"Learner: valid must have len\(d\) and d\[indices\] -> \(x, y\), got int",
    ),
    Case(
        "a layer instead of a net",
        lambda net: learner(Linear(2, 3)),
        TypeError,
        r"Learner: net must be a Net, got Linear\.\nHint: wrap layers as Net\(\[\.\.\.\]\)",
    ),
    Case(
        "the class of a net", lambda net: learner(Net), TypeError, r"Learner: net is the class Net\.\nHint: write Net"
    ),
    Case(
        "the class of an optimizer",
        lambda net: learner(net, optimizer=SGD),
        TypeError,
        r"Learner: optimizer is the class SGD\.\nHint: write SGD\(\.\.\.\)",
    ),
    Case(
        "a loss in words",
        lambda net: learner(net, loss="cross_entropy"),
        TypeError,
        r"Learner: loss must be a function, got str",
    ),
    Case(
        "a metric that is no list",
        lambda net: learner(net, metrics=accuracy),
        TypeError,
        r"Learner: metrics must be a list, got function\.\nHint: write metrics=\[\.\.\.\]",
    ),
    Case(
        "one metric twice",
        lambda net: learner(net, metrics=[accuracy, accuracy]),
        ValueError,
        r"Learner: two metrics have one name",
    ),
    Case(
        "the class of a callback",
        lambda net: learner(net, callbacks=[EarlyStopping]),
        TypeError,
        r"Learner: callbacks must hold Callbacks, got <class .*EarlyStopping'>",
    ),
    Case(
        "an unknown hook",
        lambda net: _class_with("on_batch_ends"),
        TypeError,
        r"Mine: on_batch_ends is not a hook that a Learner calls\.\nHint: did you mean on_batch_end\?",
    ),
    Case(
        "stopping by a column that is not there",
        lambda net: fit(net, callbacks=[EarlyStopping()]),
        ValueError,
        r"EarlyStopping: there is no column 'valid_loss'; .*\nHint: give the Learner valid=",
    ),
    Case(
        "no patience",
        lambda net: EarlyStopping(patience=0),
        ValueError,
        r"EarlyStopping: patience must be at least 1, got 0",
    ),
    Case(
        "a column that may be good or bad",
        lambda net: KeepBest("temperature"),
        ValueError,
        r"KeepBest: the name 'temperature' does not tell .*\nHint: write mode=\"min\" or mode=\"max\"",
    ),
    Case("a log without a path", lambda net: CSVLog(3), TypeError, r"CSVLog: path must be a string or a Path, got 3"),
    Case(
        "the best of an empty history",
        lambda net: History().best("loss"),
        ValueError,
        r"History\.best: there is no column 'loss'",
    ),
    Case(
        "evaluating on nothing",
        lambda net: learner(net).evaluate(None),
        TypeError,
        r"Learner\.evaluate: data must have len\(d\)",
    ),
    Case(
        "predicting from a single row",
        lambda net: learner(net).predict(ones(2)),
        ValueError,
        r"the batch axis is missing; pass x\[np\.newaxis\]",
    ),
    Case(
        "an option bound wrongly",
        lambda net: fit(net, loss=partial(cross_entropy, axis=4)),
        ValueError,
        r"cross_entropy: expected predicted with a class axis 4, got shape \(8, 3\)",
    ),
]
