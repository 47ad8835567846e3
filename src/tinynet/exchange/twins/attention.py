"""Positions and attention."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


def angles(x: torch.Tensor, base: float, start: int = 0) -> torch.Tensor:
    """t / base^(2i/D) for each position t from `start` on and each pair i of the D features of x: (T, D/2)."""
    T, D = x.shape[-2:]
    t = torch.arange(start, start + T, dtype=torch.float64, device=x.device)
    return t[:, None] / base ** (torch.arange(0, D, 2, dtype=torch.float64, device=x.device) / D)


def rotated(x: torch.Tensor, base: float, start: int = 0) -> torch.Tensor:
    """Each pair of features, rotated by its angle."""
    phi = angles(x, base, start)
    cos, sin = phi.cos().to(x.dtype), phi.sin().to(x.dtype)
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack([a * cos - b * sin, a * sin + b * cos], dim=-1).flatten(-2)


class LearnedPosition(nn.Module):
    """Add a learned vector for each position."""

    def __init__(self, max_length: int, embedding_dim: int) -> None:
        super().__init__()
        self.max_length, self.embedding_dim = max_length, embedding_dim
        self.weight = nn.Parameter(0.02 * torch.randn(max_length, embedding_dim))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.weight[: x.shape[1]]


class SinusoidalPosition(nn.Module):
    """Add sines and cosines of the position."""

    def __init__(self, embedding_dim: int) -> None:
        super().__init__()
        self.embedding_dim = embedding_dim

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        phi = angles(x, 10000.0)
        return x + torch.stack([phi.sin(), phi.cos()], dim=-1).flatten(-2).to(x.dtype)


class RotaryPosition(nn.Module):
    """Rotate pairs of features by an angle that grows with the position."""

    def __init__(self, dim: int, base: float = 10000.0) -> None:
        super().__init__()
        self.dim, self.base = dim, base

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return rotated(x, self.base)


class MultiHeadAttention(nn.MultiheadAttention):
    """Attention with a causal mask and rotary positions, if wanted; a query that sees no key gives a head of 0."""

    def __init__(
        self, embed_dim: int, num_heads: int, bias: bool = True, causal: bool = False, rotary: bool = False
    ) -> None:
        super().__init__(embed_dim, num_heads, bias=bias, batch_first=True)
        self.causal, self.rotary = causal, rotary

    def forward(
        self, query: Any, key: Any = None, value: Any = None, key_padding_mask: Any = None, attn_mask: Any = None
    ) -> torch.Tensor:
        key = query if key is None else key
        inputs = query, key, key if value is None else value
        weights = self.in_proj_weight.chunk(3)
        biases = (None,) * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        q, k, v = (nn.functional.linear(*each) for each in zip(inputs, weights, biases, strict=True))
        q, k, v = (x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2) for x in (q, k, v))  # (N, heads, T, D)
        T, S = q.shape[-2], k.shape[-2]
        offset = S - T if self.causal else 0  # the last positions are aligned
        if self.rotary:
            q, k = rotated(q, 10000.0, offset), rotated(k, 10000.0)
        seen = torch.ones(T, S, dtype=torch.bool, device=q.device)
        seen = seen.tril(offset) if self.causal else seen
        if key_padding_mask is not None:
            seen = seen & ~key_padding_mask[:, None, None]
        if attn_mask is not None:
            by_head = attn_mask.ndim == 3 and len(attn_mask) == len(q) * self.num_heads
            mask = attn_mask.unflatten(0, (len(q), self.num_heads)) if by_head else attn_mask
            seen = seen & ~mask if mask.dtype == torch.bool else torch.where(seen, mask.to(q.dtype), -torch.inf)
        heads = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=seen)
        return self.out_proj(heads.transpose(1, 2).flatten(-2))


class TransformerBlock(nn.Module):
    """Attention and a feed-forward network, each in a residual, with a layer norm before each or after each sum."""

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        mlp_dim: int | None = None,
        dropout: float = 0.0,
        causal: bool = False,
        rotary: bool = False,
        bias: bool = True,
        norm_first: bool = True,
        activation: str = "gelu",
    ) -> None:
        super().__init__()
        self.norm_first = norm_first
        mlp_dim = mlp_dim or 4 * embed_dim
        self.norm1, self.norm2 = nn.LayerNorm(embed_dim), nn.LayerNorm(embed_dim)
        self.attention = MultiHeadAttention(embed_dim, num_heads, bias, causal, rotary)
        self.linear1, self.linear2 = nn.Linear(embed_dim, mlp_dim, bias), nn.Linear(mlp_dim, embed_dim, bias)
        self.activation = nn.GELU() if activation == "gelu" else nn.ReLU()
        self.dropout1, self.dropout2 = nn.Dropout(dropout), nn.Dropout(dropout)

    def forward(self, x: torch.Tensor, key_padding_mask: Any = None, attn_mask: Any = None) -> torch.Tensor:
        masks = {"key_padding_mask": key_padding_mask, "attn_mask": attn_mask}
        if self.norm_first:
            h = x + self.dropout1(self.attention(self.norm1(x), **masks))
            return h + self.dropout2(self.mlp(self.norm2(h)))
        h = self.norm1(x + self.dropout1(self.attention(x, **masks)))
        return self.norm2(h + self.dropout2(self.mlp(h)))

    def mlp(self, h: torch.Tensor) -> torch.Tensor:
        return self.linear2(self.activation(self.linear1(h)))
