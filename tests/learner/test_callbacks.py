"""Callbacks: what they are told, and what each of them does."""

import csv
import os
import signal
import threading

import numpy as np
import pytest

import tinynet as tn
from tinynet.data import Dataset
from tinynet.layers import Linear
from tinynet.learner import Callback, CSVLog, EarlyStopping, History, KeepBest, Learner, LearningRateLog
from tinynet.losses import mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD


class Scripted(Learner):
    """Learns nothing, and reports the losses that a test has written down; the weight is the number of the epoch."""

    def __init__(self, losses, callbacks, batch_size=4, **options):
        x = np.ones((4, 1), np.float32)
        net = Net([Linear(1, 1, bias=False)])
        super().__init__(
            net, mean_squared_error, SGD(lr=0.1), Dataset(x, x), batch_size=batch_size, callbacks=callbacks, **options
        )
        self.losses = losses

    def train_step(self, x, y):
        epoch = len(self.history) + 1
        self.net[0].weight.tensor = np.full((1, 1), epoch)
        return self.losses[epoch - 1], self.net.forward(x)


def weight(learner):
    return float(learner.net[0].weight.tensor[0, 0])


def test_hooks_come_in_order():
    calls = []

    class Recorder(Callback):
        def on_fit_begin(self, learner):
            calls.append("fit begins")

        def on_epoch_begin(self, learner, epoch):
            calls.append(f"epoch {epoch}")

        def on_batch_begin(self, learner, index):
            calls.append(f"batch {index} of {len(learner.batch[0])}")

        def on_batch_end(self, learner, index, means):
            calls.append(means)

        def on_epoch_end(self, learner, epoch, row):
            calls.append((epoch, row["loss"], learner.history.rows[-1] is row))

        def on_fit_end(self, learner):
            calls.append("fit ends")

    Scripted([0.5], [Recorder()], batch_size=3).fit(progress=False)
    assert calls == [
        "fit begins",
        "epoch 1",
        "batch 0 of 3",
        {"loss": 0.5},
        "batch 1 of 1",
        {"loss": 0.5},
        (1, 0.5, True),
        "fit ends",
    ]


def test_a_hook_that_nobody_calls_is_refused_with_the_one_that_was_meant():
    with pytest.raises(
        TypeError, match=r"on_epoch_ends is not a hook that a Learner calls.\nHint: did you mean on_epoch_end"
    ):
        type("Misspelt", (Callback,), {"on_epoch_ends": lambda self: None})


def test_a_callback_stops_training_after_the_running_batch():
    class Stop(Callback):
        def on_batch_end(self, learner, index, means):
            learner.stop = index == 1

    learner = Scripted([0.5] * 9, [Stop()], batch_size=1)
    history = learner.fit(epochs=9, progress=False)
    assert len(history) == 1
    assert len(learner.fit(epochs=2, progress=False)) == 2  # a further fit begins anew


@pytest.mark.parametrize(
    ("losses", "options", "n_epochs"),
    [
        ([5, 4, 3, 3, 3, 3, 3], {"patience": 2}, 5),
        ([5, 4, 4.5, 3, 3.5, 3.6, 1], {"patience": 2}, 6),
        ([5, 4.95, 4.9, 4.85, 4.8], {"patience": 2, "min_delta": 0.2}, 3),
        ([1, 2, 3, 3, 3, 3], {"patience": 2, "mode": "max"}, 5),
        ([float("inf"), 4, 4, 4, 4, 4], {"patience": 3}, 5),
        ([3, 2, 1], {"patience": 1}, 3),
    ],
)
def test_early_stopping_counts_epochs_without_improvement(losses, options, n_epochs):
    learner = Scripted(losses, [EarlyStopping("loss", **options)])
    assert len(learner.fit(epochs=len(losses), progress=False)) == n_epochs
    assert bool(learner.stop_reason) == (n_epochs < len(losses))


def test_early_stopping_begins_anew_with_each_fit():
    learner = Scripted([1, 2, 3, 2.5, 3, 3], [EarlyStopping("loss", patience=2)])
    assert len(learner.fit(epochs=3, progress=False)) == 3
    assert len(learner.fit(epochs=3, progress=False)) == 6
    assert learner.stop_reason == "loss has not improved since epoch 4"


def test_nan_is_never_an_improvement():
    learner = Scripted([float("nan")] * 4, [EarlyStopping("loss", patience=2), KeepBest("loss")])
    assert len(learner.fit(epochs=4, progress=False)) == 2
    assert learner.stop_reason == "loss has not improved"
    assert learner.callbacks[1].best is None
    assert weight(learner) == 2


