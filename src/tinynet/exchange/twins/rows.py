"""What PyTorch has with the features before the time, for (N, T, C)."""

from __future__ import annotations

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

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.mT).mT


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

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.mT).mT


class ZeroPad1D(nn.ZeroPad1d):
    """For sequences with the features last, (N, T, C)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.mT).mT


class ReflectionPad1D(nn.ReflectionPad1d):
    """For sequences with the features last, (N, T, C)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.mT).mT


class BatchNorm1D(nn.BatchNorm1d):
    """For rows (N, C), and for sequences with the features last, (N, T, C)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.mT).mT if x.ndim == 3 else super().forward(x)
