"""Whether a net can learn one batch by heart: every reason and every bound, on batches made by hand."""

from __future__ import annotations

from functools import partial
from math import inf
from typing import Any

import numpy as np
import pytest

from tinynet.layers import (
    Dropout,
    Dropout2D,
    Hardsigmoid,
    Hardtanh,
    Linear,
    LogSigmoid,
    LogSoftmax,
    ReLU,
    ReLU6,
    Sigmoid,
    Softmax,
    Tanh,
)  # fmt: skip
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.net import Net
from tinynet.probe import one_batch
from tinynet.probe.one_batch import OneBatch


def test_an_outcome_in_words() -> None:
    assert repr(OneBatch(False, np.ones(1), 0.1, "it did not learn.", ("One.", "Two."))) == (
        "OneBatch: it did not learn.\n- One.\n- Two."
    )


def learned(losses: list[float], mark: float, predicted: Any = None, y: Any = None) -> bool:
    return one_batch.is_learned(losses, mark, predicted, y)


def test_a_loss_near_zero_is_learned() -> None:
    assert learned([9.0, 0.04], 2.0)
    assert not learned([9.0, 0.041], 2.0)
    assert learned([-0.4], -0.2)
    assert not learned([-0.39], -0.2)
    assert learned([0.0], 0.0)


def test_a_flat_loss_is_learned_where_every_label_is_right() -> None:
    right = np.eye(2)[[0, 1]], np.array([0, 1])
    wrong = np.eye(2)[[1, 1]], np.array([0, 1])
    assert learned([0.5] * 50, 1.0, *right)
    assert not learned([0.5] * 49, 1.0, *right)
    assert not learned([0.5] * 50, 1.0, *wrong)
    slow, fast = (list(0.5 * share ** np.arange(20)) for share in (0.9981, 0.9979))
    assert learned([9.0] * 30 + slow, 1.0, *right)
    assert not learned([9.0] * 30 + fast, 1.0, *right)
    assert not learned([9.0] * 30 + fast[::-1], 1.0, *right)
    assert learned([1.0] * 50, 1.0, *right)


def test_a_flat_loss_below_zero_is_learned_where_it_is_below_the_mark() -> None:
    flat = [1.0] * 30 + [-0.3] * 20
    wrong = np.eye(2)[[1, 1]], np.array([0, 1])
    assert learned(flat, -0.2, *wrong) == (abs(one_batch.fall_per_epoch(np.array(flat[-20:]))[0]) < 0.002)
    assert not learned([1.0] * 30 + [-0.1] * 20, -0.2, *wrong)
    assert not learned([1.0] * 50, 2.0, *wrong)


def test_how_it_went_in_words() -> None:
    losses = np.array([2.34567, 0.5])
    words = "the loss of 8 samples went from 2.346 to 0.5 in 2 steps at a learning rate of 0.013: "
    assert one_batch.how_it_went(losses, 8, 0.0127, True) == words + "the net can learn."
    assert one_batch.how_it_went(losses, 8, 0.0127, False) == words + "it did not come near zero."


@pytest.mark.parametrize(
    ("share", "n", "start", "falls"),
    [
        (0.98, 40, 9.0, True),
        (0.98, 39, 9.0, False),
        (0.98, 40, None, True),
        (0.9975, 40, 9.0, True),
        (0.9985, 40, 9.0, False),
        (0.99, 40, 1.3, False),
        (1.02, 40, 9.0, False),
    ],
)
def test_whether_a_loss_still_falls(share: float, n: int, start: float | None, falls: bool) -> None:
    losses = share ** np.arange(n)
    if start is not None:
        losses[0] = start if n == 39 else losses[0]
        losses = np.concatenate([[start], losses]) if n == 40 else losses
    assert bool(one_batch.still_falls(losses)) is falls


def test_a_loss_that_wavers_does_not_still_fall() -> None:
    noise = np.where(np.arange(40) % 2, 1.0, 2.0)
    steady = 0.98 ** np.arange(40)
    assert one_batch.still_falls(np.concatenate([[99.0], steady]))
    assert not one_batch.still_falls(np.concatenate([[99.0], steady * noise**3]))
    assert not one_batch.still_falls(np.concatenate([steady[:1] * 2 * steady[-1], steady]))


X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]])
Y = np.array([0, 1, 0])


def reasons(net: Net, loss: Any = cross_entropy, x: Any = X, y: Any = Y) -> list[str]:
    return list(one_batch.reasons(net, loss, x, y))


