"""Small things about learners: what the errors say, what the progress line shows, and numbers of unusual size."""

import io
import os
import re
import sys

import numpy as np
import pytest

from tinynet.data import Dataset
from tinynet.layers import BatchNorm1D, Layer, Linear
from tinynet.learner import (
    Callback,
    CSVLog,
    EarlyStopping,
    History,
    Learner,
    LearningRateLog,
    recompute_statistics,
)
from tinynet.losses import mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD


def learner(n_rows=8, lr=0.1, **options):
    x = np.random.default_rng(0).normal(size=(n_rows, 3)).astype(np.float32)
    data = Dataset(x, x[:, :1])
    return Learner(Net([Linear(3, 1)]), mean_squared_error, SGD(lr=lr), data, batch_size=4, **options)


class Numbers:
    """Batches that are a single number each, without an axis for the rows."""

    def __len__(self):
        return 3

    def __getitem__(self, rows):
        return np.float32(rows[0]), np.float32(0)


class Double(Layer):
    def forward(self, x):
        return 2 * x

    def backward(self, dy):
        return 2 * dy


def test_a_batch_without_rows_counts_as_one():
    def loss(predicted, y):
        return float(predicted - y), np.float32(1)

    net = Net([Double()])
    assert Learner(net, loss, SGD(lr=0.1), Numbers(), batch_size=1).evaluate(Numbers())["loss"] == 2.0  # of 0, 2, 4


def test_statistics_stay_as_they_are_where_one_variance_overflows_even_in_float64():
    net = Net([BatchNorm1D(2)])
    net.astype(np.float64)
    net[0].running_mean, net[0].running_var = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    data = Dataset(np.array([[1e200, 1.0], [-1e200, 2.0]]), np.zeros(2, int))
    with np.errstate(over="ignore", invalid="ignore"):
        recompute_statistics(net, data)
    np.testing.assert_array_equal(net[0].running_mean, [1, 2])
    np.testing.assert_array_equal(net[0].running_var, [3, 4])


def test_a_variance_beyond_float32_becomes_the_largest_number_as_it_does_in_training():
    net = Net([BatchNorm1D(2)])
    x = np.array([[1e20, 1.0], [-1e20, 2.0]], np.float32)
    with np.errstate(over="ignore"):  # of the forward, whose variance is in float32
        recompute_statistics(net, Dataset(x, np.zeros(2, int)))
    np.testing.assert_array_equal(net[0].running_var, np.array([np.finfo(np.float32).max, 0.5], np.float32))
    np.testing.assert_allclose(net.predict(x)[:, 0], x[:, 0] / np.sqrt(np.finfo(np.float32).max), rtol=1e-6)


def test_the_mean_of_tiny_numbers_is_exact():
    net = Net([BatchNorm1D(1)])
    x = np.array([[1e-20], [2e-20], [6e-20]], np.float32)
    recompute_statistics(net, Dataset(x, np.zeros(3, int)))
    np.testing.assert_allclose(net[0].running_mean, [3e-20], rtol=1e-6)


def test_a_callback_may_share_its_class_with_another_base_that_takes_options():
    class Registered:
        def __init_subclass__(cls, label="", **options):
            super().__init_subclass__(**options)
            cls.label = label

    class Both(Callback, Registered, label="both"):
        pass

    assert Both.label == "both"
    with pytest.raises(TypeError, match="keyword argument"):

        class Misspelt(Callback, labl="no"):
            pass


@pytest.mark.parametrize(("row", "what"), [([1, 2], "a list"), (0.5, "a float"), (None, "None")])
def test_a_row_of_the_history_is_a_dict(row, what):
    history = History()
    with pytest.raises(TypeError, match=rf"^History\.append: row must be a dict, got {what}"):
        history.append(row)
    assert len(history) == 0


def test_a_log_of_rates_belongs_to_one_learner():
    log = LearningRateLog()
    first, second = learner(lr=0.1, callbacks=[log]), learner(lr=0.05, callbacks=[log])
    first.fit(progress=False)
    first.fit(progress=False)
    assert log.rates == [0.1] * 4
    second.fit(progress=False)
    assert log.rates == [0.05] * 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_table_is_not_written_into_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match=r"^CSVLog: .*pipe is a device or a pipe, not a file"):
        CSVLog(tmp_path / "pipe")


@pytest.mark.parametrize("name", [3, None, ["loss"]])
def test_what_is_monitored_is_a_name(name):
    with pytest.raises(TypeError, match=r"^EarlyStopping: monitor must be a string, got "):
        EarlyStopping(name)


def test_progress_is_shown_or_not():
    with pytest.raises(TypeError, match=r"^Learner\.fit: progress must be True or False, got 'live'"):
        learner().fit(progress="live")


def test_a_column_of_the_history_has_a_name():
    history = History()
    history.append({"epoch": 1, "loss": 0.5})
    with pytest.raises(TypeError, match=r"^History: the name of a column must be a string, got 0"):
        history[0]
    with pytest.raises(TypeError, match=r"^History\.best: the name of a column must be a string, got None"):
        history.best(None)


def test_a_misspelt_column_of_the_validation_is_found():
    history = History()
    history.append({"epoch": 1, "loss": 0.5, "valid_loss": 0.6})
    with pytest.raises(ValueError, match=r"there is no column 'valid_los'.*\nHint: did you mean 'valid_loss'\?"):
        history["valid_los"]


def test_a_column_of_the_validation_needs_validation_data():
    history = History()
    history.append({"epoch": 1, "loss": 0.5})
    with pytest.raises(ValueError, match=r"there is no column 'valid_loss'.*\nHint: give the Learner valid=\.\.\."):
        history["valid_loss"]


def test_the_time_left_follows_the_last_hundred_batches(monkeypatch, capsys):
    clock = [0.0]
    monkeypatch.setattr("tinynet.learner.progress.perf_counter", lambda: clock[0])

    class Slower(Callback):
        def on_batch_begin(self, learner, index):
            clock[0] += 1 if learner.epoch < 2 else 10

    learner(n_rows=4 * 120, callbacks=[Slower()]).fit(epochs=4)
    left = [line.split("  ")[-1] for line in capsys.readouterr().out.splitlines()]
    assert left == ["0:06:00 left", "0:04:00 left", "0:20:00 left", "0:00:00 left"]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_live_line_begins_with_the_epoch_and_a_short_bar(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("NO_COLOR", raising=False)
    learner().fit(epochs=2)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue())
    assert re.search(r"epoch 2/2 ━{16} loss \d\.\d{4} ", shown)


@pytest.mark.parametrize(("row", "column"), [(2, 1), (3, 0), (1, 2)])
def test_the_first_row_that_is_not_finite_is_named(row, column):
    x = np.ones((4, 3), np.float32)
    x[row, column] = np.nan
    with pytest.raises(FloatingPointError, match=rf": row {row} of the batch holds nan, at x\[{row}, {column}\]\."):
        learner().train_step(x, np.zeros((4, 1), np.float32))
