"""Which modules are those that `export_pytorch` has written."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import CodeType
from typing import Any

from tinynet.exchange.torch_source import twin_places


def is_twin(module: Any, name: str) -> bool:
    """Whether a PyTorch module is of the exported class of that name, with its code unchanged."""
    kind = type(module)
    return kind.__name__ == name and name in twin_places() and _code(kind) == _code(_twin(name))


@cache
def _twin(name: str) -> type:
    return getattr(import_module(f"tinynet.exchange.twins.{twin_places()[name]}"), name)


def _code(kind: type) -> dict[str, tuple]:
    """What the methods of a class do: their instructions, names and constants."""
    codes = {name: getattr(value, "__code__", None) for name, value in vars(kind).items()}
    return {name: _content(code) for name, code in codes.items() if code is not None}


def _content(code: CodeType) -> tuple:
    constants = tuple(_content(value) if isinstance(value, CodeType) else value for value in code.co_consts)
    return code.co_code, code.co_names, constants
