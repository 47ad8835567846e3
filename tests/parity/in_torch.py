"""What PyTorch gives for a configuration, in float64."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch

from tests.parity import arrays
from tests.parity.torch_losses import LOSSES
from tests.parity.torch_modules import MODULES, REAL_NAMES
from tests.parity.torch_optimizers import OPTIMIZERS

torch.set_default_dtype(torch.float64)  # else NAdam keeps a product of its own in float32

Configuration = dict[str, Any]
Values = dict[str, np.ndarray]


def values(configuration: Configuration) -> Values:
    """The same entries as `in_tinynet.values`."""
    piece = configuration["piece"]
    if piece in OPTIMIZERS:
        return trajectory(configuration)
    return loss_values(configuration) if piece in LOSSES else layer_values(configuration)


def layer_values(configuration: Configuration) -> Values:
    module = MODULES[configuration["piece"]](*configuration.get("positional", []), **arrays.arguments(configuration))
    module = module.double().train(configuration.get("training", True))
    parameters = {_path(path): parameter for path, parameter in module.named_parameters()}
    for path, parameter in parameters.items():
        parameter.data = torch.from_numpy(arrays.numbers(configuration, path, parameter.shape))
    buffers = {_path(path): array for path, array in module.named_buffers()}
    for path, array in buffers.items():
        if array.is_floating_point():
            array.copy_(torch.from_numpy(arrays.statistic(configuration, path, array.shape)))
    inputs = [torch.from_numpy(x).requires_grad_(x.dtype.kind == "f") for x in arrays.inputs(configuration)]
    options = {"output_size": configuration["output_size"]} if "output_size" in configuration else {}
    mask = arrays.padding_mask(configuration)
    if mask is not None:
        options["mask"] = torch.from_numpy(mask)
    attention_mask = arrays.attention_mask(configuration)
    if attention_mask is not None:
        options["attn_mask"] = torch.from_numpy(attention_mask)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Using padding='same'")  # it is slower, which does not matter here
        y = module(*inputs, **options)
    outputs = y if isinstance(y, tuple) else (y,)
    floating = [y for y in outputs if y.is_floating_point()]
    dy = [torch.from_numpy(arrays.numbers(configuration, f"dy{i}", y.shape)) for i, y in enumerate(floating)]
    torch.autograd.backward(floating, dy)
    found = {f"y{i}": y for i, y in enumerate(outputs)}
    found |= {f"dx{i}": x.grad for i, x in enumerate(inputs) if x.requires_grad}
    found |= {f"d {path}": parameter.grad for path, parameter in parameters.items()}
    found |= buffers
    return {name: value.detach().numpy() for name, value in found.items()}


def _path(path: str) -> str:
    """The path of the same thing in Tinynet."""
    for theirs, ours in REAL_NAMES.items():
        path = path.replace(theirs, ours)
    return path


def loss_values(configuration: Configuration) -> Values:
    inputs = [torch.from_numpy(x).requires_grad_() for x in arrays.inputs(configuration)]
    options = {name: _tensors(value) for name, value in arrays.options(configuration).items()}
    truth = _tensors(arrays.truth(configuration))
    predicted = tuple(inputs) if len(inputs) > 1 else inputs[0]
    loss = LOSSES[configuration["piece"]](predicted, truth, **options)
    loss.backward()
    return {"loss": loss.detach().numpy()} | {f"dx{i}": x.grad.numpy() for i, x in enumerate(inputs)}


def _tensors(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_tensors(item) for item in value)
    return torch.from_numpy(np.asarray(value)) if isinstance(value, np.ndarray) else value


def trajectory(configuration: Configuration) -> Values:
    parameters = [torch.nn.Parameter(torch.from_numpy(w)) for w in arrays.start(configuration)]
    optimizer = OPTIMIZERS[configuration["piece"]](parameters, **arrays.arguments(configuration))
    found = {}
    for step in range(1, arrays.N_STEPS + 1):
        for parameter, noise in zip(parameters, arrays.noise(configuration, step), strict=True):
            parameter.grad = parameter.detach() + torch.from_numpy(noise)
        optimizer.step()
        if step in (1, 2, arrays.N_STEPS):
            found |= {f"step {step}: {i}": p.detach().numpy().copy() for i, p in enumerate(parameters)}
    return found
