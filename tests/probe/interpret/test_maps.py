"""Attention maps, projections, representations, the loss landscape, and inputs that excite units."""

from copy import deepcopy

import numpy as np
import pytest

from tests.probe.interpret.conftest import EVERY, IMAGES, SEQUENCES, tokens
from tinynet import models, probe
from tinynet.core.streams import generator_states
from tinynet.layers import Conv2D, Flatten, Linear, MultiHeadAttention, ReLU
from tinynet.losses import cross_entropy
from tinynet.net import Net
from tinynet.probe.interpret.attention import weights_of
from tinynet.probe.interpret.maximization import _blurred
from tinynet.probe.interpret.projection import _divergence, _gradient, _neighbours


@pytest.mark.parametrize("causal", [False, True])
def test_attention_maps_are_the_softmax_of_the_scores(causal):
    rng = np.random.default_rng(0)
    layer = MultiHeadAttention(6, 2, causal=causal).astype(np.float64)
    x, memory = rng.normal(size=(2, 4, 6)), rng.normal(size=(2, 5, 6))
    mask = np.array([[False] * 5, [True, False, True, False, False]])
    layer.forward(x, memory, key_padding_mask=mask)
    kept = layer.recall()
    scores = np.einsum("nhtd,nhsd->nhts", kept.q, kept.k) / np.sqrt(3)
    hidden = np.broadcast_to(mask[:, None, None], scores.shape).copy()
    if causal:
        hidden |= np.arange(5) > np.arange(4)[:, np.newaxis] + 1
    expected = np.where(hidden, 0, np.exp(scores - kept.log_sum))
    p = weights_of(layer)
    np.testing.assert_allclose(p, expected, atol=1e-12)
    np.testing.assert_allclose(p.sum(axis=-1), 1)
    np.testing.assert_allclose(p @ kept.v, kept.heads, atol=1e-12)


def test_attention_without_tokens_has_none():
    net = Net([MultiHeadAttention(4, 2)])
    found = probe.attention_maps(net, np.ones((1, 3, 4)))[0]
    assert (found.path, found.p.shape, found.queries, found.keys) == ("0", (1, 2, 3, 3), None, None)


@pytest.mark.parametrize("name", ["char_gpt", "block", "seq2seq"])
def test_attention_maps_of_our_models(name):
    net = {
        "char_gpt": lambda: models.char_gpt(9, 8, 2, 3),
        "block": lambda: models.char_gpt(9, 8, 4, 1, dropout=0.5),
        "seq2seq": lambda: models.seq2seq(9, 8, 2, 8),
    }[name]()
    inputs = (tokens(), tokens()[:, :4]) if name == "seq2seq" else (tokens(),)
    before = net.state()
    maps = probe.attention_maps(net, *inputs)
    assert len(maps) == {"char_gpt": 3, "block": 1, "seq2seq": 5}[name]
    for found in maps:
        assert found.p.shape[:2] == (2, 4 if name == "block" else 2)
        np.testing.assert_allclose(found.p.sum(axis=-1), 1, rtol=1e-5)
    assert all(np.array_equal(array, before[path]) for path, array in net.state().items())
    if name == "seq2seq":
        crossed = next(found for found in maps if found.path == "0.attention")
        assert crossed.p.shape == (2, 2, 4, 7)
        np.testing.assert_array_equal(crossed.queries, inputs[1])
        np.testing.assert_array_equal(crossed.keys, inputs[0])
        np.testing.assert_array_equal(maps[0].queries, inputs[0])
        np.testing.assert_array_equal(maps[0].keys, inputs[0])
        np.testing.assert_array_equal(maps[-1].queries, inputs[1])
        np.testing.assert_array_equal(maps[-1].keys, inputs[1])


def test_pca_shows_the_widest_directions():
    rng = np.random.default_rng(0)
    turn, _ = np.linalg.qr(rng.normal(size=(5, 5)))
    X = rng.normal(size=(200, 5)) * [9, 4, 0.1, 0.1, 0.1] @ turn.T + 7
    found = probe.pca(X)
    C = np.cov(X.T)
    values, vectors = np.linalg.eigh(C)
    np.testing.assert_allclose(found.quality, values[::-1][:2] / values.sum())
    for axis in (0, 1):
        direction = vectors[:, -1 - axis]
        direction = direction * np.sign(direction[abs(direction).argmax()])
        np.testing.assert_allclose(found.points[:, axis], (X - X.mean(axis=0)) @ direction, atol=1e-9)
    flat = probe.pca(np.zeros((3, 2)))
    assert not flat.points.any()
    assert flat.quality.tolist() == [0, 0]
    assert probe.pca(np.array([[1.0, 2.0], [3.0, 4.0]])).points[:, 1].tolist() == pytest.approx([0, 0])


