"""What a shell proposes at the Tab key: names of models, data sets and runs, and words that an option takes.

Where nothing is proposed, the shell goes on with the names of files.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path

from tinynet.cli.choosing import PRECISIONS
from tinynet.cli.rules import RULES, SCHEDULES
from tinynet.cli.runs import CONFIG
from tinynet.core.faster import CHOICES
from tinynet.data import DATASETS
from tinynet.models import MODELS

Proposals = list[tuple[str, str]]  # words, each with a line about it
MOST = 200  # folders that are looked into
DEFINED = "compdef %(complete_func)s %(prog_name)s"  # the end of Typer's script for zsh
CALLED = f"""{DEFINED}
if [[ $funcstack[1] == _%(prog_name)s ]]; then
  %(complete_func)s "$@"
fi"""


def answer_the_first_tab() -> None:
    """Let zsh propose words at the first Tab of a session too.

    At that Tab zsh runs the script as if it were the function. Typer's script then only defines its function, and
    nothing happens; it must call it too.
    """
    with contextlib.suppress(ImportError, AttributeError, KeyError):  # a Typer that keeps its script elsewhere
        scripts = import_module("typer._completion_shared")._completion_scripts
        if CALLED not in scripts["zsh"]:
            scripts["zsh"] = scripts["zsh"].replace(DEFINED, CALLED)


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

    A folder that holds runs is proposed too, with a stroke at its end. Where it is the only one, its runs are: a shell
    sets a space after a word that has no rival, and the path could not be typed on.
    """
    found = _below(incomplete)
    if len(found) == 1 and found[0].endswith(os.sep):
        found = _below(found[0])
    return [_as_the_shell_takes_it(name) for name in found]


def _below(incomplete: str) -> list[str]:
    """Runs, and folders that hold runs."""
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


def _as_the_shell_takes_it(name: str) -> str:
    """A name as it is; with strokes before its spaces in bash, which writes a proposal into the line unquoted."""
    if os.environ.get("_TINYNET_COMPLETE") != "complete_bash":
        return name
    return re.sub(r"[^\w@%+=:,./-]", r"\\\g<0>", name)


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
