"""Write down how training goes."""

from __future__ import annotations

import csv
import io
import os
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.core import checks
from tinynet.learner.callback import Callback
from tinynet.learner.progress import go_on_without

if TYPE_CHECKING:
    from tinynet.learner.history import History
    from tinynet.learner.learner import Learner


class LearningRateLog(Callback):
    """Record the learning rate of every step.

    Attributes:
        rates: One number for each update of the weights, over all calls of `fit` of one learner.

    Example:
        >>> from tinynet.data import moons
        >>> from tinynet.layers import Linear
        >>> from tinynet.learner import Learner, LearningRateLog
        >>> from tinynet.losses import cross_entropy
        >>> from tinynet.net import Net
        >>> from tinynet.optimizers import SGD
        >>> log, optimizer = LearningRateLog(), SGD(lr=lambda step: 0.1 / (1 + step))
        >>> learner = Learner(Net([Linear(2, 2)]), cross_entropy, optimizer, moons(64), callbacks=[log])
        >>> history = learner.fit(progress=False)
        >>> log.rates
        [0.1, 0.05]
    """

    def __init__(self) -> None:
        self.rates: list[float] = []
        self._history: History | None = None  # that of the learner to which the rates belong

    def state(self) -> dict[str, Any]:
        return {"rates": list(self.rates)}

    def load_state(self, state: dict[str, Any]) -> None:
        checks.kept_state("LearningRateLog", state, "rates")
        self.rates = [checks.number("LearningRateLog", "a rate", rate) for rate in state["rates"]]

    def on_fit_begin(self, learner: Learner) -> None:
        if self._history is not learner.history:
            self._history, self.rates = learner.history, []

    def on_batch_begin(self, learner: Learner, index: int) -> None:
        self._before = learner.optimizer.n_steps, learner.optimizer.learning_rate

    def on_batch_end(self, learner: Learner, index: int, means: dict[str, float]) -> None:
        n_steps, rate = self._before
        if learner.optimizer.n_steps > n_steps:  # with accumulated gradients, not every batch is a step
            self.rates.append(rate)


