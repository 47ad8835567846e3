"""Each sentence of the methods of interpretation."""

import numpy as np
import pytest

from tests.probe.interpret.conftest import IMAGES, tokens
from tinynet import models, probe
from tinynet.layers import Flatten, Linear, PReLU, ReLU, Reshape
from tinynet.losses import cross_entropy
from tinynet.net import Net

NET = Net([Linear(2, 3)])
POINTS = np.ones((4, 2), np.float32)
PICTURES = np.ones((2, 1, 8, 8), np.float32)


def cnn():
    return models.digits_cnn()


def landscape(**options):
    return probe.loss_landscape(NET, cross_entropy, POINTS, np.zeros(4, int), **options)


CASES = {
    "a layer": (
        lambda: probe.saliency(Linear(2, 3), POINTS),
        TypeError,
        r"saliency: net must be a Net, .*\nHint: wrap",
    ),
    "no batch": (
        lambda: probe.saliency(NET, POINTS[0]),
        ValueError,
        r"saliency: expected a batch of inputs, got x of shape \(2,\)\.\nHint: pass x\[np\.newaxis\]",
    ),
    "words": (lambda: probe.saliency(NET, [["a"]]), TypeError, r"x must hold real numbers"),
    "a target too many": (
        lambda: probe.saliency(NET, POINTS, 3),
        ValueError,
        r"saliency: target must be from 0 to 2, as the net has 3, got 3",
    ),
    "targets of another length": (
        lambda: probe.saliency(NET, POINTS, [0, 1]),
        TypeError,
        r"saliency: target must be None, a class, an array of 4 classes or a tuple, got int64 of shape \(2,\)",
    ),
    "targets of different lengths": (
        lambda: probe.saliency(NET, POINTS, [[1], [1, 2]]),
        TypeError,
        r"saliency: target must be an array, got rows of different lengths",
    ),
    "half a target": (
        lambda: probe.saliency(NET, POINTS, 0.5),
        TypeError,
        r"4 classes or a tuple, got 0\.5",
    ),
    "no such output": (
        lambda: probe.saliency(NET, POINTS, (1, 2)),
        ValueError,
        r"saliency: target \(1, 2\) is no index of an output of shape \(3,\)",
    ),
    "outputs of five axes": (
        lambda: probe.saliency(Net([Linear(2, 4), Reshape(1, 2, 2, 1)]), POINTS),
        ValueError,
        r"expected outputs of at most four axes, got shape \(4, 1, 2, 2, 1\)\.\nHint: name one number",
    ),
    "tokens deep inside": (
        lambda: probe.saliency(Net([Hidden(models.char_lstm(9, 4, 4))]), tokens()),
        ValueError,
        r"saliency: the net gives no gradient for its input\.\nHint: tokens need an Embedding as the first layer",
    ),
    "a deconvnet of tokens deep inside": (
        lambda: probe.deconvnet(Net([Hidden(models.char_lstm(9, 4, 4))]), tokens()),
        ValueError,
        r"deconvnet: the net gives no gradient for its input\.\nHint: this method is for nets of numbers",
    ),
    "a baseline of another shape": (
        lambda: probe.integrated_gradients(NET, POINTS, baseline=np.zeros(3)),
        ValueError,
        r"baseline must be a number, or an array of shape \(2,\) or \(4, 2\), got shape \(3,\)",
    ),
    "no steps": (lambda: probe.integrated_gradients(NET, POINTS, steps=0), ValueError, r"steps must be at least 1"),
    "negative noise": (lambda: probe.smooth_grad(NET, POINTS, noise=-1), ValueError, r"noise must be at least 0"),
    "no such layer": (
        lambda: probe.deconvnet(NET, POINTS, layer="7"),
        ValueError,
        r"deconvnet: there is no layer '7' in this net\.\nHint: its layers are '0'",
    ),
    "no such channel": (
        lambda: probe.deconvnet(cnn(), PICTURES, layer="1", channel=16),
        ValueError,
        r"deconvnet: channel must be from 0 to 15, got 16",
    ),
    "a channel in words": (
        lambda: probe.deconvnet(cnn(), PICTURES, channel="first"),
        TypeError,
        r"channel must be None, \"all\", a channel, or an array of 2 channels, got 'first'",
    ),
    "Grad-CAM of three outputs": (
        lambda: probe.grad_cam(Net([models.vae((1, 8, 8), hidden=8), First()]), PICTURES, layer="0"),
        ValueError,
        r"^grad_cam: layer 0 gives no single array that could be looked at\.\nHint: choose another layer",
    ),
    "a net of three outputs": (
        lambda: probe.deconvnet(Net([models.vae((1, 8, 8), hidden=8), First()]), PICTURES, layer="0"),
        ValueError,
        r"deconvnet: layer 0 gives no single array",
    ),
    "Grad-CAM without a convolution": (
        lambda: probe.grad_cam(NET, POINTS),
        ValueError,
        r"grad_cam: there is no convolution in this net, whose maps could be weighed\.\nHint: use saliency",
    ),
    "Grad-CAM of a vector": (
        lambda: probe.grad_cam(cnn(), PICTURES, layer="7"),
        ValueError,
        r"grad_cam: layer 7 gives shape \(2, 128\), in which there are no maps\.\nHint: choose a layer",
    ),
    "Grad-CAM of other axes": (
        lambda: probe.grad_cam(Net([Reshape(2, 1, 1), Flatten(), Linear(2, 2)]), POINTS, layer="0"),
        ValueError,
        r"grad_cam: maps of \(1, 1\) do not fit inputs of shape \(4, 2\)\.\nHint: choose a layer whose maps",
    ),
    "a patch too large": (
        lambda: probe.occlusion(cnn(), PICTURES, size=9),
        ValueError,
        r"occlusion: size must be at most 8, the smaller side of the input, got 9",
    ),
    "units in words": (
        lambda: probe.activation_maximization(NET, (2,), "one"),
        TypeError,
        r"target must be None, a class or channel, or a list of them, got 'one'",
    ),
    "a unit too many": (
        lambda: probe.activation_maximization(NET, (2,), [0, 3]),
        ValueError,
        r"activation_maximization: target must be from 0 to 2, got 3",
    ),
    "one bound": (
        lambda: probe.activation_maximization(NET, (2,), bounds=1),
        TypeError,
        r"bounds must be a pair of numbers or None, got 1",
    ),
    "bounds that fall": (
        lambda: probe.activation_maximization(NET, (2,), bounds=(1, 0)),
        ValueError,
        r"bounds must go up, got 1 and 0",
    ),
    "no attention": (
        lambda: probe.attention_maps(cnn(), PICTURES),
        ValueError,
        r"attention_maps: there is no MultiHeadAttention in this net\.\nHint: it is for transformers",
    ),
    "one point": (lambda: probe.pca(np.ones((1, 4))), ValueError, r"pca: expected at least two points of two or more"),
    "points of NaN": (
        lambda: probe.tsne(np.where(np.eye(9), np.nan, 1.0)),
        ValueError,
        r"tsne: the points hold NaN or infinity\.\nHint: leave those rows out",
    ),
    "many points": (
        lambda: probe.tsne(np.ones((5001, 2))),
        ValueError,
        r"tsne: expected at most 5,000 points, got 5,001; time and memory grow with N²\.\nHint: take a part",
    ),
    "a wide perplexity": (
        lambda: probe.tsne(np.ones((10, 2))),
        ValueError,
        r"tsne: perplexity must be below 9, for 10 points, got 30\.\nHint: try perplexity=3",
    ),
    "no linear layer": (
        lambda: probe.representations(Net([ReLU()]), POINTS),
        ValueError,
        r"representations: there is no Linear in this net, .*\nHint: name the layer",
    ),
    "rows of nothing": (
        lambda: probe.representations(models.vae((1, 8, 8), hidden=8), PICTURES, "0"),
        ValueError,
        r"representations: layer 0 gives no row for each sample",
    ),
    "an even number": (lambda: landscape(n=4), ValueError, r"loss_landscape: n must be odd, got 4"),
    "a space": (lambda: landscape(dimensions=3), ValueError, r"loss_landscape: dimensions must be 1 or 2, got 3"),
    "a net without weights": (
        lambda: probe.loss_landscape(Net([ReLU()]), cross_entropy, POINTS, np.zeros(4, int)),
        ValueError,
        r"loss_landscape: the net has no weights to move along",
    ),
    "a net with slopes alone": (
        lambda: probe.loss_landscape(Net([PReLU()]), cross_entropy, POINTS, np.zeros(4, int)),
        ValueError,
        r"loss_landscape: the net has no weights to move along",
    ),
    "one layer to draw anew": (
        lambda: probe.randomization_check(NET, POINTS),
        ValueError,
        r"randomization_check: expected two layers with parameters or more, there are 1",
    ),
    "no methods": (lambda: probe.randomization_check(NET, POINTS, methods=[]), ValueError, r"randomization_check"),
    "a method that is none": (
        lambda: probe.randomization_check(NET, POINTS, methods=["saliency"]),
        TypeError,
        r"randomization_check: methods\[0\] must be a function, got a str\.\nHint: pass tn\.probe\.saliency itself",
    ),
}


