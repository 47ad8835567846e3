"""Optimizers: steps by hand, convergence, what they keep and how it is saved."""

import copy
import pickle

import numpy as np
import pytest

from tinynet.core import Parameter
from tinynet.optimizers import SGD, Adam, Optimizer, clip_gradient_norm

RULES = {
    "plain": lambda lr=0.1: SGD(lr=lr),
    "momentum": lambda lr=0.1: SGD(lr=lr, momentum=0.9),
    "Nesterov": lambda lr=0.1: SGD(lr=lr, momentum=0.9, nesterov=True),
    "decay": lambda lr=0.1: SGD(lr=lr, momentum=0.9, weight_decay=0.01),
    "Adam": lambda lr=0.1: Adam(lr=lr),
}


def parameter(values) -> Parameter:
    return Parameter(np.array(values, float), dtype=np.float64)


def trajectory(rule: Optimizer, start: float, gradients: list[float]) -> list[float]:
    w = parameter([start])
    values = []
    for gradient in gradients:
        w.accumulate(np.array([gradient]))
        rule.step({"w": w})
        values.append(w.tensor[0])
    return values


# Steps by hand.


def test_plain_descent():
    assert trajectory(SGD(lr=0.1), 1.0, [2.0, -3.0]) == pytest.approx([0.8, 1.1])


def test_momentum():
    # v = 2, then 0.5 · 2 − 3 = −2, then 0.5 · −2 + 1 = 0
    assert trajectory(SGD(lr=0.1, momentum=0.5), 1.0, [2.0, -3.0, 1.0]) == pytest.approx([0.8, 1.0, 1.0])


def test_nesterov():
    # v = 2, −2; the steps are 2 + 0.5 · 2 = 3 and −3 + 0.5 · −2 = −4
    assert trajectory(SGD(lr=0.1, momentum=0.5, nesterov=True), 1.0, [2.0, -3.0]) == pytest.approx([0.7, 1.1])


def test_weight_decay_pulls_towards_zero():
    assert trajectory(SGD(lr=0.1, weight_decay=0.5), 2.0, [0.0, 0.0]) == pytest.approx([1.9, 1.805])
    assert trajectory(SGD(lr=0.1, weight_decay=0.5), -2.0, [0.0]) == pytest.approx([-1.9])
    # g = 2 + 0.5 · 2 = 3, v = 3; then g = 0.5 · 1.7 = 0.85, v = 1.5 + 0.85 = 2.35
    assert trajectory(SGD(lr=0.1, momentum=0.5, weight_decay=0.5), 2.0, [2.0, 0.0]) == pytest.approx([1.7, 1.465])


def test_adam():
    # m = 0.2, v = 0.004: m̂ = 2, v̂ = 4. Then m = 0.9 · 0.2 − 0.1 = 0.08, v = 0.999 · 0.004 + 0.001 = 0.004996.
    second = 0.9 - 0.1 * (0.08 / 0.19) / (np.sqrt(0.004996 / 0.001999) + 1e-8)
    assert trajectory(Adam(lr=0.1), 1.0, [2.0, -1.0]) == pytest.approx([0.9, second])


def test_adam_with_other_betas_eps_and_decay():
    # g = 1 + 0.5 · 2 = 2: m̂ = 2, v̂ = 4, and the step is 0.1 · 2 / (2 + 2)
    assert trajectory(Adam(lr=0.1, betas=(0.5, 0.6), eps=2.0, weight_decay=0.5), 2.0, [1.0]) == pytest.approx([1.95])


def test_adam_corrects_the_bias_of_its_first_steps():
    assert trajectory(Adam(lr=0.1), 0.0, [1e-3] * 5) == pytest.approx([-0.1, -0.2, -0.3, -0.4, -0.5], rel=1e-4)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("first_frozen", [False, True])
