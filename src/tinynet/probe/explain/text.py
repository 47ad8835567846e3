"""How expressions are written: signs, brackets and digits."""

from __future__ import annotations

from typing import Any

import numpy as np

# How strongly an expression holds its parts together; one that binds less than its surroundings gets brackets.
CHOICE, COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(7)
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def signed(terms: list[tuple[str, int]]) -> list[str]:
    """The terms of a sum, each but the first with its sign.

    Args:
        terms: The text of each, and how strongly it binds.

    Example:
        >>> signed([("a·b", PRODUCT), ("2·c", PRODUCT), ("−3·d", PRODUCT)])
        ['a·b', '+ 2·c', '− 3·d']
    """
    texts = [bracketed(term, SUM, is_first=True) for term in terms]
    with_signs = [f"− {text[1:]}" if text.startswith("−") else f"+ {text}" for text in texts]
    return texts[:1] + with_signs[1:]


def bracketed(part: tuple[str, int], needed: int, is_first: bool = False) -> str:
    """The text of a part, in brackets where it binds less than needed, or is a negative number that is not first."""
    text, binds = part
    if binds >= needed and (binds != SIGN or is_first or needed <= COMPARISON):
        return text
    return f"({text})"


def number_text(value: Any, digits: int | None) -> tuple[str, int]:
    """A number with some significant digits (all if None), and how strongly the text binds.

    Example:
        >>> number_text(-0.000012345678, 4), number_text(0.1, None)
        (('−1.235e-05', 4), ('0.1', 6))
    """
    value = float(value)
    if not np.isfinite(value):
        text = "nan" if np.isnan(value) else "−∞" if value < 0 else "∞"
    elif digits is None:
        text = str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)
    else:
        text = f"{value + 0.0:.{digits}g}"
    text = "−" + text[1:] if text.startswith("-") else text
    return text, SIGN if text.startswith("−") else ATOM
