"""Every public class and function explains itself."""

import importlib
import inspect
import pkgutil
import re
from typing import Any

import pytest

import tinynet
from tinynet import losses
from tinynet.core import formula

ROOMS = [module.name for module in pkgutil.iter_modules(tinynet.__path__) if module.ispkg]


def public(room: str) -> list[Any]:
    """The classes and functions that a room exports."""
    module = importlib.import_module(f"tinynet.{room}")
    exported = [getattr(module, name) for name in getattr(module, "__all__", [])]
    return [thing for thing in exported if inspect.isclass(thing) or inspect.isfunction(thing)]


def room_and_name(thing: Any) -> str:
    return f"{thing.__module__}.{thing.__name__}"


EVERYTHING = [thing for room in ROOMS for thing in public(room)]
WITH_FORMULA = public("losses") + [layer for layer in public("layers") if not inspect.isabstract(layer)]


@pytest.mark.parametrize("thing", EVERYTHING, ids=room_and_name)
def test_has_an_example(thing: Any) -> None:
    if not (inspect.isclass(thing) and issubclass(thing, Exception)):
        assert ">>>" in (thing.__doc__ or "")


@pytest.mark.parametrize("thing", EVERYTHING, ids=room_and_name)
def test_explains_every_argument(thing: Any) -> None:
    try:
        names = [name for name in inspect.signature(thing).parameters if name not in ("args", "kwargs")]
    except ValueError:  # built in C, as is a subclass of an exception
        return
    text = inspect.getdoc(thing) or ""
    if len(names) > 1 and "as in `" not in text:  # a single one may be plain from the first sentence
        assert [name for name in names if not re.search(rf"\b{name}\b", text)] == []


@pytest.mark.parametrize("thing", WITH_FORMULA, ids=room_and_name)
def test_states_its_formula_and_derivative(thing: Any) -> None:
    assert set(formula(thing)) == {"Equation", "Gradients"}


def test_layers_are_among_them() -> None:
    assert set(losses.__all__) | {"Linear", "Conv2D"} <= {thing.__name__ for thing in WITH_FORMULA}
