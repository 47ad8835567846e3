"""Write a net as a PyTorch module: its code and its weights."""

from __future__ import annotations

import os
from pathlib import Path

from tinynet.core import checks
from tinynet.core.checks.words import fail
from tinynet.core.version import __version__
from tinynet.exchange.torch_source import BETWEEN, code_of, definitions
from tinynet.exchange.torch_text import attribute, call
from tinynet.layers import Layer
from tinynet.storage import architecture
from tinynet.storage.atomic import atomic_write
from tinynet.storage.tensors import write_tensors

CODE, WEIGHTS = "model.py", "model.safetensors"


def export_pytorch(net: Layer, folder: str | os.PathLike[str]) -> Path:
    """Write the twin of a net for PyTorch: `model.py`, which defines it, and `model.safetensors`, its weights.

    The Python file stands by itself: it needs PyTorch and safetensors, and no Tinynet. `load_model()` in it builds the
    module, fills it with `load_state_dict(strict=True)`, and returns it in evaluation mode. Names and shapes of the
    weights are those of `net.state()`. Shared parameters stay shared, frozen ones frozen. A `Graph` becomes a class
    whose forward has a line for each step.

    Args:
        net: The net, or any layer; neither PyTorch nor a forward is needed.
        folder: Where the two files go; it is made if it is not there, and older files of these names are replaced.

    Returns:
        The path of the Python file.

    Raises:
        TypeError: It is not a net, or a layer in it is a class of your own.
        ValueError: Nets are nested too deep for Python code, or a part of one is named "training".
        OSError: The files cannot be written.

    Example:
        >>> import pathlib, tempfile
        >>> from tinynet.layers import Linear, ReLU
        >>> from tinynet.net import Net
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = export_pytorch(Net([Linear(3, 4), ReLU()]), folder)
        ...     print(path.name, sorted(file.name for file in path.parent.iterdir()))
        ...     print("nn.Linear(3, 4)," in path.read_text())
        model.py ['model.py', 'model.safetensors']
        True
    """
    checks.instance("export_pytorch", "net", net, Layer)
    place = checks.path("export_pytorch", folder)
    text = module_text(net)
    _make_folder(place)
    arrays = net.state()
    arrays |= {path: arrays[first] for path, first in architecture.shared_paths(net).items()}
    write_tensors("export_pytorch", place / WEIGHTS, arrays, {"written_by": f"Tinynet {__version__}"})
    atomic_write(place / CODE, text, who="export_pytorch")
    return place / CODE


def module_text(net: Layer) -> str:
    """The Python file that defines the twin of a net.

    Example:
        >>> from tinynet.layers import Linear
        >>> "def build_model() -> nn.Module:" in module_text(Linear(3, 2))
        True
    """
    code, graphs = code_of(net)
    twins, build = definitions(f"{graphs}\n{code}"), _build(net, code)
    classes = BETWEEN.join(part for part in (twins, graphs) if part)
    imports = ["from __future__ import annotations\n", "from pathlib import Path"]
    imports += ["from typing import Any\n" if "Any" in classes else ""]
    imports += ["import torch"] * ("torch." in classes + build) + ["from torch import nn"]
    return BETWEEN.join(part for part in ("\n".join([HEAD, *imports]), classes, build, LOAD) if part) + "\n"


def _build(net: Layer, code: str) -> str:
    """The function that builds the twin without its weights."""
    lines = [f"model = {code}".replace("\n", "\n    ")]
    shared = architecture.shared_paths(net)
    lines += ["parts = dict(model.named_modules())"] * bool(shared)
    lines += [f"{_place(path)} = {_place(first)}" for path, first in shared.items()]
    if net.dtype.name != "float32":
        lines.append(f"model.to(torch.{net.dtype.name})")
    frozen = [path for path, parameter in architecture.all_parameters(net).items() if not parameter.trainable]
    if frozen:
        lines.append(call("frozen = [", [repr(path) for path in frozen], "]").replace("\n", "\n    "))
        lines.append("for path, parameter in model.named_parameters(remove_duplicate=False):")
        lines.append("    parameter.requires_grad_(path not in frozen)")
    body = "\n".join(f"    {line}" for line in [*lines, "return model"])
    return f'def build_model() -> nn.Module:\n    """The network, with new weights."""\n{body}'


def _place(path: str) -> str:
    """A parameter at its path, in the build."""
    owner, _, name = path.rpartition(".")
    return f"parts[{owner!r}]{attribute(name, '_parameters')}"


def _make_folder(place: Path) -> None:
    """Make a folder, and those that it lies in, where they are not there."""
    try:
        place.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        problem = f"{str(place)!r} cannot be a folder, for there is a file; nothing was changed."
        fail("export_pytorch", problem, "name another folder.", NotADirectoryError)
    except OSError as error:
        problem = f"the folder {str(place)!r} cannot be made: {error.strerror}; nothing was changed."
        fail("export_pytorch", problem, "name another folder.", type(error))


HEAD = f'''"""A network for PyTorch, written by Tinynet {__version__}.

    from model import load_model
    model = load_model()  # with the weights in {WEIGHTS}, ready to predict

It needs PyTorch and safetensors: pip install torch safetensors.
"""
'''
LOAD = f'''def load_model(weights: str | Path = Path(__file__).parent / "{WEIGHTS}") -> nn.Module:
    """The network with its weights, in evaluation mode; model.train() lets it learn on."""
    from safetensors.torch import load_file

    model = build_model()
    model.load_state_dict(load_file(weights), strict=True)
    return model.eval()'''
