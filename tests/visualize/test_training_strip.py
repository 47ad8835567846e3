"""The picture of all layers over training, histograms over time, and singular values."""

import numpy as np
import pytest

import tinynet as tn
from tinynet.data import moons
from tinynet.layers import Conv2D, Linear, ReLU, Sigmoid
from tinynet.learner import Learner, Statistics
from tinynet.losses import cross_entropy
from tinynet.net import Net
from tinynet.optimizers import SGD
from tinynet.probe import TrainingStatistics
from tinynet.probe.statistics.bins import N_BINS, N_POWERS
from tinynet.probe.statistics.look import NUMBERS, Seen
from tinynet.visualize import singular_values, time_histograms, training_strip
from tinynet.visualize.strips import height_of, name_rows, recent_range, times
from tinynet.visualize.style import new_figure, png
from tinynet.visualize.time_histograms import without_small


def trained(layers, lr=0.1, detail="full", every=None):
    statistics = Statistics(detail, every)
    learner = Learner(Net(layers), cross_entropy, SGD(lr=lr), moons(256), callbacks=[statistics])
    learner.fit(2, progress=False)
    return statistics


@pytest.fixture
def good():
    return trained([Linear(2, 8), ReLU(), Linear(8, 2)])


def titles(figure):
    return [ax.get_title(loc="left") for ax in figure.axes]


