"""The picture of an explained sum: a bar for each term, which ends where the next begins, and one for the result."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn
from tinynet.layers import Linear, ReLU
from tinynet.losses import mean_squared_error
from tinynet.net import Net
from tinynet.visualize import explained_terms
from tinynet.visualize.style import BLUE, INK, VERMILLION


@pytest.fixture
def step() -> tn.probe.Trace:
    tn.seed(0)
    x = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    return tn.trace(Net([Linear(3, 4), ReLU(), Linear(4, 1)]), x, np.zeros((40, 1)), mean_squared_error)


def test_the_bars_add_up(step: tn.probe.Trace) -> None:
    from matplotlib.colors import to_hex

    explanation = tn.explain(step, "0.weight", (1, 2))
    (ax,) = explained_terms(explanation).axes
    *bars, result = ax.patches
    assert len(bars) == 9, "eight terms and what is left"
    assert result.get_width() == pytest.approx(explanation.value)
    assert to_hex(result.get_facecolor()) == INK
    end = 0.0
    for bar in bars:
        assert bar.get_x() == pytest.approx(end)
        end += bar.get_width()
        assert to_hex(bar.get_facecolor()) == (VERMILLION if bar.get_width() < 0 else BLUE)
    assert end == pytest.approx(explanation.value)
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels[0].startswith("dy[")
    assert "smaller terms" in labels[-2]
    assert "terms are 0: the ReLU was closed (layer 1, ReLU)" in ax.get_xlabel()
    assert ax.get_title(loc="left") == "0.weight.gradient[1, 2] = Σₙ dy[n, 1]·x[n, 2]"


def test_what_is_no_sum(step: tn.probe.Trace) -> None:
    with pytest.raises(ValueError, match=r"1\.y\[0, 1\] is no sum of several terms"):
        explained_terms(tn.explain(step, "1.y", (0, 1)))
    with pytest.raises(TypeError, match="explanation must be a"):
        explained_terms("0.weight")
