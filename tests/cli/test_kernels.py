"""tinynet kernels, and the body that a run computes with."""

import json
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import tinynet as tn
from tinynet import engine as kernels
from tinynet.cli import app, kernel_calls, kernel_table
from tinynet.cli.kernel_table import Speed
from tinynet.core import faster
from tinynet.engine.selection import LARGE
from tinynet.layers import Conv2D, MultiHeadAttention

FOLDERS = sorted(path.parent.name for path in Path(kernels.__file__).parent.glob("*/__init__.py"))


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr(kernel_table, "SECONDS", 1e-9)
    monkeypatch.setattr(kernel_table, "PEAK_SIZE", 64)


@pytest.mark.parametrize("body", ["loops", "vectorized"])
def test_every_kernel_is_listed_with_its_body(tinynet, body, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    result = tinynet("kernels", "--kernels", body)
    assert result.status == 0, result.err
    lines = result.out.splitlines()
    assert max(len(line) for line in lines if "compiled code" not in line) <= 100
    assert lines[0].split() == ["kernels", body]
    assert [line.strip() for line in lines if line.strip() in FOLDERS and line[0] != " "] == FOLDERS
    product = next(line for line in lines if line.startswith("  weight_gradient")).split()
    assert product[1] == body
    assert product[-2].replace(".", "").isdigit()
    assert product[-1].endswith("%")
    assert faster.in_use() == "auto"


def test_what_they_run_on_is_named(tinynet):
    with tn.threads(1):
        out = tinynet("kernels", "--kernels", "vectorized").out
    about = dict(line.split("  ", 1) for line in out.splitlines()[:7] if "  " in line)
    assert about["threads"].strip().startswith("1 of ")
    assert {"peak", "compiler"} <= about.keys()
    assert any(name in out for name in ("openblas", "mkl", "accelerate", "blas"))
    assert "GFLOP/s, a matrix product in float32" in out


def test_auto_says_from_which_size_on_it_compiles():
    assert f"from {LARGE:,} numbers" in kernel_table.surroundings(1.0)["kernels"]


@pytest.mark.parametrize("family", FOLDERS)
@pytest.mark.parametrize("large", [True, False])
def test_every_known_call_can_be_made(family, large):
    calls = kernel_calls.calls(family, large)
    with faster.use("plain"):
        for name, call in calls.items():
            assert name.partition(",")[0] in kernel_table.kernels_of(family)
            assert call.work > 0
            if not large:
                assert kernel_table.best_time(import_module(f"tinynet.engine.{family}"), name, call) > 0


def test_the_work_is_what_the_layers_count():
    x, W = kernel_calls.calls("convolution", large=False)["forward"].arguments[:2]
    layer = Conv2D(x.shape[1], len(W), 3, padding=1)
    counted = layer.multiply_adds(x, layer.forward(x))
    assert [call.multiply_adds for call in kernel_calls.calls("convolution", large=False).values()][:3] == [counted] * 3
    call = kernel_calls.calls("attention", large=False)["forward"]
    n, heads, t, d = call.arguments[0].shape
    layer, x = MultiHeadAttention(heads * d, heads), np.zeros((n, t, heads * d), np.float32)
    projections = 3 * t * n * (heads * d) ** 2
    assert call.multiply_adds == layer.multiply_adds(x, layer.forward(x)) - projections


def test_speed_is_that_for_the_same_work(monkeypatch):
    seconds = iter([0.5, 0.25, *[1.0] * 100])
    monkeypatch.setattr(kernel_table, "best_time", lambda *_: next(seconds))
    monkeypatch.setattr(kernel_table, "calls", lambda _, large: {"forward": kernel_calls.Call((), 8 if large else 2)})
    assert kernel_table.speeds("attention") == {"forward": Speed(0.5, 2.0, 2e-9 * 8 / 0.5)}


def test_a_family_that_is_not_known_is_listed_all_the_same(tinynet, monkeypatch):
    monkeypatch.setattr(kernel_table, "calls", lambda family, large: {})
    lines = tinynet("kernels", "--kernels", "vectorized").out.splitlines()
    assert ["weight_gradient", "vectorized"] in [line.split() for line in lines]


def test_numbers_are_short():
    assert kernel_table.cells(Speed(0.0021, 1234.5, 50.0), "loops", 100.0) == [
        "2.10 ms",
        "1,234 × loops",
        "50.0",
        "50%",
    ]
    assert kernel_table.cells(Speed(2.1e-5, 1.84, None), "vectorized", 100.0) == ["21 µs", "1.8 × NumPy"]


def test_a_cache_that_cannot_be_written_is_said(monkeypatch):
    jit = pytest.importorskip("tinynet.engine.machine.jit")
    monkeypatch.setattr(jit, "cache_folder", lambda: "")
    assert kernel_table.cache() == "not kept: nothing can be written to its folder"


def test_a_machine_without_numba_says_so(monkeypatch):
    monkeypatch.setattr(kernel_table, "find_spec", lambda name: None)
    assert kernel_table.compiler() == "none: Numba is not installed, and NumPy serves instead"
    assert kernel_table.cache() == "none"


# The body of a run.


def test_the_body_is_kept_with_the_run_and_used_again(tinynet, tmp_path, monkeypatch):
    used = []
    evaluate = app.training.evaluate
    monkeypatch.setattr(app.training, "evaluate", lambda *a: used.append(faster.in_use()) or evaluate(*a))
    monkeypatch.setattr(app.show, "write_report", lambda *_: used.append(faster.in_use()))
    run = tmp_path / "run"
    assert tinynet("train", "moons", "--epochs", 1, "--kernels", "vectorized", "--out", run).status == 0
    config = json.loads((run / "config.json").read_text())
    assert config["kernels"] == "vectorized"
    assert "--kernels vectorized" in config["command"]
    assert tinynet("evaluate", run).status == 0
    assert tinynet("evaluate", run, "--kernels", "loops").status == 0
    assert used == ["vectorized", "vectorized", "vectorized", "loops"]
    assert faster.in_use() == "auto"
    assert "called 'loup'" in tinynet("evaluate", run, "--kernels", "loup").err


def test_a_run_says_auto_unless_told(run):
    assert json.loads((run / "config.json").read_text())["kernels"] == "auto"


def test_predict_takes_a_body_too(run, tinynet, tmp_path, monkeypatch):
    used = []
    monkeypatch.setattr(app, "predictions", lambda *_: used.append(faster.in_use()) or ["7"])
    assert tinynet("predict", run, tmp_path / "x.png", "--kernels", "loops").out == "7\n"
    assert tinynet("predict", run, tmp_path / "x.png").status == 0
    assert used == ["loops", "auto"]
