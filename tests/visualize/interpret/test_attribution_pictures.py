"""The pictures of attributions: what is drawn where, in which colours, and what is written."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from tests.probe.interpret.conftest import IMAGES, POINTS, SEQUENCES
from tinynet import models, probe, visualize
from tinynet.layers import Conv2D, Flatten, Linear, ReLU
from tinynet.net import Net
from tinynet.visualize.style import PAPER

METHODS = {
    "saliency": visualize.saliency,
    "smooth_grad": lambda net, x: visualize.smooth_grad(net, x, n_samples=2),
    "integrated_gradients": lambda net, x: visualize.integrated_gradients(net, x, steps=2),
    "guided_backpropagation": visualize.guided_backpropagation,
    "deconvnet": visualize.deconvnet,
    "occlusion": lambda net, x: visualize.occlusion(net, x, size=2),
}


def words(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts if text.get_text()]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["digits_cnn", "mobilenet", "char_gpt", "mlp of points"])
def test_every_method_draws_every_kind_of_net(method, name):
    net, x = (IMAGES | SEQUENCES | POINTS)[name]()
    figure = METHODS[method](net, x)
    assert figure.get_suptitle().replace("-", "").lower().startswith(method.split("_")[0])


@pytest.mark.parametrize("name", ["vgg11", "resnet20", "char_lstm"])
def test_more_nets(name):
    net, x = (IMAGES | SEQUENCES)[name]()
    visualize.attributions(probe.saliency(net, x), probe.guided_backpropagation(net, x)).draw_without_rendering()


@pytest.mark.parametrize("name", ["digits_cnn", "vgg11", "mobilenet"])
def test_grad_cam_draws_and_names_the_layer(name):
    net, x = IMAGES[name]()
    figure = visualize.grad_cam(net, x)
    found = probe.grad_cam(net, x)
    assert f"The layer is {found.layer}: " in figure.get_supxlabel()


def test_maps_stand_beside_their_inputs_and_say_their_scale(trained, pictures):
    found = probe.integrated_gradients(trained, pictures), probe.saliency(trained, pictures)
    figure = visualize.attributions(*found, classes=list("abcdefghij"))
    ax = figure.axes[0]
    assert len(ax.images) == 4 * 3
    signed, strong = ax.images[1], ax.images[2]
    evidence, strength = found[0].evidence()[0], found[1].strength()[0]
    np.testing.assert_allclose(signed.get_array(), evidence / abs(evidence).max(), rtol=1e-6)
    assert signed.get_clim() == (-1, 1)  # white is 0
    assert signed.get_cmap()(0.5)[:3] == pytest.approx((1, 1, 1), abs=0.02)
    np.testing.assert_allclose(strong.get_array(), strength / strength.max(), rtol=1e-6)
    assert strong.get_clim() == (0, 1)
    written = words(figure)
    assert written[0] == f"{'abcdefghij'[found[0].target[0]]} · score {found[0].scores[0]:.3g}"
    assert f"sum off by {100 * found[0].completeness_error[0]:.2g} %" in written
    assert f"up to {strength.max():.2g} score / unit" in written
    assert written[-3:] == ["input", "integrated gradients", "saliency"]
    assert [bar.get_xlabel() for bar in figure.axes[1:]] == [
        "against ← 0 → in favour, as a share of the largest",
        "strength, as a share of the largest",
    ]


def test_one_method_takes_two_samples_in_a_row_and_its_title_is_whole(trained, pictures):
    figure = visualize.guided_backpropagation(trained, pictures)
    assert words(figure)[-4:] == ["input", "guided back-propagation"] * 2
    figure.draw_without_rendering()
    for title in (figure._suptitle, figure._supxlabel):
        assert title.get_window_extent().x1 <= figure.bbox.x1
    single = visualize.saliency(trained, pictures[:1])
    single.draw_without_rendering()
    assert "\n" in single.get_suptitle()
    assert single._suptitle.get_window_extent().x1 <= single.bbox.x1
    assert "may ignore the weights" in figure.get_supxlabel().replace("\n", " ")


def test_no_words_overlap(trained, pictures):
    methods = (
        probe.saliency,
        probe.guided_backpropagation,
        probe.integrated_gradients,
        probe.deconvnet,
        probe.grad_cam,
    )
    figure = visualize.attributions(*[method(trained, pictures) for method in methods])
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts if text.get_text()]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])


def test_negative_evidence_is_said_in_words():
    net = Net([Conv2D(1, 2, 1), ReLU(), Flatten(), Linear(8, 2)])
    none = np.zeros(2)
    net.load_state({"0.weight": np.ones((2, 1, 1, 1)), "0.bias": none, "3.weight": -np.ones((2, 8)), "3.bias": none})
    figure = visualize.grad_cam(net, np.ones((1, 1, 2, 2)), 0)
    assert "all evidence\nis negative" in words(figure)
    assert len(figure.axes) == 1  # no colours to explain


def test_colour_pictures_of_three_channels():
    net, x = IMAGES["vgg11"]()
    figure = visualize.guided_backpropagation(net, x)
    found = probe.guided_backpropagation(net, x).values[0]
    shown = figure.axes[0].images[1].get_array()
    np.testing.assert_allclose(shown, (0.5 + found / (2 * abs(found).max())).transpose(1, 2, 0), rtol=1e-5)
    assert "grey is 0" in words(figure)


def test_a_deconvnet_of_every_depth():
    net, x = IMAGES["vgg11"]()
    figure = visualize.deconvnet(net, x)
    heads = words(figure)[-7:]
    assert heads == ["input", *(f"layer {path}" for path in (1, 4, 9, 12, 17, 19))]
    found = probe.deconvnet(net, x, "17")
    assert words(figure)[5] == f"channel {found.channel[0]}"
    one = visualize.deconvnet(net, x, "4")
    assert words(one)[-4:] == ["input", "deconvnet, layer 4"] * 2
    whole = visualize.deconvnet(net, x, "4", "all")
    assert whole.get_suptitle() == "Deconvnet: what a layer has kept of the input"
    assert figure.get_suptitle() == one.get_suptitle() == "Deconvnet: what the strongest activation answers to"


@pytest.mark.parametrize("shape", [(20, 1, 8, 8), (9, 8)])
def test_the_first_eight_are_drawn(shape):
    net = models.mlp(int(np.prod(shape[1:])), [4], 2)
    figure = visualize.saliency(net, np.random.default_rng(0).random(shape))
    assert f"The first 8 of {shape[0]} samples are drawn." in figure.get_supxlabel()
    assert (len(figure.axes) == 8) if len(shape) == 2 else (len(figure.axes[0].images) == 16)


def test_numbers_that_are_not_finite_are_drawn_as_gaps():
    net = Net([Flatten(), Linear(4, 2)])
    net[1].weight.tensor = [[np.nan, 1, 2, 3], [1, 1, 1, 1]]
    for method in (visualize.saliency, visualize.integrated_gradients, visualize.guided_backpropagation):
        method(net, np.ones((1, 1, 2, 2)), 0).draw_without_rendering()


def test_bars_for_a_few_numbers():
    net, x = POINTS["mlp of points"]()
    figure = visualize.integrated_gradients(net, x)
    found = probe.integrated_gradients(net, x)
    bars = figure.axes[0].patches
    np.testing.assert_allclose([bar.get_height() for bar in bars], found.values[0], rtol=1e-6)
    assert figure.axes[0].get_ylabel() == "score"
    assert figure.axes[0].get_title(loc="left") == (
        f"integrated gradients: class {found.target[0]} · score {found.scores[0]:.3g}"
    )
    signs = ["#0072b2" if bar.get_height() >= 0 else "#d55e00" for bar in bars]
    assert [to_hex(bar.get_facecolor()) for bar in bars] == signs


def test_a_strip_for_many_numbers_and_for_words():
    wide = Net([Linear(60, 2)])
    figure = visualize.saliency(wide, np.ones((1, 60)))
    assert figure.axes[0].images[0].get_array().shape == (1, 60)
    net, tokens = SEQUENCES["char_gpt"]()
    figure = visualize.attributions(probe.occlusion(net, tokens), probe.saliency(net, tokens), words="abc \nfghi")
    cells = [text.get_text() for text in figure.axes[0].texts][1:]
    assert cells == ["abc␣↵fghi"[token] for token in tokens[0]]
    line = probe.occlusion(net, tokens).values[0, :, 0]
    largest = abs(line).max()
    assert figure.axes[0].images[0].get_clim() == pytest.approx((-largest, largest))
    colours = [text.get_color() for text in figure.axes[0].texts][1:]
    assert colours[int(abs(line).argmax())] == PAPER
    assert figure.axes[-1].texts[-1].get_text() == (
        "blue: in favour, orange: against, white: 0; saliency: the bluer, the stronger"
    )
    strength = probe.saliency(net, tokens).strength()[0]
    np.testing.assert_allclose(figure.axes[1].images[0].get_array()[0], strength)


def test_outputs_without_a_class_are_named():
    net = Net([Linear(3, 1)])
    assert visualize.saliency(net, np.ones((1, 3))).axes[0].get_title(loc="left").startswith("saliency: output · score")
    net = Net([Linear(3, 2)])
    figure = visualize.saliency(net, np.ones((1, 3)), (1,))
    assert figure.axes[0].get_title(loc="left").startswith("saliency: output (1,) · score")


def test_attributions_must_be_of_the_same_inputs(trained, pictures):
    with pytest.raises(TypeError, match=r"attributions: expected at least one attribution\.\nHint: pass"):
        visualize.attributions()
    with pytest.raises(TypeError, match=r"attributions: found\[1\] must be a Attribution, got a ndarray"):
        visualize.attributions(probe.saliency(trained, pictures), pictures)
    with pytest.raises(ValueError, match=r"attributions: found\[1\] is about other inputs than found\[0\]"):
        visualize.attributions(probe.saliency(trained, pictures), probe.saliency(trained, pictures[::-1]))
    with pytest.raises(ValueError, match=r"attributions: labels must lie in 0 to 1, for 2 names"):
        visualize.attributions(probe.saliency(trained, pictures), classes=["a", "b"])
