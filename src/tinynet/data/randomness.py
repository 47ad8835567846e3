"""Where the random numbers of this room come from."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks, stream


def generator(who: object, rng: np.random.Generator | int | None, name: str = "shuffling") -> np.random.Generator:
    """The generator that was handed in, one started by a seed, or the package's stream if it is None."""
    if rng is None:
        return stream(name)
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool) and rng >= 0:
        return np.random.default_rng(int(rng))
    checks.fail(
        who,
        f"rng must be a np.random.Generator or a seed from 0 on, got {rng!r}.",
        "pass np.random.default_rng(0), or None to follow tn.seed.",
        TypeError,
    )