class Hidden(Flatten):
    """A net in which an Embedding is not the first layer."""

    def __init__(self, inner):
        self.inner = inner

    def forward(self, x):
        return self.inner.forward(x)

    def backward(self, dy):
        return self.inner.backward(dy)


class First(Flatten):
    """The first of several inputs."""

    def forward(self, *x):
        return super().forward(x[0])


WITHOUT_A_NET = {
    "saliency": POINTS,
    "integrated_gradients": POINTS,
    "smooth_grad": POINTS,
    "occlusion": POINTS,
    "attention_maps": POINTS,
    "representations": POINTS,
    "randomization_check": POINTS,
    "activation_maximization": (2,),
}


@pytest.mark.parametrize("name", WITHOUT_A_NET)
def test_a_layer_alone_is_no_net(name):
    with pytest.raises(TypeError, match=rf"^{name}: net must be a Net, got a Linear\.\nHint: wrap layers as Net"):
        getattr(probe, name)(Linear(2, 3), WITHOUT_A_NET[name])


def test_a_landscape_needs_a_net_and_a_loss():
    with pytest.raises(TypeError, match=r"^loss_landscape: net must be a Net, got a Linear"):
        probe.loss_landscape(Linear(2, 3), cross_entropy, POINTS, None)
    with pytest.raises(TypeError, match=r"^loss_landscape: loss must be a function, got a str.*\nHint: pass cross_ent"):
        probe.loss_landscape(NET, "cross_entropy", POINTS, None)


