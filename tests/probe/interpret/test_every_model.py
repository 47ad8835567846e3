"""Each method on each model that it fits: the right shapes, finite numbers, and a net that is left as it was."""

import numpy as np
import pytest

from tests.probe.interpret.conftest import EVERY, IMAGES, SEQUENCES
from tinynet import models, probe
from tinynet.core.streams import generator_states
from tinynet.layers import (
    Conv1D,
    Conv2D,
    Dropout,
    Flatten,
    Hardsigmoid,
    Linear,
    LogSigmoid,
    LogSoftmax,
    ReLU,
    Sigmoid,
    Softmax,
)
from tinynet.layers.layer import WATCHED
from tinynet.net import Net

METHODS = {
    "saliency": probe.saliency,
    "smooth_grad": lambda net, x: probe.smooth_grad(net, x, n_samples=2),
    "integrated_gradients": lambda net, x: probe.integrated_gradients(net, x, steps=3),
    "guided_backpropagation": probe.guided_backpropagation,
    "deconvnet": probe.deconvnet,
    "occlusion": lambda net, x: probe.occlusion(net, x, size=min(4, *x.shape[1:][-2:]), stride=4),
}
each_method = pytest.mark.parametrize("method", METHODS)


@each_method
@pytest.mark.parametrize("name", EVERY)
def test_fits_and_leaves_the_net_as_it_was(method, name):
    net, x = EVERY[name]()
    y = net.forward(x)
    before, streams = net.state(), generator_states()
    kept = x.copy()
    found = METHODS[method](net, x)
    np.testing.assert_array_equal(x, kept)
    assert generator_states() == streams
    assert all(np.array_equal(array, before[path]) for path, array in net.state().items())
    assert all(not parameter.gradient.any() and parameter.trainable for parameter in net.parameters().values())
    assert all(layer.training and vars(layer).keys().isdisjoint(WATCHED) for _, layer in net.layers_inside())
    net.backward(np.ones_like(y))  # what the earlier forward has left is still there

    shape = (2, 7, found.values.shape[-1]) if name in SEQUENCES else x.shape
    if method == "occlusion" and x.ndim != 2:
        shape = (2, 1, *x.shape[2:]) if x.ndim == 4 else (2, 7, 1)
    assert found.values.shape == shape
    assert np.isfinite(found.values).all()
    assert found.values.any()
    assert found.method == method
    assert found.strength().shape == found.evidence().shape == (2, *(x.shape[2:] if x.ndim == 4 else x.shape[1:]))


@pytest.mark.parametrize("name", [name for name in IMAGES if name != "mlp"])
def test_grad_cam_fits(name):
    net, x = IMAGES[name]()
    found = probe.grad_cam(net, x)
    assert found.values.shape == (2, 1, *x.shape[2:])
    assert np.isfinite(found.values).all()
    assert (found.values >= 0).all()
    assert f"The layer is {found.layer}: " in found.notes[0]
    assert all(parameter.trainable for parameter in net.parameters().values())


LAST_MAPS = {"digits_cnn": "3", "lenet5": "4", "vgg11": "19", "resnet20": "20", "mobilenet": "32", "discriminator": "4"}


@pytest.mark.parametrize("name", LAST_MAPS)
def test_the_layer_that_is_chosen(name):
    net, x = IMAGES[name]()
    assert probe.grad_cam(net, x).layer == LAST_MAPS[name]


def test_a_layer_is_named_rather_than_the_net_around_it():
    net = Net([Net([Conv2D(1, 2, 3), Dropout(0.5), Net([ReLU(), Dropout(0.5)])]), Flatten(), Linear(32, 2)])
    assert probe.grad_cam(net, np.ones((1, 1, 6, 6))).layer == "0.2.0"


@each_method
def test_scores_are_those_before_a_last_softmax_or_sigmoid(method):
    body = [Flatten(), Linear(6, 5), ReLU(), Linear(5, 3)]
    x = np.random.default_rng(0).random((2, 1, 2, 3)).astype(np.float32)
    plain = METHODS[method](Net(body), x)
    for last in (Softmax(), LogSoftmax(), Sigmoid(), LogSigmoid(), Hardsigmoid()):
        net = Net([Net([*body, Net([last])])])
        found = METHODS[method](net, x)
        if method != "deconvnet":  # where it begins is another layer there
            np.testing.assert_allclose(found.values, plain.values, rtol=1e-5)
        np.testing.assert_allclose(found.scores, plain.scores, rtol=1e-5)
        assert abs(net.predict(x)).max() != pytest.approx(abs(found.scores).max())  # the net is whole again


