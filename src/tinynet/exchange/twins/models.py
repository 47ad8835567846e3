"""The models that are layers of their own."""

from __future__ import annotations

import torch
from torch import nn

from tinynet.exchange.twins.shapes import Padded


class EncoderDecoder(nn.Module):
    """Read a sequence, and write another, looking at the first."""

    def __init__(
        self,
        encoder: nn.Module,
        reader: nn.Module,
        attention: nn.Module,
        writer: nn.Module,
        padding: int | None = None,
    ) -> None:
        super().__init__()
        self.encoder, self.reader, self.attention, self.writer = encoder, reader, attention, writer
        self.padding = padding
        self.norm = nn.LayerNorm(attention.embed_dim)

    def forward(self, source: torch.Tensor, written: torch.Tensor) -> torch.Tensor:
        mask = None if self.padding is None else source == self.padding
        memory, h = Padded([self.encoder])(source, mask), self.reader(written)
        return self.writer(h + self.attention(self.norm(h), memory, key_padding_mask=mask))


class VariationalAutoencoder(nn.Module):
    """Encode x as a normal distribution, draw a point from it, and decode that; in evaluation, decode the mean."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        mean, log_variance = self.encoder(x).chunk(2, dim=-1)
        z = mean + (log_variance / 2).exp() * torch.randn_like(mean) if self.training else mean
        return self.decoder(z), mean, log_variance
