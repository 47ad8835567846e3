"""Which tests run which functions, and whether one of them fails when a function is changed."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import hypothesis
import pytest

from tools.mutants.children import Gone, Task, in_children
from tools.mutants.sources import ROOMS, Function, Mutant, Source

TESTS = ("calls", "cli", "contract", "core", "data", "errors", "exchange", "extremes", "gradcheck", "layers", "learner")
TESTS += ("losses", "metrics", "models", "net", "optimizers", "probe", "storage")
OF_EXCHANGE = ("test_export", "test_export_graph", "test_from_pytorch")  # skipped where PyTorch is not installed
MOST_TESTS = 500  # for one mutant; a survivor may be called by thousands that do not look at it
PATIENCE = 5  # a mutant may take so many times what its tests take without it, and START seconds more
START = 10
CLOCK = 20  # The time on the clock may be so many times as long, because the machine may have other work.
MARKS = "_mutants_called"  # the set, in each module, that a marked function adds its name to


@dataclass
class Outcome:
    """The outcome for a mutant: the test that failed, or why none could end; None if it survived."""

    mutant: Mutant
    caught_by: str | None
    n_tests: int


@dataclass
class Reading:
    """One test, run on the sources as they are."""

    passed: bool
    seconds: float
    called: set[Function] = field(default_factory=set)


def collect(work: Any, room: str = "") -> int:
    """Let pytest collect the tests, call `work(tests)` in place of running them, and return pytest's exit status.

    Args:
        work: What is done with the tests.
        room: Only the tests of this room, and those of errors; a mutant must be caught where it lives.
    """

    from tinynet.core import faster  # not at the top: NumPy reads the number of threads when it is loaded

    faster.use("plain")  # The lessons are changed. The engine's replacements would hide this.
    # Nothing is stored or shrunk, and the examples are the same each time, so no run influences the next.
    phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
    hypothesis.settings.register_profile("mutants", database=None, derandomize=True, deadline=None, phases=phases)
    hypothesis.settings.load_profile("mutants")
    options = ["-qq", "--no-header", "--no-summary", "--capture=no", "-p", "no:cacheprovider"]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # Hypothesis is loaded before pytest
    options += ["-k", "not compiled and not loops", "--doctest-modules", "--pyargs"]
    if room:
        places = [f"tests/{room}", "tests/errors", f"tinynet.{room}"]
        places += [f"tests/parity/{each}.py" for each in OF_EXCHANGE if room == "exchange"]
    else:
        places = [*(f"tests/{place}" for place in TESTS)]
        places += [f"tests/parity/{each}.py" for each in ("test_recorded", *OF_EXCHANGE)]
        places += [f"tinynet.{each}" for each in ROOMS]
    return int(pytest.main([*options, *places], plugins=[Tests(work)]))


class Tests:
    """A pytest plugin that has the tests of a session and runs those that it is told to."""

    def __init__(self, work: Any) -> None:
        self._work = work
        self.items: list[pytest.Item] = []
        self._failed: list[str] = []

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Take the place of pytest's own loop."""
        if session.testsfailed:
            raise session.Interrupted("a file of tests cannot be read")
        self.items = session.items
        self._work(self)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what fails."""
        if report.failed:
            self._failed.append(report.nodeid)

    def failing(self, chosen: list[int]) -> Iterator[str | None]:
        """Run these tests one by one; for each, its name if it failed."""
        for place, index in enumerate(chosen):
            following = self.items[chosen[place + 1]] if place + 1 < len(chosen) else None
            item = self.items[index]
            self._failed.clear()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            yield self._failed[0] if self._failed else None

    def read(self, sources: list[Source], jobs: int) -> list[Reading]:
        """Run all tests on the sources as they are, and see which functions each of them calls."""
        parts = [list(range(start, len(self.items), jobs)) for start in range(jobs)]
        tasks = [Task(lambda part=part: self._read_here(sources, part), 1800, part) for part in parts]
        found: dict[int, Reading] = {}
        for part, readings in in_children(tasks, jobs):
            if isinstance(readings, Gone):
                raise RuntimeError("The tests did not come to an end on the sources as they are.")
            found |= dict(zip(part, readings, strict=True))
        return [found[index] for index in range(len(self.items))]

    def _read_here(self, sources: list[Source], part: list[int]) -> list[Reading]:
        called: set[Function] = set()
        for source in sources:
            for function in source.definitions:
                source.mark(function, f"{MARKS}.add({function.name!r})")
            module = source.install(source.definitions)
            setattr(module, MARKS, _Names(source.file, called))
        readings, start = [], time.process_time()
        for failed in self.failing(part):
            readings.append(Reading(failed is None, time.process_time() - start, set(called)))
            called.clear()
            start = time.process_time()
        return readings

    def catch(self, mutants: list[tuple[Mutant, Source]], readings: list[Reading], jobs: int) -> Iterator[Outcome]:
        """Try each mutant on the tests that run its function, up to the one that fails.

        First come the tests of its own room and those of errors, and of each the quickest.
        """
        tests: dict[Function, list[int]] = {}
        for index, reading in enumerate(readings):
            for function in reading.called if reading.passed else ():
                tests.setdefault(function, []).append(index)
        for function, chosen in tests.items():
            near = (f"tests/{function.file.partition('/')[0]}/", "tests/errors/")
            chosen.sort(key=lambda index: (not self.items[index].nodeid.startswith(near), readings[index].seconds))
            del chosen[MOST_TESTS:]

        def tasks() -> Iterator[Task]:
            for mutant, source in mutants:
                chosen = tests.get(mutant.function, [])
                seconds = START + PATIENCE * sum(readings[index].seconds for index in chosen)
                usual = [readings[index].seconds for index in chosen]
                work = partial(self._catch_here, mutant, source, chosen, usual)
                yield Task(work, seconds, (mutant, chosen))

        for (mutant, chosen), caught_by in in_children(tasks(), jobs):
            yield Outcome(mutant, str(caught_by) if isinstance(caught_by, Gone) else caught_by, len(chosen))

    def _catch_here(self, mutant: Mutant, source: Source, chosen: list[int], usual: list[float]) -> str | None:
        mutant.change.apply()
        source.install([mutant.function])
        tests = self.failing(chosen)
        for seconds in usual:
            signal.alarm(round(START + CLOCK * seconds))  # it ends a process that waits for what never comes
            if failed := next(tests):
                return failed
        return None


class _Names:
    """Where the marked functions of one file put their names."""

    def __init__(self, file: str, called: set[Function]) -> None:
        self._file, self._called = file, called

    def add(self, name: str) -> None:
        self._called.add(Function(self._file, name))
