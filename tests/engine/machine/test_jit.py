"""Code that a process compiled and code that it found in the cache."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.needs_compiler

# What rounds differently where the compiler may choose: sums of a row, and sums of two products.
SCRIPT = """
import hashlib, sys
import numpy as np
from tinynet.core import Parameter, faster
from tinynet.layers import GELU
from tinynet.layers.scaled_dot_product import attend, attend_backward
from tinynet.layers.convolution import convolve, correlate
from tinynet.layers.windows import Sliding
from tinynet.optimizers import Adam
faster.use("compiled")
rng = np.random.default_rng(0)

def draw(*shape):
    return rng.normal(size=shape).astype(np.float32)

sliding = Sliding((3, 3), padding=((1, 1), (1, 1)))
results = {}
results["Winograd"] = [
    convolve(draw(4, 16, 8, 8), draw(32, 16, 3, 3), draw(32), sliding, 1),
    correlate(draw(4, 16, 8, 8), draw(4, 32, 8, 8), sliding, 1),
]
q, k, v, dy = (draw(2, 2, 40, 24) for _ in range(4))
heads, log_sum = attend(q, k, v, True, None)
results["attention"] = [heads, log_sum, *attend_backward(dy, q, k, v, heads, log_sum, True, None)]
results["depthwise"] = [convolve(draw(4, 8, 9, 9), draw(8, 1, 3, 3), draw(8), sliding, 8)]
w, adam = Parameter(draw(2000)), Adam(0.1)
for _ in range(3):
    w.accumulate(draw(2000))
    adam.step({"w": w})
results["Adam"] = [w.tensor]
layer = GELU()
results["GELU"] = [layer.forward(draw(20, 100)), layer.recall().slope]
for name, arrays in results.items():
    print(name, hashlib.sha256(b"".join(np.ascontiguousarray(x).tobytes() for x in arrays)).hexdigest())
"""


def test_the_process_that_compiles_computes_the_bits_of_all_later_ones(tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "NUMBA_DISABLE_JIT": "0"}

    def run() -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, env=environment
        )

    first, second = run(), run()
    assert "compiling" in first.stderr
    assert second.stderr == ""
    assert first.stdout.splitlines() == second.stdout.splitlines()
    assert len(first.stdout.splitlines()) == 5


def test_the_machine_room_is_compiled_for_the_family_that_calls_it() -> None:
    jit = pytest.importorskip("tinynet.engine.machine.jit")
    assert jit._family("tinynet.engine.gelu.compiled") == "gelu"
    assert jit._family("tests.engine") is None
    assert jit._family("tinynet.engine.machine.gemm.panels") == "threads"  # no family is among the callers
    called_by_linear = {"__name__": "tinynet.engine.linear", "jit": jit}
    exec("family = jit._family('tinynet.engine.machine.gemm.panels')", called_by_linear)
    assert called_by_linear["family"] == "linear"
