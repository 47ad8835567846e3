"""A number over data is what it is over the data: at every batch size, in evaluation and in training."""

from __future__ import annotations

from functools import partial, wraps
from typing import Any

import numpy as np
import pytest

from tinynet import losses, metrics
from tinynet.core import Mean, Total
from tinynet.data import Dataset
from tinynet.layers import Conv2D, Linear
from tinynet.learner import Callback, Learner
from tinynet.losses import cross_entropy
from tinynet.metrics import accuracy, roc_auc
from tinynet.net import Net
from tinynet.optimizers import SGD

N, T, C = 22, 4, 3
rng = np.random.default_rng(0)
ROWS = rng.normal(size=(N, C))
STEPS = rng.normal(size=(N, T, C))
IMAGES = rng.normal(size=(N, C, 2, 2))
LABELS = rng.integers(0, C, N)
SORTED = np.sort(LABELS)  # at small sizes, many batches hold one class
OF_STEPS = rng.integers(0, C, (N, T))
OF_PIXELS = rng.integers(0, C, (N, 2, 2))
HOLES = np.where(np.arange(N) < 14, -1, LABELS)  # whole batches are ignored
WEIGHT = np.array([0.2, 3.0, 0.0])
TABLE = np.exp(ROWS) / np.exp(ROWS).sum(1, keepdims=True)
YES = (rng.random((N, C)) < 0.4).astype(float)
CTC_TRUTH = rng.integers(1, C, (N, 2)), rng.integers(3, T + 1, N), rng.integers(0, 3, N)


class Pairs:
    """A data set whose truth may be a tuple of arrays."""

    def __init__(self, x: np.ndarray, y: Any) -> None:
        self.x, self.y = x, y

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: np.ndarray) -> tuple[Any, Any]:
        return self.x[rows], tuple(part[rows] for part in self.y) if isinstance(self.y, tuple) else self.y[rows]


def behind_a_sigmoid(loss: Any) -> Any:
    """A loss of probabilities, of what a net without a sigmoid gives."""

    @wraps(getattr(loss, "func", loss))
    def of_logits(predicted: np.ndarray, ground_truth: np.ndarray) -> tuple[float, np.ndarray]:
        return loss(1 / (1 + np.exp(-predicted)), ground_truth)[0], np.zeros_like(predicted)

    return of_logits


def two_outputs(loss: Any, second: Any = lambda x: x) -> Any:
    """A loss of two outputs, made from two columns, or two halves, of one."""

    @wraps(getattr(loss, "func", loss))
    def of_one(predicted: np.ndarray, ground_truth: np.ndarray) -> tuple[float, np.ndarray]:
        half = predicted.shape[-1] // 2
        parts = (
            (predicted[..., 0], predicted[..., 1])
            if predicted.ndim == 3
            else (predicted[:, :half], predicted[:, half:])
        )
        return loss((parts[0], second(parts[1])), ground_truth)[0], np.zeros_like(predicted)

    return of_one


