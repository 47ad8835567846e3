"""What lies in the folder of a run, and pictures."""

from __future__ import annotations

import io
import json
import struct
import zlib
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np

import tinynet as tn
from tinynet.cli import main
from tinynet.core.checks.words import fail
from tinynet.data import Dataset
from tinynet.layers import Linear
from tinynet.learner import CSVLog, History, Learner
from tinynet.losses import mean_squared_error
from tinynet.models import MODELS
from tinynet.net import Net
from tinynet.optimizers import SGD
from tinynet.probe import TrainingStatistics
from tinynet.probe.statistics.bins import N_BINS
from tinynet.probe.statistics.look import NUMBERS, Seen
from tools.fuzz.kind import Format
from tools.fuzz.mutations import BYTES, Rng, dumped, in_json
from tools.fuzz.nets import CHANGES

NET = MODELS["mlp"].for_data((1, 8, 8), 10)
HISTORY = "epoch,loss,valid_accuracy,lr,seconds\n1,0.5,0.25,0.1,1.5\n2,0.25,0.5,0.1,1.25\n"
CONFIG = {
    "format": 1, "command": "tinynet train digits", "dataset": "digits", "model": "mlp", "epochs": 2, "lr": 0.005,
    "batch_size": 64, "optimizer": "adam", "seed": 0, "kernels": "plain", "valid_fraction": 0.1,
    "input_shape": [1, 8, 8], "classes": [*"0123456789"], "data_source": "UCI optical digits, embedded",
    "versions": {"tinynet": "1", "python": "3.11.7"}, "threads": {}, "platform": "linux", "epochs_done": 2,
    "started": "2026-01-01T00:00:00+00:00", "test": {"accuracy": 0.5},
}  # fmt: skip


def command(*words: str) -> str:
    """What the command line prints.

    Raises:
        ValueError: It ended with another status than 0; this is its sentence.
    """
    shown, complaint = io.StringIO(), io.StringIO()
    with redirect_stdout(shown), redirect_stderr(complaint):
        try:
            main(list(words))
        except SystemExit as end:
            status = end.code
    if status not in (0, None):
        assert complaint.getvalue().strip(), f"status {status} without a sentence"
        assert "Traceback" not in complaint.getvalue(), complaint.getvalue()
        fail("command", complaint.getvalue().strip())
    return shown.getvalue()


def _make_history(folder: Path) -> list[Path]:
    (folder / "history.csv").write_text(HISTORY, encoding="utf-8")
    return [folder / "history.csv"]


def _read_history(folder: Path) -> None:
    history = History.read_csv(folder / "history.csv")
    assert all(isinstance(value, (int, float)) for row in history for value in row.values()), "no numbers"
    assert all(history[name] for name in history.names()), "an empty column"
    repr(history)


def _make_statistics(folder: Path) -> list[Path]:
    statistics = TrainingStatistics({"0": "Linear", "1.body.0": "ReLU"}, {"every": 50, "batches_per_epoch": 40})
    for step in range(50, 2001, 50):
        numbers = {name: np.array([step / 1000, np.nan]) for name in NUMBERS}
        statistics.add(step, Seen(numbers, {"outputs": np.full((2, N_BINS), step)}))
    statistics.save(folder / "statistics.safetensors")
    return [folder / "statistics.safetensors"]


def _read_statistics(folder: Path) -> None:
    statistics = TrainingStatistics.load(folder / "statistics.safetensors")
    assert statistics["spread"].shape == (len(statistics.steps), len(statistics.layers)), "another shape"
    statistics.histograms()
    repr(statistics)


def _make_log(folder: Path) -> list[Path]:
    (folder / "log.csv").write_text("epoch,loss,lr,seconds\n1,0.5,0.1,1.5\n", encoding="utf-8")
    return [folder / "log.csv"]


