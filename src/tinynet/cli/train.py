"""tinynet train: a run from its beginning, or on from its last checkpoint."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from tinynet.cli import completing, show, training
from tinynet.cli.adversaries import net_of
from tinynet.cli.arguments import (
    Augment,
    BatchSize,
    Config,
    DataName,
    KernelsToUse,
    Model,
    NetOption,
    OptimizerName,
    Out,
    Precision,
    ScheduleName,
    Size,
    SkipBroken,
    Stopping,
    Target,
    Task,
    Window,
)
from tinynet.cli.nets import NetFile
from tinynet.cli.new_run import begun, check_free, new_folder, resumed
from tinynet.cli.output import INTERRUPTED, complain, given_path, say, warnings_in_sentences
from tinynet.cli.own_data import Data, read, write_preparation
from tinynet.cli.runs import (
    CHECKPOINTS,
    HISTORY,
    MODEL,
    STATISTICS,
    check_same_data,
    code_to_go_on,
    describe,
    open_run,
    write_config,
    write_net,
)
from tinynet.cli.settings import Settings
from tinynet.cli.settling import Settled, check_alone, settled, told_to
from tinynet.cli.tasks import input_shape_of, inputs_of
from tinynet.cli.trained import card_of
from tinynet.cli.waiting import warn_of_loops
from tinynet.core.faster import use
from tinynet.learner import Callback, Checkpoint, CSVLog, Learner, Statistics
from tinynet.net import Net
from tinynet.storage import save
from tinynet.storage.checkpoints import checkpoints_in

EVERY = ("epoch", "minute")  # checkpoints are written


def train(
    context: typer.Context,
    dataset: DataName = "digits",
    model: Model = None,
    net: NetOption = None,
    epochs: Annotated[
        int | None, typer.Option(help="How often to go through the data.", show_default="by model")
    ] = None,
    lr: Annotated[
        float | None, typer.Option(help="The highest learning rate; --schedule changes it.", show_default="by model")
    ] = None,
    batch_size: BatchSize = None,
    optimizer: OptimizerName = "adam",
    schedule: ScheduleName = None,
    augment: Augment = None,
    early_stopping: Stopping = None,
    precision: Precision = "float32",
    target: Target = None,
    task: Task = None,
    size: Size = None,
    window: Window = None,
    skip_broken: SkipBroken = False,
    seed: Annotated[int, typer.Option(help="The same seed gives the same run.")] = 0,
    kernels: KernelsToUse = "auto",
    config: Config = None,
    out: Out = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a run that is in the folder already.")] = False,
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="Go on with a run that was interrupted, in its folder.",
            parser=given_path,
            autocompletion=completing.runs,
        ),
    ] = None,
) -> None:
    """Train a network, test it, and write a run folder.

    Of your own data, the test part and how they were prepared are kept with the run, so **tinynet predict** takes a new
    picture or row as it is, and **tinynet write** continues a text.

    A tenth of the training data is held out for validation, unless a net learns to draw against another one; the test
    data are used once, at the end. The folder gets the settings (config.json), the numbers of each epoch (history.csv),
    what the layers gave (statistics.safetensors), the network (model.safetensors) and a page to look at (report.html).

    After each epoch and each minute a checkpoint is written. Whatever ends the process, **tinynet train --resume RUN**
    goes on from the last one and comes to the same network, bit for bit. Ctrl-C ends training early and keeps what was
    learned; a second one stops at once.

    Example: **tinynet train digits --model mlp:hidden=64/32 --optimizer adamw --early-stopping 5**

    Example: **tinynet train photos/ --net my_net.py --augment flip --schedule constant**
    """
    if resume is not None:
        check_alone(context, "run", allowed=set())
        _resume(resume, net)
    else:
        begin(settled(told_to(context, config)), out, force)


def begin(what: Settled, out: Path | None, force: bool = False, callbacks: Sequence[Callback] = ()) -> Path:
    """Begin a run, and give its folder."""
    settings, code = what
    check_free(out, force)
    with use(settings.kernels):
        data = read(settings)
        learner = training.make_learner(settings, data.train, callbacks, code)
        folder = new_folder(settings, out)
        say(show.beginning(settings, learner, data))
        n_trained = settings.epochs * len(learner.train)
        n_evaluated = settings.epochs * len(learner.valid or ()) + len(data.test)
        net = net_of(learner)
        inputs = inputs_of(net, settings.model, data.outputs or (), input_shape_of(data.test))
        warn_of_loops(net, inputs, n_trained, n_evaluated)
        with begun(folder, describe(settings, folder, data), force) as work:
            write_preparation(work, data.preparation)
            write_net(work, code)
            _train(settings, learner, data, work, folder, code)
    _end(learner, folder, code)
    return folder


def _resume(folder: Path, net: str | None) -> None:
    """Go on with a run; one without a checkpoint begins again."""
    with resumed(folder) as work:
        run = open_run(work, net)
        settings = run.settings
        code = code_to_go_on(run)
        with use(settings.kernels):
            data = read(settings, run.preparation())
            check_same_data(run, data)
            write_preparation(work, data.preparation)
            learner = training.make_learner(settings, data.train, [], code)
            say(show.beginning(settings, learner, data))
            _train(settings, learner, data, work, folder, code)
    _end(learner, folder, code)


def _train(settings: Settings, learner: Learner, data: Data, work: Path, folder: Path, code: NetFile | None) -> None:
    """Train, from the beginning or from the last checkpoint, and write what a run folder holds."""
    learner.callbacks += _writers(work, f"tinynet train --resume {shlex.quote(str(folder))}{_net_option(code)}")
    with warnings_in_sentences():
        if (work / CHECKPOINTS).is_dir() and checkpoints_in(work / CHECKPOINTS):
            learner.resume(work / CHECKPOINTS)
            say(f"resumed at step {learner.step:,}, after {learner.epoch} of {settings.epochs} epochs")
            learner.fit()
        else:
            (work / HISTORY).unlink(missing_ok=True)  # rows of a process that was killed before its first checkpoint
            learner.fit(settings.epochs)
    say(show.results_line(_finish(settings, learner, data, work), len(data.test)))
    show.write_report(open_run(work, code), learner, data.test)


def train_quietly(what: Settled, folder: Path, callbacks: Sequence[Callback]) -> Learner:
    """Train a run like any other, but say nothing and write no page."""
    settings, code = what
    with use(settings.kernels), warnings_in_sentences():
        data = read(settings)
        learner = training.make_learner(settings, data.train, callbacks, code)
        with begun(new_folder(settings, folder), describe(settings, folder, data), force=False) as work:
            write_preparation(work, data.preparation)
            write_net(work, code)
            learner.callbacks += _writers(work, f"tinynet train --resume {shlex.quote(str(folder))}{_net_option(code)}")
            learner.fit(settings.epochs, progress=False)
            _finish(settings, learner, data, work)
    return learner


def _writers(work: Path, go_on: str) -> tuple[Callback, ...]:
    """The callbacks that write into the folder of a run; `go_on` is the command that goes on with it."""
    checkpoint = Checkpoint(work / CHECKPOINTS, EVERY)
    checkpoint.go_on = go_on
    return CSVLog(work / HISTORY), Statistics("economy", path=work / STATISTICS), checkpoint


def _finish(settings: Settings, learner: Learner, data: Data, work: Path) -> dict[str, float]:
    """Save the net, test it, and write down how it ended."""
    net = net_of(learner)
    _save(net, work / MODEL)
    results = training.evaluate(settings, net, data.test, data.preparation)
    done = open_run(work).config | {"epochs_done": len(learner.history), "test": results}
    write_config(work, done)
    save(net, work / MODEL, card_of(done, results))  # once more, with its card
    return results


def _end(learner: Learner, folder: Path, code: NetFile | None) -> None:
    net = _net_option(code)
    say(f"written to {folder}: look at {show.REPORT}, or go on with: tinynet evaluate {folder}{net}")
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
        with suppress(OSError):  # there is no room elsewhere either, and the first error tells more
            _rescue(net, path)
        raise


def _rescue(net: Net, path: Path) -> None:
    """Save a net in a temporary folder, which goes if that fails too."""
    folder = Path(tempfile.mkdtemp(prefix="tinynet-"))
    try:
        save(net, folder / MODEL)
    except OSError:
        folder.rmdir()
        raise
    complain(f"{path} cannot be written; the network is in {folder / MODEL} instead.")


def _net_option(code: NetFile | None) -> str:
    """What a command has to be told for the net of a run, where it is the user's own."""
    return f" --net {shlex.quote(str(code.source.path))}" if code else ""
