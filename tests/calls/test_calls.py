"""Everything public, called with one argument spoilt: the answer is a result or a sentence of Tinynet's own.

An ordinary run takes a share of the bad calls, each time the same; TINYNET_ALL_CALLS=1 takes all 46,000.
"""

from __future__ import annotations

import importlib
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from zlib import crc32

import numpy as np
import pytest

import tinynet as tn
from tests.calls.outcome import is_phrased, where_raised
from tests.calls.spoiled import must_be_refused, spoilt
from tests.calls.table import CALLS, Call, pictures_drawn
from tinynet.core.threads import thread_count

SHARE = 1 if os.environ.get("TINYNET_ALL_CALLS") else 16
ROOMS = ("layers", "losses", "metrics", "optimizers", "learner", "data", "models", "visualize", "gradcheck", "net")
NOT_CALLED = {
    "base classes, which are no objects themselves": "Layer Optimizer Callback",
    "types and tables": "Schedule DATASETS MODELS GradientError",
    "they take no arguments": "ReLU ReLU6 Hardsigmoid Hardswish LogSigmoid Mish "
    "Sigmoid Tanh SiLU SELU GlobalAvgPool1D GlobalAvgPool2D GlobalMaxPool1D "
    "GlobalMaxPool2D History Progress LearningRateLog digits mnist fashion_mnist cifar10",
    "what a check returns": "Report",
}
NOT_OURS = re.compile(r"(takes|missing) .*positional argument")  # Python's own sentence on the number of arguments


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    threads = thread_count()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of NumPy's, where numbers are infinite
        yield
    tn.threads(threads)


def outcomes(call: Call) -> Iterator[tuple[str, Any, Any, Any]]:
    """What was called and how, the good and the bad value, and the error (None if there was none)."""
    _, positional, named = call.make()
    for slot in [*range(len(positional)), *named]:
        good = positional[slot] if isinstance(slot, int) else named[slot]
        share = crc32(f"{call.name} {slot}".encode()) % SHARE
        for word, bad in list(spoilt(good))[share::SHARE]:
            tn.seed(0)
            function, some, others = call.make()
            if isinstance(slot, int):
                some[slot] = bad
            else:
                others[slot] = bad
            error = None
            try:
                function(*some, **others)
            except Exception as raised:  # noqa: BLE001 - what it is, is the question
                error = raised
            yield f"{call.name}({slot}={word})", (slot, good), bad, error


def wrong(call: Call) -> Iterator[str]:
    """The bad calls with a wrong outcome, in words."""
    for words, (slot, good), bad, error in outcomes(call):
        if error is None:
            if str(slot) not in call.free and must_be_refused(good, bad):
                yield f"{words} is taken without a word"
        elif not is_phrased(error):
            if not (isinstance(error, TypeError) and NOT_OURS.search(str(error))):
                yield f"{words} raises {type(error).__name__}: {error}, at {where_raised(error)}"
        elif not re.match(r"[\w.:()\[\]=', -]+:", str(error)):
            yield f"{words} does not say who complains: {error}"


@pytest.mark.parametrize("call", CALLS, ids=[f"{i} {call.name}" for i, call in enumerate(CALLS)])
def test_a_spoilt_argument_has_a_right_outcome(call):
    assert not list(wrong(call))


def test_a_spoilt_argument_of_a_picture_has_a_right_outcome():
    assert not [words for call in pictures_drawn() for words in wrong(call)]


def test_the_good_calls_work():
    for call in CALLS:
        tn.seed(0)
        function, positional, named = call.make()
        with suppress(FileNotFoundError):  # of files that a test does not have
            function(*positional, **named)


def test_every_public_name_is_called():
    called = {call.name.split(".")[1] for call in [*CALLS, *pictures_drawn()] if "." in call.name}
    excused = " ".join(NOT_CALLED.values()).split()
    for room in ROOMS:
        names = set(importlib.import_module(f"tinynet.{room}").__all__)
        assert not names - called - set(excused)


FLAGS = [
    (call, name)
    for call in CALLS
    for name, good in call.make()[2].items()
    if isinstance(good, bool) and name not in call.free
]


@pytest.mark.parametrize(("call", "name"), FLAGS, ids=[f"{call.name} {name}" for call, name in FLAGS])
@pytest.mark.parametrize("bad", ["no", 0, 1, None, np.ones(2)], ids=["no", "0", "1", "None", "array"])
def test_a_flag_is_true_or_false(call, name, bad):
    function, _, named = call.make()
    with pytest.raises(TypeError, match=rf"^(\w+\.)?{call.name.split('.')[-1]}.*: {name} must be True or False, got"):
        function(**{**named, name: bad})
