"""Go on where training was: from a checkpoint, or from a step with weights of one's own."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from tinynet.core import checks, generator_states, set_generator_states
from tinynet.core.version import __version__
from tinynet.learner.batch import name_of
from tinynet.learner.callback import Callback
from tinynet.learner.standing import (
    SoFar,
    generators_of,
    is_own,
    parts,
    put_generators,
    put_numbers,
    put_unfinished,
    standing_of,
)
from tinynet.net import Net
from tinynet.optimizers import Optimizer
from tinynet.probe.not_finite.kept import snapshot
from tinynet.storage.checkpoints import (
    ARRAYS,
    CONFIG,
    MODEL,
    MOST_SHOWN,
    NAME,
    OPTIMIZER,
    STATE,
    Content,
    architecture_or_none,
    checkpoints_in,
    damaged_checkpoint,
    read_checkpoint,
)
from tinynet.storage.sentences import shown

if TYPE_CHECKING:
    from tinynet.learner.learner import Learner

WHO = "Learner.resume"
#: What a checkpoint may give where it is not what was written, although its checksums are right.
ERRORS = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
WITHOUT_EFFECT = ("Checkpoint",)  #: Callbacks without which a training is the same.
#: The settings without which the position in the data, or what the optimizer keeps, would mean something else.
MUST_AGREE = ("batch_size", "drop_last", "n_samples", "optimizer", "gradient_accumulation_steps")


@dataclass
class Resumed:
    """What the next `fit` takes over, once its callbacks have begun.

    Attributes:
        checkpoint: The folder of the checkpoint.
        standing: What `standing_of` gave.
    """

    checkpoint: Path
    standing: dict[str, Any]

    @property
    def epochs_wanted(self) -> int:
        """The epoch at which the training was to end."""
        return self.standing["epochs_wanted"]

    def go_on(self, learner: Learner, callbacks: Sequence[Callback]) -> None:
        """Give back what belongs to a training under way: waiting gradients, an epoch so far, and each memory."""
        standing = self.standing
        try:
            put_unfinished(learner, standing["numbers"])
            so_far = standing["so_far"]
            learner.so_far = None if so_far is None else SoFar.of_state(so_far)
            learner.recovery.load_state(standing["recovery"])
            self._give_memories(callbacks)
        except ERRORS as error:
            _does_not_fit(self.checkpoint, f"{STATE} and {ARRAYS}", error)
        learner.resumed = None

    def _give_memories(self, callbacks: Sequence[Callback]) -> None:
        waiting = list(callbacks)
        for kind, state in self.standing["callbacks"]:
            callback = next((one for one in waiting if type(one).__name__ == kind), None)
            if callback is None and (not state or kind in WITHOUT_EFFECT):
                continue
            if callback is None:
                problem = f"the checkpoint {self.checkpoint} holds the memory of {kind}, which this learner is without."
                warnings.warn(f"{WHO}: {problem}", stacklevel=2)
            else:
                waiting.remove(callback)
                callback.load_state(state)


def set_goal(learner: Learner, epochs: int | None) -> None:
    """Say at which epoch a `fit` ends: after `epochs` further ones, or where a resumed training was to end."""
    learner.stop, learner.stop_reason = False, ""
    if epochs is None and learner.resumed is not None:
        learner.epochs_wanted, learner.stop_reason = learner.resumed.epochs_wanted, learner.resumed.standing["stopped"]
        learner.stop = bool(learner.stop_reason)
        return
    epochs = 1 if epochs is None else checks.integer("Learner.fit", "epochs", epochs, minimum=1)
    learner.epochs_wanted = learner.epoch + epochs


def resume(self: Learner, folder: str | PathLike[str]) -> Path:
    """Go on from the newest whole checkpoint that a `Checkpoint` has written.

    The learner must have been made as it was then: the same kind of net, optimizer, data, batch size and callbacks.
    Weights, optimizer state, history and seed are taken over here. The next `fit` takes over the rest, so it goes on in
    the middle of an epoch, with the memory of every callback: it ends bit for bit where it would have ended without
    the interruption. Called without a number of epochs, it ends after as many as were wanted then.

    A checkpoint that is damaged is named in a warning, and the one before is taken.

    Args:
        folder: What the `Checkpoint` was given, or one of the checkpoints in it.

    Returns:
        The folder of the checkpoint.

    Raises:
        ValueError: There is no whole checkpoint, or it is one of another training: what differs is named.
        OSError: The folder is missing or cannot be read.

    Example:
        >>> import tempfile
        >>> from tinynet.data import moons
        >>> from tinynet.layers import Linear
        >>> from tinynet.learner import Checkpoint, Learner
        >>> from tinynet.losses import cross_entropy
        >>> from tinynet.optimizers import Adam
        >>> def made(folder):
        ...     tn.seed(0)
        ...     net, checkpoint = Net([Linear(2, 2)]), Checkpoint(folder, every=3)
        ...     return Learner(net, cross_entropy, Adam(lr=0.01), moons(128), callbacks=[checkpoint])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     history = made(folder).fit(epochs=2, progress=False)
        ...     learner = made(folder)
        ...     path = learner.resume(folder)
        ...     path.name, learner.step, learner.fit(progress=False)["loss"] == history["loss"]
        ('checkpoint-000004', 8, True)
    """
    path = checks.path(WHO, folder)
    problems: list[Exception] = []
    for place in _candidates(path):
        try:
            content = read_checkpoint(WHO, place)
        except (OSError, ValueError) as error:
            problems.append(error)
            continue
        _check_settings(self, place, content)
        _take(self, place, content)
        for problem in problems:
            warnings.warn(f"{_sentence(problem)} Training goes on from {place}.", stacklevel=2)
        return place
    if problems:
        told = " ".join(map(_sentence, problems))
        checks.fail(WHO, f"no checkpoint in {path} is whole. {told}", "train again from the beginning.")
    checks.fail(WHO, f"there is no checkpoint in {path}.", "name the folder that a Checkpoint was given.")


def go_to(self: Learner, step: int) -> None:
    """Let the next `fit` continue as if `step` batches had been trained on.

    With the weights and the optimizer's state of that moment, training continues bit for bit as it did before. If
    the step is within an epoch, the row of that epoch in the history covers the remaining batches. `resume` takes all
    of that from a checkpoint, and what the epoch and the callbacks remember too.

    Args:
        step: The number of batches, at least 0, as the property `step` gives it.

    Raises:
        ValueError: The number is negative.

    Example:
        >>> from tinynet.data import moons
        >>> from tinynet.layers import Linear
        >>> from tinynet.learner import Learner
        >>> from tinynet.losses import cross_entropy
        >>> from tinynet.optimizers import SGD
        >>> learner = Learner(Net([Linear(2, 2)]), cross_entropy, SGD(lr=0.1), moons(128), batch_size=32)
        >>> learner.go_to(6)
        >>> learner.fit(progress=False)["epoch"], learner.step
        ([2], 8)
    """
    step = checks.integer("Learner.go_to", "step", step, minimum=0)
    self.epoch, self._n_batches_done = divmod(step, self.batches_per_epoch)
    self.resumed = None


def content_of(learner: Learner, callbacks: Sequence[Callback]) -> Content:
    """What a checkpoint of a learner holds."""
    standing = standing_of(learner, callbacks)
    numbers = standing["numbers"]
    model, optimizer = numbers["nets"].pop("net"), numbers["optimizers"].pop("optimizer")
    architecture, about_model = architecture_or_none(learner.net)
    config = {
        "versions": {"tinynet": __version__},
        "architecture": architecture,
        "settings": settings_of(learner),
    }
    return Content(config, model, about_model, optimizer, standing)


def settings_of(learner: Learner) -> dict[str, Any]:
    """What a learner was made with, in words and numbers."""
    return {
        "batch_size": learner.batch_size,
        "drop_last": learner.drop_last,
        "n_samples": len(learner.train),
        "optimizer": [type(rule).__name__ for rule in learner.optimizer.rules],
        "gradient_accumulation_steps": learner.optimizer.gradient_accumulation_steps,
        "loss": name_of(learner.loss),
        "metrics": list(learner.metrics),
        "callbacks": [type(callback).__name__ for callback in learner.callbacks],
        **_of_further_optimizers(learner),
    }


def _of_further_optimizers(learner: Learner) -> dict[str, Any]:
    """What must agree of the further optimizers of a subclass, by the names of its attributes."""
    settings: dict[str, Any] = {}
    for name, optimizer in parts(learner, Optimizer).items():
        if optimizer is not learner.optimizer:
            settings[name] = [type(rule).__name__ for rule in optimizer.rules]
            settings[f"gradient_accumulation_steps of {name}"] = optimizer.gradient_accumulation_steps
    return settings


def _candidates(path: Path) -> list[Path]:
    if not path.is_dir():
        hint = "name the folder that a Checkpoint was given."
        checks.fail(WHO, f"there is no folder {path}.", hint, FileNotFoundError)
    return [path] if NAME.fullmatch(path.name) or (path / STATE).exists() else checkpoints_in(path)


def _check_settings(learner: Learner, place: Path, content: Content) -> None:
    """Check that a checkpoint is one of such a training."""
    settings = content.config.get("settings")
    if not isinstance(settings, dict):
        damaged_checkpoint(WHO, place, "its config.json says nothing about settings")
    now = settings_of(learner)
    further = [name for name in _of_further_optimizers(learner) if name in settings]
    for name in (*MUST_AGREE, *further):
        if settings.get(name) != now[name]:
            had = shown(str(settings.get(name))[:MOST_SHOWN])
            problem = f"{place} is a checkpoint with {name}={had}, by its {CONFIG}; this learner has {now[name]}."
            checks.fail(WHO, problem, "make the learner as it was, or take the weights alone: tn.load_weights.")


def _take(learner: Learner, place: Path, content: Content) -> None:
    """Take a checkpoint over; where it does not fit, the learner stays as it was."""
    standing, nets = content.state, parts(learner, Net)
    put_back = snapshot(*nets.values(), *parts(learner, Optimizer).values(), *generators_of(learner))
    files = MODEL
    try:
        learner.net.load_state(content.model)
        files = f"{STATE} and {ARRAYS}"
        numbers = standing["numbers"]
        numbers["nets"]["net"], numbers["optimizers"]["optimizer"] = content.model, content.optimizer
        rows = [_row(row) for row in standing["history"]]
        epoch, batch = (checks.integer(WHO, name, standing[name], minimum=0) for name in ("epoch", "batch"))
        checks.integer(WHO, "epochs_wanted", standing["epochs_wanted"], minimum=epoch)
        checks.instance(WHO, "stopped", standing["stopped"], str)
        own, first = dict(standing["own"]), standing["first_weights"]
        files = f"{STATE}, {OPTIMIZER} and {ARRAYS}"
        put_numbers(learner, numbers)
        put_generators(learner, standing["generators"])
        set_generator_states(generator_states() | {"seed": standing["seed"]})
    except ERRORS as error:
        put_back()
        _does_not_fit(place, files, error)
    learner.epoch, learner._n_batches_done = epoch, batch
    learner.history.rows[:] = rows
    learner.record.first_weights = first
    vars(learner).update({name: value for name, value in own.items() if is_own(learner, name)})
    learner.resumed = Resumed(place, standing)


def _row(row: Any) -> dict[str, Any]:
    """A row of the history, checked to hold numbers and arrays by name."""
    for name, value in checks.instance(WHO, "a row of the history", row, dict).items():
        if not isinstance(name, str) or not isinstance(value, (bool, int, float, np.generic, np.ndarray)):
            raise TypeError(f"a row of the history holds {checks.of_kind(value)}.")
    return dict(row)


def _does_not_fit(place: Path, files: str, error: Exception) -> NoReturn:
    problem = f"{type(error).__name__}: {error}" if isinstance(error, LookupError) else str(error)
    hint = "make the learner as it was then, or train again."
    first = shown(problem.partition("\n")[0][:MOST_SHOWN])
    checks.fail(WHO, f"the checkpoint {place} ({files}) does not fit this learner: {first}", hint)


def _sentence(problem: Exception) -> str:
    return str(problem).partition("\n")[0]
