"""What single methods promise: sums, places, notes."""

import numpy as np
import pytest

from tests.probe.interpret.conftest import IMAGES, SEQUENCES
from tinynet import models, probe
from tinynet.layers import (
    GELU,
    RNN,
    Conv2D,
    ConvTranspose2D,
    Flatten,
    LeakyReLU,
    Linear,
    MaxPool1D,
    MaxPool2D,
    MaxUnpool1D,
    MaxUnpool2D,
    ReLU,
    Tanh,
)
from tinynet.net import Net, Residual
from tinynet.probe.interpret.inside import activations_of_maps
from tinynet.probe.interpret.randomization import _drawn_anew


@pytest.mark.parametrize("name", [*IMAGES, *SEQUENCES])
def test_integrated_gradients_add_up_to_the_difference(name):
    net, x = (IMAGES | SEQUENCES)[name]()
    found = probe.integrated_gradients(net, x)
    total = found.values.reshape(len(x), -1).sum(axis=1)
    assert (abs(total - found.differences) <= 0.01 * abs(found.differences)).all()
    assert found.notes == ()
    if x.dtype.kind == "f":
        y, y0 = net.predict(x), net.predict(np.zeros_like(x))
        if y.ndim == 2 and y.shape[1] > 1:
            n = np.arange(len(x))
            np.testing.assert_allclose(found.differences, (y - y0)[n, y.argmax(axis=1)], rtol=1e-3, atol=1e-5)


def test_integrated_gradients_of_a_trained_net_from_any_baseline(trained, pictures):
    for baseline in (0.0, 1.0, pictures.mean(axis=0), pictures[::-1]):
        found = probe.integrated_gradients(trained, pictures, baseline=baseline)
        assert (found.completeness_error < 0.01).all()
        np.testing.assert_allclose(found.values[found.x == found.baseline], 0)


def test_integrated_gradients_of_a_linear_net_are_exact():
    net = Net([Linear(3, 2)]).astype(np.float64)
    x = np.random.default_rng(0).normal(size=(4, 3))
    found = probe.integrated_gradients(net, x, 1, baseline=2.0, steps=1)
    np.testing.assert_allclose(found.values, net[0].weight.tensor[1] * (x - 2))
    assert found.completeness_error.max() < 1e-12


def test_too_few_steps_are_noted(trained, pictures):
    found = probe.integrated_gradients(trained, pictures, steps=1)
    assert found.steps == 1
    worst = found.completeness_error.max()
    assert found.notes == (f"After 1 steps a sum is off by {worst:.1%} of the difference: take more steps.",)
    same = probe.integrated_gradients(trained, pictures, baseline=pictures, steps=2)
    assert same.notes[0].startswith("After 2 steps a sum is off by more than 100 %")


