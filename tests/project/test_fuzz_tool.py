"""The fuzzer behind `make fuzz`: a few files of every format, and that it notices each kind of fault."""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pytest

from tinynet.core.checks.words import fail
from tools.fuzz import __main__ as tool
from tools.fuzz import judging
from tools.fuzz.judging import case, emptied, judge
from tools.fuzz.kind import Format
from tools.fuzz.mutations import BYTES, VALUES, in_json

N_CASES = 40


@pytest.mark.parametrize("name", tool.FORMATS)
def test_damaged_files_of_every_format(tmp_path: Path, name: str) -> None:
    kind, found = tool.FORMATS[name], set()
    for number in range(N_CASES):
        verdict = case(kind, 0, number, emptied(tmp_path / name / "files"))
        assert verdict.outcome != "fault", f"{name} {number}: {verdict}"
        found.add(verdict.change)
    assert len(found) > 5


@pytest.mark.parametrize("name", tool.FORMATS)
def test_good_files_are_read(tmp_path: Path, name: str) -> None:
    kind = tool.FORMATS[name]
    folder = emptied(tmp_path / name / "files")
    assert kind.make(folder)
    kind.read(folder)


def test_a_case_is_the_same_each_time(tmp_path: Path) -> None:
    for number in range(5):
        contents = []
        for _ in range(2):
            case(tool.FORMATS["text"], 7, number, emptied(tmp_path / "files"))
            contents.append([path.read_bytes() for path in tmp_path.rglob("*.txt") if path.is_file()])
        assert contents[0] == contents[1]


@pytest.mark.parametrize("change", BYTES)
@pytest.mark.parametrize("content", [b"", b"a", b"epoch,loss\n1,0.5\n", bytes(range(256))])
def test_every_change_takes_every_content(change: judging.Format, content: bytes) -> None:
    for number in range(30):
        assert isinstance(change(np.random.default_rng(number), content), bytes)  # type: ignore[operator]


def test_json_is_changed_and_the_original_stays() -> None:
    tree = {"a": [1, {"b": None}], "c": {"d": "e"}}
    before = json.dumps(tree)
    changed = {json.dumps(in_json(np.random.default_rng(number), tree)) for number in range(100)}
    assert json.dumps(tree) == before
    assert len(changed - {before}) > 60


def _raise(error: Exception) -> None:
    raise error


FAULTS = {
    "a foreign KeyError": lambda path: {}["missing"],
    "a foreign ValueError": lambda path: _raise(ValueError(f"reader: {path.name} is damaged.")),
    "a foreign UserWarning": lambda path: __import__("warnings").warn("odd", stacklevel=1),
    "is not named": lambda path: fail("reader", "the file is damaged."),
    "a sentence of": lambda path: fail("reader", f"{path} is damaged: {'x' * 30_000}."),
    "a wrong load": lambda path: _raise(AssertionError("other numbers")),
    "more than": lambda path: time.sleep(1),
}


@pytest.mark.parametrize("problem", FAULTS)
def test_each_fault_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: str) -> None:
    monkeypatch.setattr(judging, "MAX_SECONDS", 0.2)
    monkeypatch.setattr(judging, "MAX_CHARACTERS", 1000)  # Tinynet's own are cut at ten times that
    path = tmp_path / "odd.bin"
    verdict = judge(Format(lambda _: [path], lambda _: FAULTS[problem](path)), tmp_path, path, "none")
    assert verdict.outcome == "fault"
    assert problem in verdict.problem


@pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="the system does not tell the memory of a moment"
)
def test_memory_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "MAX_BYTES", 50 * 2**20)
    verdict = judge(Format(lambda _: [], lambda _: print(np.ones(10**7).sum())), tmp_path, tmp_path / "file", "none")
    assert verdict.problem == f"{verdict.memory / 2**20:,.0f} MB"
    assert 70e6 < verdict.memory < 120e6


def test_a_right_load_and_a_sentence_are_no_faults(tmp_path: Path) -> None:
    path = tmp_path / "odd.bin"
    assert judge(Format(lambda _: [], lambda _: None), tmp_path, path, "none").outcome == "loaded"
    said = judge(Format(lambda _: [], lambda _: fail("reader", f"{path} is damaged.")), tmp_path, path, "none")
    assert said.outcome == "sentence"


def test_children_that_die_are_faults_and_the_next_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    options = argparse.Namespace(cases=6, seconds=None, seed=0, jobs=1)
    script = """
import json, os, sys
first = int(sys.argv[sys.argv.index("--child") + 1])
for number in range(first, 6):
    print(json.dumps({"number": number, "format": "text"}), flush=True)
    if number == 2:
        os._exit(9)
    done = {"number": number, "format": "text", "change": "cut", "outcome": "loaded", "problem": ""}
    print(json.dumps(done | {"seconds": 0, "memory": 0}), flush=True)
"""
    start = tool.subprocess.Popen
    monkeypatch.setattr(
        tool.subprocess, "Popen", lambda words, **files: start([words[0], "-c", script, *words[3:]], **files)
    )
    verdicts = tool._all_cases(["text"], options)
    assert sorted(verdict["number"] for verdict in verdicts) == [0, 1, 2, 3, 4, 5]
    assert [v["problem"] for v in verdicts if v["outcome"] == "fault"] == ["the process died with status 9: "]
    assert tool._report(verdicts, options) == 1


def test_a_case_leaves_the_strange_values_as_they_were() -> None:
    before = json.dumps(VALUES)
    for seed in range(300):
        in_json(np.random.default_rng(seed), {"a": [1, {"b": []}], "c": {"d": [[2]]}})
    assert json.dumps(VALUES) == before
