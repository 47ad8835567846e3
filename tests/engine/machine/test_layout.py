"""Memory layout helpers."""

import numpy as np

from tinynet.engine.machine import layout

X = np.arange(120.0).reshape(2, 3, 4, 5)


def test_channels_last_keeps_the_values():
    last = layout.channels_last(X)
    assert layout.is_channels_last(last)
    assert not layout.is_channels_last(X)
    assert not layout.is_channels_last(X[0])
    np.testing.assert_array_equal(last, X)
    assert layout.channels_last(last) is last


def test_empty_channels_last():
    empty = layout.empty_channels_last((2, 3, 4, 5), np.float32)
    assert layout.is_channels_last(empty)
    assert (empty.shape, empty.dtype) == ((2, 3, 4, 5), np.float32)


def test_like_takes_over_the_layout_and_keeps_values_and_type():
    last = layout.channels_last(X)
    for model in (X, last):
        for values in (X, last, np.repeat(X, 2, axis=3)[..., ::2], X > 7):
            aligned = layout.like(model, values)
            np.testing.assert_array_equal(aligned, values)
            assert aligned.dtype == values.dtype
            assert layout.is_channels_last(aligned) == layout.is_channels_last(model)
    assert layout.like(X, X) is X
    assert layout.like(last, last) is last
