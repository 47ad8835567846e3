"""What to try before a long training: tinynet find-rate and tinynet check."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from tinynet.cli import training
from tinynet.cli.arguments import (
    BatchSize,
    DataName,
    Model,
    NetOption,
    OptimizerName,
    Size,
    SkipBroken,
    Target,
    Task,
    Window,
)
from tinynet.cli.choosing import check_loss_decides
from tinynet.cli.named import Named
from tinynet.cli.output import given_path, say
from tinynet.cli.own_data import read
from tinynet.cli.settings import Settings
from tinynet.cli.settling import Settled, settled, told_to
from tinynet.core.checks.words import fail
from tinynet.learner import Learner
from tinynet.learner.doctor import diagnose
from tinynet.probe import guessing
from tinynet.storage import atomic_write

N_TRUTHS = 4096  # samples that tell what guessing reaches
AS_EXPECTED = 1.5  # A first loss of up to this many times that of guessing is usual for new weights.

Seed = Annotated[int, typer.Option(help="The same seed gives the same weights and batches.")]
Picture = Annotated[
    Path | None, typer.Option(metavar="FILE.png", help="Draw the sweep into this file.", parser=given_path)
]
Rate = Annotated[float | None, typer.Option(help="The learning rate to check with.", show_default="by model")]


def find_rate(
    context: typer.Context,
    dataset: DataName,
    model: Model = None,
    net: NetOption = None,
    batch_size: BatchSize = None,
    optimizer: OptimizerName = "adam",
    target: Target = None,
    task: Task = None,
    size: Size = None,
    window: Window = None,
    skip_broken: SkipBroken = False,
    seed: Seed = 0,
    picture: Picture = None,
) -> None:
    """Suggest a learning rate: train for 100 steps while it rises, and look where the loss falls and where it rises.

    The suggestion is for the highest rate of a training, as tinynet train takes it with --lr. It takes seconds, and
    nothing is kept but the picture that you ask for.

    Example: **tinynet find-rate digits --model mlp --picture sweep.png**
    """
    what = settled(told_to(context, None))
    settings = what.settings
    if picture is not None and picture.suffix.lower() != ".png":
        fail("tinynet", f"--picture must be a .png file, got {str(picture)!r}.")
    sweep = _learner(what, "find-rate").find_rate()
    batch = f"batches of {settings.batch_size}"
    say(f"{settings.title} with {settings.optimizer}, {batch}: {sweep.words}")
    if picture is not None:
        atomic_write(picture, sweep.figure()._repr_png_(), who="tinynet")
        say(f"written: {picture}")
    say(f"train with it: tinynet train {_words(settings)} --lr {sweep.rate:.2g}")


def check(
    context: typer.Context,
    dataset: DataName,
    model: Model = None,
    net: NetOption = None,
    lr: Rate = None,
    batch_size: BatchSize = None,
    optimizer: OptimizerName = "adam",
    target: Target = None,
    task: Task = None,
    size: Size = None,
    window: Window = None,
    skip_broken: SkipBroken = False,
    seed: Seed = 0,
) -> None:
    """Check what can be checked before a long training: the first loss, and whether the network can learn one batch.

    The doctor looks at the data, the network and the loss, too. A network that cannot learn 32 samples by heart has a
    fault that no further data heals. What may be wrong is named, and the command ends with status 1.

    Example: **tinynet check houses.csv --target price**
    """
    what = settled(told_to(context, None))
    learner = _learner(what, "check")
    _say_first_loss(learner)
    problems = diagnose(learner, may_try=False).problems
    for problem in problems:
        say(problem.short())
    found = learner.overfit_one_batch()
    say(f"one batch: {found.words}")
    for reason in found.reasons:
        say(f"  - {reason}")
    if problems or found.reasons:
        raise typer.Exit(1)
    say(f"next: tinynet find-rate {_words(what.settings)}")


def _say_first_loss(learner: Learner) -> None:
    """Say where the loss begins, beside that of a net that only guesses."""
    first = learner.evaluate(learner.valid)["loss"]
    _, y = learner.train[: min(len(learner.train), N_TRUTHS)]
    mark = guessing(learner.loss, y)
    words = f"first loss: {first:.4g}"
    if mark.loss is not None:
        words += f"; a net that only guesses has {mark.mark}"
    if mark.loss is not None and mark.accuracy is not None:
        usual = first <= AS_EXPECTED * mark.loss
        words += ", so it is as it should be" if usual else ", so the first weights or the inputs are too large"
    say(f"{words}.")


def _learner(what: Settled, command: str) -> Learner:
    check_loss_decides(what.settings.model, command)
    return training.make_learner(what.settings, read(what.settings).train, (), what.code)


def _words(settings: Settings) -> str:
    """The data set and the options that were chosen, as a command takes them."""
    how = f"--optimizer {settings.optimizer} --batch-size {settings.batch_size}"
    own = settings.own.options() if settings.own else []
    named = ["--net" if settings.net else "--model", str(Named(settings.net or settings.model, settings.sizes))]
    return f"{shlex.join([settings.dataset, *own, *named])} {how}"
