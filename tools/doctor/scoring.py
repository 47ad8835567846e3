"""Train a program, ask the doctor, and judge what it says."""

from __future__ import annotations

import signal
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import process_time
from typing import Any

import tinynet as tn
from tools.doctor.program import Build, Outcome, Program

LIMIT = 10  #: Seconds of one processor that a program may take, its diagnoses included.
HARD_LIMIT = 120  #: Seconds, of a clock on the wall, after which a program is ended.


class TimeIsUpError(Exception):
    """A program went on for more than `HARD_LIMIT` seconds."""


@dataclass(frozen=True)
class Said:
    """A diagnosis, without the arrays that it came from."""

    name: str
    level: str
    weight: float
    seen: str


@dataclass(frozen=True)
class Verdict:
    """What the doctor said of one run, and how it was judged.

    Attributes:
        id: The program, or the healthy run.
        kind: "faulty", or "twin", "control" or "healthy".
        counts: Whether the fault had an effect, or a program drawn at random is healthy.
        said: The diagnoses, in the doctor's order.
        rank: The place of the primary diagnosis, counted from 1; 0 if it is missing.
        right: The problems that are primary or accepted.
        alarms: The other problems.
        ended: The error that ended the training, or "".
        failed: What the doctor itself raised, or what ended a healthy run; or "".
    """

    id: str
    kind: str
    seed: int
    counts: bool
    said: tuple[Said, ...]
    rank: int
    right: tuple[str, ...]
    alarms: tuple[str, ...]
    skill: float
    seconds: float
    ended: str = ""
    failed: str = ""


def judge_faulty(program: Program, seed: int) -> Verdict:
    """Run a faulty program and judge the diagnoses."""
    outcome, failed = run(program.build, seed)
    said = spoken(outcome.diagnoses)
    names = [each.name for each in said]
    rank = min((names.index(name) + 1 for name in program.primaries if name in names), default=0)
    if any(names_fault(outcome.error, name) for name in program.primaries):
        rank = 1
    problems = [each.name for each in said if each.level == "problem"]
    known = {*program.primaries, *program.accepted}
    return Verdict(
        program.id,
        "faulty",
        seed,
        program.effect(outcome),
        said,
        rank,
        tuple(name for name in problems if name in known),
        tuple(name for name in problems if name not in known),
        outcome.skill,
        outcome.seconds,
        described(outcome.error),
        failed,
    )


def judge_healthy(id: str, kind: str, build: Build, seed: int) -> Verdict:
    """Run a healthy program: every problem is a false alarm."""
    outcome, failed = run(build, seed)
    said = spoken(outcome.diagnoses)
    alarms = tuple(each.name for each in said if each.level == "problem")
    ended = described(outcome.error)
    failed = failed or ended
    return Verdict(id, kind, seed, True, said, 0, (), alarms, outcome.skill, outcome.seconds, ended, failed)


def run(build: Build, seed: int) -> tuple[Outcome, str]:
    """Build and train a program, with a diagnosis before and after; and what the doctor raised, or ""."""
    outcome, start = Outcome(seed), process_time()
    before, after, failed = [], [], ""
    try:
        with at_most(HARD_LIMIT):
            tn.seed(seed)
            trial = build(seed)
            outcome.learner = trial.learner
            before, failed = ask(trial.learner)
            try:
                trial.learner.fit(trial.epochs, progress=False)
            except (FloatingPointError, ValueError, TypeError) as error:
                outcome.error = error
            after, failed_after = ask(trial.learner)
            outcome.seconds = process_time() - start
            failed = failed or failed_after
            if outcome.error is None:
                outcome.skill = trial.skill(trial.learner)
    except TimeIsUpError as error:
        outcome.error, outcome.seconds = error, process_time() - start
    outcome.diagnoses = merged(before, after)
    return outcome, failed


def ask(learner: Any) -> tuple[list[Any], str]:
    """The diagnoses of a learner, and the error if the doctor raised one, or ""."""
    try:
        return list(learner.diagnose()), ""
    except TimeIsUpError:
        raise
    except Exception as error:  # noqa: BLE001  a fault of the doctor is a line of the score, not its end
        return [], f"{type(error).__name__}: {error}"


def merged(before: Sequence[Any], after: Sequence[Any]) -> list[Any]:
    """Both lists in the order of weight; what was seen twice counts as it was seen last."""
    names = {each.name for each in after}
    both = [*after, *(each for each in before if each.name not in names)]
    return sorted(both, key=lambda each: (each.level != "problem", -each.weight))


def spoken(diagnoses: Sequence[Any]) -> tuple[Said, ...]:
    """The diagnoses by name, each once."""
    first = {each.name: each for each in reversed(diagnoses)}
    kept = sorted(first.values(), key=lambda each: diagnoses.index(each))
    return tuple(Said(each.name, each.level, float(each.weight), str(each.seen)) for each in kept)


#: Words by which Tinynet's own error at the first step names a fault.
SENTENCES = {
    "shape": ("expected", "shape"),
    "broadcast": ("shape",),
    "labels": ("expected labels from",),
    "loss": ("from 0 to 1",),
    "bn-mode": ("more than one",),
}


def names_fault(error: Exception | None, name: str) -> bool:
    """Whether the error by which Tinynet refused the first step names the fault."""
    return isinstance(error, (ValueError, TypeError)) and all(
        word in str(error) for word in SENTENCES.get(name, ("\0",))
    )


def described(error: Exception | None) -> str:
    """The class and the first line of an error."""
    first_line = str(error).partition("\n")[0]
    return "" if error is None else f"{type(error).__name__}: {textwrap.shorten(first_line, 120)}"


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """End what runs inside after so many seconds."""

    def stop(*_: Any) -> None:
        raise TimeIsUpError(f"not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
