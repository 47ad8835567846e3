"""Arguments that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tinynet.cli.output import given_path

KERNELS = "What computes: plain (NumPy), loops, compiled or auto."

RunFolder = Annotated[
    Path, typer.Argument(metavar="RUN", help="The folder of a run, made by tinynet train.", parser=given_path)
]


Kernels = Annotated[
    str | None,
    typer.Option("--kernels", help=KERNELS, show_default="those of the run"),
]

RunOrFile = Annotated[
    Path,
    typer.Argument(metavar="RUN|FILE", help="The folder of a run, or a weights file.", parser=given_path),
]

OnData = Annotated[
    str | None,
    typer.Option("--on", metavar="DATA", help="The data to use: a data set, or a path.", show_default="its own"),
]

DataName = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="What to learn from: a data set (tinynet datasets lists them), a folder with a folder of pictures for "
        "each class, a table (.csv), or a text (.txt).",
    ),
]
Target = Annotated[str | None, typer.Option(metavar="COLUMN", help="The column of a table that is to be predicted.")]
Task = Annotated[
    str | None, typer.Option(help="What the target is: classes or numbers.", show_default="seen from the column")
]
Size = Annotated[int | None, typer.Option(metavar="PIXELS", help="The side of all pictures.", show_default="32")]
Window = Annotated[
    int | None, typer.Option(metavar="CHARACTERS", help="How much of a text is read at once.", show_default="64")
]
SkipBroken = Annotated[
    bool, typer.Option("--skip-broken", help="Leave out broken files, and rows without a target, instead of stopping.")
]
