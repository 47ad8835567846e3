"""The ready models: shapes, sizes, initial weights, what they refuse, and that they learn."""

import numpy as np
import pytest

import tinynet as tn
from tinynet import models
from tinynet.data import digits
from tinynet.layers import Conv2D, Linear, ReLU
from tinynet.learner import Learner
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.models import MODELS, build
from tinynet.net import Net
from tinynet.optimizers import Adam


def conv(in_channels, out_channels):
    return 9 * in_channels * out_channels + out_channels


def bare(in_channels, out_channels, size=3):
    """A convolution without a bias, and the batch norm after it."""
    return size**2 * in_channels * out_channels + 2 * out_channels


def linear(in_features, out_features):
    return in_features * out_features + out_features


WIDTHS = [64, 128, 128, 256, 256, 512]  # of mobilenet's pointwise convolutions, but for the last
HEAD = 2 * (128 * 128 + 128) + 128 * 10 + 10  # of both VGGs
N_PARAMETERS = {
    "mlp": 784 * 256 + 256 + 256 * 128 + 128 + 128 * 10 + 10,
    "digits_cnn": 9 * 16 + 16 + 9 * 16 * 32 + 32 + 512 * 128 + 128 + 128 * 10 + 10,
    "lenet5": 61706,  # the number of the literature
    "mnist_cnn": 9 * 32 + 32 + 9 * 32 * 64 + 64 + 12 * 12 * 64 * 128 + 128 + 128 * 10 + 10,
    "vgg11": conv(3, 16) + conv(16, 32) + conv(32, 64) + conv(64, 64) + conv(64, 128) + 3 * conv(128, 128) + HEAD,
    "vgg16": sum(
        conv(i, o) for i, o in [(3, 16), (16, 16), (16, 32), (32, 32), (32, 64), (64, 64), (64, 64), (64, 128)]
    )
    + 5 * conv(128, 128)
    + HEAD,
    "dcgan": (64 * 3136 + 2 * 64 + 16 * 64 * 32 + 2 * 32 + 16 * 32 + 1)
    + (16 * 32 + 32 + 16 * 32 * 64 + 2 * 64 + 3136 + 1),
    "char_gpt": 2 * 65 * 128 + 65 + 4 * (12 * 128**2 + 13 * 128) + 2 * 128,
    "seq2seq": 2 * (14 + 16) * 64 + 4 * (12 * 64**2 + 13 * 64) + 3 * 2 * 64 + 4 * (64**2 + 64) + linear(64, 14),
    "char_lstm": 65 * 256 + 4 * 256 * (256 + 256 + 2) + 256 * 65 + 65,
    "resnet20": bare(3, 16)
    + 6 * bare(16, 16)
    + (bare(16, 32) + 5 * bare(32, 32) + bare(16, 32, 1))
    + (bare(32, 64) + 5 * bare(64, 64) + bare(32, 64, 1))
    + (64 * 10 + 10),
    "mobilenet": bare(3, 32)
    + sum(bare(1, i) + bare(i, o, 1) for i, o in zip([32, 64, 128, 128, 256, 256, 512], [*WIDTHS, 512], strict=True))
    + (512 * 10 + 10),
    "vae": linear(784, 256) + linear(256, 256) + linear(256, 4) + linear(2, 256) + linear(256, 256) + linear(256, 784),
    "unet": sum(bare(i, o) + bare(o, o) for i, o in [(1, 16), (16, 32), (32, 64), (64, 32), (32, 16)])
    + (4 * 64 * 32 + 32 + 4 * 32 * 16 + 16)
    + (16 * 2 + 2),
    "conv_autoencoder": 9 * 16 + 16 + 9 * 16 * 8 + 8 + 16 * 8 * 16 + 16 + 16 * 16 + 1,
}


def n_parameters(net):
    return sum(parameter.size for parameter in net.parameters().values())


def first(y):
    """What a net gives, or the first of several outputs."""
    return y[0] if isinstance(y, tuple) else y


def inputs(name, n):
    """Samples for a model, for each of its inputs: characters, or numbers from 0 to 1."""
    rng, entry = np.random.default_rng(0), MODELS[name]
    if entry.is_judged:
        return (models.noise(n, 64, rng),)
    if entry.learns == "pairs":
        return tuple(rng.integers(0, 10, (n, length)) for length in entry.input_shape)
    shape = (n, *entry.input_shape)
    return (rng.integers(0, 10, shape) if entry.reads_text else rng.random(shape, np.float32),)


@pytest.mark.parametrize("name", MODELS)
def test_shape_and_size(name):
    entry = MODELS[name]
    net = entry.function()
    outputs = entry.input_shape if entry.reconstructs else (*entry.input_shape, 65) if entry.reads_text else (10,)
    outputs = {"pixels": (2, 28, 28), "judge": (1,), "pairs": (16, 14)}.get(entry.learns, outputs)
    assert first(net.predict(*inputs(name, 2))).shape == (2, *outputs)
    assert n_parameters(net) == N_PARAMETERS[name]
    assert entry.description


