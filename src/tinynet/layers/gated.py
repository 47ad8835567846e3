"""Gates: one half of the numbers says how much of the other passes."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.vocabulary import at_least, flag, integer, unkept, weights_rng
from tinynet.core.faster import explained, faster
from tinynet.layers.activations import sigmoid
from tinynet.layers.layer import Layer
from tinynet.layers.linear import Linear
from tinynet.layers.smooth_activations import SiLU


class GLU(Layer):
    """Cut an axis into halves, and scale the first by the sigmoid of the second: Dauphin et al. 2017.

    Equation:
        y = a ⊙ σ(b), where x = [a, b] along the axis and σ(b) = 1 / (1 + e⁻ᵇ)

    Shapes:
        x: any, with an even number 2n along the axis        a, b, y: like x, with n there

    Gradients (given dy = ∂L/∂y):
        dx = [da, db] along the axis
        da = dy ⊙ σ(b)        db = dy ⊙ a ⊙ σ(b) ⊙ (1 − σ(b))

    Args:
        axis: The axis that is cut; 1 for the channels of images.

    Raises:
        ValueError: x has no such axis, or an odd number along it.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> GLU().forward(np.array([[1.0, 2.0, 0.0, 1e4]]))
        array([[0.5, 2. ]])
    """

    axis: int

    def __init__(self, axis: int = -1) -> None:
        checks.arguments(self, locals(), axis=integer)

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        self._check(x)
        a, b = np.split(x, 2, axis=self.axis)
        s = sigmoid(b)
        self.remember(a=a, s=s)
        return a * s

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        a, s = self.recall()
        return np.concatenate([dy * s, dy * a * s * (1 - s)], axis=self.axis)  # [da, db]

    def _check(self, x: np.ndarray) -> None:
        checks.floating_input(self, x)
        if x.shape[checks.axis_of(self, x, self.axis)] % 2:
            checks.fail(
                self,
                f"expected an even number along axis {self.axis}, got x of shape {shape_text(x.shape)}.",
                "give the layer before it twice the width that should come out: one half gates the other.",
            )


class SwiGLU(Layer):
    """Two Linear layers side by side, one of which gates the other, then a third for their product: Shazeer 2020.

    Equation:
        y = (a ⊙ u) W_downᵀ, where u = x W_upᵀ and a = silu(g) = g σ(g) = g / (1 + e⁻ᵍ) for g = x W_gateᵀ;
        with bias, each of the three products has one added: the paper's equation 6 has none

    Shapes:
        x: (..., in_features)        g, a, u: (..., hidden_features)        y: (..., out_features)
        W_gate, W_up: (hidden_features, in_features)        W_down: (out_features, hidden_features)

    Gradients (given dy = ∂L/∂y, and dh = dy W_down for h = a ⊙ u):
        du = dh ⊙ a        dg = dh ⊙ u ⊙ (σ(g) + a (1 − σ(g)))
        dx = dg W_gate + du W_up
        dW_gate = dgᵀ x        dW_up = duᵀ x        dW_down = dyᵀ h; a bias gets the sum over the rows

    Args:
        in_features: Width of each input row, at least 1.
        hidden_features: Width in between, at least 1; 8/3 of in_features costs as much as the usual factor of 4 without
            a gate.
        out_features: Width of each output row; in_features if None.
        bias: If True there are three biases.
        rng: Source of the initial weights, U(-k, k) with k = 1/√(width of the row they multiply); the package's
            generator if None.

    Raises:
        ValueError: A size is below 1, or the last axis of x is not in_features.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> SwiGLU(3, 8).forward(np.ones((4, 5, 3))).shape
        (4, 5, 3)
    """

    in_features: int
    hidden_features: int
    out_features: int

    def __init__(
        self,
        in_features: int,
        hidden_features: int,
        out_features: int | None = None,
        bias: bool = False,
        rng: np.random.Generator | None = None,
    ) -> None:
        out_features = in_features if out_features is None else out_features
        sizes = {"in_features": at_least(1), "hidden_features": at_least(1), "out_features": at_least(1)}
        checks.arguments(self, locals(), **sizes, bias=unkept(flag), rng=weights_rng)
        self.gate = Linear(in_features, hidden_features, bias, rng)
        self.up = Linear(in_features, hidden_features, bias, rng)
        self.down = Linear(hidden_features, out_features, bias, rng)
        self.silu = SiLU()

    def forward(self, x: np.ndarray) -> np.ndarray:
        u, a = self.up(x), self.silu(self.gate(x))
        self.remember(u=u, a=a)
        return self.down(a * u)

    @explained
    def backward(self, dy: np.ndarray) -> np.ndarray:
        u, a = self.recall()
        dh = self.down.backward(dy)
        du, dg = dh * a, self.silu.backward(dh * u)
        return self.gate.backward(dg) + self.up.backward(du)
