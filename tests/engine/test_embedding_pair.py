"""An embedding and the recurrent layer that reads it give, as one, the bits of the two."""

import os
from typing import Any

import numpy as np
import pytest

from tinynet.core import faster
from tinynet.engine import pairs, recurrent
from tinynet.engine.machine.gemm import one_thread
from tinynet.layers import GRU, LSTM, RNN, Embedding, Layer
from tinynet.net import Net

pytestmark = pytest.mark.needs_compiler


def reader(kind: type, **more: Any) -> Net:
    """Large enough for one product for each token instead of each position."""
    rng = np.random.default_rng(1)
    return Net([Embedding(9, 40, rng=rng), kind(40, 48, rng=rng, **more)])


@one_thread  # as a Net lets NumPy's products run
def one_by_one(layers: tuple[Layer, ...], x: np.ndarray) -> Any:
    for layer in layers:
        x = layer.forward(x)
    return x


@one_thread
def back(layers: tuple[Layer, ...], dy: np.ndarray) -> Any:
    for layer in reversed(layers):
        dy = layer.backward(dy)
    return dy


READERS: dict[str, dict[str, Any]] = {
    "plain": {}, "deep": {"num_layers": 2}, "both ways": {"bidirectional": True}, "without bias": {"bias": False},
}  # fmt: skip
KINDS = [RNN, LSTM, GRU]
if os.environ.get("NUMBA_DISABLE_JIT"):  # large, for Python
    READERS, KINDS = {"plain": {}}, [GRU]
TOKENS = np.random.default_rng(0).integers(0, 9, (20, 60))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", READERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bit_for_bit(kind: type, case: str, dtype: type) -> None:
    results = []
    for alone in (False, True):
        one = reader(kind, **READERS[case]).astype(dtype)
        y = one_by_one(one.layers, TOKENS) if alone else one.forward(TOKENS)
        dy = np.random.default_rng(5).normal(size=y.shape).astype(dtype)
        assert (back(one.layers, dy) if alone else one.backward(dy)) is None
        results.append([y, *[parameter.gradient for parameter in one.parameters().values()]])
    for mine, true in zip(*results, strict=True):
        np.testing.assert_array_equal(mine, true)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", READERS)
def test_both_remember_what_they_would_alone(kind: type, case: str) -> None:
    alone, together = reader(kind, **READERS[case]).layers, reader(kind, **READERS[case]).layers
    one_by_one(alone, TOKENS)
    assert pairs.PAIRS[type(together[0]), kind].forward(*together, TOKENS) is not NotImplemented
    assert together[0].recall().x is TOKENS
    for mine, true in zip(together[1].recall().passes, alone[1].recall().passes, strict=True):
        for a, b in zip((mine.x, mine.padding, *mine.states), (true.x, true.padding, *true.states), strict=True):
            np.testing.assert_array_equal(a, b)
        if kind is not RNN:
            np.testing.assert_array_equal(mine.gates, true.gates)


def test_multiplies_each_token_once(monkeypatch: pytest.MonkeyPatch) -> None:
    multiplied = []
    product_as_among = recurrent.product_as_among

    def alike(A: np.ndarray, count: int, B: np.ndarray, b: np.ndarray | None) -> np.ndarray | None:
        multiplied.append((A.shape, count))
        return product_as_among(A, count, B, b)

    monkeypatch.setattr(recurrent, "product_as_among", alike)
    monkeypatch.setattr(recurrent, "product", lambda *_: pytest.fail("each position was multiplied"))
    with faster.use("compiled"):
        reader(LSTM).forward(np.zeros((20, 60), int))
    assert multiplied == [((9, 40), 1200)]


def test_gives_its_last_state_and_takes_its_gradient() -> None:
    results = []
    for alone in (False, True):
        one = reader(GRU, return_state=True)
        y, h = one_by_one(one.layers, TOKENS) if alone else one.forward(TOKENS)
        gradients = np.ones_like(y), np.full_like(h, 3)
        one.layers[0].backward(one.layers[1].backward(*gradients)) if alone else one.backward(*gradients)
        results.append([y, h, *[parameter.gradient for parameter in one.parameters().values()]])
    for mine, true in zip(*results, strict=True):
        np.testing.assert_array_equal(mine, true)


@pytest.mark.parametrize(
    "tokens", [np.array([1, 2]), np.array([[9]]), np.array([[-1]]), np.ones((2, 3)), np.zeros((0, 60), int), [[1, 2]]]
)
def test_what_it_does_not_serve_is_left_to_the_two(tokens: Any) -> None:
    embedding, lstm = reader(LSTM).layers
    with faster.use("compiled"):
        assert recurrent.of_tokens(embedding, lstm, tokens) is NotImplemented
        assert embedding._memory is None
        assert recurrent.of_tokens(embedding, LSTM(41, 48), TOKENS) is NotImplemented
        assert recurrent.of_tokens(Embedding(9, 40).astype(np.float64), lstm, TOKENS) is NotImplemented
        assert recurrent.of_tokens(embedding, lstm, TOKENS) is not NotImplemented


def test_a_later_sequence_has_nothing_to_do_with_the_one_that_was_looked_up() -> None:
    embedding, gru = reader(GRU).layers
    y = recurrent.of_tokens(embedding, gru, TOKENS)
    x = np.random.default_rng(3).normal(size=(20, 60, 40)).astype(np.float32)
    again = gru.forward(x)
    assert np.abs(again - y).max() > 0.1
    np.testing.assert_array_equal(again, reader(GRU).layers[1].forward(x))


def test_errors_name_the_one_at_fault() -> None:
    with pytest.raises(ValueError, match=r"layer 0: Embedding(.|\n)*token"):
        reader(LSTM).forward(np.array([[9]]))
    with pytest.raises(ValueError, match=r"layer 1: LSTM(.|\n)*output of layer 0: Embedding"):
        reader(LSTM).forward(np.array([1, 2]))
    wrong = Net([Embedding(9, 3), RNN(4, 5)])
    with pytest.raises(ValueError, match=r"layer 1: RNN(.|\n)*output of layer 0: Embedding"):
        wrong.forward(np.array([[1, 2]]))
