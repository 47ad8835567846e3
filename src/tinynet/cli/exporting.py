"""What `tinynet export` does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from tinynet.cli import completing
from tinynet.cli.adversaries import is_judged
from tinynet.cli.arguments import NetOfRun
from tinynet.cli.output import given_path, say
from tinynet.cli.runs import CONFIG, MODEL
from tinynet.cli.show import class_names, loaded_net, network
from tinynet.core import checks
from tinynet.exchange import export_npz, export_onnx, export_pytorch


def to_pytorch(what: str, out: Path, input_shape: str | None, net_file: str | None) -> str:
    """Write a PyTorch module, and say how it is used."""
    path = export_pytorch(_used(loaded_net(what, net_file)), out)
    return f"written: {path} and its weights; in that folder: from model import load_model; model = load_model()"


def to_onnx(what: str, out: Path, input_shape: str | None, net_file: str | None) -> str:
    """Write an ONNX file, and say how it is used."""
    net, shape = network(what, input_shape, net_file)
    export_onnx(_used(net), out, shape, None if is_judged(net) else class_names(what))
    return f"written: {out}; onnxruntime.InferenceSession(path) runs it, tn.load_onnx(path) takes it back"


def to_npz(what: str, out: Path, input_shape: str | None, net_file: str | None) -> str:
    """Write the weights alone, for NumPy."""
    export_npz(_used(loaded_net(what, net_file)), out)
    return f"written: {out}; tn.load_weights(net, path) takes it back, np.load(path) reads it without Tinynet"


def _used(net: Any) -> Any:
    """What another program uses of a net: of a generator and its discriminator, the one that draws."""
    return net[0] if is_judged(net) else net


#: For each format, what writes a net, and the name of what it writes beside the run.
FORMATS: dict[str, tuple[Callable[[str, Path, str | None, str | None], str], str]] = {
    "pytorch": (to_pytorch, "pytorch"),
    "onnx": (to_onnx, "model.onnx"),
    "npz": (to_npz, "weights.npz"),
}


def export(
    what: Annotated[
        str,
        typer.Argument(
            metavar="MODEL|RUN|FILE",
            help="A run, a weights file, or a model's name.",
            autocompletion=completing.models_and_runs,
        ),
    ],
    to: Annotated[
        str,
        typer.Option(
            metavar="FORMAT", help=f"The format: {', '.join(FORMATS)}.", autocompletion=completing.one_of(FORMATS)
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Where to.", show_default="beside the weights", parser=given_path),
    ] = None,
    input_shape: Annotated[
        str | None,
        typer.Option(help="For onnx, the shape of one input, such as 1,28,28.", show_default="that of the run"),
    ] = None,
    net: NetOfRun = None,
) -> None:
    """Write a network for another program, with its weights.

    For pytorch, that is a folder with model.py, which defines the same network, and model.safetensors. For onnx, it is
    one file that most programs for inference read. For npz, it is a file with the weights alone. Of a dcgan, the
    generator is written.

    Example: **tinynet export runs/digits-mlp-1 --to pytorch**
    """
    write, name = FORMATS[checks.one_of("tinynet", "--to", to, tuple(FORMATS))]
    say(write(what, _beside(what, name) if out is None else out, input_shape, net))


def _beside(what: str, name: str) -> Path:
    """The place for an export: in the run's folder, beside a weights file, or here for a model by name."""
    path = given_path(what)
    if path.is_dir() or path.name in (CONFIG, MODEL):
        return (path if path.is_dir() else path.parent) / name
    return path.with_name(f"{path.stem}-{name}")
