"""What each layer is called in PyTorch, or how it is put together there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional

REAL_NAMES = {"wrapped.": "", "self_attn.": "attention."}


class FeaturesLast(nn.Module):
    """A module that wants (N, C, T), for (N, T, C)."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.wrapped = module

    def forward(self, *x: torch.Tensor, **options: Any) -> Any:
        y = self.wrapped(*[each.movedim(-1, 1) for each in x], **options)
        return tuple(each.movedim(1, -1) for each in y) if isinstance(y, tuple) else y.movedim(1, -1)


class Function(nn.Module):
    """A function of one tensor."""

    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


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


class SwiGLU(nn.Module):
    def __init__(self, in_features: int, hidden_features: int, out_features: int, bias: bool) -> None:
        super().__init__()
        self.gate = nn.Linear(in_features, hidden_features, bias)
        self.up = nn.Linear(in_features, hidden_features, bias)
        self.down = nn.Linear(hidden_features, out_features, bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.down(functional.silu(self.gate(x)) * self.up(x))


class LearnedPosition(nn.Module):
    def __init__(self, max_length: int, embedding_dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(max_length, embedding_dim))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.weight[: x.shape[1]]


def angles(x: torch.Tensor, base: float, start: int = 0) -> torch.Tensor:
    """t / base^(2i/D) for each place t from `start` on and each pair i."""
    length, width = x.shape[-2:]
    places = torch.arange(start, start + length, dtype=x.dtype)[:, None]
    return places / base ** (torch.arange(0, width, 2, dtype=x.dtype) / width)


def sinusoidal(x: torch.Tensor) -> torch.Tensor:
    phi = angles(x, 10000.0)
    return x + torch.stack([phi.sin(), phi.cos()], dim=-1).flatten(-2)


def rotary(x: torch.Tensor, base: float, start: int = 0) -> torch.Tensor:
    pairs = torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous())
    turn = torch.polar(torch.ones(1, dtype=x.dtype), angles(x, base, start))
    return torch.view_as_real(pairs * turn).flatten(-2)


class Recurrent(nn.Module):
    """An RNN, LSTM or GRU with a padding mask and separate states."""

    def __init__(self, kind: type, return_state: bool, **arguments: Any) -> None:
        super().__init__()
        self.wrapped = kind(**arguments, batch_first=True)
        self.return_state = return_state

    def forward(self, x: torch.Tensor, *states: torch.Tensor, mask: torch.Tensor | None = None) -> Any:
        first = (states[0] if len(states) == 1 else states) if states else None
        if mask is None:
            y, last = self.wrapped(x, first)
        else:
            lengths = (~mask).sum(dim=1)
            packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            packed, last = self.wrapped(packed, first)
            y, _ = nn.utils.rnn.pad_packed_sequence(packed, batch_first=True, total_length=x.shape[1])
        return (y, *(last if isinstance(last, tuple) else (last,))) if self.return_state else y


def hidden_future(n_queries: int, n_keys: int) -> torch.Tensor:
    """True where a key comes after a query, if the last of both stand together."""
    return torch.ones(n_queries, n_keys, dtype=torch.bool).triu(1 + n_keys - n_queries)


def both(mask: torch.Tensor | None, future: torch.Tensor | None) -> torch.Tensor | None:
    """A mask that hides what either hides; numbers stay numbers."""
    if mask is None or future is None:
        return future if mask is None else mask
    return mask | future if mask.dtype == torch.bool else mask.masked_fill(future, -torch.inf)


def in_numbers(padding: torch.Tensor | None, like: torch.Tensor | None) -> torch.Tensor | None:
    """A padding mask of numbers where the other mask is of numbers: PyTorch wants both of one kind."""
    if padding is None or like is None or like.dtype == torch.bool or padding.dtype != torch.bool:
        return padding
    return torch.zeros(padding.shape, dtype=like.dtype).masked_fill(padding, -torch.inf)


