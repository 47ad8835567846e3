"""The command line trains on the real MNIST, where TINYNET_DATA names a folder that has it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tinynet as tn
from tinynet.data import mnist
from tinynet.metrics import accuracy

TINYNET = Path(sys.executable).parent / "tinynet"

pytestmark = pytest.mark.skipif(
    not (Path(os.environ.get("TINYNET_DATA") or "/nowhere") / "mnist").exists(),
    reason="TINYNET_DATA names no folder with mnist",
)


@pytest.mark.parametrize(("model", "epochs", "wanted"), [("mnist_cnn", 3, 0.988), ("mlp", 5, 0.975)])
def test_reaches_the_accuracy_that_it_is_known_for(model: str, epochs: int, wanted: float, tmp_path: Path) -> None:
    run = tmp_path / "run"
    command = [TINYNET, "train", "mnist", "--model", model, "--epochs", str(epochs), "--out", run]
    subprocess.run(command, check=True)
    _, test = mnist()
    net = tn.load(run / "model.safetensors")
    assert accuracy(net.predict(test.x), test.y) >= wanted
    assert (run / "report.html").stat().st_size > 100_000
