"""Write down where training is, so that it can go on from there whatever happens."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import ExitStack
from os import PathLike
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING, Any

from tinynet.core import checks
from tinynet.core.checks.vocabulary import at_least
from tinynet.core.temporary import alone_in
from tinynet.learner.callback import Callback
from tinynet.learner.every import every_of
from tinynet.learner.interrupt import INTERRUPTIONS
from tinynet.learner.monitor import Monitor
from tinynet.learner.progress import go_on_without, write
from tinynet.learner.resume import content_of
from tinynet.storage.atomic import check_writable
from tinynet.storage.checkpoints import checkpoints_in, keep_last, write_checkpoint

if TYPE_CHECKING:
    from tinynet.learner.history import History
    from tinynet.learner.learner import Learner

ENDED_BY_SIGTERM = 128 + 15  # the status of a process that this signal has ended


class Checkpoint(Callback):
    """Write a checkpoint from time to time, from which `Learner.resume` goes on bit for bit.

    A checkpoint is written beside its place, and put there once it is whole and has reached the disk: whatever happens,
    those written before stay as they are. The last few and the best are kept. Another one is written where training
    ends, and where Ctrl-C or SIGTERM stops it, even in the middle of an epoch. After SIGTERM the process ends.

    A checkpoint that cannot be written, because the disk is full or the folder is gone, is named in a warning, and
    training goes on. Only one training at a time writes into a folder, and none writes into that of another.

    Args:
        folder: Where the checkpoints go, a folder of their own; it is made if needed.
        every: How often, as "epoch", "2 epochs", "100 steps", "minute" or "0.5 minutes"; a number is one of steps. Of
            several in a list, each counts.
        keep: How many of the last are kept, at least 1. With one alone, there is none before it if it is damaged.
        monitor: The column of the history that says which is the best; None is "valid_loss", or without validation
            "loss".
        mode: "min" or "max", what better means; None reads it from the name.

    Attributes:
        newest: The folder of the last one that was written, or None.
        go_on: How to go on, as it is said after Ctrl-C.

    Raises:
        ValueError: A number is out of range, or `every` names no time; or, when training begins, the learner has no
            such column.
        FileExistsError: When training begins, there are checkpoints of another training in the folder.
        OSError: When training begins, nothing can be written there, or another process is writing there.

    Example:
        >>> import tempfile
        >>> from tinynet.data import moons
        >>> from tinynet.layers import Linear
        >>> from tinynet.learner import Checkpoint, Learner
        >>> from tinynet.losses import cross_entropy
        >>> from tinynet.net import Net
        >>> from tinynet.optimizers import SGD
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     writing = Checkpoint(folder, every="epoch")
        ...     learner = Learner(Net([Linear(2, 2)]), cross_entropy, SGD(lr=0.1), moons(64), callbacks=[writing])
        ...     history = learner.fit(epochs=2, progress=False)
        ...     writing.newest.name, sorted(path.name for path in writing.newest.iterdir())[:2]
        ('checkpoint-000002', ['arrays.safetensors', 'config.json'])
    """

    keep: int
    comes_last = True  # so that the memory of the other callbacks is that of the same moment

    def __init__(
        self,
        folder: str | PathLike[str],
        every: Any = "epoch",
        keep: int = 3,
        monitor: str | None = None,
        mode: str | None = None,
    ) -> None:
        self.folder = checks.path("Checkpoint", folder)
        self.every = every_of("Checkpoint", every)
        checks.arguments(self, locals(), keep=at_least(1))
        self._wanted_monitor = monitor, mode
        self.monitor = Monitor("Checkpoint", "loss" if monitor is None else monitor, mode)
        self.newest: Path | None = None
        self.go_on = f"learner.resume({str(self.folder)!r}), then learner.fit()"
        self._history: History | None = None  # that of the learner whose checkpoints lie in the folder
        self._held = ExitStack()

    def state(self) -> dict[str, Any]:
        return self.monitor.state() | {"monitor": self.monitor.name}

    def load_state(self, state: dict[str, Any]) -> None:
        checks.kept_state("Checkpoint", state, "monitor")
        if state["monitor"] == self.monitor.name:
            self.monitor.load_state(state)

    def on_fit_begin(self, learner: Learner) -> None:
        name, mode = self._wanted_monitor
        if self._history is not learner.history:
            self.monitor = Monitor("Checkpoint", name or ("loss" if learner.valid is None else "valid_loss"), mode)
        self.monitor.check(learner)
        self._begin_in_folder(learner)
        self._history = learner.history
        self._saved_at, self._saved_step = monotonic(), -1
        self._was_stopped = False
        self._take_signal(learner)

    def on_batch_end(self, learner: Learner, index: int, means: dict[str, float]) -> None:
        is_last = index + 1 == learner.batches_per_epoch  # the epoch ends next, and is a better place
        if not is_last and not learner.stop and self.every.is_due(learner.step, self._saved_at):
            self._save(learner)

    def on_epoch_end(self, learner: Learner, epoch: int, row: dict[str, Any]) -> None:
        if self._was_stopped:
            return  # what was saved is the middle of this epoch, which will be trained to its end
        is_best, is_end = self.monitor.improves(row), learner.stop or epoch == learner.epochs_wanted
        due = self.every.is_due(learner.step, self._saved_at) or self.every.is_due_after_epoch(epoch)
        if is_best or is_end or due:
            self._save(learner, is_best)

    def on_stop(self, learner: Learner) -> None:
        if learner.stop_reason not in INTERRUPTIONS or self._was_stopped:
            return
        self._was_stopped = True
        if learner.so_far is not None or learner.step != self._saved_step:
            self._save(learner)
        if self.newest is not None:
            write(f"{learner.stop_reason}: saved in {self.newest}; go on with: {self.go_on}")
        if learner.stop_reason == "SIGTERM":
            raise SystemExit(ENDED_BY_SIGTERM)

    def on_fit_end(self, learner: Learner) -> None:
        self._held.close()

    def _save(self, learner: Learner, is_best: bool = False) -> None:
        """Write a checkpoint; where that fails, say so and let training go on."""
        try:
            if not self.folder.is_dir():  # somebody has removed it
                self._hold_folder()
            self.newest = write_checkpoint("Checkpoint", self.folder, content_of(learner, learner.callbacks), is_best)
            keep_last(self.folder, self.keep)
        except (OSError, TypeError, MemoryError) as error:
            go_on_without("Checkpoint", error)
        self._saved_at, self._saved_step = monotonic(), learner.step

    def _begin_in_folder(self, learner: Learner) -> None:
        """Make the folder, see that no other training writes there, and that this one can."""
        self._held.close()
        try:
            self._hold_folder()
        except BlockingIOError:
            problem = f"another training is writing its checkpoints into {self.folder}."
            checks.fail("Checkpoint", problem, "choose another folder.", BlockingIOError)
        except OSError as error:
            problem = f"{self.folder} cannot be made: {error.strerror}."
            checks.fail("Checkpoint", problem, "choose another folder.", type(error))
        with self._held:
            check_writable("Checkpoint", self.folder / "checkpoint")
            resumed = learner.resumed is not None and os.path.samefile(learner.resumed.checkpoint.parent, self.folder)
            if not resumed and self._history is not learner.history and checkpoints_in(self.folder):
                problem = f"there are checkpoints of another training in {self.folder}."
                hint = f"go on with it: learner.resume({str(self.folder)!r}); or choose another folder."
                checks.fail("Checkpoint", problem, hint, FileExistsError)
            self._held = self._held.pop_all()

    def _hold_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._held.enter_context(alone_in(self.folder))

    def _take_signal(self, learner: Learner) -> None:
        """Let SIGTERM stop training after the current batch, unless somebody else has plans for it."""
        is_main = threading.current_thread() is threading.main_thread()
        if not is_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
            return

        def stop(number: int, frame: FrameType | None) -> None:
            learner.stop, learner.stop_reason = True, learner.stop_reason or "SIGTERM"
            signal.signal(signal.SIGTERM, signal.SIG_DFL)

        signal.signal(signal.SIGTERM, stop)
        self._held.callback(signal.signal, signal.SIGTERM, signal.SIG_DFL)