def test_parameters_are_updated_as_numbers_of_one_array_would_be(rule, first_frozen):
    gradients = np.random.default_rng(0).normal(size=(5, 5))
    apart, together = [parameter([1.0, 2.0]), parameter([[3.0], [4.0], [5.0]])], parameter([1.0, 2.0, 3.0, 4.0, 5.0])
    rest = parameter([3.0, 4.0, 5.0])  # what is left of it while the first is frozen
    rules = [RULES[rule]() for _ in range(3)]
    for step, gradient in enumerate(gradients):
        apart[0].trainable = not (first_frozen and step == 0)  # if so, it is a step behind from then on
        apart[0].accumulate(gradient[:2])
        apart[1].accumulate(gradient[2:].reshape(3, 1))
        together.accumulate(gradient)
        rest.accumulate(gradient[2:])
        rules[0].step(dict(zip("ab", apart, strict=True)))
        rules[1].step({"all": together})
        rules[2].step({"rest": rest})
    np.testing.assert_array_equal(apart[1].tensor.ravel(), rest.tensor)
    if not first_frozen:
        np.testing.assert_array_equal(np.concatenate([w.tensor.ravel() for w in apart]), together.tensor)


# Convergence.


@pytest.mark.parametrize("rule", ["plain", "momentum", "Nesterov", "Adam"])
def test_reaches_the_bottom_of_a_parabola(rule):
    w, optimizer = parameter([5.0, -3.0]), RULES[rule]()
    for _ in range(400):
        w.accumulate(2 * (w.tensor - [1.0, 2.0]) * [1.0, 0.5])
        optimizer.step({"w": w})
    np.testing.assert_allclose(w.tensor, [1, 2], atol=1e-3)


@pytest.mark.parametrize(
    ("rule", "lr", "n_steps"),
    [("plain", 1e-3, 20000), ("momentum", 1e-3, 4000), ("Nesterov", 1e-3, 4000), ("Adam", 0.02, 4000)],
)
def test_crosses_the_valley_of_rosenbrock(rule, lr, n_steps):
    w, optimizer = parameter([-1.0, 1.0]), RULES[rule](lr)
    for _ in range(n_steps):
        x, y = w.tensor
        w.accumulate(np.array([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)]))
        optimizer.step({"w": w})
    np.testing.assert_allclose(w.tensor, [1, 1], atol=0.02)


# Options of every optimizer.


def test_the_rate_may_be_a_function_of_the_step():
    optimizer = SGD(lr=lambda step: 1 / (step + 1))
    assert trajectory(optimizer, 0.0, [1.0, 1.0, 1.0]) == pytest.approx([-1, -1.5, -1.5 - 1 / 3])
    assert optimizer.learning_rate == 0.25


def test_the_rate_may_be_assigned():
    optimizer = SGD(lr=1.0)
    optimizer.lr = 0.5
    assert trajectory(optimizer, 0.0, [1.0]) == [-0.5]


def test_a_rate_of_zero_changes_nothing():
    assert trajectory(SGD(lr=0), 1.0, [1.0]) == [1.0]


def test_gradients_of_several_calls_are_averaged():
    optimizer = SGD(lr=0.1, gradient_accumulation_steps=2)
    assert trajectory(optimizer, 1.0, [2.0, 4.0, 1.0, 1.0]) == pytest.approx([1.0, 0.7, 0.7, 0.6])
    assert (optimizer.n_calls, optimizer.n_steps) == (4, 2)


def test_the_schedule_counts_updates_not_calls():
    seen = []
    trajectory(SGD(lr=lambda step: seen.append(step) or 0.1, gradient_accumulation_steps=3), 0.0, [1.0] * 7)
    assert seen == [0, 1]


def test_clipping_takes_all_gradients_together():
    a, b = parameter([0.0]), parameter([0.0, 0.0])
    a.accumulate(np.array([3.0]))
    b.accumulate(np.array([4.0, 0.0]))
    SGD(lr=1.0, clip_norm=1.0).step({"a": a, "b": b})
    np.testing.assert_allclose(a.tensor, [-0.6])
    np.testing.assert_allclose(b.tensor, [-0.8, 0])


def test_the_norm_of_large_gradients_does_not_overflow():
    w = Parameter(np.zeros(2))
    w.accumulate(np.array([3e30, 4e30], np.float32))
    assert clip_gradient_norm([w], max_norm=1.0) == pytest.approx(5e30)
    np.testing.assert_allclose(w.gradient, [0.6, 0.8], rtol=1e-6)


def test_clipping_comes_after_averaging():
    assert trajectory(SGD(lr=1.0, clip_norm=1.0, gradient_accumulation_steps=2), 0.0, [0.5, 0.5]) == [0, -0.5]


