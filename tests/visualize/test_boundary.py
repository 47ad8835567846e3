"""Data in one and two dimensions, and autoencoders."""

import numpy as np
import pytest

from tinynet.data import Dataset, moons, sine
from tinynet.layers import Flatten, Linear, Sigmoid
from tinynet.net import Net
from tinynet.visualize import decision_boundary, fit_curve, reconstructions


def half_planes(*last):
    """A net that calls points with x₀ > 0 class 1, by one output."""
    layer = Linear(2, 1)
    layer.weight.tensor = [[4, 0]]
    layer.bias.tensor = [0]
    return Net([layer, *last])


POINTS = Dataset(np.array([[-1, 0], [1, 0], [1, 1], [-1, 1]], np.float32), np.array([0, 1, 1, 1]), ["left", "right"])


@pytest.mark.parametrize("last", [(), (Sigmoid(),)])
def test_boundary_of_one_output(last):
    figure = decision_boundary(half_planes(*last), POINTS)
    ax = figure.axes[0]
    assert ax.get_title(loc="left") == "3 of 4 points right"
    plane = ax.images[0].get_array()
    assert plane[120, 0, 2] > plane[120, 0, 0]  # blue on the left
    assert plane[120, -1, 0] > plane[120, -1, 2]  # orange on the right
    lines = np.concatenate([path.vertices for line in ax.collections[:2] for path in line.get_paths()])
    np.testing.assert_allclose(lines[:, 0], 0, atol=1e-3)


def test_boundary_of_several_outputs_shows_every_sample():
    net = Net([Linear(2, 3)])
    data = moons(30, rng=0)
    figure = decision_boundary(net, data)
    shown = [c.get_offsets() for c in figure.axes[0].collections if len(c.get_offsets()) > 1]
    np.testing.assert_allclose(np.concatenate(shown), np.concatenate([data.x[data.y == 0], data.x[data.y == 1]]))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["0", "1"]


def test_boundary_needs_points_and_fitting_outputs():
    with pytest.raises(ValueError, match=r"decision_boundary: expected points of shape \(N, 2\), got \(3, 4\)"):
        decision_boundary(Net([Linear(4, 2)]), Dataset(np.ones((3, 4)), np.array([0, 1, 0])))
    with pytest.raises(TypeError, match="expected integer labels"):
        decision_boundary(Net([Linear(2, 2)]), Dataset(np.ones((3, 2)), np.ones(3)))
    with pytest.raises(ValueError, match=r"expected outputs of shape \(N, 4\) for 4 classes, got \(57600, 3\)"):
        decision_boundary(Net([Linear(2, 3)]), Dataset(np.ones((4, 2)), np.arange(4)))


def test_fit_curve_draws_the_net_between_the_samples():
    net = Net([Linear(1, 1)])
    net[0].weight.tensor = [[2]]
    net[0].bias.tensor = [1]
    x = np.array([[0.0], [1.0], [4.0]])
    figure = fit_curve(net, Dataset(x, np.array([[1.0], [3.0], [6.0]])))
    ax = figure.axes[0]
    line = ax.lines[0]
    np.testing.assert_allclose(line.get_ydata(), 2 * line.get_xdata() + 1, rtol=1e-6)
    assert (line.get_xdata()[0], line.get_xdata()[-1]) == (0, 4)
    assert ax.get_title(loc="left") == "Root mean square error 1.73 on 3 samples"  # √(3² / 3)


def test_fit_curve_takes_truth_without_its_second_axis():
    data = sine(10, rng=0)
    fit_curve(Net([Linear(1, 1)]), Dataset(data.x, data.y[:, 0]))


def test_fit_curve_is_for_one_number():
    with pytest.raises(ValueError, match=r"fit_curve: expected x of shape \(N, 1\), got \(3, 2\)"):
        fit_curve(Net([Linear(2, 1)]), Dataset(np.ones((3, 2)), np.ones((3, 1))))
    with pytest.raises(ValueError, match=r"fit_curve: expected outputs of shape \(N, 1\), got \(3, 2\)"):
        fit_curve(Net([Linear(1, 2)]), Dataset(np.ones((3, 1)), np.ones((3, 1))))


def test_reconstructions_stand_below_their_images():
    net = Net([Flatten(), Linear(4, 4)])
    net[1].weight.tensor = 0.5 * np.eye(4)
    net[1].bias.tensor = np.zeros(4)
    x = np.array([0.0, 0.2, 0.4, 0.8], np.float32).reshape(1, 1, 2, 2).repeat(3, axis=0)
    figure = reconstructions(net, Dataset(x, np.zeros(3)), n=2)
    drawn = figure.axes[0].images
    assert len(drawn) == 4
    np.testing.assert_allclose(drawn[0].get_array(), x[0, 0])
    np.testing.assert_allclose(drawn[1].get_array(), x[0, 0] / 2)
    assert drawn[1].get_extent()[3] < drawn[0].get_extent()[2]
    assert figure.axes[0].texts[0].get_text() == "error 0.23"  # √((0.1² + 0.2² + 0.4²) / 4)


def test_reconstructions_are_for_autoencoders(cnn, images):
    with pytest.raises(ValueError, match=r"expected outputs of the shape \(10, 1, 8, 8\) of the images, got \(10, 3\)"):
        reconstructions(cnn, images)
    with pytest.raises(ValueError, match="reconstructions: n must be at least 1"):
        reconstructions(cnn, images, n=0)
    with pytest.raises(ValueError, match="reconstructions: expected images"):
        reconstructions(Net([Linear(2, 2)]), POINTS)
