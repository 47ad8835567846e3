"""Norms by value: what they average over, what they keep, what they refuse."""

import numpy as np
import pytest

from tests.layers.differences import assert_derivative
from tinynet.layers import BatchNorm1D, BatchNorm2D, GroupNorm, LayerNorm, RMSNorm

EXACT = {"eps": 0.0}


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def double(layer):
    return layer.astype(np.float64)


# Batch norm.


def test_batch_norm_standardizes_each_feature_over_the_batch():
    x = np.array([[0.0, 10.0], [2.0, 30.0], [4.0, 20.0]])
    y = double(BatchNorm1D(2, **EXACT)).forward(x)
    np.testing.assert_allclose(y, np.array([[-1, -1], [0, 1], [1, 0]]) * np.sqrt(1.5))  # the deviations over √(2/3)


def test_batch_norm_scales_and_shifts():
    layer = double(BatchNorm1D(1, **EXACT))
    layer.weight.tensor, layer.bias.tensor = [2.0], [5.0]
    np.testing.assert_allclose(layer.forward(np.array([[1.0], [3.0]])), [[3], [7]])


def test_eps_stands_under_the_root():
    y = double(BatchNorm1D(1, eps=8.0)).forward(np.array([[-1.0], [1.0]]))
    np.testing.assert_allclose(y, [[-1 / 3], [1 / 3]])  # the variance is 1


def test_running_statistics_follow_the_batches():
    layer = double(BatchNorm1D(1, momentum=0.25))
    layer.forward(np.array([[4.0], [8.0]]))  # mean 6, unbiased variance 8
    np.testing.assert_allclose(layer.running_mean, [0.25 * 6])
    np.testing.assert_allclose(layer.running_var, [0.75 + 0.25 * 8])
    layer.forward(np.array([[0.0], [0.0]]))
    np.testing.assert_allclose(layer.running_mean, [0.75 * 1.5])
    np.testing.assert_allclose(layer.running_var, [0.75 * 2.75])
    assert layer.num_batches_tracked == 2


@pytest.mark.parametrize("kind", [BatchNorm1D, BatchNorm2D])
def test_without_momentum_the_running_statistics_are_the_mean_over_all_batches(kind):
    layer, shape = double(kind(3, momentum=None)), (5, 3) if kind is BatchNorm1D else (5, 3, 2, 2)
    batches = [normal(*shape, seed=seed) * (1 + seed) for seed in range(4)]
    axes = (0,) if kind is BatchNorm1D else (0, 2, 3)
    for n, x in enumerate(batches, start=1):
        layer.forward(x)
        np.testing.assert_allclose(layer.running_mean, np.mean([x.mean(axis=axes) for x in batches[:n]], axis=0))
        np.testing.assert_allclose(layer.running_var, np.mean([x.var(axis=axes, ddof=1) for x in batches[:n]], axis=0))
        assert layer.num_batches_tracked == n
        assert layer.running_mean.dtype == layer.running_var.dtype == np.float64


def test_the_mean_over_all_batches_goes_on_where_a_state_ends():
    first, second = BatchNorm1D(2, momentum=None), BatchNorm1D(2, momentum=None)
    x = normal(6, 4, 2).astype(np.float32)
    for batch in x[:3]:
        first.forward(batch)
    second.load_state(first.state())
    for batch in x[3:]:
        first.forward(batch)
        second.forward(batch)
    for path, array in first.state().items():
        np.testing.assert_array_equal(array, second.state()[path])


@pytest.mark.parametrize(
    ("with_bias", "without", "shape"),
    [
        (BatchNorm1D(3), BatchNorm1D(3, bias=False), (4, 3)),
        (BatchNorm2D(3), BatchNorm2D(3, bias=False), (2, 3, 4, 4)),
        (GroupNorm(1, 3), GroupNorm(1, 3, bias=False), (2, 3, 4)),
        (LayerNorm(3), LayerNorm(3, bias=False), (4, 3)),
    ],
    ids=lambda value: str(value),
)
def test_without_bias_only_the_shift_is_missing(with_bias, without, shape):
    double(with_bias), double(without)
    with_bias.weight.tensor = without.weight.tensor = np.array([0.5, 2.0, -1.0])
    x, dy = normal(*shape), normal(*shape, seed=1)
    np.testing.assert_array_equal(without.forward(x), with_bias.forward(x))
    np.testing.assert_array_equal(without.backward(dy), with_bias.backward(dy))
    np.testing.assert_array_equal(without.weight.gradient, with_bias.weight.gradient)
    assert without.bias is None
    assert list(without.parameters()) == ["weight"]