class CSVLog(Callback):
    """Append each epoch to a CSV file as soon as it is over, so that a crash loses none that was finished.

    The columns are those of the history that hold single numbers. A file that is there already is continued, if it has
    the same columns; a last line without its end, which a killed process has left, is removed.

    Args:
        path: The file; its folder is made if needed.

    Raises:
        ValueError: The file has other columns; it stays as it is.
        OSError: The file cannot be written.

    Example:
        >>> import tempfile
        >>> from tinynet.data import moons
        >>> from tinynet.layers import Linear
        >>> from tinynet.learner import CSVLog, Learner
        >>> from tinynet.losses import cross_entropy
        >>> from tinynet.net import Net
        >>> from tinynet.optimizers import SGD
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     log = CSVLog(folder + "/history.csv")
        ...     learner = Learner(Net([Linear(2, 2)]), cross_entropy, SGD(lr=0.1), moons(64), callbacks=[log])
        ...     history = learner.fit(epochs=2, progress=False)
        ...     log.path.read_text().splitlines()[0]
        'epoch,loss,lr,seconds'
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = checks.path("CSVLog", path)
        _check_plain_place(self.path)
        self._unwritten: list[dict[str, Any]] = []
        self._history: History | None = None  # that of the learner whose rows are written

    def state(self) -> dict[str, Any]:
        content = self.path.read_bytes() if self.path.exists() else b""
        return {"size": len(content), "n_lines": content.count(b"\n") + len(self._unwritten) + (not content)}

    def load_state(self, state: dict[str, Any]) -> None:
        """Let the file end where it ended then: rows of later epochs are cut off, and rows that are lost are added."""
        checks.kept_state("CSVLog", state, "size", "n_lines")
        for name in ("size", "n_lines"):
            checks.integer("CSVLog", name, state[name], minimum=0)
        rows = list(self._history or ())
        if self.path.exists():
            os.truncate(self.path, min(self.path.stat().st_size, state["size"]))
        content = self.path.read_bytes() if self.path.exists() else b""
        n_lost = state["n_lines"] - max(content.count(b"\n"), 1)
        self._unwritten = rows[len(rows) - n_lost :] if n_lost > 0 else []
        self._write()

    def on_fit_begin(self, learner: Learner) -> None:
        if os.path.isdir(self.path):
            checks.fail("CSVLog", f"{self.path} is a directory.", "name a file inside it.", IsADirectoryError)
        self._check_columns(learner)
        self._history, self._unwritten = learner.history, []
        self._n_rows = len(learner.history)  # that have been seen

    def on_epoch_end(self, learner: Learner, epoch: int, row: dict[str, Any]) -> None:
        self._n_rows = len(learner.history)
        self._unwritten.append(row)
        self._write()

    def on_fit_end(self, learner: Learner) -> None:
        if self._n_rows < len(learner.history):  # another callback has failed before this one heard of the epoch
            self.on_epoch_end(learner, learner.epoch, learner.history.rows[-1])

    def _write(self) -> None:
        """Write all rows that are not written yet; what fails now is tried again after the next epoch."""
        try:
            while self._unwritten:
                self._append(self._unwritten[0])
                del self._unwritten[0]
        except OSError as error:
            go_on_without("CSVLog", error, self.path)  # it is tried again after the next epoch

    def _append(self, row: dict[str, Any]) -> None:
        numbers = {name: value for name, value in row.items() if np.ndim(value) == 0}
        header = csv_line(numbers)
        with self.path.open("r+b" if self.path.exists() else "w+b") as file:
            content = file.read()
            found = content.partition(b"\n")[0].decode("utf-8-sig", "replace")
            # A line without its end was torn when a process was killed: nobody knows whether its last number is whole.
            whole = content.rfind(b"\n") + 1
            if not whole and header.startswith(found):
                found = ""
            if found and found.strip() != header.strip():
                problem = f"{self.path} has the columns {found.strip()}, not {header.strip()}; it stays as it is."
                checks.fail("CSVLog", problem, "choose another file.")
            file.truncate(file.seek(whole))
            file.write(((header if not found else "") + csv_line(numbers.values())).encode())

    def _check_columns(self, learner: Learner) -> None:
        """Check, before the first epoch, that the file can be written and has no columns that the learner has not."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            is_new = not self.path.exists()
            with self.path.open("a+", encoding="utf-8", errors="replace", newline="") as file:
                file.seek(0)
                header = file.readline(100_000).removeprefix("\ufeff")  # more than a reader takes is no header
        except OSError as error:
            kind = type(error)
            checks.fail("CSVLog", f"{self.path} cannot be written: {error.strerror}.", "choose another file.", kind)
        if is_new:
            self.path.unlink()
        found = next(csv.reader([header]), [])
        is_torn = not header.endswith("\n") and any(column.startswith(found[-1]) for column in learner.columns if found)
        if not set(found[:-1] if is_torn else found) <= set(learner.columns):
            columns = f"{','.join(found)}, not {','.join(learner.columns)}"
            problem = f"{self.path} has the columns {columns}; it stays as it is."
            checks.fail("CSVLog", problem, "choose another file.")


def csv_line(values: Any) -> str:
    """Values as one line of a CSV file; numbers are written so that they read back as they were.

    Example:
        >>> csv_line(["a", 0.1, "b,c"])
        'a,0.1,"b,c"\\n'
    """
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(
        [value.item() if isinstance(value, np.generic) else value for value in values]
    )
    return line.getvalue()


def _check_plain_place(path: Path) -> None:
    """Check that a path is no pipe, which would wait for ever, and no device, which may never end."""
    if os.path.exists(path) and not os.path.isdir(path) and not os.path.isfile(path) and str(path) != os.devnull:
        checks.fail("CSVLog", f"{path} is a device or a pipe, not a file.", "name a file.", OSError)
