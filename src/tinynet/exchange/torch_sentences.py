"""Sentences about PyTorch modules that cannot be read."""

from __future__ import annotations

from typing import Any, NoReturn

from tinynet.core.checks import of_kind
from tinynet.core.checks.words import fail

WHO = "from_pytorch"


def no_module(value: object) -> NoReturn:
    """Something else than a module."""
    hint = "build the module, fill it with load_state_dict, and pass it." if isinstance(value, (dict, type)) else ""
    fail(WHO, f"expected a torch.nn.Module, got {of_kind(value)}.", hint, TypeError)


def unknown(module: Any, path: str) -> NoReturn:
    """A module that has no layer here, or code of its own."""
    kind = type(module)
    if kind.__module__.startswith("torch."):
        fail(
            WHO, f"{_named(module, path)} has no layer in Tinynet.", "replace it where the module is built.", TypeError
        )
    problem = f"{_named(module, path)} is a class with a forward of its own, which cannot be read."
    hint = "write its layers as an nn.Sequential; or go by ONNX: torch.onnx.export, then tn.load_onnx(path)."
    fail(WHO, problem, hint, TypeError)


def option(module: Any, path: str, name: str, wanted: object) -> NoReturn:
    """A module with an option that our layer lacks."""
    value = getattr(module, name, None)
    got = f", got {value!r}" if isinstance(value, (bool, int, float, str)) else ""
    problem = f"{_named(module, path)} can be read with {name}={wanted!r} only{got}."
    fail(WHO, problem, "build the module with that, if it does not change what it computes.")


def unfit(module: Any, path: str, error: Exception) -> NoReturn:
    """A module whose arguments our layer does not take."""
    problem, _, hint = str(error).partition("\nHint: ")
    fail(WHO, f"{_named(module, path)} cannot be read: {problem}", hint, type(error))


def other_weights(unused: list[str], missing: list[str]) -> NoReturn:
    """The parameters of a module are not those of its layers."""
    parts = [f"{', '.join(unused)} of the module have no place in the net"] if unused else []
    parts += [f"{', '.join(missing)} of the net are not in the module"] if missing else []
    fail(WHO, f"the weights do not fit: {'; '.join(parts)}.", "a module in it was changed after it was built.")


def _named(module: Any, path: str) -> str:
    return f"module {path.rstrip('.') or 'itself'}, a {type(module).__name__},"
