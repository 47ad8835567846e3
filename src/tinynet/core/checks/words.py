"""How an error sentence is put together, and how a net adds where it happened."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

MAX_LENGTH = 10_000  # Of a sentence, in characters; no reader will want more.


def fail(who: object, problem: str, hint: str = "", kind: type[Exception] = ValueError) -> NoReturn:
    """Raise `kind` with the sentence "who: problem" and, on a line of its own, the hint.

    Args:
        who: The name of a class or function, or the object that complains.
        problem: What was expected and what came, as a sentence with its full stop.
        hint: What to do about it; left out if empty.
        kind: The class of the error.

    Example:
        >>> fail("seed", "number must be at least 0, got -1.", "use any integer of at least 0.")
        Traceback (most recent call last):
        ValueError: seed: number must be at least 0, got -1.
        Hint: use any integer of at least 0.
    """
    problem, hint = _cut(problem), _cut(hint)
    name = who if isinstance(who, str) else repr(who)
    name = type(who).__name__ if "\n" in name else name  # a net takes a line for each layer
    raise kind(f"{name}: {problem}" + (f"\nHint: {hint}" if hint else ""))


def _cut(sentence: str) -> str:
    """A sentence without the end of what it quotes, which may be a value or a file of any length."""
    more = len(sentence) - MAX_LENGTH
    return f"{sentence[:MAX_LENGTH]} … and {more:,} more characters." if more > 0 else sentence


def locate(error: Exception, layer: object, paths: Iterable[tuple[str, object]], previous: object = None) -> None:
    """Put the path of the failing layer before the sentence of an error that passes through a net.

    Called by every net on the way out, so in the end the path is the one from the outermost net.

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
    path_of = {id(inner): path for path, inner in paths}
    place = getattr(error, "_place", None)
    if place is not None and id(place[0]) not in path_of:  # the object was raised before, in another net
        error.args, place = place[-1], None
    if place is None:
        sentence = _named(error, layer)
        place = error._place = (layer, previous, sentence, error.args)  # type: ignore[attr-defined]
    layer, previous, sentence, arguments = place
    came_from = (
        "" if previous is None else f"\n(What came is the output of layer {path_of.get(id(previous))}: {previous!r}.)"
    )
    located = f"layer {path_of.get(id(layer))}: {sentence}{came_from}"
    error.args = (_Words(located),)
    if str(error) != located:  # the error makes its words from something else, as those of the system and of files do
        error.args = arguments
        error.__notes__ = [f"In {located}"]


def _named(error: Exception, layer: Any) -> str:
    """The words of an error; where it is about a parameter, with the name that this has in the layer."""
    sentence = str(error) or type(error).__name__
    parameter = getattr(error, "parameter", None)
    names = [name for name, own in layer.parameters().items() if own is parameter] if parameter is not None else []
    return sentence.replace("Parameter.", f"{names[0]}.", 1) if names else sentence


class _Words(str):
    """A text that is shown as it is, also by a KeyError, which shows the repr of its key."""

    __repr__ = str.__str__
