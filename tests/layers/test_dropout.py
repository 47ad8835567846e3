"""Dropout: the share, the scale, evaluation, streams."""

import numpy as np
import pytest

from tinynet.core import seed, stream
from tinynet.layers import Dropout

ONES = np.ones((300, 400), np.float32)


def channels_last(x):
    """The same numbers with the channels last in memory."""
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)


@pytest.mark.parametrize("p", [0.1, 0.25, 0.5, 0.9])
def test_p_is_the_share_dropped_and_the_rest_is_scaled_up(p):
    y = Dropout(p, rng=np.random.default_rng(0)).forward(ONES)
    assert (y == 0).mean() == pytest.approx(p, abs=0.01)
    np.testing.assert_allclose(y[y != 0], 1 / (1 - p), rtol=1e-6)
    assert y.mean() == pytest.approx(1, abs=0.03)


def test_the_gradient_goes_where_the_numbers_went():
    layer = Dropout(0.25, rng=np.random.default_rng(0))
    y = layer.forward(ONES)
    np.testing.assert_array_equal(layer.backward(3 * ONES), 3 * y)


def test_every_forward_drops_others():
    layer = Dropout(0.5)
    assert (layer.forward(ONES) != layer.forward(ONES)).mean() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("layer", [Dropout(0.5).eval(), Dropout(0.0)], ids=["eval", "p=0"])
def test_identity_without_drawing(layer):
    seed(0)
    x = np.random.default_rng(0).normal(size=(3, 4))
    assert layer.forward(x) is x
    assert layer.backward(2 * x)[0, 0] == 2 * x[0, 0]
    drawn = stream("dropout").random()
    seed(0)
    assert stream("dropout").random() == drawn


def test_train_after_eval_drops_again():
    layer = Dropout(0.5).eval().train()
    assert (layer.forward(ONES) == 0).any()


def test_one_seed_one_mask():
    seed(3)
    first = Dropout().forward(ONES)
    seed(3)
    np.testing.assert_array_equal(Dropout().forward(ONES), first)
    seed(4)
    assert (Dropout().forward(ONES) != first).any()


def test_draws_from_its_own_generator_if_it_has_one():
    seed(0)
    Dropout(rng=np.random.default_rng(7)).forward(ONES)
    drawn = stream("dropout").random()
    seed(0)
    assert stream("dropout").random() == drawn


def test_the_mask_does_not_depend_on_the_memory_order():
    x, dy = np.random.default_rng(2).normal(size=(2, 2, 3, 4, 5)).astype(np.float32)
    plain, layer = Dropout(rng=np.random.default_rng(0)), Dropout(rng=np.random.default_rng(0))
    y, y_last = plain.forward(x), layer.forward(channels_last(x))
    np.testing.assert_array_equal(y_last, y)
    np.testing.assert_array_equal(layer.backward(dy), plain.backward(dy))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_type_and_remembers_one_byte_a_number(dtype):
    layer = Dropout(0.3)
    x = ONES.astype(dtype)
    assert layer.forward(x).dtype == layer.backward(x).dtype == dtype
    (mask,) = layer.recall()
    assert mask.nbytes == x.size
    assert (x == 1).all()


@pytest.mark.parametrize("p", [-0.1, 1, 1.5, np.nan])
def test_refuses_a_share_outside_0_to_1(p):
    with pytest.raises(ValueError, match="Dropout: p must be (at least 0 and below 1|finite), got"):
        Dropout(p)


def test_bad_input():
    with pytest.raises(TypeError, match="Dropout: p must be a number, got 'half'"):
        Dropout("half")
    with pytest.raises(TypeError, match="expected x of floating-point numbers, got int64"):
        Dropout().forward(np.ones((1, 2), np.int64))
    with pytest.raises(RuntimeError, match="there is no forward to go back through"):
        Dropout().backward(ONES)


def test_the_generator_is_no_part_of_the_configuration():
    assert Dropout(0.3, rng=np.random.default_rng(0)).config() == {"class": "Dropout", "arguments": {"p": 0.3}}
