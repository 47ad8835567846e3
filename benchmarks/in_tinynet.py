"""The workloads of the comparison in Tinynet."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np

import tinynet as tn
from tinynet import models
from tinynet.core import faster
from tinynet.layers import Conv2D, Dropout, Flatten, GlobalAvgPool2D, Linear, MaxPool2D, ReLU
from tinynet.losses import cross_entropy
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam, Optimizer


def lenet() -> Net:
    body = [Conv2D(1, 6, 5, padding=2), ReLU(), MaxPool2D(2), Conv2D(6, 16, 5), ReLU(), MaxPool2D(2), Flatten()]
    return Net([*body, Linear(400, 120), ReLU(), Linear(120, 84), ReLU(), Linear(84, 10)])


def vgg() -> Net:
    layers, channels = [], 3
    for width in (64, "pool", 128, "pool", 256, 256, "pool"):
        if width == "pool":
            layers.append(MaxPool2D(2))
        else:
            layers += [Conv2D(channels, width, 3, padding=1), ReLU()]
            channels = width
    return Net([*layers, Flatten(), Linear(4096, 256), ReLU(), Linear(256, 10)])


def stack(width: int, depth: int) -> Net:
    layers = [Conv2D(3, width, 3, padding=1), ReLU()]
    for _ in range(depth - 1):
        layers += [Conv2D(width, width, 3, padding=1), ReLU()]
    return Net([*layers, GlobalAvgPool2D(), Linear(width, 10)])


NETS = {
    "mlp": models.mlp,
    "lenet": lenet,
    "mnist_cnn": models.mnist_cnn,
    "resnet20": models.resnet20,
    "vgg": vgg,
    "gpt": models.char_gpt,
    "lstm": models.char_lstm,
    "mobilenet": models.mobilenet,
}


def build(workload: str) -> Net:
    """The net of a workload, with the sizes in the name of a stack."""
    if workload.startswith("stack-"):
        return stack(*map(int, workload.removeprefix("stack-").split("x")))
    return NETS[workload]()


class Side:
    """One network in training, from its first weights for seed 0, which are written to a path if nothing is there."""

    name = "tinynet"

    def __init__(self, workload: str, optimizer: str, weights: str, threads: int, body: str) -> None:
        tn.seed(0)
        tn.threads(threads)
        if body:
            faster.use(body)
        self.net = build(workload)
        self.optimizer: Optimizer = SGD(lr=0.01, momentum=0.9) if optimizer == "sgd" else Adam(lr=0.001)
        if not Path(weights).exists():
            np.savez(weights, *[parameter.tensor for parameter in self.net.parameters().values()])

    def step(self, x: np.ndarray, labels: np.ndarray) -> float:
        loss, gradient = cross_entropy(self.net.forward(x), labels)
        self.net.backward(gradient, input_gradient=False)
        self.net.update(self.optimizer)
        return loss

    def inference(self) -> AbstractContextManager:
        return self.net.evaluating()

    def infer(self, x: np.ndarray) -> None:
        self.net.forward(x)

    def without_dropout(self) -> None:
        for _, layer in self.net.layers_inside():
            if isinstance(layer, Dropout):
                layer.p = 0.0

    def with_dropout(self) -> None:
        shares = [0.25, 0.5]
        for _, layer in self.net.layers_inside():
            if isinstance(layer, Dropout) and shares:
                layer.p = shares.pop(0)

    def multiply_adds(self, x: np.ndarray) -> int:
        return self.net.summary(x.shape[1:]).totals["multiply_adds"] * len(x)