LOSSES = [
    (cross_entropy, ROWS, LABELS),
    (partial(cross_entropy, ignore_index=-1), ROWS, HOLES),
    (partial(cross_entropy, weight=WEIGHT), ROWS, SORTED),
    (partial(cross_entropy, weight=WEIGHT, ignore_index=-1, label_smoothing=0.2), ROWS, HOLES),
    (partial(cross_entropy, ignore_index=0, reduction="sum"), ROWS, LABELS),
    (partial(cross_entropy, weight=WEIGHT), ROWS, TABLE),
    (partial(cross_entropy, axis=1, ignore_index=2), IMAGES, OF_PIXELS),
    (lambda predicted, truth: cross_entropy(predicted, truth, ignore_index=-1), ROWS, HOLES),
    (partial(losses.negative_log_likelihood, ignore_index=-1, weight=WEIGHT), ROWS, HOLES),
    (partial(losses.negative_log_likelihood, axis=1, reduction="sum"), IMAGES, OF_PIXELS),
    (losses.binary_cross_entropy_with_logits, ROWS, YES),
    (partial(losses.binary_cross_entropy_with_logits, weight=WEIGHT, pos_weight=2.0), ROWS, YES),
    (partial(losses.binary_cross_entropy_with_logits, reduction="sum"), ROWS, YES),
    (partial(losses.focal, alpha=WEIGHT), STEPS, OF_STEPS),
    (partial(losses.focal, gamma=1.0, reduction="sum"), ROWS, LABELS),
    (partial(losses.kl_divergence, reduction="sum"), ROWS, TABLE),
    (losses.kl_divergence, ROWS, TABLE),
    (losses.mean_squared_error, STEPS, 2 * STEPS),
    (partial(losses.mean_squared_error, reduction="sum"), ROWS, -ROWS),
    (losses.mean_absolute_error, ROWS, -ROWS),
    (partial(losses.huber, delta=0.3), ROWS, -ROWS),
    (partial(losses.huber, reduction="sum"), ROWS, -ROWS),
    (losses.hinge, ROWS, 2 * YES - 1),
    (partial(losses.multi_margin, weight=WEIGHT, margin=0.7), ROWS, SORTED),
    (behind_a_sigmoid(losses.binary_cross_entropy), ROWS, YES),
    (behind_a_sigmoid(partial(losses.binary_cross_entropy, weight=WEIGHT, reduction="sum")), ROWS, YES),
    (behind_a_sigmoid(losses.soft_dice), STEPS, OF_STEPS),
    (behind_a_sigmoid(partial(losses.soft_dice, weight=WEIGHT, ignore_index=1)), STEPS, OF_STEPS),
    (behind_a_sigmoid(partial(losses.soft_dice, axis=None, smooth=0.0, reduction="sum")), ROWS, YES),
    (two_outputs(losses.margin_ranking), STEPS, np.sign(STEPS[..., 0])),
    (two_outputs(partial(losses.cosine_embedding, margin=0.1)), STEPS.reshape(N, -1), np.sign(ROWS[:, 0])),
    (two_outputs(losses.gaussian_nll, np.exp), STEPS, STEPS[..., 1]),
    (partial(losses.poisson_nll, full=True), ROWS, np.floor(np.exp(ROWS))),
    (partial(losses.poisson_nll, reduction="sum"), ROWS, np.floor(np.exp(ROWS))),
    (losses.ctc, STEPS, CTC_TRUTH),
    (partial(losses.ctc, reduction="sum"), STEPS, CTC_TRUTH),
]
METRICS = [
    (accuracy, ROWS, SORTED),
    (accuracy, ROWS[:, :1], YES[:, :1]),
    (partial(accuracy, ignore_index=-1), ROWS, HOLES),
    (partial(accuracy, axis=1), IMAGES, OF_PIXELS),
    (partial(metrics.top_k_accuracy, k=2, ignore_index=-1), ROWS, HOLES),
    (partial(metrics.perplexity, ignore_index=-1), ROWS, HOLES),
    (metrics.perplexity, STEPS, OF_STEPS),
    (metrics.mean_absolute_error, ROWS, -ROWS),
    (metrics.r2_score, ROWS, np.sort(ROWS, axis=0)),
    (roc_auc, ROWS, SORTED),
    (roc_auc, ROWS[:, :1], YES[:, :1]),
    (lambda predicted, truth: roc_auc(predicted[:, 1], (truth == 1).astype(int)), ROWS, SORTED),
    (metrics.average_precision, ROWS, SORTED),
    *[
        (partial(metric, average=average, ignore_index=-1), ROWS, HOLES)
        for metric in (metrics.precision, metrics.recall, metrics.f1_score, metrics.iou)
        for average in ("macro", "micro")
    ],
    *[
        (partial(metric, average="binary"), ROWS[:, :1], np.sort(YES[:, :1], axis=0))
        for metric in (metrics.precision, metrics.recall, metrics.f1_score, metrics.iou)
    ],
]


def net_for(x: np.ndarray) -> Net:
    layer = Conv2D(C, C, 1) if x.ndim == 4 else Linear(x.shape[-1], x.shape[-1])
    net = Net([layer]).astype(np.float64)
    values = np.random.default_rng(1)
    for parameter in net.parameters().values():
        parameter.tensor = values.normal(size=parameter.shape)
    return net


def name(case: Any) -> str:
    function = getattr(case, "func", case)
    return getattr(function, "__name__", "")


