"""Initializers: fan-in, bounds and variances."""

import numpy as np
import pytest

from tinynet.core import initializers, seed

SHAPE = (60, 20, 3, 5)  # fan-in 300, fan-out 900


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_fans():
    assert initializers.fans((2, 3)) == (3, 2)
    assert initializers.fans(SHAPE) == (300, 900)
    with pytest.raises(
        ValueError, match=r"^fans: a weight of shape \(3,\) has no fan-in: it needs at least \(out, in\)\."
    ):
        initializers.fans((3,))
    with pytest.raises(ValueError, match=r"^he_normal: shape\[1] must be at least 0, got -1\."):
        initializers.he_normal((3, -1))
    with pytest.raises(ValueError, match=r"^uniform_fan_in: fan_in must be at least 1, got 0\."):
        initializers.uniform_fan_in((3,), fan_in=0)


ALL = ["uniform_fan_in", "xavier_uniform", "xavier_normal", "he_uniform", "he_normal", "normal", "orthogonal"]


@pytest.mark.parametrize("name", [*ALL, "zeros"])
def test_each_says_itself_what_is_wrong(name):
    initializer = getattr(initializers, name)
    who = f"initializers.{name}" if name in ("normal", "zeros") else name
    with pytest.raises(TypeError, match=rf"^{who}: shape must be a tuple of sizes, got 3\.\nHint: a bias is"):
        initializer(3)
    with pytest.raises(ValueError, match=rf"^{who}: shape\[0\] must be at least 0, got -1\.$"):
        initializer((-1, 2))
    if name != "zeros":
        with pytest.raises(TypeError, match=rf"^{name}: rng must be a np\.random\.Generator, got 0\."):
            initializer((2, 3), 0)
    if name not in ("zeros", "normal", "uniform_fan_in"):
        words = rf"^{name}: a weight of shape \(3,\) has no fan-in: it needs at least \(out, in\)\.$"
        with pytest.raises(ValueError, match=words):
            initializer((3,))


@pytest.mark.parametrize("name", ["xavier_uniform", "xavier_normal", "orthogonal"])
def test_a_gain_is_a_number_that_float32_can_hold(name):
    initializer, largest = getattr(initializers, name), float(np.finfo(np.float32).max)
    assert np.isfinite(initializer((2, 3), rng(), gain=largest)).all()
    with pytest.raises(ValueError, match=rf"^{name}: gain must fit into a float32, as the weights do, got 4e\+38\.$"):
        initializer((2, 3), rng(), gain=4e38)
    with pytest.raises(ValueError, match=rf"^{name}: gain must be at least 0, got -1\.$"):
        initializer((2, 3), rng(), gain=-1)


def test_a_standard_deviation_is_at_least_0():
    assert (initializers.normal((2, 3), rng(), std=0) == 0).all()
    with pytest.raises(ValueError, match=r"^initializers\.normal: std must be at least 0, got -1\.$"):
        initializers.normal((2, 3), rng(), std=-1)


@pytest.mark.parametrize("name", [*ALL, "zeros"])
@pytest.mark.parametrize("shape", [(3, 0), (0, 3), (0, 0)])
def test_a_weight_without_inputs_or_outputs_is_empty(name, shape):
    assert getattr(initializers, name)(shape).shape == shape


@pytest.mark.parametrize(
    ("initializer", "bound"),
    [
        (initializers.uniform_fan_in, np.sqrt(1 / 300)),
        (initializers.xavier_uniform, np.sqrt(6 / 1200)),
        (initializers.he_uniform, np.sqrt(6 / 300)),
    ],
)
def test_uniform_bounds_and_variance(initializer, bound):
    values = initializer(SHAPE, rng())
    assert values.shape == SHAPE
    assert 0.999 * bound < np.abs(values).max() <= bound
    assert values.mean() == pytest.approx(0, abs=0.02 * bound)
    assert values.var() == pytest.approx(bound**2 / 3, rel=0.02)


@pytest.mark.parametrize(
    ("initializer", "variance"),
    [
        (initializers.xavier_normal, 2 / 1200),
        (initializers.he_normal, 2 / 300),
        (initializers.normal, 0.02**2),
    ],
)
def test_normal_variance(initializer, variance):
    values = initializer(SHAPE, rng())
    assert values.shape == SHAPE
    assert values.mean() == pytest.approx(0, abs=0.03 * np.sqrt(variance))
    assert values.var() == pytest.approx(variance, rel=0.03)
    assert (np.abs(values) > 2 * np.sqrt(variance)).mean() == pytest.approx(0.0455, abs=0.005)


def test_gain_and_std_scale():
    np.testing.assert_allclose(
        initializers.xavier_uniform((2, 3), rng(), gain=2), 2 * initializers.xavier_uniform((2, 3), rng())
    )
    np.testing.assert_allclose(
        initializers.xavier_normal((2, 3), rng(), gain=2), 2 * initializers.xavier_normal((2, 3), rng())
    )
    np.testing.assert_allclose(initializers.normal((2, 3), rng(), std=1), 50 * initializers.normal((2, 3), rng()))


def test_a_bias_takes_the_fan_in_of_its_weight():
    assert np.abs(initializers.uniform_fan_in((1000,), rng(), fan_in=25)).max() == pytest.approx(0.2, rel=0.01)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4), (6, 2, 3, 3)])
def test_orthogonal_rows_or_columns(shape):
    W = initializers.orthogonal(shape, rng(), gain=2).reshape(shape[0], -1)
    product = W @ W.T if W.shape[0] <= W.shape[1] else W.T @ W
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-12)


def test_orthogonal_matrices_turn_either_way():
    determinants = [np.linalg.det(initializers.orthogonal((2, 2), np.random.default_rng(n))) for n in range(20)]
    assert {round(value) for value in determinants} == {-1, 1}


def test_zeros():
    np.testing.assert_array_equal(initializers.zeros((2, 3)), np.zeros((2, 3)))


@pytest.mark.parametrize("name", ALL)
def test_without_a_generator_the_weights_stream_is_used(name):
    initializer = getattr(initializers, name)
    seed(1)
    first = initializer((3, 4))
    seed(1)
    np.testing.assert_array_equal(initializer((3, 4)), first)
    assert (initializer((3, 4)) != first).any()


def test_inside_a_block_the_weights_come_from_its_source():
    with initializers.drawn_from(rng()):
        with initializers.drawn_from(np.random.default_rng(1)):
            inner = initializers.normal((2, 3))
        outer = initializers.normal((2, 3))
        given = initializers.normal((2, 3), np.random.default_rng(2))
    for values, number in ((outer, 0), (inner, 1), (given, 2)):
        np.testing.assert_array_equal(values, initializers.normal((2, 3), np.random.default_rng(number)))
    seed(1)
    after = initializers.normal((2, 3))
    seed(1)
    np.testing.assert_array_equal(after, initializers.normal((2, 3)))


def test_the_signal_keeps_its_size_through_he_and_relu():
    x, generator = rng().normal(size=(500, 200)), rng()
    for _ in range(10):
        x = np.maximum(x @ initializers.he_normal((200, 200), generator).T, 0)
    assert 0.3 < np.square(x).mean() / 1 < 3
