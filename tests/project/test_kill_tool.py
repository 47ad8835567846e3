"""Trainings that are killed at random moments and resumed end bit for bit as one that nobody disturbed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.kill_test.killing import Tally

TOP = Path(__file__).parents[2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="trainings are killed in children of a process")
def test_twenty_kills() -> None:
    words = [sys.executable, "-m", "tools.kill_test", "--number", "20", "--only", "library"]
    done = subprocess.run(words, cwd=TOP, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "20 kills (" in done.stdout
    assert "each ended bit for bit as the undisturbed one" in done.stdout


def test_a_difference_is_a_fault() -> None:
    tally = Tally()
    tally.compare({"a": "1"}, {"a": "1"})
    assert not tally.faults
    tally.compare({"a": "1"}, {"a": "1", "b": "2"})
    tally.compare({"a": "2"}, {"a": "1"})
    assert tally.faults == ["run 2: b is another", "run 3: a is another"]
    assert "run 3: a is another" in str(tally)
