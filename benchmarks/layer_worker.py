"""One side of the comparison of layers in a process of its own; it waits on a pipe while the other one computes.

usage: python -m benchmarks.layer_worker SIDE THREADS

SIDE is tinynet or torch. A line of input names a case, a size (0 or 1) and for how many seconds to repeat it. The
answer is a line of JSON with the seconds of each repetition: forward and backward of a layer or loss, or one step of an
optimizer. With "route" in place of "seconds", it is what serves the case in Tinynet.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.layer_cases import CASES, Case, Shape

Work = Callable[[], Any]


def numbers(shape: Shape) -> np.ndarray:
    """The same random numbers on both sides."""
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def truth(case: Case, shape: Shape) -> np.ndarray:
    """What a loss compares with."""
    rng = np.random.default_rng(1)
    if case.truth == "labels":
        return rng.integers(0, shape[-1], shape[:-1])
    return rng.random(shape, np.float32) if case.truth == "fractions" else rng.normal(size=shape).astype(np.float32)


def in_tinynet(case: Case, shape: Shape) -> Work:
    """One repetition in Tinynet. Images are channels-last in memory, as layers of a net pass them on."""
    import tinynet as tn
    from tinynet.core import Parameter

    thing = case.ours(tn, shape)
    if case.kind == "loss":
        predicted, target = numbers(shape), truth(case, shape)
        return lambda: thing(predicted, target)
    if case.kind == "optimizer":
        parameters = {str(i): Parameter(numbers((shape[1],))) for i in range(shape[0])}
        return lambda: (_fill(parameters.values()), thing.step(parameters))
    x = np.random.default_rng(0).integers(0, 1000, shape) if case.kind == "tokens" else numbers(shape)
    if x.ndim == 4 and case.kind != "C order":
        x = np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1)
    y = thing.forward(x)
    dy = np.ones_like(y)
    return lambda: (thing.forward(x), thing.backward(dy))


def _fill(parameters: Any) -> None:
    for parameter in parameters:
        parameter.gradient.fill(1)


def in_torch(case: Case, shape: Shape) -> Work:
    """One repetition in PyTorch. Gradients are allocated each time, as after `zero_grad`."""
    import torch

    thing = case.theirs(torch, shape)
    if case.kind == "loss":
        predicted, target = torch.from_numpy(numbers(shape)).requires_grad_(), torch.from_numpy(truth(case, shape))
        return lambda: torch.autograd.grad(thing(predicted, target), predicted)
    if case.kind == "optimizer":
        parameters = [torch.nn.Parameter(torch.from_numpy(numbers((shape[1],)))) for _ in range(shape[0])]
        for parameter in parameters:
            parameter.grad = torch.ones_like(parameter)
        kind, options = thing
        optimizer = kind(parameters, **options)
        return lambda: ([parameter.grad.fill_(1) for parameter in parameters], optimizer.step())
    if case.kind == "tokens":
        x = torch.from_numpy(np.random.default_rng(0).integers(0, 1000, shape))
    else:
        x = torch.from_numpy(numbers(shape)).requires_grad_()
    arguments = (x,) * 3 if isinstance(thing, torch.nn.MultiheadAttention) else (x,)
    if case.kind == "channels first":
        arguments = (torch.from_numpy(numbers((shape[0], shape[2], shape[1]))).requires_grad_(),)
    forward = (lambda: thing(*arguments, need_weights=False)[0]) if len(arguments) == 3 else lambda: thing(*arguments)
    y = forward()
    picked = (lambda y: y[0]) if isinstance(y, tuple) else (lambda y: y)
    wanted = [t for t in (arguments[0], *thing.parameters()) if t.requires_grad]
    dy = torch.ones_like(picked(y))
    return lambda: torch.autograd.grad(picked(forward()), wanted, dy)


def main() -> None:
    side, threads = sys.argv[1], int(sys.argv[2])
    works: dict[tuple[str, int], Work] = {}
    if side == "torch":
        import torch

        torch.set_num_threads(threads)
    else:
        import tinynet as tn

        tn.threads(threads)
    for line in sys.stdin:
        asked = json.loads(line)
        key = asked["case"], asked["size"]
        if key not in works:
            works.clear()  # the arrays of one case at a time
            case = CASES[asked["case"]]
            works[key] = (in_torch if side == "torch" else in_tinynet)(case, case.shapes[asked["size"]])
        found = route(works[key]) if "route" in asked else repeated(works[key], asked["seconds"])
        print(json.dumps(found), flush=True)


def route(work: Work) -> str:
    """What serves the work: "plain", or "compiled" with the routes that it takes."""
    from tinynet.cli.served import by, noted

    with noted() as calls:
        work()
    return by(calls)


def repeated(work: Work, seconds: float) -> list[float]:
    """The seconds of each repetition, the first three left out, in which threads wake up and memory is warmed."""
    for _ in range(3):
        work()
    found: list[float] = []
    while sum(found) < seconds:
        start = perf_counter()
        work()
        found.append(perf_counter() - start)
    return found


if __name__ == "__main__":
    main()
