"""What the tests of `export_pytorch` share: the exported module, comparisons, and a step of training on both sides."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch

import tinynet as tn
from tinynet import layers, losses, optimizers


def twin_of(net: layers.Layer, folder: Path) -> Any:
    """The exported module, loaded as anybody would."""
    path = tn.export_pytorch(net, folder)
    shutil.rmtree(folder / "__pycache__", ignore_errors=True)  # Python takes a file of the same second for the same
    spec = importlib.util.spec_from_file_location("exported", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.load_model()


def outputs(y: Any) -> list[np.ndarray]:
    return [
        np.asarray(getattr(each, "detach", lambda each=each: each)()) for each in (y if isinstance(y, tuple) else (y,))
    ]


def must_agree(found: Any, expected: Any, tolerance: float = 1e-5) -> None:
    for ours, theirs in zip(outputs(found), outputs(expected), strict=True):
        assert ours.shape == theirs.shape
        assert np.allclose(ours, theirs, rtol=tolerance, atol=tolerance)


def one_step(net: layers.Layer, inputs: tuple[np.ndarray, ...]) -> float:
    """The mean squared distance of the first output from 1 after a step of SGD on it."""

    def loss() -> tuple[float, list[np.ndarray]]:
        y = outputs(net.forward(*inputs))
        value, dy = losses.mean_squared_error(y[0], np.ones_like(y[0]))
        return value, [dy, *[np.zeros_like(other) for other in y[1:]]]

    net.backward(*loss()[1])
    optimizers.SGD(lr=0.01).step(net.parameters())
    return loss()[0]


def one_step_in_torch(module: Any, inputs: list[Any]) -> float:
    def loss() -> Any:
        y = module(*inputs)
        return ((y[0] if isinstance(y, tuple) else y) - 1).square().mean()

    loss().backward()
    torch.optim.SGD(module.parameters(), lr=0.01).step()
    return loss().item()
