"""What `tinynet predict` does where the net has learned from pairs of texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tinynet.cli.answers import Answer, probabilities
from tinynet.data import PairPreparation
from tinynet.data.own.pair_file import END, SIGNS, START
from tinynet.layers import LearnedPosition
from tinynet.models import transcribe
from tinynet.net import Net

if TYPE_CHECKING:
    from tinynet.cli.trained import Trained


def named_pairs(net: Net, input_shape: tuple[int, ...], classes: Sequence[str]) -> PairPreparation:
    """The preparation of pairs that come with Tinynet: it follows from the tokens and the places of a net."""
    longest = next(layer.max_length for layer in net.every_layer() if isinstance(layer, LearnedPosition))
    S, T = input_shape
    return PairPreparation("".join(classes[len(SIGNS) :]), (S, T), longest)


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
