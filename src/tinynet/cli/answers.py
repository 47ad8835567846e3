"""What is said about a sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

SHOWN = 3  # classes for each sample


class Answer(NamedTuple):
    """What is said about one sample."""

    text: str
    is_known: bool  #: False if the text says why there is no answer.


def likeliest(classes: Sequence[str], logits: np.ndarray, n: int = SHOWN) -> str:
    """The most probable classes of one sample, with their probabilities.

    Example:
        >>> likeliest(["cat", "dog"], np.array([2.0, 0.0]))
        'cat (88.1%), then dog (11.9%)'
    """
    p = probabilities(logits)
    first, *others = [f"{classes[label]} ({p[label]:.1%})" for label in np.argsort(-p)[:n]]
    return f"{first}, then {', '.join(others)}" if others else first


def probabilities(logits: np.ndarray) -> np.ndarray:
    """The softmax of the logits of one sample.

    Example:
        >>> probabilities(np.array([0.0, 0.0]))
        array([0.5, 0.5])
    """
    e = np.exp(logits - logits.max())
    return e / e.sum()
