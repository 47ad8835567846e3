"""The pictures of units, attention, embeddings, boundaries, the landscape and the randomization check."""

import numpy as np
import pytest

from tests.probe.interpret.conftest import EVERY, IMAGES, SEQUENCES, tokens
from tinynet import models, probe, visualize
from tinynet.data import Dataset, digits, moons, spirals
from tinynet.layers import Linear
from tinynet.learner import Learner, Snapshots
from tinynet.losses import cross_entropy
from tinynet.net import Net
from tinynet.optimizers import SGD


def left_title(ax):
    return ax.get_title(loc="left")


def test_pictures_that_excite_classes(trained):
    figure = visualize.activation_maximization(trained, (1, 8, 8), [2, 7], classes=list("abcdefghij"), steps=5)
    found = probe.activation_maximization(trained, (1, 8, 8), [2, 7], steps=5)
    written = [text.get_text() for text in figure.axes[0].texts]
    before, after = found.activations[[0, -1], 0]
    assert written[:2] == ["c", f"score {before:.2g} → {after:.3g}"]
    np.testing.assert_allclose(figure.axes[0].images[1].get_array(), found.x[1, 0])
    figure = visualize.activation_maximization(trained, (1, 8, 8), layer="1", steps=2)
    assert figure.get_suptitle() == "The picture that excites each channel of layer 1 most"
    assert len(figure.axes[0].images) == 16
    assert figure.axes[0].texts[0].get_text() == "channel 0"
    with pytest.raises(
        ValueError, match=r"activation_maximization: expected input_shape to be \(C, H, W\), got \(2,\)"
    ):
        visualize.activation_maximization(models.mlp(2, [4], 2), (2,))


@pytest.mark.parametrize("name", ["lenet5", "resnet20", "vgg11"])
def test_pictures_that_excite_other_models(name):
    net, x = IMAGES[name]()
    figure = visualize.activation_maximization(net, x.shape[1:], [0, 1], steps=2)
    assert figure.axes[0].texts[0].get_text() == "class 0"


def test_attention_has_a_panel_for_each_head():
    net, x = SEQUENCES["char_gpt"]()
    figure = visualize.attention_maps(net, x, sample=1, words="abcdefghi")
    panels = figure.axes[:-1]
    assert [left_title(ax) for ax in panels] == [
        f"{layer}.attention  head {head}" for layer in (1, 2) for head in (0, 1)
    ]
    p = probe.attention_maps(net, x)[1].p[1, 0]
    np.testing.assert_allclose(panels[2].images[0].get_array(), p)
    assert all(ax.images[0].get_clim() == (0, 1) for ax in panels)
    labels = ["abcdefghi"[token] for token in x[1]]
    assert [label.get_text() for label in panels[0].get_xticklabels()] == labels
    assert [label.get_text() for label in panels[0].get_yticklabels()] == labels
    with pytest.raises(ValueError, match=r"attention_maps: sample must be from 0 to 1, got 2"):
        visualize.attention_maps(net, x, sample=2)


def test_attention_between_two_sequences():
    net, inputs = models.seq2seq(9, 8, 2, 8), (tokens(), tokens()[:, :4] + 0)
    figure = visualize.attention_maps(net, *inputs)
    paths = [left_title(ax).split()[0] for ax in figure.axes[:-1:2]]
    assert [path.split(".")[1] for path in paths] == ["encoder", "encoder", "reader", "attention", "writer"]
    crossed = next(ax for ax in figure.axes if left_title(ax).startswith("0.attention"))
    assert [label.get_text() for label in crossed.get_xticklabels()] == [str(token) for token in inputs[0][0]]
    assert [label.get_text() for label in crossed.get_yticklabels()] == [str(token) for token in inputs[1][0]]
    long = visualize.attention_maps(models.char_gpt(9, 8, 2, 1), np.zeros((1, 40), int))
    assert max(float(tick) for tick in long.axes[0].get_xticks()) >= 30


@pytest.mark.parametrize("name", ["digits_cnn", "mlp", "resnet20", "mobilenet"])
def test_embeddings_of_our_models(name):
    net, _ = IMAGES[name]()
    test = digits()[1]
    figure = visualize.embedding_map(net, test, n=60)
    ax = figure.axes[0]
    assert sum(len(dots.get_offsets()) for dots in ax.collections) == 60
    assert left_title(ax).startswith("PCA of the input of layer ")
    assert left_title(ax).endswith("60 samples")
    x, y = test[np.linspace(0, len(test) - 1, 60).astype(int)]
    found = probe.pca(probe.representations(net, x).values)
    np.testing.assert_allclose(ax.collections[3].get_offsets(), found.points[y == 3], atol=1e-6)
    assert ax.get_ylabel() == f"second principal component ({100 * found.quality[1]:.0f} % of the variance)"


def test_embeddings_by_neighbours_and_of_a_layer():
    data = moons(40)
    figure = visualize.embedding_map(models.mlp(2, [8], 2), data, "1", method="tsne", perplexity=5, n_steps=20)
    assert left_title(figure.axes[0]) == "t-SNE of the output of layer 1: Linear(2, 8), 40 samples"
    assert "KL(P‖Q) = " in figure.axes[0].get_xlabel()
    with pytest.raises(ValueError, match=r"embedding_map: method must be one of 'pca', 'tsne'; got 'umap'"):
        visualize.embedding_map(models.mlp(2, [8], 2), data, method="umap")


