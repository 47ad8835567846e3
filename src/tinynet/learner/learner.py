"""Learner: the training loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import ceil
from typing import Any

import numpy as np

from tinynet.core import checks, streams
from tinynet.core.checks.vocabulary import at_least, flag
from tinynet.core.joinable import keeping_data
from tinynet.data import batches
from tinynet.data.own.given import as_dataset
from tinynet.learner import sentences
from tinynet.learner.averages import Averages
from tinynet.learner.batch import measured, measured_over_all, n_rows, name_of
from tinynet.learner.batch_statistics import recompute_statistics
from tinynet.learner.callback import Callback, begun, in_order, one_at_a_time
from tinynet.learner.doctor import Record, diagnose, recorded
from tinynet.learner.find_rate import find_rate
from tinynet.learner.history import History
from tinynet.learner.interrupt import interrupt_ends
from tinynet.learner.one_batch import overfit_one_batch
from tinynet.learner.progress import Progress
from tinynet.learner.recovery import Recovery
from tinynet.learner.resume import Resumed, go_to, resume, set_goal
from tinynet.learner.standing import SoFar
from tinynet.net import Net
from tinynet.net.modes import predicting
from tinynet.net.tuples import as_tuple
from tinynet.optimizers import Optimizer
from tinynet.optimizers.clipping import gradients_are_finite

Loss = Callable[[Any, Any], tuple[float, Any]]
Metric = Callable[[Any, Any], Any]


class Learner:
    """Read the data batch by batch, and train the net on each.

    `train_step` is the whole algorithm. `fit` repeats it over batches and epochs, and calls the callbacks. For another
    kind of training, write a subclass with its own `train_step`. Further nets and optimizers that it holds as
    attributes are kept in checkpoints too, and `resume` puts them back.

    Args:
        net: The net that learns.
        loss: A function (predicted, ground_truth) -> (loss, gradient).
        optimizer: The update rule, for this net only.
        train: The training data: a pair (x, y) of arrays, lists or frames; a list of samples; or anything with
            `len(d)` and `d[indices] -> (x, y)`, as data sets of PyTorch and Hugging Face are.
        valid: Data to evaluate after each epoch; the net never learns from them.
        batch_size: Rows per step; the last batch of an epoch may be shorter, and is weighted by its size.
        drop_last: Whether to train without the last batch of an epoch where it is shorter: batch norm cannot learn
            from a single row. The rows are drawn anew in each epoch, so others are left out.
        metrics: Functions (predicted, ground_truth) -> number, shown under their names. `tinynet.metrics` says what
            each is over an epoch of training. One of your own counts there as a mean over rows, unless it returns a
            `tinynet.core.Mean`, which knows what it is over.
        callbacks: See `Callback`.
        on_nan: Where loss or gradients are not finite, "stop", or go "back" to the last good weights with half the
            rate, at most eight times: `recovery.went_back` tells why.

    Attributes:
        history: One row for each epoch so far.
        epoch: The number of finished epochs.
        batch: The current batch (x, y), for callbacks.
        epochs_wanted: The number of the epoch at which `fit` ends, unless training is stopped earlier.
        stop: A callback sets it to True to end training after the current batch.
        stop_reason: Why training was stopped early, in words; empty if it was not.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: The data are empty, the batch size is below 1, `drop_last` leaves no batch, or two metrics have the
            same name.

    Example:
        >>> from tinynet.data import moons
        >>> from tinynet.layers import Linear, Tanh
        >>> from tinynet.losses import cross_entropy
        >>> from tinynet.metrics import accuracy
        >>> from tinynet.optimizers import SGD
        >>> net = Net([Linear(2, 8), Tanh(), Linear(8, 2)])
        >>> learner = Learner(net, cross_entropy, SGD(lr=0.1), moons(100), metrics=[accuracy])
        >>> history = learner.fit(epochs=3, progress=False)
        >>> len(history["loss"])
        3
    """

    batch_size: int
    drop_last: bool
    _is_training: bool = False

    def __init__(
        self,
        net: Net,
        loss: Loss,
        optimizer: Optimizer,
        train: Any,
        *,
        valid: Any = None,
        batch_size: int = 32,
        drop_last: bool = False,
        metrics: Sequence[Metric] = (),
        callbacks: Sequence[Callback] = (),
        on_nan: str = "stop",
    ) -> None:
        sentences.learner_parts(net, loss, optimizer, metrics, callbacks)
        self.net, self.loss, self.optimizer = net, loss, optimizer
        self.train = as_dataset("Learner", "train", train)
        self.valid = None if valid is None else as_dataset("Learner", "valid", valid)
        checks.arguments(self, locals(), batch_size=at_least(1), drop_last=flag)
        sentences.some_batch(len(self.train), self.batch_size, self.drop_last)
        self.metrics = sentences.named_once("Learner", {name_of(metric): metric for metric in metrics}, len(metrics))
        self.callbacks = tuple(callbacks)
        self.history = History()
        self.batch: tuple[Any, Any] = (None, None)
        self.epoch, self.epochs_wanted = 0, 0
        self._n_batches_done = 0  # of the current epoch
        self.so_far: SoFar | None = None  # of that epoch, while it is under way
        self.resumed: Resumed | None = None  # what the next fit goes on with
        self.stop, self.stop_reason = False, ""
        self.record = Record()
        self.recovery = Recovery(self, checks.one_of("Learner", "on_nan", on_nan, ("stop", "back")))

    def train_step(self, x: Any, y: Any) -> tuple[float, Any]:
        """Learn from one batch: forward, loss, backward, update.

        Args:
            x: The inputs of the batch; a tuple becomes several inputs.
            y: The truth.

        Returns:
            The loss, and what the net predicted.
        """
        predicted = self.net.forward(*as_tuple(x))
        loss, gradient = checks.loss_and_gradient("Learner", self.loss(predicted, y))
        self.net.backward(*as_tuple(gradient), input_gradient=False)
        self.check_finite(loss, x, y)
        self.net.update(self.optimizer)
        return loss, predicted

    def fit(self, epochs: int | None = None, progress: bool = True) -> History:
        """Train for a number of further epochs.

        The order of the batches, dropout and augmentation depend on nothing but `tn.seed`, the epoch and the batch.

        Ctrl-C ends training after the current batch: the epoch so far is validated and recorded, and the weights are
        kept. A second Ctrl-C stops immediately. With a `Checkpoint`, `resume` goes on from that batch.

        Args:
            epochs: The number of passes over the training data, at least 1; the rest of an epoch, after `go_to` or
                `resume`, counts as one. None is 1, or after `resume` as many as were still wanted.
            progress: Whether to show the progress, live on a terminal and as plain lines elsewhere.

        Returns:
            The history of this learner, with one row for each epoch; it grows with every further `fit`.

        Raises:
            FloatingPointError: Loss, gradients or weights are not finite; the weights are as they were before that.
            RuntimeError: It is called within a `fit` of this learner.
        """
        checks.flag("Learner.fit", "progress", progress)
        sentences.before_fit(self)
        callbacks = in_order([*self.callbacks, *([Progress()] if progress else [])])
        with one_at_a_time(self):
            set_goal(self, epochs)
            self.so_far = None
            self.optimizer.start(self.net.parameters())
            self.recovery.begin()
            with recorded(self, progress), interrupt_ends(self), streams.place_kept(), begun(callbacks, self):
                if self.resumed is not None:
                    self.resumed.go_on(self, self.callbacks)
                while self.epoch < self.epochs_wanted and not self.stop:
                    self._fit_epoch(callbacks)
                if self.stop:
                    self._tell(callbacks, "on_stop")
                self.recovery.end()
        return self.history

    # Methods that have files of their own.
    find_rate = find_rate
    go_to = go_to
    overfit_one_batch = overfit_one_batch
    resume = resume

    @property
    def step(self) -> int:
        """The number of batches so far, over all epochs; an epoch that was stopped counts in full."""
        return self.epoch * self.batches_per_epoch + self._n_batches_done

    @property
    def batches_per_epoch(self) -> int:
        """The number of batches in an epoch; the last may be shorter."""
        return len(self.train) // self.batch_size if self.drop_last else ceil(len(self.train) / self.batch_size)

    def check_finite(self, loss: float, x: Any, y: Any = None) -> None:
        """Check, before an update, that the loss and every gradient are finite; if not, set the gradients to zero.

        Raises:
            FloatingPointError: One is not; the message says where that began, as `tinynet.probe.where_not_finite` does.
        """
        learning = {path: parameter for path, parameter in self.net.parameters().items() if parameter.trainable}
        if not np.isfinite(loss) or not gradients_are_finite(list(learning.values())):
            infinite = [path for path, parameter in learning.items() if not gradients_are_finite([parameter])]
            self.recovery.stop(loss, infinite, x, y)
        self.recovery.note(loss)

    def evaluate(self, data: Any) -> dict[str, Any]:
        """The loss and the metrics over all of the data, in evaluation mode; no weight changes.

        The batches only save memory: the loss is what it is over all of the data, and each metric runs once over all
        predictions. A loss of your own counts by rows, unless it is a `tinynet.core.Mean`. Only losses that compare the
        rows of a batch with each other, as `info_nce` does, depend on the batch size.

        Returns:
            A dict from "loss" and the name of each metric to its value.
        """
        data = as_dataset("Learner.evaluate", "data", data)
        losses, kept = Averages(), []
        with predicting(self.net):
            for x, y in batches(data, self.batch_size):
                predicted = self.net.forward(*as_tuple(x))
                self.net.forget()
                losses.add(n_rows(x, y), loss=checks.loss_and_gradient("Learner", self.loss(predicted, y))[0])
                if self.metrics:
                    kept.append((predicted, y))
        if not kept:
            return losses.means()
        return losses.means() | measured_over_all(self.metrics, kept)

    def diagnose(self) -> Any:
        """What the doctor says of this training, before its first step or after: see `tinynet.probe.diagnose`."""
        return diagnose(self)

    def recompute_statistics(self) -> None:
        """Give batch norm the statistics of the training data under the weights as they are now."""
        recompute_statistics(self.net, self.train, self.batch_size)

    def predict(self, x: Any) -> Any:
        """What the net predicts for x, an array or a tuple of arrays, in evaluation mode."""
        return self.net.predict(*as_tuple(x), batch_size=self.batch_size)

    @property
    def columns(self) -> list[str]:
        """The names of the columns of the history."""
        numbers = ["loss", *self.metrics]
        return ["epoch", *numbers, "lr", "seconds", *(f"valid_{name}" for name in numbers if self.valid is not None)]

    def _fit_epoch(self, callbacks: Sequence[Callback]) -> None:
        epoch = self.epoch + 1
        self.net.train()
        streams.go_to(epoch, step=0)
        if self.so_far is None:  # else it is resumed within the epoch
            self.so_far = SoFar(self.optimizer.learning_rate)
            self._tell(callbacks, "on_epoch_begin", epoch)
        so_far, averages = self.so_far, self.so_far.averages
        for index, (x, y) in self._batches(epoch):
            self.batch = x, y
            self._tell(callbacks, "on_batch_begin", index)
            outcome = self.recovery.train_step(x, y)
            self._n_batches_done = index + 1
            if self._n_batches_done == self.batches_per_epoch:
                self.optimizer.finish(self.net.parameters())
            if outcome is not None:  # else training has gone back
                with keeping_data():
                    numbers = measured(self.metrics, outcome[1], y)
                averages.add(n_rows(x, y), loss=outcome[0], **numbers)
            self._tell(callbacks, "on_batch_end", index, averages.means())
            if self.stop:
                self._tell(callbacks, "on_stop")
                self.optimizer.finish(self.net.parameters())
                break
        self.epoch, self._n_batches_done, self.so_far = epoch, 0, None
        times = {"lr": so_far.rate, "seconds": so_far.seconds}
        row = {"epoch": epoch, "loss": np.nan, **averages.over_all(), **times}
        if self.valid is not None:
            row |= {f"valid_{name}": value for name, value in self.evaluate(self.valid).items()}
        self.history.append(row)
        self._tell(callbacks, "on_epoch_end", epoch, row)

    def _batches(self, epoch: int) -> Iterator[tuple[int, tuple[Any, Any]]]:
        """The remaining batches of an epoch, each read at its own place in the random streams."""
        first = self._n_batches_done
        rest = batches(self.train, self.batch_size, shuffle=True, drop_last=self.drop_last, first=first)
        for index in range(first, self.batches_per_epoch):
            streams.go_to(epoch, step=index + 1)
            yield index, next(rest)

    def _tell(self, callbacks: Sequence[Callback], hook: str, *values: Any) -> None:
        for callback in callbacks:
            getattr(callback, hook)(self, *values)
