"""The progress display: plain lines in a file, a live line on a terminal."""

import io
import re
import sys

import numpy as np
import pytest

from tinynet.data import Dataset
from tinynet.layers import Flatten, Linear
from tinynet.learner import EarlyStopping, Learner
from tinynet.losses import cross_entropy
from tinynet.metrics import accuracy, confusion_matrix
from tinynet.net import Net
from tinynet.optimizers import SGD


def learner(shape=(1, 2, 2), **options):
    x = np.random.default_rng(0).normal(size=(40, *shape)).astype(np.float32)
    data = Dataset(x, np.arange(40) % 2)
    net = Net([Flatten(), Linear(4, 2)])
    train, valid = data.subset(slice(20)), data.subset(slice(20, 40))
    return Learner(
        net,
        cross_entropy,
        SGD(lr=0.1),
        train,
        valid=valid,
        metrics=[accuracy, confusion_matrix],
        batch_size=8,
        **options,
    )


def test_one_plain_line_for_each_epoch(capsys):
    history = learner().fit(epochs=12)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 12
    assert re.fullmatch(
        r"epoch  1/12  loss \d\.\d{4}  accuracy \d\.\d{4}  valid loss \d\.\d{4}  accuracy \d\.\d{4}  \d+ images/s  "
        r"\d:\d\d:\d\d left",
        lines[0],
    )
    row = history.rows[-1]
    assert lines[-1].startswith(f"epoch 12/12  loss {row['loss']:.4f}  accuracy {row['accuracy']:.4f}")
    assert lines[-1].endswith("0:00:00 left")


def test_what_is_no_image_is_a_sample(capsys):
    learner(shape=(4,)).fit()
    assert "samples/s" in capsys.readouterr().out


def test_a_further_fit_counts_on(capsys):
    trained = learner()
    trained.fit(epochs=2, progress=False)
    trained.fit(epochs=1)
    assert capsys.readouterr().out.startswith("epoch 3/3 ")


def test_the_reason_for_stopping_is_said(capsys):
    learner(callbacks=[EarlyStopping("loss", patience=1, min_delta=10)]).fit(epochs=5)
    assert capsys.readouterr().out.endswith("stopped after epoch 2: loss has not improved since epoch 1\n")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def terminal(monkeypatch):
    # Called in the test itself: capturing replaces sys.stdout once more between a fixture and its test.
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return screen


def test_a_terminal_gets_a_live_line_that_is_gone_at_the_end(monkeypatch):
    screen = terminal(monkeypatch)
    learner().fit(epochs=2)
    shown = screen.getvalue()
    assert "images/s" in shown
    assert "\x1b[?25l" in shown  # the cursor is hidden while the line lives, and comes back
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")
    assert re.search(r"epoch 1/2  loss \d\.\d{4}  accuracy \d\.\d{4}  valid loss", shown)


def test_an_error_gives_the_terminal_back(monkeypatch):
    screen = terminal(monkeypatch)
    broken = learner()
    broken.train_step = lambda x, y: 1 / 0
    with pytest.raises(ZeroDivisionError):
        broken.fit()
    assert "\x1b[?25h" in screen.getvalue()


class Clock:
    """A clock that a training moves: its first steps and its first validation take long, as where much is prepared."""

    def __init__(self, monkeypatch, trained, first_steps, first_validation):
        self.now, self.steps, self.validations = 0.0, list(first_steps), [first_validation]
        monkeypatch.setattr("tinynet.learner.progress.perf_counter", lambda: self.now)
        self.train_step, self.evaluate = trained.train_step, trained.evaluate
        trained.train_step, trained.evaluate = self.step, self.validation

    def step(self, x, y):
        self.now += self.steps.pop(0) if self.steps else 0.1
        return self.train_step(x, y)

    def validation(self, data):
        self.now += self.validations.pop() if self.validations else 0.7
        return self.evaluate(data)


def left(line):
    found = re.search(r"(\d+):(\d\d):(\d\d) left", line)
    return None if found is None else sum(int(n) * size for n, size in zip(found.groups(), (3600, 60, 1), strict=True))


def test_the_time_left_leaves_out_what_the_first_steps_and_the_first_validation_prepare(monkeypatch, capsys):
    trained = learner()  # an epoch has 3 batches of 0.1 s, and a validation takes 0.7 s
    Clock(monkeypatch, trained, first_steps=[20.0, 15.0, 5.0], first_validation=18.0)
    trained.fit(epochs=31)
    lines = capsys.readouterr().out.splitlines()
    assert left(lines[0]) == 30 * 3 * (5.0 + 5.0)  # the fastest of the first three steps is all that is known
    assert [left(line) for line in lines[1:]] == [31 - epoch for epoch in range(2, 32)]


def test_the_first_validation_counts_as_training_on_as_many_samples_at_most(monkeypatch, capsys):
    trained = learner(shape=(4,))
    trained.batch_size = 4  # an epoch has 5 batches, so the first line has an estimate
    Clock(monkeypatch, trained, first_steps=[20.0], first_validation=18.0)
    trained.fit(epochs=21)
    first, *rest = capsys.readouterr().out.splitlines()
    assert left(first) == 20 * (0.5 + 0.5)
    assert left(rest[0]) == round(19 * (0.5 + 0.7))


def test_a_live_line_tells_no_time_left_before_it_knows(monkeypatch):
    screen = terminal(monkeypatch)
    trained = learner(shape=(4,))
    trained.batch_size = 1
    Clock(monkeypatch, trained, first_steps=[30.0, 30.0, 30.0], first_validation=0.7)
    trained.fit(epochs=1)
    times = [left(found) for found in re.findall(r"\d:\d\d:\d\d left", screen.getvalue())]
    assert times
    assert max(times) <= 2  # of 20 batches, 16 are to come after the fourth
