"""Show how training goes."""

from __future__ import annotations

import sys
from datetime import timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.learner.callback import Callback

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from tinynet.learner.learner import Learner


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
        self.fit_start = perf_counter()
        if sys.stdout.isatty():
            self._bar = _bar()
            self._task = self._bar.add_task("", total=learner.batches_per_epoch, numbers="", speed="", left="")
            self._bar.start()

    def on_epoch_begin(self, learner: Learner, epoch: int) -> None:
        self.epoch_start, self.n_samples = perf_counter(), 0
        if self._bar:
            self._bar.reset(self._task, description=_epoch(learner, epoch), numbers="", speed="", left="")

    def on_batch_end(self, learner: Learner, index: int, means: dict[str, float]) -> None:
        x = learner.batch[0]
        first = x[0] if isinstance(x, tuple) else x
        self.n_samples += len(first)
        self.unit = "images/s" if np.ndim(first) == 4 else "samples/s"
        self.seconds = perf_counter() - self.epoch_start
        self.n_done = learner.step - self.first_step
        if self._bar:
            texts: dict[str, Any] = {"numbers": _numbers(means), "speed": self._speed(), "left": self._left(learner)}
            self._bar.update(self._task, completed=index + 1, **texts)

    def on_epoch_end(self, learner: Learner, epoch: int, row: dict[str, Any]) -> None:
        trained = {name: row[name] for name in row if not name.startswith("valid_") and name not in _NOT_SHOWN}
        valid = {name.removeprefix("valid_"): row[name] for name in row if name.startswith("valid_")}
        line = f"{_epoch(learner, epoch)}  {_numbers(trained)}" + (f"  valid {_numbers(valid)}" if valid else "")
        if self._bar:
            self._bar.console.print(line, highlight=False)
        else:
            sys.stdout.write(f"{line}  {self._speed()}  {self._left(learner)}\n")
            sys.stdout.flush()  # a log file is read while it grows

    def on_fit_end(self, learner: Learner) -> None:
        if self._bar:
            self._bar.stop()
            self._bar = None
        if learner.stop_reason:
            sys.stdout.write(f"stopped after epoch {learner.epoch}: {learner.stop_reason}\n")

    def _speed(self) -> str:
        return f"{self.n_samples / max(self.seconds, 1e-9):.0f} {self.unit}"

    def _left(self, learner: Learner) -> str:
        n_wanted = learner.epochs_wanted * learner.batches_per_epoch - self.first_step
        seconds = (perf_counter() - self.fit_start) * (n_wanted - self.n_done) / self.n_done
        return f"{timedelta(seconds=round(seconds))} left"


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
    columns += [TextColumn("{task.fields[" + field + "]}") for field in ("numbers", "speed", "left")]
    return Bar(*columns, transient=True)
