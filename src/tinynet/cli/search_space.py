"""What tinynet tune may change: each a range or a few values."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tinynet.cli.choosing import sizes_of
from tinynet.cli.named import Named, known, options_of
from tinynet.cli.nets import FROM_DATA, source_of
from tinynet.cli.settling import Settled
from tinynet.core.checks.words import fail
from tinynet.models import MODELS

OPTIONS = ("lr", "batch_size", "epochs", "optimizer", "schedule", "augment", "precision", "seed", "size", "window")
RANGE = re.compile(r"(?P<low>[^.=]*(\.\d*)?(e-?\d+)?)\.\.(?P<high>.+)")
EXAMPLE = "write --search lr=0.0001..0.1 or --search width=8,16,32."
AROUND = 10.0  # The learning rate is sought up to this many times below and above the usual one.
BATCHES = (16, 32, 64, 128, 256)


class Dimension(NamedTuple):
    """One thing that is sought.

    Attributes:
        name: An option of tinynet train, "optimizer.OPTION", or a size of the model.
        low: The low end of a range.
        high: Its high end.
        values: Or the values to choose from.
    """

    name: str
    low: float = 0
    high: float = 0
    values: tuple[Any, ...] = ()

    def suggest(self, trial: Any) -> Any:
        """A value that Optuna proposes; ranges are logarithmic where both ends are above 0."""
        if self.values:
            texts = [str(value) for value in self.values]
            return self.values[texts.index(trial.suggest_categorical(self.name, texts))]
        suggest = trial.suggest_int if type(self.low) is type(self.high) is int else trial.suggest_float
        return suggest(self.name, self.low, self.high, log=self.low > 0)


def dimension(text: str) -> Dimension:
    """Read NAME=LOW..HIGH or NAME=VALUE,VALUE.

    Example:
        >>> dimension("lr=1e-4..0.1")
        Dimension(name='lr', low=0.0001, high=0.1, values=())
        >>> dimension("hidden=64/32,128").values
        ((64, 32), 128)
    """
    name, equals, value = (part.strip() for part in text.partition("="))
    name = name.replace("-", "_")
    if not (name and equals and value):
        fail("tinynet", f"{text!r} does not say what is sought.", EXAMPLE)
    if match := RANGE.fullmatch(value):
        low, high = (options_of(text, f"end={end}")["end"] for end in (match["low"] or "?", match["high"]))
        if not all(isinstance(end, (int, float)) and not isinstance(end, bool) for end in (low, high)):
            fail("tinynet", f"the ends of {text!r} must be numbers.", EXAMPLE)
        if not low < high:
            fail("tinynet", f"the range {text!r} must go from a lower to a higher number.", EXAMPLE)
        return Dimension(name, low, high)
    values = tuple(options_of(text, f"value={each}")["value"] for each in value.split(",") if each.strip())
    if len(set(values)) < 2:
        fail("tinynet", f"{text!r} leaves no choice.", EXAMPLE)
    return Dimension(name, values=values)


def dimensions(given: Sequence[str], base: Settled, told: Mapping[str, Any]) -> list[Dimension]:
    """What is sought: what a user asks for, or the rate, the batch size and the sizes of the model.

    Args:
        given: What the user wrote.
        base: The settings that are not sought.
        told: What the user has said of them.
    """
    names = _sizes(base)
    sought = [dimension(text) for text in given] or _usual(base, told)
    for index, each in enumerate(sought):
        if each.name in [earlier.name for earlier in sought[:index]]:
            fail("tinynet", f"{each.name} is to be sought twice.", "give it once.")
        if not each.name.startswith("optimizer."):
            known("option or size to search for", each.name, [*OPTIONS, "optimizer.OPTION", *names])
    return sought


def applied(told: Mapping[str, Any], base: Settled, values: Mapping[str, Any]) -> dict[str, Any]:
    """What a user has told, with the values of a trial in it."""
    settings = base.settings
    told = dict(told) | {name: value for name, value in values.items() if name in OPTIONS}
    told["augment"] = [told["augment"]] if isinstance(told.get("augment"), str) else told.get("augment")
    options = {name.partition(".")[2]: value for name, value in values.items() if name.startswith("optimizer.")}
    if options:
        rule = settings.rule
        plain = "optimizer" in values  # another optimizer does not take over the options of this one
        told["optimizer"] = str(
            Named(told["optimizer"], options) if plain else Named(rule.name, rule.options | options)
        )
    sizes = {name: value for name, value in values.items() if name not in OPTIONS and "." not in name}
    if base.code is not None:
        source = base.code.source
        return told | {"net": str(Named(source.place, source.options | sizes))}
    return told | {"model": str(Named(settings.model, settings.sizes | sizes))}


def _sizes(base: Settled) -> list[str]:
    if base.code is None:
        return sizes_of(base.settings.model)
    return [name for name in inspect.signature(base.code.make).parameters if name not in FROM_DATA]


def _usual(base: Settled, told: Mapping[str, Any]) -> list[Dimension]:
    """What is sought where nobody says it: what the user has not fixed."""
    settings = base.settings
    found = [] if told.get("lr") is not None else [Dimension("lr", settings.lr / AROUND, settings.lr * AROUND)]
    if told.get("batch_size") is None:
        found.append(Dimension("batch_size", values=BATCHES))
    make = MODELS[settings.model].function if base.code is None else base.code.make
    fixed = settings.sizes if base.code is None else source_of(str(told["net"])).options
    for name in _sizes(base):
        usual = inspect.signature(make).parameters[name].default
        if name in ("width", "hidden", "hidden_size", "embed_dim", "embedding_dim") and name not in fixed:
            halves = _scaled(usual)
            found += [Dimension(name, values=halves)] if halves else []
    return found


def _scaled(usual: Any) -> tuple[Any, ...]:
    """Half and twice a size beside it.

    Example:
        >>> _scaled(32), _scaled((256, 128))
        ((16, 32, 64), ((128, 64), (256, 128), (512, 256)))
    """
    if isinstance(usual, tuple) and all(isinstance(each, int) for each in usual):
        return tuple(tuple(max(1, round(factor * each)) for each in usual) for factor in (0.5, 1, 2))
    return (max(1, usual // 2), usual, 2 * usual) if type(usual) is int else ()
