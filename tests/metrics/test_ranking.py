"""ROC-AUC, average precision and perplexity, against values computed by hand."""

import math

import numpy as np
import pytest

from tinynet.metrics import average_precision, perplexity, roc_auc

SCORES, TRUTH = np.array([0.9, 0.8, 0.7, 0.6, 0.5]), np.array([1, 0, 1, 1, 0])


def test_roc_auc_by_hand():
    assert roc_auc(SCORES, TRUTH) == pytest.approx((2 + 1 + 1) / 6)  # pairs that are in the right order
    assert roc_auc(-SCORES, TRUTH) == pytest.approx(1 - 4 / 6)
    assert roc_auc(SCORES, np.array([1, 1, 1, 0, 0])) == 1


def test_average_precision_by_hand():
    assert average_precision(SCORES, TRUTH) == pytest.approx((1 / 1 + 2 / 3 + 3 / 4) / 3)
    assert average_precision(SCORES, np.array([1, 1, 1, 0, 0])) == 1


def test_ties_count_half_and_share_a_threshold():
    scores, truth = np.array([0.5, 0.5, 0.5, 0.1]), np.array([1, 0, 1, 1])
    assert roc_auc(scores, truth) == pytest.approx((0.5 + 0.5 + 0) / 3)
    assert average_precision(scores, truth) == pytest.approx(2 / 3 * 2 / 3 + 1 / 3 * 3 / 4)
    assert roc_auc(np.zeros(4), truth) == 0.5


def test_the_order_of_rows_does_not_matter():
    order = np.array([3, 0, 4, 2, 1])
    assert roc_auc(SCORES[order], TRUTH[order]) == roc_auc(SCORES, TRUTH)
    assert average_precision(SCORES[order], TRUTH[order]) == average_precision(SCORES, TRUTH)


def test_where_there_is_only_one_class():
    assert math.isnan(roc_auc(SCORES, np.ones(5, int)))
    assert math.isnan(roc_auc(SCORES, np.zeros(5, int)))
    assert average_precision(SCORES, np.ones(5, int)) == 1
    assert average_precision(SCORES, np.zeros(5, int)) == 0


def test_several_classes_are_averaged_each_against_the_rest():
    scores = np.array([[0.6, 0.3, 0.1], [0.5, 0.4, 0.1], [0.4, 0.4, 0.2]])
    truth = np.array([0, 1, 0])  # class 2 never occurs
    assert roc_auc(scores, truth) == pytest.approx((0.5 + 0.75) / 2)
    assert average_precision(scores, truth) == pytest.approx(((1 / 2 * 1 + 1 / 2 * 2 / 3) + 1 / 2) / 2)


def test_the_last_of_several_classes_is_ranked_like_the_others():
    scores = np.array([[0.9, 0.0, 0.1], [0.1, 0.6, 0.3], [0.2, 0.3, 0.5], [0.3, 0.5, 0.2]])
    truth = np.array([0, 1, 2, 2])  # of class 2, 0.5 and 0.2; of the others 0.1 and 0.3
    assert roc_auc(scores, truth) == pytest.approx((1 + 1 + 3 / 4) / 3)
    assert average_precision(scores, truth) == pytest.approx((1 + 1 + (1 + 2 / 3) / 2) / 3)


@pytest.mark.parametrize("metric", [roc_auc, average_precision])
def test_refusals(metric):
    with pytest.raises(ValueError, match=rf"{metric.__name__}: expected labels from 0 to 1 for 2 classes, got 2\."):
        metric(SCORES, TRUTH + 1)
    with pytest.raises(ValueError, match=r"expected scores of shape \(N,\) or \(N, C\), got \(1, 1, 5\)\."):
        metric(SCORES[None, None], TRUTH)
    with pytest.raises(TypeError, match=r"expected integer labels, or probabilities of shape|expected integer labels"):
        metric(SCORES, TRUTH.astype(float))
    with pytest.raises(TypeError, match=r"expected integer labels, got float64\.\nHint: convert"):
        metric(np.stack([SCORES, SCORES], 1), np.stack([SCORES, SCORES], 1))
    with pytest.raises(TypeError, match=r"expected predicted to be a NumPy array, got list\."):
        metric(SCORES.tolist(), TRUTH)


def test_perplexity_by_hand():
    logits = np.log([[1.0, 3.0], [1.0, 1.0]])
    assert perplexity(logits, np.array([0, 1])) == pytest.approx(np.sqrt(4 * 2))
    assert perplexity(logits, np.array([0, -1]), ignore_index=-1) == pytest.approx(4)
    assert perplexity(np.zeros((1, 7, 2)), np.zeros((1, 2), int), axis=1) == pytest.approx(7)
    assert perplexity(np.array([[1e4, 0.0]]), np.array([0])) == 1


def test_perplexity_has_no_bounds():
    assert perplexity(np.array([[1e4, 0.0]]), np.array([1])) == math.inf
    assert math.isnan(perplexity(np.zeros((1, 2)), np.array([-1]), ignore_index=-1))
    assert math.isnan(perplexity(np.array([[np.nan, 0]]), np.array([0])))
    with pytest.raises(TypeError, match=r"perplexity: expected integer labels, got probabilities\."):
        perplexity(np.zeros((1, 2)), np.full((1, 2), 0.5))
