"""Optimizers in PyTorch. Where it has none, or one that rounds to bfloat16, the paper's formula is written out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch

Parameters = list[torch.nn.Parameter]


class Lion(torch.optim.Optimizer):
    """Chen et al. 2023, algorithm 2."""

    def __init__(self, params: Iterable[Any], lr: float, betas: tuple[float, float], weight_decay: float) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            (beta1, beta2), lr, decay = group["betas"], group["lr"], group["weight_decay"]
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                c = beta1 * m + (1 - beta1) * p.grad
                p.sub_(lr * (torch.sign(c) + decay * p))
                self.state[p]["m"] = beta2 * m + (1 - beta2) * p.grad


class Muon(torch.optim.Optimizer):
    """Jordan et al. 2024, with Newton-Schulz in the type of the parameters."""

    def __init__(
        self, params: Iterable[Any], lr: float, momentum: float, nesterov: bool, weight_decay: float, ns_steps: int
    ) -> None:
        rest = {"momentum": momentum, "nesterov": nesterov, "weight_decay": weight_decay, "ns_steps": ns_steps}
        super().__init__(params, {"lr": lr, **rest})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            mu = group["momentum"]
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                m.mul_(mu).add_(p.grad)
                u = p.grad + mu * m if group["nesterov"] else m
                G = u.flatten(1)
                X = G / (G.norm() + 1e-7)
                for _ in range(group["ns_steps"]):  # X ← a X + b (X Xᵀ) X + c (X Xᵀ)² X
                    S = X @ X.mT
                    X = 3.4445 * X - 4.7750 * S @ X + 2.0315 * S @ S @ X
                scale = max(1, G.shape[0] / G.shape[1]) ** 0.5
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.sub_(group["lr"] * scale * X.view_as(p))


class Groups(torch.optim.SGD):
    """SGD in which the first parameter has a rate and a decay of its own."""

    def __init__(self, params: Parameters, first: Any, rest: Any, clip_norm: float | None) -> None:
        self.all, self.clip_norm = params, clip_norm
        parts = ((params[:1], first), (params[1:], rest))
        super().__init__([{"params": part, "lr": lr, "weight_decay": decay} for part, (lr, decay) in parts])

    def step(self) -> None:
        if self.clip_norm is not None:
            norm = torch.cat([p.grad.flatten() for p in self.all]).norm()
            for p in self.all:
                p.grad *= min(1.0, self.clip_norm / norm)  # clip_grad_norm_ adds 1e-6 to the norm
        super().step()


OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "SGD": torch.optim.SGD,
    "Adagrad": torch.optim.Adagrad,
    "Adadelta": torch.optim.Adadelta,
    "RMSProp": torch.optim.RMSprop,
    "Adam": torch.optim.Adam,
    "AdamW": torch.optim.AdamW,
    "NAdam": torch.optim.NAdam,
    "RAdam": torch.optim.RAdam,
    "Adamax": torch.optim.Adamax,
    "Lion": Lion,
    "Muon": Muon,
    "ParameterGroups": Groups,
}
