"""Where the random numbers of this room come from."""

from __future__ import annotations

import numpy as np

from tinynet.core import stream
from tinynet.core.checks import data as checks


def generator(who: object, rng: np.random.Generator | int | None, name: str = "shuffling") -> np.random.Generator:
    """The generator that was handed in, one started by a seed, or the package's stream if it is None."""
    return stream(name) if rng is None else checks.random_generator(who, rng)
