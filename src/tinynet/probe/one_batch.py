"""Whether a net can learn one batch by heart; and if not, what keeps it from that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinynet.gradcheck import GradientError, check_net
from tinynet.layers import (
    Hardsigmoid,
    Hardtanh,
    Layer,
    LogSigmoid,
    LogSoftmax,
    ReLU,
    ReLU6,
    Sigmoid,
    Softmax,
    Tanh,
)
from tinynet.net import Net
from tinynet.net.tuples import as_tuple
from tinynet.probe.series import fall_per_epoch

MAX_LEARNED_SHARE = 0.02  # Of the first loss. A batch with less of it counts as learned.
MAX_INPUT_SPREAD = 10.0  # With a larger one, first weights of the usual size give outputs far too large.
N_CHECKED = 4  # Samples, and entries of each array, for finite differences.
MIN_FALL = 0.002  # A loss that falls by this share in each of the last steps goes on falling.
RANGES = {ReLU: (0.0, np.inf), ReLU6: (0.0, 6.0), Sigmoid: (0.0, 1.0), Hardsigmoid: (0.0, 1.0), Tanh: (-1.0, 1.0)}
RANGES |= {LogSigmoid: (-np.inf, 0.0)}


@dataclass(frozen=True)
class OneBatch:
    """How it went to train on one batch, again and again.

    Attributes:
        learned: Whether the loss came near zero, or every label is right.
        losses: The loss of each step.
        rate: The learning rate.
        words: How it went.
        reasons: What may be wrong, the surest first; empty if nothing is.

    Example:
        >>> OneBatch(False, np.array([2.3, 2.3]), 50.0, "it did not learn.", ("The learning rate is too high.",))
        OneBatch: it did not learn.
        - The learning rate is too high.
    """

    learned: bool
    losses: np.ndarray
    rate: float
    words: str
    reasons: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "\n- ".join([f"OneBatch: {self.words}", *self.reasons])


def is_learned(losses: list[float], mark: float, predicted: Any, y: Any) -> bool:
    """Whether the last loss is near zero beside the mark, or as low as it goes where every label is right.

    Below 0, where the surprise at numbers may lie, nobody knows how low it goes: it is to reach twice the mark, or to
    have fallen and to fall no more.
    """
    if losses[-1] <= (MAX_LEARNED_SHARE * mark if mark > 0 else 2 * mark):
        return True
    flat = len(losses) >= 50 and abs(fall_per_epoch(np.array(losses[-20:]))[0]) < MIN_FALL
    return flat and (losses[-1] < mark < 0 or _share_right(predicted, y) == 1)


def how_it_went(losses: np.ndarray, n_rows: int, rate: float, learned: bool) -> str:
    """The course of the loss, in a sentence."""
    course = f"the loss of {n_rows} samples went from {losses[0]:.4g} to {losses[-1]:.4g} in {len(losses)} steps"
    end = "the net can learn." if learned else "it did not come near zero."
    return f"{course} at a learning rate of {rate:.2g}: {end}"


def still_falls(losses: np.ndarray) -> bool:
    """Whether the loss goes on falling steadily, so that more steps would bring it down."""
    if len(losses) < 40:
        return False
    fall, error = fall_per_epoch(losses[-40:])
    return fall > MIN_FALL and fall > 4 * error and losses[-1] < 0.5 * losses[0]


def reasons(net: Net, loss: Callable, x: Any, y: Any) -> Iterator[str]:
    """What may keep a net from learning a batch, the surest first. The net is trained by one forward and backward.

    Example:
        >>> from tinynet.layers import Linear
        >>> from tinynet.losses import cross_entropy
        >>> net, x = Net([Linear(2, 3), Softmax()]), np.array([[1.0, 2.0], [1.0, 2.0], [5.0, 6.0]])
        >>> print(*reasons(net, cross_entropy, x, np.array([0, 1, 2])), sep="\\n")
        Samples 0 and 1 are the same but for their truth, so no net can learn both.
        The net ends with Softmax, and cross_entropy takes the numbers before it: leave Softmax out.
    """
    yield from _contradictions(x, y)
    if isinstance(x, np.ndarray) and x.dtype.kind == "f" and x.std() > MAX_INPUT_SPREAD:
        yield f"The inputs are large, from {x.min():.4g} to {x.max():.4g}: bring them to a spread of about 1."
    yield from _last_layer(net, loss, y)
    net.zero_gradient()
    predicted = net.forward(*as_tuple(x))
    _, gradient = loss(predicted, y)
    net.backward(*as_tuple(gradient), input_gradient=False)
    learning = {path: parameter for path, parameter in net.parameters().items() if parameter.trainable}
    if not learning:
        yield "No parameter is trainable: set parameter.trainable = True, or keep weights in a Parameter."
    silent = [path for path, parameter in learning.items() if not np.any(parameter.gradient)]
    if silent:
        some = ", ".join(silent[:4]) + (f" and {len(silent) - 4} more" if len(silent) > 4 else "")
        yield f"No gradient reaches {some}: dead units, or a backward that passes nothing on."
    if isinstance(predicted, np.ndarray) and len(predicted) > 1 and np.allclose(predicted, predicted[:1], atol=1e-6):
        yield "The output is the same for every sample, so it does not depend on the input."
    net.zero_gradient()


def wrong_backward(net: Net, loss: Callable, x: Any, y: Any) -> str:
    """What finite differences find wrong in the gradients, on a few of the samples; empty if nothing.

    Example:
        >>> from tinynet.layers import Linear
        >>> from tinynet.losses import cross_entropy
        >>> class Turned(Linear):
        ...     def backward(self, dy):
        ...         return -super().backward(dy)
        >>> wrong_backward(Net([Turned(2, 2)]), cross_entropy, np.ones((2, 2)), np.array([0, 1]))
        'layer 0: Turned(in_features=2, out_features=2): the gradient with respect to x is wrong...'
    """
    if not isinstance(x, np.ndarray) or not isinstance(y, np.ndarray):
        return ""
    try:
        check_net(net, x[:N_CHECKED], loss, y[:N_CHECKED], max_entries=N_CHECKED)
    except GradientError as error:
        is_number = error.expected is not None  # and no other rule of the contract
        return str(error).replace("\n", " ") if is_number else ""
    except (ValueError, TypeError, RuntimeError):  # the check needs something that training does not, as one row alone
        return ""
    return ""


def _contradictions(x: Any, y: Any) -> Iterator[str]:
    """Two samples that are the same but for their truth."""
    if not isinstance(x, np.ndarray) or not isinstance(y, np.ndarray) or x.dtype == object or len(x) != len(y):
        return
    seen: dict[bytes, int] = {}
    for row, values in enumerate(x):
        first = seen.setdefault(np.ascontiguousarray(values).tobytes(), row)
        if not np.array_equal(y[first], y[row]):
            yield f"Samples {first} and {row} are the same but for their truth, so no net can learn both."
            return


def _last_layer(net: Net, loss: Callable, y: Any) -> Iterator[str]:
    """A last layer that does not fit the loss, or cannot give the truth."""
    last = list(net.layers_inside())[-1][1]
    name = getattr(getattr(loss, "func", loss), "__name__", "")
    if isinstance(last, (Softmax, LogSoftmax)) and name == "cross_entropy":
        kind = type(last).__name__
        yield f"The net ends with {kind}, and cross_entropy takes the numbers before it: leave {kind} out."
    limits = next((limits for kind, limits in RANGES.items() if isinstance(last, kind)), None)
    limits = (last.min_val, last.max_val) if isinstance(last, Hardtanh) else limits
    if limits is None or not isinstance(y, np.ndarray):
        return
    if y.dtype.kind == "f" and (y.min() < limits[0] or y.max() > limits[1]):
        low, high = limits
        one_sided = f"at least {low:g}" if high == np.inf else f"at most {high:g}"
        between = f"from {low:g} to {high:g}" if np.isfinite([low, high]).all() else one_sided
        truth = f"the truth reaches from {y.min():.4g} to {y.max():.4g}"
        yield f"The net ends with {type(last).__name__}, which gives numbers {between}, but {truth}."
    elif isinstance(last, ReLU) and name == "cross_entropy":
        yield "The net ends with ReLU, so no score falls below 0, and a unit that is 0 gets no gradient: leave it out."


def _share_right(predicted: Any, y: Any) -> float:
    """The share of labels that are right; 0 where the truth is no labels."""
    labels = isinstance(y, np.ndarray) and y.ndim == 1 and y.dtype.kind in "iu"
    if not labels or not isinstance(predicted, np.ndarray) or predicted.ndim != 2 or predicted.shape[1] < 2:
        return 0.0
    return float(np.mean(predicted.argmax(axis=1) == y))


def holds_back(layer: Layer) -> bool:
    """Whether a layer is there to keep a net from learning by heart."""
    return type(layer).__name__.startswith("Dropout")
