"""What Tinynet gives for a configuration."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.parity import arrays
from tinynet import layers, losses, net, optimizers
from tinynet.core import Parameter
from tinynet.layers import Layer
from tinynet.optimizers import Optimizer

Configuration = dict[str, Any]
Values = dict[str, np.ndarray]


def residual(channels: int, out_channels: int, shortcut: bool) -> Layer:
    body = [layers.Conv2D(channels, out_channels, 3, padding=1), layers.Tanh()]
    return net.Residual(body, layers.Conv2D(channels, out_channels, 1) if shortcut else None)


def concat(channels: int, out_channels: tuple[int, ...]) -> Layer:
    return net.Concat([layers.Conv2D(channels, out, 3, padding=1) for out in out_channels])


def groups(first: tuple[float, float], rest: tuple[float, float], clip_norm: float | None) -> Optimizer:
    rules = [optimizers.SGD(lr, weight_decay=decay) for lr, decay in (first, rest)]
    return optimizers.ParameterGroups(list(zip("0*", rules, strict=True)), clip_norm=clip_norm)


COMPOSED = {"Residual": residual, "Concat": concat}
RECURRENT = ("RNN", "LSTM", "GRU")


def values(configuration: Configuration) -> Values:
    """Outputs and every gradient of a layer, a loss and its gradient, or where an optimizer has come to."""
    piece = configuration["piece"]
    if hasattr(optimizers, piece):
        return trajectory(configuration)
    return loss_values(configuration) if hasattr(losses, piece) else layer_values(configuration)


def build(configuration: Configuration) -> Layer:
    piece = configuration["piece"]
    make = COMPOSED.get(piece) or getattr(layers, piece)
    layer = make(*configuration.get("positional", []), **arrays.arguments(configuration)).astype(np.float64)
    state = layer.state()
    for path, parameter in layer.parameters().items():
        state[path] = arrays.numbers(configuration, path, parameter.shape)
    for path, array in state.items():
        if path not in layer.parameters() and array.dtype.kind == "f":
            state[path] = arrays.statistic(configuration, path, array.shape)
    layer.load_state(state)
    return layer if configuration.get("training", True) else layer.eval()


def layer_values(configuration: Configuration) -> Values:
    layer = build(configuration)
    inputs: list[Any] = list(arrays.inputs(configuration))
    if "output_size" in configuration:
        inputs.append(tuple(configuration["output_size"]))
    y = layer.forward(*inputs, **masks(configuration))
    outputs = y if isinstance(y, tuple) else (y,)
    dy = [arrays.numbers(configuration, f"dy{i}", y.shape) for i, y in enumerate(outputs) if y.dtype.kind == "f"]
    dx = layer.backward(*dy)
    found = {f"y{i}": y for i, y in enumerate(outputs)}
    returned = dx if isinstance(dx, tuple) else (dx,)
    found |= {f"dx{i}": gradient for i, gradient in enumerate(returned) if gradient is not None}
    found |= {f"d {path}": parameter.gradient for path, parameter in layer.parameters().items()}
    return found | {path: array for path, array in layer.state().items() if path not in layer.parameters()}


def masks(configuration: Configuration) -> dict[str, np.ndarray]:
    """The masks of a configuration, under the names that the layer has for them."""
    padding = "padding_mask" if configuration["piece"] in RECURRENT else "key_padding_mask"
    given = {padding: arrays.padding_mask(configuration), "attn_mask": arrays.attention_mask(configuration)}
    return {name: mask for name, mask in given.items() if mask is not None}


def loss_values(configuration: Configuration) -> Values:
    loss = getattr(losses, configuration["piece"])
    inputs = arrays.inputs(configuration)
    predicted = tuple(inputs) if len(inputs) > 1 else inputs[0]
    value, gradient = loss(predicted, arrays.truth(configuration), **arrays.options(configuration))
    gradients = gradient if isinstance(gradient, tuple) else (gradient,)
    return {"loss": np.array(value)} | {f"dx{i}": gradient for i, gradient in enumerate(gradients)}


def trajectory(configuration: Configuration) -> Values:
    make = groups if configuration["piece"] == "ParameterGroups" else getattr(optimizers, configuration["piece"])
    optimizer = make(**arrays.arguments(configuration))
    parameters = {str(i): Parameter(w, dtype=np.float64) for i, w in enumerate(arrays.start(configuration))}
    found = {}
    for step in range(1, arrays.N_STEPS + 1):
        for parameter, noise in zip(parameters.values(), arrays.noise(configuration, step), strict=True):
            parameter.accumulate(parameter.tensor + noise)
        optimizer.step(parameters)
        if step in (1, 2, arrays.N_STEPS):
            found |= {f"step {step}: {name}": p.tensor.copy() for name, p in parameters.items()}
    return found
