"""What `tinynet predict` does where the net has learned from pairs of texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from tinynet.cli.answers import Answer, probabilities
from tinynet.data import PairPreparation
from tinynet.data.own.pair_file import END, SIGNS, START
from tinynet.layers import LearnedPosition
from tinynet.models import transcribe
from tinynet.net import Net

if TYPE_CHECKING:
    from tinynet.cli.trained import Trained

LOOKED_AT, SHOWN = 200, 20  # texts of the test part for the report, and those that it shows


def named_pairs(net: Net, input_shape: tuple[int, ...], classes: Sequence[str]) -> PairPreparation:
    """The preparation of pairs that come with Tinynet: it follows from the tokens and the places of a net."""
    places = [layer.max_length for layer in net.every_layer() if isinstance(layer, LearnedPosition)]
    S, T = input_shape
    return PairPreparation("".join(classes[len(SIGNS) :]), (S, T), min(places, default=max(S, T)))


def texts_translated(opened: Trained, samples: Sequence[str]) -> Iterator[Answer]:
    """For each text, the one that the net writes, with its probability."""
    for sample in samples:
        try:
            source = opened.preparation(sample)
        except ValueError as error:
            yield Answer(f"{sample!r}: {str(error).removeprefix('pairs: ')}", False)
            continue
        with np.errstate(over="ignore", invalid="ignore"):
            yield _translated(opened, sample, source[np.newaxis])


def what_it_writes(subject: Any) -> Any:
    """What the net writes for some texts of the test part, those that it gets wrong first, for the report."""
    from tinynet.visualize.page import scrolling  # here, because it loads matplotlib
    from tinynet.visualize.sections.view import View

    (source, _), y = subject.test[: min(len(subject.test), LOOKED_AT)]
    preparation = PairPreparation("".join(subject.test.classes[len(SIGNS) :]), (source.shape[1], y.shape[1]))
    found = transcribe(subject.net, source, START, y.shape[1], END)
    texts = [[preparation.decode(part[n]) for part in (source, y, found)] for n in range(len(y))]
    n_wrong = sum(right != mine for _, right, mine in texts)
    rows = "".join(
        f"<tr><td>{escape(read)}</td><td>{escape(right)}</td><td>{escape(mine)}</td></tr>"
        for read, right, mine in sorted(texts, key=lambda text: text[1] == text[2])[:SHOWN]
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("read", "should become", "becomes"))
    words = f"Of the first {len(texts)} texts for the test, {n_wrong} are not wholly right; these come first."
    words = words if n_wrong else f"The first {len(texts)} texts for the test are all wholly right."
    return View(words, scrolling(f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>", "texts"))


def _translated(opened: Trained, sample: str, source: np.ndarray) -> Answer:
    most = opened.preparation.max_length
    answer = transcribe(opened.net, source, START, most, END)  # (1, T)
    written = np.concatenate([[[START]], answer[:, :-1]], axis=1)
    logits = opened.net.predict(source, written)[0]  # (T, vocabulary)
    if not np.isfinite(logits).all():
        return Answer("the net gives numbers that are not finite; its weights may be damaged.", False)
    p = np.prod([probabilities(each.astype(np.float64))[token] for each, token in zip(logits, answer[0], strict=True)])
    unfinished = "" if END in answer else f", not ended after {most} tokens"
    return Answer(f"{sample} → {opened.preparation.decode(answer[0])} ({p:.1%}{unfinished})", True)
