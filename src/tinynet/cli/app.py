"""The commands of `tinynet`."""

from __future__ import annotations

import logging
import sys
from typing import Annotated, Any

import typer

from tinynet.cli import (
    comparing,
    completing,
    drawing,
    explaining,
    exporting,
    first_checks,
    kernel_routes,
    kernel_table,
    look,
    show,
    train,
    training,
    tuning,
    writing,
)
from tinynet.cli.answers import Answer
from tinynet.cli.arguments import Kernels, KernelsToUse, NetName, NetOfRun, OnData, RunFolder, RunOrFile
from tinynet.cli.choosing import known_kernels
from tinynet.cli.output import INTERRUPTED, accept_all_characters, complain, drop_output, flush, reason, say
from tinynet.cli.predicting import answers
from tinynet.cli.runs import code_to_go_on, open_run
from tinynet.cli.tasks import inputs_of
from tinynet.cli.trained import card, test_data, trained
from tinynet.cli.waiting import warn_of_loops
from tinynet.core.faster import use
from tinynet.core.version import __version__

app = typer.Typer(
    help="Train, evaluate and look at neural networks. Start with: **tinynet train digits**",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
completing.answer_the_first_tab()

USAGE_ERROR: Any = typer.BadParameter.__base__  # click's; newer Typers carry a click of their own


def _version(wanted: bool) -> None:
    if wanted:
        say(f"tinynet {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options before the command."""


app.command()(train.train)
app.command()(tuning.tune)
app.command()(comparing.compare)
app.command("find-rate")(first_checks.find_rate)
app.command("check")(first_checks.check)


@app.command()
def evaluate(run: RunOrFile, on: OnData = None, net: NetOfRun = None, kernels: Kernels = None) -> None:
    """Test the network of a run or of a weights file on the test data of its data set, or of another.

    Example: **tinynet evaluate runs/digits-mlp-1**
    """
    opened = trained(run, on, net)
    data = test_data(opened)
    with use(opened.used_kernels(kernels)):
        warn_of_loops(opened.net, inputs_of(opened.net, opened.model, opened.classes, opened.input_shape), 0, len(data))
        results = training.results_of(opened.model, opened.net, data, opened.preparation)
    say(show.results_line(results, len(data)))


@app.command()
def predict(
    run: RunOrFile,
    samples: Annotated[
        list[str],
        typer.Argument(
            metavar="SAMPLE...",
            help="Picture files of any size and mode; for a table, CSV files, or one row as COLUMN=VALUE ...; for a "
            "text, how it begins; for pairs, a text to read.",
        ),
    ],
    on: OnData = None,
    net: NetOfRun = None,
    kernels: Kernels = None,
) -> None:
    """Say what is on pictures, what follows from rows of a table, how a text goes on, or what it becomes.

    Where the network has learned digits, a picture is first brought to the form of its training data: laid on a plain
    background, turned to light ink on dark, cropped, scaled and centred. What was done is said below each answer. A
    picture that cannot be read is named, and the others are answered all the same.

    Example: **tinynet predict runs/digits-digits_cnn-1 seven.png**
    """
    opened = trained(run, on, net)
    with use(opened.used_kernels(kernels)):
        told = list(map(_told, answers(opened, samples)))
    if not all(told):
        raise typer.Exit(2)


def _told(answer: Answer) -> bool:
    say(answer.text) if answer.is_known else complain(answer.text)
    return answer.is_known


@app.command()
def summary(
    what: NetName,
    input_shape: Annotated[
        str | None, typer.Option(help="The shape of one sample, such as 1,28,28.", show_default="the model's own")
    ] = None,
    net: NetOfRun = None,
) -> None:
    """Show the layers of a network: output shapes, parameters, multiply-adds, memory and formulas.

    Example: **tinynet summary lenet5 --input-shape 1,32,32**
    """
    say(show.summary_text(what, input_shape, net))


@app.command()
def report(run: RunFolder, net: NetOfRun = None) -> None:
    """Write report.html of a run anew.

    Example: **tinynet report runs/digits-mlp-1**
    """
    opened = open_run(run, net)
    code = code_to_go_on(opened)
    train_data, test_data, _ = opened.data()
    learner = training.reopened(opened.settings, opened.net(), opened.history(), train_data, code)
    say(f"written: {show.write_report(opened, learner, test_data)}")


app.command()(look.look)


@app.command()
def doctor(run: RunFolder, net: NetOfRun = None, kernels: Kernels = None) -> None:
    """Say what went wrong in a run, why it hurts, and what to change.

    Where that is cheap, the first steps are tried again with the change, and both losses are shown.

    Example: **tinynet doctor runs/digits-mlp-1**
    """
    opened = open_run(run, net)
    code, train_data = code_to_go_on(opened), opened.data().train
    with use(opened.kernels(kernels)):
        learner = training.reopened(opened.settings, opened.net(), opened.history(), train_data, code)
        say(str(learner.diagnose()))


app.command("write")(writing.write)
app.command()(drawing.draw)
app.command("explain")(explaining.explain_step)
app.command()(exporting.export)
app.command()(card)


@app.command()
def models() -> None:
    """List the models.

    Example: **tinynet models**
    """
    show.models_table()


@app.command()
def datasets() -> None:
    """List the data sets.

    Example: **tinynet datasets**
    """
    show.datasets_table()


@app.command("kernels")
def list_kernels(
    kernels: KernelsToUse = "auto",
    model: Annotated[
        str | None,
        typer.Option(
            "--for",
            metavar="MODEL|RUN|FILE",
            help="Show each layer of this network instead.",
            autocompletion=completing.models_and_runs,
        ),
    ] = None,
    input_shape: Annotated[
        str | None, typer.Option(help="The shape of one sample, such as 1,28,28.", show_default="the model's own")
    ] = None,
    net: NetOfRun = None,
) -> None:
    """Show what serves each kind of work here, on what, and how fast it is.

    Speed is that beside the plain NumPy lesson; the peak is the machine's own matrix product. Winograd's convolution
    needs fewer multiplications than it is counted with. The first time, everything is compiled, which takes a minute or
    two. With --for, each layer of a network is listed with what serves it in a step of 32 samples, and by which route.

    Example: **tinynet kernels --for resnet20**
    """
    with use(known_kernels(kernels)):
        if model is None:
            kernel_table.kernels_table()
        else:
            kernel_routes.routes_table(*show.network(model, input_shape, net))


def main(arguments: list[str] | None = None) -> None:
    """Run the command line, and end the process with its status: 0, or 2 for a bad value, 130 after Ctrl-C.

    Args:
        arguments: The words after `tinynet`, or the arguments of the process if None.
    """
    accept_all_characters()
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells where its cache lies if HOME is read-only
    try:
        status = app(arguments, prog_name="tinynet", standalone_mode=False)
        flush()
    except USAGE_ERROR as error:
        status = _complain(error.format_message())
    except BrokenPipeError:  # the reader has closed the pipe, as in: tinynet models | head -1
        drop_output()
        status = 1
    except OSError as error:
        status = _complain(reason(error))
        drop_output()
    except (ImportError, TypeError, ValueError) as error:  # of an extra that is not installed, or a bad value
        status = _complain(str(error).removeprefix("tinynet: "))
    except (FloatingPointError, MemoryError) as error:
        status = _complain(str(error) or "there is not enough memory.", status=1)
    except (typer.Abort, KeyboardInterrupt):
        status = INTERRUPTED
    if status == INTERRUPTED:  # a newer Typer returns it, an older one raises
        _complain("interrupted.")
    sys.exit(status)


def _complain(sentence: str, status: int = 2) -> int:
    if sentence:  # it is empty where the help was shown instead
        complain(sentence)
    return status
