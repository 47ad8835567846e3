"""Dropout2D: whole channels, the right share, evaluation, seeds."""

import numpy as np
import pytest

import tinynet as tn
from tinynet.layers import Dropout2D

X = np.ones((200, 50, 2, 3), np.float32)


def channels_last(x):
    """The same numbers with the channels last in memory."""
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)


def test_drops_whole_channels_in_the_right_share_and_scales_the_rest():
    y = Dropout2D(0.25, rng=np.random.default_rng(0)).forward(X)
    assert set(np.unique(y)) == {0, np.float32(1 / 0.75)}
    np.testing.assert_array_equal(y, np.broadcast_to(y[:, :, :1, :1], y.shape))
    assert abs((y[:, :, 0, 0] == 0).mean() - 0.25) < 0.02
    assert len(np.unique(y[:, :, 0, 0], axis=0)) > 100  # each image has channels of its own


def test_backward_has_the_same_mask():
    layer = Dropout2D(0.4, rng=np.random.default_rng(0))
    y = layer.forward(X)
    np.testing.assert_array_equal(layer.backward(X), y)


def test_evaluation_changes_nothing():
    layer = Dropout2D(0.4).eval()
    np.testing.assert_array_equal(layer.forward(X), X)
    np.testing.assert_array_equal(layer.backward(X), X)
    np.testing.assert_array_equal(Dropout2D(0.0).forward(X), X)


def test_follows_the_seed_and_keeps_the_type():
    outputs = []
    for seed in (1, 1, 2):
        tn.seed(seed)
        outputs.append(Dropout2D().forward(channels_last(X)))
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert (outputs[0] != outputs[2]).any()
    assert outputs[0].dtype == np.float32


def test_refusals():
    with pytest.raises(ValueError, match=r"Dropout2D: p must be at least 0 and below 1, got 1\."):
        Dropout2D(1.0)
    with pytest.raises(ValueError, match=r"expected x of shape \(N, C, H, W\), got \(2, 3\)\."):
        Dropout2D().forward(np.ones((2, 3)))
    with pytest.raises(TypeError, match=r"rng must be a np\.random\.Generator"):
        Dropout2D(rng=0)
