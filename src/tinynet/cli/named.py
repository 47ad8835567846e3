"""A name with options, as the command line writes it: NAME:option=value,option=value."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from tinynet.core import checks
from tinynet.core.checks.words import fail

WORDS = {"true": True, "false": False, "none": None}
PLAIN_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)


class Named(NamedTuple):
    """A name, and the options that were given with it."""

    name: str
    options: dict[str, Any]

    def __str__(self) -> str:
        return self.name + (":" if self.options else "") + options_text(self.options)


def named(what: str, text: object, names: Sequence[str]) -> Named:
    """Read a name with options.

    Args:
        what: What it is, as in "optimizer".
        text: As a user writes it.
        names: Those that exist.

    Example:
        >>> named("optimizer", "adamw:weight_decay=0.1,betas=0.9/0.95", ["adam", "adamw"]).options
        {'weight_decay': 0.1, 'betas': (0.9, 0.95)}
    """
    name, colon, rest = checks.text("tinynet", f"the {what}", text).partition(":")
    if colon and not rest.strip():
        fail("tinynet", f"nothing follows the colon in {text!r}.", f"write {name}, or {name}:OPTION=VALUE.")
    return Named(known(what, name.strip(), names), options_of(text, rest) if colon else {})


def options_of(text: object, rest: str) -> dict[str, Any]:
    """Read options: numbers, true, false, none, words, and lists whose items are parted by strokes.

    Args:
        text: The whole of what a user wrote, for the sentence of a mistake.
        rest: The options in it.

    Example:
        >>> options_of("", "hidden=64/32,bias=false,mode=max,lr=1e-3")
        {'hidden': (64, 32), 'bias': False, 'mode': 'max', 'lr': 0.001}
    """
    options: dict[str, Any] = {}
    for part in rest.split(","):
        name, equals, value = (word.strip() for word in part.partition("="))
        name = name.replace("-", "_")
        if not (name and equals and value):
            hint = "parts are OPTION=VALUE, with commas between them and strokes in a list, as in hidden=64/32."
            fail("tinynet", f"{part.strip()!r} in {text!r} is no option with a value.", hint)
        if name in options:
            fail("tinynet", f"{name} stands twice in {text!r}.", "give it once.")
        options[name] = _value(value)
    return options


def options_text(options: Mapping[str, Any]) -> str:
    """Options as a user writes them.

    Example:
        >>> options_text({"hidden": [64, 32], "bias": False})
        'hidden=64/32,bias=false'
    """
    return ",".join(f"{name}={_word(value)}" for name, value in options.items())


def check_options(what: str, given: Mapping[str, Any], names: Sequence[str]) -> None:
    """Check that every option is one that exists; `what` names that to which they belong."""
    for name in given:
        if name not in names:
            hint = f"it takes {', '.join(names)}." if names else "it takes none."
            close = difflib.get_close_matches(name, names, n=1)
            fail("tinynet", f"{what} has no option {name!r}.", f"did you mean {close[0]}?" if close else hint)


def known(what: str, name: str, names: Sequence[str]) -> str:
    """Check that a name is one of those that exist; `what` says of what, as in "model"."""
    if name not in names:
        _unknown(what, name, names)
    return name


def _unknown(what: str, name: str, names: Sequence[str]) -> NoReturn:
    """There is nothing of that name."""
    close = difflib.get_close_matches(name.lower(), names, n=1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(names)}."
    fail("tinynet", f"there is no {what} called {name!r}.", hint)


def _value(text: str) -> Any:
    if "/" in text:
        return tuple(_value(item) for item in text.split("/") if item)
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    if PLAIN_NUMBER.fullmatch(text) is None:
        return text
    return int(text) if text.lstrip("+-").isdecimal() else float(text)


def _word(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "/".join(map(_word, value)) + ("/" if len(value) < 2 else "")
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)
