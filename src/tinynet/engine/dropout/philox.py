"""The random numbers of NumPy's Philox, any block of them at once: Salmon et al. 2011.

Philox encrypts a counter: four words of 64 bits are multiplied and mixed ten times, each time with another key. One
block is four such words, or eight numbers of float32, each of them the upper 24 bits of half a word.
"""

from __future__ import annotations

import numpy as np

ROUNDS = 10
NUMBERS_PER_BLOCK = 8  # Of float32: half a word each.
MULTIPLIERS = np.array([0xD2E7470EE14C6C93, 0xCA5A826395121157], np.uint64)
KEY_STEPS = np.array([0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B], np.uint64)


def words_of(generator: np.random.Generator) -> np.ndarray:
    """The words from which a generator makes its next numbers: the counter, then the keys of all rounds.

    The generator must be a Philox that has not drawn yet.

    Example:
        >>> words_of(np.random.Generator(np.random.Philox(key=7, counter=[0, 1, 2, 3])))[:6]
        array([0, 1, 2, 3, 7, 0], dtype=uint64)
    """
    state = generator.bit_generator.state["state"]
    rounds = np.arange(ROUNDS, dtype=np.uint64)[:, np.newaxis]
    keys = state["key"] + rounds * KEY_STEPS  # modulo 2⁶⁴, as unsigned integers are
    return np.concatenate([state["counter"], keys.ravel()])
