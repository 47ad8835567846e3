"""Selecting the body of the kernels."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tinynet import engine as kernels
from tinynet.core import faster


def test_use_as_a_statement_and_as_a_context() -> None:
    before = faster.in_use()
    with faster.use("loops"):
        assert faster.in_use() == "loops"
        assert kernels.body("convolution").__name__.endswith("convolution.loops")
        faster.use("plain")
        assert kernels.body("convolution").__name__.endswith("convolution.vectorized")
    assert faster.in_use() == before


def test_auto_compiles_for_large_samples_only() -> None:
    with faster.use("auto"):
        assert kernels.body("convolution", 2999).__name__.endswith("convolution.vectorized")
        assert kernels.body("convolution", 3000).__name__.endswith("convolution.compiled")
    with faster.use("compiled"):
        assert kernels.body("convolution", 1).__name__.endswith("convolution.compiled")


@pytest.mark.parametrize(("n_channels", "body"), [(4, "vectorized"), (8, "compiled"), (64, "compiled")])
def test_auto_looks_at_one_sample_whatever_the_batch(n_channels: int, body: str) -> None:
    rng = np.random.default_rng(0)  # of numbers that are rounded, bodies differ in the last bits
    x = rng.normal(size=(50, n_channels, 8, 8)).astype(np.float32)
    W = rng.normal(size=(n_channels, n_channels, 3, 3)).astype(np.float32)
    setting = ((1, 1), ((1, 1), (1, 1)), (1, 1), 1)
    with faster.use(body):
        expected = kernels.convolution.forward(x, W, None, *setting)
        dx = kernels.convolution.input_gradient(x, W, (8, 8), *setting)
        dW = kernels.convolution.weight_gradient(x, x, (3, 3), *setting)
    with faster.use("auto"):
        np.testing.assert_array_equal(kernels.convolution.forward(x, W, None, *setting), expected)
        np.testing.assert_array_equal(kernels.convolution.input_gradient(x, W, (8, 8), *setting), dx)
        np.testing.assert_array_equal(kernels.convolution.weight_gradient(x, x, (3, 3), *setting), dW)


def test_use_is_undone_by_an_error() -> None:
    before = faster.in_use()
    with pytest.raises(ZeroDivisionError), faster.use("loops"):
        1 / 0  # noqa: B018
    assert faster.in_use() == before


def test_unknown_body() -> None:
    with pytest.raises(
        ValueError, match=r"kernels\.use: body must be one of .* got 'loop'.\nHint: did you mean 'loops'"
    ):
        faster.use("loop")


def test_the_body_that_is_selected_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    from tinynet.engine.convolution import loops

    calls = []
    monkeypatch.setattr(loops, "products", lambda *_: calls.append("loops") or iter(()))
    with faster.use("loops"):
        y = kernels.convolution.forward(
            np.ones((1, 1, 2, 2)), np.ones((1, 1, 1, 1)), np.full(1, 7.0), (1, 1), ((0, 0), (0, 0)), (1, 1), 1
        )
    assert calls == ["loops"]
    np.testing.assert_array_equal(y, np.full((1, 1, 2, 2), 7))


def test_without_numba_the_vectorized_body_serves() -> None:
    script = """
import sys
sys.modules["numba"] = None
from tinynet import engine as kernels
from tinynet.core import faster
faster.use("compiled")
print(kernels.body("convolution").__name__, kernels.body("pooling").__name__)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["tinynet.engine.convolution.vectorized", "tinynet.engine.pooling.vectorized"]


def test_importing_kernels_loads_no_numba() -> None:
    script = "import sys, tinynet.engine; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("writable", [True, False])
def test_compiled_code_is_kept_where_that_is_possible(writable: bool, tmp_path: Path) -> None:
    pytest.importorskip("numba")
    (tmp_path / "file").touch()
    home = tmp_path if writable else tmp_path / "file"  # nothing can be made below a file, whoever runs this
    script = """
import numpy as np
from tinynet import engine as kernels
from tinynet.core import faster
faster.use("compiled")
for _ in range(2):
    y, cells = kernels.pooling.maximum(np.arange(4.0).reshape(1, 1, 2, 2), (2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1))
print(y.item())
"""

    def run() -> tuple[str, str]:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", script],
            capture_output=True, text=True, check=True,
            env={**os.environ, "XDG_CACHE_HOME": str(home), "NUMBA_DISABLE_JIT": "0"},
        )  # fmt: skip
        return done.stdout, done.stderr

    said = "Tinynet: compiling kernels (pooling) for this machine, "
    if writable:
        folder = tmp_path / "tinynet" / "kernels"
        output, first = run()
        assert output == "3.0\n"
        assert first.startswith(f"{said}kept in {folder}")
        assert first.count("\n") == 1
        assert run() == ("3.0\n", "")  # nothing is compiled twice
    else:
        assert run() == ("3.0\n", f"{said}for this run only: the cache is read-only\n")