@pytest.mark.parametrize("name", MODELS)
def test_every_parameter_gets_a_gradient(name):
    net = build(name)
    y = net.forward(*inputs(name, 4))
    rng = np.random.default_rng(1)
    net.backward(*(rng.normal(size=part.shape).astype(np.float32) for part in (y if isinstance(y, tuple) else (y,))))
    assert [path for path, parameter in net.parameters().items() if not parameter.gradient.any()] == []


@pytest.mark.parametrize(
    ("name", "shape", "n_classes"),
    [
        ("mlp", (2,), 3),
        ("mlp", (3, 32, 32), 10),
        ("digits_cnn", (1, 28, 28), 10),
        ("digits_cnn", (3, 9, 5), 4),
        ("lenet5", (3, 32, 33), 5),
        ("mnist_cnn", (3, 32, 32), 10),
        ("mnist_cnn", (1, 8, 8), 10),
        ("vgg11", (1, 33, 64), 7),
    ],
)
def test_a_model_is_built_for_the_data(name, shape, n_classes):
    assert build(name, shape, n_classes).predict(np.zeros((2, *shape), np.float32)).shape == (2, n_classes)


def test_width_and_hidden_sizes_are_taken():
    assert models.vgg11(width=64)[0].out_channels == 64
    assert [layer.out_features for layer in models.mlp(4, (7, 5), 3) if isinstance(layer, Linear)] == [7, 5, 3]
    assert n_parameters(models.mlp(4, (), 3)) == 15


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: build("resnet"), "models.build: name must be one of 'mlp'"),
        (lambda: build("mnist_cn"), "did you mean 'mnist_cnn'"),
        (lambda: build("digits_cnn", (2,)), r"input_shape must be \(channels, height, width\), got \(2,\)"),
        (lambda: build("digits_cnn", 28), r"input_shape must be \(channels, height, width\), got 28"),
        (lambda: build("vgg11", (1, 28, 28)), "at least 32 × 32 pixels .*, got 28 × 28"),
        (lambda: build("lenet5", (1, 8, 8)), "at least 12 × 12 pixels .*, got 8 × 8"),
        (lambda: build("conv_autoencoder", (1, 30, 28)), "multiples of 4, got 30 × 28"),
        (lambda: build("digits_cnn", n_classes=1), "n_classes must be at least 2, got 1"),
        (lambda: models.mlp(n_classes=1), "n_classes must be at least 2, got 1"),
        (lambda: models.vgg16(width=0), "width must be at least 1, got 0"),
    ],
)
def test_what_cannot_be_built_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_he_weights_keep_the_signal_alive_through_many_layers():
    tn.seed(0)
    x = np.random.default_rng(0).normal(size=(64, 3, 32, 32)).astype(np.float32)
    deep = [layer for index in range(8) for layer in (Conv2D(3 if index == 0 else 16, 16, 3, padding=1), ReLU())]
    plain = Net(deep).forward(x).std(axis=0).mean()
    with_he = models.he_before_relu(Net(deep)).forward(x).std(axis=0).mean()
    assert plain < 0.01
    assert 0.1 < with_he < 3


def test_one_seed_gives_one_net():
    nets = []
    for number in (5, 5, 6):
        tn.seed(number)
        nets.append(models.mnist_cnn().state())
    assert all(np.array_equal(nets[0][path], nets[1][path]) for path in nets[0])
    assert not np.array_equal(nets[0]["0.weight"], nets[2]["0.weight"])


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_saved_and_loaded(name, tmp_path):
    net = build(name)
    tn.save(net, tmp_path / "net.safetensors")
    x = inputs(name, 1)
    loaded = tn.load(tmp_path / "net.safetensors", layers=[models.VariationalAutoencoder, models.EncoderDecoder])
    np.testing.assert_array_equal(first(loaded.predict(*x)), first(net.predict(*x)))


@pytest.mark.parametrize("name", ["mlp", "digits_cnn"])
def test_it_learns_digits(name):
    tn.seed(0)
    train, _ = digits()
    train = train.subset(slice(0, 200))
    learner = Learner(build(name, (1, 8, 8)), cross_entropy, Adam(lr=0.003), train)
    history = learner.fit(epochs=4, progress=False)
    assert history["loss"][-1] < 0.6 * history["loss"][0] < 0.6 * 2.5


def test_the_autoencoder_learns_to_draw():
    tn.seed(0)
    x = np.zeros((64, 1, 8, 8), np.float32)
    x[::2, :, 2:6, 2:6] = 1
    data = tn.data.Dataset(x, x)
    history = Learner(models.conv_autoencoder((1, 8, 8)), mean_squared_error, Adam(lr=0.01), data).fit(
        20, progress=False
    )
    assert history["loss"][-1] < 0.2 * history["loss"][0]
