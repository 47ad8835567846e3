"""Norms in float32 where nothing varies, where all is huge or tiny, and where there is one of a kind."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tinynet.layers import BatchNorm1D, BatchNorm2D, GroupNorm, Layer, LayerNorm, RMSNorm

NORMS: list[tuple[Callable[[], Layer], tuple[int, ...]]] = [
    (lambda: BatchNorm1D(3), (4, 3)),
    (lambda: BatchNorm1D(3), (2, 5, 3)),
    (lambda: BatchNorm2D(3), (2, 3, 4, 4)),
    (lambda: LayerNorm(3), (4, 3)),
    (lambda: LayerNorm((2, 3)), (4, 2, 3)),
    (lambda: GroupNorm(1, 3), (2, 3, 4)),
    (lambda: GroupNorm(3, 3), (2, 3, 4, 4)),
]
every_norm = pytest.mark.parametrize(
    ("build", "shape"), NORMS, ids=lambda value: str(value()) if callable(value) else ""
)


def moved(layer: Layer) -> Layer:
    """With a scale of 2 and a shift of 7."""
    for path, parameter in layer.parameters().items():
        parameter.tensor = np.full(parameter.shape, 2.0 if path == "weight" else 7.0)
    return layer


@every_norm
@pytest.mark.parametrize("value", [0.0, 1.0, -1e4, 1e15, 1e30, 1 / 3])
def test_where_nothing_varies_only_the_shift_comes_out(build: Callable, shape: tuple[int, ...], value: float) -> None:
    layer, x = moved(build()), np.full(shape, value, np.float32)
    dy = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    y, dx = layer.forward(x), layer.backward(dy)
    np.testing.assert_array_equal(y, np.full(shape, 7))
    exact = moved(build()).astype(np.float64)
    exact.forward(np.full(shape, 0.5))
    np.testing.assert_allclose(dx, exact.backward(dy.astype(np.float64)), rtol=1e-3, atol=1e-2)  # up to 2 / √eps = 632
    assert not layer.parameters()["weight"].gradient.any()


@pytest.mark.parametrize("training", [True, False])
def test_running_statistics_stay_finite_where_nothing_varies(training: bool) -> None:
    layer, x = BatchNorm1D(2, momentum=1.0), np.full((4, 2), 5, np.float32)
    layer.forward(x)
    np.testing.assert_array_equal(layer.running_var, [0, 0])
    layer = layer.train() if training else layer.eval()
    np.testing.assert_array_equal(layer.forward(x), np.zeros((4, 2)))
    assert np.isfinite(layer.backward(np.ones((4, 2), np.float32))).all()


@every_norm
@pytest.mark.parametrize("scale", [1e-15, 1e4, 1e15])
def test_huge_and_tiny_numbers(build: Callable, shape: tuple[int, ...], scale: float) -> None:
    x = (scale * np.random.default_rng(0).normal(size=shape)).astype(np.float32)
    dy = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    layer, exact = moved(build()), moved(build()).astype(np.float64)
    np.testing.assert_allclose(layer.forward(x), exact.forward(x.astype(np.float64)), rtol=1e-4, atol=1e-4)
    dx, exact_dx = layer.backward(dy), exact.backward(dy.astype(np.float64))
    np.testing.assert_allclose(dx, exact_dx, rtol=1e-3, atol=1e-4 * np.abs(exact_dx).max())


def test_a_small_spread_around_a_large_mean() -> None:
    spread = np.array([[-1.0, 1.0, -1.0, 1.0]], np.float32)
    y = LayerNorm(4).forward(1e4 + spread)
    np.testing.assert_allclose(y, spread, rtol=1e-4)


@pytest.mark.parametrize("value", [0.0, 1e-30, -1e4, 1e15])
def test_rms_norm_of_equal_numbers(value: float) -> None:
    layer, x = RMSNorm(3), np.full((2, 3), value, np.float32)
    expected = 0 if abs(value) < 1 else np.sign(value)
    np.testing.assert_allclose(layer.forward(x), np.full((2, 3), expected), rtol=1e-6, atol=1e-20)
    dx = layer.backward(np.array([[1, 2, 6]] * 2, np.float32))
    if expected:
        np.testing.assert_allclose(dx * abs(value), [[-2, -1, 3]] * 2, rtol=1e-5)  # what is left without the mean
    else:
        np.testing.assert_allclose(dx, np.array([[1, 2, 6]] * 2) / np.sqrt(np.finfo(np.float32).eps), rtol=1e-5)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [(LayerNorm(1), (4, 1)), (RMSNorm(1), (4, 1)), (GroupNorm(3, 3), (4, 3)), (BatchNorm1D(3).eval(), (1, 3))],
    ids=lambda value: str(value),
)
def test_one_number_to_average_over(layer: Layer, shape: tuple[int, ...]) -> None:
    y = layer.forward(np.full(shape, 1e4, np.float32))
    dx = layer.backward(np.ones(shape, np.float32))
    assert np.isfinite(y).all()
    assert np.isfinite(dx).all()
    if not isinstance(layer, BatchNorm1D):
        np.testing.assert_allclose(dx, 0, atol=1e-6)  # no change of x shows


@pytest.mark.parametrize("layer", [LayerNorm(3), RMSNorm(3), GroupNorm(3, 3), BatchNorm1D(3).eval()], ids=str)
def test_no_rows(layer: Layer) -> None:
    assert layer.forward(np.zeros((0, 3), np.float32)).shape == (0, 3)
    assert layer.backward(np.zeros((0, 3), np.float32)).shape == (0, 3)
    assert not any(parameter.gradient.any() for parameter in layer.parameters().values())


@pytest.mark.parametrize(
    ("layer", "shape"), [(BatchNorm1D(3), (1, 3)), (BatchNorm1D(3), (1, 1, 3)), (BatchNorm2D(3), (1, 3, 1, 1))]
)
def test_batch_norm_refuses_to_train_on_one_row(layer: Layer, shape: tuple[int, ...]) -> None:
    before = layer.state()
    with pytest.raises(
        ValueError, match=r"expected more than one value per feature in training, got x of shape"
    ) as error:
        layer.forward(np.ones(shape, np.float32))
    assert "use a larger batch, leave out a last batch of one by Learner(drop_last=True), or call eval() first" in str(
        error.value
    )
    for path, array in layer.state().items():
        np.testing.assert_array_equal(array, before[path])
    assert np.isfinite(layer.eval().forward(np.ones(shape, np.float32))).all()