def test_targets_of_every_kind():
    net = Net([Linear(3, 4)])
    W, x = net[0].weight.tensor, np.random.default_rng(0).random((2, 3)).astype(np.float32)
    np.testing.assert_allclose(probe.saliency(net, x, 2).values, [W[2], W[2]])
    np.testing.assert_allclose(probe.saliency(net, x, [3, 0]).values, W[[3, 0]])
    np.testing.assert_allclose(probe.saliency(net, x, (1,)).values, [W[1], W[1]])
    np.testing.assert_allclose(probe.saliency(net, x).values, W[net.predict(x).argmax(axis=1)])
    assert probe.saliency(net, x, (1,)).target.tolist() == [[1], [1]]


def test_the_last_place_of_a_sequence_and_the_mean_of_an_image_of_classes():
    net, x = SEQUENCES["char_lstm"]()
    logits = net.predict(x)
    found = probe.saliency(net, x)
    np.testing.assert_array_equal(found.target, logits[:, -1].argmax(axis=1))
    np.testing.assert_allclose(found.scores, logits[:, -1].max(axis=1), rtol=1e-6)
    early = probe.saliency(net, x, (2, 5))
    assert not early.values[:, 3:].any()  # what comes later says nothing about place 2
    assert early.values[:, :3].any()
    net, x = IMAGES["unet"]()
    logits = net.predict(x)
    np.testing.assert_allclose(probe.saliency(net, x, 1).scores, logits[:, 1].mean(axis=(1, 2)), rtol=1e-4)
    np.testing.assert_allclose(probe.saliency(net, x, (0, 3, 4)).scores, logits[:, 0, 3, 4], rtol=1e-4)


def test_the_class_of_a_sequence_is_that_of_its_last_place():
    net = Net([Linear(2, 2)])
    net[0].weight.tensor, net[0].bias.tensor = np.eye(2), np.zeros(2)
    found = probe.saliency(net, np.array([[[5.0, 1], [1, 2]]]))
    assert found.target.tolist() == [1]
    assert found.values.tolist() == [[[0, 0], [0, 1]]]


class Sum(Linear):
    """One number for each sample, without an axis for it."""

    def forward(self, x):
        return super().forward(x)[:, 0]

    def backward(self, dy):
        return super().backward(dy[:, np.newaxis])


def test_one_number_for_each_sample():
    net = Net([Sum(3, 1)])
    with pytest.raises(ValueError, match=r"representations: layer 0 gives no row for each sample"):
        probe.representations(net, np.ones((2, 3)), "0")
    np.testing.assert_allclose(probe.saliency(net, np.ones((2, 3))).values, np.repeat(net[0].weight.tensor, 2, axis=0))


def test_many_rows_are_the_same_as_few():
    net, _ = IMAGES["digits_cnn"]()
    x = np.random.default_rng(0).random((150, 1, 8, 8)).astype(np.float32)
    for method in METHODS.values():
        all_rows, two = method(net, x).values, method(net, x[[0, 100]]).values
        np.testing.assert_allclose(all_rows[[0, 100]], two, rtol=1e-3, atol=1e-5)


def test_grad_cam_along_a_sequence():
    net = Net([Conv1D(3, 4, 3, padding=1), ReLU(), Flatten(), Linear(24, 2)])
    x = np.random.default_rng(0).random((2, 6, 3)).astype(np.float32)
    found = probe.grad_cam(net, x)
    assert (found.layer, found.raw.shape, found.values.shape) == ("1", (2, 6), (2, 6, 1))
    A = np.maximum(net[0].forward(x), 0)
    dA = net[3].weight.tensor[found.target].reshape(2, 6, 4)
    np.testing.assert_allclose(found.raw, (A * dA.mean(axis=1, keepdims=True)).sum(axis=2), rtol=1e-5)
    np.testing.assert_allclose(found.values[..., 0], np.maximum(found.raw, 0), rtol=1e-5)
    gpt, tokens = SEQUENCES["char_gpt"]()
    assert probe.grad_cam(gpt, tokens, layer="2").values.shape == (2, 7, 1)


def test_several_inputs_or_outputs_are_refused():
    net = models.seq2seq(9, 8, 2, 8)
    with pytest.raises(TypeError, match=r"saliency: expected one array of inputs, got a tuple\.\nHint: .*one input"):
        probe.saliency(net, (np.zeros((2, 7), int), np.zeros((2, 7), int)))
    with pytest.raises(ValueError, match=r"saliency: expected a net that gives one array with 2 rows, got 3 outputs"):
        probe.saliency(models.vae((1, 4, 4), hidden=8), np.ones((2, 1, 4, 4)))