def test_keep_best_puts_the_weights_of_the_best_epoch_back():
    keep = KeepBest("loss")
    learner = Scripted([5, 2, 3, 4, 1.5, 2], [keep])
    learner.fit(epochs=4, progress=False)
    assert (keep.best_epoch, keep.best, weight(learner)) == (2, 2.0, 2.0)
    learner.fit(epochs=2, progress=False)
    assert (keep.best_epoch, keep.best, weight(learner)) == (5, 1.5, 5.0)


def test_keep_best_saves_only_what_is_better(tmp_path):
    path = tmp_path / "best.safetensors"
    learner = Scripted([5, 2, 3], [KeepBest("loss", path=path)])
    learner.fit(epochs=3, progress=False)
    assert float(tn.load(path)[0].weight.tensor[0, 0]) == 2


def test_keep_best_with_a_score_keeps_the_highest():
    def r2_score(predicted, ground_truth):
        return -((float(predicted[0, 0]) - 2) ** 2)  # best in epoch 2, where the weight is 2

    learner = Scripted([1, 1, 1], [KeepBest("r2_score")], metrics=[r2_score])
    learner.fit(epochs=3, progress=False)
    assert weight(learner) == 2


def test_learning_rate_log_has_one_rate_for_each_update():
    log = LearningRateLog()
    x = np.ones((6, 1), np.float32)
    optimizer = SGD(lr=lambda step: 1.0 / (1 + step), gradient_accumulation_steps=2)
    Learner(Net([Linear(1, 1)]), mean_squared_error, optimizer, Dataset(x, x), batch_size=1, callbacks=[log]).fit(
        progress=False
    )
    assert log.rates == [1.0, 1 / 2, 1 / 3]


def test_csv_log_writes_row_by_row(tmp_path):
    path = tmp_path / "new" / "history.csv"
    seen = []

    class Look(Callback):
        def on_epoch_end(self, learner, epoch, row):
            seen.append(len(path.read_text().splitlines()))

    learner = Scripted([0.1, 0.25], [CSVLog(path), Look()])
    learner.fit(epochs=2, progress=False)
    assert seen == [2, 3]
    assert [row["loss"] for row in csv.DictReader(path.read_text().splitlines())] == ["0.1", "0.25"]
    assert History.read_csv(path).rows == learner.history.rows


def test_csv_log_goes_on_where_a_file_ends(tmp_path):
    path = tmp_path / "history.csv"
    Scripted([0.5], [CSVLog(path)]).fit(progress=False)
    Scripted([0.25], [CSVLog(path)]).fit(progress=False)
    assert History.read_csv(path)["loss"] == [0.5, 0.25]


def test_csv_log_leaves_a_file_with_other_columns_alone(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="has the columns a,b, not epoch,loss,lr,seconds; it stays as it is"):
        Scripted([0.5], [CSVLog(path)]).fit(progress=False)
    assert path.read_text() == "a,b\n1,2\n"
    with pytest.raises(IsADirectoryError, match=r"CSVLog: .* is a directory"):
        Scripted([0.5], [CSVLog(tmp_path)]).fit(progress=False)


def test_csv_log_leaves_arrays_out(tmp_path):
    def matrix(predicted, ground_truth):
        return np.eye(2)

    x = np.ones((4, 1), np.float32)
    learner = Scripted([0.5], [CSVLog(tmp_path / "h.csv")], metrics=[matrix], valid=Dataset(x, x))
    learner.fit(progress=False)
    assert History.read_csv(tmp_path / "h.csv").names() == ["epoch", "loss", "lr", "seconds", "valid_loss"]


@pytest.mark.parametrize("callback", [EarlyStopping, KeepBest])
def test_a_column_that_will_not_be_there_is_refused_before_training(callback):
    learner = Scripted([0.5], [callback("valid_loss")])
    with pytest.raises(
        ValueError, match=r"no column 'valid_loss'; the columns are epoch, loss, lr, seconds.\nHint: give"
    ):
        learner.fit(progress=False)
    with pytest.raises(ValueError, match=r"no column 'losss'.*\nHint: did you mean 'loss'"):
        Scripted([0.5], [callback("losss")]).fit(progress=False)
    assert len(learner.history) == 0


def test_bad_arguments_of_callbacks_are_refused():
    with pytest.raises(ValueError, match="patience must be at least 1, got 0"):
        EarlyStopping(patience=0)
    with pytest.raises(ValueError, match="min_delta must be at least 0, got -1"):
        EarlyStopping(min_delta=-1)
    with pytest.raises(ValueError, match="mode must be one of 'min', 'max'; got 'best'"):
        KeepBest(mode="best")
    with pytest.raises(ValueError, match="the name 'lr' does not tell whether low or high is better"):
        KeepBest("lr")