OUT_OF_RANGE = [
    ("smooth_grad", {"n_samples": 0}, "n_samples must be at least 1"),
    ("smooth_grad", {"rng": 3}, "rng must be a np.random.Generator"),
    ("occlusion", {"size": 0}, "size must be at least 1"),
    ("occlusion", {"stride": 0}, "stride must be at least 1"),
    ("occlusion", {"fill": "x"}, "fill must be a number"),
    ("randomization_check", {"rng": 3}, "rng must be a np.random.Generator"),
]


@pytest.mark.parametrize(("name", "options", "words"), OUT_OF_RANGE)
def test_options_have_bounds(name, options, words):
    with pytest.raises((TypeError, ValueError), match=f"^{name}: {words}"):
        getattr(probe, name)(NET, POINTS, **options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"steps": 0}, "steps must be at least 1"),
        ({"lr": 0}, "lr must be greater than 0"),
        ({"decay": -1}, "decay must be at least 0"),
        ({"blur": -1}, "blur must be at least 0"),
        ({"rng": 3}, "rng must be a np.random.Generator"),
        ({"bounds": (0, "x")}, r"bounds\[1\] must be a number"),
    ],
)
def test_the_options_of_maximization(options, words):
    with pytest.raises((TypeError, ValueError), match=f"^activation_maximization: {words}"):
        probe.activation_maximization(NET, (2,), **options)


@pytest.mark.parametrize("options", [{"n": 1}, {"radius": 0}, {"dimensions": 0}, {"rng": 3}])
def test_the_options_of_the_landscape(options):
    with pytest.raises((TypeError, ValueError), match=f"^loss_landscape: {next(iter(options))} must be"):
        landscape(**options)


@pytest.mark.parametrize("options", [{"perplexity": 1}, {"n_steps": 0}, {"rng": 3}])
def test_the_options_of_tsne(options):
    with pytest.raises((TypeError, ValueError), match=f"^tsne: {next(iter(options))} must be"):
        probe.tsne(np.ones((10, 2)), **options)


@pytest.mark.parametrize("name", CASES)
def test_a_sentence_says_what_is_wrong(name):
    call, kind, words = CASES[name]
    with pytest.raises(kind, match=words) as caught:
        call()
    assert type(caught.value) is kind
    assert str(caught.value).split(":")[0] in probe.__all__  # who complains comes first


def test_an_error_on_the_way_leaves_the_net_whole():
    net, x = IMAGES["digits_cnn"]()
    with pytest.raises(ValueError, match=r"layer 0: Conv2D"):
        probe.guided_backpropagation(net, x[:, :, :0])
    assert all(layer.training and not {"forward", "backward"} & set(vars(layer)) for _, layer in net.layers_inside())
    assert all(parameter.trainable for parameter in net.parameters().values())
