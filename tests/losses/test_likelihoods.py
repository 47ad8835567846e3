"""Gaussian and Poisson likelihood: by hand, derivatives, the ends of their ranges, errors."""

import math

import numpy as np
import pytest

from tests.layers.differences import slope
from tinynet.losses import gaussian_nll, mean_squared_error, poisson_nll

RNG = np.random.default_rng(0)
MU, T = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))
V = RNG.uniform(0.5, 2, (4, 3))
COUNTS = RNG.poisson(2.0, (4, 3))


def test_gaussian_by_hand():
    loss, (dmu, dv) = gaussian_nll((np.array([1.0, 5.0]), np.array([4.0, 0.5])), np.array([3.0, 5.0]))
    assert loss == pytest.approx((math.log(4) + 1 + math.log(0.5)) / 2 / 2)
    np.testing.assert_allclose(dmu, [-0.25, 0])
    np.testing.assert_allclose(dv, [0, 0.5])
    full, gradients = gaussian_nll((MU, V), T, full=True, reduction="sum")
    plain, plain_gradients = gaussian_nll((MU, V), T, reduction="sum")
    assert full - plain == pytest.approx(12 * math.log(2 * math.pi) / 2)
    np.testing.assert_array_equal(gradients, plain_gradients)


def test_with_a_variance_of_1_it_is_half_the_squared_error():
    loss, (dmu, _) = gaussian_nll((MU, np.ones_like(MU)), T)
    squared, gradient = mean_squared_error(MU, T)
    assert loss == pytest.approx(squared / 2)
    np.testing.assert_allclose(dmu, gradient / 2)


def test_it_is_least_where_the_variance_is_that_of_the_data():
    data = RNG.normal(3, 2, (500, 1))
    given = np.full_like(data, data.mean()), np.full_like(data, data.var())
    _, (dmu, dv) = gaussian_nll(given, data)
    assert abs(dmu.sum()) < 1e-12
    assert abs(dv.sum()) < 1e-12


@pytest.mark.parametrize("columns", [slice(None), slice(0, 1), 0], ids=["each", "rows", "rows without an axis"])
def test_gradients_of_gaussian_are_the_derivative_of_the_value(columns):
    variances = V[:, columns].copy()
    loss, gradients = gaussian_nll((MU, variances), T, full=True)
    spread = np.broadcast_to(variances if variances.ndim == 2 else variances[:, None], MU.shape)
    assert loss == pytest.approx(gaussian_nll((MU, spread), T, full=True)[0])
    for array, gradient in zip((MU, variances), gradients, strict=True):
        expected = slope(lambda: gaussian_nll((MU, variances), T, full=True)[0], array)
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-9)
        assert gradient.shape == array.shape


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_variance_of_0_counts_as_eps_and_can_grow_again(dtype):
    given = np.array([0, 2], dtype), np.array([0, 1e-9], dtype)
    loss, (dmu, dv) = gaussian_nll(given, np.array([0, 1]), reduction="sum")
    assert loss == pytest.approx(math.log(1e-6) + 0.5e6)
    np.testing.assert_allclose(dmu, [0, 1e6], rtol=1e-6)
    np.testing.assert_allclose(dv, [5e5, 5e5 - 5e11], rtol=1e-6)
    assert dmu.dtype == dv.dtype == dtype


def test_gaussian_of_large_numbers_in_float32():
    given = np.array([1e25, 1e10], np.float32), np.array([1.0, 0.0], np.float32)
    loss, (dmu, dv) = gaussian_nll(given, np.zeros(2), reduction="sum")
    assert loss == pytest.approx(0.5e50, rel=1e-5)
    np.testing.assert_allclose(dmu, [1e25, 1e16], rtol=1e-6)
    assert dv[0] == -np.inf  # −½ 1e50 is no float32
    assert dv[1] == pytest.approx(-0.5e32, rel=1e-6)


def test_poisson_by_hand():
    loss, gradient = poisson_nll(np.array([0.0, math.log(2)]), np.array([1, 3]))
    assert loss == pytest.approx((1 + 2 - 3 * math.log(2)) / 2)
    np.testing.assert_allclose(gradient, [0, -0.5])
    loss, gradient = poisson_nll(np.array([1.0, 2.0]), np.array([1, 3]), log_input=False, eps=1e-300, reduction="sum")
    assert loss == pytest.approx(1 + 2 - 3 * math.log(2))
    np.testing.assert_allclose(gradient, [0, -0.5])
    loss, gradient = poisson_nll(np.array([0.5]), np.array([2]), log_input=False, eps=0.5)
    assert loss == 0.5
    np.testing.assert_allclose(gradient, [-1])


def test_full_adds_the_logarithm_of_the_factorial():
    counts = np.array([0.0, 1.0, 2.0, 30.0])
    each = [
        poisson_nll(np.zeros(1), counts[i : i + 1], full=True)[0] - poisson_nll(np.zeros(1), counts[i : i + 1])[0]
        for i in range(4)
    ]
    assert each[:2] == [0, 0]
    assert each[2] == pytest.approx(2 * math.log(2) - 2 + math.log(4 * math.pi) / 2)
    assert each[3] == pytest.approx(math.lgamma(31), rel=1e-4)


