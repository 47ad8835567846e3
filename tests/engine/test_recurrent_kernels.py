"""The lessons of the recurrent cells, the loops and what is compiled agree, and the loops are right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import tinynet as tn
from tinynet.core import faster
from tinynet.engine.machine import pool
from tinynet.layers import GRU, LSTM, RNN
from tinynet.layers.recurrent import Pass

CELLS = {"rnn tanh": RNN, "rnn relu": RNN, "lstm": LSTM, "gru": GRU}
BODIES = ["loops", "plain", "compiled"]
D = 3


@dataclass(frozen=True)
class Configuration:
    """A cell, sizes, whether there is padding, and a seed for the numbers."""

    cell: str
    T: int
    n: int
    H: int
    padded: bool
    seed: int
    dtype: type = np.float64

    def draw(self, name: str, *shape: int) -> np.ndarray:
        return np.random.default_rng([self.seed, *name.encode()]).normal(size=shape).astype(self.dtype)

    @property
    def padding(self) -> np.ndarray:
        return self.draw("padding", self.T, self.n, 1) < 0 if self.padded else np.zeros((self.T, self.n, 1), bool)

    def layer(self) -> Any:
        kind: Any = CELLS[self.cell]
        layer = kind(D, self.H, nonlinearity=self.cell.split()[1]) if kind is RNN else kind(D, self.H)
        layer.astype(self.dtype)
        for name, parameter in layer.parameters().items():
            parameter.tensor = self.draw(name, *parameter.shape)
        return layer

    def inputs(self) -> dict[str, np.ndarray]:
        """x and the first states."""
        states = {name: self.draw(name, self.n, self.H) for name in ("h0", "c0")[: CELLS[self.cell].n_states]}
        return {"x": self.draw("x", self.T, self.n, D)} | states

    def forward(self, body: str, inputs: dict[str, np.ndarray] | None = None) -> Pass:
        layer, (x, *first) = self.layer(), (inputs or self.inputs()).values()
        with faster.use(body):
            return layer.through_time(layer._weights("_l0"), x, tuple(first), self.padding)

    def gradients(self) -> tuple[np.ndarray, ...]:
        """What comes back to all states from outside, and to the last ones beside."""
        dlast = [self.draw(name, self.n, self.H) for name in ("dh", "dc")[: CELLS[self.cell].n_states]]
        return self.draw("dy", self.T, self.n, self.H), *dlast

    def backward(self, done: Pass, body: str) -> list[np.ndarray]:
        """∂L/∂x, ∂L/∂ the first states, and the gradients of the weights, for the loss of `loss`."""
        layer, (dy, *dlast) = self.layer(), self.gradients()
        with faster.use(body):
            dx, dfirst = layer.back_through_time(layer._weights("_l0"), dy, tuple(dlast), done)
        return [dx, *dfirst, *[parameter.gradient for parameter in layer.parameters().values()]]

    def loss(self, inputs: dict[str, np.ndarray]) -> float:
        """Σ dy h + Σ dh h[T] + Σ dc c[T] over what counts, whose derivative `backward` gives."""
        (dy, *dlast), states = self.gradients(), self.forward("loops", inputs).states
        value = (np.where(self.padding, 0, dy) * states[0][1:]).sum()
        return float(value + sum((d * state[-1]).sum() for d, state in zip(dlast, states, strict=True)))


def arrays(done: Pass) -> list[np.ndarray]:
    """The states, and the gates."""
    return [*done.states, *([] if done.gates is None else [done.gates])]


def recurrences(longest: int = 6) -> st.SearchStrategy[Configuration]:
    sizes = st.integers(1, longest), st.integers(1, 3), st.integers(1, 4)
    return st.builds(Configuration, st.sampled_from(sorted(CELLS)), *sizes, st.booleans(), st.integers(0, 99))


def run(layer: Any, x: np.ndarray, first: list[float], dy: np.ndarray, dlast: list[float], body: str) -> tuple:
    """One sample with one hidden unit: what is remembered, ∂L/∂x and ∂L/∂ the first states."""
    with faster.use(body):
        states, ends = (tuple(np.array([[number]], float) for number in numbers) for numbers in (first, dlast))
        weights, padding = layer._weights("_l0"), np.zeros((len(x), 1, 1), bool)
        done = layer.through_time(weights, x, states, padding)
        return done, *layer.back_through_time(weights, dy, ends, done)


def by_hand(layer: Any, W_ih: list[float], W_hh: list[float], b_hh: list[float] | None = None) -> Any:
    layer.astype(np.float64)
    zeros = [0.0] * len(W_ih)
    for parameter, values in zip(layer.parameters().values(), (W_ih, W_hh, zeros, b_hh or zeros), strict=True):
        parameter.tensor = np.reshape(values, parameter.shape)
    return layer


both = pytest.mark.parametrize("body", ["loops", "plain"])


@both
def test_rnn_by_hand(body: str) -> None:
    layer = by_hand(RNN(1, 1, nonlinearity="relu"), [1], [2])
    x = np.array([[[1.0]], [[-8.0]], [[1.0]]])
    done, dx, dfirst = run(layer, x, [3], np.ones((3, 1, 1)), [10], body)
    np.testing.assert_array_equal(done.states[0].ravel(), [3, 7, 6, 13])
    np.testing.assert_array_equal(dx.ravel(), [47, 23, 11])
    np.testing.assert_array_equal(dfirst, [[[94]]])
    assert layer.weight_ih_l0.gradient.item() == 47 * 1 - 23 * 8 + 11 * 1
    assert layer.weight_hh_l0.gradient.item() == 47 * 3 + 23 * 7 + 11 * 6
    assert layer.bias_ih_l0.gradient.item() == layer.bias_hh_l0.gradient.item() == 47 + 23 + 11


@both
def test_lstm_by_hand(body: str) -> None:
    # All gates are open half, but for g = tanh(artanh ½): c = ½ · 2 + ½ · ½, and h = ½ tanh(c).
    layer = by_hand(LSTM(1, 1), [0, 0, np.arctanh(0.5), 0], [0] * 4)
    done, dx, dfirst = run(layer, np.ones((1, 1, 1)), [1, 2], np.zeros((1, 1, 1)), [0, 1], body)
    h, c = done.states
    np.testing.assert_allclose(done.gates.ravel(), [0.5] * 4)
    assert c[1].item() == pytest.approx(1.25)
    assert h[1].item() == pytest.approx(0.5 * np.tanh(1.25))
    da = [0.5 * 0.25, 2 * 0.25, 0.5 * 0.75, 0]
    np.testing.assert_allclose(layer.bias_ih_l0.gradient, da)
    np.testing.assert_allclose(layer.weight_hh_l0.gradient.ravel(), da)  # h0 is 1
    assert dx.item() == pytest.approx(da[2] * np.arctanh(0.5))
    assert (dfirst[0].item(), dfirst[1].item()) == pytest.approx((0, 0.5))


@both
def test_gru_by_hand(body: str) -> None:
    # r = z = ½, h_n = 2 · 1 + 1 = 3, n = tanh(−1.5 + ½ · 3) = 0, and h = ½ · 0 + ½ · 1.
    layer = by_hand(GRU(1, 1), [0, 0, 1], [0, 0, 2], [0, 0, 1])
    done, dx, dfirst = run(layer, np.full((1, 1, 1), -1.5), [1], np.ones((1, 1, 1)), [0], body)
    np.testing.assert_allclose(done.gates.ravel(), [0.5, 0.5, 0, 3], atol=1e-15)
    assert done.states[0][1].item() == pytest.approx(0.5)
    np.testing.assert_allclose(layer.bias_ih_l0.gradient, [0.5 * 3 * 0.25, 1 * 0.25, 0.5])
    np.testing.assert_allclose(layer.bias_hh_l0.gradient, [0.375, 0.25, 0.25])
    assert dx.item() == pytest.approx(0.5)
    assert dfirst[0].item() == pytest.approx(0.5 + 2 * 0.25)


@settings(deadline=None, max_examples=80)
@given(c=recurrences())
def test_lessons_and_loops_agree(c: Configuration) -> None:
    found, true = c.forward("plain"), c.forward("loops")
    pairs = [*zip(arrays(found), arrays(true), strict=True)]
    pairs += zip(c.backward(found, "plain"), c.backward(true, "loops"), strict=True)
    for one, other in pairs:
        assert one.shape == other.shape
        assert one.dtype == np.float64
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10)


@settings(deadline=None, max_examples=30)
@given(c=recurrences())
def test_lessons_and_loops_can_be_mixed(c: Configuration) -> None:
    mixed, other = c.backward(c.forward("loops"), "plain"), c.backward(c.forward("plain"), "loops")
    for one, two in zip(mixed, other, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-10, atol=1e-10)


@settings(deadline=None, max_examples=30)
@given(c=recurrences(), bodies=st.sampled_from([("plain", "compiled"), ("compiled", "plain"), ("loops", "compiled")]))
def test_what_is_compiled_can_be_mixed_with_others(c: Configuration, bodies: tuple[str, str]) -> None:
    of_float32 = replace(c, dtype=np.float32)
    mixed = of_float32.backward(of_float32.forward(bodies[0]), bodies[1])
    true = c.backward(c.forward("plain"), "plain")
    for one, two in zip(mixed, true, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-4 * max(1.0, np.abs(two).max()))


@settings(deadline=None, max_examples=40)
@given(c=recurrences(4))
def test_loops_gradients_are_the_derivatives(c: Configuration) -> None:
    assume("relu" not in c.cell)  # a difference may cross its kink; it is worked out by hand above
    inputs = c.inputs()
    gradients = c.backward(c.forward("loops"), "loops")
    for (name, values), gradient in zip(inputs.items(), gradients, strict=False):
        way = c.draw("way", *values.shape)
        above = c.loss(inputs | {name: values + 1e-6 * way})
        below = c.loss(inputs | {name: values - 1e-6 * way})
        np.testing.assert_allclose((gradient * way).sum(), (above - below) / 2e-6, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_steps_may_take_rows_of_a_table(cell: str) -> None:
    kernels = pytest.importorskip("tinynet.engine.recurrent.compiled")
    rng, n_gates = np.random.default_rng(0), {"rnn": 1, "lstm": 4, "gru": 3}[cell]
    table, W, b = (rng.normal(size=s).astype(np.float32) for s in ((4, 3 * n_gates), (3 * n_gates, 3), 3 * n_gates))
    rows, first = rng.integers(0, 4, (7, 5)).T, np.ones((2, 7, 3), np.float32)
    more = {"rnn": (W, first[0]), "lstm": (W, *first), "gru": (W, b, first[0])}[cell]
    last = rng.random((5, 7, 1)) < 0.3, *[False] * (cell == "rnn")
    forward = getattr(kernels, f"{cell}_forward")
    found = forward(table, rows, *more, *last)
    right = forward(table[rows].reshape(35, -1), np.arange(35).reshape(5, 7), *more, *last)
    for one, other in zip(found, right, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_padding_passes_states_and_gradients_on(body: str, cell: str, dtype: type) -> None:
    c = Configuration(cell, 3, 5, 4, True, 5, dtype)
    done, padding = c.forward(body), c.padding[..., 0]
    assert 0 < padding.sum() < padding.size
    for state in done.states:
        for t, n in np.argwhere(padding):
            np.testing.assert_array_equal(state[t + 1, n], state[t, n])
    dx = c.backward(done, body)[0]
    assert not dx[padding].any()
    assert dx[~padding].any()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept_and_inputs_stay_untouched(body: str, cell: str, dtype: type) -> None:
    c = Configuration(cell, 3, 2, 2, False, 5, dtype)
    inputs = c.inputs()
    done = c.forward(body, inputs)
    kept = [array.copy() for array in arrays(done)]
    results = c.backward(done, body)
    assert {array.dtype for array in (*arrays(done), *results)} == {np.dtype(dtype)}
    for name, array in c.inputs().items():
        np.testing.assert_array_equal(inputs[name], array)
    for array, then in zip(arrays(done), kept, strict=True):
        np.testing.assert_array_equal(array, then)


def in_float32(c: Configuration) -> list[np.ndarray]:
    """All that forward and backward give, of what is compiled."""
    c = replace(c, dtype=np.float32)
    done = c.forward("compiled")
    return [*arrays(done), *c.backward(done, "compiled")]


@settings(deadline=None, max_examples=40)
@given(c=recurrences().map(lambda c: replace(c, n=3 * c.n, H=(1, 5, 16, 20)[c.H - 1])))
def test_compiled_in_float32_is_near_the_true_values(c: Configuration) -> None:
    done = c.forward("plain")
    true = [*arrays(done), *c.backward(done, "plain")]
    for one, other in zip(in_float32(c), true, strict=True):
        assert one.shape == other.shape
        assert one.dtype == np.float32
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4 * max(1.0, np.abs(other).max()))


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """However little there is to do, the work is shared, from the first call on."""
    compiled = pytest.importorskip("tinynet.engine.recurrent.compiled")
    monkeypatch.setattr(pool, "TIMED_CALLS", 0)
    monkeypatch.setattr(pool, "MIN_SECONDS_FOR_SPINNING_WORKERS", 0)
    monkeypatch.setattr(pool, "MIN_SECONDS_FOR_SLEEPING_WORKERS", 0)
    monkeypatch.setattr(compiled, "MIN_MULTIPLY_ADDS_FOR_THREADS", 0)


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(("n", "H"), [(23, 20), (3, 128)])  # samples are shared, and hidden units
def test_the_same_bits_on_any_number_of_threads(cell: str, n: int, H: int) -> None:
    c, results = Configuration(cell, 3, n, H, True, 7), []
    for threads in (1, 2, 3):
        with tn.threads(threads):
            results.append(in_float32(c))
    for others in results[1:]:
        for one, other in zip(results[0], others, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("cell", CELLS)
def test_hidden_units_shared_among_threads_give_the_bits_of_a_sample_in_a_batch(cell: str) -> None:
    of_five = Configuration(cell, 2, 5, 144, False, 7, np.float32)  # two blocks of 64 hidden units and one of 16
    alone = replace(of_five, n=1)
    x, *states = of_five.inputs().values()
    first = {"x": x[:, :1], **{str(i): state[:1] for i, state in enumerate(states)}}
    with_others = arrays(of_five.forward("compiled"))
    for threads in (1, 2, 3):
        with tn.threads(threads):
            for one, others in zip(arrays(alone.forward("compiled", first)), with_others, strict=True):
                np.testing.assert_array_equal(one, others[:, :1])


@pytest.mark.usefixtures("shared")
def test_a_thread_whose_partner_does_not_come_gives_up_and_the_work_is_done_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tinynet.engine.recurrent import compiled

    c = Configuration("lstm", 2, 1, 128, False, 7, np.float32)
    right = arrays(c.forward("compiled"))
    calls = []

    def share(work: Callable, count: int, *arguments: object) -> None:
        calls.append(count)
        for part in range(count):  # one after the other: the first waits in vain for the second
            work(part, part + 1, *arguments)

    monkeypatch.setattr(compiled, "run_parallel", share)
    for one, other in zip(arrays(c.forward("compiled")), right, strict=True):
        np.testing.assert_array_equal(one, other)
    assert calls == [2]


def test_little_work_is_done_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = pytest.importorskip("tinynet.engine.recurrent.compiled")
    monkeypatch.setattr(compiled, "run_parallel", lambda *_: pytest.fail("it was shared"))
    in_float32(Configuration("gru", 3, 4, 8, False, 7))


@pytest.mark.parametrize("cell", CELLS)
def test_what_is_not_served_is_left_to_the_lesson(cell: str) -> None:
    pytest.importorskip("numba")
    c = Configuration(cell, 30, 2, 8, False, 5, np.float32)
    c.forward("auto")  # which fills the tables
    layer, (x, *states), (dy, *dlast), padding = c.layer(), c.inputs().values(), c.gradients(), c.padding
    weights, first, ends = layer._weights("_l0"), tuple(states), tuple(dlast)
    through, back = (faster.TABLES["compiled"][f] for f in (type(layer).through_time, type(layer).back_through_time))
    for other in (x[:0], x[:3], x.astype(np.float64), x.astype(np.float16), x.view(np.memmap)):
        assert through(layer, weights, other, first, padding) is NotImplemented
    assert through(layer, weights, x, tuple(state.astype(np.float64) for state in first), padding) is NotImplemented
    done = through(layer, weights, x, first, padding)
    assert isinstance(done, Pass)
    for other in (dy.astype(np.float64), dy[:, :1], dy[..., :5]):
        assert back(layer, weights, other, ends, done) is NotImplemented
    assert back(layer, weights, dy, tuple(d[:1] for d in ends), done) is NotImplemented
    assert not any(parameter.gradient.any() for parameter in layer.parameters().values())
    assert back(layer, weights, dy, ends, done) is not NotImplemented
    assert layer.weight_hh_l0.gradient.any()
