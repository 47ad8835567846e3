"""Filters, feature maps, histograms and the diagram."""

import numpy as np
import pytest

from tinynet.layers import Conv2D, Dropout, Flatten, Linear, ReLU, Tanh
from tinynet.losses import cross_entropy
from tinynet.net import Concat, Named, Net, Residual
from tinynet.visualize import feature_maps, filters, gradient_histograms, network_diagram, weight_histograms


def titles(figure):
    return [ax.get_title(loc="left") for ax in figure.axes]


def test_filters_of_the_first_convolution(cnn):
    figure = filters(cnn)
    drawn = figure.axes[0].images
    W = cnn[0].weight.tensor
    assert len(drawn) == 4
    np.testing.assert_allclose(drawn[2].get_array(), W[2, 0])
    assert drawn[0].get_clim() == pytest.approx((-np.abs(W).max(), np.abs(W).max()))  # white is zero
    assert figure.get_suptitle() == "Filters of Conv2D(1, 4, 3) (layer 0)"


def test_filters_of_three_channels_are_in_colour():
    layer = Conv2D(3, 2, 5)
    figure = filters(layer)
    drawn = figure.axes[0].images
    assert [image.get_array().shape for image in drawn] == [(5, 5, 3)] * 2
    W = layer.weight.tensor[1]
    np.testing.assert_allclose(drawn[1].get_array(), ((W - W.min()) / np.ptp(W)).transpose(1, 2, 0), rtol=1e-5)
    assert figure.get_suptitle() == "Filters of Conv2D(3, 2, 5)"


def test_many_filters_are_cut_and_it_is_said():
    figure = filters(Conv2D(5, 20, 3))
    assert len(figure.axes[0].images) == 64
    assert figure.get_suptitle() == "Filters, channel by channel, of Conv2D(5, 20, 3), the first 64 of 100"


def test_filters_deep_inside_and_all_zero():
    layer = Conv2D(1, 2, 3)
    layer.weight.tensor = np.zeros((2, 1, 3, 3))
    assert filters(Net([Residual([layer])])).get_suptitle() == "Filters of Conv2D(1, 2, 3) (layer 0.body.0)"


def test_no_convolution():
    with pytest.raises(ValueError, match=r"filters: there is no Conv2D in Net.\nHint: .*weight_histograms"):
        filters(Net([Linear(2, 2)]))


def test_feature_maps_follow_the_input_through_the_net(cnn, images):
    x = images.x[0]
    figure = feature_maps(cnn, x)
    assert titles(figure) == [
        "Input   (1, 8, 8)",
        "0  Conv2D(1, 4, 3)   (4, 6, 6)",
        "1  ReLU()   (4, 6, 6)",
        "2  MaxPool2D(2)   (4, 3, 3)",
        "4  Linear(36, 3)   (3,)",  # Flatten changes nothing
    ]
    y = cnn[0].forward(x[None])[0]
    drawn = figure.axes[1].images[0].get_array()
    np.testing.assert_allclose(drawn[:, :6], y[0])
    np.testing.assert_allclose(drawn[:, 7:13], y[1])
    logits = cnn.predict(x[None])[0]
    assert [text.get_text() for text in figure.axes[4].texts] == [f"{value:.3g}" for value in logits]


def test_feature_maps_of_many_channels_inner_layers_and_nan():
    net = Net([Residual([Conv2D(3, 3, 3, padding=1)]), Conv2D(3, 15, 3), Dropout(0.5), Flatten(), Linear(60, 2)])
    net[4].weight.tensor = np.full((2, 60), np.nan)
    figure = feature_maps(net, np.ones((3, 4, 4), np.float32))
    assert [title.split()[0] for title in titles(figure)] == ["Input", "0.body.0", "1", "4"]
    assert [text.get_text() for text in figure.axes[2].texts] == ["+ 3"]
    assert [text.get_text() for text in figure.axes[3].texts] == ["nan", "nan"]


def test_feature_maps_of_vectors_and_sequences():
    assert titles(feature_maps(Net([Linear(4, 30), Tanh()]), np.ones(4, np.float32)))[1:] == [
        "0  Linear(4, 30)   (30,)",
        "1  Tanh()   (30,)",
    ]
    figure = feature_maps(Net([Linear(4, 3)]), np.ones((7, 4), np.float32))
    assert figure.axes[1].images[0].get_array().shape == (7, 3)


def test_feature_maps_want_one_input(cnn, images):
    with pytest.raises(
        ValueError, match=r"expected one input without the batch axis, got shape \(1, 1, 8, 8\).\nHint: pass x\[0\]"
    ):
        feature_maps(cnn, images.x[:1])
    with pytest.raises(TypeError, match=r"feature_maps: expected x to be the array of one input, got list"):
        feature_maps(cnn, [1.0])
    with pytest.raises(ValueError, match=r"layer 0: Conv2D"):
        feature_maps(cnn, np.ones((2, 8, 8), np.float32))


