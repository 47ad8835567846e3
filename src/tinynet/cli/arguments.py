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
    typer.Option("--on", metavar="DATASET", help="The data to use.", show_default="what it learned from"),
]
