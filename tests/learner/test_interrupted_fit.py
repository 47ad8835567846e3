"""Ctrl-C at any line of fit and save: what comes later has the right bits."""

from __future__ import annotations

import faulthandler
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import tinynet as tn
from tests.injection import at_every_line
from tinynet.data import Dataset
from tinynet.layers import Linear, ReLU
from tinynet.learner import Learner
from tinynet.losses import cross_entropy
from tinynet.net import Net
from tinynet.optimizers import Adam

STEP = 1 if os.environ.get("TINYNET_EVERY_LINE") else 13  # all lines take minutes


@pytest.fixture(autouse=True)
def _watchdog() -> Iterator[None]:
    faulthandler.dump_traceback_later(300, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


def test_a_fit_after_an_interrupted_fit() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(64, 20)).astype(np.float32), rng.integers(0, 5, 64)
    data = Dataset(x, y)
    net = Net([Linear(20, 16), ReLU(), Linear(16, 5)])
    start, handler = net.state(), signal.getsignal(signal.SIGINT)

    def fit() -> dict[str, np.ndarray]:
        tn.seed(1)
        net.load_state(start)
        Learner(net, cross_entropy, Adam(0.01), data, valid=data, batch_size=32).fit(epochs=2, progress=False)
        return net.state()

    right = fit()
    for place in at_every_line(fit, ("learner", "optimizers", "net", "engine"), step=STEP):
        assert signal.getsignal(signal.SIGINT) is handler, place
        again = fit()
        assert all(np.array_equal(again[path], right[path]) for path in right), place


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of files that are closed later
def test_a_save_that_is_interrupted_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    old, new, path = Net([Linear(3, 2)]), Net([Linear(3, 2)]), tmp_path / "net.safetensors"
    tn.save(old, path)
    states = [net.state()["0.weight"] for net in (old, new)]
    for place in at_every_line(lambda: tn.save(new, path), ("storage",), step=1):
        weight = tn.load(path).state()["0.weight"]
        assert any(np.array_equal(weight, state) for state in states), place
        tn.save(old, path)
        np.testing.assert_array_equal(tn.load(path).state()["0.weight"], states[0])
