"""Sentences of the command line: names, run folders and pictures."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from tinynet.core.checks.words import fail


def known(what: str, name: str, names: Sequence[str]) -> str:
    """Check that a name is one of those that exist; `what` says of what, as in "model"."""
    if name not in names:
        close = difflib.get_close_matches(name.lower(), names, n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(names)}."
        fail("tinynet", f"there is no {what} called {name!r}.", hint)
    return name
