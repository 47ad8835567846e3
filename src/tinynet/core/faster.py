"""The seam between the code that is read and the code that is fast.

`@faster` marks a function or method whose body is the lesson: the body defines what it computes. The folder
`tinynet.engine` enters replacements in the tables below, keyed by the marked function itself. Without that folder the
tables stay empty, and a mark has no effect.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from importlib import import_module
from typing import Any, Self, TypeVar, cast

from tinynet.core import checks
from tinynet.core.checks.mistakes import FORMULA_ERRORS, explain

Lesson = TypeVar("Lesson", bound=Callable[..., Any])
Table = dict[Callable[..., Any], Callable[..., Any]]

TABLES: dict[str, Table] = {"plain": {}, "loops": {}, "compiled": {}}
CHOICES = ("auto", *TABLES)
_choice = "auto"
_in_use = TABLES["compiled"]


def faster(lesson: Lesson) -> Lesson:
    """Let the table in use replace a function.

    A replacement has the arguments of the lesson. What it does not serve (a type, a size, a mistake that deserves the
    lesson's error) it declines by returning NotImplemented, and the lesson runs.

    Example:
        >>> @faster
        ... def double(x):
        ...     return x + x
        >>> TABLES["loops"][double] = lambda x: sum([x, x]) if isinstance(x, int) else NotImplemented
        >>> with use("loops"):
        ...     double(2), double("ab")
        (4, 'abab')
        >>> del TABLES["loops"][double]
    """

    @wraps(lesson)
    def call(*arguments: Any, **options: Any) -> Any:
        load_engine()
        replacement = _in_use.get(call)
        try:
            if replacement is not None:
                result = replacement(*arguments, **options)
                if result is not NotImplemented:
                    return result
            return lesson(*arguments, **options)
        except FORMULA_ERRORS as error:
            _explain(lesson, arguments, error)
            raise

    call.lesson = lesson  # type: ignore[attr-defined]
    return cast(Lesson, call)


def explained(lesson: Lesson) -> Lesson:
    """Let an error of a method be one of our sentences, where NumPy has found the mistake; `faster` does so as well.

    Example:
        >>> from tinynet.layers import Flatten
        >>> layer = Flatten()
        >>> y = layer.forward(np.ones((2, 3, 4)))
        >>> layer.backward(None)
        Traceback (most recent call last):
        TypeError: Flatten(): expected dy, an array of floating-point numbers, got None.
        Hint: a loss returns (loss, gradient), pass the gradient; a backward of your own returns dx.
    """

    @wraps(lesson)
    def call(*arguments: Any, **options: Any) -> Any:
        try:
            return lesson(*arguments, **options)
        except FORMULA_ERRORS as error:
            _explain(lesson, arguments, error)
            raise

    return cast(Lesson, call)


def _explain(lesson: Callable[..., Any], arguments: tuple, error: Exception) -> None:
    try:
        explain(lesson.__name__, arguments, error)
    except FORMULA_ERRORS as sentence:
        raise sentence from None


@cache
def load_engine() -> None:
    """Fill the tables, if the engine is there, at the first call of anything that is marked."""
    try:
        import_module("tinynet.engine.tables")
    except ModuleNotFoundError as error:
        if error.name not in ("tinynet.engine", "tinynet.engine.tables"):
            raise


class use:  # noqa: N801 - reads as a verb: with faster.use("plain")
    """Choose what runs in place of the lessons, from now on or, as a context manager, for one block.

    Args:
        choice: "plain", the lessons themselves, in NumPy; "loops", nested Python loops that read like the definition;
            "compiled", the engine's compiled code wherever it has some; or "auto", the default: compiled where an array
            is large enough for it to pay. What a table does not serve, the lesson computes. The choices differ in the
            last bits, so repeat a run with the same choice.

    Raises:
        ValueError: There is no such choice.

    Example:
        >>> with use("loops"):
        ...     in_use()
        'loops'
        >>> in_use()
        'auto'
    """

    def __init__(self, choice: str) -> None:
        self._before = _choice
        _choose(checks.one_of("use", "choice", choice, CHOICES))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _choose(self._before)


def in_use() -> str:
    """The choice made with `use`.

    Example:
        >>> in_use()
        'auto'
    """
    return _choice


def _choose(choice: str) -> None:
    global _choice, _in_use
    _choice, _in_use = choice, TABLES["compiled" if choice == "auto" else choice]
