"""Recurrent layers: the batch axis first, states one by one, and padding wherever it stands."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


def padded(layer: Any, x: torch.Tensor, first: tuple, padding_mask: torch.Tensor) -> tuple:
    """What a recurrent layer gives where padding keeps the states and gives 0: y, and the last states."""
    order = padding_mask.int().argsort(dim=1, stable=True)[..., None]  # the steps, padding last
    n_steps = (~padding_mask).sum(dim=1)
    front = x.masked_fill(padding_mask[..., None], 0).gather(1, order.expand_as(x))
    lengths = n_steps.clamp(min=1).cpu()  # PyTorch packs no empty sequence
    packed = nn.utils.rnn.pack_padded_sequence(front, lengths, batch_first=True, enforce_sorted=False)
    packed, last = layer(packed, first if len(first) > 1 else first[0])
    y, _ = nn.utils.rnn.pad_packed_sequence(packed, batch_first=True, total_length=x.shape[1])
    y = torch.zeros_like(y).scatter(1, order.expand_as(y), y).masked_fill(padding_mask[..., None], 0)
    empty = (n_steps == 0)[None, :, None]
    last = last if isinstance(last, tuple) else (last,)
    return y, tuple(torch.where(empty, before, after) for before, after in zip(first, last, strict=True))


def with_states(layer: Any, forward: Any, x: Any, states: tuple, padding_mask: torch.Tensor | None) -> Any:
    """Run `forward` of a recurrent layer: y, or y and each last state where the layer returns states."""
    sizes = (layer.proj_size or layer.hidden_size, layer.hidden_size)[: layer.n_states]
    first = states or tuple(x.new_zeros(len(layer.all_weights), x.shape[0], size) for size in sizes)
    if padding_mask is None:
        y, last = forward(x, first if len(first) > 1 else first[0])
    else:
        y, last = padded(forward, x, first, padding_mask)
    return (y, *(last if isinstance(last, tuple) else (last,))) if layer.return_state else y


class RNN(nn.RNN):
    """The plain recurrent layer: y (N, T, features), or y and the last states."""

    n_states = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        bidirectional: bool = False,
        return_state: bool = False,
    ) -> None:
        super().__init__(
            input_size,
            hidden_size,
            num_layers,
            nonlinearity=nonlinearity,
            bias=bias,
            batch_first=True,
            bidirectional=bidirectional,
        )
        self.return_state = return_state

    def forward(self, x: torch.Tensor, *states: torch.Tensor, padding_mask: torch.Tensor | None = None) -> Any:
        return with_states(self, super().forward, x, states, padding_mask)


class LSTM(nn.LSTM):
    """Long short-term memory: y (N, T, features), or y and the last states."""

    n_states = 2

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        bidirectional: bool = False,
        return_state: bool = False,
        proj_size: int = 0,
    ) -> None:
        super().__init__(
            input_size,
            hidden_size,
            num_layers,
            bias=bias,
            batch_first=True,
            bidirectional=bidirectional,
            proj_size=proj_size,
        )
        self.return_state = return_state

    def forward(self, x: torch.Tensor, *states: torch.Tensor, padding_mask: torch.Tensor | None = None) -> Any:
        return with_states(self, super().forward, x, states, padding_mask)


class GRU(nn.GRU):
    """Gated recurrent units: y (N, T, features), or y and the last states."""

    n_states = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        bidirectional: bool = False,
        return_state: bool = False,
    ) -> None:
        super().__init__(input_size, hidden_size, num_layers, bias=bias, batch_first=True, bidirectional=bidirectional)
        self.return_state = return_state

    def forward(self, x: torch.Tensor, *states: torch.Tensor, padding_mask: torch.Tensor | None = None) -> Any:
        return with_states(self, super().forward, x, states, padding_mask)
