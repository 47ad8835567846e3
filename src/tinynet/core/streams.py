"""The package's random numbers: separate streams for separate purposes, all started by one seed.

Weights, shuffling, dropout and augmentation each draw from a generator of their own, so that one more dropout layer
does not change the initial weights or the order of the batches.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import checks

NAMES = ("weights", "shuffling", "dropout", "augmentation")
_generators: dict[str, np.random.Generator] = {}


def seed(number: int) -> None:
    """Start every random stream of the package anew.

    Args:
        number: Any integer from 0 on. The same number gives the same run.

    Raises:
        TypeError: It is not an integer.
        ValueError: It is negative.

    Example:
        >>> seed(0); a = stream("weights").random()
        >>> seed(0); a == stream("weights").random()
        True
    """
    checks.integer("seed", "number", number, minimum=0)
    for name, child in zip(NAMES, np.random.SeedSequence(int(number)).spawn(len(NAMES)), strict=True):
        _generators[name] = np.random.Generator(np.random.PCG64(child))


def stream(name: str) -> np.random.Generator:
    """The generator for one purpose: "weights", "shuffling", "dropout" or "augmentation".

    Before the first `seed` the streams start from the operating system's entropy.

    Raises:
        ValueError: There is no stream of that name.

    Example:
        >>> seed(0); stream("dropout") is stream("weights")
        False
    """
    checks.one_of("stream", "name", name, NAMES)
    if not _generators:
        seed(int(np.random.SeedSequence().generate_state(1)[0]))
    return _generators[name]


def generator_states() -> dict[str, Any]:
    """Where every stream stands, as plain dicts and numbers, for checkpoints and replays.

    Example:
        >>> sorted(generator_states())
        ['augmentation', 'dropout', 'shuffling', 'weights']
    """
    return {name: stream(name).bit_generator.state for name in NAMES}


def set_generator_states(states: dict[str, Any]) -> None:
    """Put every stream back to where `generator_states` found it.

    Example:
        >>> states = generator_states()
        >>> drawn = stream("weights").random()
        >>> set_generator_states(states); stream("weights").random() == drawn
        True
    """
    for name in NAMES:
        stream(name).bit_generator.state = states[name]