def test_weight_histograms_count_every_value(cnn):
    figure = weight_histograms(cnn)
    assert titles(figure)[:2] == ["0.weight", "4.weight"]
    counts = [sum(bar.get_height() for bar in ax.patches) for ax in figure.axes[:2]]
    assert counts == [36, 108]
    assert f"108 values\nstd {cnn[4].weight.tensor.std():.2g}" in figure.axes[1].texts[0].get_text()


def test_weights_that_are_not_finite_or_zero_are_counted_apart():
    net = Net([Linear(2, 2), Linear(2, 2)])
    net[0].weight.tensor = [[np.nan, np.inf], [0, 1]]
    net[1].weight.tensor = np.full((2, 2), np.nan)
    notes = [ax.texts[0].get_text() for ax in weight_histograms(net).axes[:2]]
    assert notes == ["4 values\nstd 0.5\n25 % zero\n2 not finite", "4 values\n4 not finite"]


def test_a_net_of_biases_alone_shows_them():
    from tinynet.core import Parameter

    layer = Linear(2, 2)
    layer.weight = Parameter(np.ones(2))
    assert titles(weight_histograms(Net([layer])))[:2] == ["0.weight", "0.bias"]


def test_gradient_histograms_show_the_gradient_and_leave_the_net_alone(cnn, images):
    x, y = images[:]
    before = {path: parameter.gradient.copy() for path, parameter in cnn.parameters().items()}
    figure = gradient_histograms(cnn, x, y, cross_entropy)
    assert titles(figure)[:2] == ["0.weight", "4.weight"]
    assert all(np.array_equal(before[path], parameter.gradient) for path, parameter in cnn.parameters().items())
    assert cnn.training
    cnn.backward(cross_entropy(cnn.forward(x), y)[1])
    expected = cnn.parameters()["4.weight"].gradient
    bars = figure.axes[1].patches
    edges = [bar.get_x() for bar in bars] + [bars[-1].get_x() + bars[-1].get_width()]
    assert edges[-1] == pytest.approx(np.abs(expected).max())
    assert f"std {expected.std():.2g}" in figure.axes[1].texts[0].get_text()


def test_nets_without_parameters_have_no_histograms():
    for draw in (
        weight_histograms,
        lambda net: gradient_histograms(net, np.ones((1, 2)), np.array([0]), cross_entropy),
    ):
        with pytest.raises(ValueError, match=r"_histograms: Net has no parameters"):
            draw(Net([ReLU()]))


def test_diagram_has_a_box_for_every_layer(cnn):
    figure = network_diagram(cnn, (1, 8, 8))
    words = [text.get_text() for text in figure.axes[0].texts if text.get_text()]
    assert words == [
        *("Input", "1×8×8"),
        *("Conv2D", "1, 4, 3", "4×6×6", "40 parameters"),
        *("ReLU", "4×6×6"),
        *("MaxPool2D", "kernel_size=2", "4×3×3"),
        *("Flatten", "36"),
        *("Linear", "36, 3", "3", "111 parameters"),
    ]
    assert figure.get_suptitle() == "Net: 151 parameters"


def test_diagram_of_layers_with_names():
    net = Named({"front": Net([Linear(4, 3), ReLU()]), "back": Linear(3, 2)})
    words = [text.get_text() for text in network_diagram(net, (4,)).axes[0].texts if text.get_text()]
    assert words == [
        *("Input", "4"),
        *("Linear", "4, 3", "3", "15 parameters"),
        *("ReLU", "3"),
        *("Linear", "3, 2", "2", "8 parameters"),
    ]


def test_diagram_of_branches_inner_nets_and_many_layers():
    body = Residual([Linear(4, 4), ReLU(), Linear(4, 4)])
    net = Net(
        [Net([Linear(4, 4), ReLU()]), body, Concat([[Linear(4, 2)], [Linear(4, 2)]]), *(Tanh() for _ in range(20))]
    )
    figure = network_diagram(net, (4,))
    words = [text.get_text() for text in figure.axes[0].texts]
    assert words[words.index("Residual") :][:4] == ["Residual", "Linear, ReLU, Linear", "4", "40 parameters"]
    assert "Linear, Linear" in words
    boxes = figure.axes[0].patches
    corners = [(box.get_x(), box.get_y()) for box in boxes]
    assert len(set(corners)) == len(corners) == 1 + 2 + 1 + 1 + 20
    assert len({y for _, y in corners}) == 5  # rows of six


def test_diagram_of_an_input_that_does_not_fit(cnn):
    with pytest.raises(ValueError, match=r"layer 4: Linear"):
        network_diagram(cnn, (1, 12, 12))
