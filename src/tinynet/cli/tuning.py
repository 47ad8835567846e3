"""tinynet tune: a search for good settings, each trial a run."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from tinynet.cli import completing, training
from tinynet.cli.arguments import (
    Augment,
    BatchSize,
    Config,
    DataName,
    KernelsToUse,
    Model,
    NetOption,
    OptimizerName,
    Precision,
    ScheduleName,
    Size,
    SkipBroken,
    Stopping,
    Target,
    Task,
    Window,
)
from tinynet.cli.choosing import check_loss_decides
from tinynet.cli.comparing import JOURNAL, STUDY
from tinynet.cli.output import INTERRUPTED, given_path, say
from tinynet.cli.own_data import read
from tinynet.cli.runs import open_run
from tinynet.cli.search_space import Dimension, applied, dimensions
from tinynet.cli.settling import NAMES, Settled, check_alone, settled, told_to
from tinynet.cli.train import train_quietly
from tinynet.core import checks
from tinynet.core.checks.words import fail
from tinynet.core.faster import use
from tinynet.exchange.lazily import imported
from tinynet.learner import Callback, Learner
from tinynet.storage import atomic_write

JOURNALS = "optuna.storages.journal"
STARTING = 4  # trials that are drawn at random, and never stopped, before one can be hopeless
HOPELESS = "hopeless beside the other trials"


class Pruning(Callback):
    """Tell Optuna the validation loss of each epoch, and end a training that it finds hopeless.

    Args:
        trial: Optuna's.
    """

    def __init__(self, trial: Any) -> None:
        self.trial = trial

    def state(self) -> dict[str, Any]:
        return {}

    def on_epoch_end(self, learner: Learner, epoch: int, row: dict[str, Any]) -> None:
        self.trial.report(row["valid_loss"], epoch)
        if epoch < learner.epochs_wanted and self.trial.should_prune():
            learner.stop, learner.stop_reason = True, HOPELESS


Search = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUES",
        help="What is sought: lr=0.0001..0.1, width=8,16,32, optimizer.weight_decay=0..0.1; repeatable.",
        show_default="rate, batch size, sizes",
    ),
]
Trials = Annotated[int, typer.Option(help="How many trainings to try, those of before included.")]
Epochs = Annotated[int | None, typer.Option(help="Epochs of each trial.", show_default="by model")]
Rate = Annotated[float | None, typer.Option(help="Fix the rate.", show_default="sought")]
Seed = Annotated[int, typer.Option(help="Of the trainings, and of the search.")]
OutOfTrials = Annotated[
    Path | None,
    typer.Option(metavar="PATH", help="The folder for the trials.", show_default="runs/tuned", parser=given_path),
]
Resume = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH",
        help="Go on with a search, in its folder.",
        parser=given_path,
        autocompletion=completing.runs,
    ),
]


def tune(
    context: typer.Context,
    dataset: DataName = "digits",
    search: Search = None,
    trials: Trials = 20,
    model: Model = None,
    net: NetOption = None,
    epochs: Epochs = None,
    lr: Rate = None,
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
    seed: Seed = 0,
    kernels: KernelsToUse = "auto",
    config: Config = None,
    out: OutOfTrials = None,
    resume: Resume = None,
) -> None:
    """Search for good settings: train many times, and let Optuna choose what to try next.

    Each trial is a run in the folder; what is hopeless beside the others is ended early. Trials are judged by their
    validation loss, never by the test data. A search that was interrupted goes on with --resume.

    Example: **tinynet tune digits --model mlp --trials 30 --out runs/tuned**

    Example: **tinynet tune houses.csv --target price --search lr=0.0001..0.01 --search hidden=64/32,256/128**
    """
    if resume is None:
        folder, told, texts = out or Path("runs", "tuned"), told_to(context, config), search or []
    else:
        check_alone(context, "search", allowed={"trials"})
        folder, told, texts = resume, *_kept(resume, net)
    _run(folder, told, texts, checks.integer("tinynet", "--trials", trials, minimum=1), is_new=resume is None)


def _run(folder: Path, told: Mapping[str, Any], texts: Sequence[str], trials: int, is_new: bool) -> None:
    """Search, and say what was found."""
    base = settled(told)
    check_loss_decides(base.settings.model, "tune")
    space = dimensions(texts, base, told)
    _check_values(told, base, space)
    _check_data(base)
    study = _study(folder, told, [*texts], base.settings.epochs, is_new)
    _search(study, folder, told, base, space, trials)
    _say_best(study, folder)


def _search(
    study: Any, folder: Path, told: Mapping[str, Any], base: Settled, space: Sequence[Dimension], n_trials: int
) -> None:
    """Train until there are as many trials as are wanted."""
    import optuna

    def objective(trial: Any) -> float:
        values = {each.name: each.suggest(trial) for each in space}
        what = settled(applied(told, base, values))
        place = folder / f"trial-{trial.number + 1:03}"
        words = f"{place.name}  {', '.join(f'{name} {_word(value)}' for name, value in values.items())}"
        try:
            learner = train_quietly(what, place, [Pruning(trial)])
        except FloatingPointError:
            say(f"{words}: the loss was not finite")
            raise optuna.TrialPruned from None
        losses = learner.history["valid_loss"]
        reached = min(losses) if what.settings.early_stopping else losses[-1]
        done = "" if learner.stop_reason != HOPELESS else f", ended after epoch {len(losses)} of {what.settings.epochs}"
        say(f"{words}: valid loss {reached:.4g}{done}")
        if learner.stop_reason == "Ctrl-C":
            say(f"go on with: tinynet tune --resume {shlex.quote(str(folder))} --trials {n_trials}")
            raise typer.Exit(INTERRUPTED)
        if learner.stop_reason == HOPELESS:
            raise optuna.TrialPruned
        return reached

    finished = optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED
    while (n_done := len(study.get_trials(deepcopy=False, states=finished))) < n_trials:
        study.optimize(objective, n_trials=n_trials - n_done)


def _study(folder: Path, told: Mapping[str, Any], search: list[str], epochs: int, is_new: bool) -> Any:
    """Begin a search in a folder, or open the one that is there."""
    optuna, journal = (imported("tune", name, "pip install tinynet[tune]") for name in ("optuna", JOURNALS))
    if is_new and (folder / STUDY).exists():
        hint = f"go on with it: tinynet tune --resume {shlex.quote(str(folder))}; or choose another --out."
        fail("tinynet", f"there is a search in {folder} already.", hint, FileExistsError)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fail("tinynet", f"cannot write to {folder}: {error.strerror}.", "choose another --out.", type(error))
    if is_new:
        kept = {"format": 1, "told": {name: told.get(name) for name in NAMES}, "search": search}
        atomic_write(folder / STUDY, json.dumps(kept, indent=2, ensure_ascii=False) + "\n", who="tinynet")
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # of a trial that fails it would warn with a traceback
    storage = journal.JournalStorage(journal.JournalFileBackend(str(folder / JOURNAL)))
    n_before = len(storage.get_all_trials(storage.get_all_studies()[0]._study_id)) if storage.get_all_studies() else 0
    study = optuna.create_study(
        storage=storage,
        study_name="tune",
        load_if_exists=True,
        sampler=optuna.samplers.TPESampler(seed=int(told.get("seed") or 0) + n_before, n_startup_trials=STARTING),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=STARTING, n_warmup_steps=max(1, epochs // 4)),
    )
    for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):  # its process was killed
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
        study.enqueue_trial(trial.params)
    return study


def _kept(folder: Path, net: str | None) -> tuple[dict[str, Any], list[str]]:
    """What a search was told when it began."""
    path = folder / STUDY
    if not path.is_file():
        hint = f"begin one with: tinynet tune digits --out {shlex.quote(str(folder))}"
        fail("tinynet", f"there is no search in {folder}.", hint, FileNotFoundError)
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        told, search = {name: kept["told"].get(name) for name in NAMES}, [str(text) for text in kept["search"]]
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        fail("tinynet", f"{path} is damaged ({error}).", "begin the search anew.")
    if told["net"] is not None and net is None:
        fail("tinynet", f"the search in {folder} is for the net of {told['net']}.", f"add --net {told['net']}.")
    return told | ({"net": net} if net else {}), search


def _say_best(study: Any, folder: Path) -> None:
    """Name the best run, and what to do with it."""
    import optuna

    finished = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
    if not finished:
        fail(
            "tinynet", f"no trial in {folder} came to its end.", "search among lower rates: --search lr=0.00001..0.001"
        )
    ranked = sorted(finished, key=lambda trial: trial.value)
    best, *others = (folder / f"trial-{trial.number + 1:03}" for trial in ranked[:3])
    say(f"\nbest of {len(study.trials)} trials: {best}, valid loss {ranked[0].value:.4g}")
    if others:
        say(f"compare: tinynet compare {shlex.join(map(str, [best, *others]))}")
    say(f"repeat:  {open_run(best).settings.command(str(folder / 'best'))}")


def _check_values(told: Mapping[str, Any], base: Settled, space: Sequence[Dimension]) -> None:
    """Check each value that can be tried, so that a mistake is told before the search begins."""
    first = {each.name: (each.values or (each.low,))[0] for each in space}
    for each in space:
        for value in each.values or (each.low, each.high):
            settled(applied(told, base, first | {each.name: value}))


def _check_data(base: Settled) -> None:
    """Check that the data can be read and the net be made for them, before there is a folder."""
    with use(base.settings.kernels):
        training.make_learner(base.settings, read(base.settings).train, [], base.code)


def _word(value: Any) -> str:
    if isinstance(value, tuple):
        return "/".join(map(str, value))
    return f"{value:.3g}" if isinstance(value, float) and math.isfinite(value) else str(value)
