"""Embedding of tokens."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks import sequences
from tinynet.core.initializers import normal
from tinynet.engine.scatter_add import scatter_add
from tinynet.layers.fused import Fused
from tinynet.layers.layer import Layer
from tinynet.layers.recurrent_cells import GRU, LSTM, RNN


class Embedding(Layer):
    """Look up a learned vector for each token.

    Equation:
        y[n, t] = W[x[n, t]]

    Shapes:
        x: (...) integers from 0 to num_embeddings − 1      y: (..., embedding_dim)
        W (weight): (num_embeddings, embedding_dim)

    Gradients (given dy = ∂L/∂y):
        dW[k] = Σ dy[n, t] over all places where x[n, t] = k; integers have no gradient, so dx is None

    Args:
        num_embeddings: How many different tokens there are.
        embedding_dim: The length of each vector.
        padding_idx: A token whose vector is zero and stays so.
        rng: Source of the initial weights, normal with standard deviation 1; the package's generator if None.

    Raises:
        TypeError: x does not hold integers.
        ValueError: A token is out of range.

    Example:
        >>> Embedding(10, 4).forward(np.array([[1, 2, 9]])).shape
        (1, 3, 4)
    """

    any_layout = True

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.num_embeddings = checks.integer("Embedding", "num_embeddings", num_embeddings, minimum=1)
        self.embedding_dim = checks.integer("Embedding", "embedding_dim", embedding_dim, minimum=1)
        self.padding_idx = sequences.token("Embedding", "padding_idx", padding_idx, num_embeddings)
        self.weight = Parameter(normal((num_embeddings, embedding_dim), rng, std=1.0))
        if padding_idx is not None:
            self.weight.tensor[padding_idx] = 0

    def forward(self, x: np.ndarray) -> np.ndarray:
        sequences.tokens(self, x, self.num_embeddings)
        self.remember(x)
        return self.weight.tensor[x]

    def backward(self, dy: np.ndarray) -> None:
        (x,) = self.recall()
        dW = scatter_add(x, dy, self.num_embeddings)
        if self.padding_idx is not None:
            dW[self.padding_idx] = 0
        self.weight.accumulate(dW)

    def fuse_with(self, following: Layer) -> Layer | None:
        return RecurrentOfTokens(self, following) if type(following) in (RNN, LSTM, GRU) else None


class RecurrentOfTokens(Fused):
    """An embedding and the recurrent layer that reads it.

    What the input weights make of a vector is computed once for each token, not for each place where it stands.

    Equation:
        x[t] W_ihᵀ + b_ih = (W W_ihᵀ + b_ih)[token t]

    Example:
        >>> Embedding(5, 3).fuse_with(GRU(3, 4)).forward(np.array([[1, 2, 1]])).shape
        (1, 3, 4)
    """

    first: Embedding
    second: RNN | LSTM | GRU

    def forward(self, tokens: np.ndarray) -> Any:
        if tokens.ndim == 2:  # looked up time first, as the steps are gone through, and shown the other way
            x = self.first.forward(tokens.T).transpose(1, 0, 2)
            self.first.remember(tokens)
        else:
            x = self.first.forward(tokens)
        with self.second_at_fault():
            return self.second.forward_drawn(x, self.first.weight.tensor, tokens)

    def backward(self, *gradients: np.ndarray) -> None:
        self.first.backward(self.second.backward(*gradients))