@pytest.mark.parametrize(
    "norm",
    [
        BatchNorm1D(3, affine=False, bias=True),
        GroupNorm(1, 3, affine=False, bias=True),
        LayerNorm(3, elementwise_affine=False),
    ],
    ids=str,
)
def test_there_is_no_bias_without_a_weight(norm):
    assert norm.parameters() == {}


def test_evaluation_uses_the_running_statistics_and_changes_nothing():
    layer = double(BatchNorm1D(2, **EXACT)).eval()
    layer.running_mean[:], layer.running_var[:] = [1.0, 2.0], [4.0, 9.0]
    before = layer.state()
    y = layer.forward(np.array([[3.0, 8.0]]))  # a batch of one is no trouble here
    np.testing.assert_allclose(y, [[1, 2]])
    for path, array in layer.state().items():
        np.testing.assert_array_equal(array, before[path])


@pytest.mark.parametrize("affine", [True, False])
def test_derivative_in_evaluation(affine):
    layer = BatchNorm1D(3, affine=affine).eval()
    layer.running_mean[:], layer.running_var[:] = [1.0, -1.0, 0.5], [4.0, 0.2, 1.0]
    if affine:
        layer.weight.tensor, layer.bias.tensor = [0.5, 2.0, -1.0], [1.0, 2.0, 3.0]
    assert_derivative(layer, normal(4, 3))


def test_without_running_statistics_evaluation_uses_the_batch():
    layer = double(BatchNorm1D(1, track_running_stats=False))
    x = np.array([[1.0], [3.0]])
    np.testing.assert_allclose(layer.eval().forward(x), [[-1], [1]], rtol=1e-5)
    np.testing.assert_allclose(layer.forward(x[:1]), [[0]])
    assert set(layer.state()) == {"weight", "bias"}


def test_a_sequence_counts_each_place_as_a_row():
    x, dy = normal(3, 4, 2), normal(3, 4, 2, seed=1)
    in_sequence, in_rows = double(BatchNorm1D(2)), double(BatchNorm1D(2))
    np.testing.assert_allclose(in_sequence.forward(x), in_rows.forward(x.reshape(12, 2)).reshape(3, 4, 2))
    np.testing.assert_allclose(in_sequence.backward(dy), in_rows.backward(dy.reshape(12, 2)).reshape(3, 4, 2))
    np.testing.assert_allclose(in_sequence.running_var, in_rows.running_var)


def test_images_count_each_pixel_as_a_row():
    x, dy = normal(3, 2, 4, 5), normal(3, 2, 4, 5, seed=1)
    images, rows = double(BatchNorm2D(2)), double(BatchNorm1D(2))
    y = rows.forward(x.transpose(0, 2, 3, 1).reshape(-1, 2))
    dx = rows.backward(dy.transpose(0, 2, 3, 1).reshape(-1, 2))
    np.testing.assert_allclose(images.forward(x), y.reshape(3, 4, 5, 2).transpose(0, 3, 1, 2))
    np.testing.assert_allclose(images.backward(dy), dx.reshape(3, 4, 5, 2).transpose(0, 3, 1, 2))
    np.testing.assert_allclose(images.weight.gradient, rows.weight.gradient)
    np.testing.assert_allclose(images.running_mean, rows.running_mean)


def test_state_has_the_names_of_pytorch():
    state = BatchNorm2D(3).state()
    assert {name: array.shape for name, array in state.items()} == {
        "weight": (3,),
        "bias": (3,),
        "running_mean": (3,),
        "running_var": (3,),
        "num_batches_tracked": (),
    }


def test_a_far_off_mean_costs_no_digits():
    x = (1000 + normal(512, 4)).astype(np.float32)
    y = BatchNorm1D(4).forward(x)
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(y.std(axis=0), 1, atol=1e-3)


