"""One call for all parameters: what it serves, what it declines, and what it keeps of them."""

from __future__ import annotations

import copy
import gc
import pickle
from collections.abc import Callable

import numba
import numpy as np
import pytest

import tinynet as tn
from tests.engine.cases.optimizers import RULES
from tinynet.core import Parameter, faster
from tinynet.engine import optimizers as engine
from tinynet.engine.optimizers.pieces import NUMBERS_PER_BLOCK, Pieces
from tinynet.optimizers import SGD, Adam, Muon, Optimizer, ParameterGroups, RMSProp, WeightAverage
from tinynet.optimizers.clipping import gradient_norm, gradients_are_finite

SIZES = (40_000, 3, 0, 700, NUMBERS_PER_BLOCK)
if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
    SIZES = (70, 3, 0)


def parameters(*sizes: int, dtype: type = np.float32) -> dict[str, Parameter]:
    rng = np.random.default_rng(0)
    return {f"{i}": Parameter(rng.normal(size=size), dtype=dtype) for i, size in enumerate(sizes)}


def step(optimizer: Optimizer, net: dict[str, Parameter], seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    for parameter in net.values():
        parameter.accumulate(rng.normal(size=parameter.shape).astype(parameter.dtype))
    optimizer.step(net)


def values(net: dict[str, Parameter]) -> np.ndarray:
    return np.concatenate([parameter.tensor.ravel() for parameter in net.values()])


def is_served(optimizer: Optimizer, net: dict[str, Parameter]) -> bool:
    with faster.use("compiled"):
        return engine.update_all(optimizer, net) is not NotImplemented


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_bit_is_that_of_the_lesson(rule: str, dtype: type) -> None:
    found = []
    for choice in ("compiled", "plain"):
        net, optimizer = parameters(*SIZES, dtype=dtype), RULES[rule]()
        with faster.use(choice):
            for seed in range(3):
                step(optimizer, net, seed)
        assert not any(parameter.gradient.any() for parameter in net.values())
        found.append(values(net))
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("rule", ["plain", "momentum", "adam"])
def test_the_number_of_threads_changes_no_bit(rule: str) -> None:
    found = []
    for n in (1, 2, 3):
        net = parameters(*SIZES)
        with tn.threads(n), faster.use("compiled"):
            step(RULES[rule](), net)
        found.append(values(net))
    np.testing.assert_array_equal(found[1], found[0])
    np.testing.assert_array_equal(found[2], found[0])


def test_norms_have_the_same_bits_on_any_number_of_threads() -> None:
    net = list(parameters(*SIZES).values())
    for parameter in net:
        parameter.gradient = parameter.tensor
    found = set()
    for n in (1, 2, 3):
        with tn.threads(n), faster.use("compiled"):
            found.add(gradient_norm(net))
    assert len(found) == 1


# What is declined.


class Own(SGD):
    """A rule of a user's own."""

    def update(self, parameter: Parameter) -> None:
        parameter.tensor -= 1


@pytest.mark.parametrize(
    "rule", [lambda: Own(0.1), lambda: Adam(amsgrad=True), lambda: RMSProp(centered=True), lambda: Muon()]
)
def test_other_rules_are_left_to_their_lesson(rule: Callable[[], Optimizer]) -> None:
    assert not is_served(rule(), {"w": Parameter(np.ones((2, 2)))})


def test_an_update_that_is_watched_is_called() -> None:
    optimizer, seen = SGD(0.1), []
    optimizer.update = seen.append  # type: ignore[method-assign]
    net = parameters(3, 4)
    with faster.use("compiled"):
        optimizer.step(net)
    assert seen == list(net.values())


def test_a_subclass_with_its_own_update_is_asked() -> None:
    net = parameters(5)
    before = values(net)
    with faster.use("compiled"):
        Own(0.1).step(net)
    np.testing.assert_array_equal(values(net), before - 1)


def test_long_doubles_and_mixed_types_are_left_to_the_lesson() -> None:
    assert not is_served(SGD(0.1), parameters(3, dtype=np.longdouble))
    net = parameters(3, 3)
    net["1"].astype(np.float64)
    assert not is_served(SGD(0.1), net)
    assert not is_served(SGD(0.1), {})
    assert is_served(SGD(0.1), parameters(3, 0))


def test_a_parameter_under_two_names_is_left_to_the_lesson() -> None:
    (w,) = parameters(3).values()
    assert not is_served(SGD(0.1), {"a": w, "b": w})


def test_a_state_in_another_memory_order_is_left_to_the_lesson() -> None:
    net, optimizer = {"w": Parameter(np.ones((2, 3)))}, SGD(0.1, momentum=0.9)
    step(optimizer, net)
    state = optimizer.state(net)
    state["slots"]["w"]["velocity"] = np.asfortranarray(state["slots"]["w"]["velocity"])
    optimizer.load_state(state, net)
    assert not is_served(optimizer, net)


def test_few_numbers_are_not_compiled() -> None:
    limit = engine.MIN_WORK_FOR_COMPILING - engine.WORK_PER_PARAMETER
    with faster.use("auto"):
        assert engine.update_all(SGD(0.1), parameters(limit - 1)) is NotImplemented
        assert engine.update_all(SGD(0.1), parameters(limit)) is None
        assert engine.update_all(SGD(0.1), parameters(*[100] * 10)) is NotImplemented
        assert engine.update_all(SGD(0.1), parameters(*[10] * 80)) is None  # each costs NumPy some time of its own


def test_a_rate_that_is_nonsense_changes_nothing() -> None:
    net, optimizer = parameters(5), Adam(lr=lambda t: -1)
    before = values(net)
    with faster.use("compiled"), pytest.raises(ValueError, match=r"^Adam: lr\(0\) must be at least 0, got -1\."):
        step(optimizer, net)
    np.testing.assert_array_equal(values(net), before)
    assert optimizer.state(net)["counts"] == {"0": 0}


# What is kept of the arrays is used only as long as they are the same.


def both_ways(train: Callable[[], np.ndarray]) -> None:
    found = []
    for choice in ("compiled", "auto", "plain"):
        with faster.use(choice):
            found.append(train())
    np.testing.assert_array_equal(found[0], found[2])
    np.testing.assert_array_equal(found[1], found[2])


def test_arrays_that_change_are_found_again() -> None:
    def train() -> np.ndarray:
        net, optimizer = parameters(5, 6, 7, 8), Adam()
        step(optimizer, net, 1)
        net["0"].astype(np.float64)
        net["0"].astype(np.float32)  # other arrays, the same numbers
        step(optimizer, net, 2)
        optimizer.load_state(optimizer.state(net), net)
        step(optimizer, net, 3)
        net["1"].trainable = False
        step(optimizer, net, 4)
        net["1"].trainable = True
        step(optimizer, net, 5)
        grown = {"new": parameters(9)["0"], **net}
        step(optimizer, grown, 6)
        step(optimizer, net, 7)
        return values(grown)

    both_ways(train)


def test_options_that_change_count_from_the_next_step() -> None:
    def train() -> np.ndarray:
        net, optimizer = parameters(5, 6), SGD(0.1)
        step(optimizer, net, 1)
        optimizer.lr, optimizer.momentum = 0.2, 0.5
        step(optimizer, net, 2)
        optimizer.weight_decay = 0.1
        step(optimizer, net, 3)
        return values(net)

    both_ways(train)


def test_groups_are_served_each_by_itself() -> None:
    def train() -> np.ndarray:
        net = parameters(5, 6, 7)
        optimizer = ParameterGroups([("0", SGD(0.1)), ("*", Adam(0.1))], clip_norm=1.0)
        for seed in range(3):
            step(optimizer, net, seed)
        return values(net)

    found = []
    for choice in ("compiled", "plain"):
        with faster.use(choice):
            found.append(train())
    np.testing.assert_allclose(*found, rtol=1e-6)  # the norm is summed in another order


def test_a_rule_that_is_gone_keeps_no_arrays_alive() -> None:
    gc.collect()
    before = len(engine._pieces)
    net, optimizer = parameters(5), Adam()
    with faster.use("compiled"):
        step(optimizer, net)
    assert len(engine._pieces) == before + 1
    del optimizer
    gc.collect()
    assert len(engine._pieces) == before


# Few numbers, side by side.


@pytest.mark.parametrize(
    "rule", ["adam", "adam_decay", "adamw", "nadam", "adadelta_decay", "rmsprop_momentum", "nesterov", "lion"]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_few_numbers_go_side_by_side(rule: str, dtype: type) -> None:
    found = []
    for choice in ("auto", "plain"):
        net, optimizer = parameters(3, 0, 1, 7, dtype=dtype), RULES[rule]()
        with faster.use(choice):
            for seed in range(4):
                step(optimizer, net, seed)
                if seed == 1:
                    net, optimizer = copy.deepcopy((net, optimizer))
        assert not any(parameter.gradient.any() for parameter in net.values())
        assert list(optimizer._slots) == list(net.values())  # nothing else is kept
        assert (optimizer in engine._rows) == (choice == "auto")
        state = optimizer.state(net)
        kept = [array for slots in state["slots"].values() for array in slots.values()]
        found.append((np.concatenate([values(net), *kept]), state["counts"]))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    assert found[0][1] == found[1][1]


@pytest.mark.parametrize(
    ("rule", "n"), [(SGD(0.1), 5), (Adam(), 3), (Adam(amsgrad=True), 5)], ids=["keeps nothing", "three", "other"]
)
def test_where_it_does_not_pay_the_lesson_runs(rule: Optimizer, n: int) -> None:
    assert engine.update_all(rule, parameters(*[3] * n)) is NotImplemented


def test_they_keep_the_bits_of_the_lesson() -> None:
    def train() -> np.ndarray:
        net, optimizer = {f"{i}": Parameter(np.full((2, i), 0.5)) for i in range(1, 5)}, Adam(0.1, weight_decay=0.1)
        for seed in range(3):
            step(optimizer, net, seed)
        net, optimizer = pickle.loads(pickle.dumps((net, optimizer)))
        step(optimizer, net, 3)
        net["2"].trainable = False
        step(optimizer, net, 4)
        net["2"].trainable = True
        step(optimizer, net, 5)
        m = optimizer.state(net)["slots"]
        return np.concatenate([values(net), *[array.ravel() for slots in m.values() for array in slots.values()]])

    both_ways(train)


# Norms and averages.


def test_what_is_not_finite_is_left_to_the_lesson() -> None:
    w = Parameter(np.zeros(3), dtype=np.float64)
    with faster.use("compiled"), np.errstate(over="ignore"):
        assert gradients_are_finite([w])
        w.gradient = [1e200, 0, 0]  # its square is infinite
        assert engine.gradients_are_finite([w]) is NotImplemented
        assert gradients_are_finite([w])
        w.gradient = [np.inf, 0, 0]
        assert not gradients_are_finite([w])
        assert gradients_are_finite([])
        assert gradient_norm([]) == 0


def test_the_first_average_is_left_to_the_lesson() -> None:
    net = parameters(5)
    average = WeightAverage(net, decay=0.5)
    with faster.use("compiled"):
        assert engine.average(average) is NotImplemented
        average.update()
        net["0"].tensor += 1
        assert engine.average(average) is None
    np.testing.assert_allclose(average.averages()["0"], net["0"].tensor - 0.5, rtol=1e-6)


# Pieces.


@pytest.mark.parametrize(
    "sizes",
    [
        (1,),
        (NUMBERS_PER_BLOCK,),
        (NUMBERS_PER_BLOCK + 1,),
        (0, 5, 0, 0),
        (40_000, 3, 0, 700),
        (5, NUMBERS_PER_BLOCK, 5),
        (3,) * 50,
    ],
)
@pytest.mark.parametrize("n_each", [1, 2, 4])
def test_pieces_cover_every_number_once(sizes: tuple[int, ...], n_each: int) -> None:
    arrays = [np.zeros(size) for size in sizes for _ in range(n_each)]
    pieces = Pieces(arrays, n_each)
    assert pieces.served
    for size, owner, *addresses in pieces.table.tolist():
        for array, address in zip(arrays[owner * n_each :][:n_each], addresses, strict=False):
            start = (address - array.ctypes.data) // 8
            assert 0 <= start <= start + size <= array.size
            array[start : start + size] += 1
    assert all((array == 1).all() for array in arrays)
    ends = np.cumsum(pieces.table[:, 0])
    assert pieces.firsts[0] == 0
    assert all(
        ends[last - 1] == min((i + 1) * NUMBERS_PER_BLOCK, sum(sizes)) for i, last in enumerate(pieces.firsts[1:])
    )
