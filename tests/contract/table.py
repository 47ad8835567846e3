"""One table: a row for each configuration in which an exported layer, loss or optimizer is proven.

A new layer gets its rows here; `test_contract.py` fails where one is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from tinynet import layers, losses, optimizers
from tinynet.layers import Layer
from tinynet.net import Concat, Graph, Named, Net, Padded, Residual, operations
from tinynet.optimizers import Optimizer

Shape = tuple[int, ...]


@dataclass(frozen=True)
class LayerRow:
    """A layer, the shape of a batch (or the inputs, in a list), and the shape that comes out (of the first output)."""

    build: Callable[[], Layer]
    inputs: Any
    output: Shape
    batch_of_one: bool = True

    def __str__(self) -> str:
        return repr(self.build()).replace("\n", " ")


@dataclass(frozen=True)
class LossRow:
    """A loss, the shape of its predictions, or the predictions (of each, in a list), and a truth."""

    loss: Callable
    predicted: Any
    ground_truth: Any

    def __str__(self) -> str:
        name = getattr(self.loss, "func", self.loss).__name__
        truth = getattr(self.ground_truth, "dtype", type(self.ground_truth).__name__)
        given = self.predicted if isinstance(self.predicted, list) else [self.predicted]
        shapes = [x.shape if isinstance(x, np.ndarray) else x for x in given]
        return f"{name}({getattr(self.loss, 'keywords', '') or ''}) {', '.join(map(str, shapes))} {truth}"

    def predictions(self, rng: np.random.Generator, scale: float = 1.0) -> tuple[np.ndarray, ...]:
        """An array for each prediction: drawn if the row has its shape, else the one that it has."""
        given = self.predicted if isinstance(self.predicted, list) else [self.predicted]
        return tuple(scale * rng.normal(size=x) if isinstance(x, tuple) else x.copy() for x in given)


@dataclass(frozen=True)
class OptimizerRow:
    """An optimizer that brings a parabola to its foot."""

    build: Callable[[], Optimizer]
    label: str

    def __str__(self) -> str:
        return self.label


def images(n: int = 2, c: int = 2, h: int = 6, w: int = 5) -> Shape:
    return (n, c, h, w)


SWITCHES = np.array([[[[0, 3], [9, 14]]], [[[5, 2], [8, 11]]]])  # in images of 4×4, one in each 2×2 window
LENGTHS = np.array([4, 2])
SWITCHES_OF_STEPS = np.array([[[1], [2]], [[0], [3]]])  # in sequences of 4, one in each window of 2
TOKENS = np.array([[0, 2, 1], [4, 2, 2]])
OVERLAPPING = np.array([[[[5, 5], [9, 14]]]])

LAYERS = [
    LayerRow(lambda: layers.Linear(3, 2), (4, 3), (4, 2)),
    LayerRow(lambda: layers.Linear(3, 1, bias=False), (4, 3), (4, 1)),
    LayerRow(lambda: layers.Linear(3, 5), (2, 4, 3), (2, 4, 5)),
    LayerRow(lambda: layers.Flatten(), (3, 2, 4, 2), (3, 16)),
    LayerRow(lambda: layers.Flatten(2, 3), (3, 2, 4, 2), (3, 2, 8)),
    LayerRow(lambda: layers.Dropout(), (4, 5), (4, 5)),
    LayerRow(lambda: layers.Dropout(0.2, rng=np.random.default_rng(1)), images(), images()),
    LayerRow(lambda: layers.Dropout(0.0), (4, 5), (4, 5)),
    LayerRow(lambda: layers.ReLU(), images(), images()),
    LayerRow(lambda: layers.LeakyReLU(), (4, 5), (4, 5)),
    LayerRow(lambda: layers.LeakyReLU(0.3), images(), images()),
    LayerRow(lambda: layers.ReLU6(), images(), images()),
    LayerRow(lambda: Net([operations.Power(3.0), layers.ReLU6()]), (4, 5), (4, 5)),  # which reaches 6
    LayerRow(lambda: layers.Hardtanh(), images(), images()),
    LayerRow(lambda: layers.Hardtanh(-0.5, 0.2), (4, 5), (4, 5)),
    LayerRow(lambda: layers.Sigmoid(), images(), images()),
    LayerRow(lambda: layers.Hardsigmoid(), images(), images()),
    LayerRow(lambda: Net([operations.Power(3.0), layers.Hardsigmoid()]), (4, 5), (4, 5)),  # which reaches both ends
    LayerRow(lambda: layers.LogSigmoid(), (4, 5), (4, 5)),
    LayerRow(lambda: layers.Tanh(), (4, 5), (4, 5)),
    LayerRow(lambda: layers.GELU(), images(), images()),
    LayerRow(lambda: layers.GELU(approximate="tanh"), (4, 5), (4, 5)),
    LayerRow(lambda: layers.SiLU(), images(), images()),
    LayerRow(lambda: layers.Hardswish(), images(), images()),
    LayerRow(lambda: Net([operations.Power(3.0), layers.Hardswish()]), (4, 5), (4, 5)),
    LayerRow(lambda: layers.Mish(), images(), images()),
    LayerRow(lambda: layers.ELU(alpha=1.5), images(), images()),
    LayerRow(lambda: layers.SELU(), images(), images()),
    LayerRow(lambda: layers.Softplus(), (4, 5), (4, 5)),
    LayerRow(lambda: layers.Softplus(beta=2.0, threshold=1.5), images(), images()),
    LayerRow(lambda: layers.PReLU(), (4, 5), (4, 5)),
    LayerRow(lambda: layers.PReLU(2, init=0.1), images(), images()),
    LayerRow(lambda: layers.PReLU(3), (2, 4, 3), (2, 4, 3)),
    LayerRow(lambda: layers.GLU(), (2, 4, 6), (2, 4, 3)),
    LayerRow(lambda: layers.GLU(axis=1), images(c=4), images(c=2)),
    LayerRow(lambda: layers.SwiGLU(3, 5), (2, 4, 3), (2, 4, 3)),
    LayerRow(lambda: layers.SwiGLU(3, 5, out_features=2, bias=True), (4, 3), (4, 2)),
    LayerRow(lambda: layers.Dropout2D(0.3), images(), images()),
    LayerRow(lambda: layers.Reshape(2, -1), (3, 4, 6), (3, 2, 12)),
    LayerRow(lambda: layers.Permute(2, 0, 1), images(), (2, 5, 2, 6)),
    LayerRow(lambda: layers.Permute(1, 0), (2, 4, 3), (2, 3, 4)),
    LayerRow(lambda: layers.Softmax(), (4, 5), (4, 5)),
    LayerRow(lambda: layers.Softmax(axis=1), images(), images()),
    LayerRow(lambda: layers.LogSoftmax(), (4, 5), (4, 5)),
    LayerRow(lambda: layers.LogSoftmax(axis=1), images(), images()),
    LayerRow(lambda: layers.Conv2D(2, 3, 3), images(), (2, 3, 4, 3)),
    LayerRow(lambda: layers.Conv2D(2, 3, (3, 2), stride=(2, 1), padding=(1, 0)), images(), (2, 3, 3, 4)),
    LayerRow(lambda: layers.Conv2D(2, 3, (4, 3), padding="same"), images(), (2, 3, 6, 5)),
    LayerRow(lambda: layers.Conv2D(2, 3, 2, dilation=(2, 3), bias=False), images(), (2, 3, 4, 2)),
    LayerRow(lambda: layers.Conv2D(4, 6, 3, groups=2, padding=1, stride=2), images(c=4), (2, 6, 3, 3)),
    LayerRow(lambda: layers.Conv2D(3, 3, 3, groups=3), images(c=3), (2, 3, 4, 3)),
    LayerRow(lambda: layers.Conv2D(1, 1, 1), (1, 1, 1, 1), (1, 1, 1, 1)),
    LayerRow(lambda: layers.ConvTranspose2D(2, 3, 3), images(h=3, w=4), (2, 3, 5, 6)),
    LayerRow(
        lambda: layers.ConvTranspose2D(2, 4, (3, 2), stride=(2, 3), padding=(1, 0), output_padding=(1, 2), groups=2),
        images(h=3, w=4),
        (2, 4, 6, 13),
    ),
    LayerRow(lambda: layers.ConvTranspose2D(3, 2, 2, dilation=(2, 1), bias=False), images(c=3, h=3, w=2), (2, 2, 5, 3)),
    LayerRow(lambda: layers.MaxPool2D(2), images(), (2, 2, 3, 2)),
    LayerRow(lambda: layers.MaxPool2D((3, 2), stride=1, padding=(1, 0), dilation=(1, 2)), images(), (2, 2, 6, 3)),
    LayerRow(lambda: layers.MaxPool2D(3, 2, return_switches=True), images(), (2, 2, 2, 2)),
    LayerRow(lambda: layers.MaxPool2D(3, 2, ceil_mode=True), images(), (2, 2, 3, 2)),
    LayerRow(lambda: layers.MaxPool2D((2, 3), (4, 3), 1, (1, 2), True, ceil_mode=True), images(), (2, 2, 2, 2)),
    LayerRow(lambda: layers.MaxUnpool1D(2), [(2, 2, 1), SWITCHES_OF_STEPS], (2, 4, 1)),
    LayerRow(lambda: layers.MaxUnpool1D(3, 2, 1), [(2, 2, 1), SWITCHES_OF_STEPS % 3], (2, 3, 1)),
    LayerRow(lambda: layers.MaxUnpool2D(2), [(2, 1, 2, 2), SWITCHES], (2, 1, 4, 4)),
    LayerRow(lambda: layers.MaxUnpool2D(2), [(1, 1, 2, 2), OVERLAPPING], (1, 1, 4, 4)),
    LayerRow(lambda: layers.AvgPool2D(2), images(), (2, 2, 3, 2)),
    LayerRow(lambda: layers.AvgPool2D((3, 2), 1, padding=1, count_include_pad=False), images(), (2, 2, 6, 6)),
    LayerRow(lambda: layers.AvgPool2D(3, 2, 1, ceil_mode=True), images(), (2, 2, 4, 3)),
    LayerRow(lambda: layers.AvgPool2D(3, (4, 3), 1, ceil_mode=True, count_include_pad=False), images(), (2, 2, 2, 2)),
    LayerRow(lambda: layers.AvgPool2D(2, ceil_mode=True, divisor_override=-3), images(), (2, 2, 3, 3)),
    LayerRow(lambda: layers.Conv1D(2, 3, 3), (2, 6, 2), (2, 4, 3)),
    LayerRow(lambda: layers.Conv1D(4, 6, 3, stride=2, padding=1, dilation=2, groups=2), (2, 9, 4), (2, 4, 6)),
    LayerRow(lambda: layers.Conv1D(3, 3, 4, padding="same", groups=3, bias=False), (2, 7, 3), (2, 7, 3)),
    LayerRow(lambda: layers.ConvTranspose1D(2, 3, 3), (2, 4, 2), (2, 6, 3)),
    LayerRow(lambda: layers.ConvTranspose1D(4, 6, 3, 3, 1, 2, groups=2, dilation=2), (2, 4, 4), (2, 14, 6)),
    LayerRow(lambda: layers.MaxPool1D(2), (2, 7, 3), (2, 3, 3)),
    LayerRow(lambda: layers.MaxPool1D(3, stride=1, padding=1, dilation=2), (2, 7, 3), (2, 5, 3)),
    LayerRow(lambda: layers.MaxPool1D(3, 2, return_switches=True), (2, 7, 3), (2, 3, 3)),
    LayerRow(lambda: layers.MaxPool1D(2, 3, 1, 3, ceil_mode=True), (2, 7, 3), (2, 3, 3)),
    LayerRow(lambda: layers.AvgPool1D(2), (2, 7, 3), (2, 3, 3)),
    LayerRow(lambda: layers.AvgPool1D(4, 3, padding=1, ceil_mode=True), (2, 7, 3), (2, 3, 3)),
    LayerRow(lambda: layers.AvgPool1D(3, 2, padding=1, count_include_pad=False), (2, 7, 3), (2, 4, 3)),
    LayerRow(lambda: layers.GlobalAvgPool1D(), (2, 5, 3), (2, 3)),
    LayerRow(lambda: layers.GlobalAvgPool2D(), images(), (2, 2)),
    LayerRow(lambda: layers.GlobalMaxPool1D(), (2, 5, 3), (2, 3)),
    LayerRow(lambda: layers.GlobalMaxPool2D(), images(), (2, 2)),
    LayerRow(lambda: layers.AdaptiveAvgPool1D(3), (2, 5, 3), (2, 3, 3)),
    LayerRow(lambda: layers.AdaptiveAvgPool2D((4, 3)), images(), (2, 2, 4, 3)),
    LayerRow(lambda: layers.AdaptiveMaxPool1D(3), (2, 5, 3), (2, 3, 3)),
    LayerRow(lambda: layers.AdaptiveMaxPool1D(3, return_switches=True), (2, 5, 3), (2, 3, 3)),
    LayerRow(lambda: layers.AdaptiveMaxPool2D((4, 7)), images(), (2, 2, 4, 7)),
    LayerRow(lambda: layers.AdaptiveMaxPool2D(3, return_switches=True), images(), (2, 2, 3, 3)),
    LayerRow(lambda: layers.Upsample(scale_factor=2), images(), images(h=12, w=10)),
    LayerRow(lambda: layers.Upsample((4, 7)), images(), images(h=4, w=7)),
    LayerRow(lambda: layers.Upsample(scale_factor=(2, 0.6), mode="bilinear"), images(), images(h=12, w=3)),
    LayerRow(lambda: layers.Upsample((4, 7), mode="bilinear", align_corners=True), images(), images(h=4, w=7)),
    LayerRow(lambda: layers.ZeroPad1D((1, 2)), (2, 4, 3), (2, 7, 3)),
    LayerRow(lambda: layers.ZeroPad2D((1, 2, 0, 3)), images(), images(h=9, w=8)),
    LayerRow(lambda: layers.ReflectionPad1D((1, 2)), (2, 4, 3), (2, 7, 3)),
    LayerRow(lambda: layers.ReflectionPad2D((4, 2, 0, 3)), images(), images(h=9, w=11)),
    LayerRow(lambda: layers.ReplicationPad1D((1, 7)), (2, 4, 3), (2, 12, 3)),
    LayerRow(lambda: layers.ReplicationPad2D((6, 2, 0, 3)), images(), images(h=9, w=13)),
    LayerRow(lambda: layers.BatchNorm1D(3), (4, 3), (4, 3), batch_of_one=False),
    LayerRow(lambda: layers.BatchNorm1D(3, affine=False), (2, 4, 3), (2, 4, 3)),
    LayerRow(lambda: layers.BatchNorm2D(2), images(), images()),
    LayerRow(lambda: layers.BatchNorm2D(2, track_running_stats=False), images(), images()),
    LayerRow(lambda: layers.BatchNorm1D(3, momentum=None, bias=False), (4, 3), (4, 3), batch_of_one=False),
    LayerRow(lambda: layers.BatchNorm2D(2, bias=False), images(), images()),
    LayerRow(lambda: layers.LayerNorm(3), (4, 3), (4, 3)),
    LayerRow(lambda: layers.LayerNorm((4, 3), bias=False), (2, 4, 3), (2, 4, 3)),
    LayerRow(lambda: layers.GroupNorm(2, 4), images(c=4), images(c=4)),
    LayerRow(lambda: layers.GroupNorm(3, 3, affine=False), (2, 3, 5), (2, 3, 5)),
    LayerRow(lambda: layers.GroupNorm(4, 4, bias=False), images(c=4), images(c=4)),
    LayerRow(lambda: layers.RMSNorm(3), (2, 4, 3), (2, 4, 3)),
    LayerRow(lambda: layers.Embedding(5, 3), [TOKENS], (2, 3, 3)),
    LayerRow(lambda: layers.Embedding(5, 3, padding_idx=2), [TOKENS], (2, 3, 3)),
    LayerRow(lambda: layers.LearnedPosition(6, 3), (2, 4, 3), (2, 4, 3)),
    LayerRow(lambda: layers.SinusoidalPosition(4), (2, 3, 4), (2, 3, 4)),
    LayerRow(lambda: layers.RotaryPosition(4), (2, 3, 4), (2, 3, 4)),
    LayerRow(lambda: layers.RNN(3, 2), (2, 4, 3), (2, 4, 2)),
    LayerRow(lambda: layers.RNN(3, 2, 2, "relu", bidirectional=True), (2, 4, 3), (2, 4, 4)),
    LayerRow(lambda: layers.LSTM(3, 2), (2, 4, 3), (2, 4, 2)),
    LayerRow(
        lambda: layers.LSTM(3, 2, 2, bidirectional=True, return_state=True),
        [(2, 4, 3), (4, 2, 2), (4, 2, 2)],
        (2, 4, 4),
        batch_of_one=False,
    ),
    LayerRow(lambda: layers.LSTM(3, 4, proj_size=2), (2, 4, 3), (2, 4, 2)),
    LayerRow(
        lambda: layers.LSTM(3, 3, 2, bias=False, bidirectional=True, return_state=True, proj_size=2),
        [(2, 4, 3), (4, 2, 2), (4, 2, 3)],
        (2, 4, 4),
        batch_of_one=False,
    ),
    LayerRow(lambda: layers.GRU(3, 2), (2, 4, 3), (2, 4, 2)),
    LayerRow(
        lambda: layers.GRU(3, 2, 2, bias=False, return_state=True),
        [(2, 4, 3), (2, 2, 2)],
        (2, 4, 2),
        batch_of_one=False,
    ),
    LayerRow(lambda: layers.MultiHeadAttention(4, 2), (2, 3, 4), (2, 3, 4)),
    LayerRow(lambda: layers.MultiHeadAttention(4, 2, causal=True, rotary=True), (2, 3, 4), (2, 3, 4)),
    LayerRow(lambda: layers.MultiHeadAttention(4, 2, bias=False), [(2, 3, 4), (2, 5, 4)], (2, 3, 4)),
    LayerRow(lambda: layers.MultiHeadAttention(4, 1), [(2, 3, 4), (2, 5, 4), (2, 5, 4)], (2, 3, 4)),
    LayerRow(lambda: layers.TransformerBlock(4, 2, causal=True), (2, 3, 4), (2, 3, 4)),
    LayerRow(lambda: layers.TransformerBlock(4, 2, norm_first=False, activation="relu"), (2, 3, 4), (2, 3, 4)),
    LayerRow(lambda: Net([layers.Linear(3, 4), layers.Tanh(), Net([layers.Linear(4, 2)])]), (4, 3), (4, 2)),
    LayerRow(lambda: Padded([layers.LSTM(3, 2), layers.Linear(2, 2)]), [(2, 4, 3), LENGTHS], (2, 4, 2)),
    LayerRow(
        lambda: Padded([layers.TransformerBlock(4, 2, causal=True), Residual([layers.MultiHeadAttention(4, 2)])]),
        [(2, 3, 4), np.array([[False, False, True], [False, True, False]])],
        (2, 3, 4),
    ),
    LayerRow(lambda: Concat([[]]), (4, 3), (4, 3)),
    LayerRow(
        lambda: Net([layers.Conv2D(1, 2, 3), layers.ReLU(), layers.MaxPool2D(2), layers.Flatten()]), images(c=1), (2, 4)
    ),
    LayerRow(lambda: Residual([layers.Linear(3, 4), layers.ReLU(), layers.Linear(4, 3)]), (4, 3), (4, 3)),
    LayerRow(
        lambda: Residual(layers.Conv2D(2, 3, 3, padding=1), shortcut=layers.Conv2D(2, 3, 1)), images(), images(c=3)
    ),
    LayerRow(lambda: Concat([layers.Linear(3, 2), [layers.Linear(3, 4), layers.Tanh()], []]), (4, 3), (4, 9)),
    LayerRow(lambda: Concat([layers.Conv2D(2, 3, 1), layers.AvgPool2D(3, 1, 1)]), images(), images(c=5)),
    LayerRow(lambda: Concat([layers.Linear(3, 2), layers.Linear(3, 4)], axis=-1), (2, 4, 3), (2, 4, 6)),
]


def gated_sum() -> Graph:
    """A graph in which one value is read twice, with a weight and a constant of its own."""
    steps = [
        ("gate", layers.Linear(3, 2), ["a"], ["g"]),
        ("both", operations.Combine("subtract"), ["a", "b"], ["d"]),
        ("value", operations.MatMul(), ["d", "W"], ["v"]),
        ("product", operations.Combine("multiply"), ["g", "v"], ["p"]),
        ("moved", operations.Combine("add"), ["p", "c0"], ["m"]),
        ("sum", operations.Combine("add"), ["m", "g"], ["y"]),
    ]
    return Graph(["a", "b"], steps, ["y"], weights={"W": (3, 2)}, constants={"c0": ((2,), "float32")})


OPERATIONS = [  # and what is made of them
    LayerRow(lambda: Named({"hidden": layers.Linear(3, 4), "out": layers.Linear(4, 2)}), (4, 3), (4, 2)),
    LayerRow(gated_sum, [(4, 3), (4, 3)], (4, 2)),
    LayerRow(lambda: operations.Combine("add"), [(2, 3), (2, 3)], (2, 3)),
    LayerRow(lambda: operations.Combine("subtract"), [(2, 4, 3), (1, 3)], (2, 4, 3), batch_of_one=False),
    LayerRow(lambda: operations.Combine("multiply"), [(3,), (2, 3)], (2, 3), batch_of_one=False),
    LayerRow(lambda: operations.Combine("divide"), [(2, 3), (2, 1)], (2, 3)),
    LayerRow(lambda: operations.Combine("maximum"), [(2, 3), (2, 3)], (2, 3)),
    LayerRow(lambda: operations.Combine("minimum"), [(4, 2, 3), (3,)], (4, 2, 3), batch_of_one=False),
    LayerRow(lambda: operations.Compare("greater"), [(2, 3), (2, 3)], (2, 3)),
    LayerRow(lambda: operations.Compare("less_equal"), [(2, 4, 3), (3,)], (2, 4, 3), batch_of_one=False),
    LayerRow(lambda: operations.Einsum("nij,njk->nik"), [(2, 4, 3), (2, 3, 5)], (2, 4, 5)),
    LayerRow(lambda: operations.Einsum("nijk->nji"), (2, 4, 3, 2), (2, 3, 4)),
    LayerRow(lambda: operations.Einsum("ni,nj,k->njk"), [(2, 4), (2, 3), (5,)], (2, 3, 5), batch_of_one=False),
    LayerRow(lambda: operations.Einsum("ni,ij->nj"), [(2, 4), (1, 3)], (2, 3), batch_of_one=False),
    LayerRow(lambda: operations.MatMul(), [(2, 4, 3), (3, 5)], (2, 4, 5), batch_of_one=False),
    LayerRow(lambda: operations.MatMul(), [(2, 2, 4, 3), (2, 2, 3, 5)], (2, 2, 4, 5)),
    LayerRow(lambda: operations.Choose(), [TOKENS > 1, (2, 3), (2, 1)], (2, 3)),
    LayerRow(lambda: operations.Elementwise("erf"), (2, 3), (2, 3)),
    LayerRow(lambda: operations.Elementwise("exp"), (2, 3), (2, 3)),
    LayerRow(lambda: operations.Elementwise("sin"), (2, 3), (2, 3)),
    LayerRow(lambda: operations.Elementwise("cos"), (2, 3), (2, 3)),
    LayerRow(lambda: operations.Elementwise("abs"), (2, 3), (2, 3)),
    LayerRow(lambda: operations.Elementwise("negative"), (2, 3), (2, 3)),
    *[  # functions of which no layer above is made
        LayerRow(partial(operations.Elementwise, function), (2, 3), (2, 3))
        for function in ("atan", "ceil", "cosh", "floor", "round", "sign", "sinh", "tan")
    ],
    LayerRow(lambda: Net([layers.Softplus(), operations.Elementwise("sqrt")]), (2, 3), (2, 3)),
    LayerRow(lambda: Net([layers.Softplus(), operations.Elementwise("log")]), (2, 3), (2, 3)),
    LayerRow(lambda: Net([layers.Softplus(), operations.Elementwise("reciprocal")]), (2, 3), (2, 3)),
    LayerRow(lambda: operations.Power(3.0), (2, 3), (2, 3)),
    LayerRow(lambda: operations.Power(0.0), (2, 3), (2, 3)),
    LayerRow(lambda: operations.Clip(-0.5, 0.7), (4, 5), (4, 5)),
    LayerRow(lambda: operations.Clip(low=-0.5), (4, 5), (4, 5)),
    LayerRow(lambda: operations.Clip(high=0.7), (4, 5), (4, 5)),
    LayerRow(lambda: operations.Reduce("mean", (1, 3), keepdims=False), images(), (2, 6)),
    LayerRow(lambda: operations.Reduce("sum", (-1,)), (2, 4, 3), (2, 4, 1)),
    LayerRow(lambda: operations.Reduce("max", (1, 2)), images(), (2, 1, 1, 5)),
    LayerRow(lambda: operations.Reduce("min", (1,), keepdims=False), (2, 4, 3), (2, 3)),
    LayerRow(lambda: operations.Reduce("norm", (1, 3)), images(), (2, 1, 6, 1)),
    LayerRow(lambda: operations.Reduce("logsumexp", (1,), keepdims=False), (2, 4, 3), (2, 3)),
    LayerRow(lambda: operations.Reduce("sum", ()), (2, 3), (2, 3)),
    LayerRow(lambda: operations.Reduce("norm", ()), (2, 3), (2, 3)),
    LayerRow(lambda: operations.CumulativeSum(1), (2, 4, 3), (2, 4, 3)),
    LayerRow(lambda: operations.CumulativeSum(-1), (2, 4, 3), (2, 4, 3)),
    LayerRow(lambda: operations.Transpose(2, 0, 1), (2, 4, 3), (3, 2, 4)),
    LayerRow(lambda: operations.View("x0", "x1", 2, -1), (2, 3, 8), (2, 3, 2, 4)),
    LayerRow(lambda: operations.View(-1, 3), (2, 4, 3), (8, 3)),
    LayerRow(lambda: operations.Expand("x0", 4, -1), (2, 1, 3), (2, 4, 3)),
    LayerRow(lambda: operations.Expand(2, 4, 3), (4, 1), (2, 4, 3), batch_of_one=False),
    LayerRow(lambda: operations.Repeat(), [(1, 4, 3), (2, 5)], (2, 4, 3), batch_of_one=False),
    LayerRow(lambda: operations.Part(1, 1, 4, 2), (2, 5, 3), (2, 2, 3)),
    LayerRow(lambda: operations.Part(1, -1, None, -1), (2, 5), (2, 5)),
    LayerRow(lambda: operations.Take(1), [(2, 5, 3), TOKENS], (2, 2, 3, 3), batch_of_one=False),
    LayerRow(lambda: operations.Join(1), [(2, 3), (2, 4), (2, 1)], (2, 8)),
    LayerRow(lambda: operations.Join(1), [(1, 1, 3), (2, 4, 3)], (2, 5, 3), batch_of_one=False),
]

LABELS = np.array([0, 2, 1, 2])
PROBABILITIES = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0], [0.1, 0.1, 0.8]])
CLASS_WEIGHT = np.array([0.5, 2.0, 1.0])
SHARES = np.random.default_rng(1).uniform(0.1, 0.9, (4, 3))  # probabilities of yes
VARIANCES = np.random.default_rng(2).uniform(0.5, 2.0, (4, 3))
SIGNS = np.array([1, -1, -1, 1])
IN_TIME = (np.array([[1, 2, 2], [1, -1, -1]]), np.array([6, 4]), np.array([3, 1]))  # labels, and the two lengths

LOSSES = [
    LossRow(losses.mean_squared_error, (4, 3), np.linspace(-1, 1, 12).reshape(4, 3)),
    LossRow(losses.mean_squared_error, (5,), np.zeros(5)),
    LossRow(losses.cross_entropy, (4, 3), LABELS),
    LossRow(losses.cross_entropy, (1, 3), LABELS[:1]),
    LossRow(losses.cross_entropy, (2, 2, 3), LABELS.reshape(2, 2)),
    LossRow(partial(losses.cross_entropy, axis=1), (2, 3, 2, 2), np.arange(8).reshape(2, 2, 2) % 3),
    LossRow(losses.cross_entropy, (3, 3), PROBABILITIES),
    LossRow(losses.cross_entropy, (3, 3), 2 * PROBABILITIES),  # rows need not sum to one
    LossRow(partial(losses.cross_entropy, axis=1), (1, 3, 3), PROBABILITIES[np.newaxis]),
    LossRow(partial(losses.cross_entropy, weight=CLASS_WEIGHT, reduction="sum"), (4, 3), LABELS),
    LossRow(partial(losses.cross_entropy, weight=CLASS_WEIGHT, label_smoothing=0.1, ignore_index=0), (4, 3), LABELS),
    LossRow(partial(losses.cross_entropy, weight=CLASS_WEIGHT, label_smoothing=0.2), (3, 3), PROBABILITIES),
    LossRow(losses.negative_log_likelihood, (4, 3), LABELS),
    LossRow(
        partial(losses.negative_log_likelihood, axis=1, weight=CLASS_WEIGHT, ignore_index=-1),
        (4, 3, 1),
        LABELS[:, None],
    ),
    LossRow(losses.binary_cross_entropy_with_logits, (4, 3), np.linspace(0, 1, 12).reshape(4, 3)),
    LossRow(
        partial(losses.binary_cross_entropy_with_logits, weight=0.5, pos_weight=CLASS_WEIGHT, reduction="sum"),
        (4, 3),
        np.linspace(0, 1, 12).reshape(4, 3),
    ),
    LossRow(losses.binary_cross_entropy, SHARES, np.linspace(0, 1, 12).reshape(4, 3)),
    LossRow(partial(losses.binary_cross_entropy, reduction="sum"), SHARES, (SHARES[::-1] > 0.4).astype(int)),
    LossRow(partial(losses.binary_cross_entropy, weight=[0.5, 0.0, 2.0]), SHARES, (SHARES[::-1] > 0.4).astype(int)),
    LossRow(losses.soft_dice, SHARES.reshape(2, 2, 3), LABELS.reshape(2, 2)),
    LossRow(
        partial(losses.soft_dice, axis=None, smooth=0.0), SHARES.reshape(2, 2, 3), np.eye(4)[:, :3].reshape(2, 2, 3)
    ),
    LossRow(
        partial(losses.soft_dice, axis=1, weight=CLASS_WEIGHT, ignore_index=2, reduction="sum"),
        SHARES.reshape(1, 3, 4),
        LABELS[None],
    ),
    LossRow(
        partial(losses.soft_dice, smooth=0.1), SHARES[None], np.concatenate([PROBABILITIES, 0.5 * SHARES[:1]])[None]
    ),
    LossRow(losses.focal, (4, 3), LABELS),
    LossRow(partial(losses.focal, gamma=0.5, alpha=CLASS_WEIGHT, axis=1), (2, 3, 2), LABELS.reshape(2, 2)),
    LossRow(losses.kl_divergence, (3, 3), PROBABILITIES),
    LossRow(partial(losses.kl_divergence, axis=1, reduction="sum"), (3, 3, 1), PROBABILITIES[..., None]),
    LossRow(partial(losses.mean_squared_error, reduction="sum"), (4, 3), np.linspace(-1, 1, 12).reshape(4, 3)),
    LossRow(losses.mean_absolute_error, (4, 3), np.linspace(-1, 1, 12).reshape(4, 3)),
    LossRow(partial(losses.mean_absolute_error, reduction="sum"), (5,), np.zeros(5)),
    LossRow(losses.huber, (4, 3), np.linspace(-1, 1, 12).reshape(4, 3)),
    LossRow(partial(losses.huber, delta=0.3, reduction="sum"), (5,), np.zeros(5)),
    LossRow(losses.hinge, (4,), 2.0 * (LABELS > 1) - 1),
    LossRow(partial(losses.hinge, margin=0.5, reduction="sum"), (4,), 2 * (LABELS > 1) - 1),
    LossRow(losses.multi_margin, (4, 3), LABELS),
    LossRow(partial(losses.multi_margin, axis=1, margin=2.0, weight=CLASS_WEIGHT), (2, 3, 2), LABELS.reshape(2, 2)),
    LossRow(losses.margin_ranking, [(4,), (4,)], SIGNS),
    LossRow(partial(losses.margin_ranking, margin=0.5, reduction="sum"), [(2, 3), (2, 3)], np.ones((2, 3))),
    LossRow(losses.cosine_embedding, [(4, 3), (4, 3)], SIGNS),
    LossRow(partial(losses.cosine_embedding, margin=-0.5, reduction="sum"), [(4, 2), (4, 2)], -np.ones(4)),
    LossRow(losses.gaussian_nll, [(4, 3), VARIANCES], np.linspace(-1, 1, 12).reshape(4, 3)),
    LossRow(partial(losses.gaussian_nll, full=True, reduction="sum"), [(4, 3), VARIANCES[:, 0]], np.zeros((4, 3))),
    LossRow(partial(losses.gaussian_nll, eps=0.1), [(4, 3), VARIANCES[:, :1]], np.zeros((4, 3), int)),
    LossRow(losses.poisson_nll, (4, 3), np.arange(12).reshape(4, 3) % 5),
    LossRow(partial(losses.poisson_nll, full=True, reduction="sum"), (4, 3), np.linspace(0, 4, 12).reshape(4, 3)),
    LossRow(partial(losses.poisson_nll, log_input=False, eps=0.1), VARIANCES, np.arange(12).reshape(4, 3) % 5),
    LossRow(losses.info_nce, [(4, 3), (4, 3)], None),
    LossRow(partial(losses.info_nce, temperature=0.5, reduction="sum"), [(4, 3), (5, 3)], LABELS),
    LossRow(losses.ctc, (2, 6, 3), IN_TIME),
    LossRow(partial(losses.ctc, blank=2, reduction="sum"), (1, 4, 3), (LABELS[:1, None], np.array([4]), np.array([1]))),
]

OPTIMIZERS = [
    OptimizerRow(lambda: optimizers.SGD(0.1), "SGD"),
    OptimizerRow(lambda: optimizers.SGD(0.05, momentum=0.9), "SGD with momentum"),
    OptimizerRow(lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True), "SGD with Nesterov momentum"),
    OptimizerRow(lambda: optimizers.SGD(lambda step: 0.2 / (1 + step / 50)), "SGD with a schedule"),
    OptimizerRow(lambda: optimizers.SGD(0.1, clip_norm=0.5), "SGD with clipping"),
    OptimizerRow(lambda: optimizers.Adam(0.1), "Adam"),
    OptimizerRow(lambda: optimizers.Adam(lambda step: 0.2 * 0.98**step, betas=(0.5, 0.9)), "Adam with short memory"),
    OptimizerRow(lambda: optimizers.Adam(lambda step: 0.2 * 0.98**step, amsgrad=True), "Adam with AMSGrad"),
    OptimizerRow(lambda: optimizers.AdamW(lambda step: 0.2 * 0.98**step, weight_decay=0.0), "AdamW"),
    OptimizerRow(lambda: optimizers.NAdam(lambda step: 0.2 * 0.98**step), "NAdam"),
    OptimizerRow(lambda: optimizers.RAdam(0.1), "RAdam"),
    OptimizerRow(lambda: optimizers.Adamax(0.05), "Adamax"),
    OptimizerRow(lambda: optimizers.Adagrad(0.5), "Adagrad"),
    OptimizerRow(lambda: optimizers.Adadelta(eps=1e-3), "Adadelta"),
    OptimizerRow(lambda: optimizers.RMSProp(lambda step: 0.1 * 0.97**step), "RMSProp"),
    OptimizerRow(lambda: optimizers.Lion(lambda step: 0.1 * 0.99**step, betas=(0.8, 0.9)), "Lion"),
    OptimizerRow(lambda: optimizers.Muon(lambda step: 0.1 * 0.985**step, momentum=0.5), "Muon"),
    OptimizerRow(lambda: optimizers.ParameterGroups([("*", optimizers.SGD(0.1))]), "ParameterGroups"),
]
