"""The package's random numbers: each draw is a function of the seed, its purpose, and where in training it happens.

Weights, shuffling, dropout and augmentation draw from separate streams, so that one more dropout layer changes neither
the initial weights nor the order of the batches. No draw depends on the draws before it: the numbers are those
that a counter-based generator, Philox (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), has at the
place (epoch, step, which draw of this step). So training can continue from any step without repeating earlier steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from tinynet.core import checks

NAMES = ("weights", "shuffling", "dropout", "augmentation")
_seed: int | None = None  # None until a seed is given or a first number is drawn
_epoch, _step = 0, 0
_n_draws = dict.fromkeys(NAMES, 0)  # at this place


def seed(number: int) -> None:
    """Start every random stream of the package anew.

    Args:
        number: Any integer of at least 0. The same number gives the same run.

    Raises:
        TypeError: It is not an integer.
        ValueError: It is negative.

    Example:
        >>> seed(0); a = stream("weights").random()
        >>> seed(0); a == stream("weights").random()
        True
    """
    global _seed
    _seed = checks.integer("seed", "number", number, minimum=0, maximum=None)
    go_to(epoch=0, step=0)


def go_to(epoch: int, step: int) -> None:
    """Say where in training the next numbers are drawn.

    Args:
        epoch: Counted from 1; 0 is the time before training.
        step: Which batch of the epoch, counted from 1; 0 is its beginning, where the order of its batches is drawn.

    Example:
        >>> seed(0); go_to(epoch=3, step=5); a = stream("dropout").random()
        >>> seed(0); go_to(epoch=3, step=5); a == stream("dropout").random()
        True
    """
    global _epoch, _step
    _epoch, _step = epoch, step
    _n_draws.update(dict.fromkeys(NAMES, 0))


@contextmanager
def place_kept() -> Iterator[None]:
    """Inside this block `go_to` may be called; afterwards the streams are where they were before it.

    Example:
        >>> seed(0); a = stream("weights").random(), stream("weights").random()
        >>> seed(0); b = stream("weights").random()
        >>> with place_kept():
        ...     go_to(epoch=3, step=5)
        >>> a == (b, stream("weights").random())
        True
    """
    place = _epoch, _step, dict(_n_draws)
    try:
        yield
    finally:
        go_to(*place[:2])
        _n_draws.update(place[2])


def stream(name: str) -> np.random.Generator:
    """A generator for the next draw from one stream: "weights", "shuffling", "dropout" or "augmentation".

    Before the first `seed` the streams start from the operating system's entropy.

    Raises:
        ValueError: There is no stream of that name.

    Example:
        >>> seed(0); first, second = stream("dropout"), stream("dropout")
        >>> first.random() == second.random()
        False
    """
    checks.one_of("stream", "name", name, NAMES)
    _start_somewhere()
    n_draw = _n_draws[name]
    _n_draws[name] += 1
    counter = [0, n_draw, _step, _epoch]  # Philox increments the first number as it draws
    return np.random.Generator(np.random.Philox(key=_key(_seed, name), counter=counter))


def _start_somewhere() -> None:
    if _seed is None:
        seed(int(np.random.SeedSequence().generate_state(1)[0]))


@cache
def _key(seed: int | None, name: str) -> tuple[int, int]:
    """Two words of 64 bits: the seed, which may be longer than a word, and the stream."""
    return int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0]), NAMES.index(name)


def _check_states(states: Any) -> None:
    """Check, before anything changes, that states are what `generator_states` gave."""
    if not isinstance(states, dict) or set(states) != {"seed", "epoch", "step", "n_draws"}:
        problem = f"expected what generator_states() gave, got {checks.of_kind(states)}."
        checks.fail("set_generator_states", problem, kind=TypeError)
    checks.integer("set_generator_states", "seed", states["seed"], minimum=0, maximum=None)
    if not isinstance(states["n_draws"], dict) or set(states["n_draws"]) != set(NAMES):
        checks.fail("set_generator_states", f"n_draws must hold {', '.join(NAMES)}, got {states['n_draws']!r}.")
    for name, number in ({"epoch": states["epoch"], "step": states["step"]} | states["n_draws"]).items():
        checks.integer("set_generator_states", name, number, minimum=0)


def generator_states() -> dict[str, Any]:
    """The position of every stream, as plain dicts and numbers, for checkpoints and replays.

    Example:
        >>> seed(7); drawn = stream("dropout").random()
        >>> generator_states()["n_draws"]["dropout"]
        1
    """
    _start_somewhere()  # without a seed, the states would lead back to no place
    return {"seed": _seed, "epoch": _epoch, "step": _step, "n_draws": dict(_n_draws)}


def set_generator_states(states: dict[str, Any]) -> None:
    """Put every stream back to where `generator_states` found it.

    Example:
        >>> states = generator_states()
        >>> drawn = stream("weights").random()
        >>> set_generator_states(states); stream("weights").random() == drawn
        True
    """
    global _seed
    _check_states(states)
    _seed = states["seed"]
    go_to(states["epoch"], states["step"])
    _n_draws.update(states["n_draws"])
