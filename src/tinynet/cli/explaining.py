"""What `tinynet explain` does: one more step of a trained net, recorded and explained."""

from __future__ import annotations

import re
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import typer

from tinynet.cli import training
from tinynet.cli.adversaries import is_judged, judged
from tinynet.cli.arguments import Kernels, NetOfRun, RunFolder
from tinynet.cli.output import given_path, say
from tinynet.cli.rules import make_rule
from tinynet.cli.runs import Run, open_run
from tinynet.core import checks, seed
from tinynet.core.faster import use
from tinynet.probe import Explanation, Trace, Walk, explain, trace, walk

#: "0.weight[2,3]": a name and an index.
NUMBER = re.compile(r"(?P<name>[^\[\]]+)(?:\[(?P<index>[-\d\s,]*)\])?")


class Step(NamedTuple):
    """A recorded step, and which row of its batch is followed."""

    trace: Trace
    row: int
    words: str


def recorded_step(run: Run, sample: int) -> Step:
    """One more step of a run's net, on the batch of its training data that holds a sample.

    A run keeps weights and no state of the optimizer, so the step has a new one, with the highest rate of the run.
    """
    settings = run.settings
    seed(settings.seed)  # for the split of the data
    net: Any = run.net()
    learner = training.learner_of(settings, net, run.data().train)
    samples = judged(net, learner.train) if is_judged(net) else learner.train
    n_samples, size = len(samples), min(settings.batch_size, len(samples))
    if not 0 <= checks.integer("tinynet", "--sample", sample) < n_samples:
        checks.fail("tinynet", f"there is no sample {sample} among {n_samples:,}.", f"take one below {n_samples}.")
    first = sample // size * size
    last = min(first + size, n_samples)
    x, y = samples[np.arange(first, last)]
    if len(x) > 1:  # one sample has no variance for a batch norm
        net.train()
    batch = f"samples {first} to {last - 1} of its training data"
    if is_judged(net):
        batch = f"pictures {first} to {last - 1} that its generator draws, with the discriminator as it is"
    words = f"One more step of {run.folder}: {batch}, and a new {settings.optimizer} with the rate {settings.lr:g}."
    rule = make_rule(settings.rule, settings.lr)
    turn = net[1].frozen() if is_judged(net) else nullcontext()  # the generator's: the other only hands its gradient on
    with turn:
        return Step(trace(net, x, y, learner.loss, rule), sample - first, words)


def asked(step: Step, weight: str | None, number: str | None, terms: int) -> Walk | Explanation:
    """The explanation of one number, given as "2.y[7,3]"; else the walk through the whole step, down to a weight."""
    terms = checks.integer("tinynet", "--terms", terms, minimum=1)
    try:
        if number is not None:
            name, index = named_number("--number", number)
            return explain(step.trace, name, index, terms=terms)
        if weight is not None:
            name, index = named_number("--weight", weight)
            return walk(step.trace, step.row, name, index, terms=terms)
    except LookupError as error:  # of a name or an index that a user has typed
        raise ValueError(error.args[0]) from None
    return walk(step.trace, step.row, terms=terms)


def named_number(option: str, text: str) -> tuple[str, tuple[int, ...] | None]:
    """A name and an index, None if there is none.

    Example:
        >>> named_number("--weight", "0.weight[2,3]"), named_number("--number", "loss")
        (('0.weight', (2, 3)), ('loss', None))
    """
    match = NUMBER.fullmatch(text.strip())
    if match is None:
        checks.fail(
            "tinynet", f"{option} must be a name and an index, got {text!r}.", f"write {option} '0.weight[2,3]'."
        )
    index = match["index"]
    return match["name"].strip(), None if index is None else tuple(int(at) for at in re.findall(r"-?\d+", index))


def write_page(path: Path, step: Step, found: Walk | Explanation) -> Path:
    """Write an explanation as one self-contained page."""
    from tinynet.visualize import explanation_page  # here, because it loads matplotlib

    return explanation_page(path, found, lead=step.words)


def explain_step(
    run: RunFolder,
    sample: Annotated[int, typer.Option(help="Which sample of the training data to follow.")] = 0,
    weight: Annotated[
        str | None,
        typer.Option(metavar="NAME[I,J]", help="A weight, as 0.weight[2,3].", show_default="largest gradient"),
    ] = None,
    number: Annotated[
        str | None, typer.Option(metavar="NAME[I,J]", help="Explain this number only: 2.y[0,3], 0.weight[2,3], loss.")
    ] = None,
    terms: Annotated[int, typer.Option(help="How many terms of a sum are shown.")] = 8,
    page: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it as an HTML page instead.", parser=given_path)
    ] = None,
    save: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Save the recorded step, too.", parser=given_path)
    ] = None,
    net: NetOfRun = None,
    kernels: Kernels = None,
) -> None:
    """Explain a training step, number by number.

    The net of the run makes one more step, on the batch that holds the sample. Forward, loss, backward and update are
    shown layer by layer, each with one number: its formula, the formula with the numbers in place, and where they come
    from.

    Example: **tinynet explain runs/digits-mlp-1 --sample 3 --page step.html**
    """
    opened = open_run(run, net)
    with use(opened.kernels(kernels)):
        step = recorded_step(opened, sample)
    found = asked(step, weight, number, terms)
    if save is not None:
        say(f"written: {step.trace.save(save)}")
    if page is not None:
        say(f"written: {write_page(page, step, found)}")
    else:
        say(f"{step.words}\n\n{found}")