# Layer, group and root-mean-square norm.


def test_layer_norm_standardizes_each_row():
    layer = double(LayerNorm(2, **EXACT))
    layer.weight.tensor, layer.bias.tensor = [1.0, 2.0], [0.0, 5.0]
    y = layer.forward(np.array([[[1.0, 3.0], [9.0, 5.0]]]))
    np.testing.assert_allclose(y, [[[-1, 7], [1, 3]]])


def test_layer_norm_over_two_axes():
    x = normal(3, 2, 4)
    y = double(LayerNorm((2, 4))).forward(x)
    np.testing.assert_allclose(y, double(LayerNorm(8)).forward(x.reshape(3, 8)).reshape(3, 2, 4))


def test_layer_norm_with_and_without_parameters():
    assert set(LayerNorm(2).parameters()) == {"weight", "bias"}
    assert set(LayerNorm(2, bias=False).parameters()) == {"weight"}
    assert set(LayerNorm(2, elementwise_affine=False).parameters()) == set()


def test_group_norm_standardizes_groups_of_channels():
    x = np.array([[[1.0], [3.0], [10.0], [20.0]]])
    np.testing.assert_allclose(double(GroupNorm(2, 4, **EXACT)).forward(x), [[[-1], [1], [-1], [1]]])


def test_group_norm_scales_each_channel():
    layer = double(GroupNorm(1, 2, **EXACT))
    layer.weight.tensor, layer.bias.tensor = [2.0, 3.0], [10.0, 20.0]
    np.testing.assert_allclose(layer.forward(np.array([[[1.0], [3.0]]])), [[[8], [23]]])


def test_one_group_for_each_channel_is_instance_norm():
    x = normal(2, 3, 4, 5)
    y = double(GroupNorm(3, 3)).forward(x)
    for image, standardized in zip(x.reshape(6, 20), y.reshape(6, 20), strict=True):
        np.testing.assert_allclose(standardized, (image - image.mean()) / np.sqrt(image.var() + 1e-5))


def test_rms_norm_divides_by_the_root_mean_square():
    layer = double(RMSNorm(2, **EXACT))
    layer.weight.tensor = [1.0, 10.0]
    np.testing.assert_allclose(layer.forward(np.array([[1.0, 7.0]])), [[0.2, 14]])  # √(50 / 2) = 5


def test_rms_norm_has_an_eps_for_each_type():
    x = np.array([[1e-4]])
    for dtype in (np.float32, np.float64):
        expected = 1e-4 / np.sqrt(1e-8 + np.finfo(dtype).eps)
        np.testing.assert_allclose(RMSNorm(1).astype(dtype).forward(x.astype(dtype)), [[expected]], rtol=1e-5)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (LayerNorm(3), (2, 4, 3)),
        (LayerNorm((4, 3), eps=0.5), (2, 4, 3)),
        (LayerNorm(3, bias=False), (4, 3)),
        (LayerNorm(3, elementwise_affine=False), (4, 3)),
        (GroupNorm(2, 4, eps=0.5), (2, 4, 3)),
        (GroupNorm(2, 4, affine=False), (2, 4, 3, 2)),
        (RMSNorm(3), (2, 4, 3)),
        (RMSNorm((4, 3), eps=0.5), (2, 4, 3)),
        (RMSNorm(3, elementwise_affine=False), (4, 3)),
        (BatchNorm1D(3, eps=0.5), (4, 3)),
        (BatchNorm2D(3), (2, 3, 2, 2)),
    ],
    ids=lambda value: str(value),
)
def test_derivative(layer, shape):
    for path, parameter in layer.parameters().items():
        parameter.tensor = normal(*parameter.shape, seed=len(path))
    assert_derivative(layer, normal(*shape))


