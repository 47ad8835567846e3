"""Every row of the contract's table of losses: the loss, its terms, and the gradient of each predicted number."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

import tinynet as tn
from tests.contract.table import LOSSES, LossRow
from tests.contract.test_contract import EVERY_LOSS
from tests.probe.explain.checking import check_back_to_the_data, check_number, places
from tinynet.layers import Layer
from tinynet.probe.explain.explainer import Explainer
from tinynet.probe.explain.losses import LOSSES as ROWS
from tinynet.probe.trace import Trace


class Given(Layer):
    """Gives what it gets, so that a test chooses what is predicted."""

    def forward(self, *x: np.ndarray) -> Any:
        self.remember()
        return x if len(x) > 1 else x[0]

    def backward(self, *dy: np.ndarray) -> Any:
        self.recall()
        return dy if len(dy) > 1 else dy[0]


def traced(loss: Any, predicted: Any, truth: Any, scale: float = 1.0) -> Trace:
    row = LossRow(loss, predicted, truth)
    x = tuple(x.astype(np.float32) for x in row.predictions(np.random.default_rng(0), scale))
    return tn.trace(Given(), x, truth, loss)


@pytest.mark.parametrize("scale", [1.0, 1e4])
@pytest.mark.parametrize("row", LOSSES, ids=str)
def test_loss_and_gradient(row: LossRow, scale: float) -> None:
    step = traced(row.loss, row.predicted, row.ground_truth, scale)
    explainer = Explainer(step)
    loss = explainer.explain("loss", ())
    assert loss.value == pytest.approx(step["loss"].item(), rel=1e-5)
    check_back_to_the_data(explainer, "loss", (), most=16)
    for name in step.layers[""].output_gradients:
        for index in places(name, step[name].shape, 6):
            check_number(explainer, name, index)
        check_back_to_the_data(explainer, name, (0,) * step[name].ndim, most=16)


def test_the_part_of_a_sample() -> None:
    step = traced(tn.losses.mean_squared_error, (3, 2), np.zeros((3, 2)))
    assert tn.explain(step, "loss", sample=1).value == pytest.approx(np.square(step["y"][1]).sum())
    step = traced(tn.losses.cross_entropy, (3, 2), np.array([0, 1, 1]))
    parts = [tn.explain(step, "loss", n).value for n in range(3)]
    assert np.mean(parts) == pytest.approx(step["loss"].item())


def test_the_gradient_of_a_logit_by_hand() -> None:
    step = tn.trace(Given(), np.array([[1.0, 3.0]], np.float32), np.array([0]), tn.losses.cross_entropy)
    text = str(tn.explain(step, "dy", (0, 0)))
    assert "dy[0, 0] = (p[0, 0] − q[0, 0]) / N" in text
    assert tn.explain(step, "dy", (0, 0)).value == pytest.approx(1 / (1 + np.exp(2)) - 1)


def test_what_does_not_count_says_why() -> None:
    step = traced(partial(tn.losses.cross_entropy, ignore_index=-1), (2, 3), np.array([-1, 2]))
    assert "1 term is 0: the label is ignored" in str(tn.explain(step, "loss"))
    assert "0 (the row does not count)" in str(tn.explain(step, "dy", (0, 1)))
    step = traced(tn.losses.multi_margin, (1, 2), np.array([0]))
    step["y"][...] = [[5.0, 1.0]]
    assert "the true class wins by the margin" in str(tn.explain(step, "loss", 0))


def test_a_loss_of_a_users_own() -> None:
    step = traced(lambda y, t: (float(y.sum()), np.ones_like(y)), (2, 3), np.zeros(1))
    assert "It is not one of Tinynet's: this is what it gave." in str(tn.explain(step, "loss"))
    assert tn.explain(step, "dy", (0, 1)).value == 1


def test_a_number_that_is_not_there() -> None:
    step = traced(tn.losses.info_nce, [(2, 3), (2, 3)], None)
    assert tn.explain(step, "loss.S", (0, 1)).value == pytest.approx(
        float(step["y.0"][0] @ step["y.1"][1] / np.linalg.norm(step["y.0"][0]) / np.linalg.norm(step["y.1"][1]) / 0.1)
    )
    with pytest.raises(IndexError, match=r"explain: loss\.S: it has no number at the index \(5, 1\)"):
        tn.explain(step, "loss.S", (5, 1))
    with pytest.raises(KeyError, match=r"there is no value named 'loss\.Q'"):
        tn.explain(step, "loss.Q", (0, 1))


def test_every_exported_loss_has_a_row() -> None:
    assert [loss.__name__ for loss in EVERY_LOSS if loss not in ROWS] == []
