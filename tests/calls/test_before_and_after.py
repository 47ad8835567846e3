"""Objects that are asked before they are ready, and memories that are none: each has its sentence."""

import os
import re

import numpy as np
import pytest

import tinynet as tn
from tests.calls.outcome import is_phrased
from tinynet import learner as callbacks
from tinynet.data import Dataset
from tinynet.layers import BatchNorm1D, Linear
from tinynet.learner import AverageWeights, EarlyStopping, History, KeepBest, Learner, ReduceOnPlateau
from tinynet.losses import cross_entropy
from tinynet.net import Net
from tinynet.optimizers import SGD
from tinynet.probe import TrainingStatistics, read_sweep

X = np.ones((4, 2), np.float32)


def points() -> Dataset:
    return Dataset(X, np.array([0, 1, 0, 1]))


CALLBACKS = {
    "AverageWeights": callbacks.AverageWeights,
    "CSVLog": lambda: callbacks.CSVLog("history.csv"),
    "Callback": type("Callback", (callbacks.Callback,), {}),
    "Checkpoint": lambda: callbacks.Checkpoint("checkpoints"),
    "EarlyStopping": callbacks.EarlyStopping,
    "KeepBest": callbacks.KeepBest,
    "LearningRateLog": callbacks.LearningRateLog,
    "ReduceOnPlateau": callbacks.ReduceOnPlateau,
    "Snapshots": callbacks.Snapshots,
    "Statistics": callbacks.Statistics,
}


