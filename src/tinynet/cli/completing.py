"""What a shell proposes at the Tab key: names of models, data sets and runs, and words that an option takes.

Where nothing is proposed, the shell goes on with the names of files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from tinynet.cli.choosing import PRECISIONS
from tinynet.cli.rules import RULES, SCHEDULES
from tinynet.cli.runs import CONFIG
from tinynet.core.faster import CHOICES
from tinynet.data import DATASETS
from tinynet.models import MODELS

Proposals = list[tuple[str, str]]  # words, each with a line about it
MOST = 200  # folders that are looked into


def one_of(words: Iterable[str]) -> Callable[[str], list[str]]:
    """Propose those of some words that begin as what was typed."""
    known = list(words)

    def proposals(incomplete: str) -> list[str]:
        return [word for word in known if word.startswith(incomplete)]

    return proposals


def data_sets(incomplete: str) -> Proposals:
    """Data sets by their names; a path of one's own is left to the shell.

    Example:
        >>> [name for name, _ in data_sets("m")]
        ['mnist', 'moons']
    """
    return [(name, entry.description) for name, entry in DATASETS.items() if name.startswith(incomplete)]


def models(incomplete: str) -> Proposals:
    """Models by their names."""
    return [(name, entry.description) for name, entry in MODELS.items() if name.startswith(incomplete)]


def runs(incomplete: str) -> list[str]:
    """The folders of runs below what was typed: here, in runs/, or in the folder that is being typed.

    A folder that holds runs is proposed too, with a stroke at its end.
    """
    typed = Path(os.path.dirname(os.path.expanduser(incomplete)))
    places = [typed, Path("runs")] if os.sep not in incomplete else [typed]
    found: dict[str, None] = {}
    for place in places:
        for folder in _folders(place):
            name = str(folder)
            if (folder / CONFIG).is_file():
                found[name] = None
            elif any((inner / CONFIG).is_file() for inner in _folders(folder)):
                found[f"{name}{os.sep}"] = None
    return sorted(name for name in found if name.startswith(incomplete))


def models_and_runs(incomplete: str) -> list[str]:
    """Models by their names, and runs."""
    return [name for name, _ in models(incomplete)] + runs(incomplete)


def _folders(place: Path) -> list[Path]:
    try:
        return [path for path in sorted(place.iterdir())[:MOST] if path.is_dir() and not path.name.startswith(".")]
    except OSError:  # it is not there, or may not be read
        return []


optimizers = one_of(RULES)
schedules = one_of(SCHEDULES)
precisions = one_of(PRECISIONS)
kernels = one_of(CHOICES)
