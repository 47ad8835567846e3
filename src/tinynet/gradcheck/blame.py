"""Who is to blame for a wrong gradient: the layer itself, one inside it, or the loss."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.words import fail
from tinynet.gradcheck import sentences
from tinynet.gradcheck.compare import Mismatch, compare
from tinynet.gradcheck.diagnosis import diagnose
from tinynet.gradcheck.evidence import MAX_SIZE, Evidence
from tinynet.gradcheck.loss_subject import LossSubject
from tinynet.gradcheck.sentences import GradientError
from tinynet.gradcheck.subject import Subject
from tinynet.layers import Layer
from tinynet.net import watch


def blame(subject: Any, mismatch: Mismatch, tolerance: float, max_entries: int) -> NoReturn:
    """Raise the error for a wrong gradient, about the innermost part that is wrong by itself."""
    if isinstance(subject, Subject):
        _blame_inner_layers(subject, tolerance, max_entries)
        if subject.loss is not None:
            _blame_loss(subject, tolerance, max_entries)
    _raise(subject, mismatch)


def _raise(subject: Any, mismatch: Mismatch) -> NoReturn:
    index = mismatch.worst
    found = mismatch.found[mismatch.name]
    cause = diagnose(Evidence(subject, mismatch)) if found.size <= MAX_SIZE else ("", "")
    _wrong_gradient(
        subject.who,
        mismatch.name,
        index,
        mismatch.expected[index],
        float(found[index]),
        mismatch.error,
        len(mismatch.wrong),
        len(mismatch.expected),
        cause,
    )


def _blame_inner_layers(subject: Subject, tolerance: float, max_entries: int) -> None:
    """Check each layer inside with the inputs that it gets; the innermost come first."""
    seen: dict[str, tuple[Layer, Any]] = {}

    class Observer:
        def on_forward(self, path: str, layer: Layer, x: Any, y: Any) -> None:
            if path:
                seen[path] = (layer, list(x) if isinstance(x, tuple) else x)

    with watch(subject.layer, Observer()):
        subject.forward()
    for path in sorted(seen, key=lambda path: -path.count(".")):
        layer, inputs = seen[path]
        try:
            inner = Subject(layer, inputs, np.random.default_rng(0))
            outcome = compare(inner, tolerance, max_entries)
            if isinstance(outcome, Mismatch):
                _raise(inner, outcome)
        except sentences.GradientError as error:
            checks.locate(error, layer, subject.layer.layers_inside())
            raise


def _blame_loss(subject: Subject, tolerance: float, max_entries: int) -> None:
    """Check the loss at the predictions of the net."""
    y = subject.forward()
    predicted = LossSubject(subject.loss, list(y), subject.ground_truth, subject.rng)  # type: ignore[arg-type]
    outcome = compare(predicted, tolerance, max_entries)
    if isinstance(outcome, Mismatch):
        _raise(predicted, outcome)


def _wrong_gradient(
    who: object,
    name: str,
    index: tuple[int, ...],
    expected: float,
    found: float,
    error: float,
    n_wrong: int,
    n_compared: int,
    cause: tuple[str, str] = ("", ""),
) -> NoReturn:
    """`backward` does not give the derivative of `forward`."""
    word, sentence = cause
    place = f"[{', '.join(map(str, index))}]" if index else "(a single number)"
    try:
        fail(
            who,
            f"the gradient with respect to {name} is wrong at {place}: expected {expected:.6g} by finite differences, "
            f"got {found:.6g} from backward (largest relative error {error:.2g}; "
            f"{n_wrong} of {n_compared} compared entries are off).",
            f"likely cause: {sentence}" if sentence else "",
            GradientError,
        )
    except GradientError as raised:
        raised.name, raised.index, raised.expected, raised.found, raised.cause = name, index, expected, found, word
        raise
