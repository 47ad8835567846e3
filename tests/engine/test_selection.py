"""Which replacement runs: by choice, by size, and by what can be loaded."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tinynet.core import faster
from tinynet.engine import convolution
from tinynet.engine.loops import convolution as loops
from tinynet.engine.serves import MIN_SAMPLE_SIZE, compiled_code
from tinynet.layers.convolution import convolve, convolve_back, correlate
from tinynet.layers.windows import Sliding

THREE = Sliding((3, 3), padding=((1, 1), (1, 1)))
FLOAT32 = np.dtype(np.float32)


def test_use_as_a_statement_and_as_a_context() -> None:
    before = faster.in_use()
    with faster.use("loops"):
        assert faster.in_use() == "loops"
        faster.use("plain")
        assert faster.in_use() == "plain"
    assert faster.in_use() == before


def test_auto_compiles_for_large_samples_only() -> None:
    pytest.importorskip("numba")
    with faster.use("auto"):
        assert compiled_code("relu", MIN_SAMPLE_SIZE - 1) is None
        assert compiled_code("relu", MIN_SAMPLE_SIZE).__name__ == "tinynet.engine.relu.compiled"
    with faster.use("compiled"):
        assert compiled_code("relu", 1).__name__ == "tinynet.engine.relu.compiled"


def way(channels: int, size: tuple[int, int], outputs: int = 1) -> str:
    return convolution.route("convolve", size, (outputs, channels, 3, 3), THREE, 1, FLOAT32)


def test_auto_compiles_a_convolution_of_many_numbers_or_many_products() -> None:
    pytest.importorskip("numba")
    with faster.use("auto"):
        assert way(1, (54, 55)) == "gathered"  # 2,970 numbers
        assert way(1, (60, 50)) == "direct"  # 3,000
        assert way(1, (30, 25), outputs=4) == "direct"  # 3,000 come out
        assert way(7, (8, 9), outputs=7) == "gathered"  # 31,752 products
        assert way(7, (8, 10), outputs=7) == "direct"  # 35,280
    with faster.use("compiled"):
        assert way(1, (3, 3)) == "direct"


@pytest.mark.needs_compiler
@pytest.mark.parametrize(("n_channels", "expected"), [(4, "gathered"), (8, "compiled"), (64, "compiled")])
def test_auto_looks_at_one_sample_whatever_the_batch(n_channels: int, expected: str) -> None:
    rng = np.random.default_rng(0)  # of numbers that are rounded, the last bits differ from way to way
    x = rng.normal(size=(50, n_channels, 8, 8)).astype(np.float32)
    W = rng.normal(size=(n_channels, n_channels, 3, 3)).astype(np.float32)

    def sums(of_this: object) -> list[np.ndarray]:
        return [
            of_this.convolve(x, W, None, THREE, 1),
            of_this.convolve_back(x, W, (8, 8), THREE, 1),
            of_this.correlate(x, x, THREE, 1),
        ]

    with faster.use("auto" if expected == "gathered" else "compiled"):
        true = sums(convolution.gathered if expected == "gathered" else convolution)
    with faster.use("auto"):
        found = [convolve(x, W, None, THREE, 1), convolve_back(x, W, (8, 8), THREE, 1), correlate(x, x, THREE, 1)]
    for one, other in zip(found, true, strict=True):
        np.testing.assert_array_equal(one, other)


def test_use_is_undone_by_an_error() -> None:
    before = faster.in_use()
    with pytest.raises(ZeroDivisionError), faster.use("loops"):
        1 / 0  # noqa: B018
    assert faster.in_use() == before


def test_unknown_choice() -> None:
    with pytest.raises(ValueError, match=r"use: choice must be one of .* got 'loop'.\nHint: did you mean 'loops'"):
        faster.use("loop")


def test_what_is_chosen_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(loops, "products", lambda *_: calls.append("loops") or iter(()))
    with faster.use("loops"):
        y = convolve(np.ones((1, 1, 2, 2)), np.ones((1, 1, 1, 1)), np.full(1, 7.0), Sliding((1, 1)), 1)
    assert calls == ["loops"]
    np.testing.assert_array_equal(y, np.full((1, 1, 2, 2), 7))


def test_without_numba_the_lesson_and_numpy_serve() -> None:
    script = """
import sys
sys.modules["numba"] = None
import numpy as np
from tinynet.core import faster
from tinynet.engine import convolution, serves
from tinynet.layers import Conv2D
from tinynet.layers.windows import Sliding
faster.use("compiled")
y = Conv2D(1, 2, 3)(np.ones((1, 1, 80, 80), np.float32))
way = convolution.route("convolve", (80, 80), (2, 1, 3, 3), Sliding((3, 3)), 1, np.dtype(np.float32))
print(serves.compiled_code("relu", 9999), serves.compiled_code("convolution", 9999), way, y.shape[3])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["None", "None", "gathered", "78"]


def test_small_convolutions_load_no_numba() -> None:
    script = """
import sys
import numpy as np
import tinynet.engine.convolution
from tinynet.core import faster
from tinynet.layers import Conv2D
layer = Conv2D(1, 2, 3)
layer.backward(layer(np.ones((9, 1, 8, 8), np.float32)))
print("numba" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("writable", [True, False])
def test_compiled_code_is_kept_where_that_is_possible(writable: bool, tmp_path: Path) -> None:
    pytest.importorskip("numba")
    (tmp_path / "file").touch()
    home = tmp_path if writable else tmp_path / "file"  # nothing can be made below a file, even by root
    script = """
import numpy as np
from tinynet.core import faster
from tinynet.layers import ReLU
faster.use("compiled")
for _ in range(2):
    y = ReLU()(np.array([[3.0, -1.0]]))
print(y.sum())
"""

    def run() -> tuple[str, str]:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", script],
            capture_output=True, text=True, check=True,
            env={**os.environ, "XDG_CACHE_HOME": str(home), "NUMBA_DISABLE_JIT": "0"},
        )  # fmt: skip
        return done.stdout, done.stderr

    said = "Tinynet: compiling its fast code for relu, for some seconds, "
    if writable:
        folder = tmp_path / "tinynet" / "kernels"
        output, first = run()
        assert output == "3.0\n"
        assert first.startswith(f"{said}once; it is kept in {folder}")
        assert first.count("\n") == 1
        assert run() == ("3.0\n", "")  # nothing is compiled twice
    else:
        assert run() == ("3.0\n", f"{said}for this run only: the cache is read-only or not private\n")
