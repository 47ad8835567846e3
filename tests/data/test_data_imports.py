"""What importing the room loads."""

from __future__ import annotations

import subprocess
import sys


def test_importing_the_room_loads_nothing_heavy() -> None:
    heavy = ("pooch", "requests", "scipy", "matplotlib", "numba")
    script = f"import sys, tinynet.data; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
