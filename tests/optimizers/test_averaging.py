"""Weight averages and clipping by value."""

import numpy as np
import pytest

from tests.optimizers.steps import parameter, trajectory
from tinynet.layers import Linear
from tinynet.net import Net
from tinynet.optimizers import SGD, WeightAverage, clip_gradient_value


def test_the_average_by_hand():
    w = parameter([4.0, 0.0])
    average = WeightAverage({"w": w}, decay=0.75)
    average.update()  # starts at the weights themselves
    np.testing.assert_array_equal(average.averages()["w"], [4, 0])
    w.tensor = [8.0, 4.0]
    average.update()
    np.testing.assert_array_equal(average.averages()["w"], [5, 1])
    w.tensor = [5.0, 5.0]
    average.update()
    np.testing.assert_array_equal(average.averages()["w"], [5, 2])
    assert average.n_updates == 3


def test_within_the_block_the_net_holds_the_average_and_afterwards_its_weights():
    net = Net([Linear(2, 3), Linear(3, 1)])
    average, x = WeightAverage(net.parameters(), decay=0.5), np.ones((1, 2), np.float32)
    average.update()
    old = net.state()
    for one in net.parameters().values():
        one.tensor = one.tensor + 1
    average.update()
    new, y = net.state(), net.predict(x)
    with average.applied():
        for path, one in net.parameters().items():
            np.testing.assert_allclose(one.tensor, old[path] + 0.5, rtol=1e-6)
        assert np.abs(net.predict(x) - y).max() > 0.1
    for path, array in net.state().items():
        np.testing.assert_array_equal(array, new[path])


def test_the_weights_come_back_after_an_error():
    w = parameter([1.0])
    average = WeightAverage({"w": w}, decay=0.5)
    average.update()
    w.tensor = [3.0]
    with pytest.raises(ZeroDivisionError), average.applied():
        1 / (w.tensor.item() - 1)
    assert w.tensor == [3.0]


def test_averages_are_copies():
    w = parameter([1.0])
    average = WeightAverage({"w": w})
    average.update()
    average.averages()["w"][:] = 9
    w.tensor = [5.0]
    assert average.averages()["w"] == [1.0]


def test_averaging_a_noisy_descent_comes_closer():
    rng, w, rule = np.random.default_rng(0), parameter([3.0]), SGD(lr=0.3)
    average, errors = WeightAverage({"w": w}, decay=0.98), []
    for _ in range(500):
        w.accumulate(w.tensor + rng.normal(size=1))
        rule.step({"w": w})
        average.update()
        errors.append(abs(w.tensor.item()))
    assert abs(average.averages()["w"].item()) < 0.1 < np.mean(errors[-100:])


@pytest.mark.parametrize(
    ("run", "kind", "words"),
    [
        (
            lambda: WeightAverage({}, decay=1.0),
            ValueError,
            r"WeightAverage: decay must be at least 0 and below 1, got 1",
        ),
        (lambda: WeightAverage({}, decay=None), TypeError, r"WeightAverage: decay must be a number, got None\."),
        (
            lambda: WeightAverage({"w": parameter([1.0])}).averages(),
            RuntimeError,
            r"WeightAverage: there is no average yet\.\nHint: call update\(\) after each step\.",
        ),
        (
            lambda: WeightAverage({"w": parameter([1.0])}).applied().__enter__(),
            RuntimeError,
            r"WeightAverage: there is no average yet\.",
        ),
        (
            lambda: clip_gradient_value([], 0),
            ValueError,
            r"clip_gradient_value: max_value must be greater than 0, got 0",
        ),
        (lambda: SGD(0.1, clip_value=-1), ValueError, r"SGD: clip_value must be greater than 0, got -1\."),
    ],
)
def test_what_is_refused(run, kind, words):
    with pytest.raises(kind, match=f"^{words}"):
        run()


# Clipping by value.


def test_every_number_is_cut_by_itself():
    w = parameter([[0.0, 0.0], [0.0, 0.0]])
    w.accumulate(np.array([[3.0, -0.5], [-2.0, 1.5]]))
    clip_gradient_value([w], max_value=1.5)
    np.testing.assert_array_equal(w.gradient, [[1.5, -0.5], [-1.5, 1.5]])


def test_an_optimizer_clips_values_after_averaging_and_after_the_norm():
    assert trajectory(SGD(1.0, clip_value=1.0), 0.0, [5.0, -0.25, -5.0]) == [-1, -0.75, 0.25]
    assert trajectory(SGD(1.0, clip_value=1.0, gradient_accumulation_steps=2), 0.0, [3.0, -2.0]) == [0, -0.5]
    w = parameter([0.0, 0.0])
    w.accumulate(np.array([3.0, 4.0]))
    SGD(1.0, clip_norm=1.0, clip_value=0.7).step({"w": w})
    np.testing.assert_allclose(w.tensor, [-0.6, -0.7])
