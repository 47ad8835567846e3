"""Pairs of neighbours change no number, and nothing that a user can see."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import numpy as np
import pytest

from tests.layers.strategies import layouts
from tinynet.core import Parameter, checks, faster
from tinynet.engine.pairs import PAIRS, Pair, steps
from tinynet.layers import GRU, LSTM, RNN, BatchNorm1D, BatchNorm2D, Conv2D, Embedding, Layer, Linear, MaxPool2D, ReLU
from tinynet.net import Net, Residual

pytestmark = pytest.mark.needs_compiler

faster.load_engine()
X = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)


def has_pair(*kinds: type) -> pytest.MarkDecorator:
    missing = kinds not in PAIRS  # TODO: pools and readers of tokens get theirs in another step
    return pytest.mark.skipif(missing, reason=f"no pair of {' and '.join(kind.__name__ for kind in kinds)} yet")


# The pairs of the engine.


def convolution(channels: int) -> Conv2D:
    return Conv2D(3, channels, 3, padding=1, rng=np.random.default_rng(channels))


NETS: dict[str, Callable[[], list[Layer]]] = {
    "BatchNorm2D": lambda: [BatchNorm2D(3), ReLU()],
    "BatchNorm2D without parameters": lambda: [BatchNorm2D(3, affine=False), ReLU()],
    "BatchNorm2D of the batch always": lambda: [BatchNorm2D(3, track_running_stats=False), ReLU()],
    "BatchNorm1D": lambda: [BatchNorm1D(6), ReLU()],
    "Residual": lambda: [Residual([convolution(3), BatchNorm2D(3)]), ReLU()],
    "Residual with shortcut": lambda: [
        Residual([convolution(4), BatchNorm2D(4)], shortcut=[convolution(4)]),
        ReLU(),
    ],
    "Residual around nothing": lambda: [Residual([]), ReLU()],
    "Residual in a row": lambda: [Residual([BatchNorm2D(3), ReLU(), Residual([convolution(3)]), ReLU()]), ReLU()],
    "Pooling": lambda: [ReLU(), MaxPool2D(2)],
    "Pooling that overlaps": lambda: [ReLU(), MaxPool2D(3, stride=1, padding=1)],
}
each_net = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=has_pair(ReLU, MaxPool2D) if "Pool" in name else ()) for name in NETS]
)


def x_for(name: str, dtype: type = np.float32) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(4, 6) if "1D" in name else (4, 3, 5, 6)).astype(dtype)


def one_by_one(layers: tuple[Layer, ...], x: np.ndarray) -> Any:
    for layer in layers:
        x = layer.forward(x)
    return x


def back(layers: tuple[Layer, ...], dy: Any) -> Any:
    for layer in reversed(layers):
        dy = layer.backward(dy)
    return dy


def gone_through(net: Net, forward: Callable, backward: Callable, x: np.ndarray) -> list[np.ndarray]:
    y = forward(x)
    dy = np.random.default_rng(5).normal(size=y.shape).astype(y.dtype)
    dx = backward(dy)
    gradients = [parameter.gradient for parameter in net.parameters().values()]
    return [y, dx, *gradients, *net.state().values()]


@each_net
@pytest.mark.parametrize("choice", ["plain", "compiled"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble])
@pytest.mark.parametrize("training", [True, False])
def test_bit_for_bit(name: str, choice: str, dtype: type, training: bool) -> None:
    alone, paired = (Net(NETS[name]()).astype(dtype) for _ in range(2))
    for net in (alone, paired):
        net.train() if training else net.eval()
        for path, parameter in net.parameters().items():
            parameter.tensor = np.random.default_rng(len(path)).normal(size=parameter.shape)
    assert [pair is not None for *_, pair in steps(paired.layers)] == [True]
    x = x_for(name, dtype)
    with faster.use(choice):
        for order, view in {"": x, **(layouts(x) if x.ndim == 4 else {})}.items():
            before = view.copy()
            true = gone_through(alone, lambda x: one_by_one(alone.layers, x), lambda dy: back(alone.layers, dy), view)
            found = gone_through(paired, paired.forward, paired.backward, view)
            for one, other in zip(found, true, strict=True):
                np.testing.assert_array_equal(one, other, err_msg=order)
            np.testing.assert_array_equal(view, before)


@each_net
def test_each_remembers_what_it_would_alone(name: str) -> None:
    alone, paired = Net(NETS[name]()), Net(NETS[name]())
    paired.load_state(alone.state())
    x = x_for(name)
    with faster.use("compiled"):
        y, paired_y = one_by_one(alone.layers, x), paired.forward(x)
        for one, other in zip(paired.every_layer(), alone.every_layer(), strict=True):
            if not isinstance(one, (Net, Residual)) and "Pooling" not in name:  # whose memory says where y is positive
                for mine, true in zip(one.recall(), other.recall(), strict=True):
                    np.testing.assert_array_equal(mine, true)
        np.testing.assert_array_equal(back(paired.layers, np.ones_like(paired_y)), back(alone.layers, np.ones_like(y)))


@each_net
@pytest.mark.parametrize("there", ["plain", "compiled"])
def test_forward_in_one_body_and_backward_in_another(name: str, there: str) -> None:
    one, other = Net(NETS[name]()).astype(np.float64), Net(NETS[name]()).astype(np.float64)
    x = x_for(name, np.float64)
    with faster.use(there):
        dy = np.random.default_rng(5).normal(size=one.forward(x).shape)
        other.forward(x)
        dx = one.backward(dy)
    with faster.use({"plain": "compiled", "compiled": "plain"}[there]):
        np.testing.assert_allclose(other.backward(dy), dx, rtol=1e-10, atol=1e-12)
    for path, parameter in one.parameters().items():
        np.testing.assert_allclose(other.parameters()[path].gradient, parameter.gradient, rtol=1e-10, atol=1e-12)


def test_a_layer_of_another_kind_is_let_alone() -> None:
    class Capped(ReLU):
        def forward(self, x):
            return np.minimum(super().forward(x), 1)

    class Pool(MaxPool2D):
        pass

    class Norm(BatchNorm2D):
        pass

    for first, second in [
        *[(NETS[name]()[0], Capped()) for name in ("BatchNorm2D", "BatchNorm1D", "Residual")],
        (Norm(3), ReLU()),
        (ReLU(), Pool(2)),
        (Capped(), MaxPool2D(2)),
    ]:
        assert len(steps([first, second])) == 2


def test_errors_name_the_one_at_fault() -> None:
    x = np.ones((2, 4, 5, 6), np.float32)
    with faster.use("compiled"):
        with pytest.raises(ValueError, match=r"layer 0: BatchNorm2D\(num_features=3\): expected x of shape"):
            Net([BatchNorm2D(3), ReLU()]).forward(x)
        with pytest.raises(ValueError, match=r"layer 0\.body\.1: BatchNorm2D\(num_features=3\): expected x of shape"):
            Net([Residual([ReLU(), BatchNorm2D(3), ReLU()]), ReLU()]).forward(x)
        with pytest.raises(ValueError, match="layer 0: Residual: the body gives shape"):
            Net([Residual([Conv2D(4, 3, 1)]), ReLU()]).forward(x)
        with pytest.raises(TypeError, match=r"layer 0: BatchNorm2D\(num_features=4\): "):
            Net([BatchNorm2D(4), ReLU()]).forward(x.astype(int))
        pooled = Net([Conv2D(4, 2, 3), ReLU(), MaxPool2D(9)])
        with pytest.raises(ValueError, match=r"layer 2: MaxPool2D(.|\n)*What came is the output of layer 1: ReLU\(\)"):
            pooled.forward(x)
        with pytest.raises(TypeError, match=r"layer 0: ReLU\(\): "):
            Net([ReLU(), MaxPool2D(2)]).forward(x.astype(int))


@has_pair(ReLU, MaxPool2D)
def test_nan_and_negative_numbers_before_a_pooling() -> None:
    x = np.full((1, 1, 4, 4), -1, np.float32)
    x[0, 0, 0, 0], x[0, 0, 2, 3], x[0, 0, 3, 0] = np.nan, 5, 0
    alone, paired = Net(NETS["Pooling"]()), Net(NETS["Pooling"]())
    y = one_by_one(alone.layers, x)
    np.testing.assert_array_equal(paired.forward(x), y)
    np.testing.assert_array_equal(y[0, 0], [[np.nan, 0], [0, 5]])
    dy = np.arange(1, 5, dtype=np.float32).reshape(1, 1, 2, 2)
    np.testing.assert_array_equal(paired.backward(dy), back(alone.layers, dy))


def test_nan_before_a_relu_stays() -> None:
    x = np.random.default_rng(0).normal(size=(4, 3, 5, 6)).astype(np.float32)
    x[0, 1, 0, 0] = np.nan
    norm = BatchNorm2D(3).eval()
    with faster.use("compiled"):
        np.testing.assert_array_equal(np.isnan(Net([norm, ReLU()]).forward(x)), np.isnan(x))


# Readers of tokens.


def reader(kind: type, **more: Any) -> Net:
    """Large enough for one product for each token instead of each position."""
    rng = np.random.default_rng(1)
    return Net([Embedding(9, 40, rng=rng), kind(40, 48, rng=rng, **more)])


READERS: dict[str, dict[str, Any]] = {
    "plain": {}, "deep": {"num_layers": 2}, "both ways": {"bidirectional": True}, "without bias": {"bias": False},
}  # fmt: skip


@has_pair(Embedding, LSTM)
@pytest.mark.parametrize("kind", [RNN, LSTM, GRU])
@pytest.mark.parametrize("case", READERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_reader_of_tokens_bit_for_bit(kind: type, case: str, dtype: type) -> None:
    tokens, results = np.random.default_rng(0).integers(0, 9, (20, 60)), []
    for paired in (True, False):
        net = reader(kind, **READERS[case]).astype(dtype)
        assert len(steps(net.layers)) == 1
        y = net.forward(tokens) if paired else one_by_one(net.layers, tokens)
        dy = np.random.default_rng(5).normal(size=y.shape).astype(dtype)
        assert (net.backward(dy) if paired else back(net.layers, dy)) is None
        results.append([y, *[parameter.gradient for parameter in net.parameters().values()]])
    for mine, true in zip(*results, strict=True):
        np.testing.assert_array_equal(mine, true)


def test_a_reader_gives_its_last_state_and_takes_its_gradient() -> None:
    tokens, results = np.random.default_rng(0).integers(0, 9, (20, 60)), []
    for alone in (False, True):
        net = reader(GRU, return_state=True)
        y, h = one_by_one(net.layers, tokens) if alone else net.forward(tokens)
        gradients = np.ones_like(y), np.full_like(h, 3)
        net.layers[0].backward(net.layers[1].backward(*gradients)) if alone else net.backward(*gradients)
        results.append([y, h, *[parameter.gradient for parameter in net.parameters().values()]])
    for mine, true in zip(*results, strict=True):
        np.testing.assert_array_equal(mine, true)


def test_errors_of_a_reader_name_the_one_at_fault() -> None:
    with pytest.raises(ValueError, match=r"layer 0: Embedding(.|\n)*token"):
        reader(LSTM).forward(np.array([[9]]))
    with pytest.raises(ValueError, match=r"layer 1: LSTM(.|\n)*output of layer 0: Embedding"):
        reader(LSTM).forward(np.array([1, 2]))
    wrong = Net([Embedding(9, 3), RNN(4, 5)])
    with pytest.raises(ValueError, match=r"layer 1: RNN(.|\n)*output of layer 0: Embedding"):
        wrong.forward(np.array([[1, 2]]))


# The mechanism, with a pair of the tests' own.


class Scale(Layer):
    """y = a x."""

    def __init__(self) -> None:
        self.factor = Parameter(np.full(1, 3.0))

    def forward(self, x):
        checks.input_shape(self, x, ("N", 3))
        self.remember(x=x)
        return self.factor.tensor * x

    def backward(self, dy):
        (x,) = self.recall()
        self.factor.accumulate((dy * x).sum(keepdims=True)[0])
        return self.factor.tensor * dy


class Shift(Layer):
    """y = x + b."""

    def __init__(self) -> None:
        self.bias = Parameter(np.full(1, 2.0))

    def forward(self, x):
        return x + self.bias.tensor

    def backward(self, dy):
        self.bias.accumulate(dy.sum(keepdims=True)[0])
        return dy


class Notes:
    def __init__(self):
        self.paths = []

    def on_forward(self, path, layer, x, y):
        self.paths.append(path)

    def on_backward(self, path, layer, dy, dx):
        self.paths.append(path)


@pytest.fixture
def ran() -> Iterator[list[str]]:
    """Scale and Shift as a pair, and a note of how often it ran."""
    notes: list[str] = []

    def forward(scale, shift, x):
        if x.shape[1:] != (3,):
            return NotImplemented  # then Scale says what is wrong
        notes.append("forward")
        return shift.forward(scale.forward(x))

    def backward(scale, shift, dy):
        notes.append("backward")
        return scale.backward(shift.backward(dy))

    PAIRS[Scale, Shift] = Pair(forward, backward)
    yield notes
    del PAIRS[Scale, Shift]


def net() -> Net:
    first, last = (Linear(3, size, rng=np.random.default_rng(size)) for size in (3, 2))
    return Net([first, Scale(), Shift(), last])


def gradients(one: Net) -> dict:
    return {path: parameter.gradient.copy() for path, parameter in one.parameters().items()}


def assert_same(one: dict, other: dict) -> None:
    assert list(one) == list(other)
    for path, array in one.items():
        np.testing.assert_array_equal(array, other[path])


def by_hand(one: Net) -> tuple[np.ndarray, np.ndarray]:
    """y and dx, layer by layer."""
    y = one_by_one(one.layers, X)
    return y, back(one.layers, np.ones_like(y))


def test_neighbours_work_as_one(ran):
    one, other = net(), net()
    y, dx = by_hand(other)
    np.testing.assert_array_equal(one.forward(X), y)
    np.testing.assert_array_equal(one.backward(np.ones_like(y)), dx)
    assert_same(gradients(one), gradients(other))
    assert ran == ["forward", "backward"]


def test_a_pair_may_leave_the_way_back_to_the_layers(ran):
    PAIRS[Scale, Shift] = PAIRS[Scale, Shift]._replace(backward=None)
    one, other = net(), net()
    y, dx = by_hand(other)
    np.testing.assert_array_equal(one.forward(X), y)
    np.testing.assert_array_equal(one.backward(np.ones_like(y)), dx)
    assert_same(gradients(one), gradients(other))
    assert ran == ["forward"]


@pytest.mark.parametrize("declined", ["forward", "backward"])
def test_what_a_pair_declines_the_layers_do(ran, declined):
    PAIRS[Scale, Shift] = PAIRS[Scale, Shift]._replace(**{declined: lambda *_: NotImplemented})
    one, other = net(), net()
    y, dx = by_hand(other)
    np.testing.assert_array_equal(one.forward(X), y)
    np.testing.assert_array_equal(one.backward(np.ones_like(y)), dx)
    assert_same(gradients(one), gradients(other))
    assert ran == [{"forward": "backward", "backward": "forward"}[declined]]


def test_nothing_shows_it(ran):
    one, other = net(), net()
    one.forward(X)
    assert ran
    assert [path for path, _ in one.layers_inside()] == ["", "0", "1", "2", "3"]
    assert one.config() == other.config()
    assert repr(one) == repr(other)
    assert_same(one.state(), other.state())


def test_the_lessons_know_no_pairs(ran):
    one = net()
    with faster.use("plain"):
        one.backward(np.ones_like(one.forward(X)))
    assert not ran


def test_a_net_that_is_watched_has_no_pairs(ran):
    one = net()
    with one.watch(Notes()) as notes:
        one.backward(np.ones_like(one.forward(X)))
    assert notes.paths == ["0", "1", "2", "3", "", "3", "2", "1", "0", ""]
    assert not ran
    one.forward(X)
    assert ran


@pytest.mark.parametrize("index", [1, 2])
@pytest.mark.parametrize("method", ["forward", "backward"])
def test_nor_have_layers_of_which_one_is_shadowed(ran, index, method):
    one = net()
    setattr(one[index], method, getattr(one[index], method))
    one.forward(X)
    assert not ran


def test_a_watch_may_begin_or_end_between_forward_and_backward(ran):
    one, other = net(), net()
    y, dx = by_hand(other)
    y = one.forward(X)
    with one.watch(Notes()):
        np.testing.assert_array_equal(one.backward(np.ones_like(y)), dx)
    assert ran == ["forward"]
    with one.watch(Notes()):
        one.forward(X)
    np.testing.assert_array_equal(one.backward(np.ones_like(y)), dx)
    assert ran == ["forward", "backward"]


def test_a_subclass_makes_no_pair(ran):
    Net([type("Same", (Scale,), {})(), Shift()]).forward(X)
    Net([Scale(), type("Same", (Shift,), {})()]).forward(X)
    assert not ran


def test_of_three_in_a_row_the_first_two_are_a_pair(ran):
    one = Net([Scale(), Shift(), Shift(), Scale(), Shift()])
    y = one.forward(X)
    np.testing.assert_array_equal(y, ((3 * X + np.float32(2)) + np.float32(2)) * np.float32(3) + np.float32(2))
    assert ran == ["forward", "forward"]


@pytest.mark.parametrize("frozen", [[0], [0, 1], [0, 1, 2], [0, 2], [0, 1, 2, 3]], ids=str)
def test_without_the_gradient_of_the_input(ran, frozen):
    one, other = net(), net()
    for some in (one, other):
        for index in frozen:
            for parameter in some[index].parameters().values():
                parameter.trainable = False
    by_hand(other)
    assert one.backward(np.ones_like(one.forward(X)), input_gradient=False) is None
    assert_same(gradients(one), gradients(other))


@pytest.mark.usefixtures("ran")
def test_memory_is_freed_and_missed():
    one = net()
    y = one.forward(X)
    one.forget()
    for layer in (one, one[1]):
        with pytest.raises(RuntimeError, match="there is no forward"):
            layer.backward(np.ones_like(y))
    one.backward(np.ones_like(one.forward(X)))
    assert one[1]._memory is None
    with pytest.raises(RuntimeError, match="there is no forward"):
        one.backward(np.ones_like(y))


@pytest.mark.usefixtures("ran")
def test_copies_and_pickles_go_on_alike():
    one = net()
    y, dx = by_hand(net())
    one.forward(X)
    for copy in (deepcopy(one), pickle.loads(pickle.dumps(one))):
        np.testing.assert_array_equal(copy.forward(X), y)
        np.testing.assert_array_equal(copy.backward(np.ones_like(y)), dx)


def test_predict_has_pairs_and_keeps_nothing(ran):
    one = net()
    np.testing.assert_array_equal(one.predict(X), by_hand(net())[0])
    assert ran == ["forward"]
    assert all(layer._memory is None for layer in one.every_layer())


@pytest.mark.usefixtures("ran")
def test_an_error_names_the_layer_at_fault():
    with pytest.raises(ValueError, match=r"layer 1\.body\.1: Scale\(\): expected x of shape \(N, 3\), got \(5, 2\)"):
        Net([Linear(3, 2), Residual([Linear(2, 2), Scale(), Shift()])]).forward(X)
    with pytest.raises(ValueError, match=r"What came is the output of layer 0: Linear"):
        Net([Linear(3, 2), Scale(), Shift()]).forward(X)


def test_bodies_of_branches_have_pairs_too(ran):
    one = Net([Residual([Scale(), Shift()])])
    np.testing.assert_array_equal(one.forward(X), 3 * X + np.float32(2) + X)
    one.backward(X)
    assert ran == ["forward", "backward"]
