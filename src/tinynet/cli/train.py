"""tinynet train: a run from its beginning, or on from its last checkpoint."""

from __future__ import annotations

import shlex
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from tinynet.cli import show, training
from tinynet.cli.arguments import KERNELS, DataName, Size, SkipBroken, Target, Task, Window
from tinynet.cli.new_run import begun, check_free, new_folder, resumed
from tinynet.cli.output import INTERRUPTED, complain, given_path, say, warnings_in_sentences
from tinynet.cli.own import located
from tinynet.cli.own_data import Data, read, write_preparation
from tinynet.cli.runs import CHECKPOINTS, HISTORY, MODEL, STATISTICS, check_same_data, describe, open_run, write_config
from tinynet.cli.settings import Settings, choose
from tinynet.cli.trained import card_of
from tinynet.cli.waiting import warn_of_loops
from tinynet.core.checks.words import fail
from tinynet.core.faster import use
from tinynet.learner import Checkpoint, CSVLog, Learner, Statistics
from tinynet.net import Net
from tinynet.storage import save
from tinynet.storage.checkpoints import checkpoints_in

EVERY = ("epoch", "minute")  # checkpoints are written
GIVEN = ("COMMANDLINE", "ENVIRONMENT")  # the sources of an option that is not a default


def train(
    context: typer.Context,
    dataset: DataName = "digits",
    model: Annotated[
        str | None, typer.Option(help="The network; tinynet models lists them.", show_default="by data set")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="How often to go through the data.", show_default="by model")
    ] = None,
    lr: Annotated[
        float | None,
        typer.Option(help="The highest learning rate; it rises, then falls to 0.", show_default="by model"),
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help="Samples per step.", show_default="by model")] = None,
    optimizer: Annotated[str, typer.Option(help="sgd (with momentum 0.9) or adam.")] = "adam",
    target: Target = None,
    task: Task = None,
    size: Size = None,
    window: Window = None,
    skip_broken: SkipBroken = False,
    seed: Annotated[int, typer.Option(help="The same seed gives the same run.")] = 0,
    kernels: Annotated[str, typer.Option(help=KERNELS)] = "auto",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="The folder for the run.",
            show_default="runs/DATASET-MODEL-NUMBER",
            parser=given_path,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a run that is in the folder already.")] = False,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Go on with a run that was interrupted, in its folder.", parser=given_path),
    ] = None,
) -> None:
    """Train a network, test it, and write a run folder.

    Of your own data, the test part and how they were prepared are kept with the run, so **tinynet predict** takes a new
    picture or row as it is, and **tinynet write** continues a text.

    A tenth of the training data is held out for validation; the test data are used once, at the end. The folder gets
    the settings (config.json), the numbers of each epoch (history.csv), what the layers gave (statistics.safetensors),
    the network (model.safetensors) and a page to look at (report.html).

    After each epoch and each minute a checkpoint is written. Whatever ends the process, **tinynet train --resume RUN**
    goes on from the last one and comes to the same network, bit for bit. Ctrl-C ends training early and keeps what was
    learned; a second one stops at once.
    """
    if resume is not None:
        _check_alone(context)
        return _resume(resume)
    data, own = located(dataset, model, target=target, task=task, size=size, window=window, skip_broken=skip_broken)
    return _begin(choose(data, model, epochs, lr, batch_size, optimizer, seed, kernels, own), out, force)


def _begin(settings: Settings, out: Path | None, force: bool) -> None:
    """Begin a run."""
    check_free(out, force)
    with use(settings.kernels):
        data = read(settings)
        learner = training.make_learner(settings, data.train, [])
        folder = new_folder(settings, out)
        say(show.beginning(settings, learner, data))
        n_trained = settings.epochs * len(learner.train)
        n_evaluated = settings.epochs * len(learner.valid or ()) + len(data.test)
        warn_of_loops(learner.net, data.test[:1][0].shape[1:], n_trained, n_evaluated)
        with begun(folder, describe(settings, folder, data), force) as work:
            write_preparation(work, data.preparation)
            _train(settings, learner, data, work, folder)
    _end(learner, folder)


def _resume(folder: Path) -> None:
    """Go on with a run; one without a checkpoint begins again."""
    with resumed(folder) as work:
        run = open_run(work)
        settings = run.settings
        with use(settings.kernels):
            data = read(settings, run.preparation())
            check_same_data(run, data)
            write_preparation(work, data.preparation)
            learner = training.make_learner(settings, data.train, [])
            say(show.beginning(settings, learner, data))
            _train(settings, learner, data, work, folder)
    _end(learner, folder)


def _train(settings: Settings, learner: Learner, data: Data, work: Path, folder: Path) -> None:
    """Train, from the beginning or from the last checkpoint, and write what a run folder holds."""
    config = open_run(work).config
    checkpoint = Checkpoint(work / CHECKPOINTS, EVERY)
    checkpoint.go_on = f"tinynet train --resume {shlex.quote(str(folder))}"
    learner.callbacks += (CSVLog(work / HISTORY), Statistics("economy", path=work / STATISTICS), checkpoint)
    with warnings_in_sentences():
        if (work / CHECKPOINTS).is_dir() and checkpoints_in(work / CHECKPOINTS):
            learner.resume(work / CHECKPOINTS)
            say(f"resumed at step {learner.step:,}, after {learner.epoch} of {settings.epochs} epochs")
            learner.fit()
        else:
            (work / HISTORY).unlink(missing_ok=True)  # rows of a process that was killed before its first checkpoint
            learner.fit(settings.epochs)
    _save(learner.net, work / MODEL)
    results = training.evaluate(settings, learner.net, data.test, data.preparation)
    done = config | {"epochs_done": len(learner.history), "test": results}
    write_config(work, done)
    save(learner.net, work / MODEL, card_of(done, results))  # once more, with its card
    say(show.results_line(results, len(data.test)))
    show.write_report(open_run(work), learner, data.test)


def _end(learner: Learner, folder: Path) -> None:
    say(f"written to {folder}: look at {show.REPORT}, or go on with: tinynet evaluate {folder}")
    if learner.stop_reason == "Ctrl-C":
        raise typer.Exit(INTERRUPTED)


def _save(net: Net, path: Path) -> None:
    """Save the net; where that fails, in the system's folder for temporary files, so that what it learned is not lost.

    Raises:
        OSError: It could not be saved at the path.
    """
    try:
        save(net, path)
    except OSError:
        rescued = Path(tempfile.mkdtemp(prefix="tinynet-")) / MODEL
        save(net, rescued)
        complain(f"{path} cannot be written; the network is in {rescued} instead.")
        raise


def _check_alone(context: typer.Context) -> None:
    """Check that nothing else is asked of a run that goes on: it has its settings."""
    for name in context.params:
        source = context.get_parameter_source(name)
        if name != "resume" and source is not None and source.name in GIVEN:
            option = "a data set" if name == "dataset" else f"--{name.replace('_', '-')}"
            hint = "leave it out; for a run with other settings, train anew."
            fail("tinynet", f"--resume goes on with the settings of the run, so {option} cannot be given.", hint)
