"""Show how training goes."""

from __future__ import annotations

import sys
import warnings
from collections import deque
from datetime import timedelta
from math import ceil
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.learner.callback import Callback

if TYPE_CHECKING:
    from pathlib import Path

    from rich.progress import Progress as Bar

    from tinynet.learner.learner import Learner

N_RECENT = 100  # batches, whose median tells what one takes
N_FIRST = 3  # The first steps of a training also prepare what all later ones reuse, so they tell nothing about those.


class Progress(Callback):
    """Loss, metrics, speed and time left: live on a terminal, and one plain line for each epoch elsewhere.

    `Learner.fit` adds one of these unless it is called with progress=False.

    Example:
        >>> from tinynet.data import moons
        >>> from tinynet.layers import Linear
        >>> from tinynet.learner import Learner
        >>> from tinynet.losses import cross_entropy
        >>> from tinynet.net import Net
        >>> from tinynet.optimizers import SGD
        >>> learner = Learner(Net([Linear(2, 2)]), cross_entropy, SGD(lr=0.1), moons(64))
        >>> history = learner.fit()
        epoch 1/1  loss ...  ... samples/s  0:00:00 left
    """

    _bar: Bar | None = None

    def on_fit_begin(self, learner: Learner) -> None:
        self.first_step = learner.step
        self.batch_end = self.epoch_end = perf_counter()
        self.batch_seconds: deque[float] = deque(maxlen=N_RECENT)
        self.n_timed = 0
        self.valid_seconds: list[float] = []
        self.stream = sys.stdout  # the live line puts another one in its place
        if _is_terminal(self.stream):
            self._bar = _bar()
            self._task = self._bar.add_task("", total=learner.batches_per_epoch, numbers="", speed="", left="")
            self._bar.start()
        self.on_epoch_begin(learner, learner.epoch + 1)  # where it is resumed within an epoch

    def state(self) -> dict[str, Any]:
        return {}  # what a batch takes is another matter after a break

    def on_epoch_begin(self, learner: Learner, epoch: int) -> None:
        self.epoch_start, self.n_samples = perf_counter(), 0
        self.batch_end = self.epoch_start
        if self._bar:
            self._bar.reset(self._task, description=_epoch(learner, epoch), numbers="", speed="", left="")

    def on_batch_end(self, learner: Learner, index: int, means: dict[str, float]) -> None:
        x = learner.batch[0]
        first = x[0] if isinstance(x, tuple) else x
        self.n_samples += len(first)
        self.unit = "images/s" if np.ndim(first) == 4 else "samples/s"
        now = perf_counter()
        if self.n_timed == N_FIRST:
            self.batch_seconds.clear()
        self.n_timed += 1
        self.batch_seconds.append(now - self.batch_end)
        self.batch_end, self.seconds = now, now - self.epoch_start
        self.n_done = learner.step - self.first_step
        if self._bar:
            numbers = encodable(_numbers(means), self.stream)
            texts: dict[str, Any] = {"numbers": numbers, "speed": self._speed(), "left": self._live_left(learner)}
            self._bar.update(self._task, completed=index + 1, **texts)

    def on_epoch_end(self, learner: Learner, epoch: int, row: dict[str, Any]) -> None:
        self.valid_seconds.append(perf_counter() - self.batch_end)
        trained = {name: row[name] for name in row if not name.startswith("valid_") and name not in _NOT_SHOWN}
        valid = {name.removeprefix("valid_"): row[name] for name in row if name.startswith("valid_")}
        line = f"{_epoch(learner, epoch)}  {_numbers(trained)}" + (f"  valid {_numbers(valid)}" if valid else "")
        if self._bar:
            self._bar.console.print(encodable(line, self.stream), highlight=False, markup=False)
        else:
            write(f"{line}  {self._speed()}  {self._left(learner)}".rstrip())

    def on_fit_end(self, learner: Learner) -> None:
        if self._bar:
            self._bar.stop()
            self._bar = None
        if learner.stop_reason:
            write(f"stopped after epoch {learner.epoch}: {learner.stop_reason}")

    def _speed(self) -> str:
        return f"{self.n_samples / max(self.seconds, 1e-9):.0f} {self.unit}"

    def _live_left(self, learner: Learner) -> str:
        return self._left(learner) if self.n_timed > N_FIRST else ""

    def _left(self, learner: Learner) -> str:
        """What a usual batch takes, times the batches to come, and a usual validation for each epoch to come."""
        n_left = learner.epochs_wanted * learner.batches_per_epoch - self.first_step - self.n_done
        if not n_left:
            return f"{timedelta(0)} left"
        if self.n_timed < 2:
            return ""
        median = sorted(self.batch_seconds)[(len(self.batch_seconds) - 1) // 2]
        batch = median if self.n_timed > N_FIRST else min(self.batch_seconds)
        seconds = n_left * batch + n_left / learner.batches_per_epoch * self._validation(learner, batch)
        return f"{timedelta(seconds=round(seconds))} left"

    def _validation(self, learner: Learner, batch: float) -> float:
        """What a usual validation takes.

        The first one prepares too. Until there is a second, it counts for no more than training on as many batches.
        """
        if learner.valid is None or not self.valid_seconds:
            return 0.0
        usual = min(self.valid_seconds)
        if len(self.valid_seconds) > 1:
            return usual
        return min(usual, batch * ceil(len(learner.valid) / learner.batch_size))


_NOT_SHOWN = ("epoch", "lr", "seconds")


def _epoch(learner: Learner, epoch: int) -> str:
    digits = len(str(learner.epochs_wanted))
    return f"epoch {epoch:{digits}}/{learner.epochs_wanted}"


def _numbers(values: dict[str, Any]) -> str:
    return "  ".join(f"{name} {value:.4f}" for name, value in values.items() if np.ndim(value) == 0)


def _bar() -> Bar:
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = [TextColumn("{task.description}"), BarColumn(bar_width=16)]
    columns += [TextColumn("{task.fields[" + field + "]}", markup=False) for field in ("numbers", "speed", "left")]
    return Bar(*columns, transient=True)


def _is_terminal(stream: Any) -> bool:
    """Whether a stream is one; programs without a console have none, and a stream of another kind may not know."""
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):  # ValueError: it was closed
        return False


def write(line: str) -> None:
    """Write a line to the standard output, if there is one."""
    stream = sys.stdout
    if stream is None or getattr(stream, "closed", False):
        return
    stream.write(f"{encodable(line, stream)}\n")
    if hasattr(stream, "flush"):
        stream.flush()  # a log file is read while it grows


def go_on_without(who: str, error: Exception, path: Path | None = None) -> None:
    """Warn that something could not be written; training is worth more than that.

    An error that comes while a file is written does not know its name, so it may be given.

    Example:
        >>> import warnings
        >>> with warnings.catch_warnings(record=True) as told:
        ...     warnings.simplefilter("always")
        ...     go_on_without("CSVLog", OSError(28, "No space left on device", "history.csv"))
        >>> print(told[0].message)
        CSVLog: history.csv could not be written: No space left on device. Training goes on.
    """
    what = str(error).partition("\n")[0] or f"{who}: there is not enough memory."
    if isinstance(error, OSError) and error.errno is not None:
        what = f"{who}: {error.filename or path} could not be written: {error.strerror}."
    warnings.warn(f"{what} Training goes on.", stacklevel=3)


def encodable(text: str, stream: Any) -> str:
    """A text in the characters that a stream has: a metric may have a name in other letters."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