def test_a_net_that_nothing_keeps_from_learning() -> None:
    net = Net([Linear(2, 2)])
    net[0].weight.accumulate(np.ones((2, 2)))
    assert reasons(net) == []
    assert not net[0].weight.gradient.any()
    assert reasons(net, x=(X,)) == []


def test_inputs_that_are_large() -> None:
    x = np.array([[0.0, 20.0], [20.0, 0.0]])
    words = "The inputs are large, from 0 to 20.02: bring them to a spread of about 1."
    assert reasons(Net([Linear(2, 2)]), x=x, y=Y[:2]) == []
    assert reasons(Net([Linear(2, 2)]), x=x * 1.001, y=Y[:2]) == [words]


def test_nothing_that_learns() -> None:
    net = Net([Linear(2, 2)])
    for parameter in net.parameters().values():
        parameter.trainable = False
    assert reasons(net) == [
        "No parameter is trainable: set parameter.trainable = True, or keep weights in a Parameter."
    ]


def test_parameters_that_no_gradient_reaches() -> None:
    def blocked(n: int) -> Net:
        return Net([*(Linear(2, 2) for _ in range(n)), ReLU(), Linear(2, 2)])

    for n, some in (
        (1, "0.weight, 0.bias"),
        (2, "0.weight, 0.bias, 1.weight, 1.bias"),
        (3, "0.weight, 0.bias, 1.weight, 1.bias and 2 more"),
    ):
        net = blocked(n)
        net[n - 1].weight.tensor, net[n - 1].bias.tensor = np.zeros((2, 2)), [-1.0, -1.0]
        net[n + 1].weight.tensor = np.eye(2)
        told = [each for each in reasons(net) if each.startswith("No gradient")]
        missing = f"No gradient reaches {some}, {n + 1}.weight" if n == 1 else f"No gradient reaches {some}"
        if n == 1:
            assert told == [f"{missing}: dead units, or a backward that passes nothing on."]
        elif n == 2:
            assert told == [f"{missing} and 1 more: dead units, or a backward that passes nothing on."]
        else:
            assert told == [
                "No gradient reaches 0.weight, 0.bias, 1.weight, 1.bias and 3 more: dead units, or a backward that "
                "passes nothing on."
            ]


def test_an_output_that_does_not_depend_on_the_input() -> None:
    net = Net([Linear(2, 2)])
    net[0].weight.tensor = np.zeros((2, 2))
    words = "The output is the same for every sample, so it does not depend on the input."
    assert reasons(net) == [words]
    assert reasons(net, x=X[:1], y=Y[:1]) == []
    net[0].weight.tensor = np.full((2, 2), 1e-3)
    assert reasons(net) == []


class Turned(Linear):
    def backward(self, dy: np.ndarray, **options: Any) -> Any:
        return -super().backward(dy)


def test_a_backward_that_is_wrong() -> None:
    assert one_batch.wrong_backward(Net([Linear(2, 2)]), cross_entropy, X, Y) == ""
    told = one_batch.wrong_backward(Net([Turned(2, 2)]), cross_entropy, X, Y)
    assert told.startswith("layer 0: Turned(in_features=2, out_features=2): the gradient with respect to x is wrong")
    assert "\n" not in told
    assert one_batch.wrong_backward(Net([Turned(2, 2)]), cross_entropy, (X,), Y) == ""
    assert one_batch.wrong_backward(Net([Turned(2, 2)]), cross_entropy, X, [0, 1, 0]) == ""


def test_a_backward_is_tried_on_a_few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list = []
    monkeypatch.setattr(
        one_batch, "check_net", lambda net, x, loss, y, max_entries: seen.append((len(x), len(y), max_entries))
    )
    one_batch.wrong_backward(Net([Linear(2, 2)]), cross_entropy, np.ones((9, 2)), np.ones(8))
    assert seen == [(4, 4, 4)]

    def refuses(*_: Any, **__: Any) -> None:
        raise ValueError("no")

    monkeypatch.setattr(one_batch, "check_net", refuses)
    assert one_batch.wrong_backward(Net([Linear(2, 2)]), cross_entropy, X, Y) == ""

    for expected, told in ((1.0, "wrong here"), (None, "")):

        def fails(*_: Any, expected: Any = expected, **__: Any) -> None:
            error = one_batch.GradientError("wrong\nhere")
            error.expected = expected
            raise error

        monkeypatch.setattr(one_batch, "check_net", fails)
        assert one_batch.wrong_backward(Net([Linear(2, 2)]), cross_entropy, X, Y) == told


