"""The code of functions and methods, as it stands in the package."""

from __future__ import annotations

import ast
import importlib
import inspect
import textwrap
from pathlib import Path
from typing import Any


def thing(path: str) -> Any:
    """What a dotted path names: a module's function or class, or a method of it.

    Behind a colon stands a name of the file where that is written, as in `tinynet.losses.ctc:_forward`.

    Example:
        >>> thing("tinynet.layers.ReLU.forward").__qualname__, thing("tinynet.layers.ReLU:sigmoid").__name__
        ('ReLU.forward', 'sigmoid')
    """
    path, _, beside = path.partition(":")
    first, *names = path.split(".")
    found: Any = importlib.import_module(first)
    for name in names:
        if not hasattr(found, name):
            importlib.import_module(f"{found.__name__}.{name}")
        found = getattr(found, name)
    return getattr(importlib.import_module(inspect.unwrap(found).__module__), beside) if beside else found


def source(path: str) -> tuple[str, str, int]:
    """The code of a function, without its docstring; its file, and the line where it begins.

    Example:
        >>> print(source("tinynet.layers.ReLU.backward")[0])
        @faster
        def backward(self, dy: np.ndarray) -> np.ndarray:
            (y,) = self.recall()
            return np.where(y > 0, dy, 0)  # dx
    """
    found = inspect.unwrap(thing(path))
    lines, first = inspect.getsourcelines(found)
    code = textwrap.dedent("".join(lines))
    definition = ast.parse(code).body[0]
    kept = code.splitlines()
    if ast.get_docstring(definition) is not None:
        words = definition.body[0]
        kept = kept[: words.lineno - 1] + kept[words.end_lineno :]
    file = Path(inspect.getsourcefile(found) or "").as_posix()
    return "\n".join(kept), "src/tinynet/" + file.rpartition("/tinynet/")[2], first
