"""More models as people write them in PyTorch, whose files hold what those of onnx_models.py do not."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class RMSNorm(nn.Module):
    """Written by hand, as in LLaMA."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(width) + 0.5)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.weight


class RotaryBlock(nn.Module):
    """A block of LLaMA: turned queries and keys, fewer heads of keys than of queries, a gated MLP."""

    def __init__(self, width: int = 8, heads: int = 4) -> None:
        super().__init__()
        self.heads, size = heads, width // heads
        self.norm1, self.norm2 = RMSNorm(width), RMSNorm(width)
        self.q, self.o = nn.Linear(width, width, bias=False), nn.Linear(width, width, bias=False)
        self.k, self.v = nn.Linear(width, width // 2, bias=False), nn.Linear(width, width // 2, bias=False)
        self.gate, self.up, self.down = nn.Linear(width, 6), nn.Linear(width, 6), nn.Linear(6, width)
        self.register_buffer("frequencies", 1 / 10_000 ** (torch.arange(0, size, 2) / size))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        y = self.norm2(x)
        return x + self.down(functional.silu(self.gate(y)) * self.up(y))

    def attention(self, x: Tensor) -> Tensor:
        N, T, C = x.shape
        q, k, v = (layer(x).view(N, T, -1, C // self.heads).transpose(1, 2) for layer in (self.q, self.k, self.v))
        q, k = self.turned(q), self.turned(k)
        k, v = k.repeat_interleave(2, dim=1), v.repeat_interleave(2, dim=1)
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.o(y.transpose(1, 2).reshape(N, T, C))

    def turned(self, x: Tensor) -> Tensor:
        angles = torch.outer(torch.arange(x.shape[2]).float(), self.frequencies).repeat(1, 2)
        a, b = x.chunk(2, dim=-1)
        return x * angles.cos() + torch.cat([-b, a], dim=-1) * angles.sin()


class Rotary(nn.Module):
    """Tokens, a block of LLaMA, and logits."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.block, self.head = nn.Embedding(7, 8), RotaryBlock(), nn.Linear(8, 7, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.block(self.tokens(x)))


class Padded(nn.Module):
    """A classifier of sequences that end where the token 0 begins: a padding mask, and a mean over what is there."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.head = nn.Embedding(7, 8, padding_idx=0), nn.Linear(8, 3)
        self.encoder = nn.TransformerEncoderLayer(8, 2, 12, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        there = (x != 0).unsqueeze(-1).float()
        y = self.encoder(self.tokens(x), src_key_padding_mask=x == 0) * there
        return self.head(y.sum(1) / there.sum(1).clamp(min=1))


class Diffusion(nn.Module):
    """A level of a diffusion U-Net: group norms, steps as sines, circular padding, and pixels out of channels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(2, 4, 3, padding=1, padding_mode="circular")
        self.norm1, self.norm2 = nn.GroupNorm(2, 4), nn.GroupNorm(2, 4)
        self.conv2, self.out = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 8, 1)
        self.time, self.scale = nn.Linear(4, 4), nn.Parameter(torch.tensor(0.7))
        self.register_buffer("mean", torch.tensor([0.1, 0.2]).view(1, 2, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x - self.mean)
        t = x.amax((2, 3)).clamp(min=-1)
        t = self.time(torch.cat([t[:, :2].sin(), t[:, 2:].cos()], dim=1))
        y = self.conv2(functional.silu(self.norm1(x)) + t[:, :, None, None])
        return functional.pixel_shuffle(self.out(functional.silu(self.norm2(x + self.scale * y))), 2)


class Prototypes(nn.Module):
    """Cosines between features and the rows of a weight, which are scaled, and the greater of two heads."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.other = nn.Linear(4, 5), nn.Linear(4, 3)
        self.weight, self.scale = nn.Parameter(torch.randn(3, 5)), nn.Parameter(torch.tensor(2.0))

    def forward(self, x: Tensor) -> Tensor:
        features = functional.normalize(functional.celu(self.body(x)))
        cosines = torch.einsum("ni,ki->nk", features, self.weight) * self.scale
        return torch.where(x[:, :1] > 0, torch.maximum(cosines, self.other(x)), torch.logsumexp(cosines, 1, True))


MORE_MODELS: dict[str, tuple[Any, tuple[int, ...] | str]] = {
    "rotary": (Rotary, "tokens"),
    "padded": (Padded, "tokens"),
    "diffusion": (Diffusion, (2, 4, 6)),
    "prototypes": (Prototypes, (4,)),
}