def rows(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def drawn(ax):
    return ax.collections[0].get_array()


def test_each_strip_has_its_layers_and_its_numbers(good):
    figure = training_strip(good)
    spread, dead, gradient, update, lines = figure.axes[:5]
    assert titles(figure)[:5] == [
        "Spread of the outputs",
        "Dead or saturated units",
        "Norm of the gradient",
        "Update against weights",
        "Update against weights, a line for each layer",
    ]
    assert titles(figure)[5:] == ["std", "share", "‖∂L/∂θ‖", "‖Δθ‖ / ‖θ‖"]  # of the colour bars
    assert rows(spread) == ["0  Linear", "1  ReLU", "2  Linear"]
    assert rows(gradient) == ["0  Linear", "2  Linear"]
    np.testing.assert_array_equal(drawn(spread), good.record["spread"].T)
    np.testing.assert_array_equal(drawn(dead), good.record["dead"].T)
    np.testing.assert_array_equal(drawn(gradient), good.record["gradient_norm"].T[[0, 2]])
    np.testing.assert_array_equal(drawn(update), good.record["update_ratio"].T[[0, 2]])
    assert spread.yaxis_inverted()
    assert [ax.get_xlim() for ax in (spread, lines)] == [(0, 16), (0, 16)]
    assert lines.get_xlabel() == "step (an epoch has 8)"
    np.testing.assert_array_equal(lines.lines[1].get_ydata(), good.record["update_ratio"][:, 2])
    assert list(lines.lines[2].get_ydata()) == [1e-3, 1e-3]
    assert [text.get_text() for text in lines.get_legend().get_texts()] == ["0  Linear", "2  Linear", "usual: 0.001"]


def test_the_middle_of_the_update_colours_is_a_thousandth(good):
    scale = training_strip(good).axes[3].collections[0].norm
    assert scale(1e-3) == pytest.approx(0.5)


def test_saturated_units_are_seen_where_the_dead_are():
    statistics = trained([Linear(2, 8), Sigmoid(), Linear(8, 2)])
    statistics.record._numbers.list[0].values["saturated"][1] = 0.75
    assert drawn(training_strip(statistics).axes[1])[1, 0] == 0.75


def test_it_takes_the_record_too_and_nothing_else(good):
    assert titles(training_strip(good.record)) == titles(training_strip(good))
    with pytest.raises(TypeError, match=r"training_strip: expected the statistics .*, got an int\.\nHint: pass a Stat"):
        training_strip(3)
    with pytest.raises(TypeError, match="time_histograms: expected the statistics of a training, got a History"):
        time_histograms(tn.learner.History(), "0")


def test_a_training_that_was_too_short_says_so():
    statistics = trained([Linear(2, 2)], detail="light")
    for figure in (training_strip(statistics), time_histograms(statistics, "0")):
        (text,) = figure.axes[0].texts
        assert text.get_text().startswith("No step was looked at, and every 250th step would have been.")
        assert 'needs Statistics("full")' in text.get_text()
    (text,) = training_strip(TrainingStatistics({})).axes[0].texts
    assert "each step would have been" in text.get_text()


def test_zero_is_below_the_scale_and_what_is_missing_is_grey():
    record = TrainingStatistics({"0": "Linear", "1": "Linear"})
    for step in (1, 2, 3):
        numbers = {name: np.array([0.0, 1.0]) for name in NUMBERS}
        numbers["gradient_norm"] = np.array([0.0, np.nan if step == 2 else np.inf if step == 3 else 2.0])
        record.add(step, Seen(numbers, {"outputs": np.ones((2, N_BINS), int)}))
    ax = training_strip(record).axes[2]
    found, scale = drawn(ax), ax.collections[0].norm
    assert (found[0] < scale.vmin).all()
    assert found.mask.tolist() == [[False] * 3, [False, True, True]]
    assert len(png(training_strip(record))) > 10_000


def test_a_single_look(good):
    record = TrainingStatistics({"0": "Linear"})
    record.add(40, Seen({name: np.array([0.5]) for name in NUMBERS}, {"outputs": np.ones((1, N_BINS), int)}))
    figure = training_strip(record)
    assert figure.axes[0].get_xlim() == (0, 40)
    assert len(png(figure)) > 10_000


def test_the_scale_is_that_of_the_second_half():
    values = np.full((100, 3), 0.1)
    values[:50] = 1e6
    values[50:, 2] = 1e3
    low, high = recent_range(values)
    assert (low, high) == pytest.approx((0.1, 1e3))
    assert recent_range(np.full((4, 1), 2.0)) == pytest.approx((2 / 10**0.5, 2 * 10**0.5))
    assert recent_range(np.full((4, 1), np.nan)) == (0.1, 1.0)
    assert recent_range(np.array([[1e-20, 1.0]])) == pytest.approx((10**-8.4, 10**-0.4), rel=1e-2)


def test_columns_reach_back_to_the_one_before():
    assert times(np.array([7]), np.array([7])).tolist() == [0, 7]
    assert times(np.array([1001, 1101]), np.array([1100, 1200])).tolist() == [901, 1100, 1200]


def test_rows_get_thin_and_lose_names_where_there_are_many():
    assert [height_of(n) for n in (1, 7, 30, 1000)] == pytest.approx([1.19, 1.19, 5.1, 5.1])
    ax = new_figure(4, 4).subplots()
    name_rows(ax, [str(n) for n in range(100)])
    assert rows(ax)[:3] == ["0", "3", "6"]


def test_histograms_of_one_layer(good):
    figure = time_histograms(good, "0")
    assert titles(figure)[:3] == ["Outputs", "Weights", "Gradients"]
    assert np.asarray(drawn(figure.axes[1])).sum(axis=0) == pytest.approx(np.ones(16))
    assert titles(time_histograms(good, "1"))[:1] == ["Outputs"]
    assert not figure.axes[0].yaxis_inverted()
    with pytest.raises(ValueError, match=r"no layer '3' was watched\.\nHint: the layers are '0', '1', '2'"):
        time_histograms(good, "3")


def test_of_a_layer_that_changes_nothing_there_are_none():
    record = TrainingStatistics({"0": "Flatten"})
    record.add(1, Seen(dict.fromkeys(NUMBERS, np.array([np.nan])), {"outputs": np.zeros((1, N_BINS), int)}))
    with pytest.raises(ValueError, match=r"nothing was counted of layer 0\.\nHint: choose one that learns"):
        time_histograms(record, "0")


def test_small_values_are_in_the_bin_of_zero():
    counts = np.zeros((2, N_BINS), int)
    counts[0, [N_POWERS - 30, N_POWERS - 18, N_POWERS - 17, N_POWERS, N_POWERS + 5]] = 1, 2, 4, 8, 16
    left, limits = without_small(counts)
    assert left[0, [0, 12, 13 - 1]].tolist() == [1, 4 + 8 + 16 + 2, 30]
    assert left.shape == (2, 13)
    assert limits[0] == -(2.0**-2)
    assert limits[-1] == 2.0**-14


def test_singular_values_are_lines_from_the_greatest_down():
    net = Net([Linear(3, 4), ReLU(), Linear(4, 1)])
    figure = singular_values(net)
    first, last = figure.axes[0].lines
    np.testing.assert_allclose(first.get_ydata(), tn.probe.singular_values(net)["0.weight"])
    assert first.get_xdata().tolist() == [0, 50, 100]
    assert (list(last.get_xdata()), last.get_label()) == ([0], "2.weight, 1")
    assert figure.axes[0].get_yscale() == "log"


def test_zero_is_drawn_at_the_bottom_and_many_weights_share_a_colour_bar():
    layers = [Conv2D(2, 2, 1) for _ in range(13)]
    layers[0].weight.tensor = np.array([[1e3, 0], [0, 0]]).reshape(2, 2, 1, 1)
    figure = singular_values(Net(layers))
    assert figure.axes[0].lines[0].get_ydata().tolist() == [1e3, 1e-3]
    assert rows(figure.axes[1]) == ["0.weight", "12.weight"]