def contradictions(x: Any, y: Any) -> list[str]:
    return list(one_batch._contradictions(x, y))


def test_samples_that_contradict_each_other() -> None:
    x = np.array([[1.0, 2.0], [5.0, 6.0], [1.0, 2.0], [5.0, 6.0]])
    words = "Samples 1 and 3 are the same but for their truth, so no net can learn both."
    assert contradictions(x, np.array([0, 1, 0, 2])) == [words]
    assert contradictions(x[:, ::-1], np.array([0, 1, 0, 2])) == [words]
    assert contradictions(x, np.array([0, 1, 0, 1])) == []
    assert contradictions(x, np.array([0, 1, 2, 2])) == [words.replace("1 and 3", "0 and 2")]
    for other in (
        (list(x), Y),
        (x, [0, 1, 0, 2]),
        (x.astype(object), np.array([0, 1, 0, 2])),
        (x, np.array([0, 1, 0])),
    ):
        assert contradictions(*other) == []


def last_layer(last: Any, y: Any, loss: Any = cross_entropy) -> list[str]:
    return list(one_batch._last_layer(Net([Linear(2, 2), last]), loss, y))


@pytest.mark.parametrize(
    ("last", "low", "high", "words"),
    [
        (ReLU(), 0.0, inf, "at least 0"),
        (ReLU6(), 0.0, 6.0, "from 0 to 6"),
        (Sigmoid(), 0.0, 1.0, "from 0 to 1"),
        (Hardsigmoid(), 0.0, 1.0, "from 0 to 1"),
        (Tanh(), -1.0, 1.0, "from -1 to 1"),
        (LogSigmoid(), -inf, 0.0, "at most 0"),
        (Hardtanh(-2.0, 3.0), -2.0, 3.0, "from -2 to 3"),
    ],
)
def test_a_last_layer_that_cannot_give_the_truth(last: Any, low: float, high: float, words: str) -> None:
    low, high = max(low, -9.0), min(high, 9.0)
    assert last_layer(last, np.array([low, high]), mean_squared_error) == []
    for y in ([low - 0.5, high], [low, high + 0.5]):
        if (y[0] < -9 and isinstance(last, LogSigmoid)) or (y[1] > 9 and isinstance(last, ReLU)):
            continue
        kind = type(last).__name__
        expected = (
            f"The net ends with {kind}, which gives numbers {words}, but the truth reaches from {y[0]:g} to {y[1]:g}."
        )
        assert last_layer(last, np.array(y), mean_squared_error) == [expected]
        assert last_layer(last, y, mean_squared_error) == []
        assert last_layer(last, np.array(y).astype(int) * 99, mean_squared_error) == []


def test_a_last_layer_that_does_not_fit_the_loss() -> None:
    for last in (Softmax(), LogSoftmax()):
        kind = type(last).__name__
        words = f"The net ends with {kind}, and cross_entropy takes the numbers before it: leave {kind} out."
        assert last_layer(last, Y) == last_layer(last, Y, partial(cross_entropy, label_smoothing=0.1)) == [words]
        assert last_layer(last, Y, mean_squared_error) == []
    words = "The net ends with ReLU, so no score falls below 0, and a unit that is 0 gets no gradient: leave it out."
    assert last_layer(ReLU(), Y) == [words]
    assert last_layer(ReLU(), Y, mean_squared_error) == last_layer(Tanh(), Y) == last_layer(Linear(2, 2), Y) == []
    assert last_layer(ReLU(), Y, object()) == []


def test_the_share_of_right_labels() -> None:
    scores = np.array([[2.0, 1.0], [2.0, 1.0], [1.0, 2.0], [1.0, 2.0]])
    assert one_batch._share_right(scores, np.array([0, 1, 1, 1])) == 0.75
    for p, y in (
        (scores, np.array([0.0, 1, 1, 1])),
        (scores, np.array([[0], [1], [1], [1]])),
        (scores, [0, 1, 1, 1]),
        (scores[:, :1], np.zeros(4, int)),
        (scores[:, :, None], np.zeros(4, int)),
        (scores.tolist(), np.zeros(4, int)),
    ):
        assert one_batch._share_right(p, y) == 0
    assert one_batch._share_right(scores[:, [0, 0, 1]], np.array([0, 0, 2, 2])) == 1


def test_which_layers_hold_back() -> None:
    assert [one_batch.holds_back(layer) for layer in (Dropout(0.5), Dropout2D(0.5), ReLU())] == [True, True, False]