class Attention(nn.Module):
    def __init__(self, embed_dim: int, num_heads: int, bias: bool, causal: bool, rotary: bool) -> None:
        super().__init__()
        self.wrapped = nn.MultiheadAttention(embed_dim, num_heads, bias=bias, batch_first=True)
        self.causal, self.rotary = causal, rotary

    def forward(
        self, *inputs: torch.Tensor, mask: torch.Tensor | None = None, attn_mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        query, key, value = (*inputs, *[inputs[-1]] * (3 - len(inputs)))
        future = hidden_future(query.shape[1], key.shape[1]) if self.causal else None
        future = both(attn_mask, future)
        mask = in_numbers(mask, like=future)
        if self.rotary:
            return self._turned(query, key, value, mask, future)
        y, _ = self.wrapped(query, key, value, key_padding_mask=mask, attn_mask=future, need_weights=False)
        return y

    def _turned(self, q: Any, k: Any, v: Any, mask: Any, future: Any) -> torch.Tensor:
        """What PyTorch's own layer has no place for: rotary positions between the projections and the product."""
        inner = self.wrapped
        b = (None,) * 3 if inner.in_proj_bias is None else inner.in_proj_bias.chunk(3)
        parts = zip((q, k, v), inner.in_proj_weight.chunk(3), b, strict=True)
        q, k, v = (functional.linear(*part).unflatten(-1, (inner.num_heads, -1)).transpose(1, 2) for part in parts)
        hidden = torch.zeros(q.shape[-2], k.shape[-2], dtype=torch.bool) if future is None else future
        hidden = hidden.unflatten(0, (len(q), inner.num_heads)) if hidden.ndim == 3 else hidden
        padding = in_numbers(torch.zeros(1, dtype=torch.bool) if mask is None else mask[:, None, None], like=hidden)
        seen = ~(hidden | padding) if hidden.dtype == torch.bool else hidden + padding
        start = k.shape[-2] - q.shape[-2] if self.causal else 0  # the last positions are aligned
        heads = functional.scaled_dot_product_attention(rotary(q, 10000.0, start), rotary(k, 10000.0), v, seen)
        return inner.out_proj(heads.transpose(1, 2).flatten(-2))


class Block(nn.Module):
    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        mlp_dim: int,
        causal: bool,
        norm_first: bool = True,
        activation: str = "gelu",
    ) -> None:
        super().__init__()
        options = {"activation": activation, "batch_first": True, "norm_first": norm_first}
        self.wrapped = nn.TransformerEncoderLayer(embed_dim, num_heads, mlp_dim, dropout=0.0, **options)
        self.causal = causal

    def forward(
        self, x: torch.Tensor, mask: torch.Tensor | None = None, attn_mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        future = both(attn_mask, hidden_future(x.shape[1], x.shape[1]) if self.causal else None)
        return self.wrapped(x, src_mask=future, src_key_padding_mask=in_numbers(mask, like=future))


def in_rows(kind: Callable[..., nn.Module]) -> Callable[..., nn.Module]:
    """For sequences (N, T, C)."""
    return lambda *given, **arguments: FeaturesLast(kind(*given, **arguments))


def with_indices(kind: Callable[..., nn.Module]) -> Callable[..., nn.Module]:
    """Of pooling that can return indices."""
    return lambda return_switches, **rest: kind(**rest, return_indices=return_switches)


def recurrent(kind: type) -> Callable[..., nn.Module]:
    return lambda **arguments: Recurrent(kind, **arguments)


def upsample(align_corners: bool, mode: str, **size: Any) -> nn.Module:
    return nn.Upsample(**size, mode=mode, align_corners=align_corners if mode == "bilinear" else None)


MODULES: dict[str, Callable[..., nn.Module]] = {
    "Linear": nn.Linear,
    "Flatten": nn.Flatten,
    "Reshape": lambda *shape: Function(lambda x: x.reshape(len(x), *shape)),
    "Permute": lambda *axes: Function(lambda x: x.permute(0, *(axis + 1 for axis in axes))),
    "Dropout": nn.Dropout,
    "Dropout2D": nn.Dropout2d,
    "ReLU": nn.ReLU,
    "LeakyReLU": nn.LeakyReLU,
    "ReLU6": nn.ReLU6,
    "Hardtanh": nn.Hardtanh,
    "Sigmoid": nn.Sigmoid,
    # PyTorch's own has ⅙ in float32 in its derivative, also for float64.
    "Hardsigmoid": lambda: Function(lambda x: functional.relu6(x + 3) / 6),
    "LogSigmoid": nn.LogSigmoid,
    "Tanh": nn.Tanh,
    "GELU": nn.GELU,
    "SiLU": nn.SiLU,
    "Hardswish": nn.Hardswish,
    "Mish": nn.Mish,
    "ELU": nn.ELU,
    "SELU": nn.SELU,
    "Softplus": nn.Softplus,
    "PReLU": nn.PReLU,
    "GLU": lambda axis: nn.GLU(dim=axis),
    "SwiGLU": SwiGLU,
    "Softmax": lambda axis: nn.Softmax(dim=axis),
    "LogSoftmax": lambda axis: nn.LogSoftmax(dim=axis),
    "Conv1D": in_rows(nn.Conv1d),
    "Conv2D": nn.Conv2d,
    "ConvTranspose1D": in_rows(nn.ConvTranspose1d),
    "ConvTranspose2D": nn.ConvTranspose2d,
    "MaxPool1D": with_indices(in_rows(nn.MaxPool1d)),
    "MaxPool2D": with_indices(nn.MaxPool2d),
    "MaxUnpool1D": in_rows(nn.MaxUnpool1d),
    "MaxUnpool2D": nn.MaxUnpool2d,
    "AvgPool1D": in_rows(nn.AvgPool1d),
    "AvgPool2D": nn.AvgPool2d,
    "GlobalAvgPool1D": lambda: Function(lambda x: x.mean(dim=1)),
    "GlobalAvgPool2D": lambda: Function(lambda x: x.mean(dim=(2, 3))),
    "GlobalMaxPool1D": lambda: Function(lambda x: x.amax(dim=1)),
    "GlobalMaxPool2D": lambda: Function(lambda x: x.amax(dim=(2, 3))),
    "AdaptiveAvgPool1D": in_rows(nn.AdaptiveAvgPool1d),
    "AdaptiveAvgPool2D": nn.AdaptiveAvgPool2d,
    "AdaptiveMaxPool1D": with_indices(in_rows(nn.AdaptiveMaxPool1d)),
    "AdaptiveMaxPool2D": with_indices(nn.AdaptiveMaxPool2d),
    "Upsample": upsample,
    "ZeroPad1D": in_rows(nn.ZeroPad1d),
    "ZeroPad2D": nn.ZeroPad2d,
    "ReflectionPad1D": in_rows(nn.ReflectionPad1d),
    "ReflectionPad2D": nn.ReflectionPad2d,
    "ReplicationPad1D": in_rows(nn.ReplicationPad1d),
    "ReplicationPad2D": nn.ReplicationPad2d,
    "BatchNorm1D": in_rows(nn.BatchNorm1d),
    "BatchNorm2D": nn.BatchNorm2d,
    "LayerNorm": nn.LayerNorm,
    "GroupNorm": nn.GroupNorm,
    "RMSNorm": nn.RMSNorm,
    "Embedding": nn.Embedding,
    "LearnedPosition": LearnedPosition,
    "SinusoidalPosition": lambda embedding_dim: Function(sinusoidal),
    "RotaryPosition": lambda dim, base: Function(lambda x: rotary(x, base)),
    "RNN": recurrent(nn.RNN),
    "LSTM": recurrent(nn.LSTM),
    "GRU": recurrent(nn.GRU),
    "MultiHeadAttention": Attention,
    "TransformerBlock": Block,
    "Residual": Residual,
    "Concat": Concat,
}
