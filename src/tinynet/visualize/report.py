"""The report of a run: everything that there is to see, on one page."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.vocabulary import instance, optional, string
from tinynet.net import Net
from tinynet.probe import Course, Diagnoses
from tinynet.probe.statistics.record import recorded
from tinynet.storage import atomic_write
from tinynet.visualize.page import Section, command_line, page, place_for_a_page, settings_table
from tinynet.visualize.sections import SECTIONS, Maker, made
from tinynet.visualize.sentences import samples_of
from tinynet.visualize.subject import Subject


def report(
    path: str | os.PathLike[str],
    net: Net,
    *,
    history: Any = None,
    test: Any = None,
    loss: Callable | None = None,
    metrics: dict[str, Any] | None = None,
    title: str = "A Tinynet run",
    config: dict[str, Any] | None = None,
    command: str = "",
    initial: Net | None = None,
    statistics: Any = None,
    diagnoses: Any = None,
    course: Course | None = None,
    sections: Sequence[tuple[str, Maker]] = (),
) -> Path:
    """Write one self-contained HTML page about a trained net: it needs no network, no other file and no JavaScript.

    It begins with what the training shows in words: that it is done, still falling, stuck, overfitted or diverged.
    What does not apply is left out: mistakes where the data are not labelled images, filters where there is no
    convolution, and so on. The page is written whole or not at all, so an earlier one survives a failure.

    Args:
        path: Where to write it, as in "report.html".
        net: The trained net.
        history: What `Learner.fit` returned, for the learning curves.
        test: The data set to look at predictions on; without it, only the weights and the layers are shown.
        loss: The loss, for the gradients of a batch of `test`.
        metrics: The final numbers, as `learner.evaluate(test)` gives them.
        title: The heading.
        config: The settings of the run. If it holds "epochs", the page says whether that many were trained.
        command: The command line that repeats the run.
        initial: The net as it was before training, whose weights are drawn beside the trained ones;
            `copy.deepcopy(net)` before `fit` keeps it.
        statistics: What a `tinynet.learner.Statistics` has recorded, for a picture of all layers over the training.
        diagnoses: What `learner.diagnose()` gave; its problems are listed.
        course: What the training has come to, in words, where its losses do not tell, as those of a GAN; None reads it
            from the history.
        sections: Further sections, each a heading and a function of a `Subject` (which holds the net, the history and
            the data) that returns a figure, or a `View` with words and HTML, or None where it does not apply.

    Returns:
        The path.

    Raises:
        OSError: The page cannot be written there.
        TypeError: `net` is not a Net.
        ValueError: The data do not fit the net.

    Example:
        >>> import tempfile
        >>> from tinynet.layers import Flatten, Linear
        >>> net = Net([Flatten(), Linear(64, 10)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     report(Path(folder, "report.html"), net, test=tn.data.digits()[1].subset(slice(20))).name
        'report.html'
    """
    if not isinstance(net, Net):
        checks.fail("report", f"net must be a Net, got {type(net).__name__}.", "wrap it as Net([layer]).", TypeError)
    checks.path("report", path)
    place_for_a_page("report", path)
    checks.arguments(
        "report",
        locals(),
        history=optional(_history),
        test=optional(_samples),
        loss=optional(_function),
        metrics=optional(_named_numbers),
        title=string,
        config=optional(instance(dict)),
        command=string,
        initial=optional(instance(Net)),
        statistics=optional(_statistics),
        diagnoses=optional(instance(Diagnoses)),
        course=optional(instance(Course)),
        sections=_makers,
    )
    subject = Subject(net, history, test, loss, initial, _epochs_planned(config), statistics, diagnoses, course)
    parts = list(made(subject, [*SECTIONS[:-1], *sections, SECTIONS[-1]]))
    if config or command:
        parts.append(_settings_section(config or {}, command))
    foot = f"Written by Tinynet on Python {platform.python_version()} with NumPy {np.__version__}."
    text = page(title, _lead(net, test), _numbers(subject, metrics or {}), parts, foot)
    atomic_write(path, text, who="report")
    return Path(path)


def _epochs_planned(config: dict[str, Any] | None) -> int | None:
    planned = (config or {}).get("epochs")
    return planned if type(planned) is int else None


def _samples(who: str, name: str, value: Any, others: Mapping[str, Any]) -> Any:
    """A rule for arguments: a data set."""
    samples_of(who, others["net"], value)
    return value


def _function(who: str, name: str, value: Any, others: Mapping[str, Any]) -> Any:
    """A rule for arguments: a loss."""
    return checks.function(who, name, value, 2, "pass cross_entropy itself.")


def _history(who: str, name: str, value: Any, others: Mapping[str, Any]) -> Any:
    """A rule for arguments: what has the rows of a history."""
    if not isinstance(getattr(value, "rows", None), list):
        problem = f"{name} must be a History, got {checks.of_kind(value)}."
        checks.fail(who, problem, "pass what learner.fit(...) returns.", TypeError)
    return value


def _statistics(who: str, name: str, value: Any, others: Mapping[str, Any]) -> Any:
    """A rule for arguments: what was recorded of a training, or the callback that recorded it."""
    return recorded(who, value)


def _makers(who: str, name: str, value: Any, others: Mapping[str, Any]) -> Any:
    """A rule for arguments: headings with functions that make what stands below them."""
    if not isinstance(value, (list, tuple)):
        problem = f"{name} must be a list, got {checks.of_kind(value)}."
        checks.fail(who, problem, 'write [("My picture", make)].', TypeError)
    for part in value:
        if not isinstance(part, (list, tuple)) or len(part) != 2:
            problem = f"{name} must hold pairs of a heading and a function, got {checks.of_kind(part)}."
            checks.fail(who, problem, 'write [("My picture", make)].', TypeError)
        checks.text(who, f"a heading in {name}", part[0])
        checks.function(who, f"the maker of {part[0]!r}", part[1], 1, "it takes a Subject.")
    return value


def _named_numbers(who: str, name: str, value: Any, others: Mapping[str, Any]) -> dict[str, Any]:
    """A rule for arguments: a dict from names to numbers or arrays."""
    for key, entry in checks.instance(who, name, value, dict).items():
        checks.numbers(who, f"{name}[{checks.text(who, f'a name in {name}', key)!r}]", entry)
    return value


def _settings_section(config: dict[str, Any], command: str) -> Section:
    settings = {str(name): setting_text(value) for name, value in config.items() if value not in ({}, [], None)}
    html = settings_table(settings) if settings else ""
    html += command_line(command) if command else ""
    return Section(
        "Repeat this run", "With these settings, the same machine and number of threads give the same net.", html
    )


def setting_text(value: Any) -> str:
    """A setting as a reader writes it.

    Example:
        >>> setting_text({"tinynet": "0.1.0", "python": "3.12"}), setting_text([1, 28, 28]), setting_text(0.1)
        ('tinynet 0.1.0, python 3.12', '1, 28, 28', '0.1')
    """
    if isinstance(value, dict):
        return ", ".join(f"{name} {setting_text(inner)}" for name, inner in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(setting_text, value))
    return str(value)


def _numbers(subject: Subject, metrics: dict[str, Any]) -> dict[str, str]:
    """The large numbers at the top: the test metrics, the best one first, then the size of the run."""
    scalars = {name: float(value) for name, value in metrics.items() if np.ndim(value) == 0}
    names = sorted(scalars, key=lambda name: name == "loss")
    numbers = {f"test {name.replace('_', ' ')}": _number_text(name, scalars[name]) for name in names}
    if subject.rows:
        numbers["epochs"] = str(len(subject.rows))
        seconds = sum(row.get("seconds", 0) for row in subject.rows)
        if seconds:
            numbers["training time"] = f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min"
    numbers["parameters"] = f"{_n_parameters(subject.net):,}"
    return numbers


def _number_text(name: str, value: float) -> str:
    return f"{100 * value:.2f} %" if "accuracy" in name and 0 <= value <= 1 else f"{value:.4g}"


def _n_parameters(net: Net) -> int:
    return sum(parameter.size for parameter in net.parameters().values())


def _lead(net: Net, test: Any) -> str:
    """What the page is about, and when it was written."""
    tested = "" if test is None else f", tested on {len(test):,} samples"
    now = datetime.now().astimezone()
    return f"{type(net).__name__} with {_n_parameters(net):,} parameters{tested}. {now:%d %B %Y, %H:%M}."