@pytest.mark.parametrize(("loss", "x", "y"), LOSSES, ids=name)
def test_a_loss_is_the_same_at_every_batch_size(loss: Any, x: np.ndarray, y: Any) -> None:
    net, data = net_for(x), Pairs(x, y)
    expected = loss(net.predict(x), y)[0]
    for batch_size in (1, 3, 7, N):
        learner = Learner(net, loss, SGD(lr=0.0), data, batch_size=batch_size)
        assert learner.evaluate(data)["loss"] == pytest.approx(expected, rel=1e-12)
        assert learner.fit(progress=False)["loss"] == [pytest.approx(expected, rel=1e-12)]
        assert type(learner.history["loss"][0]) is float


@pytest.mark.parametrize(("metric", "x", "y"), METRICS, ids=name)
def test_a_metric_is_the_same_at_every_batch_size(metric: Any, x: np.ndarray, y: np.ndarray) -> None:
    def own_loss(predicted: np.ndarray, ground_truth: np.ndarray) -> tuple[float, np.ndarray]:
        return 0.0, np.zeros_like(predicted)

    net, data = net_for(x), Pairs(x, y)
    column = getattr(getattr(metric, "func", metric), "__name__", "")
    expected = float(metric(net.predict(x), y))
    assert np.isfinite(expected)
    for batch_size in (1, 3, 7, N):
        learner = Learner(net, own_loss, SGD(lr=0.0), data, batch_size=batch_size, metrics=[metric])
        (shown,) = learner.metrics
        assert shown.startswith(column)
        result = learner.evaluate(data)[shown]
        assert result == pytest.approx(expected, rel=1e-12)
        assert learner.fit(progress=False)[shown] == [pytest.approx(expected, rel=1e-12)]
        assert type(result) is type(learner.history[shown][0]) is float


def test_every_loss_and_metric_is_among_them() -> None:
    tested = {name(case[0]) for case in LOSSES + METRICS}
    # InfoNCE compares the rows of a batch, and so depends on them; a confusion matrix is no number.
    assert set(losses.__all__) | set(metrics.__all__) == tested - {"<lambda>"} | {"info_nce", "confusion_matrix"}


def ignoring(n_ignored: int = 40, n: int = 64) -> Dataset:
    draw = np.random.default_rng(3)
    y = draw.integers(0, 5, n)
    y[draw.permutation(n)[:n_ignored]] = -1
    return Dataset(draw.normal(size=(n, 5)).astype(np.float32), y)


def test_ignored_labels_count_nothing() -> None:
    data, loss = ignoring(), partial(cross_entropy, ignore_index=-1)
    net = Net([Linear(5, 5)])
    kept = data.y != -1
    expected = cross_entropy(net.predict(data.x[kept]), data.y[kept])[0]
    for batch_size in (1, 8, 16, 64):
        learner = Learner(net, loss, SGD(lr=0.0), data, valid=data, batch_size=batch_size)
        (row,) = learner.fit(progress=False)
        assert row["loss"] == pytest.approx(expected, rel=1e-6)
        assert row["valid_loss"] == pytest.approx(expected, rel=1e-6)


def test_data_that_are_ignored_whole() -> None:
    data, loss = ignoring(64), partial(cross_entropy, ignore_index=-1)
    metric = partial(accuracy, ignore_index=-1)
    learner = Learner(Net([Linear(5, 5)]), loss, SGD(lr=0.1), data, batch_size=16, metrics=[metric])
    result = learner.evaluate(data)
    assert result["loss"] == 0
    assert np.isnan(result["accuracy(ignore_index=-1)"])
    assert learner.fit(progress=False)["loss"] == [0]


def test_a_batch_of_one_class_does_not_spoil_roc_auc_in_training() -> None:
    x = np.linspace(-1, 1, 32, dtype=np.float32)[:, None]
    data = Dataset(np.hstack([-x, x]), (np.arange(32) == 31).astype(int))  # most batches hold no yes
    seen = []

    def loss(predicted: np.ndarray, truth: np.ndarray) -> tuple[float, np.ndarray]:
        seen.append(predicted)
        return 0.0, np.zeros_like(predicted)

    learner = Learner(Net([Linear(2, 2)]), loss, SGD(lr=0.0), data, batch_size=8, metrics=[roc_auc, accuracy])
    means = []
    learner.callbacks = (_Means(means),)
    (row,) = learner.fit(progress=False)
    assert row["roc_auc"] == roc_auc(learner.predict(data.x), data.y)
    assert list(means[0]) == ["loss", "accuracy"]  # what needs all predictions comes at the end of the epoch
    assert list(row)[:4] == ["epoch", "loss", "roc_auc", "accuracy"]


