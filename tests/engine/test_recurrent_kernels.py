"""The bodies of the recurrent cells agree, and the loops are right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import tinynet as tn
from tinynet.core import faster
from tinynet.engine import recurrent
from tinynet.engine.machine import pool as team

FAST = ["vectorized", "compiled"]
CELLS = {"rnn tanh": 1, "rnn relu": 1, "lstm": 4, "gru": 3}  # with the number of gates


@dataclass(frozen=True)
class Configuration:
    """A cell, sizes, whether there is padding, and a seed for the numbers."""

    cell: str
    T: int
    n: int
    H: int
    padded: bool
    seed: int

    def draw(self, name: str, *shape: int) -> np.ndarray:
        return np.random.default_rng([self.seed, *name.encode()]).normal(size=shape)

    @property
    def keep(self) -> np.ndarray | None:
        return (self.draw("keep", self.T, self.n, 1) > 0).astype(np.float64) if self.padded else None

    def inputs(self) -> dict[str, np.ndarray]:
        """What forward takes, without the mask."""
        gates = CELLS[self.cell] * self.H
        given = {"gx": self.draw("gx", self.T, self.n, gates), "W": self.draw("W", gates, self.H)}
        given |= {"b": self.draw("b", gates)} if self.cell == "gru" else {}
        given |= {"h0": self.draw("h0", self.n, self.H)}
        return given | ({"c0": self.draw("c0", self.n, self.H)} if self.cell == "lstm" else {})

    def forward(self, given: dict[str, np.ndarray], body: str) -> tuple[np.ndarray, ...]:
        """The states first, then what else is saved."""
        with faster.use(body):
            if self.cell.startswith("rnn"):
                return (recurrent.rnn_forward(*given.values(), self.keep, "relu" in self.cell),)
            run: Callable = recurrent.lstm_forward if self.cell == "lstm" else recurrent.gru_forward
            return run(*given.values(), self.keep)

    def backward(self, saved: tuple[np.ndarray, ...], W: np.ndarray, body: str) -> tuple[np.ndarray, ...]:
        """∂L/∂gx first and ∂L/∂ the first states last, for the loss of `loss`."""
        dy, dh, dc = (self.draw(name, *shape).astype(W.dtype) for name, shape in self.weights().items())
        with faster.use(body):
            if self.cell.startswith("rnn"):
                return recurrent.rnn_backward(dy, dh, saved[0], W, self.keep, "relu" in self.cell)
            if self.cell == "lstm":
                return recurrent.lstm_backward(dy, dh, dc, saved[1], saved[2], W, self.keep)
            return recurrent.gru_backward(dy, dh, *saved, W, self.keep)

    def weights(self) -> dict[str, tuple[int, ...]]:
        state = (self.n, self.H)
        return {"dy": (self.T, *state), "dh": state, "dc": state}

    def loss(self, given: dict[str, np.ndarray]) -> float:
        """Σ dy h + Σ dh h[T] + Σ dc c[T], whose derivative `backward` gives."""
        dy, dh, dc = (self.draw(name, *shape) for name, shape in self.weights().items())
        states = self.forward(given, "loops")
        value = (dy * states[0][1:]).sum() + (dh * states[0][-1]).sum()
        return float(value + ((dc * states[1][-1]).sum() if self.cell == "lstm" else 0))


def recurrences(longest: int = 6) -> st.SearchStrategy[Configuration]:
    sizes = st.integers(1, longest), st.integers(1, 3), st.integers(1, 4)
    return st.builds(Configuration, st.sampled_from(sorted(CELLS)), *sizes, st.booleans(), st.integers(0, 99))


def test_loops_of_rnn_by_hand() -> None:
    gx, W, h0 = np.array([[[1.0]], [[-8.0]], [[1.0]]]), np.array([[2.0]]), np.array([[3.0]])
    with faster.use("loops"):
        h = recurrent.rnn_forward(gx, W, h0, None, True)
        da, dh0 = recurrent.rnn_backward(np.ones((3, 1, 1)), np.array([[10.0]]), h, W, None, True)
    np.testing.assert_array_equal(h.ravel(), [3, 7, 6, 13])
    np.testing.assert_array_equal(da.ravel(), [47, 23, 11])
    np.testing.assert_array_equal(dh0, [[94]])


def test_loops_of_lstm_by_hand() -> None:
    # All gates are open half, but for g = tanh(artanh ½): c = ½ · 2 + ½ · ½, and h = ½ tanh(c).
    gx, W = np.array([[[0.0, 0.0, np.arctanh(0.5), 0.0]]]), np.zeros((4, 1))
    with faster.use("loops"):
        h, c, gates = recurrent.lstm_forward(gx, W, np.ones((1, 1)), np.full((1, 1), 2.0), None)
        da, dh0, dc0 = recurrent.lstm_backward(
            np.zeros((1, 1, 1)), np.zeros((1, 1)), np.ones((1, 1)), c, gates, W, None
        )
    np.testing.assert_allclose(gates.ravel(), [0.5] * 4)
    assert c[1].item() == pytest.approx(1.25)
    assert h[1].item() == pytest.approx(0.5 * np.tanh(1.25))
    np.testing.assert_allclose(da.ravel(), [0.5 * 0.25, 2 * 0.25, 0.5 * 0.75, 0])
    assert (dh0.item(), dc0.item()) == pytest.approx((0, 0.5))


def test_loops_of_gru_by_hand() -> None:
    # r = z = ½, inner = 2 · 1 + 1 = 3, n = tanh(−1.5 + ½ · 3) = 0, and h = ½ · 0 + ½ · 1.
    gx, W, b = np.array([[[0.0, 0.0, -1.5]]]), np.array([[0.0], [0.0], [2.0]]), np.array([0.0, 0.0, 1.0])
    with faster.use("loops"):
        h, gates, inner = recurrent.gru_forward(gx, W, b, np.ones((1, 1)), None)
        dgx, dgh, dh0 = recurrent.gru_backward(np.ones((1, 1, 1)), np.zeros((1, 1)), h, gates, inner, W, None)
    np.testing.assert_allclose(gates.ravel(), [0.5, 0.5, 0], atol=1e-15)
    assert (inner.item(), h[1].item()) == pytest.approx((3, 0.5))
    np.testing.assert_allclose(dgx.ravel(), [0.5 * 3 * 0.25, 1 * 0.25, 0.5])
    np.testing.assert_allclose(dgh.ravel(), [0.375, 0.25, 0.25])
    assert dh0.item() == pytest.approx(0.5 + 2 * 0.25)


@pytest.mark.parametrize("body", FAST)
@settings(deadline=None, max_examples=80)
@given(c=recurrences())
def test_bodies_agree(body: str, c: Configuration) -> None:
    given_ = c.inputs()
    fast, true = c.forward(given_, body), c.forward(given_, "loops")
    fast += c.backward(fast, given_["W"], body)
    true += c.backward(true, given_["W"], "loops")
    for one, other in zip(fast, true, strict=True):
        assert one.shape == other.shape
        assert one.dtype == np.float64
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10)


@settings(deadline=None, max_examples=30)
@given(c=recurrences())
def test_bodies_can_be_mixed(c: Configuration) -> None:
    W = c.inputs()["W"]
    mixed = c.backward(c.forward(c.inputs(), "loops"), W, "vectorized")
    other = c.backward(c.forward(c.inputs(), "vectorized"), W, "loops")
    for one, two in zip(mixed, other, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-10, atol=1e-10)


@settings(deadline=None, max_examples=40)
@given(c=recurrences(4))
def test_loops_gradients_are_the_derivatives(c: Configuration) -> None:
    assume("relu" not in c.cell)  # a difference may cross its kink; it is worked out by hand above
    arrays = c.inputs()
    gradients = c.backward(c.forward(arrays, "loops"), arrays["W"], "loops")
    firsts = gradients[2:] if c.cell == "gru" else gradients[1:]  # GRU gives the hidden side between
    names = [name for name in ("h0", "c0") if name in arrays]
    for name, gradient in [("gx", gradients[0]), *zip(names, firsts, strict=True)]:
        way = c.draw("way", *arrays[name].shape)
        above = c.loss(arrays | {name: arrays[name] + 1e-6 * way})
        below = c.loss(arrays | {name: arrays[name] - 1e-6 * way})
        np.testing.assert_allclose((gradient * way).sum(), (above - below) / 2e-6, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("body", ["loops", *FAST])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_steps_may_take_rows_of_a_table(body: str, cell: str, dtype: type) -> None:
    c = Configuration(cell, 5, 7, 3, True, 5)
    arrays = {name: array.astype(dtype) for name, array in c.inputs().items()}
    table, rows = arrays["gx"].reshape(35, -1)[:4], np.random.default_rng(0).integers(0, 4, (7, 5)).T
    run: Callable = getattr(recurrent, f"{cell.split()[0]}_forward")
    more = ["relu" in cell] if "rnn" in cell else []
    with faster.use(body):
        found = run(*(arrays | {"gx": table}).values(), c.keep, *more, rows=rows)
        right = run(*(arrays | {"gx": table[rows]}).values(), c.keep, *more)
    for one, other in zip(found, right, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("body", ["loops", *FAST])
@pytest.mark.parametrize("cell", CELLS)
def test_padding_passes_states_and_gradients_on(body: str, cell: str) -> None:
    c = Configuration(cell, 3, 2, 2, True, 5)
    states = c.forward(c.inputs(), body)
    assert 0 < c.keep.sum() < c.keep.size
    n_states = 2 if cell == "lstm" else 1
    for state in states[:n_states]:
        for t, n in np.argwhere(c.keep[..., 0] == 0):
            np.testing.assert_array_equal(state[t + 1, n], state[t, n])
    dgx = c.backward(states, c.inputs()["W"], body)[0]
    assert not dgx[c.keep[..., 0] == 0].any()


@pytest.mark.parametrize("body", ["loops", *FAST])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept_and_inputs_stay_untouched(body: str, cell: str, dtype: type) -> None:
    c = Configuration(cell, 3, 2, 2, False, 5)
    arrays = {name: array.astype(dtype) for name, array in c.inputs().items()}
    before = {name: array.copy() for name, array in arrays.items()}
    saved = c.forward(arrays, body)
    assert {array.dtype for array in saved} == {np.dtype(dtype)}
    kept = [array.copy() for array in saved]
    c.backward(saved, arrays["W"], body)
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, before[name])
    for array, then in zip(saved, kept, strict=True):
        np.testing.assert_array_equal(array, then)


def in_float32(c: Configuration) -> list[np.ndarray]:
    """All that forward and backward give, of the compiled body."""
    arrays = {name: array.astype(np.float32) for name, array in c.inputs().items()}
    saved = c.forward(arrays, "compiled")
    return [*saved, *c.backward(saved, arrays["W"], "compiled")]


@settings(deadline=None, max_examples=40)
@given(c=recurrences().map(lambda c: replace(c, n=3 * c.n, H=(1, 5, 16, 20)[c.H - 1])))
def test_compiled_in_float32_is_near_the_true_values(c: Configuration) -> None:
    true = c.forward(c.inputs(), "vectorized")
    true += c.backward(true, c.inputs()["W"], "vectorized")
    for one, other in zip(in_float32(c), true, strict=True):
        assert one.shape == other.shape
        assert one.dtype == np.float32
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4 * max(1.0, np.abs(other).max()))


@pytest.mark.parametrize("cell", CELLS)
def test_a_sample_gives_the_same_bits_alone_and_on_any_thread(cell: str) -> None:
    c = Configuration(cell, 3, 23, 20, True, 7)
    results = []
    for n in (1, 2, 3):
        with tn.threads(n):
            results.append(in_float32(c))
    for others in results[1:]:
        for one, other in zip(results[0], others, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("cell", CELLS)
def test_float32_padding_passes_states_on(cell: str) -> None:
    c = Configuration(cell, 3, 5, 4, True, 5)
    results = in_float32(c)
    padding = c.keep[..., 0] == 0
    assert padding.any()
    for state in results[: 2 if cell == "lstm" else 1]:
        for t, n in np.argwhere(padding):
            np.testing.assert_array_equal(state[t + 1, n], state[t, n])
    dgx = results[len(results) - {"rnn tanh": 2, "rnn relu": 2, "lstm": 3, "gru": 3}[cell]]
    assert not dgx[padding].any()


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """However little there is to do, the work is shared."""
    monkeypatch.setattr(team, "MIN_SECONDS_FOR_SPINNING_WORKERS", 0)
    monkeypatch.setattr(team, "MIN_SECONDS_FOR_SLEEPING_WORKERS", 0)


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("cell", CELLS)
def test_hidden_units_shared_among_threads_give_the_bits_of_a_sample_in_a_batch(cell: str) -> None:
    of_five = Configuration(cell, 2, 5, 144, True, 7)  # two blocks of 64 hidden units and one of 16
    arrays = {name: array.astype(np.float32) for name, array in of_five.inputs().items()}
    first = arrays | {"gx": arrays["gx"][:, :1]} | {name: arrays[name][:1] for name in ("h0", "c0") if name in arrays}
    alone = replace(of_five, n=1, padded=False)
    with_others = replace(of_five, padded=False).forward(arrays, "compiled")
    for threads in (1, 2, 3):
        with tn.threads(threads):
            for _ in range(team.TIMED_CALLS + 2):  # the first calls are done by one thread
                for one, others in zip(alone.forward(first, "compiled"), with_others, strict=True):
                    np.testing.assert_array_equal(one, others[:, :1])


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("cell", CELLS)
def test_few_samples_give_the_same_bits_on_any_thread(cell: str) -> None:
    c, results = Configuration(cell, 3, 3, 128, True, 7), []
    for threads in (1, 2):
        with tn.threads(threads):
            results += [in_float32(c) for _ in range(team.TIMED_CALLS + 1)]
    for others in results[1:]:
        for one, other in zip(results[0], others, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_thread_whose_partner_does_not_come_gives_up_and_the_work_is_done_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled = pytest.importorskip("tinynet.engine.recurrent.compiled")
    c = Configuration("lstm", 2, 1, 128, False, 7)
    arrays = {name: array.astype(np.float32) for name, array in c.inputs().items()}
    right = c.forward(arrays, "compiled")
    calls = []

    def share(work: Callable, count: int, *arguments: object) -> None:
        calls.append(count)
        for part in range(count):  # one after the other: the first waits in vain for the second
            work(part, part + 1, *arguments)

    monkeypatch.setattr(compiled, "share", share)
    for one, other in zip(c.forward(arrays, "compiled"), right, strict=True):
        np.testing.assert_array_equal(one, other)
    assert calls == [2]