def _continue_log(folder: Path) -> None:
    x = np.zeros((4, 2), np.float32)
    log = CSVLog(folder / "log.csv")
    before = log.path.read_bytes() if log.path.is_file() else b""
    Learner(Net([Linear(2, 2)]), mean_squared_error, SGD(lr=0.1), Dataset(x, x), callbacks=[log]).fit(
        epochs=1, progress=False
    )
    after = log.path.read_bytes()
    assert after.startswith(before[: before.rfind(b"\n") + 1]), "another line than the torn one is gone"


def _make_run(folder: Path) -> list[Path]:
    (folder / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    _make_history(folder)
    tn.save(NET, folder / "model.safetensors")
    return sorted(folder.iterdir())


def _evaluate(folder: Path) -> None:
    assert "accuracy" in command("evaluate", str(folder)), "no accuracy"


def _report(folder: Path) -> None:
    command("report", str(folder))
    assert (folder / "report.html").stat().st_size > 1000, "an empty report"


def json_tree(rng: Rng, content: bytes) -> bytes:
    """A value of a JSON file is another; of other files the bytes change."""
    try:
        return dumped(in_json(rng, json.loads(content)))
    except ValueError:
        return BYTES[int(rng.integers(len(BYTES)))](rng, content)


def _make_pictures(folder: Path) -> list[Path]:
    from PIL import Image

    grey = np.zeros((20, 17), np.uint8)
    grey[4:15, 7:10] = 220
    picture = Image.fromarray(grey)
    for name in ("a.png", "b.jpg", "c.gif", "d.bmp", "e.webp", "f.tiff", "g.ppm", "h.tga"):
        picture.convert("RGB").save(folder / name)
    picture.convert("P").save(folder / "i.png")
    picture.convert("RGBA").save(folder / "j.png")
    Image.fromarray(grey.astype(np.float32) / 255).save(folder / "k.tiff")
    Image.fromarray(grey.astype(np.uint16) * 256).save(folder / "l.png")
    return sorted(folder.iterdir())


def _predict(folder: Path) -> None:
    run = folder.parent / "run"
    pictures = sorted(folder.iterdir())
    if not pictures:
        return  # without a name there is nothing to predict
    words = command("predict", str(run), *map(str, pictures))
    assert all(str(path) in words for path in pictures), "a picture without an answer"


def _with_run(folder: Path) -> list[Path]:
    run = folder.parent / "run"
    if not run.exists():
        run.mkdir()
        _make_run(run)
    return _make_pictures(folder)


def png_size(rng: Rng, content: bytes) -> bytes:
    """The head of a PNG claims another size, depth or colour, with the right checksum; or its bytes are many."""
    if content[:4] != b"\x89PNG":
        return BYTES[int(rng.integers(len(BYTES)))](rng, content)
    head = bytearray(content[16:29])
    sizes = (0, 1, 3, 1000, 9000, 20_000, 2**16, 2**31 - 1)
    for place in (0, 4):
        if rng.random() < 0.7:
            head[place : place + 4] = struct.pack(">I", int(rng.choice(sizes)))
    if rng.random() < 0.3:
        head[8 + int(rng.integers(5))] = int(rng.integers(20))
    rest = content[33:]
    if rng.random() < 0.3:
        packed = zlib.compress(bytes(int(rng.choice([10**6, 8 * 10**7]))), 1)
        rest = (
            struct.pack(">I", len(packed))
            + b"IDAT"
            + packed
            + struct.pack(">I", zlib.crc32(b"IDAT" + packed))
            + rest[-12:]
        )
    return content[:16] + bytes(head) + struct.pack(">I", zlib.crc32(b"IHDR" + head)) + rest


FORMATS = {
    "history": Format(_make_history, _read_history),
    "statistics": Format(_make_statistics, _read_statistics, CHANGES),
    "log": Format(_make_log, _continue_log),
    "run": Format(_make_run, _evaluate, BYTES + (json_tree,) * 16),
    "picture": Format(_with_run, _predict, BYTES + (png_size,) * 6, alone=True),
}
SLOW = {"report": Format(_make_run, _report, BYTES + (json_tree,) * 16)}  # a second each
