"""Each argument of a model is checked under its own name, up to its very bounds."""

import numpy as np
import pytest

from tinynet import models
from tinynet.layers import BatchNorm2D, Conv2D, Layer, Linear, ReLU, Tanh
from tinynet.net import Net

LEAST = {
    models.char_gpt: {"vocabulary": 1, "num_heads": 1, "num_layers": 1},
    models.char_lstm: {"vocabulary": 1, "embedding_dim": 1, "hidden_size": 1, "num_layers": 1},
    models.seq2seq: {"vocabulary": 1, "embed_dim": 1, "num_heads": 1, "max_length": 1, "padding": 0},
    models.unet: {"in_channels": 1, "n_classes": 2, "width": 1, "depth": 0},
    models.mlp: {"in_features": 1, "n_classes": 2},
    models.mobilenet: {"n_classes": 2, "width": 1},
    models.resnet20: {"n_classes": 2},
    models.digits_cnn: {"n_classes": 2},
    models.lenet5: {"n_classes": 2},
    models.mnist_cnn: {"n_classes": 2},
    models.vgg11: {"n_classes": 2, "width": 1},
    models.vgg16: {"n_classes": 2, "width": 1},
    models.vae: {"latent": 1, "hidden": 1},
    models.dcgan: {"latent": 1, "width": 1},
    models.conv_autoencoder: {"code_channels": 1},
    models.noise: {"n": 0, "latent": 1},
}
REST = {models.noise: {"n": 2, "latent": 2}, models.char_gpt: {"num_heads": 1}, models.seq2seq: {"num_heads": 1}}


@pytest.mark.parametrize(
    ("model", "name"),
    [(model, name) for model, least in LEAST.items() for name in least],
    ids=lambda x: getattr(x, "__name__", x),
)
def test_the_least_of_each_number_is_taken_and_less_is_not(model, name) -> None:
    least = LEAST[model][name]
    model(**{**REST.get(model, {}), name: least})
    with pytest.raises(ValueError, match=rf"^(tinynet: )?{model.__name__}\b.*{name} must .*got {least - 1}") as caught:
        model(**{**REST.get(model, {}), name: least - 1})
    assert "Hint" not in str(caught.value) or name in str(caught.value)
    with pytest.raises(TypeError, match=rf"{model.__name__}\b.*{name}"):
        model(**{**REST.get(model, {}), name: "two"})


SMALLEST = {
    models.digits_cnn: (1, 2, 2),
    models.mobilenet: (1, 8, 8),
    models.vgg11: (3, 32, 32),
    models.vgg16: (3, 32, 32),
    models.vae: (1, 1, 1),
}


@pytest.mark.parametrize("model", SMALLEST, ids=lambda model: model.__name__)
def test_the_smallest_pictures(model) -> None:
    C, H, W = SMALLEST[model]
    model((C, H, W))
    for shape in ((C, H - 1, W), (C, H, W - 1), (0, H, W)):
        with pytest.raises(ValueError, match=model.__name__):
            model(shape)


@pytest.mark.parametrize("hidden", [16, "16", None, {1: 2}])
def test_widths_are_a_list(hidden) -> None:
    with pytest.raises(TypeError, match=r"mlp: hidden must be a list of widths, got .*\nHint: write hidden=\[128\]"):
        models.mlp(hidden=hidden)


def test_each_width_counts() -> None:
    assert [layer.out_features for layer in models.mlp(3, [1, 2], 4) if isinstance(layer, Linear)] == [1, 2, 4]
    assert len([layer for layer in models.mlp(3, [], 4) if isinstance(layer, Linear)]) == 1
    with pytest.raises(ValueError, match=r"hidden\[1\] must be at least 1, got 0"):
        models.mlp(hidden=[4, 0])


def test_dropout_is_a_fraction() -> None:
    with pytest.raises(ValueError, match="char_gpt: dropout must be at least 0 and below 1, got 1"):
        models.char_gpt(embed_dim=8, num_heads=2, num_layers=1, dropout=1.0)
    with pytest.raises(ValueError, match="char_gpt: embed_dim must be at least 1, got 0"):
        models.char_gpt(embed_dim=0)
    for model in (models.char_gpt, models.seq2seq):
        with pytest.raises(ValueError, match=rf"{model.__name__}.*num_heads"):
            model(embed_dim=8, num_heads=3)


def test_depth_ends_at_ten() -> None:
    with pytest.raises(ValueError, match=r"unet: depth must be at most 10, got 11\.\nHint: .* 2048"):
        models.unet(depth=11)
    models.unet(width=1, depth=5)
    with pytest.raises(ValueError, match="depth must be at most 10, got 12"):
        models.unet(width=1, depth=12)


def test_where_mobilenet_halves() -> None:
    net = models.mobilenet((3, 32, 32), width=2)
    convolutions = [layer for layer in net if isinstance(layer, Conv2D)]
    assert [layer.stride[0] for layer in convolutions[1::2]] == [1, 2, 1, 2, 1, 2, 1]
    assert [layer.out_channels for layer in convolutions[::2]] == [2, 4, 8, 8, 16, 16, 32, 32]


def test_he_weights_go_where_a_relu_follows() -> None:
    net = Net([Linear(50, 40), Tanh(), Linear(40, 30), ReLU(), Conv2D(1, 1, 1), BatchNorm2D(1), ReLU()])
    before = [net[i].weight.tensor.copy() for i in (0, 2, 4)]
    assert models.he_before_relu(net) is net
    assert [bool((net[i].weight.tensor != w).any()) for i, w in zip((0, 2, 4), before, strict=True)] == [0, 1, 0]
    without_bias = models.he_before_relu(Net([Linear(3, 3, bias=False), ReLU()]))
    assert without_bias[0].bias is None
    for function in (models.he_before_relu, models.he_convolutions):
        with pytest.raises(TypeError, match=rf"{function.__name__}: net must be"):
            function("net")


