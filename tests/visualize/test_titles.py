"""No picture cuts off its words, also where there are few pictures and long names."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from tinynet.data import Dataset
from tinynet.layers import Conv2D, Flatten, Linear, ReLU
from tinynet.learner import History
from tinynet.losses import cross_entropy
from tinynet.net import Net, Residual
from tinynet.visualize import (
    confident_mistakes,
    feature_maps,
    filters,
    gradient_histograms,
    learning_curves,
    misclassified,
    weight_histograms,
)
from tinynet.visualize.style import new_figure


def words_of(figure):
    """Titles, labels and notes; the texts of ticks that lie outside the axes are never drawn."""
    found = [figure._suptitle] if figure._suptitle else []
    for ax in figure.axes:
        found += [ax.title, ax._left_title, ax._right_title, ax.xaxis.label, ax.yaxis.label, *ax.texts]
        found += ax.get_legend().get_texts() if ax.get_legend() else []
    return [text for text in found if text.get_text().strip()]


def cut_off(figure):
    """The words of a figure that reach over its edge, and titles that run into each other."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    width, height = canvas.get_width_height()
    boxes = [(text.get_text(), text.get_window_extent()) for text in words_of(figure)]
    titles = [(ax._left_title.get_text(), ax._left_title.get_window_extent()) for ax in figure.axes]
    titles = [(name, box) for name, box in titles if name]
    over = [name for name, box in boxes if min(box.x0, box.y0) < -1 or box.x1 > width + 1 or box.y1 > height + 1]
    return over + [name for (name, box), (_, other) in combinations(titles, 2) if box.overlaps(other)]


def few_mistakes(tell, n):
    x = np.zeros((n, 1, 2, 2), np.float32)
    x[..., 1, 0] = 1
    return tell(3), Dataset(x, np.zeros(n, int), ["a long name of a class", "another long name", "third"])


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("draw", [misclassified, confident_mistakes])
def test_titles_of_few_pictures(tell, draw, n):
    assert cut_off(draw(*few_mistakes(tell, n))) == []


@pytest.mark.parametrize("channels", [1, 4])
def test_titles_of_filters(channels):
    layer = Conv2D(channels, 2, 3, stride=2, padding=1, dilation=2, bias=False)
    assert cut_off(filters(Net([layer]))) == []


def test_titles_of_one_panel(images):
    net = Net([Flatten(), Residual(Residual(Net([Linear(64, 64)]))), Residual(Linear(64, 64)), Linear(64, 3)])
    assert cut_off(weight_histograms(net, net)) == []
    assert cut_off(gradient_histograms(net, images.x, images.y, cross_entropy)) == []
    assert cut_off(feature_maps(Net([Conv2D(1, 4, 3), ReLU()]), images.x[0])) == []


def test_titles_of_curves():
    made = History()
    for epoch in (1, 2):
        made.append({"epoch": epoch, "loss": 1.0 / epoch**4, "top_k_accuracy(k=3, of_the_whole_batch=True)": 0.5})
    assert cut_off(learning_curves(made)) == []


def test_a_title_that_fits_is_left_alone_and_a_long_one_makes_the_figure_taller():
    short, long = (
        new_figure(4, 2, "A short title"),
        new_figure(4, 2, "A title that is much too long for so narrow a figure"),
    )
    assert short._suptitle.get_text() == "A short title"
    assert short.get_figheight() == 2
    assert long._suptitle.get_text().count("\n") == 1
    assert long.get_figheight() > 2
    assert cut_off(long) == []