def test_small_gradients_are_not_clipped():
    w = parameter([0.0, 0.0])
    w.accumulate(np.array([0.3, 0.4]))
    assert clip_gradient_norm([w], max_norm=1.0) == pytest.approx(0.5)
    np.testing.assert_array_equal(w.gradient, [0.3, 0.4])
    assert clip_gradient_norm([], max_norm=1.0) == 0


def test_a_frozen_parameter_is_left_alone():
    w, frozen = parameter([1.0]), parameter([1.0])
    frozen.trainable = False
    w.accumulate(np.ones(1))
    SGD(lr=0.1, weight_decay=0.5).step({"w": w, "frozen": frozen})
    assert frozen.tensor == [1.0]
    assert w.tensor != [1.0]


def test_step_clears_gradients_and_update_does_not():
    w = parameter([1.0])
    w.accumulate(np.ones(1))
    SGD(lr=0.1).update(w)
    assert w.gradient == [1]
    SGD(lr=0.1).step({"w": w})
    assert w.gradient == [0]
    assert w.tensor == pytest.approx(0.8)


def test_a_rule_gets_the_trainable_parameters_one_by_one():
    shapes = []

    class Whole(Optimizer):
        def update(self, parameter):
            shapes.append(parameter.tensor.shape)

    a, b, frozen = parameter([[1.0, 2.0]]), parameter([3.0]), parameter([4.0])
    frozen.trainable = False
    Whole(lr=0.1).step({"a": a, "b": b, "frozen": frozen})
    assert shapes == [(1, 2), (1,)]


def test_what_is_kept_has_the_type_and_shape_of_the_parameter():
    w = Parameter(np.ones((2, 3)))
    rule = Adam()
    rule.step({"w": w})
    assert w.dtype == np.float32
    slots = rule.state({"w": w})["slots"]["w"]
    assert {name: (array.shape, array.dtype) for name, array in slots.items()} == {
        "m": ((2, 3), np.float32),
        "v": ((2, 3), np.float32),
    }


def test_what_is_kept_follows_a_parameter_to_another_type():
    w, twin = Parameter(np.ones(2)), parameter([1.0, 1.0])
    rule, twin_rule = SGD(lr=0.125, momentum=0.5), SGD(lr=0.125, momentum=0.5)
    for _ in range(2):
        for one, one_rule in ((w, rule), (twin, twin_rule)):
            one.accumulate(np.ones(2))
            one_rule.step({"w": one})
        w.astype(np.float64)
    np.testing.assert_array_equal(w.tensor, twin.tensor)


def test_what_is_kept_is_one_array_until_the_type_changes():
    w, rule = Parameter(np.ones(2)), SGD(lr=0.1)
    first = rule.slot("m", w, start=2.0)
    assert rule.slot("m", w) is first
    w.astype(np.float64)
    second = rule.slot("m", w)
    assert second.dtype == np.float64
    np.testing.assert_array_equal(second, [2, 2])
    assert rule.slot("m", w) is second


# State.


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda both: pickle.loads(pickle.dumps(both))])
def test_a_copy_of_rule_and_parameters_goes_on_as_the_original(rule, duplicate):
    w, optimizer = {"w": parameter([1.0, -2.0])}, RULES[rule]()
    gradients = np.random.default_rng(0).normal(size=(6, 2))

    def train(parameters, optimizer, gradients):
        for gradient in gradients:
            parameters["w"].accumulate(gradient)
            optimizer.step(parameters)

    train(w, optimizer, gradients[:3])
    twin, twin_optimizer = duplicate((w, optimizer))
    train(twin, twin_optimizer, gradients[3:])
    halfway = w["w"].tensor.copy()
    train(w, optimizer, gradients[3:])
    np.testing.assert_array_equal(twin["w"].tensor, w["w"].tensor)
    assert (halfway != w["w"].tensor).all()  # the copy moved nothing of the original
    assert (twin_optimizer.n_calls, twin_optimizer.n_steps) == (6, 6)


