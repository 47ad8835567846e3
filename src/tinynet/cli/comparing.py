"""tinynet compare: runs side by side, what differs first."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tinynet.cli import completing
from tinynet.cli.output import given_path, say
from tinynet.cli.runs import CONFIG, HISTORY, Run, open_run
from tinynet.core.checks.words import fail
from tinynet.learner import History
from tinynet.storage import atomic_write

STUDY, JOURNAL = "tune.json", "trials.log"  #: What tinynet tune writes beside its runs.
SIDE_BY_SIDE = 4  # runs in one table of a terminal
BARS = "▁▂▃▄▅▆▇█"
WIDTH = 24  # characters of a curve in a table
TABLES = ".table table { min-width: 0; } .table th, .table td { text-align: left; padding: .15rem 1.6rem .15rem 0; }"
NO_SETTINGS = ("kernels",)  # change no result to speak of

Lines = dict[str, list[str]]  # from what it is to the value of each run


class Comparison(NamedTuple):
    """What is known of several runs.

    Attributes:
        names: What each is called.
        results: How each ended.
        differing: The settings in which they differ.
        same: The settings that are the same.
        histories: What happened in each epoch of each.
        commands: What repeats each.
    """

    names: list[str]
    results: Lines
    differing: Lines
    same: dict[str, str]
    histories: list[History]
    commands: list[str]


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...",
            help="The folders of two or more runs, or one with runs in it.",
            parser=given_path,
            autocompletion=completing.runs,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write a page (.html) or the curves (.png), too.", parser=given_path, show_default="no"
        ),
    ] = None,
) -> None:
    """Show runs side by side: the settings in which they differ, how each ended, and their curves.

    Example: **tinynet compare runs/digits-mlp-1 runs/digits-mlp-2 --out compared.html**
    """
    if out is not None and out.suffix.lower() not in (".html", ".png"):
        fail("tinynet", f"--out must end with .html or .png, got {out}.", f"write --out {out.with_suffix('.html')}.")
    found = compared(runs)
    _print(found)
    if out is not None:
        histories = {name: each for name, each in zip(found.names, found.histories, strict=True) if len(each)}
        if not histories:
            fail("tinynet", "none of these runs has finished an epoch, so there is no curve to draw.")
        picture = out.suffix.lower() == ".png"
        atomic_write(out, _curves(histories) if picture else _page(found, _curves(histories)), who="tinynet")
        say(f"written: {out}")


def compared(folders: Sequence[Path]) -> Comparison:
    """Read runs, and find out in what they differ.

    Raises:
        OSError: A folder is no run.
        ValueError: There are not two of them, or one is damaged or given twice.
    """
    folders = [run for folder in folders for run in _runs_of(folder)]
    if len(folders) < 2:
        fail("tinynet", "there is only one run, and nothing to compare it with.", "name two or more runs.")
    runs = [open_run(folder) for folder in folders]
    places = [run.folder.resolve() for run in runs]
    for index, place in enumerate(places):
        if place in places[:index]:
            fail("tinynet", f"the run {folders[index]} is given twice.", "name each run once.")
    histories = [run.history() if (run.folder / HISTORY).exists() else History() for run in runs]
    told = [_told(run) for run in runs]
    options = list(dict.fromkeys(name for each in told for name in each))
    values = {name: [each.get(name, "") for each in told] for name in options}
    return Comparison(
        _names(runs),
        _results(runs, histories),
        {name: each for name, each in values.items() if len(set(each)) > 1},
        {name: each[0] for name, each in values.items() if len(set(each)) == 1 and each[0]},
        histories,
        [str(run.config.get("command", "")) for run in runs],
    )


def _runs_of(folder: Path) -> list[Path]:
    """A run, or those in a folder of runs; what a search has written beside its trials is none."""
    if folder.is_file() and folder.name in (STUDY, JOURNAL):
        return []
    if folder.is_dir() and not (folder / CONFIG).exists():
        return sorted(path.parent for path in folder.glob(f"*/{CONFIG}")) or [folder]
    return [folder]


def _told(run: Run) -> dict[str, str]:
    """The settings of a run, and what else its numbers depend on, as words."""
    words = {name: value for name, value in run.settings.words().items() if name not in NO_SETTINGS}
    words |= {"net file": (run.settings.net_sha256 or "")[:12], "data": run.config.get("data_source")}
    words |= {"net": Path(words["net"]).name} if words.get("net") else {}
    versions = run.config.get("versions")
    words |= {f"version of {name}": value for name, value in (versions if isinstance(versions, dict) else {}).items()}
    return {name.replace("_", "-"): _word(value) for name, value in words.items()}


def _word(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if value is None or value is False:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _names(runs: Sequence[Run]) -> list[str]:
    """The names of the folders, or where two are the same, their paths."""
    names = [run.folder.resolve().name for run in runs]
    return names if len(set(names)) == len(names) else [str(run.folder) for run in runs]


def _results(runs: Sequence[Run], histories: Sequence[History]) -> Lines:
    """How each run ended."""
    lines: Lines = {}
    tests = [run.config.get("test") or {} for run in runs]
    for name in dict.fromkeys(name for each in tests for name in each):
        lines[f"test {name}"] = [_number(each, name) for each in tests]
    lines["lowest valid loss"] = [_lowest(history) for history in histories]
    lines["epochs done"] = [
        f"{len(history)} of {run.settings.epochs}" for run, history in zip(runs, histories, strict=True)
    ]
    lines["seconds"] = [f"{sum(row.get('seconds', 0.0) for row in history):.1f}" for history in histories]
    lines["valid loss"] = _bars([_column(history, "valid_loss") for history in histories])
    return {name: each for name, each in lines.items() if any(each)}


def _number(results: dict[str, float], name: str) -> str:
    if name not in results:
        return "" if results else "not finished"
    return f"{results[name]:.2%}" if "accuracy" in name else f"{results[name]:.4g}"


def _lowest(history: History) -> str:
    values = _column(history, "valid_loss")
    if not np.isfinite(values).any():
        return ""
    return f"{np.nanmin(values):.4g} in epoch {int(np.nanargmin(values)) + 1}"


def _column(history: History, name: str) -> np.ndarray:
    return np.array([row.get(name, np.nan) for row in history], float)


def _bars(columns: Sequence[np.ndarray]) -> list[str]:
    """Small curves on one scale, logarithmic as losses fall by factors.

    Example:
        >>> _bars([np.array([8.0, 4.0, 2.0, 1.0]), np.array([8.0, 8.0])])
        ['█▅▃▁', '██']
    """
    logs = [np.log(np.where(column > 0, column, np.nan)) for column in columns]
    finite = np.concatenate([each[np.isfinite(each)] for each in logs] or [np.zeros(0)])
    if not finite.size:
        return [""] * len(columns)
    low, span = finite.min(), max(float(np.ptp(finite)), 1e-12)
    texts = []
    for each in logs:
        shown = each[np.linspace(0, len(each) - 1, min(len(each), WIDTH)).round().astype(int)] if len(each) else each
        places = [int((value - low) / span * (len(BARS) - 1)) if np.isfinite(value) else -1 for value in shown]
        texts.append("".join(BARS[place] if place >= 0 else "?" for place in places))
    return texts


def _print(found: Comparison) -> None:
    """Print the comparison, a column for each run."""
    if not found.differing:
        say("the settings are the same")
    for first in range(0, len(found.names), SIDE_BY_SIDE):
        chosen = slice(first, first + SIDE_BY_SIDE)
        table = Table(box=None, pad_edge=False)
        for name in ["", *found.names[chosen]]:
            table.add_column(escape(name), overflow="fold")
        for lines in (found.differing, {"": [""] * len(found.names)}, found.results):
            for name, values in lines.items():
                table.add_row(name, *(escape(value) for value in values[chosen]))
        Console().print(table)
        say("")
    say("the same: " + ", ".join(f"{name} {value}" for name, value in found.same.items()))


def _curves(histories: dict[str, History]) -> bytes:
    from tinynet.visualize.compared_curves import compared_curves  # here, because it loads matplotlib
    from tinynet.visualize.style import png

    return png(compared_curves(histories))


def _page(found: Comparison, curves: bytes) -> str:
    """One page that needs nothing but itself."""
    from tinynet.visualize.page import Section, command_line, image, page, settings_table

    differing = _html(found.names, found.differing) if found.differing else "<p>The settings are the same.</p>"
    ended = {name: values for name, values in found.results.items() if name != "valid loss"}  # the curves show it
    words = f"Curves by epoch of {', '.join(found.names)}."
    sections = [
        Section("What differs", "", differing),
        Section("How each ended", "", _html(found.names, ended)),
        Section("Curves", "Validation is drawn as a line, training dashed.", image(curves, 1100, words, "chart")),
        Section("What is the same", "", settings_table(found.same)),
        Section("Commands", "Each repeats one run.", "".join(map(command_line, found.commands))),
    ]
    key = "test accuracy" if "test accuracy" in found.results else next(iter(found.results))
    numbers = {f"{name}: {key}": value for name, value in zip(found.names, found.results[key], strict=True)}
    lead = f"{len(found.names)} runs side by side."
    return page("Runs compared", lead, numbers, sections, "Written by Tinynet.", TABLES)


def _html(names: Sequence[str], lines: Lines) -> str:
    """A table with a column for each run."""
    from tinynet.visualize.page import scrolling

    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in ["", *names])
    rows = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th><td>{"</td><td>".join(map(html.escape, values))}</td></tr>'
        for name, values in lines.items()
    )
    return scrolling(f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>", "runs side by side")
