"""Learning curves show what is in the history."""

import numpy as np
import pytest

from tinynet.learner import History
from tinynet.visualize import learning_curves


def of(*rows):
    history = History()
    for row in rows:
        history.append(row)
    return history


def titles(figure):
    return [ax.get_title(loc="left") for ax in figure.axes]


def words(ax):
    return [text.get_text() for text in ax.texts]


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_lines_are_the_columns_of_the_history(history):
    figure = learning_curves(history)
    assert titles(figure) == ["Loss", "Accuracy"]
    training, validation, lowest = figure.axes[0].lines
    assert training.get_xdata().tolist() == [1, 2, 3]
    assert training.get_ydata().tolist() == [0.9, 0.4, 0.2]
    assert validation.get_ydata().tolist() == [0.8, 0.5, 0.6]
    assert (list(lowest.get_xdata()), list(lowest.get_ydata())) == ([2], [0.5])
    assert legend(figure.axes[0]) == [
        "training, 0.2 at the end",
        "validation, 0.6 at the end",
        "lowest, 0.5 in epoch 2",
    ]
    assert [line.get_ydata().tolist() for line in figure.axes[1].lines] == [[0.5, 0.8, 0.9], [0.6, 0.7, 0.7]]


def test_loss_comes_first_and_a_learning_rate_that_changes_last():
    figure = learning_curves(of({"mae": 1.0, "lr": 0.1, "loss": 2.0}, {"mae": 0.5, "lr": 0.05, "loss": 1.0}))
    assert titles(figure) == ["Loss", "MAE", "Learning rate"]
    assert figure.axes[2].lines[0].get_ydata().tolist() == [0.1, 0.05]
    assert figure.axes[2].get_legend() is None
    assert figure.axes[0].lines[0].get_xdata().tolist() == [1, 2]  # rows without an epoch are counted


def test_one_epoch_is_a_point_in_the_middle():
    ax = learning_curves(of({"epoch": 7, "loss": 0.5})).axes[0]
    assert ax.get_xlim() == (6.5, 7.5)
    assert ax.lines[0].get_marker() == "o"


def test_values_that_are_not_finite_are_left_out_and_marked():
    rows = [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": float("nan")}, {"epoch": 3, "loss": float("inf")}]
    ax = learning_curves(of(*rows)).axes[0]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [0.5, np.nan, np.nan])
    assert words(ax) == [" not finite in epoch 2 "]
    assert legend(ax) == ["training, 0.5 at the end"]


def test_a_history_of_nothing_finite():
    ax = learning_curves(of({"epoch": 1, "loss": float("nan"), "valid_loss": float("nan")})).axes[0]
    assert legend(ax) == ["training, no finite value", "validation, no finite value"]


def test_columns_that_are_no_numbers_are_left_out():
    assert titles(learning_curves(of({"loss": 0.5, "matrix": np.eye(2), "note": "first"}))) == ["Loss"]


def test_a_metric_of_the_validation_alone():
    figure = learning_curves(of({"loss": 0.5, "valid_top_k": 0.9}, {"loss": 0.4, "valid_top_k": 1.0}))
    assert titles(figure) == ["Loss", "Top k"]
    assert legend(figure.axes[1]) == ["validation, 1 at the end"]


def test_more_than_three_panels_take_more_rows():
    figure = learning_curves(of(dict.fromkeys(("loss", "a", "b", "c"), 1.0)))
    assert [bool(ax.lines) for ax in figure.axes] == [True] * 4 + [False] * 2


def test_no_history():
    with pytest.raises(TypeError, match=r"learning_curves: expected a history, got dict"):
        learning_curves({"loss": [1.0]})
    with pytest.raises(ValueError, match=r"learning_curves: the history has no epoch yet.\nHint: call learner.fit"):
        learning_curves(History())
    with pytest.raises(ValueError, match=r"learning_curves: the history holds no loss and no metric"):
        learning_curves(of({"epoch": 1, "seconds": 3.0}))
