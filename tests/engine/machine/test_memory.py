"""Freed memory stays with the process."""

import subprocess
import sys

import pytest

FAULTS = """
import resource, numpy as np
from tinynet.engine.machine.memory import keep_freed_memory
kept = keep_freed_memory()
np.ones(1 << 20)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):
    np.ones(1 << 20)
print(kept, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def run(monkeypatch: pytest.MonkeyPatch, **environment: str) -> tuple[str, int]:
    for name in ("MALLOC_ARENA_MAX", "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    out = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True).stdout.split()
    return out[0], int(out[1])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc offers the choice")
def test_the_next_array_needs_no_new_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, faults = run(monkeypatch)
    if kept == "True":  # another C library than glibc keeps its own ways
        assert faults < 1000  # without it, fifty arrays of 2,048 pages


def test_who_has_chosen_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, MALLOC_ARENA_MAX="2")[0] == "False"
