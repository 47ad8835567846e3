"""The last batch of an epoch can be left out; what will write says at the start that it cannot."""

import os

import numpy as np
import pytest

import tinynet as tn
from tinynet.data import Dataset
from tinynet.layers import BatchNorm1D, Layer, Linear
from tinynet.learner import Callback, CSVLog, KeepBest, Learner
from tinynet.losses import mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD
from tinynet.storage import check_savable


def learner(n_samples=9, net=None, batch_size=4, **options):
    x = np.arange(float(n_samples), dtype=np.float32)[:, None]
    net = net or Net([Linear(1, 3), BatchNorm1D(3), Linear(3, 1)])
    return Learner(net, mean_squared_error, SGD(lr=0.1), Dataset(x, x), batch_size=batch_size, **options)


class Sizes(Callback):
    def __init__(self):
        self.sizes, self.rows = [], []

    def on_batch_end(self, learner, index, means):
        self.sizes.append(len(learner.batch[0]))
        self.rows += learner.batch[0][:, 0].tolist()


def test_a_last_batch_of_one_can_be_left_out():
    with pytest.raises(ValueError, match=r"(?s)BatchNorm1D.*expected more than one value.*Learner\(drop_last=True\)"):
        learner().fit(progress=False)
    sizes = Sizes()
    dropping = learner(drop_last=True, callbacks=[sizes])
    dropping.fit(epochs=3, progress=False)
    assert sizes.sizes == [4] * 6
    assert (dropping.batches_per_epoch, dropping.step) == (2, 6)


def test_each_epoch_leaves_out_others():
    sizes = Sizes()
    learner(drop_last=True, callbacks=[sizes]).fit(epochs=30, progress=False)
    assert set(sizes.rows) == set(range(9))


@pytest.mark.parametrize("n_samples", [4, 8])
def test_nothing_is_left_out_where_it_comes_out_even(n_samples):
    sizes = Sizes()
    learner(n_samples, drop_last=True, callbacks=[sizes]).fit(progress=False)
    assert sizes.sizes == [4] * (n_samples // 4)


def test_validation_leaves_out_nothing():
    dropping = learner(drop_last=True)
    every, short = dropping.evaluate(dropping.train), dropping.evaluate(dropping.train.subset(slice(8)))
    assert every["loss"] != short["loss"]
    assert dropping.predict(dropping.train.x).shape == (9, 1)


def test_go_to_counts_the_batches_that_there_are():
    tn.seed(3)
    whole, sizes = learner(drop_last=True), Sizes()
    whole.fit(epochs=2, progress=False)
    tn.seed(3)
    parts = learner(drop_last=True, callbacks=[sizes])
    parts.go_to(3)
    assert (parts.epoch, parts.step) == (1, 3)
    parts.fit(progress=False)
    assert (sizes.sizes, parts.step) == ([4], 4)


def test_no_batch_at_all_is_refused_at_once():
    with pytest.raises(
        ValueError, match=r"Learner: drop_last leaves no batch, .* 3 samples and batch_size is 4\.\nHint"
    ):
        learner(3, drop_last=True)
    with pytest.raises(TypeError, match="drop_last must be True or False, got 'no'"):
        learner(drop_last="no")


# What will write.


def steps_before(learner, kind, match):
    before = learner.net.state()
    with pytest.raises(kind, match=match) as caught:
        learner.fit(progress=False)
    assert len(learner.history) == 0
    assert all(np.array_equal(before[path], array) for path, array in learner.net.state().items())
    return caught.value


class WithFunction(Layer):
    def __init__(self, function):
        self.function = function

    def forward(self, x):
        return self.function(x)

    def backward(self, dy):
        return dy


@pytest.mark.parametrize("what", ["folder missing", "is a folder", "parent is a file"])
def test_keep_best_says_at_the_start_that_it_cannot_write(tmp_path, what):
    path, kind, match = {
        "folder missing": (tmp_path / "no" / "best.safetensors", FileNotFoundError, "there is no folder"),
        "is a folder": (tmp_path, IsADirectoryError, "is a folder"),
        "parent is a file": (tmp_path / "file" / "best", FileNotFoundError, "there is no folder"),
    }[what]
    (tmp_path / "file").write_text("here")
    steps_before(learner(8, callbacks=[KeepBest("loss", path=path)]), kind, match)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_keep_best_says_at_the_start_that_a_net_cannot_be_saved(tmp_path):
    net = Net([Linear(1, 1), WithFunction(np.abs)])
    keep = KeepBest("loss", path=tmp_path / "best.safetensors")
    steps_before(learner(8, net, callbacks=[keep]), TypeError, "argument function is a function")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(tmp_path):
    tmp_path.chmod(0o500)
    for callback in (KeepBest("loss", path=tmp_path / "best"), CSVLog(tmp_path / "log.csv")):
        steps_before(learner(8, callbacks=[callback]), PermissionError, "could not be written|cannot be written")


def test_a_system_that_refuses_is_answered_in_a_sentence(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tinynet.storage.atomic.write_through", refuse)
    keep = KeepBest("loss", path=tmp_path / "best")
    error = steps_before(learner(8, callbacks=[keep]), PermissionError, "there is no permission to write there")
    assert "Hint: choose a folder of your own" in str(error)
    monkeypatch.setattr("pathlib.Path.open", refuse)
    log = CSVLog(tmp_path / "log.csv")
    steps_before(
        learner(8, callbacks=[log]), PermissionError, r"CSVLog: .*log\.csv cannot be written: Permission denied"
    )


def test_an_old_best_file_stays_until_there_is_a_better(tmp_path):
    keep = KeepBest("loss", path=tmp_path / "best.safetensors")
    keep.path.write_bytes(b"old")

    class Look(Callback):
        def on_batch_begin(self, learner, index):
            assert keep.path.read_bytes() == b"old"

    learner(8, callbacks=[keep, Look()]).fit(progress=False)
    assert [entry.name for entry in tmp_path.iterdir()] == ["best.safetensors"]
    tn.load(keep.path)
    check_savable(learner().net, keep.path)


@pytest.mark.parametrize("path", [3, ""])
def test_keep_best_refuses_what_is_no_path_when_it_is_made(path):
    with pytest.raises((TypeError, ValueError), match="KeepBest: path must"):
        KeepBest("loss", path=path)


def test_csv_log_says_at_the_start_that_the_columns_are_others(tmp_path):
    log = CSVLog(tmp_path / "log.csv")
    log.path.write_text("epoch,loss,accuracy,lr,seconds\n1,2,3,4,5\n")
    steps_before(
        learner(8, callbacks=[log]), ValueError, "has the columns epoch,loss,accuracy,lr,seconds, not epoch,loss,lr,sec"
    )
    assert log.path.read_text() == "epoch,loss,accuracy,lr,seconds\n1,2,3,4,5\n"
    log.path.write_bytes(b"\xff\xfe\x00 no text")
    steps_before(learner(8, callbacks=[log]), ValueError, "has the columns")


def test_csv_log_leaves_no_empty_file_behind(tmp_path):
    class Fail(Callback):
        def on_fit_begin(self, learner):
            raise KeyError("later")

    with pytest.raises(KeyError):
        learner(8, callbacks=[CSVLog(tmp_path / "log.csv"), Fail()]).fit(progress=False)
    assert list(tmp_path.iterdir()) == []
