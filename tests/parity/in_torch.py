"""What PyTorch gives for a configuration, in float64."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from tests.parity import arrays

Configuration = dict[str, Any]
Values = dict[str, np.ndarray]


class Residual(nn.Module):
    def __init__(self, channels: int, out_channels: int, shortcut: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(channels, out_channels, 3, padding=1), nn.Tanh())
        self.shortcut = nn.Sequential(nn.Conv2d(channels, out_channels, 1)) if shortcut else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x) + self.shortcut(x)


class Concat(nn.Module):
    def __init__(self, channels: int, out_channels: tuple[int, ...]) -> None:
        super().__init__()
        self.branches = nn.ModuleList(nn.Sequential(nn.Conv2d(channels, n, 3, padding=1)) for n in out_channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([branch(x) for branch in self.branches], dim=1)


MODULES: dict[str, Callable[..., nn.Module]] = {
    "Linear": nn.Linear,
    "Flatten": nn.Flatten,
    "Dropout": lambda p: nn.Dropout(p).eval(),
    "ReLU": nn.ReLU,
    "LeakyReLU": nn.LeakyReLU,
    "Sigmoid": nn.Sigmoid,
    "Tanh": nn.Tanh,
    "Softmax": lambda axis: nn.Softmax(dim=axis),
    "LogSoftmax": lambda axis: nn.LogSoftmax(dim=axis),
    "Conv2D": nn.Conv2d,
    "ConvTranspose2D": nn.ConvTranspose2d,
    "MaxPool2D": lambda return_switches, **rest: nn.MaxPool2d(**rest, return_indices=return_switches),
    "MaxUnpool2D": nn.MaxUnpool2d,
    "AvgPool2D": nn.AvgPool2d,
    "Residual": Residual,
    "Concat": Concat,
}


def mean_squared_error(predicted: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    return functional.mse_loss(predicted, truth)


def cross_entropy(predicted: torch.Tensor, truth: torch.Tensor, axis: int) -> torch.Tensor:
    if truth.is_floating_point():
        truth = truth.movedim(axis, 1)
    return functional.cross_entropy(predicted.movedim(axis, 1), truth)  # the classes come second there


LOSSES = {"cross_entropy": cross_entropy, "mean_squared_error": mean_squared_error}
OPTIMIZERS = {"SGD": torch.optim.SGD, "Adam": torch.optim.Adam}


def values(configuration: Configuration) -> Values:
    """The same entries as `in_tinynet.values`."""
    piece = configuration["piece"]
    if piece in OPTIMIZERS:
        return trajectory(configuration)
    return loss_values(configuration) if piece in LOSSES else layer_values(configuration)


def layer_values(configuration: Configuration) -> Values:
    module = MODULES[configuration["piece"]](**arrays.arguments(configuration)).double()
    for path, parameter in module.named_parameters():
        parameter.data = torch.from_numpy(arrays.numbers(configuration, path, parameter.shape))
    inputs = [torch.from_numpy(x).requires_grad_(x.dtype.kind == "f") for x in arrays.inputs(configuration)]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Using padding='same'")  # it is slower, which does not matter here
        size = {"output_size": configuration["output_size"]} if "output_size" in configuration else {}
        y = module(*inputs, **size)
    outputs = y if isinstance(y, tuple) else (y,)
    floating = [y for y in outputs if y.is_floating_point()]
    dy = [torch.from_numpy(arrays.numbers(configuration, f"dy{i}", y.shape)) for i, y in enumerate(floating)]
    torch.autograd.backward(floating, dy)
    found = {f"y{i}": y for i, y in enumerate(outputs)}
    found |= {f"dx{i}": x.grad for i, x in enumerate(inputs) if x.requires_grad}
    found |= {f"d {path}": parameter.grad for path, parameter in module.named_parameters()}
    found |= dict(module.named_buffers())
    return {name: value.detach().numpy() for name, value in found.items()}


def loss_values(configuration: Configuration) -> Values:
    predicted = torch.from_numpy(arrays.numbers(configuration, "x", configuration["shape"])).requires_grad_()
    truth = torch.from_numpy(np.asarray(arrays.truth(configuration)))
    loss = LOSSES[configuration["piece"]](predicted, truth, **arrays.arguments(configuration))
    loss.backward()
    return {"loss": loss.detach().numpy(), "dx0": predicted.grad.numpy()}


def trajectory(configuration: Configuration) -> Values:
    parameters = [nn.Parameter(torch.from_numpy(w)) for w in arrays.start(configuration)]
    optimizer = OPTIMIZERS[configuration["piece"]](parameters, **arrays.arguments(configuration))
    found = {}
    for step in range(1, arrays.N_STEPS + 1):
        for parameter, noise in zip(parameters, arrays.noise(configuration, step), strict=True):
            parameter.grad = parameter.detach() + torch.from_numpy(noise)
        optimizer.step()
        if step in (1, 2, arrays.N_STEPS):
            found |= {f"step {step}: {i}": p.detach().numpy().copy() for i, p in enumerate(parameters)}
    return found