@pytest.mark.parametrize(
    ("layer", "shape"),
    [(BatchNorm1D(3), (4, 3)), (BatchNorm2D(3), (2, 3, 2, 2)), (LayerNorm(3), (4, 3)), (GroupNorm(3, 3), (2, 3, 4))],
    ids=lambda value: str(value),
)
def test_a_shift_of_x_changes_nothing(layer, shape):
    x, dy = normal(*shape), normal(*shape, seed=1)
    double(layer)
    np.testing.assert_allclose(layer.forward(x + 3), layer.forward(x), atol=1e-12)
    assert np.abs(layer.backward(dy).sum()) < 1e-12  # so the gradient has no part along it


# What they refuse.


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: BatchNorm1D(0), ValueError, r"BatchNorm1D: num_features must be at least 1, got 0\."),
        (lambda: BatchNorm2D(2, eps=-1), ValueError, r"BatchNorm2D: eps must be at least 0, got -1\."),
        (lambda: BatchNorm2D(2, momentum=-0.1), ValueError, r"BatchNorm2D: momentum must be at least 0, got -0\.1\."),
        (lambda: LayerNorm(()), ValueError, r"LayerNorm: normalized_shape must name at least one axis, got \(\)\."),
        (lambda: LayerNorm((3, 0)), ValueError, r"LayerNorm: normalized_shape\[1\] must be at least 1, got 0\."),
        (lambda: RMSNorm("3"), TypeError, r"RMSNorm: normalized_shape must be an integer, got '3'\."),
        (
            lambda: GroupNorm(4, 6),
            ValueError,
            r"GroupNorm: num_groups=4 does not divide num_channels=6\.\nHint: num_groups=3 would\.",
        ),
    ],
)
def test_bad_arguments(make, kind, words):
    with pytest.raises(kind, match=f"^{words}"):
        make()


@pytest.mark.parametrize(
    ("layer", "shape", "words"),
    [
        (BatchNorm1D(3), (4, 2), r"expected x of shape \(N, 3\) or \(N, T, 3\), got \(4, 2\)\.$"),
        (BatchNorm1D(3), (4, 3, 5), r"got \(4, 3, 5\)\.\nHint: sequences are \(N, T, D\) here: .*Permute\(1, 0\)"),
        (BatchNorm1D(3), (4, 5, 2), r"expected x of shape \(N, 3\) or \(N, T, 3\), got \(4, 5, 2\)\.$"),
        (BatchNorm1D(3), (4, 3, 2, 2), r"expected x of shape \(N, 3\) or \(N, T, 3\), got \(4, 3, 2, 2\)\.$"),
        (BatchNorm1D(3), (1, 3), r"expected more than one value per feature in training, got x of shape \(1, 3\)"),
        (BatchNorm2D(3), (1, 3, 1, 1), r"more than one value .*\(1, 3, 1, 1\)\.\nHint: .*call eval\(\) first"),
        (BatchNorm2D(3), (4, 2, 5, 5), r"expected x of shape \(N, 3, H, W\), got \(4, 2, 5, 5\)\."),
        (LayerNorm((2, 3)), (4, 3), r"expected x of shape \(\.\.\., 2, 3\), got \(4, 3\)\."),
        (GroupNorm(1, 3), (4, 2, 5), r"expected x of shape \(N, 3, \.\.\.\), got \(4, 2, 5\)\."),
        (RMSNorm(3), (4, 2), r"expected x of shape \(\.\.\., 3\), got \(4, 2\)\."),
    ],
)
def test_bad_shapes(layer, shape, words):
    with pytest.raises(ValueError, match=words):
        layer.forward(np.ones(shape, np.float32))


@pytest.mark.parametrize("layer", [BatchNorm1D(3), BatchNorm2D(3), LayerNorm(3), GroupNorm(1, 3), RMSNorm(3)], ids=str)
def test_integers_are_refused(layer):
    with pytest.raises(TypeError, match="expected x of floating-point numbers, got int64"):
        layer.forward(np.ones((2, 3, 3, 3), np.int64))


def test_two_batches_in_a_row_of_one_are_fine_in_evaluation():
    layer = BatchNorm1D(3)
    with pytest.raises(ValueError, match="more than one value per feature"):
        layer.forward(np.ones((1, 3), np.float32))
    assert layer.num_batches_tracked == 0  # a refused batch is not counted
    assert layer.eval().forward(np.ones((1, 3), np.float32)).shape == (1, 3)
