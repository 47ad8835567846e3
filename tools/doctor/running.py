"""Which runs are wanted, and their verdicts."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import tinynet as tn
from tools.doctor.catalog import CONTROLS, HEALTHY, PROGRAMS
from tools.doctor.planting import MIN_SKILL, clean, planted
from tools.doctor.scoring import Verdict, judge_faulty, judge_healthy

GROUPS = ("programs", "twins", "controls", "healthy")


def tasks(only: list[str], seeds: int) -> list[tuple[str, str, int]]:
    """(kind, name, seed) of every run that is wanted."""
    names = [name for name in only if name not in GROUPS]
    groups = [name for name in only if name in GROUPS] or list(GROUPS)
    chosen: list[tuple[str, str]] = []
    for program in PROGRAMS:
        if _wanted(program.id, names):
            chosen += [("faulty", program.id)] if "programs" in groups else []
            chosen += [("twin", program.id)] if "twins" in groups and program.twin else []
    chosen += [("control", name) for name in CONTROLS if "controls" in groups and (not names or name in names)]
    runs = [(kind, name, seed) for kind, name in chosen for seed in range(seeds)]
    if "healthy" in groups:
        runs += [("healthy", name, seed) for name, (_, seed) in HEALTHY.items() if not names or name in names]
    return runs


def _wanted(id: str, names: list[str]) -> bool:
    """Whether the id is wanted: A3 stands for itself and A3b, but not for A31; A for the whole section."""
    patterns = [re.escape(name) + ("" if name.isalpha() else r"(?!\d)") for name in names]
    return not names or any(re.match(pattern, id) for pattern in patterns)


def drawn(first: int, count: int) -> list[tuple[str, str, int]]:
    """So many healthy programs drawn at random, and as many with a fault planted in them."""
    numbers = range(first, first + count)
    return [("drawn", "", number) for number in numbers] + [("planted", "", number) for number in numbers]


def judge(kind: str, name: str, seed: int) -> Verdict:
    """One run."""
    with tn.threads(1):
        if kind == "drawn":
            verdict = judge_healthy(f"drawn {seed}", "healthy", clean, seed)
            return replace(verdict, counts=verdict.skill >= MIN_SKILL)
        if kind == "planted":
            return judge_faulty(planted(seed), seed)
        if kind == "control":
            return judge_healthy(name, kind, CONTROLS[name], seed)
        if kind == "healthy":
            return judge_healthy(name, kind, HEALTHY[name][0], seed)
        program = next(program for program in PROGRAMS if program.id == name)
        if kind == "faulty":
            return judge_faulty(program, seed)
        assert program.twin is not None
        return judge_healthy(f"{name} twin", kind, program.twin, seed)


def verdicts(runs: list[tuple[str, str, int]], jobs: int) -> Iterator[Verdict]:
    """The verdicts, in order, from so many processes."""
    if jobs == 1:
        yield from (judge(*each) for each in runs)
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(judge, *zip(*runs, strict=True))