@pytest.mark.parametrize("log_input", [True, False])
def test_the_gradient_of_poisson_is_the_derivative_of_the_value(log_input):
    x = MU.copy() if log_input else V.copy()
    options = {"log_input": log_input, "full": True}
    expected = slope(lambda: poisson_nll(x, COUNTS, **options)[0], x)
    np.testing.assert_allclose(poisson_nll(x, COUNTS, **options)[1], expected, rtol=1e-6, atol=1e-9)


def test_a_rate_that_is_too_large_is_infinite():
    x = np.array([100.0, -1000.0], np.float32)  # exp(100) is no float32
    loss, gradient = poisson_nll(x, np.array([2, 1]), reduction="sum")
    assert loss == np.inf
    assert gradient[0] == np.inf
    assert gradient[1] == -1
    assert poisson_nll(x.astype(float), np.array([2, 1]), reduction="sum")[0] == pytest.approx(math.exp(100))


def test_a_rate_of_0():
    loss, gradient = poisson_nll(np.array([0.0, 0.0]), np.array([0, 1]), log_input=False, reduction="sum")
    assert loss == pytest.approx(-math.log(1e-8))
    np.testing.assert_allclose(gradient, [1, 1 - 1e8])
    loss, gradient = poisson_nll(np.array([-np.inf]), np.array([0]))  # none expected, none came
    assert loss == 0
    assert gradient[0] == 0


def test_nan_stays_nan():
    nan = np.array([np.nan])
    assert math.isnan(gaussian_nll((nan, np.ones(1)), np.ones(1))[0])
    assert math.isnan(gaussian_nll((np.ones(1), nan), np.ones(1))[0])
    assert math.isnan(poisson_nll(nan, np.ones(1))[0])
    assert math.isnan(poisson_nll(nan, np.ones(1), log_input=False)[0])


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (
            lambda: gaussian_nll(MU, T),
            TypeError,
            r"gaussian_nll: expected predicted as a pair \(means, variances\), got",
        ),
        (
            lambda: gaussian_nll((MU, V[:, :2]), T),
            ValueError,
            r"gaussian_nll: expected variances of shape \(4, 3\) like the means, or with 1 for the last axis",
        ),
        (
            lambda: gaussian_nll((MU, -V), T),
            ValueError,
            r"gaussian_nll: expected variances of at least 0, got -.*\nHint: let that output of the net end in",
        ),
        (
            lambda: gaussian_nll((MU, V), T[:2]),
            ValueError,
            r"gaussian_nll: expected ground_truth of shape \(4, 3\) like predicted, got \(2, 3\)\.",
        ),
        (lambda: gaussian_nll((MU, V), T, eps=0), ValueError, r"gaussian_nll: eps must be greater than 0, got 0\."),
        (lambda: gaussian_nll((MU, V), T, full=1), TypeError, r"gaussian_nll: full must be True or False, got 1"),
        (lambda: gaussian_nll((MU, V), T, reduction="none"), ValueError, r"gaussian_nll: reduction must be one of"),
        (lambda: poisson_nll(MU, -V), ValueError, r"poisson_nll: expected ground_truth of at least 0, got -"),
        (
            lambda: poisson_nll(MU - 9, COUNTS, log_input=False),
            ValueError,
            r"poisson_nll: expected predicted of at least 0, got -.*\nHint: end the net in Softplus\(\), or give logar",
        ),
        (lambda: poisson_nll(MU, COUNTS, eps=0), ValueError, r"poisson_nll: eps must be greater than 0, got 0\."),
        (lambda: poisson_nll(MU, COUNTS, log_input=0), TypeError, r"poisson_nll: log_input must be True or False, got"),
        (lambda: poisson_nll(MU, COUNTS, full="no"), TypeError, r"poisson_nll: full must be True or False, got 'no'"),
        (lambda: poisson_nll(MU, COUNTS, reduction=""), ValueError, r"poisson_nll: reduction must be one of 'mean', "),
    ],
)
def test_refusals(call, kind, words):
    with pytest.raises(kind, match=f"^{words}"):
        call()


def test_one_number_below_0_is_enough_to_be_refused():
    variance, rate, counts = V.copy(), np.exp(MU), COUNTS.copy()
    variance[1, 2], rate[1, 2], counts[1, 2] = -0.5, -0.25, -1
    with pytest.raises(
        ValueError, match=r"^gaussian_nll: expected variances of at least 0, got -0\.5\.\nHint: let that"
    ):
        gaussian_nll((MU, variance), T)
    with pytest.raises(
        ValueError, match=r"^poisson_nll: expected predicted of at least 0, got -0\.25\.\nHint: end the"
    ):
        poisson_nll(rate, COUNTS, log_input=False)
    with pytest.raises(ValueError, match=r"^poisson_nll: expected ground_truth of at least 0, got -1\.$"):
        poisson_nll(MU, counts)
