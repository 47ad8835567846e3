"""Positions by value."""

import numpy as np
import pytest

from tinynet.layers import LearnedPosition, RotaryPosition, SinusoidalPosition


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def test_learned_positions_start_small():
    layer = LearnedPosition(50, 40, rng=np.random.default_rng(0))
    assert layer.weight.tensor.std() == pytest.approx(0.02, rel=0.05)


def test_learned_positions_are_added_and_learned():
    layer = LearnedPosition(3, 2).astype(np.float64)
    layer.weight.tensor = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    np.testing.assert_array_equal(layer.forward(np.ones((2, 2, 2))), [[[2, 3], [4, 5]]] * 2)
    dy = normal(2, 2, 2)
    np.testing.assert_array_equal(layer.backward(dy), dy)
    np.testing.assert_allclose(layer.weight.gradient, [*(dy[0] + dy[1]), [0, 0]])


def test_sinusoidal_positions_by_their_formula():
    y = SinusoidalPosition(4).astype(np.float64).forward(np.full((1, 3, 4), 10.0))
    for t in range(3):
        slow = t / 10000 ** (2 / 4)
        np.testing.assert_allclose(y[0, t] - 10, [np.sin(t), np.cos(t), np.sin(slow), np.cos(slow)], atol=1e-12)


def test_rotary_turns_each_pair_by_its_angle():
    y = RotaryPosition(4, base=100.0).astype(np.float64).forward(np.tile([2.0, 0.0, 0.0, 3.0], (3, 1)))
    for t in range(3):
        fast, slow = t, t / 10
        expected = [2 * np.cos(fast), 2 * np.sin(fast), -3 * np.sin(slow), 3 * np.cos(slow)]
        np.testing.assert_allclose(y[t], expected, atol=1e-12)


def test_rotary_products_depend_on_the_distance_only():
    q, k = normal(1, 6), normal(1, 6, seed=1)
    layer = RotaryPosition(6)
    products = {
        distance: {round(float((layer.turn(q, t + distance, 1) * layer.turn(k, t, 1)).sum()), 9) for t in (0, 3, 100)}
        for distance in (0, 1, 7)
    }
    assert {len(found) for found in products.values()} == {1}
    assert len(set.union(*products.values())) == 3
    np.testing.assert_allclose(layer.turn(layer.turn(q, 5, 1), 5, -1), q, atol=1e-12)


@pytest.mark.parametrize("layer", [LearnedPosition(9, 4), SinusoidalPosition(4), RotaryPosition(4)], ids=str)
def test_steps_go_on_where_the_last_one_ended(layer):
    x, state, parts = normal(2, 7, 4), None, []
    layer.astype(np.float64)
    for start, end in ((0, 3), (3, 4), (4, 7)):
        y, state = layer.step(x[:, start:end], state)
        parts.append(y)
    assert state == 7
    np.testing.assert_allclose(np.concatenate(parts, axis=1), layer.forward(x), atol=1e-12)


@pytest.mark.parametrize("layer", [LearnedPosition(9, 4), SinusoidalPosition(4), RotaryPosition(4)], ids=str)
def test_backward_needs_a_forward(layer):
    layer.forget()
    with pytest.raises(RuntimeError, match="there is no forward to go back through"):
        layer.backward(np.ones((1, 2, 4)))


def test_a_cached_sequence_may_not_outgrow_learned_positions():
    layer = LearnedPosition(4, 2)
    _, state = layer.step(np.ones((1, 3, 2), np.float32))
    with pytest.raises(ValueError, match="expected at most 4 places, got a sequence of 5"):
        layer.step(np.ones((1, 2, 2), np.float32), state)


def test_rotary_backward_turns_back() -> None:
    rng = np.random.default_rng(0)
    layer, x, dy = RotaryPosition(4).astype(np.float64), rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 3, 4))
    y = layer.forward(x)
    dx = layer.backward(dy)
    np.testing.assert_allclose((dx * x).sum(), (dy * y).sum(), rtol=1e-12)  # y is linear in x
    np.testing.assert_allclose(layer.backward(y), x, rtol=1e-12)  # a turn loses no length, so its transpose undoes it


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (
            lambda: SinusoidalPosition(3),
            ValueError,
            r"^SinusoidalPosition: embedding_dim must be even, .* got 3\.\nHint: use 4\.",
        ),
        (lambda: RotaryPosition(5), ValueError, r"^RotaryPosition: dim must be even, .* got 5\."),
        (lambda: RotaryPosition(4, base=0), ValueError, r"RotaryPosition: base must be greater than 0, got 0\."),
        (
            lambda: LearnedPosition(4, 2).forward(np.ones((1, 5, 2), np.float32)),
            ValueError,
            r"expected at most 4 places, got a sequence of 5\.\nHint: give it a greater max_length\.",
        ),
        (
            lambda: LearnedPosition(4, 2).forward(np.ones((1, 3, 3), np.float32)),
            ValueError,
            r"expected x of shape \(N, T, 2\), got \(1, 3, 3\)\.",
        ),
        (
            lambda: SinusoidalPosition(2).forward(np.ones((3, 2), np.float32)),
            ValueError,
            r"expected x of shape \(N, T, 2\), got \(3, 2\)\.",
        ),
        (
            lambda: RotaryPosition(2).forward(np.ones((3, 4), np.float32)),
            ValueError,
            r"expected x of shape \(\.\.\., T, 2\), got \(3, 4\)\.",
        ),
    ],
)
def test_what_is_refused(make, kind, words):
    with pytest.raises(kind, match=words):
        make()
