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
from tinynet.exchange.torch_graph import class_of
from tinynet.exchange.torch_names import RENAMED, TORCH_NAMES, arguments_of, parameters_of
from tinynet.exchange.torch_several import passes_several
from tinynet.exchange.torch_text import call
from tinynet.layers import Layer
from tinynet.net import Graph, Named, Net

DEEPEST = 80  #: Brackets around a layer; Python reads about 200.
BETWEEN = "\n\n\n"  #: Between two classes.


def code_of(net: Layer) -> tuple[str, str]:
    """The expression that builds the twin, in lines, and the classes of the graphs in it.

    Raises:
        TypeError: A layer has no twin.
        ValueError: Nets are nested too deep, or a part has a name that PyTorch does not allow.

    Example:
        >>> from tinynet.layers import Linear, ReLU
        >>> print(code_of(Net([Linear(3, 2), ReLU()]))[0])
        nn.Sequential(
            nn.Linear(3, 2),
            nn.ReLU(),
        )
    """
    writer = _Writer({id(layer): path for path, layer in net.layers_inside()})
    code = writer.code(net, 0)
    graphs = (f"class {name}(nn.Module):\n{body}" for body, name in writer.graphs.items())
    return code, BETWEEN.join(graphs)


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
    return BETWEEN.join(source for name, source in known.items() if name in needed)


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
        self.graphs: dict[str, str] = {}  #: From the body of each class to its name.

    def code(self, value: Any, depth: int) -> str:
        """An argument as an expression."""
        if depth > DEEPEST:
            _nested_too_deep()
        if isinstance(value, Layer):
            return self.layer(value, depth)
        if isinstance(value, (list, tuple)):
            inner = [self.code(item, depth + 1) for item in value]
            if isinstance(value, list):
                return call("[", inner, "]")
            return f"({', '.join(inner)}{',' * (len(inner) == 1)})"
        return repr(value.item() if isinstance(value, np.generic) else value)

    def layer(self, layer: Layer, depth: int) -> str:
        """A layer as the call that makes its twin."""
        kind = type(layer)
        if isinstance(layer, (Named, Graph)):
            _check_names(layer, self.path_of.get(id(layer), ""))
        if isinstance(layer, Named):
            named = zip(layer.names, layer, strict=True)
            return f"Named({call('{', [f'{name!r}: {self.code(each, depth + 1)}' for name, each in named], '}')})"
        if isinstance(layer, Net) and kind.forward is Net.forward and len(layer.parts()) == len(layer):
            inner = [self.code(each, depth + 1) for each in layer]
            return call("Net(" if passes_several(layer) else "nn.Sequential(", inner, ")", in_lines=len(inner) > 1)
        if isinstance(layer, Graph) and (kind.forward, kind.attributes) == (Graph.forward, Graph.attributes):
            body = class_of(layer, lambda each: self.code(each, depth + 1))
            return self.graphs.setdefault(body, f"Graph{len(self.graphs) + 1 if self.graphs else ''}") + "()"
        name = kind.__name__
        if not kind.__module__.startswith("tinynet.") or (name not in TORCH_NAMES and name not in twin_sources()):
            _no_twin(layer, self.path_of.get(id(layer), ""))
        made = f"nn.{TORCH_NAMES[name]}(" if name in TORCH_NAMES else f"{name}("
        return call(made, list(self._arguments(layer, name, depth)), ")")

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


def _names(code: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}


def _check_names(layer: Layer, path: str) -> None:
    """The only name that no part of a module of PyTorch can have is that of its mode."""
    if any(name == "training" for name, _ in layer.parts()):
        problem = f"layer {path or 'net'} has a part named 'training', which PyTorch's modules have for their mode."
        fail("export_pytorch", problem, "give it another name.")


def _nested_too_deep() -> NoReturn:
    fail("export_pytorch", f"the nets are nested more than {DEEPEST} deep, which Python code cannot be.")


def _no_twin(layer: Layer, path: str) -> NoReturn:
    """A layer is no part of Tinynet."""
    name = type(layer).__name__
    fail(
        "export_pytorch",
        f"layer {path or 'net'} is a {name}, a class of your own, and what it does in PyTorch is not known.",
        "save the weights alone with tn.save(net, path): its names are those that a module of the same parts has in "
        "PyTorch; or export the layers around it one by one.",
        TypeError,
    )
