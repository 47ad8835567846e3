"""Training where nobody can watch, logs that a killed process has torn, and how long it will still take."""

import io
import sys

import numpy as np
import pytest

from tests.learner.test_progress import Terminal, learner
from tinynet.learner import CSVLog, History, Progress
from tinynet.learner import progress as module


class Bare:
    """All that some programs put in the place of the standard output."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text


@pytest.mark.parametrize("kind", ["none", "closed", "bare"])
def test_training_needs_no_terminal(monkeypatch, kind):
    stream = {"none": None, "closed": io.StringIO(), "bare": Bare()}[kind]
    if kind == "closed":
        stream.close()
    monkeypatch.setattr(sys, "stdout", stream)
    assert len(learner().fit(epochs=2)) == 2
    assert kind != "bare" or stream.text.count("epoch") == 2


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
@pytest.mark.parametrize("live", [False, True])
def test_names_of_metrics_are_written_in_any_encoding(monkeypatch, encoding, live):
    def genauigkeit(predicted, ground_truth):
        return 0.5

    genauigkeit.__name__ = "[b]Überdeckung–准"

    class Stream(io.TextIOWrapper):
        def isatty(self):
            return live

    stream = Stream(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setenv("COLUMNS", "200")
    trained = learner()
    trained.metrics = {genauigkeit.__name__: genauigkeit}
    trained.fit(epochs=1)
    assert "[b]" in stream.buffer.getvalue().decode(encoding)


def test_the_first_step_does_not_count_for_the_time_left(monkeypatch, capsys):
    clock = [0.0]
    monkeypatch.setattr(module, "perf_counter", lambda: clock[0])
    trained = learner()
    step = trained.train_step

    def slow_first(x, y):
        clock[0] += 1000 if trained.step == 0 else 10  # it compiles
        return step(x, y)

    trained.train_step = slow_first
    trained.fit(epochs=3)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-2] for line in lines] == ["0:01:00", "0:00:30", "0:00:00"]  # of three batches an epoch


def test_before_a_second_step_nobody_knows_the_time_left(monkeypatch, capsys):
    whole = learner()
    whole.batch_size = 20
    whole.fit(epochs=3)
    assert ["left" in line for line in capsys.readouterr().out.splitlines()] == [False, True, True]


def test_what_validation_takes_is_part_of_the_time_left():
    shown = Progress()
    trained = learner()
    trained.epochs_wanted, trained.epoch = 3, 1
    shown.first_step, shown.n_done, shown.n_timed = 0, 3, 3
    shown.batch_seconds, shown.valid_seconds = [9.0, 1.0, 1.0], [50.0, 7.0]
    assert shown._left(trained) == "0:00:20 left"  # six batches of 1 s, two validations of 7 s


def test_a_terminal_that_closes_is_no_terminal():
    screen = Terminal()
    assert module._is_terminal(screen)
    assert not module._is_terminal(None)
    assert not module._is_terminal(object())


# Logs.

HEADER = b"epoch,loss,accuracy,lr,seconds,valid_loss,valid_accuracy\n"
ROW = b"1,0.5,0.5,0.1,0.25,0.5,0.5\n"


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        (HEADER + ROW, HEADER + ROW),
        (HEADER + ROW + b"2,0.2", HEADER + ROW),
        (HEADER + ROW + ROW[:-1], HEADER + ROW),  # its last number may go on
        (HEADER, HEADER),
        (HEADER[:-1], HEADER),
        (HEADER[:9], HEADER),
        (b"", HEADER),
        (b"\xef\xbb\xbf" + HEADER + ROW, b"\xef\xbb\xbf" + HEADER + ROW),
        ((HEADER + ROW).replace(b"\n", b"\r\n"), (HEADER + ROW).replace(b"\n", b"\r\n")),
    ],
)
def test_a_torn_line_is_never_continued(tmp_path, found, kept):
    path = tmp_path / "history.csv"
    path.write_bytes(found)
    trained = learner(callbacks=[CSVLog(path)])
    trained.fit(progress=False)
    assert path.read_bytes().startswith(kept)
    history = History.read_csv(path)
    assert len(history) == kept.count(ROW.strip()) + 1
    assert history["loss"][-1] == trained.history["loss"][0]


@pytest.mark.parametrize("content", [b"a,b\n1,2\n3", b"\xff\xfe\x00", b"a,b"])
def test_another_file_stays_as_it_is(tmp_path, content):
    path = tmp_path / "history.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="it stays as it is"):
        learner(callbacks=[CSVLog(path)]).fit(progress=False)
    assert path.read_bytes() == content


@pytest.mark.parametrize("seed", range(3))
def test_every_damaged_history_is_one_sentence(tmp_path, seed):
    rng = np.random.default_rng(seed)
    path, whole = tmp_path / "history.csv", HEADER + 5 * ROW
    for _ in range(200):
        content = bytearray(whole[: rng.integers(len(whole))] if rng.random() < 0.3 else whole)
        for place in rng.integers(0, max(len(content), 1), 2):
            content[place : place + 1] = bytes([rng.integers(256)])
        path.write_bytes(content)
        try:
            History.read_csv(path)
        except ValueError as error:
            assert str(error).startswith("History.read_csv: ")  # noqa: PT017
            assert str(path) in str(error)  # noqa: PT017