@pytest.mark.parametrize("name", CALLBACKS)
def test_the_memory_of_a_callback_is_a_dict_with_its_entries(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for bad in (None, "state", [1], np.ones(2)):
        with pytest.raises(TypeError, match=rf"^{name}: expected what state\(\) gave, a dict, got"):
            CALLBACKS[name]().load_state(bad)
    if name != "Callback":
        with pytest.raises(ValueError, match=rf"^{name}: expected what state\(\) gave; .* is missing."):
            CALLBACKS[name]().load_state({})


def test_every_callback_is_tried():
    found = {name for name in callbacks.__all__ if isinstance(getattr(callbacks, name), type)}
    kinds = {name for name in found if issubclass(getattr(callbacks, name), callbacks.Callback)}
    assert kinds == {*CALLBACKS, "Progress"}


def test_callbacks_have_a_memory_before_they_are_used():
    assert EarlyStopping().state()["waited"] == 0
    assert ReduceOnPlateau().state()["resting"] == 0
    kept = KeepBest("loss")
    kept.load_state({"best": 0.5, "best_epoch": 2, "weights": None})
    assert (kept.best, kept.best_epoch) == (0.5, 2)
    with pytest.raises(RuntimeError, match="AverageWeights: there is no average before training begins."):
        AverageWeights().average.applied()


def net() -> Net:
    return Net([Linear(2, 2)])


SENTENCES = [
    (lambda: net().load_state({"0.weight": [[1, 2], [3]], "0.bias": [1, 2]}), TypeError, "Net: 0.weight of the state"),
    (lambda: tn.models.build("mlp", (4,), np.array(["a", "b"])), TypeError, "models.build: n_classes must be an inte"),
    (lambda: callbacks.Checkpoint("folder", monitor=np.ones(3)), TypeError, "Checkpoint: monitor must be a string, g"),
    (lambda: TrainingStatistics({}, {}).take_arrays({}), ValueError, "TrainingStatistics: expected what state() gave"),
    (lambda: tn.visualize.fit_curve(net(), History()), ValueError, "fit_curve: dataset has no samples."),
    (lambda: tn.visualize.reconstructions(net(), History()), ValueError, "reconstructions: dataset has no samples."),
    (lambda: tn.visualize.feature_maps(net(), X[:0]), ValueError, "feature_maps: expected x to hold numbers, got sha"),
    (lambda: tn.visualize.points_map(X, None), TypeError, "points_map: names must be a list of names, got None."),
    (lambda: tn.probe.representations(net(), X[:0]), ValueError, "representations: expected at least one sample, got"),
    (lambda: tn.probe.diagnose(net()), TypeError, "diagnose: case must be a Case, got a Net."),
    (lambda: tn.probe.guessing(cross_entropy, [[1], [1, 2]]), TypeError, "guessing: ground_truth must be an array, g"),
    (lambda: tn.probe.read_sweep([[1], [1, 2]], X), TypeError, "read_sweep: rates must be an array, got rows of"),
    (lambda: tn.probe.where_not_finite(net(), X, X, 3), TypeError, "where_not_finite: loss must be a function, got an"),
    (lambda: backward(np.ones((4, 2), bool)), TypeError, "Net.backward: expected a gradient, an array of shape (4, 2"),
    (lambda: History.read_csv("x" * 5_000), OSError, "History.read_csv: cannot read"),
    (lambda: tn.load_weights(net(), "x" * 5_000), OSError, "load_weights: there is no file"),
    (lambda: learner().resume("x" * 5_000), FileNotFoundError, "Learner.resume: there is no folder"),
    (lambda: fit(callbacks.CSVLog("x" * 5_000)), OSError, "CSVLog: xxx"),
]  # fmt: skip


def backward(dy: np.ndarray) -> None:
    normed = Net([BatchNorm1D(2)])
    normed(X)
    normed.backward(dy)


def learner(*callbacks: callbacks.Callback) -> Learner:
    return Learner(net(), cross_entropy, SGD(lr=0.1), points(), callbacks=list(callbacks))


def fit(*callbacks: callbacks.Callback) -> None:
    learner(*callbacks).fit(progress=False)


@pytest.mark.parametrize(("call", "kind", "words"), SENTENCES, ids=[words for _, _, words in SENTENCES])
def test_it_is_told(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()


# Files that open and then cannot be read: a broken disk, here the memory of a process at an address that it has not.


UNREADABLE = "/proc/self/mem"


@pytest.mark.skipif(not os.path.isfile(UNREADABLE), reason="only Linux has such a file")
@pytest.mark.parametrize(
    "read",
    [
        tn.data.text,
        tn.data.text_file,
        tn.data.pairs,
        History.read_csv,
        tn.load,
        lambda path: tn.load_weights(net(), path),
        lambda path: tn.data.table(path, target="y"),
    ],
    ids=["text", "text_file", "pairs", "read_csv", "load", "load_weights", "table"],
)
def test_a_file_that_opens_and_cannot_be_read(read):
    with pytest.raises(OSError, match=r"^[\w.]+: .*/proc/self/mem.*: Input/output error"):
        read(UNREADABLE)


@pytest.fixture
def closed_folder(tmp_path):
    """A folder that this user may not look into; the administrator gives up the right to for as long."""
    folder = tmp_path / "closed"
    folder.mkdir()
    tn.save(net(), folder / "net.safetensors")
    folder.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield folder
    finally:
        os.seteuid(user)
        folder.chmod(0o700)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows has other permissions")
@pytest.mark.parametrize(
    "read",
    [
        lambda folder: tn.load(folder),
        lambda folder: tn.load_weights(net(), folder / "net.safetensors"),
        lambda folder: tn.read_card(folder / "net.safetensors"),
        lambda folder: learner().resume(folder),
        lambda folder: tn.data.pictures(folder),
        lambda folder: History.read_csv(folder / "history.csv"),
    ],
    ids=["load", "load_weights", "read_card", "resume", "pictures", "read_csv"],
)
def test_a_folder_that_one_may_not_look_into(read, closed_folder):
    with pytest.raises(OSError, match=r"^[\w.]+: .*closed") as caught:
        read(closed_folder)
    assert is_phrased(caught.value)


@pytest.mark.skipif(not os.path.isfile("/proc/self/maps"), reason="only Linux has such a file")
def test_a_disk_that_maps_no_file_into_memory():
    with pytest.raises(OSError, match="load: '/proc/self/maps' could not be read: No such device.\nHint: copy"):
        tn.load("/proc/self/maps")


def test_a_sweep_whose_loss_only_rises_names_a_rate():
    rates, losses = np.geomspace(1, 10, 50), np.linspace(1, 1e4, 50)
    sweep = read_sweep(rates, losses)
    assert sweep.rate == pytest.approx(rates[sweep.lowest] / 3)
    assert sweep.lowest <= 3
    assert "The loss rose from the start: sweep from a lower rate." in str(sweep)
    learner().find_rate(lowest=5.0, n_steps=30)  # as here, where every step leaps over the minimum
