"""Arguments that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tinynet.cli import completing
from tinynet.cli.augmenting import AUGMENTATIONS
from tinynet.cli.choosing import PRECISIONS
from tinynet.cli.output import given_path
from tinynet.cli.rules import RULES, SCHEDULES

KERNELS = "What computes: plain (NumPy), loops, compiled or auto."

KernelsToUse = Annotated[str, typer.Option("--kernels", help=KERNELS, autocompletion=completing.kernels)]

RunFolder = Annotated[
    Path,
    typer.Argument(
        metavar="RUN",
        help="The folder of a run, made by tinynet train.",
        parser=given_path,
        autocompletion=completing.runs,
    ),
]


Kernels = Annotated[
    str | None,
    typer.Option("--kernels", help=KERNELS, show_default="those of the run", autocompletion=completing.kernels),
]

RunOrFile = Annotated[
    Path,
    typer.Argument(
        metavar="RUN|FILE",
        help="The folder of a run, or a weights file.",
        parser=given_path,
        autocompletion=completing.runs,
    ),
]

OnData = Annotated[
    str | None,
    typer.Option(
        "--on",
        metavar="DATA",
        help="The data to use: a data set, or a path.",
        show_default="its own",
        autocompletion=completing.data_sets,
    ),
]

DataName = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="What to learn from: a data set (tinynet datasets lists them), a folder with a folder of pictures for "
        "each class, a table (.csv), a text (.txt), or with --model seq2seq pairs of texts: a pair a line, with a tab "
        "between.",
        autocompletion=completing.data_sets,
    ),
]
Target = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="The column of a table that is to be predicted, or written.")
]
Task = Annotated[
    str | None, typer.Option(help="What the target is: classes or numbers.", show_default="seen from the column")
]
Size = Annotated[int | None, typer.Option(metavar="PIXELS", help="The side of all pictures.", show_default="32")]
Window = Annotated[
    int | None, typer.Option(metavar="CHARACTERS", help="How much of a text is read at once.", show_default="64")
]
SkipBroken = Annotated[
    bool,
    typer.Option(
        "--skip-broken",
        help="Leave out broken files, rows without a target and lines that are no pair, instead of stopping.",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The network, with sizes if you like, as in vgg11:width=32; tinynet models lists them.",
        show_default="by data set",
        autocompletion=completing.models,
    ),
]
NetOption = Annotated[
    str | None,
    typer.Option(
        "--net",
        metavar="FILE[:FUNCTION]",
        help="A Python file of yours, with a function that returns a net. Its code is run.",
    ),
]
NetOfRun = Annotated[
    str | None,
    typer.Option(
        "--net",
        metavar="FILE",
        help="The file of a net of your own, if it has layers of your own. Its code is run.",
    ),
]
BatchSize = Annotated[int | None, typer.Option(help="Samples per step.", show_default="by model")]
OptimizerName = Annotated[
    str,
    typer.Option(
        "--optimizer",
        metavar="NAME",
        help=f"{', '.join(RULES)}; with options: sgd:momentum=0.95.",
        autocompletion=completing.optimizers,
    ),
]
ScheduleName = Annotated[
    str | None,
    typer.Option(
        "--schedule",
        metavar="NAME",
        help=f"How the rate goes: {', '.join(SCHEDULES)}; with options, in epochs: step:step_size=10,gamma=0.5.",
        show_default="cosine, or constant for dcgan",
        autocompletion=completing.schedules,
    ),
]
Augment = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help=f"Change pictures at random: {', '.join(AUGMENTATIONS)}, as in crop:padding=4; repeatable.",
        autocompletion=completing.one_of(AUGMENTATIONS),
    ),
]
Stopping = Annotated[
    str | None,
    typer.Option(
        "--early-stopping",
        metavar="EPOCHS",
        help="End after this many epochs without a lower validation loss, and keep the best weights.",
        show_default="never",
    ),
]
Precision = Annotated[
    str,
    typer.Option(
        metavar="TYPE", help=f"What is computed in: {' or '.join(PRECISIONS)}.", autocompletion=completing.precisions
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Take the settings from a run, its config.json, or a .toml file; options beside it win.",
        autocompletion=completing.runs,
        parser=given_path,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH", help="The folder for the run.", show_default="runs/DATASET-MODEL-NUMBER", parser=given_path
    ),
]
NetName = Annotated[
    str,
    typer.Argument(
        metavar="MODEL|RUN|FILE",
        help="A model's name, a run, or a weights file.",
        autocompletion=completing.models_and_runs,
    ),
]
