"""What `import tinynet` costs."""

import subprocess
import sys

import pytest

from benchmarks.import_time import ratio

HEAVY = ["matplotlib", "numba", "pooch", "rich", "safetensors", "scipy", "typer"]


def test_import_loads_nothing_heavy() -> None:
    script = f"import sys, tinynet; print([name for name in {HEAVY} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("room", ["tinynet.layers", "tinynet.learner", "tinynet.models", "tinynet.data"])
def test_rooms_load_nothing_heavy_either(room: str) -> None:
    script = f"import sys, {room}; print([name for name in {HEAVY} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_import_takes_at_most_twice_the_time_of_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)  # measuring lines would slow down only one of the two
    times, _, _ = ratio(pairs=7)
    assert times <= 2
