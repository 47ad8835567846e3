"""How an error sentence is put together, and how a net adds where it happened."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

LONGEST = 10_000  # characters of a sentence; no reader will want more


def fail(who: object, problem: str, hint: str = "", kind: type[Exception] = ValueError) -> NoReturn:
    """Raise `kind` with the sentence "who: problem" and, on a line of its own, the hint.

    Args:
        who: The name of a class or function, or the object that complains.
        problem: What was expected and what came, as a sentence with its full stop.
        hint: What to do about it; left out if empty.
        kind: The class of the error.

    Example:
        >>> fail("seed", "number must be at least 0, got -1.", "use any integer from 0 on.")
        Traceback (most recent call last):
        ValueError: seed: number must be at least 0, got -1.
        Hint: use any integer from 0 on.
    """
    problem, hint = _cut(problem), _cut(hint)
    name = who if isinstance(who, str) else repr(who)
    name = type(who).__name__ if "\n" in name else name  # a net takes a line for each layer
    raise kind(f"{name}: {problem}" + (f"\nHint: {hint}" if hint else ""))


def _cut(sentence: str) -> str:
    """A sentence without the end of what it quotes, which may be a value or a file of any length."""
    more = len(sentence) - LONGEST
    return f"{sentence[:LONGEST]} … and {more:,} more characters." if more > 0 else sentence


def locate(error: Exception, layer: object, paths: Iterable[tuple[str, object]], previous: object = None) -> None:
    """Put the path of the failing layer before the sentence of an error that passes through a net.

    Called by every net on the way out, so the path is at last the one from the outermost net.

    Args:
        error: The error on its way up; its message is changed in place.
        layer: The layer of this net that failed; the innermost net knows best and is believed.
        paths: The path of every layer inside this net.
        previous: The layer whose output came in, if there is one.

    Example:
        >>> from tinynet.layers import Flatten, Linear
        >>> flatten, linear = Flatten(), Linear(3, 2)
        >>> error = ValueError("Linear: expected x of shape (N, 3), got (4, 5).")
        >>> locate(error, linear, [("0.1", flatten), ("0.2", linear)], previous=flatten)
        >>> print(error)
        layer 0.2: Linear: expected x of shape (N, 3), got (4, 5).
        (What came is the output of layer 0.1: Flatten().)
    """
    sentence = str(error.args[0]) if error.args else type(error).__name__
    place = getattr(error, "_place", (layer, previous, sentence))
    error._place = place  # type: ignore[attr-defined]
    layer, previous, sentence = place
    path_of = {id(inner): path for path, inner in paths}
    came_from = (
        "" if previous is None else f"\n(What came is the output of layer {path_of.get(id(previous))}: {previous!r}.)"
    )
    error.args = (f"layer {path_of.get(id(layer))}: {sentence}{came_from}",)