@pytest.mark.parametrize("rule", RULES)
def test_state_round_trip(rule):
    w, twin = parameter([1.0, -2.0]), parameter([1.0, -2.0])
    optimizer, twin_optimizer = RULES[rule](), RULES[rule]()
    gradients = np.random.default_rng(0).normal(size=(6, 2))
    for gradient in gradients[:3]:
        w.accumulate(gradient)
        optimizer.step({"w": w})
    twin.tensor = w.tensor
    twin_optimizer.load_state(optimizer.state({"w": w}), {"w": twin})
    assert (twin_optimizer.n_calls, twin_optimizer.n_steps) == (3, 3)
    for gradient in gradients[3:]:
        for one, one_optimizer in ((w, optimizer), (twin, twin_optimizer)):
            one.accumulate(gradient)
            one_optimizer.step({"w": one})
    np.testing.assert_array_equal(w.tensor, twin.tensor)


def test_state_is_a_copy():
    w, rule = parameter([1.0]), SGD(lr=0.1, momentum=0.5)
    assert rule.state({"w": w}) == {"n_calls": 0, "n_steps": 0, "counts": {"w": 0}, "slots": {"w": {}}}
    w.accumulate(np.ones(1))
    rule.step({"w": w})
    state = rule.state({"w": w})
    state["slots"]["w"]["velocity"][...] = 99
    assert rule.state({"w": w})["slots"]["w"]["velocity"] == [1]


def test_load_state_refuses_what_does_not_fit():
    w, rule = parameter([1.0, 2.0]), SGD(lr=0.1, momentum=0.5)
    rule.step({"w": w})
    state = rule.state({"w": w})
    with pytest.raises(ValueError, match=r"SGD: the state does not fit these parameters; missing: v; unexpected: w\."):
        SGD(lr=0.1).load_state(state, {"v": w})
    with pytest.raises(ValueError, match=r"SGD: velocity of w: expected shape \(3,\), got \(2,\)\."):
        SGD(lr=0.1).load_state(state, {"w": parameter([1.0, 2.0, 3.0])})


# Bad arguments.


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (
            lambda: SGD(lr=-0.1),
            ValueError,
            r"SGD: lr must be at least 0, got -0\.1\.\nHint: give a number such as 0\.1",
        ),
        (lambda: SGD(lr=np.inf), ValueError, r"SGD: lr must be finite, got inf\."),
        (lambda: SGD(lr="fast"), TypeError, r"SGD: lr must be a number, got 'fast'\."),
        (lambda: SGD(lr=0.1, momentum=1), ValueError, r"SGD: momentum must be at least 0 and below 1, got 1\."),
        (lambda: SGD(lr=0.1, weight_decay=-1), ValueError, r"SGD: weight_decay must be at least 0, got -1\."),
        (lambda: SGD(lr=0.1, nesterov=True), ValueError, r"SGD: nesterov needs a momentum, got momentum=0\."),
        (lambda: SGD(lr=0.1, clip_norm=0), ValueError, r"SGD: clip_norm must be greater than 0, got 0\."),
        (
            lambda: Adam(gradient_accumulation_steps=0),
            ValueError,
            r"Adam: gradient_accumulation_steps must be at least 1",
        ),
        (lambda: Adam(betas=(0.9, 1.0)), ValueError, r"Adam: betas\[1\] must be at least 0 and below 1, got 1\."),
        (lambda: Adam(betas=0.9), TypeError, r"Adam: betas must be .* numbers, got 0\.9\."),
        (lambda: Adam(eps=-1), ValueError, r"Adam: eps must be .* 0, got -1\."),
        (lambda: Adam(weight_decay=-1), ValueError, r"Adam: weight_decay must be at least 0, got -1\."),
        (
            lambda: clip_gradient_norm([], 0),
            ValueError,
            r"clip_gradient_norm: max_norm must be greater than 0, got 0\.",
        ),
    ],
)
def test_bad_arguments(make, kind, words):
    with pytest.raises(kind, match=f"^{words}"):
        make()


def test_a_schedule_that_gives_nonsense_is_named_with_its_step():
    w = parameter([1.0])
    with pytest.raises(ValueError, match=r"^SGD: lr\(0\) must be at least 0, got -1\."):
        SGD(lr=lambda step: -1).step({"w": w})
    with pytest.raises(TypeError, match=r"^Adam: lr\(0\) must be a number, got None\."):
        Adam(lr=lambda step: None).step({"w": w})
