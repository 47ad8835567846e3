"""tinynet write, and tinynet predict where the net has learned from a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, NoReturn

import numpy as np
import typer

from tinynet.cli.answers import Answer, likeliest
from tinynet.cli.arguments import Kernels, NetOfRun, RunFolder
from tinynet.cli.output import say
from tinynet.cli.trained import Trained, trained
from tinynet.core import checks
from tinynet.core.checks.words import fail
from tinynet.core.faster import use
from tinynet.models import MODELS, generate

SHOWN = 5  # characters that may come next
LONGEST = 10**6  # characters to write


def write(
    run: RunFolder,
    start: Annotated[str, typer.Option(metavar="TEXT", help="How the text begins.", show_default="a new line")] = "",
    length: Annotated[int, typer.Option(metavar="CHARACTERS", help="How much to write.")] = 300,
    temperature: Annotated[
        float, typer.Option(help="Below 1, what is likely becomes likelier; 0 takes the likeliest each time.")
    ] = 0.8,
    top_k: Annotated[
        int | None, typer.Option(metavar="K", help="Draw only from the K likeliest characters.", show_default="all")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed writes the same text.")] = 0,
    net: NetOfRun = None,
    kernels: Kernels = None,
) -> None:
    """Write a text with a network that has learned one, character by character.

    Example: **tinynet train book.txt**, then **tinynet write runs/book-char_gpt-1 --start "Once "**
    """
    checks.integer("tinynet", "--length", length, minimum=1, maximum=LONGEST)
    checks.number("tinynet", "--temperature", temperature, minimum=0)
    checks.integer("tinynet", "--seed", seed, minimum=0)
    if top_k is not None:
        checks.integer("tinynet", "--top-k", top_k, minimum=1)
    opened = trained(run, net=net)
    if getattr(opened.preparation, "kind", "") != "text":
        _no_text(opened)
    text = opened.preparation
    begin = start or ("\n" if "\n" in text.vocabulary else text.vocabulary[0])
    codes = text(begin)
    context = max(text.window, 2) if opened.model != "char_lstm" else None  # a state goes on for ever
    with use(opened.used_kernels(kernels)):
        written = generate(opened.net, codes, length, temperature, top_k, context, np.random.default_rng(seed))
    say(start + text.decode(written))


def texts_continued(opened: Trained, samples: Sequence[str]) -> Iterator[Answer]:
    """For each beginning of a text, the characters that are most likely to come next."""
    text: Any = opened.preparation
    for sample in samples:
        try:
            codes = text(sample)
        except ValueError as error:
            yield Answer(str(error).removeprefix("text: "), False)
            continue
        if not len(codes):
            yield Answer("the text is empty.\nHint: give at least one character.", False)
            continue
        with np.errstate(over="ignore", invalid="ignore"):
            logits = opened.net.predict(codes[np.newaxis, -text.window :])[0, -1]
        if not np.isfinite(logits).all():
            yield Answer("the net gives numbers that are not finite; its weights may be damaged.", False)
            continue
        classes = [repr(character) for character in text.vocabulary]
        yield Answer(f"{sample!r} goes on with {likeliest(classes, logits, SHOWN)}", True)


def _no_text(opened: Trained) -> NoReturn:
    """A net has learned from something else than a text."""
    if getattr(opened.preparation, "kind", "") == "pairs":
        problem = f"the net of {opened.place} writes what a text becomes, and begins none itself."
        fail("tinynet", problem, f'give it one: tinynet predict {opened.place} "TEXT"')
    names = " or ".join(name for name, entry in MODELS.items() if entry.reads_text)
    problem = f"the net of {opened.place} has learned from no text, so it cannot write."
    fail("tinynet", problem, f"train one: tinynet train TEXT.txt --model {names}")
