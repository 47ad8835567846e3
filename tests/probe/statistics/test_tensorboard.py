"""Event files: what is in them, read back byte by byte, and the sentence where tensorboardX is missing."""

import os
import struct
import sys
from types import ModuleType

import numpy as np
import pytest

from tinynet.probe import TrainingStatistics, export_tensorboard
from tinynet.probe.statistics.bins import N_BINS, N_POWERS
from tinynet.probe.statistics.look import NUMBERS, Seen
from tinynet.probe.statistics.tensorboard import _as_histogram


def statistics():
    made = TrainingStatistics({"0": "Linear", "1.body.0": "ReLU"})
    for step in (5, 10):
        numbers = {name: np.array([step / 4, np.nan]) for name in NUMBERS} | {"dead": np.array([0, step / 100])}
        counts = np.zeros((2, N_BINS), int)
        counts[0, [N_POWERS - 32, N_POWERS, N_POWERS + 33]] = 1, step, 2  # from −1 to −0.5, zero, from 1 to 2
        made.add(step, Seen(numbers, {"outputs": counts}))
    return made


def test_without_the_package_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(
        ImportError, match=r"^export_tensorboard: .*written by tensorboardX.*\nHint: pip install tinynet\[tensorboard\]"
    ):
        export_tensorboard(statistics(), tmp_path)


def test_something_else_is_refused(tmp_path):
    with pytest.raises(TypeError, match=r"export_tensorboard: expected the statistics of a training, got a dict\.\n"):
        export_tensorboard({}, tmp_path)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"export_tensorboard: .*file.* cannot be made: .*\nHint: choose another folder"):
        export_tensorboard(statistics(), tmp_path / "file" / "events")


class Notes:
    """What a SummaryWriter is asked to write."""

    def __init__(self, folder):
        self.scalars, self.histograms, self.closed = [], [], False
        Notes.last = self
        with open(f"{folder}/events.out.tfevents.1.here", "w"):
            pass

    def add_scalar(self, tag, value, step):
        self.scalars.append((tag, value, step))

    def add_histogram_raw(self, tag, global_step, **values):
        self.histograms.append((tag, global_step, values["bucket_counts"]))

    def close(self):
        self.closed = True


def test_what_is_written(monkeypatch, tmp_path):
    module = ModuleType("tensorboardX")
    module.SummaryWriter = Notes
    monkeypatch.setitem(sys.modules, "tensorboardX", module)
    (tmp_path / "new" / "events").mkdir(parents=True)
    for name in ("events.out.tfevents.0.old", "events.out.tfevents.9.old"):
        (tmp_path / "new" / "events" / name).write_text("")
        os.utime(tmp_path / "new" / "events" / name, (1, 1))
    path = export_tensorboard(statistics(), tmp_path / "new" / "events")
    assert path == tmp_path / "new" / "events" / "events.out.tfevents.1.here"
    notes = Notes.last
    assert notes.closed
    assert [scalar for scalar in notes.scalars if scalar[0].startswith(("spread", "dead"))] == [
        ("spread/0_Linear", 1.25, 5),
        ("spread/0_Linear", 2.5, 10),
        ("dead/0_Linear", 0, 5),
        ("dead/1.body.0_ReLU", pytest.approx(0.05), 5),
        ("dead/0_Linear", 0, 10),
        ("dead/1.body.0_ReLU", pytest.approx(0.1), 10),
    ]
    assert [(tag, step) for tag, step, _ in notes.histograms] == [("outputs/0_Linear", 5), ("outputs/0_Linear", 10)]
    assert notes.histograms[0][2][:2] == [1, 0]
    assert sum(notes.histograms[1][2]) == 13


def test_histograms_of_several_looks_have_the_last_step(monkeypatch, tmp_path):
    module = ModuleType("tensorboardX")
    module.SummaryWriter = Notes
    monkeypatch.setitem(sys.modules, "tensorboardX", module)
    made = statistics()
    for step in range(11, 44):
        made.add(step, Seen(dict.fromkeys(NUMBERS, np.zeros(2)), {"outputs": np.ones((2, N_BINS), int)}))
    export_tensorboard(made, tmp_path / "new" / "events")
    assert [step for tag, step, _ in Notes.last.histograms if tag == "outputs/0_Linear"][:3] == [10, 12, 14]


def test_a_histogram_as_tensorboard_wants_it():
    found = _as_histogram(statistics().histograms()[0, 0])
    assert (found["min"], found["max"], found["num"]) == (-1, 2, 8)
    assert found["sum"] == -0.75 + 2 * 1.5
    assert found["sum_squares"] == 0.75**2 + 2 * 1.5**2
    assert len(found["bucket_limits"]) == len(found["bucket_counts"]) == 66
    assert (found["bucket_limits"][0], found["bucket_limits"][-1]) == (-0.5, 2)
    assert (found["bucket_counts"][0], found["bucket_counts"][32], found["bucket_counts"][-1]) == (1, 5, 2)


def crc32c(data):
    """The checksum of Castagnoli 1993, bit by bit, masked as TFRecord files have it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 * (crc & 1))
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def records(data):
    """The records of a TFRecord file, each with its two checksums checked."""
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        assert struct.unpack("<I", data[8:12])[0] == crc32c(data[:8])
        record = data[12 : 12 + length]
        assert struct.unpack("<I", data[12 + length : 16 + length])[0] == crc32c(record)
        yield record
        data = data[16 + length :]


def test_the_file_is_one_that_tensorboard_reads(tmp_path):
    proto = pytest.importorskip("tensorboardX.proto.event_pb2")
    path = export_tensorboard(statistics(), tmp_path)
    events = [proto.Event.FromString(record) for record in records(path.read_bytes())]
    assert events[0].file_version == "brain.Event:2"
    values = [(event.step, value) for event in events[1:] for value in event.summary.value]
    scalars = {(value.tag, step): value.simple_value for step, value in values if value.WhichOneof("value") != "histo"}
    assert scalars["spread/0_Linear", 10] == 2.5
    assert scalars["dead/1.body.0_ReLU", 5] == pytest.approx(0.05)
    histograms = {(value.tag, step): value.histo for step, value in values if value.WhichOneof("value") == "histo"}
    assert list(histograms) == [("outputs/0_Linear", 5), ("outputs/0_Linear", 10)]
    assert histograms["outputs/0_Linear", 10].num == 13
