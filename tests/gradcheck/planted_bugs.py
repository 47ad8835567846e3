"""Layers and losses whose backward is wrong on purpose, each in one way that people get it wrong.

Written before the diagnosis, which has to tell each cause from outside. `name` is the input or parameter that must be
named in the error; for a rule that is broken, the parameter it is broken for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinynet import layers
from tinynet.core import Parameter
from tinynet.layers import Layer


@dataclass(frozen=True)
class Bug:
    """A layer (or a loss, with its truth), inputs to check it with, what is wrong, and why."""

    build: Callable[[], Any]
    inputs: Any
    cause: str
    name: str
    truth: Any = None

    def __str__(self) -> str:
        return getattr(self.build, "__name__", "")


BUGS: list[Bug] = []


def planted(cause: str, inputs: Any, name: str = "x") -> Callable[[type], type]:
    """Write a layer into the list."""

    def write(kind: type) -> type:
        BUGS.append(Bug(kind, inputs, cause, name))
        return kind

    return write


def planted_loss(cause: str, shape: tuple, truth: np.ndarray) -> Callable[[Callable], Callable]:
    """Write a loss into the list."""

    def write(loss: Callable) -> Callable:
        BUGS.append(Bug(loss, shape, cause, "predicted", truth))
        return loss

    return write


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(7).normal(size=shape) / np.sqrt(shape[-1])


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


class Dense(Layer):
    """A right Linear, whose parts the bugs replace."""

    def __init__(self, n_in: int = 3, n_out: int = 2) -> None:
        self.weight, self.bias = Parameter(random(n_out, n_in)), Parameter(random(n_out))

    def forward(self, x):
        self.remember(x=x)
        return x @ self.weight.tensor.T + self.bias.tensor

    def backward(self, dy):
        (x,) = self.recall()
        self.weight.accumulate(self.weight_gradient(x, dy))
        self.bias.accumulate(self.bias_gradient(dy))
        return self.dx(dy)

    def weight_gradient(self, x, dy):
        return dy.T @ x

    def bias_gradient(self, dy):
        return dy.sum(axis=0)

    def dx(self, dy):
        return dy @ self.weight.tensor


class Square(Dense):
    def __init__(self) -> None:
        super().__init__(3, 3)


class Elementwise(Layer):
    """A right function of each number; bugs replace its derivative."""

    def forward(self, x):
        y = self.f(x)
        self.remember(x=x, y=y)
        return y

    def backward(self, dy):
        x, y = self.recall()
        return dy * self.df(x, y)


# A constant factor


@planted("factor", (4, 3))
class MeanWithoutOneOverN(Layer):
    def forward(self, x):
        self.remember(x=x)
        return x.mean(axis=1)

    def backward(self, dy):
        (x,) = self.recall()
        return np.ones_like(x) * dy[:, np.newaxis]


@planted("factor", (4, 3))
class SquareWithoutTwo(Elementwise):
    def f(self, x):
        return x * x

    def df(self, x, y):
        return x


@planted("factor", (4, 3), "bias")
class BiasAveragedOverBatch(Dense):
    def bias_gradient(self, dy):
        return dy.mean(axis=0)


@planted("factor", (4, 3), "weight")
class WeightDividedByBatch(Dense):
    def weight_gradient(self, x, dy):
        return dy.T @ x / len(x)


@planted("factor", (2, 2, 4, 4))
class AveragePoolingWithoutCount(layers.AvgPool2D):
    def __init__(self) -> None:
        super().__init__(2)

    def backward(self, dy):
        return 4 * super().backward(dy)


@planted("factor", (5, 6))
class DropoutUnscaledInBackward(Layer):
    def forward(self, x):
        from tinynet.core import stream

        mask = stream("dropout").random(x.shape) >= 0.4
        if not self.training:
            mask = np.ones(x.shape, bool)
        self.remember(mask=mask)
        return x * mask / (0.6 if self.training else 1)

    def backward(self, dy):
        (mask,) = self.recall()
        return dy * mask


@planted("factor", (3, 4, 4), "weight")
class ScaledProductUnscaledInBackward(Layer):
    def __init__(self) -> None:
        self.weight = Parameter(random(4, 4))

    def forward(self, x):
        self.remember(x=x)
        return x @ self.weight.tensor / 2

    def backward(self, dy):
        (x,) = self.recall()
        self.weight.accumulate((x.transpose(0, 2, 1) @ dy).sum(axis=0))
        return dy @ self.weight.tensor.T / 2


@planted_loss("factor", (4, 3), np.zeros((4, 3)))
def squared_error_not_averaged(predicted, truth):
    d = predicted - truth
    return float((d * d).mean()), 2 * d


@planted_loss("factor", (4, 3), np.zeros((4, 3)))
def squared_error_without_two(predicted, truth):
    d = predicted - truth
    return float((d * d).mean()), d / d.size


# A sign


@planted("sign", [(4, 3), (4, 3)], "b")
class Difference(Layer):
    def forward(self, a, b):
        return a - b

    def backward(self, dy):
        return dy.copy(), dy.copy()


@planted("sign", (4, 3))
class LinearNegated(Dense):
    def dx(self, dy):
        return -dy @ self.weight.tensor


@planted("sign", (4, 3), "bias")
class BiasNegated(Dense):
    def bias_gradient(self, dy):
        return -dy.sum(axis=0)


@planted("sign", (4, 3))
class TanhTurnedRound(Elementwise):
    def f(self, x):
        return np.tanh(x)

    def df(self, x, y):
        return y * y - 1


@planted("sign", (4, 3))
class Decay(Elementwise):
    def f(self, x):
        return np.exp(-x)

    def df(self, x, y):
        return y


@planted("sign", (4, 5))
class AbsoluteWithoutSign(Elementwise):
    def f(self, x):
        return np.abs(x)

    def df(self, x, y):
        return 1.0


@planted_loss("sign", (4, 3), np.array([0, 2, 1, 1]))
def cross_entropy_turned_round(predicted, truth):
    e = np.exp(predicted)
    p = e / e.sum(axis=1, keepdims=True)
    q = np.eye(3, dtype=p.dtype)[truth]
    return float(-(q * np.log(p)).sum() / len(p)), (q - p) / len(p)


# A transpose


@planted("transpose", (4, 3))
class TransposedInBackward(Square):
    def dx(self, dy):
        return dy @ self.weight.tensor.T


@planted("transpose", (4, 3), "weight")
class WeightGradientTransposed(Square):
    def weight_gradient(self, x, dy):
        return x.T @ dy


@planted("transpose", (4, 3), "weight")
class WeightGradientOfTransposedShape(Dense):
    def weight_gradient(self, x, dy):
        return x.T @ dy


@planted("transpose", (4, 3), "backward")
class ProductThatDoesNotFit(Dense):
    def dx(self, dy):
        return dy @ self.weight.tensor.T


@planted("transpose", (2, 2, 5, 5), "weight")
class KernelTransposed(layers.Conv2D):
    def __init__(self) -> None:
        super().__init__(2, 3, 3)

    def backward(self, dy):
        before = self.weight.gradient.copy()
        dx = super().backward(dy)
        self.weight.gradient = before + (self.weight.gradient - before).transpose(0, 1, 3, 2)
        return dx


@planted("transpose", (2, 3, 4))
class SwapNotSwappedBack(Layer):
    def forward(self, x):
        self.remember(shape=x.shape)
        return np.ascontiguousarray(x.transpose(0, 2, 1)).reshape(len(x), -1)

    def backward(self, dy):
        (shape,) = self.recall()
        return dy.reshape(shape)


@planted("transpose", (2, 3, 3, 3))
class PermutedTwice(Layer):
    def forward(self, x):
        return x.transpose(0, 2, 3, 1).copy()

    def backward(self, dy):
        return dy.transpose(0, 2, 3, 1).copy()


@planted("transpose", (3, 2, 4))
class GradientLeftTransposed(Layer):
    def forward(self, x):
        return x.transpose(0, 2, 1).copy()

    def backward(self, dy):
        return dy.copy()


# A missing sum


@planted("sum", (4, 3), "bias")
class BiasOfFirstSample(Dense):
    def bias_gradient(self, dy):
        return dy[0]


@planted("sum", (4, 3), "bias")
class BiasOfLastSample(Dense):
    def bias_gradient(self, dy):
        return dy[-1]


@planted("sum", (4, 3), "weight")
class WeightOfFirstSample(Dense):
    def weight_gradient(self, x, dy):
        return np.outer(dy[0], x[0])


@planted("sum", (4, 3), "bias")
class BiasNotSummed(Dense):
    def bias_gradient(self, dy):
        return dy


@planted("sum", (4, 3), "scale")
class ScaleOfFirstSample(Layer):
    def __init__(self) -> None:
        self.scale = Parameter(np.ones(3))

    def forward(self, x):
        self.remember(x=x)
        return x * self.scale.tensor

    def backward(self, dy):
        (x,) = self.recall()
        self.scale.accumulate((dy * x)[0])
        return dy * self.scale.tensor


class ConvolutionBias(layers.Conv2D):
    def __init__(self) -> None:
        super().__init__(2, 3, 3)

    def backward(self, dy):
        before = self.bias.gradient.copy()
        dx = super().backward(dy)
        self.bias.gradient = before + self.bias_gradient(dy)
        return dx


@planted("sum", (2, 2, 5, 5), "bias")
class ConvolutionBiasOfFirstImage(ConvolutionBias):
    def bias_gradient(self, dy):
        return dy[0].sum(axis=(1, 2))


@planted("sum", (2, 2, 5, 5), "bias")
class ConvolutionBiasOfOnePixel(ConvolutionBias):
    def bias_gradient(self, dy):
        return dy.sum(axis=0)[:, 0, 0]


@planted("sum", (2, 5, 3), "weight")
class WeightOfOneTimeStep(Dense):
    def weight_gradient(self, x, dy):
        return dy[:, -1].T @ x[:, -1]

    def bias_gradient(self, dy):
        return dy.sum(axis=(0, 1))


@planted("sum", np.array([[1, 0, 1], [2, 1, 0]]), "weight")
class EmbeddingThatLosesRepeats(Layer):
    def __init__(self) -> None:
        self.weight = Parameter(random(4, 2))

    def forward(self, ids):
        self.remember(ids=ids)
        return self.weight.tensor[ids]

    def backward(self, dy):
        (ids,) = self.recall()
        gradient = np.zeros_like(self.weight.tensor)
        gradient[ids] += dy
        self.weight.accumulate(gradient)
        return np.zeros(ids.shape)


# A stale cache


@planted("stale", (4, 3), "weight")
class InputOfTheFirstCall(Dense):
    def forward(self, x):
        if not hasattr(self, "_x") or self._x.shape != x.shape:
            self._x = x.copy()
        return super().forward(x)

    def weight_gradient(self, x, dy):
        return dy.T @ (self._x if self._x.shape == x.shape else x)


@planted("stale", (4, 3))
class WeightOfTheConstructor(Dense):
    def __init__(self) -> None:
        super().__init__()
        self._W = self.weight.tensor.copy()

    def dx(self, dy):
        return dy @ self._W.astype(dy.dtype)


@planted("stale", (4, 3), "weight")
class InputOfTheCallBefore(Dense):
    def forward(self, x):
        self._before, self._now = getattr(self, "_now", x), x.copy()
        if self._before.shape != x.shape:
            self._before = x
        return super().forward(x)

    def weight_gradient(self, x, dy):
        return dy.T @ self._before.astype(dy.dtype)


@planted("stale", (4, 3))
class OutputOfTheFirstCall(Layer):
    def forward(self, x):
        y = np.tanh(x)
        if not hasattr(self, "_y") or self._y.shape != x.shape:
            self._y = y
        return y

    def backward(self, dy):
        return dy * (1 - self._y.astype(dy.dtype) ** 2)


# Overwritten


@planted("overwritten", (4, 3), "weight")
class WeightOverwritten(Dense):
    def backward(self, dy):
        (x,) = self.recall()
        self.weight.gradient = dy.T @ x
        self.bias.accumulate(dy.sum(axis=0))
        return self.dx(dy)


@planted("overwritten", (4, 3), "bias")
class BiasOverwritten(Dense):
    def backward(self, dy):
        (x,) = self.recall()
        self.weight.accumulate(dy.T @ x)
        self.bias.gradient[...] = dy.sum(axis=0)
        return self.dx(dy)


@planted("overwritten", (4, 3), "weight")
class ClearedBeforeAdding(Dense):
    def backward(self, dy):
        self.zero_gradient()
        return super().backward(dy)


@planted("overwritten", (4, 3), "weight")
class SharedWeightOverwritten(Layer):
    def __init__(self) -> None:
        self.weight = Parameter(random(2, 3))

    def forward(self, x):
        h = x @ self.weight.tensor.T
        self.remember(x=x, h=h)
        return h @ self.weight.tensor

    def backward(self, dy):
        x, h = self.recall()
        self.weight.gradient = h.T @ dy
        dh = dy @ self.weight.tensor.T
        self.weight.gradient = dh.T @ x
        return dh @ self.weight.tensor


# A wrong mask


class Rectifier(Elementwise):
    def f(self, x):
        return np.maximum(x, 0)


@planted("mask", (4, 5))
class MaskOfTheGradient(Rectifier):
    def backward(self, dy):
        return dy * (dy > 0)


@planted("mask", (4, 5))
class MaskInverted(Rectifier):
    def df(self, x, y):
        return x < 0


@planted("mask", (4, 5))
class MaskForgotten(Rectifier):
    def df(self, x, y):
        return 1.0


@planted("mask", (4, 5))
class MaskAtAnotherThreshold(Rectifier):
    def df(self, x, y):
        return x > 0.5


@planted("mask", (4, 5))
class ClipMaskedOnOneSide(Elementwise):
    def f(self, x):
        return np.clip(x, -0.5, 0.5)

    def df(self, x, y):
        return x < 0.5


@planted("mask", (4, 5))
class LeakOnTheWrongSide(Elementwise):
    def f(self, x):
        return np.maximum(x, 0.1 * x)

    def df(self, x, y):
        return np.where(x > 0, 0.1, 1.0).astype(x.dtype)


@planted("mask", (2, 2, 4, 4))
class PoolingToTheFirstPixel(layers.MaxPool2D):
    def __init__(self) -> None:
        super().__init__(2)

    def backward(self, dy):
        dx = np.zeros((*dy.shape[:2], 4, 4), dy.dtype)
        dx[:, :, ::2, ::2] = dy
        return dx


@planted("mask", (5, 6))
class DropoutWithAFreshMask(layers.Dropout):
    def backward(self, dy):
        from tinynet.core import stream

        if not self.training:
            return dy
        return dy * (stream("dropout").random(dy.shape) >= 0.5) * 2


# A derivative taken at the output instead of the input, or the other way round


@planted("output", (4, 3))
class SigmoidOfTheOutput(Elementwise):
    def f(self, x):
        return sigmoid(x)

    def df(self, x, y):
        return sigmoid(y) * (1 - sigmoid(y))


@planted("output", (4, 3))
class TanhOfTheOutput(Elementwise):
    def f(self, x):
        return np.tanh(x)

    def df(self, x, y):
        return 1 - np.tanh(y) ** 2


@planted("output", (4, 3))
class SigmoidFormulaAtTheInput(Elementwise):
    def f(self, x):
        return sigmoid(x)

    def df(self, x, y):
        return x * (1 - x)


@planted("output", (4, 3))
class TanhFormulaAtTheInput(Elementwise):
    def f(self, x):
        return np.tanh(x)

    def df(self, x, y):
        return 1 - x * x


@planted("output", (4, 3))
class ExponentialOfTheOutput(Elementwise):
    def f(self, x):
        return np.exp(x)

    def df(self, x, y):
        return np.exp(y)


@planted("output", (4, 3))
class SoftplusOfTheOutput(Elementwise):
    def f(self, x):
        return np.log1p(np.exp(x))

    def df(self, x, y):
        return sigmoid(y)


@planted("output", (4, 3))
class SquareOfTheOutput(Elementwise):
    def f(self, x):
        return x * x

    def df(self, x, y):
        return 2 * y


# A branch left out


class ResidualBlock(Layer):
    def __init__(self) -> None:
        self.body = layers.Linear(3, 3, rng=np.random.default_rng(3))

    def forward(self, x):
        return x + self.body.forward(x)


@planted("branch", (4, 3))
class ShortcutLeftOut(ResidualBlock):
    def backward(self, dy):
        return self.body.backward(dy)


@planted("branch", (4, 3))
class BodyLeftOut(ResidualBlock):
    def backward(self, dy):
        self.body.backward(dy)
        return dy


class Norm(Layer):
    def forward(self, x):
        inverse = 1 / np.sqrt(x.var(axis=1, keepdims=True) + x.dtype.type(1e-5))
        x_hat = (x - x.mean(axis=1, keepdims=True)) * inverse
        self.remember(x_hat=x_hat, inverse=inverse)
        return x_hat


@planted("branch", (3, 6))
class NormWithoutMean(Norm):
    def backward(self, dy):
        x_hat, inverse = self.recall()
        return (dy - x_hat * (dy * x_hat).mean(axis=1, keepdims=True)) * inverse


@planted("branch", (3, 6))
class NormWithoutVariance(Norm):
    def backward(self, dy):
        _, inverse = self.recall()
        return (dy - dy.mean(axis=1, keepdims=True)) * inverse


@planted("branch", (3, 6))
class NormOfConstantStatistics(Norm):
    def backward(self, dy):
        _, inverse = self.recall()
        return dy * inverse


@planted("branch", (4, 5))
class SoftmaxWithoutTheOthers(layers.Softmax):
    def backward(self, dy):
        (y,) = self.recall()
        return dy * y * (1 - y)


@planted("branch", (4, 5))
class SoftmaxPassedOn(layers.Softmax):
    def backward(self, dy):
        return dy.copy()


@planted("branch", (3, 4, 2))
class RecurrenceCutOff(Layer):
    def __init__(self) -> None:
        self.weight = Parameter(random(2, 2))

    def forward(self, x):
        h, states = np.zeros_like(x[:, 0]), []
        for t in range(x.shape[1]):
            h = np.tanh(x[:, t] + h @ self.weight.tensor)
            states.append(h)
        y = np.stack(states, axis=1)
        self.remember(y=y)
        return y

    def backward(self, dy):
        (y,) = self.recall()
        da = dy * (1 - y * y)
        before = np.concatenate([np.zeros_like(y[:, :1]), y[:, :-1]], axis=1)
        self.weight.accumulate(np.einsum("nti,ntj->ij", before, da))
        return da


@planted("branch", (4, 3))
class ProductRuleForgotten(Elementwise):
    def f(self, x):
        return x * sigmoid(x)

    def df(self, x, y):
        return sigmoid(x)


@planted("branch", (4, 3), "bias")
class BiasForgotten(Dense):
    def backward(self, dy):
        (x,) = self.recall()
        self.weight.accumulate(dy.T @ x)
        return self.dx(dy)


@planted("branch", (4, 3))
class SecondBranchForgotten(Layer):
    def __init__(self) -> None:
        rng = np.random.default_rng(5)
        self.left, self.right = layers.Linear(3, 2, rng=rng), layers.Linear(3, 2, rng=rng)

    def forward(self, x):
        return np.concatenate([self.left.forward(x), self.right.forward(x)], axis=1)

    def backward(self, dy):
        self.right.backward(dy[:, 2:])
        return self.left.backward(dy[:, :2])


@planted("branch", (4, 3), "weight")
class OneUseOfAWeightForgotten(Layer):
    def __init__(self) -> None:
        self.weight = Parameter(random(2, 3))

    def forward(self, x):
        h = x @ self.weight.tensor.T
        self.remember(h=h)
        return h @ self.weight.tensor

    def backward(self, dy):
        (h,) = self.recall()
        self.weight.accumulate(h.T @ dy)
        return dy @ self.weight.tensor.T @ self.weight.tensor
