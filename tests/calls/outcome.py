"""Whether an exception is one that Tinynet phrased: raised by a `raise` of its own, in a sentence with a name in it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from types import TracebackType

import tinynet

SOURCE = Path(tinynet.__file__).parent


def where_raised(error: BaseException) -> tuple[Path, int]:
    """The file and the line of the innermost frame of Python."""
    innermost: TracebackType | None = error.__traceback__
    while innermost is not None and innermost.tb_next is not None:
        innermost = innermost.tb_next
    assert innermost is not None
    return Path(innermost.tb_frame.f_code.co_filename), innermost.tb_lineno


def is_phrased(error: BaseException) -> bool:
    """Whether the line that raised an error is a `raise` statement of Tinynet that makes the error."""
    file, line = where_raised(error)
    return file.is_relative_to(SOURCE) and line in _lines_that_raise(file)


@cache
def _lines_that_raise(file: Path) -> frozenset[int]:
    raises = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Raise) and node.exc]
    return frozenset(line for node in raises for line in range(node.lineno, (node.end_lineno or node.lineno) + 1))
