"""How an error sentence is put together, and how a net adds where it happened."""

from __future__ import annotations

from typing import NoReturn


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
    name = who if isinstance(who, str) else repr(who)
    name = type(who).__name__ if "\n" in name else name  # a net takes a line for each layer
    raise kind(f"{name}: {problem}" + (f"\nHint: {hint}" if hint else ""))


def locate(error: Exception, step: str, came_from: str = "") -> None:
    """Put the path of the failing layer before the sentence of an error that passes through a net.

    Called once per net on the way out, so that nested nets spell out the whole path.

    Args:
        error: The error on its way up; its message is changed in place.
        step: The name of the failing layer in this net.
        came_from: The neighbour that made its input, as in "1: Flatten()"; only the innermost net's is kept.

    Example:
        >>> error = ValueError("Linear(3, 2): expected x of shape (N, 3), got (4, 5).")
        >>> locate(error, "2", "1: Flatten()"); locate(error, "0")
        >>> print(error)
        layer 0.2: Linear(3, 2): expected x of shape (N, 3), got (4, 5).
        (What came is the output of layer 1: Flatten().)
    """
    place = getattr(error, "_place", None)
    if place is None:
        sentence = str(error.args[0]) if error.args else type(error).__name__
        place = {
            "path": step,
            "sentence": sentence,
            "from": f"\n(What came is the output of layer {came_from}.)" if came_from else "",
        }
    else:
        place = {**place, "path": f"{step}.{place['path']}"}
    error._place = place  # type: ignore[attr-defined]
    error.args = (f"layer {place['path']}: {place['sentence']}{place['from']}",)
