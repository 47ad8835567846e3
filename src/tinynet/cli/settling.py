"""From what a user tells a command to the settings of a training; --config FILE tells the rest."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import typer

from tinynet.cli.choosing import choose
from tinynet.cli.named import Named, known
from tinynet.cli.nets import NetFile, read_net_file, source_of
from tinynet.cli.output import complain
from tinynet.cli.own import Own, located
from tinynet.cli.runs import CONFIG, open_run
from tinynet.cli.settings import Settings
from tinynet.core import checks
from tinynet.core.checks.words import fail
from tinynet.data import DATASETS
from tinynet.data.sources import sha256

OWN = tuple(field.name for field in fields(Own) if field.name != "kind")
REST = ("epochs", "lr", "batch_size", "optimizer", "seed", "kernels")
NEW = ("schedule", "augment", "early_stopping", "precision")
#: What --config may tell, by the names of the options.
NAMES = ("dataset", "model", "net", *OWN, *REST, *NEW)
GIVEN = ("COMMANDLINE", "ENVIRONMENT")  #: The sources of an option that is not a default.
LONGEST = 10**6  # characters of such a file


class Settled(NamedTuple):
    """What is trained and how, and the file with the net, where it is the user's own."""

    settings: Settings
    code: NetFile | None


def settled(told: Mapping[str, Any]) -> Settled:
    """The settings for what a user has told; what is None or missing gets its default.

    Raises:
        OSError: There is no such data, or no such file with a net.
        ValueError: Something does not exist, is out of range, or does not go together.
    """
    given = {name: value for name, value in told.items() if value is not None and name in NAMES}
    model, net = given.pop("model", None), given.pop("net", None)
    if model is not None and net is not None:
        fail("tinynet", f"the net is to be {model} and that of {net} at once.", "leave out --model or --net.")
    own_options = {name: given.pop(name, None) for name in OWN}
    data, own = located(given.pop("dataset", "digits"), _name_of(model), **own_options)
    code = None if net is None else read_net_file(net)
    if code is None:
        return Settled(choose(data, model, own=own, **given), None)
    source = code.source
    settings = choose(data, own=own, net=source.place, net_sha256=code.sha256, sizes=source.options, **given)
    return Settled(settings, code)


def told_to(context: typer.Context, config: Path | None) -> dict[str, Any]:
    """What a command was told: its options, and for those that were not given, what a file tells."""
    told = {name: value for name, value in context.params.items() if name in NAMES}
    if config is None:
        return told
    given = names_given(context)
    found = _in_file(config, told["net"])
    told |= {name: value for name, value in found.items() if name not in given}
    if "model" in given and "net" not in given:
        told["net"] = None
    if "net" in given:
        told["model"] = told["model"] if "model" in given else None
        told["net"] = _completed(told["net"], found.get("net"))
    if "dataset" in given and told["dataset"] in DATASETS:
        told |= {name: None for name in OWN if name not in given}
    return told


def names_given(context: typer.Context) -> set[str]:
    """The options that are not defaults."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return {name for name, source in sources.items() if source is not None and source.name in GIVEN}


def check_alone(context: typer.Context, what: str, allowed: set[str]) -> None:
    """Check that nothing else is asked of a run or a search that goes on: it has its settings."""
    for name in sorted(names_given(context) - {"resume", "net"} - allowed):
        option = "a data set" if name == "dataset" else f"--{name.replace('_', '-')}"
        problem = f"--resume goes on with the settings of the {what}, so {option} cannot be given."
        fail("tinynet", problem, f"leave it out; for a {what} with other settings, begin another.")


def _completed(net: str, before: str | None) -> str:
    """The file that is named now, with the function and the options that were used before, where none are named."""
    now, old = source_of(net), source_of(before or net)
    source = now._replace(function=now.function or old.function, options=now.options or old.options)
    return str(Named(source.place, source.options))


def _name_of(model: object) -> str | None:
    return model.partition(":")[0] if isinstance(model, str) else None


def _in_file(path: Path, net: str | None) -> dict[str, Any]:
    """What a file tells: that of a run, or one that somebody has written."""
    path = path / CONFIG if path.is_dir() else path
    checks.readable_file("tinynet", path)
    with open(path, encoding="utf-8-sig") as file:
        table = _table(path, file)
    if "format" in table:
        table = _of_run(path, net)
    table = {str(name).replace("-", "_"): value for name, value in table.items()}
    for name in table:
        known(f"option in {path}", name, NAMES)
    if table.get("net") is not None and net is None:
        problem = f"{path} asks for the net of {table['net']}."
        fail("tinynet", problem, f"a file runs no code by itself; add --net {table['net']}.")
    if isinstance(table.get("augment"), str):
        table["augment"] = [table["augment"]]
    if isinstance(table.get("early_stopping"), int):
        table["early_stopping"] = str(table["early_stopping"])
    return {name: _checked(path, name, value) for name, value in table.items()}


def _of_run(path: Path, net: str | None) -> dict[str, Any]:
    settings = open_run(path.parent).settings if path.name == CONFIG else _not_moved(path)
    file = None if net is None or settings.net is None else source_of(net).path
    if file is not None and file.is_file() and sha256(file.read_bytes()) != settings.net_sha256:
        complain(f"{file} is not as it was when {path.parent} was trained.")
    return settings.words()


def _table(path: Path, file: Any) -> dict[str, Any]:
    try:
        text = file.read(LONGEST)
        table = tomllib.loads(text) if path.suffix.lower() == ".toml" else json.loads(text)
    except (ValueError, RecursionError) as error:
        kind = "TOML" if path.suffix.lower() == ".toml" else "JSON"
        fail("tinynet", f"{path} is no {kind}: {error}.", "name a config.json of a run, or a .toml file.")
    if not isinstance(table, dict):
        fail("tinynet", f"{path} holds {checks.of_kind(table)}, not a table of options.", 'as in {"epochs": 5}.')
    return table


def _checked(path: Path, name: str, value: Any) -> Any:
    """A value of a file; what is a text on the command line must be one here."""
    texts: Collection[str] = ("dataset", "model", "net", "optimizer", "kernels", "schedule", "precision", "target")
    if name in texts and not (value is None or isinstance(value, str)):
        fail("tinynet", f"{name} in {path} must be a text, got {value!r}.", kind=TypeError)
    if name == "augment" and not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
        fail("tinynet", f"{name} in {path} must be a list of texts, got {value!r}.", kind=TypeError)
    return value


def _not_moved(path: Path) -> NoReturn:
    """The settings of a run are told by its folder."""
    fail("tinynet", f"{path} looks like the config.json of a run under another name.", "call it config.json.")
