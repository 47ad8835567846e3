"""One column of logits, as binary cross-entropy has them: yes where it is above 0."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from tinynet.data import Dataset
from tinynet.layers import Linear
from tinynet.learner import Learner
from tinynet.losses import binary_cross_entropy_with_logits
from tinynet.metrics import (
    accuracy,
    average_precision,
    confusion_matrix,
    f1_score,
    iou,
    precision,
    recall,
    roc_auc,
    top_k_accuracy,
)
from tinynet.net import Net
from tinynet.optimizers import SGD

LOGITS = np.array([2.0, -1.0, 0.5, -3.0, 0.0, 4.0])
GUESS = np.array([1, 0, 1, 0, 0, 1])
TRUTH = np.array([1, 0, 0, 1, 0, 1])
ALL = [
    accuracy,
    partial(top_k_accuracy, k=1),
    confusion_matrix,
    f1_score,
    partial(f1_score, average="binary"),
    partial(iou, average=None),
    partial(precision, average="micro"),
    recall,
]
RIGHT = [4 / 6, 4 / 6, [[2, 1], [1, 2]], 2 / 3, 2 / 3, [1 / 2, 1 / 2], 4 / 6, 2 / 3]


def forms() -> list[tuple[np.ndarray, np.ndarray]]:
    column, truth = LOGITS[:, None], TRUTH[:, None]
    return [
        (column, truth.astype(float)),
        (column, truth),
        (column.astype(np.float32), truth.astype(np.uint8)),
        (column, TRUTH),
        (column, TRUTH.astype(float)),
        (LOGITS, TRUTH),
        (LOGITS, TRUTH.astype(float)),
        (column, 0.8 * truth + 0.1),  # smoothed
        (LOGITS.reshape(2, 3, 1), TRUTH.reshape(2, 3, 1)),
    ]


@pytest.mark.parametrize(("metric", "right"), list(zip(ALL, RIGHT, strict=True)))
@pytest.mark.parametrize("form", range(9))
def test_every_form(metric, right, form):
    np.testing.assert_allclose(metric(*forms()[form]), right)


def test_pixels_with_one_channel():
    images, masks = LOGITS.reshape(1, 1, 2, 3), TRUTH.reshape(1, 1, 2, 3)
    for truth in (masks, masks[:, 0], masks.astype(float)):
        assert accuracy(images, truth, axis=1) == pytest.approx(4 / 6)
        assert iou(images, truth, axis=1) == pytest.approx(1 / 2)
    with pytest.raises(ValueError, match=r"^iou: expected probabilities that sum to 1 along axis -1 of \(1, 1, 2, 3\)"):
        iou(images, masks.astype(float))


def test_one_sample_without_a_batch_axis_is_still_several_classes():
    assert accuracy(np.array([0.1, 0.7, 0.2]), np.array(1)) == 1
    assert accuracy(np.array([0.1, 0.7, 0.2]), np.array(2)) == 0
    assert accuracy(np.array([0.7]), np.array(1)) == 1


def test_a_tie_is_a_no():
    assert accuracy(np.array([0.0, 1.0]), np.array([0.5, 0.5])) == 1 / 2


def test_ranking():
    for predicted, truth in ((LOGITS[:, None], TRUTH[:, None].astype(float)), (LOGITS[:, None], TRUTH)):
        assert roc_auc(predicted, truth) == roc_auc(LOGITS, TRUTH) == pytest.approx(6 / 9)
        assert average_precision(predicted, truth) == average_precision(LOGITS, TRUTH)
    with pytest.raises(ValueError, match=r"roc_auc: expected labels 0 and 1 for one column of scores, got 0\.3\."):
        roc_auc(LOGITS[:, None], np.full((6, 1), 0.3))


def test_training_with_binary_cross_entropy():
    x = np.linspace(-1, 1, 40, dtype=np.float32)[:, None]
    data = Dataset(x, (x > 0.2).astype(np.float32))
    learner = Learner(
        Net([Linear(1, 1)]), binary_cross_entropy_with_logits, SGD(lr=0.0), data, metrics=[accuracy, f1_score, roc_auc]
    )
    learner.net[0].weight.tensor, learner.net[0].bias.tensor = [[1.0]], [0.01]
    result = learner.evaluate(data)
    assert result["accuracy"] == pytest.approx(((x > -0.01) == (x > 0.2)).mean())
    assert result["roc_auc"] == 1
    assert learner.fit(progress=False)["accuracy"] == [pytest.approx(result["accuracy"])]


def test_ignored_answers():
    truth = np.where(np.arange(6) < 2, -1, TRUTH)
    assert accuracy(LOGITS[:, None], truth[:, None], ignore_index=-1) == 1 / 2
    assert accuracy(LOGITS[:, None], truth[:, None].astype(float), ignore_index=-1) == 1 / 2


@pytest.mark.parametrize(
    ("truth", "words"),
    [
        (2 * TRUTH[:, None], r"from 0 to 1 for one column of scores, got 2\.\nHint: let the last layer give a column"),
        (2 * TRUTH[:, None] - 1, r"for one column of scores, got -1\.\nHint: for labels -1 and 1 pass"),
        (np.full((6, 1), np.nan), r"for one column of scores, got nan\.$"),
        (TRUTH[:5, None], r"expected ground_truth of shape \(6, 1\) like predicted, got \(5, 1\)\."),
        (np.ones((6, 2)), r"expected ground_truth of shape \(6, 1\) like predicted, got \(6, 2\)\."),
    ],
)
@pytest.mark.parametrize("metric", ALL)
def test_what_does_not_fit_is_refused(metric, truth, words):
    with pytest.raises(ValueError, match=words):
        metric(LOGITS[:, None], truth)


def test_flat_scores_and_a_column_of_truth():
    hint = r"expected ground_truth of shape \(6,\) like predicted, got \(6, 1\)\.\nHint: reshape the truth with"
    with pytest.raises(ValueError, match=hint):
        accuracy(LOGITS, TRUTH[:, None])


def test_more_than_two_of_one_column():
    assert top_k_accuracy(LOGITS, TRUTH, k=2) == 1
    with pytest.raises(ValueError, match=r"k must be at most the number of classes, 2; got 5\."):
        top_k_accuracy(LOGITS, TRUTH)


def test_independent_answers_are_no_distribution():
    several = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    words = (
        r"^accuracy: expected probabilities that sum to 1 along axis -1 of \(2, 3\), got a sum of 2\.\nHint: name the"
    )
    with pytest.raises(ValueError, match=words):
        accuracy(np.zeros((2, 3)), several)
