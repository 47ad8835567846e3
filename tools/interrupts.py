"""Real interrupts in loops of an MLP, a CNN and attention: after each of them, all results must have the right bits.

python -m tools.interrupts --number 300 --threads 2 4
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import random
import signal
import sys
import threading
from collections.abc import Callable

import numpy as np

import tinynet as tn
from tinynet.core import faster
from tinynet.layers import GELU, Conv2D, Flatten, LayerNorm, Linear, MaxPool2D, MultiHeadAttention, ReLU
from tinynet.net import Net

MAX_SECONDS_UNTIL_INTERRUPT = 0.03
SECONDS_UNTIL_IT_HANGS = 120
Work = Callable[[], list[np.ndarray]]


def steps() -> dict[str, Work]:
    """A training step of three nets, from fresh gradients: its output and all gradients."""
    tn.seed(0)
    rng = np.random.default_rng(0)
    nets = {
        "MLP": (Net([Linear(200, 200), LayerNorm(200), GELU(), Linear(200, 30)]), (64, 200)),
        "CNN": (
            Net([Conv2D(3, 8, 3), ReLU(), MaxPool2D(2), Conv2D(8, 8, 5), Flatten(), Linear(200, 10)]),
            (8, 3, 20, 20),
        ),
        "attention": (Net([MultiHeadAttention(32, 4)]), (4, 40, 32)),
    }
    return {name: step(net, rng.normal(size=shape).astype(np.float32)) for name, (net, shape) in nets.items()}


def step(net: Net, x: np.ndarray) -> Work:
    """A step of one net."""

    def work() -> list[np.ndarray]:
        net.zero_gradient()
        y = net.forward(x)
        dx = net.backward(np.ones_like(y))
        return [y, dx, *[parameter.gradient.copy() for parameter in net.parameters().values()]]

    return work


def interrupt(work: Work, draw: random.Random) -> None:
    """Do some work again and again, until Ctrl-C comes at a drawn moment."""
    delay = draw.uniform(0, MAX_SECONDS_UNTIL_INTERRUPT)
    timer = threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT))
    try:
        timer.start()
        while True:
            work()
    except KeyboardInterrupt:
        timer.join()


def whole(work: Work, right: list[np.ndarray], number: int, draw: random.Random) -> int:
    """After how many of so many interrupts the results have the right bits."""
    count = 0
    for _ in range(number):
        faulthandler.dump_traceback_later(SECONDS_UNTIL_IT_HANGS, exit=True)
        interrupt(work, draw)
        results = [work(), work()]
        count += all(np.array_equal(a, b) for result in results for a, b in zip(result, right, strict=True))
    faulthandler.cancel_dump_traceback_later()
    return count


def main(arguments: list[str] | None = None) -> int:
    """Interrupt all of them, print how many results were whole, and return 1 if not all were."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=300, help="of interrupts for each number of threads")
    parser.add_argument("--threads", type=int, nargs="+", default=[2, 4])
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    draw, all_whole = random.Random(0), True
    faster.use("compiled")
    for n in options.threads:
        tn.threads(n)
        works = steps()
        per_net = -(-options.number // len(works))
        for name, work in works.items():
            right = [work() for _ in range(5)][-1]  # the first ones are timed on one thread
            count = whole(work, right, per_net, draw)
            all_whole &= count == per_net
            sys.stdout.write(f"{name}, {n} threads: {count} of {per_net} whole\n")
    return 0 if all_whole else 1


if __name__ == "__main__":
    sys.exit(main())
