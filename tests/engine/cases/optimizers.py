"""Update rules, averages of weights and norms of gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.engine.walk import Case, Draw
from tinynet.core import Parameter
from tinynet.optimizers import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Lion,
    NAdam,
    Optimizer,
    RAdam,
    RMSProp,
    WeightAverage,
)
from tinynet.optimizers.clipping import gradient_norm, gradients_are_finite


def parameters(draw: Draw) -> dict[str, Parameter]:
    """Some of all sizes: one empty, one that is longer than a block."""
    shapes = [(draw.size(), draw.size()), (draw.size(1),), (), (draw.size(), draw.size(), 2), (3, 0)]
    shapes += [(draw.integer(16_000, 17_000),)] if draw.rng.random() < 0.2 else []
    return {str(i): Parameter(draw.array(*shape), dtype=draw.dtype.type) for i, shape in enumerate(shapes)}


def steps(rule: Callable[[], Optimizer]) -> Callable[[Draw], Callable[[], Any]]:
    """Three steps; one parameter is frozen in the first, and so a step behind from then on."""

    def case(draw: Draw) -> Callable[[], Any]:
        before = parameters(draw)
        gradients = [{path: draw.array(*w.shape) for path, w in before.items()} for _ in range(3)]

        def call() -> Any:
            optimizer = rule()
            now = {path: Parameter(w.tensor, dtype=w.dtype.type) for path, w in before.items()}
            for i, gradient in enumerate(gradients):
                now["1"].trainable = i > 0
                for path, w in now.items():
                    w.accumulate(gradient[path])
                optimizer.step(now)
            return optimizer.state(now), {path: (w.tensor, w.gradient) for path, w in now.items()}

        return call

    return case


def averages(draw: Draw) -> Callable[[], Any]:
    before = parameters(draw)
    moves = [{path: draw.array(*w.shape) for path, w in before.items()} for _ in range(3)]

    def call() -> Any:
        now = {path: Parameter(w.tensor, dtype=w.dtype.type) for path, w in before.items()}
        average = WeightAverage(now, decay=0.7)
        for move in moves:
            average.update()
            for path, w in now.items():
                w.tensor = move[path]
        average.update()
        return average.kept, average.n_updates

    return call


def gradients(function: Callable) -> Callable[[Draw], Callable[[], Any]]:
    def case(draw: Draw) -> Callable[[], Any]:
        found = list(parameters(draw).values())
        for parameter in found:
            parameter.gradient = draw.array(*parameter.shape)
        return lambda: np.float64(function(found))

    return case


RULES: dict[str, Callable[[], Optimizer]] = {
    "plain": lambda: SGD(0.1),
    "decay": lambda: SGD(0.1, weight_decay=0.1),
    "momentum": lambda: SGD(0.1, momentum=0.9),
    "nesterov": lambda: SGD(lambda step: 0.1 / (1 + step), momentum=0.9, weight_decay=0.1, nesterov=True),
    "adam": lambda: Adam(0.1),
    "adam_decay": lambda: Adam(0.1, betas=(0.5, 0.9), eps=1e-3, weight_decay=0.1),
    "adamw": lambda: AdamW(0.1, weight_decay=0.1),
    "nadam": lambda: NAdam(0.1),
    "nadam_decay": lambda: NAdam(0.1, weight_decay=0.1, momentum_decay=0.1),
    "radam": lambda: RAdam(0.1),
    "radam_trusts": lambda: RAdam(0.1, betas=(0.5, 0.9), eps=1e-3, weight_decay=0.1),
    "radam_decoupled": lambda: RAdam(0.1, betas=(0.5, 0.9), weight_decay=0.1, decoupled_weight_decay=True),
    "adamax": lambda: Adamax(0.1),
    "adamax_decay": lambda: Adamax(0.1, betas=(0.5, 0.9), eps=1e-3, weight_decay=0.1),
    "adagrad": lambda: Adagrad(0.1),
    "adagrad_options": lambda: Adagrad(0.1, lr_decay=0.1, weight_decay=0.1, initial_accumulator_value=0.5),
    "adadelta": lambda: Adadelta(),
    "adadelta_decay": lambda: Adadelta(0.5, rho=0.5, eps=1e-3, weight_decay=0.1),
    "rmsprop": lambda: RMSProp(0.1),
    "rmsprop_momentum": lambda: RMSProp(0.1, momentum=0.9, weight_decay=0.1),
    "lion": lambda: Lion(0.1),
    "lion_decay": lambda: Lion(0.1, weight_decay=0.1),
}


def named(name: str, case: Callable) -> Callable:
    case.__name__ = name
    return case


CASES = [
    *[Case(entry=Optimizer.update_all, build=named(name, steps(rule)), float32=0) for name, rule in RULES.items()],
    Case(entry=WeightAverage.update, build=averages, float32=0),
    Case(entry=gradient_norm, build=named("norm", gradients(gradient_norm)), float32=1e-12),
    Case(entry=gradients_are_finite, build=named("finite", gradients(gradients_are_finite))),
]
