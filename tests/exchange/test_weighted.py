"""Rows that count more or less: a weight is a number of copies."""

import numpy as np
import pytest

from tinynet.exchange.weighted import WeightedRows, weighted_cross_entropy, weighted_squared_error
from tinynet.losses import cross_entropy, mean_squared_error

RNG = np.random.default_rng(0)
W = np.array([2, 0, 1, 3])


def test_weights_have_the_mean_1_and_rows_without_are_left_out():
    data = WeightedRows(np.arange(4.0)[:, np.newaxis], np.arange(4), W.astype(float))
    x, (y, w) = data[:]
    assert (len(data), x.ravel().tolist(), y.tolist(), w.tolist()) == (3, [0, 2, 3], [0, 2, 3], [1, 0.5, 1.5])
    with pytest.raises(ValueError, match="sample_weight: all 4 rows have weight 0"):
        WeightedRows(np.zeros((4, 1)), np.arange(4), np.zeros(4))


@pytest.mark.parametrize(
    ("weighted", "plain", "truth"),
    [
        (weighted_cross_entropy, cross_entropy, np.array([0, 1, 2, 1])),
        (weighted_squared_error, mean_squared_error, RNG.standard_normal((4, 3))),
    ],
)
def test_a_weight_is_a_number_of_copies(weighted, plain, truth):
    predicted = RNG.standard_normal((4, 3))
    loss, gradient = weighted(predicted, (truth, W / W.mean()))
    expected, of_each = plain(predicted.repeat(W, axis=0), truth.repeat(W, axis=0))
    assert loss == pytest.approx(expected)
    first = np.cumsum(W) - W
    copies = np.stack([W[n] * of_each[first[n]] if W[n] else np.zeros(3) for n in range(4)])
    assert np.allclose(gradient, copies)
