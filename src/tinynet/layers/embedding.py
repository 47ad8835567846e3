"""A learned vector for each token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.arrays import is_array, wide
from tinynet.core.checks.vocabulary import at_least, optional, weights_rng
from tinynet.core.faster import faster
from tinynet.core.initializers import normal
from tinynet.layers.layer import Layer


class Embedding(Layer):
    """Look up a learned vector for each token.

    Equation:
        y[n, t] = W[x[n, t]]

    Shapes:
        x: (...) integers from 0 to num_embeddings − 1      y: (..., embedding_dim)
        W (weight): (num_embeddings, embedding_dim)

    Gradients (given dy = ∂L/∂y):
        dW[k] = Σ dy[n, t] over all (n, t) with x[n, t] = k; integers have no gradient, so dx is None

    Args:
        num_embeddings: The number of different tokens.
        embedding_dim: The length of each vector.
        padding_idx: A token whose vector is zero at first and gets no gradient from this layer, so that it stays zero
            unless other weights are assigned or loaded, or the Parameter is shared with a layer that learns it.
        rng: Source of the initial weights, normal with standard deviation 1; the package's generator if None.

    Raises:
        TypeError: x does not hold integers.
        ValueError: A token is out of range.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> Embedding(10, 4).forward(np.array([[1, 2, 9]])).shape
        (1, 3, 4)
    """

    num_embeddings: int
    embedding_dim: int
    padding_idx: int | None

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        sizes = {"num_embeddings": at_least(1), "embedding_dim": at_least(1)}
        checks.arguments(self, locals(), **sizes, padding_idx=optional(_token), rng=weights_rng)
        self.weight = Parameter(normal((num_embeddings, embedding_dim), rng, std=1.0))
        if padding_idx is not None:
            self.weight.tensor[padding_idx] = 0

    def forward(self, x: np.ndarray) -> np.ndarray:
        self._check(x)
        self.remember(x=x)
        return self.weight.tensor[x]

    @faster
    def backward(self, dy: np.ndarray) -> None:
        (x,) = self.recall()
        dW = np.zeros_like(self.weight.tensor, dtype=wide(dy))
        np.add.at(dW, x, dy)  # unlike dW[x] += dy, it adds every row of a token that occurs more than once
        if self.padding_idx is not None:
            dW[self.padding_idx] = 0
        self.weight.accumulate(dW)

    def _check(self, x: Any) -> None:
        if not is_array(x) or x.dtype.kind not in "iu":
            kind = x.dtype if is_array(x) else type(x).__name__
            hint = "convert with .astype(np.int64)."
            checks.fail(self, f"expected an array of integer tokens, got {kind}.", hint, TypeError)
        n = self.num_embeddings
        # Only NumPy arrays are looked into: reading a number from another device would wait for that device.
        if isinstance(x, np.ndarray) and x.size and (x.min() < 0 or x.max() >= n):
            wrong = int(x.min() if x.min() < 0 else x.max())  # int, for a uint8 cannot count past 255
            hint = f"make it Embedding({wrong + 1}, ...)." if wrong >= 0 else ""
            checks.fail(self, f"expected tokens from 0 to {n - 1}, got {wrong}.", hint)


def _token(who: str, name: str, value: Any, others: Mapping[str, Any]) -> int:
    """One of the tokens: a rule for an argument."""
    token, n_tokens = checks.integer(who, name, value, minimum=0), others["num_embeddings"]
    if token >= n_tokens:
        checks.fail(who, f"{name} must be below {n_tokens}, got {value}.")
    return token
