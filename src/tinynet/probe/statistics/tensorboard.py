"""Statistics as event files, which TensorBoard shows."""

from __future__ import annotations

from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.probe.statistics.bins import edges
from tinynet.probe.statistics.look import NUMBERS
from tinynet.probe.statistics.record import TrainingStatistics, recorded


def export_tensorboard(statistics: TrainingStatistics, folder: str | PathLike[str]) -> Path:
    """Write the statistics of a training as an event file, for `tensorboard --logdir FOLDER`.

    Numbers become scalars under "spread/0_Conv2D" and so on, histograms "outputs/0_Conv2D"; the step is the
    last one of each column. It needs the package tensorboardX: `pip install tinynet[tensorboard]`.

    Args:
        statistics: Those of a training, or the `Statistics` callback that recorded them.
        folder: Where to write; it is made if needed. TensorBoard tells runs apart by their folders.

    Returns:
        The event file.

    Raises:
        ImportError: tensorboardX is not installed.
        TypeError: Those are no statistics, or the folder is no path.
        OSError: Nothing can be written there.

    Example:
        >>> from tinynet.probe import TrainingStatistics
        >>> export_tensorboard(TrainingStatistics.load("statistics.safetensors"), "events")  # doctest: +SKIP
        PosixPath('events/events.out.tfevents.…')
    """
    found = recorded("export_tensorboard", statistics)
    target = _folder(folder)
    writer = _writer()(str(target))
    try:
        _write(writer, found)
    finally:
        writer.close()
    return max(target.glob("events.out.tfevents.*"), key=lambda path: path.stat().st_mtime_ns)


def _write(writer: Any, statistics: TrainingStatistics) -> None:
    names = [f"{path}_{kind}".strip("_") for path, kind in statistics.layers.items()]
    for number in NUMBERS:
        for step, row in zip(statistics.steps.tolist(), statistics[number], strict=True):
            for name, value in zip(names, row.tolist(), strict=True):
                if not np.isnan(value):
                    writer.add_scalar(f"{number}/{name}", value, step)
    for of in statistics.counted:
        for step, row in zip(statistics.histogram_steps[1].tolist(), statistics.histograms(of), strict=True):
            for name, bins in zip(names, row, strict=True):
                if bins.any():
                    writer.add_histogram_raw(f"{of}/{name}", global_step=step, **_as_histogram(bins))


def _as_histogram(counts: np.ndarray) -> dict[str, Any]:
    """Counts as TensorBoard wants them, with sums as if all values were in the middle of their bins."""
    limits = edges()
    there = np.flatnonzero(counts)
    middles = (limits[:-1] + limits[1:]) / 2
    cut = slice(there[0], there[-1] + 1)  # empty bins outside would only widen the picture
    return {
        "min": float(limits[there[0]]),
        "max": float(limits[there[-1] + 1]),
        "num": int(counts.sum()),
        "sum": float(counts @ middles),
        "sum_squares": float(counts @ middles**2),
        "bucket_limits": limits[1:][cut].tolist(),
        "bucket_counts": counts[cut].tolist(),
    }


def _writer() -> Any:
    try:
        return import_module("tensorboardX").SummaryWriter
    except ImportError:
        problem = "event files are written by tensorboardX, which is not installed."
        checks.fail("export_tensorboard", problem, "pip install tinynet[tensorboard].", ImportError)


def _folder(folder: str | PathLike[str]) -> Path:
    target = checks.path("export_tensorboard", folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"{target} cannot be made: {error.strerror}."
        checks.fail("export_tensorboard", problem, "choose another folder.", type(error))
    return target
