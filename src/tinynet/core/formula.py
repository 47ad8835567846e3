"""The formulas of a class or function, read from its docstring."""

from __future__ import annotations

import inspect

SECTIONS = ("Equation", "Gradients")


def formula(thing: object) -> dict[str, str]:
    """Read the `Equation:` and `Gradients:` sections of a docstring.

    Args:
        thing: A class, an object of it, or a function.

    Returns:
        A dict from "Equation" and "Gradients" to the text of the section; a section that is missing is left out.

    Example:
        >>> from tinynet.layers import Linear
        >>> formula(Linear)["Equation"]
        'y = x Wᵀ + b'
    """
    has_own = inspect.isclass(thing) or inspect.isroutine(thing)
    lines = (inspect.getdoc(thing if has_own else type(thing)) or "").splitlines()
    found: dict[str, list[str]] = {}
    here = None
    for line in lines:
        if line and not line.startswith(" "):  # a heading or a paragraph ends the section
            here = next((name for name in SECTIONS if line.startswith(name) and line.endswith(":")), None)
        elif here:
            found.setdefault(here, []).append(line)
    return {name: inspect.cleandoc("\n".join(body)) for name, body in found.items()}