class _Means(Callback):
    def __init__(self, means: list[dict[str, float]]) -> None:
        self.means = means

    def on_batch_end(self, learner: Learner, index: int, means: dict[str, float]) -> None:
        self.means.append(means)


def test_a_loss_of_ones_own_may_say_what_it_is_a_mean_over() -> None:
    def loss(predicted: np.ndarray, truth: np.ndarray) -> tuple[float, np.ndarray]:
        return Mean(predicted[truth >= 0].sum(), (truth >= 0).sum()), np.zeros_like(predicted)

    def total(predicted: np.ndarray, truth: np.ndarray) -> tuple[float, np.ndarray]:
        return Total(predicted.sum()), np.zeros_like(predicted)

    data = Pairs(ROWS, np.where(ROWS > 1, -1, 0))
    net = net_for(ROWS)
    for function in (loss, total):
        expected = function(net.predict(ROWS), data.y)[0]
        assert Learner(net, function, SGD(lr=0.0), data, batch_size=5).evaluate(data)["loss"] == pytest.approx(expected)


def test_batches_of_different_lengths() -> None:
    class Texts:
        """Each batch is as long as its longest text."""

        def __len__(self) -> int:
            return N

        def __getitem__(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            longest = 1 + (rows % T).max()
            return STEPS[rows, :longest], np.where(
                np.arange(longest) <= rows[:, None] % T, OF_STEPS[rows, :longest], -1
            )

    net = net_for(STEPS)
    options: dict[str, Any] = {"ignore_index": -1}
    numbers = [partial(metric, **options) for metric in (accuracy, metrics.f1_score, metrics.perplexity)]
    truth = np.where(np.arange(T) <= np.arange(N)[:, None] % T, OF_STEPS, -1)
    for batch_size in (1, 3, N):
        learner = Learner(
            net, partial(cross_entropy, **options), SGD(lr=0.0), Texts(), batch_size=batch_size, metrics=numbers
        )
        result, row = learner.evaluate(Texts()), learner.fit(progress=False).rows[0]
        assert result["loss"] == pytest.approx(cross_entropy(net.predict(STEPS), truth, **options)[0], rel=1e-12)
        for column, metric in learner.metrics.items():
            assert result[column] == pytest.approx(metric(net.predict(STEPS), truth), rel=1e-12)
            assert row[column] == pytest.approx(result[column], rel=1e-12)
            assert type(result[column]) is float
    learner.metrics = {"accuracy": numbers[0], "size": lambda predicted, truth: predicted.size}
    learner.batch_size = 1
    with pytest.raises(ValueError, match="a metric needs all rows in one array"):
        learner.evaluate(Texts())


def test_a_loss_of_two_parts() -> None:
    def loss(predicted: np.ndarray, truth: np.ndarray) -> tuple[float, np.ndarray]:
        first, gradient = cross_entropy(predicted, truth, ignore_index=-1)
        second, other = cross_entropy(predicted, np.maximum(truth, 0), weight=WEIGHT)
        third, last = losses.mean_squared_error(predicted, np.ones_like(predicted))
        return (first + 0.4 * second + sum([third, third])) / 2, gradient + 0.4 * other + 2 * last

    data, net = Pairs(ROWS, HOLES), net_for(ROWS)
    expected = loss(net.predict(ROWS), HOLES)[0]
    for batch_size in (1, 5, N):
        learner = Learner(net, loss, SGD(lr=0.0), data, batch_size=batch_size)
        assert learner.evaluate(data)["loss"] == pytest.approx(expected, rel=1e-12)
        assert learner.fit(progress=False)["loss"] == [pytest.approx(expected, rel=1e-12)]


def test_a_number_of_ones_own_counts_by_rows() -> None:
    def rows(predicted: np.ndarray, truth: np.ndarray) -> int:
        return len(predicted)

    learner = Learner(net_for(ROWS), losses.mean_squared_error, SGD(lr=0.0), Pairs(ROWS, ROWS), batch_size=15)
    learner.metrics = {"rows": rows}
    assert learner.fit(progress=False)["rows"] == [pytest.approx((15 * 15 + 7 * 7) / 22)]