def test_smooth_grad_without_noise_is_saliency(trained, pictures):
    plain = probe.saliency(trained, pictures).values
    np.testing.assert_allclose(probe.smooth_grad(trained, pictures, noise=0, n_samples=2).values, plain, rtol=1e-5)
    first, second = (probe.smooth_grad(trained, pictures, n_samples=3).values for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert abs(first - plain).max() > 1e-3


def test_smooth_grad_is_the_mean_over_noisy_copies(trained, pictures):
    found = probe.smooth_grad(trained, pictures, 3, noise=0.3, n_samples=4, rng=np.random.default_rng(7))
    rng, total = np.random.default_rng(7), 0
    sigma = 0.3 * (pictures.max(axis=(1, 2, 3)) - pictures.min(axis=(1, 2, 3))).reshape(-1, 1, 1, 1)
    for _ in range(4):
        total = total + probe.saliency(trained, pictures + sigma * rng.standard_normal((1, 8, 8)), 3).values
    np.testing.assert_allclose(found.values, total / 4, rtol=1e-3, atol=1e-5)


def test_guided_backpropagation_cuts_negative_gradients():
    net = Net([Linear(2, 3), ReLU(), Linear(3, 1)]).astype(np.float64)
    net.load_state({"0.weight": np.eye(3)[:, :2], "0.bias": [0, 0, 1], "2.weight": [[2.0, -3.0, 1.0]], "2.bias": [0]})
    x = np.ones((1, 2))
    assert probe.saliency(net, x).values.tolist() == [[2, -3]]
    found = probe.guided_backpropagation(net, x)
    assert found.values.tolist() == [[2, 0]]
    assert "may ignore the weights" in found.notes[0]


def test_layers_that_are_like_a_relu_are_named():
    class CappedReLU6(Tanh):
        pass

    net = Net([Linear(2, 2), LeakyReLU(), Net([GELU()]), CappedReLU6(), ReLU(), Linear(2, 2)])
    notes = probe.guided_backpropagation(net, np.ones((1, 2))).notes
    assert notes[1] == "Only ReLU is changed; the plain derivative stays in LeakyReLU (1), GELU (2.0), CappedReLU6 (3)."
    rnn = Net([RNN(2, 3, nonlinearity="relu")])
    notes = probe.guided_backpropagation(rnn, np.ones((1, 4, 2)), (3, 1)).notes
    assert notes[1:] == (
        "There is no ReLU in this net, so nothing is cut off.",
        "Only ReLU is changed; the plain derivative stays in RNN (0).",
    )


@pytest.mark.parametrize(
    "pool",
    [
        *[MaxPool2D(2), MaxPool2D(3, 2), MaxPool2D(3, 2, padding=1), MaxPool2D(2, dilation=2)],
        MaxPool2D(3, 4, ceil_mode=True),
    ],
    ids=repr,
)
def test_a_deconvnet_puts_pooled_maxima_back_in_their_places(pool):
    x = np.random.default_rng(0).permutation(2 * 3 * 49).reshape(2, 3, 7, 7) + 1.0
    net = Net([pool, Flatten()])
    size = net.forward(x).shape[1]
    net = Net([pool, Flatten(), Linear(size, 2)]).astype(np.float64)
    found = probe.deconvnet(net, x, layer="0", channel="all").values
    there = found != 0
    np.testing.assert_array_equal(found[there], x[there])
    kept = MaxPool2D(**{**pool.arguments, "return_switches": True})
    y, switches = kept.forward(x)
    assert there.sum() == sum(len(np.unique(s)) for s in switches.reshape(6, -1))
    if pool.arguments == {"kernel_size": 2}:
        np.testing.assert_array_equal(found, MaxUnpool2D(2).forward(y, switches, (7, 7)))


def test_the_inverse_of_a_vgg_made_of_layers():
    """The net in reverse, built from unpooling, ReLUs and transposed convolutions, gives the same projection."""
    net = models.vgg11(width=2).astype(np.float64)
    x = np.random.default_rng(0).random((1, 3, 32, 32))
    h, switches = x, {}
    for index, layer in enumerate(net.layers[:20]):
        if isinstance(layer, MaxPool2D):
            size = h.shape
            h, at = MaxPool2D(2, return_switches=True).forward(h)
            switches[index] = at, size
        else:
            h = layer.forward(h)
    channel = h.max(axis=(2, 3)).argmax()
    down = np.zeros_like(h)
    place = np.unravel_index(h[0, channel].argmax(), h.shape[2:])
    down[0, channel, *place] = h[0, channel, *place]
    for index in range(19, -1, -1):
        layer = net[index]
        if isinstance(layer, MaxPool2D):
            at, size = switches[index]
            down = MaxUnpool2D(2).forward(down, at, size)
        elif isinstance(layer, ReLU):
            down = np.maximum(down, 0)
        else:
            back = ConvTranspose2D(layer.out_channels, layer.in_channels, 3, padding=1, bias=False).astype(np.float64)
            back.weight.tensor = layer.weight.tensor
            down = back.forward(down)
    found = probe.deconvnet(net, x)
    assert (found.layer, found.channel.tolist()) == ("19", [channel])
    np.testing.assert_allclose(found.values, down, rtol=1e-9, atol=1e-15)
    assert down.any()


def test_a_deconvnet_along_a_sequence():
    net = Net([MaxPool1D(2), Flatten(), Linear(6, 2)]).astype(np.float64)
    x = np.array([[[1.0, 8], [5, 2], [3, 4], [7, 6], [9, 1], [2, 3]]])
    found = probe.deconvnet(net, x, layer="0", channel="all").values
    np.testing.assert_array_equal(found, [[[0, 8], [5, 0], [0, 0], [7, 6], [9, 0], [0, 3]]])
    one = probe.deconvnet(net, x, layer="0", channel=1)
    assert one.channel.tolist() == [1]
    assert np.argwhere(one.values).tolist() == [[0, 0, 1]]
    pool = MaxPool1D(2, return_switches=True)  # whose backward is given a gradient for the switches too
    net = Net([pool, MaxUnpool1D(2), Flatten(), Linear(12, 2)]).astype(np.float64)
    np.testing.assert_array_equal(probe.deconvnet(net, x, layer="1", channel="all").values, found)


def test_a_deconvnet_ignores_what_was_negative_on_the_way_up():
    net = Net([Conv2D(1, 1, 1), ReLU(), Conv2D(1, 2, 1), ReLU()]).astype(np.float64)
    state = {"0.weight": [[[[2.0]]]], "0.bias": [-1], "2.weight": [[[[3.0]]], [[[-1.0]]]], "2.bias": [5, 0]}
    net.load_state(state)
    x = np.array([[[[1.0, 0.25]]]])
    found = probe.deconvnet(net, x, channel=0)
    assert (found.layer, found.channel.tolist()) == ("3", [0])
    np.testing.assert_allclose(found.values, [[[[8 * 3 * 2, 0]]]])  # y = 3 · 1 + 5, and no bias on the way back
    np.testing.assert_allclose(probe.deconvnet(net, x, channel="all").values, [[[[48, 30]]]])  # though ReLU gave 0


def test_nothing_comes_down_beside_the_layer_of_a_deconvnet():
    net = Net([Residual([Conv2D(1, 2, 1, bias=False), Conv2D(2, 1, 1)]), Flatten(), Linear(4, 2)]).astype(np.float64)
    W, x = net[0].body[0].weight.tensor, np.random.default_rng(0).random((1, 1, 2, 2))
    found = probe.deconvnet(net, x, layer="0.body.0", channel="all")
    np.testing.assert_allclose(found.values, x * (W**2).sum())  # and no gradient through the shortcut


def test_layers_with_maps_in_order():
    x = np.zeros((1, 1, 12, 12))
    assert activations_of_maps("deconvnet", models.lenet5((1, 12, 12)), x) == ["0", "3"]  # tanh is no ReLU
    assert activations_of_maps("deconvnet", models.mnist_cnn((1, 12, 12)), x) == ["1", "3"]
    assert activations_of_maps("deconvnet", models.mlp(144), x) == []


def test_occlusion_of_a_linear_net_is_weight_times_difference():
    net = Net([Linear(4, 2)]).astype(np.float64)
    W, x = net[0].weight.tensor, np.random.default_rng(0).normal(size=(3, 4))
    found = probe.occlusion(net, x, 1, fill=0.5)
    np.testing.assert_allclose(found.values, W[1] * (x - 0.5))
    np.testing.assert_allclose(probe.occlusion(net, x, 1).values, W[1] * (x - x.mean(axis=1, keepdims=True)))
    wide = probe.occlusion(net, x, 1, size=3, stride=2, fill=0)  # at 0 and, so that all is covered, at 1
    parts = W[1] * x
    first, second = parts[:, :3].sum(axis=1), parts[:, 1:].sum(axis=1)
    both = (first + second) / 2
    np.testing.assert_allclose(wide.values, np.stack([first, both, both, second], axis=1))
    assert wide.notes == ("The patch is 3, in steps of 1.",)


def test_all_evidence_is_negative():
    net = Net([Conv2D(1, 2, 1), ReLU(), Flatten(), Linear(8, 2)])
    none = np.zeros(2)
    net.load_state({"0.weight": np.ones((2, 1, 1, 1)), "0.bias": none, "3.weight": -np.ones((2, 8)), "3.bias": none})
    x = np.stack([np.ones((1, 2, 2)), np.zeros((1, 2, 2))])
    found = probe.grad_cam(net, x, 0)
    assert found.all_negative.tolist() == [True, True]
    assert not found.values.any()
    assert found.notes[1] == "All evidence is negative for sample 0, 1."
    many = probe.grad_cam(net, np.ones((9, 1, 2, 2)), 0)
    assert many.notes[1] == "All evidence is negative for 9 samples."
    net[3].weight.tensor = np.full((2, 8), 0.01)
    assert probe.grad_cam(net, x, 0).all_negative.tolist() == [False, True]


def test_a_layer_of_ones_choice(trained, pictures):
    found = probe.grad_cam(trained, pictures, layer="1")
    assert (found.layer, found.raw.shape, found.weights.shape) == ("1", (4, 8, 8), (4, 16))
    assert not probe.deconvnet(trained, pictures).all_negative.any()


def test_the_check_tells_guided_backpropagation_from_saliency(trained, pictures):
    before = trained.state()
    found = probe.randomization_check(trained, pictures)
    remains = found.remains()
    assert remains == {method: similarity[2] for method, similarity in found.similarities.items()}
    assert remains["saliency"] < 0.3
    assert remains["guided_backpropagation"] > 0.5
    assert found.layers == ["10", "7", "2", "0"]
    assert found.maps["saliency"].shape == (5, 4, 8, 8)
    np.testing.assert_allclose(found.maps["saliency"][0], probe.saliency(trained, pictures).strength())
    assert all(np.array_equal(array, before[path]) for path, array in trained.state().items())
    one = probe.randomization_check(trained, pictures, (3,), methods=[probe.saliency], rng=np.random.default_rng(1))
    assert list(one.similarities) == ["saliency"]


def test_weights_are_drawn_anew_as_large_as_they_were():
    rng = np.random.default_rng(0)
    old = rng.normal(-5, 1, (100, 100))
    new = _drawn_anew(old, rng)
    assert abs(new.mean()) < 0.2
    assert new.std() == pytest.approx(np.sqrt((old**2).mean()), rel=0.02)
    assert abs(np.corrcoef(old.ravel(), new.ravel())[0, 1]) < 0.05
    np.testing.assert_array_equal(np.sort(_drawn_anew(old[0], rng)), np.sort(old[0]))
    assert np.isfinite(_drawn_anew(np.full((2, 2), 1e30, np.float32), rng)).all()


@pytest.mark.parametrize("name", ["mlp", "vgg11", "resnet20", "mobilenet"])
def test_the_check_on_other_models(name):
    net, x = IMAGES[name]()
    remains = probe.randomization_check(net, x).remains()
    assert remains["guided_backpropagation"] > remains["saliency"] + 0.15


@pytest.mark.parametrize(("side", "patch", "stride"), [(3, 1, 1), (8, 2, 1), (28, 7, 3)])
def test_the_patch_by_itself_is_a_quarter_of_the_picture(side, patch, stride):
    net = Net([Flatten(), Linear(side * (side + 1), 2)])
    note = probe.occlusion(net, np.ones((1, 1, side, side + 1))).notes[0]
    assert note == f"The patch is {patch} × {patch}, in steps of {stride}."


def test_a_patch_over_the_whole_input():
    net = Net([Linear(3, 2)]).astype(np.float64)
    x = np.random.default_rng(0).normal(size=(2, 3))
    found = probe.occlusion(net, x, 0, size=3, fill=1)
    np.testing.assert_allclose(found.values, np.repeat((x - 1) @ net[0].weight.tensor[:1].T, 3, axis=1))
    assert found.notes == ("The patch is 3, in steps of 3.",)


def test_inputs_that_are_not_finite() -> None:
    x = np.ones((1, 1, 8, 8))
    x[0, 0, 3, 3] = np.inf
    with pytest.raises(ValueError, match="^saliency: x holds NaN or infinity"):
        probe.saliency(models.digits_cnn(), x)
