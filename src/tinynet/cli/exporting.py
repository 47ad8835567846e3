"""What `tinynet export` does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from tinynet.cli.output import given_path, say
from tinynet.cli.runs import CONFIG, MODEL
from tinynet.cli.show import loaded_net
from tinynet.core import checks
from tinynet.exchange import export_npz, export_pytorch
from tinynet.net import Net


def to_pytorch(net: Net, out: Path) -> str:
    """Write a PyTorch module, and say how it is used."""
    path = export_pytorch(net, out)
    return f"written: {path} and its weights; in that folder: from model import load_model; model = load_model()"


def to_npz(net: Net, out: Path) -> str:
    """Write the weights alone, for NumPy."""
    export_npz(net, out)
    return f"written: {out}; tn.load_weights(net, path) takes it back, np.load(path) reads it without Tinynet"


#: For each format, what writes a net, and the name of what it writes beside the run.
FORMATS: dict[str, tuple[Callable[[Net, Path], str], str]] = {
    "pytorch": (to_pytorch, "pytorch"),
    "npz": (to_npz, "weights.npz"),
}


def export(
    what: Annotated[str, typer.Argument(metavar="MODEL|RUN|FILE", help="A run, a weights file, or a model's name.")],
    to: Annotated[str, typer.Option(metavar="FORMAT", help=f"The format: {', '.join(FORMATS)}.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Where to.", show_default="beside the weights", parser=given_path),
    ] = None,
) -> None:
    """Write a network for another program, with its weights.

    For pytorch, that is a folder with model.py, which defines the same network, and model.safetensors. For npz, it is a
    file with the weights alone.
    """
    write, name = FORMATS[checks.one_of("tinynet", "--to", to, tuple(FORMATS))]
    net = loaded_net(what)
    say(write(net, _beside(what, name) if out is None else out))


def _beside(what: str, name: str) -> Path:
    """The place for an export: in the run's folder, beside a weights file, or here for a model by name."""
    path = given_path(what)
    if path.is_dir() or path.name in (CONFIG, MODEL):
        return (path if path.is_dir() else path.parent) / name
    return path.with_name(f"{path.stem}-{name}")
