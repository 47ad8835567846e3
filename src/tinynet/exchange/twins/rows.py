"""What PyTorch has with the features before the time, for (N, T, C)."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class Conv1D(nn.Conv1d):
    """For sequences with the features last, (N, T, C)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.mT).mT


class ConvTranspose1D(nn.ConvTranspose1d):
    """For sequences with the features last, (N, T, C)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.mT).mT


class MaxPool1D(nn.MaxPool1d):
    """For sequences with the features last, (N, T, C)."""

    def forward(self, x: torch.Tensor) -> Any:
        y = super().forward(x.mT)
        return tuple(each.mT for each in y) if self.return_indices else y.mT


class MaxUnpool1D(nn.MaxUnpool1d):
    """For sequences with the features last, (N, T, C); the size of the output is their length, a shape, or none."""

    def forward(self, x: torch.Tensor, indices: torch.Tensor, output_size: Any = None) -> torch.Tensor:
        size = output_size
        if isinstance(size, (tuple, list)) and len(size) == 3:
            size = size[1]
        return super().forward(x.mT, indices.mT, [size] if isinstance(size, int) else size).mT


class AvgPool1D(nn.AvgPool1d):
    """For sequences with the features last, (N, T, C)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.mT).mT


class AdaptiveAvgPool1D(nn.AdaptiveAvgPool1d):
    """For sequences with the features last, (N, T, C)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.mT).mT


class AdaptiveMaxPool1D(nn.AdaptiveMaxPool1d):
    """For sequences with the features last, (N, T, C)."""

    def forward(self, x: torch.Tensor) -> Any:
        y = super().forward(x.mT)
        return tuple(each.mT for each in y) if self.return_indices else y.mT


class ZeroPad1D(nn.ZeroPad1d):
    """For sequences with the features last, (N, T, C)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.mT).mT


class ReflectionPad1D(nn.ReflectionPad1d):
    """For sequences with the features last, (N, T, C)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.mT).mT


class ReplicationPad1D(nn.ReplicationPad1d):
    """For sequences with the features last, (N, T, C)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.mT).mT


class BatchNorm1D(nn.BatchNorm1d):
    """For rows (N, C), and for sequences with the features last, (N, T, C)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.mT).mT if x.ndim == 3 else super().forward(x)
