"""tinynet kernels, and the body that a run computes with."""

import json
import subprocess
import sys

import numpy as np
import pytest

import tinynet as tn
from tinynet.cli import app, kernel_calls, kernel_routes, kernel_table, served
from tinynet.cli.kernel_table import Speed
from tinynet.cli.predicting import Answer
from tinynet.core import faster
from tinynet.layers import Conv2D, Dropout, Flatten, Linear, ReLU
from tinynet.models import char_gpt
from tinynet.net import Net, Residual

with_engine = pytest.mark.skipif(not served.has_engine(), reason="there is no engine here")


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr(kernel_table, "SECONDS", 1e-9)
    monkeypatch.setattr(kernel_table, "PEAK_SIZE", 64)


@pytest.mark.parametrize("choice", ["loops", "plain"])
def test_all_work_is_listed_with_what_serves_it(tinynet, choice, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(kernel_table, "works", lambda large: kernel_calls.works(large=False))
    result = tinynet("kernels", "--kernels", choice)
    assert result.status == 0, result.err
    lines = result.out.splitlines()
    assert max(len(line) for line in lines if "compiled code" not in line) <= 100
    assert lines[0].split()[:2] == ["kernels", choice if served.has_engine() else f"{choice}:"]
    listed = [line for line in lines if ".forward" in line or ".backward" in line]
    assert len(listed) == 2 * len(kernel_calls.LAYERS)
    convolution = next(line for line in listed if line.startswith("Conv2D.backward")).split()
    assert convolution[1] == (choice if served.has_engine() else "plain")
    assert convolution[-2].replace(".", "").isdigit()
    assert convolution[-1].endswith("%")
    assert faster.in_use() == "auto"


def test_what_they_run_on_is_named(tinynet, monkeypatch):
    monkeypatch.setattr(kernel_table, "works", lambda large: [])
    with tn.threads(1):
        out = tinynet("kernels", "--kernels", "plain").out
    about = dict(line.split("  ", 1) for line in out.splitlines()[:7] if "  " in line)
    assert about["threads"].strip().startswith("1 of ")
    assert {"peak", "compiler"} <= about.keys()
    assert any(name in out for name in ("openblas", "mkl", "accelerate", "blas"))
    assert "GFLOP/s, a matrix product in float32" in out


@with_engine
def test_auto_says_from_which_size_on_it_compiles():
    from tinynet.engine.serves import MIN_SAMPLE_SIZE

    assert f"from {MIN_SAMPLE_SIZE:,} numbers" in kernel_table.surroundings(1.0)["kernels"]


def test_a_house_without_engine_says_so(monkeypatch):
    monkeypatch.setattr(kernel_table, "has_engine", lambda: False)
    assert kernel_table.chosen() == "auto: there is no engine here, so the plain lessons run"


@pytest.mark.parametrize("large", [True, False])
def test_all_work_can_be_done(large):
    names = []
    with faster.use("plain"):
        for work in kernel_calls.works(large):
            names.append(work.name)
            if not large:
                assert kernel_table.best_time(work.call) > 0
    assert (
        len(names)
        == len(set(names))
        == 2 * len(kernel_calls.LAYERS) + len(kernel_calls.LOSSES) + len(kernel_calls.OPTIMIZERS)
    )


def test_the_work_is_what_the_layers_count():
    works = {work.name: work.multiply_adds for work in kernel_calls.works(large=False)}
    layer, x = Conv2D(4, 4, 3, padding=1), np.zeros((1, 4, 6, 6), np.float32)
    assert works["Conv2D.forward"] == layer.multiply_adds(x, layer.forward(x))
    assert works["Conv2D.backward"] == 2 * works["Conv2D.forward"]  # dx and dW
    assert works["ReLU.forward"] == 0


def test_speed_is_that_beside_the_lesson(monkeypatch):
    seconds = iter([0.25, 0.5])
    monkeypatch.setattr(kernel_table, "best_time", lambda _: next(seconds))
    assert kernel_table.speed(kernel_calls.Work("some", lambda: None, 8)) == Speed(0.25, 2.0, 2e-9 * 8 / 0.25)


def test_numbers_are_short():
    assert kernel_table.cells(Speed(0.0021, 1234.5, 50.0), 100.0) == ["2.10 ms", "1,234 × plain", "50.0", "50%"]
    assert kernel_table.cells(Speed(2.1e-5, 1.84, None), 100.0) == ["21 µs", "1.8 × plain"]


@with_engine
def test_a_cache_that_cannot_be_written_is_said(monkeypatch):
    jit = pytest.importorskip("tinynet.engine.machine.jit")
    monkeypatch.setattr(jit, "cache_folder", lambda: "")
    assert kernel_table.cache() == "not kept: its folder cannot be written to"


def test_a_machine_without_numba_says_so(monkeypatch):
    monkeypatch.setattr(kernel_table, "find_spec", lambda name: None)
    assert kernel_table.compiler() == "none: Numba is not installed, and NumPy serves instead"
    assert kernel_table.cache() == "none"


# What serves each layer of a model.


@with_engine
def test_each_layer_is_listed_with_what_serves_it_and_its_route(tinynet, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    lines = {line.split()[0]: line for line in tinynet("kernels", "--for", "mnist_cnn").out.splitlines()}
    assert "compiled: direct" in lines["0"]
    assert "(N, 32, 26, 26)".replace("N", "32") in lines["0"]
    assert "in one pass with MaxPool2D" in "".join(lines.values())
    for path, layer in tn.models.mnist_cnn().layers_inside():
        assert not path or path in lines, layer


@with_engine
def test_pairs_are_named_in_a_process_in_which_nothing_has_run_yet():
    code = """
from tinynet.cli.kernel_routes import routes
from tinynet.layers import BatchNorm1D, ReLU
from tinynet.net import Net
print([row.forward for row in routes(Net([BatchNorm1D(2000), ReLU()]), (2000,))])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "in one pass with ReLU" in done.stdout


@with_engine
def test_a_watched_looking_leaves_the_net_as_it_was():
    net = Net([Residual([Linear(8, 8)]), ReLU(), Dropout(0.5), Linear(8, 2)])
    rows = {row.path: row for row in kernel_routes.routes(net, (8,))}
    assert list(rows) == ["0", "0.body.0", "1", "2", "3"]
    assert rows["0.body.0"].forward == "compiled"
    assert not any({"forward", "backward"} & vars(layer).keys() for _, layer in net.layers_inside())


def test_small_layers_are_plain():
    rows = kernel_routes.routes(Net([Conv2D(1, 2, 3), ReLU(), Flatten()]), (1, 5, 5))
    assert [row.forward for row in rows][1:] == ["plain", "plain"]


def test_models_of_words_are_given_words():
    assert kernel_routes.routes(char_gpt(vocabulary=7, embed_dim=8, num_heads=2, num_layers=1), (4,))


# The body of a run.


def test_the_body_is_kept_with_the_run_and_used_again(tinynet, tmp_path, monkeypatch):
    used = []
    evaluate = app.training.results_of
    monkeypatch.setattr(app.training, "results_of", lambda *a: used.append(faster.in_use()) or evaluate(*a))
    monkeypatch.setattr(app.show, "write_report", lambda *_: used.append(faster.in_use()))
    run = tmp_path / "run"
    assert tinynet("train", "moons", "--epochs", 1, "--kernels", "plain", "--out", run).status == 0
    config = json.loads((run / "config.json").read_text())
    assert config["kernels"] == "plain"
    assert "--kernels plain" in config["command"]
    assert tinynet("evaluate", run).status == 0
    assert tinynet("evaluate", run, "--kernels", "loops").status == 0
    assert used == ["plain", "plain", "plain", "loops"]
    assert faster.in_use() == "auto"
    assert "called 'loup'" in tinynet("evaluate", run, "--kernels", "loup").err


def test_a_run_with_the_name_of_before_goes_on(tinynet, tmp_path):
    run = tmp_path / "run"
    assert tinynet("train", "moons", "--epochs", 1, "--kernels", "vectorized", "--out", run).status == 0
    assert json.loads((run / "config.json").read_text())["kernels"] == "plain"


def test_a_run_says_auto_unless_told(run):
    assert json.loads((run / "config.json").read_text())["kernels"] == "auto"


def test_predict_takes_a_body_too(run, tinynet, tmp_path, monkeypatch):
    used = []
    monkeypatch.setattr(app, "answers", lambda *_: used.append(faster.in_use()) or [Answer("7", True)])
    assert tinynet("predict", run, tmp_path / "x.png", "--kernels", "loops").out == "7\n"
    assert tinynet("predict", run, tmp_path / "x.png").status == 0
    assert used == ["loops", "auto"]
