"""Predicting changes nothing in the net, from any number of threads."""

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier

import numpy as np
import pytest

import tinynet as tn
from tests.contract.table import LAYERS, LayerRow
from tinynet.core import faster, generator_states, seed
from tinynet.core.block_local import BlockLocal, local_values
from tinynet.layers import LSTM, BatchNorm1D, Dropout, Linear, ReLU, TransformerBlock
from tinynet.learner import Learner
from tinynet.losses import cross_entropy
from tinynet.net import Net
from tinynet.net.modes import predicting
from tinynet.optimizers import SGD

X = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)


def net_with_everything() -> Net:
    seed(0)
    return Net([Linear(4, 8), BatchNorm1D(8), ReLU(), Dropout(0.5), Linear(8, 3)])


@pytest.fixture(params=["plain", "auto", "compiled"], autouse=True)
def body(request):
    before, interval = generator_states(), sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # so that threads meet where they can
    with faster.use(request.param):
        yield
    sys.setswitchinterval(interval)
    tn.core.set_generator_states(before)


def in_threads(work, n_calls=160):
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(work, range(n_calls)))


def test_every_answer_is_right_and_the_net_as_before():
    net = net_with_everything()
    batches = [np.roll(X, shift, axis=1) for shift in range(4)]
    expected = [net.predict(x) for x in batches]
    before = net.state()
    for index, y in enumerate(in_threads(lambda index: net.predict(batches[index % 4], batch_size=5))):
        np.testing.assert_allclose(y, expected[index % 4], rtol=1e-5, atol=1e-6)
    assert all(layer.training for layer in net)
    assert all(np.array_equal(before[path], array) for path, array in net.state().items())


def test_steps_of_a_sequence_from_many_threads():
    seed(0)
    net = Net([LSTM(4, 4), TransformerBlock(4, 2, causal=True, dropout=0.5), Linear(4, 2)])
    sequence = np.random.default_rng(1).normal(size=(1, 5, 4)).astype(np.float32)

    def generate(_):
        state, outputs = None, []
        for place in range(5):
            y, state = net.step(sequence[:, place : place + 1], state)
            outputs.append(y)
        return np.concatenate(outputs, axis=1)

    expected = generate(0)
    for y in in_threads(generate, 40):
        np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)


def test_training_learns_the_same_while_others_predict():
    def train(meanwhile):
        net = net_with_everything()
        learner = Learner(net, cross_entropy, SGD(lr=0.1), tn.data.Dataset(X, np.arange(6) % 3), batch_size=3)
        with ThreadPoolExecutor(3) as pool:
            running = [pool.submit(meanwhile, net) for _ in range(3)]
            seed(5)
            learner.fit(epochs=20, progress=False)
            for each in running:
                each.result()
        return net.state()

    alone = train(lambda net: None)
    watched = train(lambda net: [net.predict(X) for _ in range(30)] and None)
    assert all(np.array_equal(alone[path], watched[path]) for path in alone)


def test_evaluating_is_for_one_thread_only():
    net, both_inside = net_with_everything(), Barrier(2)

    def evaluate():
        with net.evaluating():
            both_inside.wait()
            inside = [layer.training for layer in net]
            both_inside.wait()
        return inside

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(evaluate)
        both_inside.wait()
        ours = [layer.training for layer in net]
        both_inside.wait()
        assert (ours, other.result()) == ([True] * 5, [False] * 5)


def test_the_memory_of_a_forward_outlives_a_prediction():
    net, twin = net_with_everything().eval(), net_with_everything().eval()
    dy = np.ones((6, 3), np.float32)
    net.forward(X)
    net.predict(X[:2])
    net.summary((4,))
    twin.forward(X)
    np.testing.assert_array_equal(net.backward(dy), twin.backward(dy))


def test_evaluating_lets_a_backward_follow():
    net = net_with_everything()
    with net.evaluating():
        net.forward(X)
    assert net.backward(np.ones((6, 3), np.float32)).shape == X.shape


def test_a_mode_that_is_set_inside_a_block_ends_with_it():
    net = net_with_everything()
    net[1].eval()
    with net.evaluating():
        net[3].train()  # dropout at prediction time: Gal and Ghahramani 2016
        assert [layer.training for layer in net] == [False, False, False, True, False]
    assert [layer.training for layer in net] == [True, False, True, True, True]


def test_blocks_end_in_any_order():
    first, second = net_with_everything(), net_with_everything()
    with ExitStack() as one, ExitStack() as other:
        one.enter_context(first.evaluating())
        other.enter_context(second.evaluating())
        one.close()
        assert (first[0].training, second[0].training) == (True, False)
    assert second[0].training


def test_another_net_keeps_its_mode():
    net, other = net_with_everything(), net_with_everything()
    with net.evaluating():
        assert other[3].training
        assert (other.forward(X) != other.forward(X)).any()


@pytest.mark.parametrize("layer", [Linear(4, 4), TransformerBlock(4, 2, causal=True)], ids=str)
def test_a_step_of_a_layer_leaves_all_memories(layer):
    x = X.reshape(1, 6, 4)
    layer.forward(x)
    before = [inside._memory for _, inside in layer.layers_inside()]
    layer.step(x[:, :1])
    assert all(inside._memory is memory for (_, inside), memory in zip(layer.layers_inside(), before, strict=True))


@pytest.mark.parametrize("row", LAYERS, ids=str)
def test_a_prediction_leaves_no_layer_changed(row: LayerRow):
    layer = row.build()
    given = row.inputs if isinstance(row.inputs, list) else [row.inputs]
    inputs = [np.ones(x, np.float32) if isinstance(x, tuple) else x for x in given]
    attributes = {path: dict(vars(inside)) for path, inside in layer.layers_inside()}
    state, places = layer.state(), generator_states()
    with predicting(layer):
        layer.forward(*inputs)
    assert generator_states() == places
    assert all(np.array_equal(array, layer.state()[path]) for path, array in state.items())
    for path, inside in layer.layers_inside():
        assert vars(inside).keys() == attributes[path].keys()
        assert all(value is attributes[path][name] for name, value in vars(inside).items())


def test_attributes_of_a_block():
    class Thing:
        value = BlockLocal(default=1)

    thing, other = Thing(), Thing()
    assert Thing.value == 1
    other.value = 5
    with local_values([thing], value=2):
        assert (thing.value, other.value) == (2, 5)
        thing.value = 3
        with local_values([thing, other], value=4):
            assert (thing.value, other.value) == (4, 4)
        assert thing.value == 3
    assert (thing.value, other.value, vars(thing)) == (1, 5, {})


def test_a_subclass_with_a_default_of_its_own_is_evaluated_too():
    class Ready(Dropout):
        training = False

    net = Net([Ready(), Dropout()])
    assert [layer.training for layer in net] == [False, True]
    assert [layer.training for layer in net.train()] == [True, True]
    with net.evaluating():
        assert [layer.training for layer in net] == [False, False]
    np.testing.assert_array_equal(net.predict(X), X)