def test_vectors_with_names():
    X = np.random.default_rng(0).normal(size=(5, 6))
    figure = visualize.points_map(X, "ab \nc")
    texts = figure.axes[0].texts
    assert [text.get_text() for text in texts] == ["a", "b", "␣", "↵", "c"]
    np.testing.assert_allclose([text.get_position() for text in texts], probe.pca(X).points)
    visualize.points_map(X, "abcde", method="tsne", perplexity=2, n_steps=5)
    with pytest.raises(ValueError, match=r"points_map: expected a name for each of 5 vectors, got 2"):
        visualize.points_map(X, "ab")


def test_boundaries_over_training():
    data, moments = spirals(60), Snapshots([1, 3])
    net = models.mlp(2, [8], 3)
    Learner(net, cross_entropy, SGD(lr=0.1), data, callbacks=[moments]).fit(4, progress=False)
    after = net.state()
    figure = visualize.boundary_over_training(net, data, moments.states)
    titles = [left_title(ax) for ax in figure.axes]
    assert [title.split(":")[0] for title in titles] == ["epoch 0", "epoch 1", "epoch 3"]
    assert all(np.array_equal(array, after[path]) for path, array in net.state().items())
    net.load_state(moments.states[3])
    right = (net.predict(data.x).argmax(axis=1) == data.y).sum()
    assert titles[2] == f"epoch 3: {right} of 60 points right"
    legend = figure.legends[0]
    assert [text.get_text() for text in legend.get_texts()] == ["0", "1", "2"]
    four = visualize.boundary_over_training(net, data, dict.fromkeys(range(4), after))
    assert [ax.spines["left"].get_visible() for ax in four.axes] == [True] * 4 + [False] * 2


def test_boundaries_want_moments():
    net = models.mlp(2, [8], 3)
    with pytest.raises(TypeError, match=r"boundary_over_training: states must be a dict, .*\nHint: pass the states of"):
        visualize.boundary_over_training(net, spirals(30), [net.state()])
    with pytest.raises(ValueError, match=r"boundary_over_training: states"):
        visualize.boundary_over_training(net, spirals(30), {})


@pytest.mark.parametrize("name", ["mlp of points", "digits_cnn", "char_gpt"])
def test_the_landscape_as_a_plane_and_as_a_line(name):
    net, x = EVERY[name]()
    y = x if name in SEQUENCES else np.array([0, 1])
    figure = visualize.loss_landscape(net, cross_entropy, x, y, n=3)
    figure.draw_without_rendering()
    found = probe.loss_landscape(net, cross_entropy, x, y, n=3)
    assert left_title(figure.axes[0]) == f"Loss around the solution, 2 samples: {found.at_solution:.3g} at its weights"
    assert figure.axes[0].get_ylabel() == "step along direction 2"
    assert figure.axes[1].get_ylabel() == "loss, logarithmic"
    line = visualize.loss_landscape(net, cross_entropy, x, y, dimensions=1, n=5)
    drawn = probe.loss_landscape(net, cross_entropy, x, y, dimensions=1, n=5)
    np.testing.assert_allclose(line.axes[0].lines[0].get_ydata(), drawn.losses)
    assert line.axes[0].get_ylabel() == "loss"


def test_a_steep_line_has_a_logarithmic_axis():
    net = Net([Linear(2, 2)])
    net[0].weight.tensor = [[1, 2], [3, 4]]

    def loss(predicted, y):
        return float(np.exp(np.float64(predicted.max()))), predicted

    figure = visualize.loss_landscape(
        net,
        loss,
        np.full((1, 2), 3.0),
        None,
        dimensions=1,
        n=5,
    )
    assert figure.axes[0].get_yscale() == "log"
    flat = visualize.loss_landscape(net, lambda p, y: (0.0, p), np.ones((1, 2)), None, n=3)
    flat.draw_without_rendering()
    lost = visualize.loss_landscape(net, lambda p, y: (np.nan, p), np.ones((1, 2)), None, n=3)
    assert lost.axes[0].texts[0].get_text() == "The loss is finite nowhere around these weights."


@pytest.mark.parametrize("name", ["digits_cnn", "vgg11", "mlp"])
def test_the_check_has_maps_and_curves(name):
    net, x = IMAGES[name]()
    figure = visualize.randomization_check(net, x)
    found = probe.randomization_check(net, x)
    *maps, curves = figure.axes
    in_row = 1 + min(len(found.layers) + 1, 5)
    assert len(maps) == 2 * in_row
    assert left_title(maps[1]) == "as trained"
    np.testing.assert_allclose(maps[in_row + 1].images[0].get_array(), found.maps["guided_backpropagation"][0, 0])
    for line, similarity in zip(curves.lines[:2], found.similarities.values(), strict=True):
        np.testing.assert_allclose(line.get_ydata(), similarity)
    remains = found.remains()["saliency"]
    assert curves.get_legend().get_texts()[0].get_text() == f"saliency: {remains:.2f} is left at half of the layers"


def test_the_check_of_other_methods(trained, pictures):
    figure = visualize.randomization_check(trained, pictures, methods=[probe.guided_backpropagation])
    assert len(figure.axes) == 6 + 1
    with pytest.raises(ValueError, match=r"randomization_check: expected images of shape"):
        visualize.randomization_check(trained, pictures[0])


def test_a_data_set_without_names():
    data = Dataset(np.random.default_rng(0).random((9, 2)).astype(np.float32), np.arange(9) % 3)
    assert visualize.embedding_map(models.mlp(2, [4], 3), data).legends[0].get_texts()[1].get_text() == "1"