def test_the_neighbours_of_tsne_have_the_perplexity():
    X = np.random.default_rng(0).normal(size=(60, 4)) ** 3
    P = _neighbours(X, 10.0)
    assert P.sum() == pytest.approx(1)
    np.testing.assert_allclose(P, P.T)
    assert not P.diagonal().any()
    D = ((X[:, None] - X) ** 2).sum(axis=-1)
    for i in (
        0,
        17,
    ):  # P is p(j|i) + p(i|j): the conditional p alone is found again from one row by a search of its own
        beta, others = 1.0, np.delete(D[i], i)
        for _ in range(200):
            p = np.exp(-(others - others.min()) * beta)
            p /= p.sum()
            entropy = -(p * np.log(np.maximum(p, 1e-300))).sum()
            beta *= np.exp(0.5 * (entropy - np.log(10)))
        assert P[i].sum() >= p.sum() / (2 * 60) - 1e-9
        assert (np.delete(P[i], i) * 120 >= p - 1e-6).all()


@pytest.mark.parametrize("size", [1e-6, 1e8])
def test_the_neighbours_of_tsne_do_not_depend_on_the_unit(size):
    X = np.random.default_rng(0).normal(size=(30, 4))
    np.testing.assert_allclose(_neighbours(size * X, 7.0), _neighbours(X, 7.0), rtol=1e-6, atol=1e-12)


def test_the_gradient_of_tsne_is_that_of_the_divergence():
    rng = np.random.default_rng(0)
    P, y = _neighbours(rng.normal(size=(12, 3)), 4.0), rng.normal(size=(12, 2))
    gradient, _ = _gradient(P, y)
    for index in ((0, 0), (5, 1), (11, 0)):
        up, down = y.copy(), y.copy()
        up[index] += 1e-5
        down[index] -= 1e-5
        rise = _divergence(P, _gradient(P, up)[1]) - _divergence(P, _gradient(P, down)[1])
        assert gradient[index] == pytest.approx(rise / 2e-5, rel=1e-5)


def test_tsne_keeps_clusters_together_and_repeats_itself():
    rng = np.random.default_rng(0)
    label = np.arange(90) % 3
    X = rng.normal(size=(90, 10)) + 12 * np.eye(10)[label]
    streams = generator_states()
    found = probe.tsne(X, perplexity=15, n_steps=500)
    assert generator_states() == streams
    D = ((found.points[:, None] - found.points) ** 2).sum(axis=-1)
    np.fill_diagonal(D, np.inf)
    assert (label[D.argsort(axis=1)[:, :10]] == label[:, np.newaxis]).all()
    assert 0 < found.quality[0] < 1
    np.testing.assert_array_equal(found.points, probe.tsne(X, perplexity=15, n_steps=500).points)
    alike = probe.tsne(np.ones((40, 3)), perplexity=5, n_steps=300).points
    assert np.isfinite(alike).all()
    assert alike.std() > 1  # a little noise has kept them apart


@pytest.mark.parametrize("name", EVERY)
def test_representations_of_every_model(name):
    net, x = EVERY[name]()
    if name in ("unet", "conv_autoencoder"):
        with pytest.raises(ValueError, match=r"representations: there is no Linear in this net"):
            probe.representations(net, x)
        assert probe.representations(net, x, "0").values.ndim == 2
        return
    found = probe.representations(net, x)
    last = [(p, layer) for p, layer in net.layers_inside() if isinstance(layer, Linear)][-1]
    assert found.where.startswith(f"the input of layer {last[0]}: Linear(")
    W, b = last[1].weight.tensor, last[1].bias.tensor
    y = net.predict(x)
    np.testing.assert_allclose(found.values @ W.T + b, y[:, -1] if y.ndim == 3 else y, rtol=1e-4, atol=1e-5)


def test_representations_of_a_layer_by_many_rows(trained):
    x = np.random.default_rng(0).random((130, 1, 8, 8)).astype(np.float32)
    found = probe.representations(trained, x, "1")
    assert found.where == "the output of layer 1: ReLU()"
    np.testing.assert_allclose(found.values, np.maximum(trained[0].forward(x), 0).reshape(130, -1), rtol=1e-5)
    trained.forget()


@pytest.mark.parametrize("name", ["mlp of points", "digits_cnn", "resnet20", "char_gpt", "char_lstm"])
def test_the_landscape_of_our_models(name):
    net, x = EVERY[name]()
    y = x if name in SEQUENCES else np.array([0, 1])
    before, streams = net.state(), generator_states()
    found = probe.loss_landscape(net, cross_entropy, x, y, n=3)
    assert generator_states() == streams
    assert all(np.array_equal(array, before[path]) for path, array in net.state().items())
    assert found.losses.shape == (3, 3)
    assert found.losses[1, 1] == found.at_solution == pytest.approx(cross_entropy(net.predict(x), y)[0])
    assert found.n_samples == 2


