"""A net as Python code: the file that builds its twin in PyTorch."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from tinynet import net as nets
from tinynet.core.checks.words import fail
from tinynet.exchange.torch_names import RENAMED, TORCH_NAMES, arguments_of, parameters_of
from tinynet.layers import Layer
from tinynet.net import Graph, Named, Net

WIDTH = 100  #: Where a line is broken.
DEEPEST = 80  #: Brackets around a layer; Python reads about 200.
TAKES_SEVERAL = ("MultiHeadAttention", "MaxUnpool1D", "MaxUnpool2D", "EncoderDecoder", "RNN", "LSTM", "GRU")


def code_of(net: Layer) -> str:
    """The expression that builds the twin, in lines.

    Raises:
        TypeError: A layer has no twin.
        ValueError: Nets are nested too deep.

    Example:
        >>> from tinynet.layers import Linear, ReLU
        >>> print(code_of(Net([Linear(3, 2), ReLU()])))
        nn.Sequential(
            nn.Linear(3, 2),
            nn.ReLU(),
        )
    """
    return _Writer({id(layer): path for path, layer in net.layers_inside()}).code(net, 0)


def definitions(code: str) -> str:
    """The classes and functions of `twins` that some code needs, and those that they need, in reading order.

    Example:
        >>> "class GlobalMaxPool2D(nn.Module):" in definitions("GlobalMaxPool2D()")
        True
    """
    known, needed = twin_sources(), set[str]()
    new = _names(code) & known.keys()
    while new:
        needed |= new
        new = {name for each in new for name in _names(known[each])} & known.keys() - needed
    return "\n\n\n".join(source for name, source in known.items() if name in needed)


@cache
def twin_sources() -> dict[str, str]:
    """The source of each class and function in `twins`, by its name. Nothing is imported, for that needs PyTorch.

    Example:
        >>> "TransformerBlock" in twin_sources()
        True
    """
    return {name: source for name, (_, source) in _twins().items()}


@cache
def twin_places() -> dict[str, str]:
    """The module in `twins` that each class and function is in.

    Example:
        >>> twin_places()["LSTM"]
        'recurrent'
    """
    return {name: place for name, (place, _) in _twins().items()}


def _twins() -> dict[str, tuple[str, str]]:
    found = {}
    for path in sorted((Path(__file__).parent / "twins").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        for node in ast.parse(text).body:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                found[node.name] = path.stem, ast.get_source_segment(text, node) or ""
    return found


class _Writer:
    """Writes expressions, and knows the path of each layer for the sentences."""

    def __init__(self, path_of: dict[int, str]) -> None:
        self.path_of = path_of

    def code(self, value: Any, depth: int) -> str:
        """An argument as an expression."""
        if depth > DEEPEST:
            _nested_too_deep()
        if isinstance(value, Layer):
            return self.layer(value, depth)
        if isinstance(value, (list, tuple)):
            inner = [self.code(item, depth + 1) for item in value]
            if isinstance(value, list):
                return _call("[", inner, "]")
            return f"({', '.join(inner)}{',' * (len(inner) == 1)})"
        return repr(value.item() if isinstance(value, np.generic) else value)

    def layer(self, layer: Layer, depth: int) -> str:
        """A layer as the call that makes its twin."""
        kind = type(layer)
        if isinstance(layer, Named):
            named = zip(layer.names, layer, strict=True)
            return f"Named({_call('{', [f'{name!r}: {self.code(each, depth + 1)}' for name, each in named], '}')})"
        if isinstance(layer, Net) and kind.forward is Net.forward and len(layer.parts()) == len(layer):
            inner = [self.code(each, depth + 1) for each in layer]
            return _call("Net(" if passes_several(layer) else "nn.Sequential(", inner, ")")
        name = kind.__name__
        if not kind.__module__.startswith("tinynet.") or (name not in TORCH_NAMES and name not in twin_sources()):
            _no_twin(layer, self.path_of.get(id(layer), ""))
        made = f"nn.{TORCH_NAMES[name]}(" if name in TORCH_NAMES else f"{name}("
        return _call(made, list(self._arguments(layer, name, depth)), ")")

    def _arguments(self, layer: Layer, name: str, depth: int) -> Iterator[str]:
        parameters, plain = parameters_of(type(layer)), True
        for argument, value in _values(layer, name).items():
            code = self.code(value, depth + 1)
            if parameters[argument].kind is parameters[argument].VAR_POSITIONAL:
                yield from (self.code(item, depth + 1) for item in value)
            elif plain and parameters[argument].default is parameters[argument].empty:
                yield code
            else:
                plain = False
                yield f"{RENAMED.get(name, {}).get(argument, argument)}={code}"


def passes_several(net: Net) -> bool:
    """Whether a net passes several tensors on, or may be given several; PyTorch's Sequential knows one only.

    Example:
        >>> from tinynet.layers import Linear, MultiHeadAttention
        >>> passes_several(Net([Linear(4, 4)])), passes_several(Net([MultiHeadAttention(4, 2)]))
        (False, True)
    """
    layers = list(net)
    return bool(layers) and (takes_several(layers[0]) or any(map(_gives_several, layers[:-1])))


def takes_several(layer: Layer) -> bool:
    """Whether a layer may be given several inputs."""
    return passes_several(layer) if isinstance(layer, Net) else type(layer).__name__ in TAKES_SEVERAL


def _gives_several(layer: Layer) -> bool:
    if isinstance(layer, Net):
        return len(layer) > 0 and _gives_several(layer[-1])
    flags = [getattr(layer, name, False) for name in ("return_switches", "return_state")]
    return any(flags) or type(layer).__name__ == "VariationalAutoencoder"


def _values(layer: Layer, name: str) -> dict[str, Any]:
    """The arguments of the twin, under the names that they have here."""
    values = arguments_of(layer)
    if name in ("Softmax", "LogSoftmax"):  # PyTorch has no default
        values |= {"axis": values.get("axis", -1)}
    if name == "Upsample" and values.get("mode") == "bilinear":
        values |= {"align_corners": values.get("align_corners", False)}
    if isinstance(layer, nets.Residual):
        return {"body": layer.body} | ({} if layer.shortcut is None else {"shortcut": layer.shortcut})
    if isinstance(layer, nets.Concat):
        values["branches"] = layer.branches
    return values


def _call(start: str, parts: list[str], end: str) -> str:
    """A call in one line, or with a line for each argument where it is long or holds calls."""
    line = f"{start}{', '.join(parts)}{end}"
    is_stack = start in ("nn.Sequential(", "Net(") and len(parts) > 1
    if len(line) <= WIDTH and "\n" not in line and not is_stack:
        return line
    inside = "".join(f"{part},\n" for part in parts)
    return f"{start}\n{_indented(inside)}{end}"


def _indented(text: str) -> str:
    return "".join(f"    {line}" if line.strip() else line for line in text.splitlines(keepends=True))


def _names(code: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}


def _nested_too_deep() -> NoReturn:
    fail("export_pytorch", f"the nets are nested more than {DEEPEST} deep, which Python code cannot be.")


def _no_twin(layer: Layer, path: str) -> NoReturn:
    """A layer is no part of Tinynet, or a graph."""
    name = type(layer).__name__
    if isinstance(layer, Graph):
        problem = f"layer {path or 'net'} is a Graph, which has no twin."
        fail("export_pytorch", problem, "write it as ONNX instead: tn.export_onnx(net, path, input_shape).", TypeError)
    fail(
        "export_pytorch",
        f"layer {path or 'net'} is a {name}, a class of your own, and what it does in PyTorch is not known.",
        "save the weights alone with tn.save(net, path): its names are those that a module of the same parts has in "
        "PyTorch; or export the layers around it one by one.",
        TypeError,
    )
