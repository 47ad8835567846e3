"""Which learning rate suits a net, tried before a long training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tinynet.core import checks
from tinynet.learner.twin import endless_batches, twin
from tinynet.optimizers import Optimizer

if TYPE_CHECKING:
    from tinynet.learner.learner import Learner
    from tinynet.probe.rates import RateSweep


def find_rate(learner: Learner, lowest: float = 1e-6, highest: float = 10.0, n_steps: int = 100) -> RateSweep:
    """Train a copy of the net for some steps, each with a larger learning rate than the one before, and suggest one.

    The copy starts from the weights, statistics and optimizer state of now, so the suggestion is for training on from
    here. The learner, its data and all random streams stay as they are, bit for bit. The sweep ends early where the
    loss has blown up. The rates of several groups of parameters rise together; the suggestion is for the last group.

    Args:
        learner: The learner.
        lowest: The first learning rate, above 0.
        highest: The last one.
        n_steps: How many rates, at least 20, in equal ratios from one to the next.

    Returns:
        The sweep: `rate` is the suggestion, `figure()` draws it.

    Raises:
        ValueError: A rate or the number of steps is out of range, or fewer than 10 steps gave a finite loss.

    Example:
        >>> from tinynet.data import moons
        >>> from tinynet.layers import Linear, Tanh
        >>> from tinynet.learner import Learner
        >>> from tinynet.losses import cross_entropy
        >>> from tinynet.net import Net
        >>> from tinynet.optimizers import SGD
        >>> learner = Learner(Net([Linear(2, 8), Tanh(), Linear(8, 2)]), cross_entropy, SGD(lr=0.1), moons(200))
        >>> sweep = learner.find_rate()
        >>> 0.01 < sweep.rate < 10
        True
    """
    from tinynet.probe.rates import BLOWN_UP, read_sweep  # it is not needed to train

    lowest = checks.number("find_rate", "lowest", lowest, above=0)
    highest = checks.number("find_rate", "highest", highest, above=lowest)
    n_steps = checks.integer("find_rate", "n_steps", n_steps, minimum=20)
    rates = np.geomspace(lowest, highest, n_steps)
    losses: list[float] = []
    with twin(learner) as copy, np.errstate(over="ignore", invalid="ignore"):
        parts = _shares(copy.optimizer)
        source = endless_batches(copy)
        for rate in rates:
            for rule, share in parts:
                rule.lr = float(rate) * share
            try:
                of_step = [copy.train_step(*next(source))[0] for _ in range(copy.optimizer.gradient_accumulation_steps)]
            except FloatingPointError:
                break
            losses.append(float(np.mean(of_step)))
            if _has_blown_up(losses, BLOWN_UP):
                break
    return read_sweep(rates[: len(losses)], losses)


def _shares(optimizer: Optimizer) -> list[tuple[Optimizer, float]]:
    """The rules inside an optimizer, each with its learning rate as a share of that of the last."""
    rules = optimizer.rules
    last = rules[-1].learning_rate
    return [(rule, rule.learning_rate / last if last else 1.0) for rule in rules]


def _has_blown_up(losses: list[float], times: float) -> bool:
    """Whether the last losses lie far above all before, so that larger rates would tell nothing more."""
    if len(losses) < 20:
        return False
    now = float(np.median(losses[-5:]))
    return now > 2 * times * max(float(np.mean(losses[:10])), 1e-12)