def test_directions_are_as_long_as_the_filters_and_biases_stay():
    net = Net([Conv2D(1, 3, 2), Flatten(), Linear(12, 2)]).astype(np.float64)
    seen = []

    def loss(predicted, y):
        return 0.0, predicted

    class Spy(Net):
        def predict(self, *x, **options):
            seen.append(self.state())
            return super().predict(*x, **options)

    spy = Spy(list(deepcopy(net).layers))
    probe.loss_landscape(spy, loss, np.ones((1, 1, 3, 3)), None, n=3, radius=0.5, dimensions=1)
    left, middle, right = seen[:3]
    for path, theta in net.state().items():
        np.testing.assert_array_equal(middle[path], theta)
        step = right[path] - theta
        np.testing.assert_allclose(theta - left[path], step)
        inner = tuple(range(1, theta.ndim))
        expected = 0 if theta.ndim == 1 else 0.5 * np.sqrt((theta**2).sum(axis=inner))
        np.testing.assert_allclose(np.sqrt((step**2).sum(axis=inner)), expected)
        assert theta.ndim == 1 or abs(abs(step) - abs(theta) / 2).max() > 0.01  # and each in its own direction


def test_a_loss_that_overflows_is_infinite():
    net = Net([Linear(2, 2)])
    found = probe.loss_landscape(net, lambda p, y: (np.nan, p), np.ones((1, 2)), None, n=3, dimensions=1)
    assert found.losses.tolist() == [np.inf] * 3


@pytest.mark.parametrize("name", ["mlp", "digits_cnn", "lenet5", "resnet20", "mobilenet"])
def test_maximization_raises_the_scores_of_our_models(name):
    net, x = IMAGES[name]()
    before, streams = net.state(), generator_states()
    found = probe.activation_maximization(net, x.shape[1:], [3, 0], steps=12)
    assert generator_states() == streams
    assert all(np.array_equal(array, before[path]) for path, array in net.state().items())
    assert not any(parameter.gradient.any() for parameter in net.parameters().values())
    assert found.x.shape == (2, *x.shape[1:])
    assert 0 <= found.x.min() <= found.x.max() <= 1
    assert (found.activations[-1] > found.activations[0]).all()
    scores = net.predict(found.x)[[0, 1], [3, 0]]
    np.testing.assert_allclose(found.activations[-1], scores, rtol=1e-3, atol=1e-4)


def test_maximization_of_a_trained_net_is_what_it_recognises(trained):
    found = probe.activation_maximization(trained, (1, 8, 8), steps=60)
    np.testing.assert_array_equal(trained.predict(found.x).argmax(axis=1), np.arange(10))


def test_maximization_repeats_itself_and_blurs_each_channel_alone():
    net = Net([Conv2D(2, 2, 3), ReLU(), Flatten(), Linear(32, 2)])
    first = probe.activation_maximization(net, (2, 6, 6), steps=8)
    again = probe.activation_maximization(net, (2, 6, 6), steps=8, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(first.x, again.x)
    x = np.zeros((2, 2, 5, 5))
    x[0, 0, 2, 2] = 1
    soft = _blurred(x, 0.8)
    assert not soft[1].any()
    assert not soft[0, 1].any()
    assert soft[0, 0].sum() == pytest.approx(1, abs=0.02)
    np.testing.assert_allclose(soft[0, 0], soft[0, 0].T)
    assert 0 < soft[0, 0, 1, 2] < soft[0, 0, 2, 2] < 1


def test_maximization_of_a_channel_inside():
    net = Net([Conv2D(1, 2, 1), ReLU(), Flatten(), Linear(8, 2)])
    net.load_state(
        {"0.weight": [[[[1.0]]], [[[-1.0]]]], "0.bias": [0, 1], "3.weight": np.ones((2, 8)), "3.bias": [0, 0]}
    )
    found = probe.activation_maximization(net, (1, 2, 2), layer="1", steps=40, decay=0, blur=0)
    np.testing.assert_allclose(found.x[0], 1)
    np.testing.assert_allclose(found.x[1], 0)
    np.testing.assert_allclose(found.activations[-1], [1, 1])
    along = Net([Linear(2, 3), ReLU()])
    steps = probe.activation_maximization(along, (5, 2), [0, 2], layer="0", steps=3)
    assert steps.x.shape == (2, 5, 2)
    means = along[0].forward(steps.x).mean(axis=1)
    np.testing.assert_allclose(steps.activations[-1], [means[0, 0], means[1, 2]], rtol=1e-5)
    free = probe.activation_maximization(net, (1, 2, 2), 0, layer="1", steps=40, decay=0, blur=0, bounds=None)
    assert free.x.max() > 1.5
    assert free.layer == "1"
