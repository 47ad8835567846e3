"""A net prepared to be looked at: its scores, and their derivatives with respect to the input."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import shape_text
from tinynet.layers import Embedding, Hardsigmoid, Layer, LogSigmoid, LogSoftmax, Sigmoid, Softmax
from tinynet.layers.layer import WATCHED
from tinynet.net import Net
from tinynet.net.modes import frozen, predicting
from tinynet.net.summary import short_repr
from tinynet.probe.interpret.target import Aim, aim, dot

ROWS = 64  # samples that go through the net at once, where a method asks for many
SQUEEZING = (Softmax, LogSoftmax, Sigmoid, LogSigmoid, Hardsigmoid)  #: Of activations, those that make probabilities.
Method = tuple[Layer, str, Callable]


class Subject:
    """A net in evaluation mode, whose parameters collect no gradient and whose layers keep nothing after the block.

    Attributes:
        net: The net.
        x: What scores are differentiated by: the inputs, or the vectors of tokens.
    """

    def __init__(self, who: str, net: Net, x: np.ndarray) -> None:
        self.who, self.net, self.x = who, net, x

    def outputs(self, x: np.ndarray) -> np.ndarray:
        """The scores of every class, before a last softmax."""
        y = self.net.forward(x)
        if not isinstance(y, np.ndarray) or y.ndim == 0 or len(y) != len(x):
            _one_output(self.who, y, len(x))
        return y

    def scores(self, x: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """s = Σ direction · outputs, one score for each row, (N,)."""
        found = []
        for start in range(0, len(x), ROWS):
            rows = slice(start, start + ROWS)
            found.append(dot(direction[rows], self.outputs(x[rows])))
        return np.concatenate(found)

    def aim(self, target: Any) -> Aim:
        """Which score is meant by a target, for each row of `self.x`."""
        outputs = np.concatenate([self.outputs(self.x[i : i + ROWS]) for i in range(0, len(self.x), ROWS)])
        direction, labels = aim(self.who, outputs, target)
        return Aim(direction, labels, dot(direction, outputs), outputs.shape[1:])

    def gradient(self, x: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """∂s/∂x for s = Σ direction · outputs, of the shape of x."""
        found = []
        for start in range(0, len(x), ROWS):
            rows = slice(start, start + ROWS)
            self.outputs(x[rows])
            found.append(self.net.backward(direction[rows]))
        if not isinstance(found[0], np.ndarray):
            _no_input_gradient(self.who)
        return np.concatenate(found)


@contextmanager
def opened(
    who: str, net: Net, x: Any, methods: Callable[[Net], Iterable[Method]] = lambda net: ()
) -> Iterator[Subject]:
    """For this block, a net whose scores can be differentiated; then everything is as it was.

    A last softmax, log-softmax or sigmoid is left out, because its derivative fades where the net is sure. Tokens have
    no derivative, so an `Embedding` at the beginning is done before, and its vectors are the input.

    Args:
        who: The name of the method, for its error sentences.
        net: The net.
        x: A batch of inputs.
        methods: A function of the net that gives what else replaces a method of a layer for this block: (layer,
            "forward" or "backward", function).
    """
    checks.instance(who, "net", net, Net, "wrap layers as Net([...]).")
    x = net.cast(_batch(who, x))
    replaced = [*methods(net), *(pair for layer in _last(net) for pair in _passing(layer))]
    entrance = first_layer(net)
    if x.dtype.kind in "iu" and isinstance(entrance, Embedding):
        with predicting(net):
            x = entrance.forward(x)
        replaced += _passing(entrance)
    with predicting(net), frozen(net), replacing(replaced):
        yield Subject(who, net, x)


@contextmanager
def replacing(methods: Iterable[Method]) -> Iterator[None]:
    """Let functions stand for methods of single layer objects; classes and other objects are not touched.

    Example:
        >>> from tinynet.layers import ReLU
        >>> relu = ReLU(); y = relu.forward(np.ones(2))
        >>> with replacing([(relu, "backward", lambda dy: dy + 1)]):
        ...     relu.backward(np.zeros(2))
        array([1., 1.])
        >>> relu.backward(np.zeros(2))
        array([0., 0.])
    """
    methods = list(methods)
    before = [(layer, {name: vars(layer)[name] for name in WATCHED if name in vars(layer)}) for layer, _, _ in methods]
    for layer, name, function in methods:
        vars(layer)[name] = function
    try:
        yield
    finally:
        for layer, shadows in before:
            for name in WATCHED:
                vars(layer).pop(name, None)
            vars(layer).update(shadows)


def first_layer(net: Layer) -> Layer:
    """The layer that the input of a net reaches first, in however many inner nets."""
    while isinstance(net, Net):
        net = net[0]
    return net


def _last(net: Layer) -> list[Layer]:
    """The last layer, in however many inner nets, if it only squeezes scores."""
    while isinstance(net, Net):
        net = net[len(net) - 1]
    return [net] if isinstance(net, SQUEEZING) else []


def _passing(layer: Layer) -> list[Method]:
    return [(layer, "forward", lambda x: x), (layer, "backward", lambda dy: dy)]


def _batch(who: str, x: Any) -> np.ndarray:
    """Check that the input is one array with at least one row."""
    if isinstance(x, tuple):
        problem = "expected one array of inputs, got a tuple."
        checks.fail(who, problem, "this method is for nets with one input.", TypeError)
    x = checks.numbers(who, "x", x)
    if x.ndim < 2 or len(x) == 0:
        problem = f"expected a batch of inputs, got x of shape {shape_text(x.shape)}."
        checks.fail(who, problem, "pass x[np.newaxis] for a batch of one.")
    if not np.isfinite(x).all():
        checks.fail(who, "x holds NaN or infinity, and no score depends on them in a way that could be shown.")
    return x


def _one_output(who: str, y: Any, n_rows: int) -> NoReturn:
    """A net gives something else than one output for each row."""
    came = f"{len(y)} outputs" if isinstance(y, tuple) else f"an output of shape {shape_text(np.shape(y))}"
    problem = f"expected a net that gives one array with {n_rows} rows, got {came}."
    checks.fail(who, problem, "this method is for one score of each sample; look at a part of the net, as net[0].")


def _no_input_gradient(who: str) -> NoReturn:
    """The first layer takes something else than numbers."""
    problem = "the net gives no gradient for its input."
    checks.fail(who, problem, "tokens need an Embedding as the first layer, whose vectors are looked at.")


def named(net: Layer, kinds: type | tuple[type, ...]) -> dict[str, Layer]:
    """The layers of some classes inside a net, by their paths."""
    return {path: layer for path, layer in net.layers_inside() if isinstance(layer, kinds)}


def listed(layers: dict[str, Layer]) -> str:
    """Layers in a sentence: "LeakyReLU (1, 4), GELU (2.activation)".

    Example:
        >>> from tinynet.layers import ReLU
        >>> listed({"1": ReLU(), "3": ReLU()})
        'ReLU (1, 3)'
    """
    paths: dict[str, list[str]] = {}
    for path, layer in layers.items():
        paths.setdefault(type(layer).__name__, []).append(path)
    return ", ".join(f"{name} ({', '.join(where)})" for name, where in paths.items())


def title_of(net: Layer, path: str) -> str:
    """A layer by its path and its text, as in "3: ReLU()"."""
    return f"{path}: {short_repr(dict(net.layers_inside())[path])}"