def test_a_column_of_arrays_cannot_be_monitored():
    def error_matrix(predicted, ground_truth):
        return np.eye(2)

    x = np.ones((4, 1), np.float32)
    keep = KeepBest("valid_error_matrix")
    learner = Scripted([0.5], [keep], metrics=[error_matrix], valid=Dataset(x, x))
    with pytest.raises(TypeError, match=r"column 'valid_error_matrix' holds arrays of shape \(2, 2\), no numbers"):
        learner.fit(progress=False)


class Press(Callback):
    """Presses Ctrl-C while batch number `index` is learned."""

    def __init__(self, index, times=1):
        self.index, self.times = index, times

    def on_batch_begin(self, learner, index):
        if index == self.index:
            for _ in range(self.times):
                os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_ends_the_epoch_cleanly():
    before = signal.getsignal(signal.SIGINT)
    x = np.ones((8, 1), np.float32)
    net = Net([Linear(1, 1, bias=False)])
    net[0].weight.tensor = np.zeros((1, 1))
    learner = Learner(
        net, mean_squared_error, SGD(lr=0.25), Dataset(x, x), valid=Dataset(x, x), batch_size=2, callbacks=[Press(1)]
    )
    history = learner.fit(epochs=5, progress=False)
    assert weight(learner) == 0.75  # each step halves the error, and two batches were learned
    assert history["loss"] == [(1 + 0.25) / 2]
    assert history["valid_loss"] == [0.25**2]
    assert learner.stop_reason == "Ctrl-C"
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_ctrl_c_stops_at_once_and_still_ends_the_fit():
    before, ended = signal.getsignal(signal.SIGINT), []

    class End(Callback):
        def on_fit_end(self, learner):
            ended.append(len(learner.history))

    with pytest.raises(KeyboardInterrupt):
        Scripted([0.5], [End(), Press(0, times=2)]).fit(progress=False)
    assert ended == [0]
    assert signal.getsignal(signal.SIGINT) is before


def test_an_error_in_the_middle_ends_every_callback_and_restores_the_handler():
    before, ended = signal.getsignal(signal.SIGINT), []

    class End(Callback):
        def on_fit_end(self, learner):
            ended.append(weight(learner))
            raise OSError("disk full")

    class Last(End):
        def on_fit_end(self, learner):
            ended.append("last")

    learner = Scripted([0.5, 0.6], [KeepBest("loss"), End(), Last()])  # the third epoch has no loss: an IndexError
    with pytest.raises(OSError, match="disk full"):
        learner.fit(epochs=3, progress=False)
    assert ended == [1.0, "last"]
    assert len(learner.history) == 2
    assert signal.getsignal(signal.SIGINT) is before


def test_training_in_another_thread_does_without_signals():
    learner = Scripted([0.5], [])
    thread = threading.Thread(target=learner.fit, kwargs={"progress": False})
    thread.start()
    thread.join()
    assert learner.history["loss"] == [0.5]


def test_a_fit_within_a_fit_is_refused_and_the_learner_can_train_again():
    class Again(Callback):
        def on_epoch_end(self, learner, epoch, row):
            learner.fit(1, progress=False)

    learner = Scripted([0.5, 0.4, 0.3], [Again()])
    with pytest.raises(RuntimeError, match=r"Learner\.fit: this learner is training already\.\nHint: a callback may"):
        learner.fit(epochs=2, progress=False)
    learner.callbacks = ()
    assert learner.fit(epochs=2, progress=False)["loss"] == [0.5, 0.4, 0.3]


def test_a_rate_may_be_sought_within_a_fit():
    class Seek(Callback):
        def on_epoch_end(self, learner, epoch, row):
            self.rate = learner.find_rate(n_steps=20).rate

    x = np.linspace(-1, 1, 32, dtype=np.float32)[:, np.newaxis]
    seek = Seek()
    learner = Learner(Net([Linear(1, 1)]), mean_squared_error, SGD(lr=0.1), Dataset(x, 2 * x), callbacks=[seek])
    learner.fit(epochs=1, progress=False)
    assert seek.rate > 0


def test_csv_log_has_the_epoch_after_which_another_callback_fails(tmp_path):
    class Fails(Callback):
        def on_epoch_end(self, learner, epoch, row):
            if epoch == 2:
                raise ZeroDivisionError

    log = CSVLog(tmp_path / "history.csv")
    learner = Scripted([0.5, 0.4, 0.3], [Fails(), log])
    with pytest.raises(ZeroDivisionError):
        learner.fit(epochs=3, progress=False)
    learner.fit(epochs=1, progress=False)
    lines = (tmp_path / "history.csv").read_text().splitlines()
    assert [line.split(",")[:2] for line in lines[1:]] == [["1", "0.5"], ["2", "0.4"], ["3", "0.3"]]
