"""Stacks, branches and shapes."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class Net(nn.Sequential):
    """A stack of layers of which some take or give several tensors."""

    def forward(self, *x: Any) -> Any:
        for layer in self:
            x = layer(*x) if isinstance(x, tuple) else layer(x)
        return x


class Named(Net):
    """A stack of layers that have names."""

    def __init__(self, layers: dict[str, nn.Module]) -> None:
        super().__init__()
        self._modules.update(layers)  # for add_module refuses the names of methods, such as "type"


class Padded(nn.Sequential):
    """A stack of layers that hides padding from attention and recurrent layers: lengths, or a mask True at padding."""

    def __init__(self, layers: list[nn.Module]) -> None:
        super().__init__(*layers)

    def forward(self, x: torch.Tensor, padding: torch.Tensor | None = None) -> Any:
        if padding is None:
            return super().forward(x)
        steps = torch.arange(x.shape[1], device=x.device)
        mask = padding if padding.dtype == torch.bool else steps >= padding[:, None]
        given = {nn.MultiheadAttention: {"key_padding_mask": mask}, nn.RNNBase: {"padding_mask": mask}}
        hooks = []
        for layer in self.modules():
            for kind, options in given.items():
                if isinstance(layer, kind):
                    add = with_options(options)
                    hooks.append(layer.register_forward_pre_hook(add, with_kwargs=True))
        try:
            return super().forward(x)
        finally:
            for hook in hooks:
                hook.remove()


def with_options(options: dict[str, Any]) -> Any:
    """What gives a module further options whenever it is called."""
    return lambda module, inputs, given: (inputs, given | options)


class Residual(nn.Module):
    """The sum of a body and a shortcut."""

    def __init__(self, body: nn.Module, shortcut: nn.Module | None = None) -> None:
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x) + (x if self.shortcut is None else self.shortcut(x))


class Concat(nn.Module):
    """The outputs of several branches, side by side along an axis."""

    def __init__(self, branches: list[nn.Module], axis: int = 1) -> None:
        super().__init__()
        self.branches, self.axis = nn.ModuleList(branches), axis

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([branch(x) for branch in self.branches], dim=self.axis)


class Reshape(nn.Module):
    """Each sample in another shape."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.reshape(x.shape[0], *self.shape)


class Permute(nn.Module):
    """The axes of each sample in another order; the batch axis is not counted."""

    def __init__(self, *axes: int) -> None:
        super().__init__()
        self.axes = axes

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.permute(0, *(axis + 1 for axis in self.axes))


class SwiGLU(nn.Module):
    """A linear layer, gated by the SiLU of another."""

    def __init__(
        self, in_features: int, hidden_features: int, out_features: int | None = None, bias: bool = False
    ) -> None:
        super().__init__()
        self.in_features, self.hidden_features = in_features, hidden_features
        self.out_features = in_features if out_features is None else out_features
        self.gate = nn.Linear(in_features, hidden_features, bias)
        self.up = nn.Linear(in_features, hidden_features, bias)
        self.down = nn.Linear(hidden_features, self.out_features, bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.down(nn.functional.silu(self.gate(x)) * self.up(x))


class GlobalAvgPool1D(nn.Module):
    """The mean of each feature over time: (N, T, C) to (N, C)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean(dim=1)


class GlobalAvgPool2D(nn.Module):
    """The mean of each channel: (N, C, H, W) to (N, C)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean(dim=(2, 3))


class GlobalMaxPool1D(nn.Module):
    """The greatest value of each feature over time: (N, T, C) to (N, C)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.amax(dim=1)


class GlobalMaxPool2D(nn.Module):
    """The greatest value of each channel: (N, C, H, W) to (N, C)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.amax(dim=(2, 3))


class MaxUnpool2D(nn.MaxUnpool2d):
    """Takes the size of the output as a tuple, or none."""

    def forward(self, x: torch.Tensor, indices: torch.Tensor, output_size: Any = None) -> torch.Tensor:
        return super().forward(x, indices, output_size)
