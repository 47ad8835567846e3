"""The card of a saved net: what it is, what it learned from, how well, and how to load it."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tinynet.core import checks, generator_states
from tinynet.core.checks.words import fail
from tinynet.core.version import __version__
from tinynet.storage import sentences
from tinynet.storage.descriptions import KEY, read_description
from tinynet.storage.sentences import shown
from tinynet.storage.tensors import read_tensors

CARD = "card"  #: The entry of the file's metadata that holds the card.
INDENT = 16  #: Where the values of a card begin.
DEEPEST = 10  #: Lists and tables in each other, in a card that is shown.


class Card(NamedTuple):
    """What a file of weights says of its net; printed, it is a page.

    Attributes:
        path: The file.
        about: What `save` was given as its card, by name, and the versions; `{}` in an older file. The seed is that of
            the package, unless the card names another; None if there was none.
        architecture: A line for each layer, with the arguments that built it.
        n_parameters: How many numbers are learned or kept.
        custom: The classes that are not Tinynet's, which `tn.load` needs.

    Example:
        >>> import pathlib, tempfile
        >>> from tinynet.layers import Linear
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     tn.save(Linear(3, 2), pathlib.Path(folder, "net.safetensors"), card={"data": "none yet"})
        ...     card = read_card(pathlib.Path(folder, "net.safetensors"))
        >>> card.about["data"], card.architecture, card.n_parameters
        ('none yet', ['Linear(in_features=3, out_features=2)'], 8)
    """

    path: Path
    about: dict[str, Any]
    architecture: list[str]
    n_parameters: int
    custom: list[str]

    def __str__(self) -> str:
        given = f", layers=[{', '.join(self.custom)}]" if self.custom else ""
        entries = {"architecture": "\n".join(self.architecture), "numbers": f"{self.n_parameters:,}"}
        entries |= {name: _words(value) for name, value in self.about.items() if value is not None}
        entries["how to load"] = f"net = tinynet.load({str(self.path)!r}{given})"
        return "\n".join(_entry(name, value) for name, value in entries.items())


def read_card(path: str | os.PathLike[str]) -> Card:
    """Read the card of a net that `save` has written; the net is not built.

    Args:
        path: The file.

    Raises:
        ValueError: It is not such a file, or it is damaged.
        OSError: There is no such file, or it cannot be read.

    Example:
        >>> read_card("nowhere.safetensors")
        Traceback (most recent call last):
        FileNotFoundError: read_card: there is no file 'nowhere.safetensors'...
    """
    source = checks.path("read_card", path)
    arrays, metadata = read_tensors("read_card", source)
    if KEY not in metadata:
        sentences.without_architecture("read_card", source)
    description = read_description("read_card", source, metadata[KEY])
    try:
        about = json.loads(metadata.get(CARD, "{}"))
    except (ValueError, RecursionError) as error:
        sentences.damaged("read_card", source, f"its card is not JSON that can be read ({error}).")
    if not isinstance(about, dict):
        sentences.damaged("read_card", source, "its card is not a table of names and values.")
    try:
        lines = list(_lines(description["net"]))
    except RecursionError:
        lines = ["nested too deep to be shown"]
    n_parameters = sum(array.size for array in arrays.values())
    return Card(source, about, lines, n_parameters, [shown(name) for name in description["custom"]])


def card_text(who: str, card: Mapping[str, Any] | None) -> str:
    """A card as JSON, with the seed, if one was set, and the versions.

    Raises:
        TypeError: It holds something else than texts, numbers, lists and dicts.

    Example:
        >>> sorted(json.loads(card_text("save", {"data": "digits", "seed": 3})))
        ['data', 'seed', 'versions']
    """
    given: object = card
    if given is not None and not isinstance(given, Mapping):
        hint = 'write card={"data": "digits"}.'
        fail(who, f"card must be a dict from names to values, got {checks.of_kind(given)}.", hint, TypeError)
    drawn_from = generator_states()["seed"]
    versions = {"tinynet": __version__, "python": platform.python_version(), "numpy": np.__version__}
    try:
        return json.dumps({"seed": drawn_from, **(card or {}), "versions": versions})
    except (TypeError, ValueError) as error:
        hint = "convert numbers of NumPy with float(), and arrays with .tolist()."
        fail(who, f"the card can hold texts, numbers, lists and dicts only: {error}.", hint, TypeError)


def _entry(name: str, text: str) -> str:
    """An entry of a card: its name, and beside it a line or several."""
    lines = shown(text).splitlines() or [""]
    names = [shown(name), *[""] * (len(lines) - 1)]
    return "\n".join(f"{name:<{INDENT}}{line}".rstrip() for name, line in zip(names, lines, strict=True))


def _words(value: Any, depth: int = 0) -> str:
    if isinstance(value, (dict, list)) and depth == DEEPEST:
        return "…"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(item, depth + 1)}" for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(_words(item, depth + 1) for item in value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _lines(encoded: Any, depth: int = 0, name: str = "") -> Iterator[str]:
    """A line for each layer of an encoded architecture, those inside others further to the right."""
    if not isinstance(encoded, dict) or "class" not in encoded:
        for inner, item in _inside(encoded):
            yield from _lines(item, depth, inner)
        return
    plain = {name: value for name, value in encoded["arguments"].items() if not any(_lines(value))}
    written = [f"{name}={_plain(value)}" for name, value in plain.items()]
    yield "  " * depth + shown(f"{name}{encoded['class']}({', '.join(written)})")
    for name, value in encoded["arguments"].items():
        if name not in plain:
            yield from _lines(value, depth + 1)


def _inside(encoded: Any) -> Iterator[tuple[str, Any]]:
    """What a list or an encoded tuple or dict holds, each with its name if it has one."""
    if isinstance(encoded, dict):
        pairs = encoded.get("dict", [])
        for pair in pairs if isinstance(pairs, list) else []:
            if isinstance(pair, list) and len(pair) == 2:  # else the file has been tampered with
                yield f"{pair[0]}: ", pair[1]
        encoded = encoded.get("tuple", [])
    if isinstance(encoded, list):
        yield from (("", item) for item in encoded)


def _plain(encoded: Any) -> Any:
    """An encoded argument as it would be written."""
    if isinstance(encoded, dict) and "tuple" in encoded:
        return tuple(map(_plain, encoded["tuple"]))
    return repr(encoded) if isinstance(encoded, str) else encoded