def test_a_shape_that_is_none() -> None:
    with pytest.raises(TypeError, match=r"models\.build: input_shape must be"):
        models.build("mlp", 64)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("unet", {"n_classes": 1}, "unet: n_classes must be at least 2, got 1."),
        (
            "unet",
            {"input_shape": (1, 30, 28)},
            "unet: pictures must have sides that are multiples of 4, got 30 × 28.\n"
            "Hint: a smaller depth asks for less; --size brings your own pictures to a size.",
        ),
        (
            "dcgan",
            {"input_shape": (1, 28, 30)},
            "dcgan: pictures must have sides that are multiples of 4, got 28 × 30.\n"
            "Hint: --size brings your own pictures to a size.",
        ),
        (
            "dcgan",
            {"input_shape": (28, 28)},
            "dcgan: input_shape must be (channels, height, width), got (28, 28).\n"
            "Hint: models.mlp takes anything; a convolution needs pictures.",
        ),
        ("seq2seq", {"max_length": 0}, "seq2seq: max_length must be at least 1, got 0."),
        (
            "seq2seq",
            {"input_shape": (20,)},
            "models.build: input_shape must be the two lengths of a pair of texts, got (20,).\nHint: as in (20, 12).",
        ),
        (
            "seq2seq",
            {"input_shape": 20},
            "models.build: input_shape must be a tuple of sizes, got 20.\nHint: a bias is (out,), a weight (out, in).",
        ),
        (
            "mlp",
            {"n_classes": 1, "hidden": 5},
            "mlp: hidden must be a list of widths, got 5.\nHint: write hidden=[128].",
        ),
    ],
)
def test_what_cannot_be_built_for_the_data_word_for_word(name, options, words) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        models.build(name, **options)
    assert str(caught.value) == words


def test_models_fit_the_data_at_the_very_bounds() -> None:
    net = models.build("unet", (1, 8, 16), depth=3, width=1)
    assert net.predict(np.zeros((1, 1, 8, 16), np.float32)).shape == (1, 10, 8, 16)
    net = models.build("seq2seq", (20, 12), n_classes=7)
    assert net[0].padding == 0  # the token that fills up the shorter texts
    assert net.predict(np.ones((1, 20), int), np.ones((1, 20), int)).shape == (1, 20, 7)
    assert models.build("seq2seq", (20, 12), max_length=20, padding=None)[0].padding is None
    assert models.build("mlp", (2, 3), n_classes=1, hidden=[4])[-1].out_features == 1


def test_pictures_without_pixels() -> None:
    for shape, words in (((1, 0, 1), "[1]"), ((0, 1, 1), "[0]"), ((1, 1, 0), "[2]")):
        with pytest.raises(ValueError) as caught:
            models.vae(shape)
        assert str(caught.value) == f"vae: input_shape{words} must be at least 1, got 0."


class Recorder(Layer):
    """Says for 10 tokens that the next one is the last one plus one, and notes what it reads."""

    def __init__(self) -> None:
        self.read = []

    def forward(self, x):
        return np.eye(10, dtype=np.float32)[(x + 1) % 10] * 50

    def backward(self, dy):
        return dy

    def step(self, x, state=None):
        self.read.append((x[0].tolist(), state))
        return self.forward(x), (state or 0) + x.shape[1]


def test_what_a_model_reads_as_it_writes() -> None:
    net = Net([Recorder()])
    assert models.generate(net, np.array([3, 4]), 4).tolist() == [5, 6, 7, 8]
    assert net[0].read == [([3, 4], None), ([5], 2), ([6], 3), ([7], 4)]


def test_a_full_context_starts_again_with_its_later_half() -> None:
    net = Net([Recorder()])
    assert models.generate(net, np.array([0, 1, 2, 3, 4, 5]), 5, context=4).tolist() == [6, 7, 8, 9, 0]
    # the last four, then full: the later two; then one by one until four are read
    assert net[0].read == [([2, 3, 4, 5], None), ([5, 6], None), ([7], 2), ([8], 3), ([8, 9], None)]


def test_the_tokens_that_may_be_drawn() -> None:
    class Level(Recorder):
        def forward(self, x):
            return np.tile(np.arange(10, dtype=np.float32), (*x.shape, 1)) * 1e-3

    drawn = models.generate(Net([Level()]), np.array([0]), 300, top_k=2, rng=np.random.default_rng(0))
    assert set(drawn.tolist()) == {8, 9}
    drawn = models.generate(Net([Level()]), np.array([0]), 300, top_k=99, rng=np.random.default_rng(0))
    assert set(drawn.tolist()) == set(range(10))
    assert set(models.generate(Net([Level()]), np.array([0]), 5, top_k=1).tolist()) == {9}
    assert set(models.generate(Net([Level()]), np.array([0]), 5, temperature=0).tolist()) == {9}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a, m, v: (a, m), "logits, mean, log_variance.*a tuple of 2"),
        (lambda a, m, v: (a, m[:-1], v), "the mean"),
        (lambda a, m, v: (a, m, v[:, :-1]), "the log-variance"),
        (lambda a, m, v: a, "logits, mean, log_variance.*a ndarray"),
    ],
)
def test_the_three_that_a_vae_predicts(change, words) -> None:
    a, mean, log_variance = np.zeros((4, 6), np.float32), np.zeros((4, 2)), np.zeros((4, 2))
    with pytest.raises((TypeError, ValueError), match=words):
        models.evidence_loss(change(a, mean, log_variance), np.zeros((4, 6)))
