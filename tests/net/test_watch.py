"""Watching: what an observer sees, and that nothing is left behind."""

import numpy as np
import pytest

from tinynet.layers import LSTM, Layer, Linear, ReLU
from tinynet.losses import mean_squared_error
from tinynet.net import Net, Residual, watch
from tinynet.optimizers import SGD

X = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)


class Notes:
    def __init__(self) -> None:
        self.forward: dict[str, tuple] = {}
        self.backward: dict[str, tuple] = {}

    def on_forward(self, path, layer, x, y):
        self.forward[path] = (layer, x, y)

    def on_backward(self, path, layer, dy, dx):
        self.backward[path] = (layer, dy, dx)


class Wrapper(Layer):
    """A layer of one's own, with a layer inside."""

    def __init__(self) -> None:
        self.inside = Linear(3, 3)

    def forward(self, x):
        return self.inside(x)

    def backward(self, dy):
        return self.inside.backward(dy)


def net() -> Net:
    return Net([Linear(4, 3), ReLU(), Wrapper(), Residual([Linear(3, 3)])])


PATHS = ["0", "1", "2.inside", "2", "3.body.0", "3.body", "3", ""]


def test_every_layer_is_seen_in_the_order_in_which_it_ends():
    watched = net()
    with watched.watch(Notes()) as notes:
        y = watched.forward(X)
        dx = watched.backward(np.ones_like(y))
    assert list(notes.forward) == PATHS
    assert list(notes.backward) == ["3.body.0", "3.body", "3", "2.inside", "2", "1", "0", ""]
    assert notes.forward["2.inside"][0] is watched[2].inside
    assert notes.forward["1"][1] is notes.forward["0"][2]
    assert notes.forward[""][2] is y
    assert notes.backward[""][2] is dx
    np.testing.assert_array_equal(notes.forward["1"][2], np.maximum(notes.forward["1"][1], 0))


def test_watching_changes_no_number_and_leaves_nothing_behind():
    plain, watched = net(), net()
    watched.load_state(plain.state())
    for one in (plain, watched):
        _, gradient = mean_squared_error(one.forward(X), np.ones((5, 3), np.float32))
        if one is watched:
            with one.watch(Notes()):
                one.forward(X)
                one.backward(gradient, input_gradient=False)
        else:
            one.backward(gradient, input_gradient=False)
        one.update(SGD(lr=0.1))
    for path, array in plain.state().items():
        np.testing.assert_array_equal(watched.state()[path], array)
    for _, layer in watched.layers_inside():
        assert not {"forward", "backward"} & set(vars(layer))


def test_input_gradients_are_seen_although_nobody_asked_for_them():
    watched = net()
    with watched.watch(Notes()) as notes:
        watched.backward(np.ones_like(watched.forward(X)), input_gradient=False)
    assert notes.backward["0"][2].shape == X.shape


def test_an_observer_may_look_one_way_only():
    class ForwardOnly:
        def __init__(self):
            self.paths = []

        def on_forward(self, path, layer, x, y):
            self.paths.append(path)

    watched = net()
    with watched.watch(ForwardOnly()) as observer:
        watched.backward(np.ones_like(watched.forward(X)))
    assert observer.paths == PATHS


def test_nested_watches_both_see_and_the_outer_goes_on():
    watched = net()
    with watched.watch(Notes()) as outer:
        with watched.watch(Notes()) as inner:
            watched.forward(X)
        assert list(inner.forward) == list(outer.forward) == PATHS
        outer.forward.clear()
        inner.forward.clear()
        watched.forward(X)
    assert list(outer.forward) == PATHS
    assert not inner.forward
    watched.forward(2 * X)
    assert outer.forward[""][1] is X


def test_watches_may_end_in_any_order():
    watched = net()
    first, second = watched.watch(Notes()), watched.watch(Notes())
    one, other = first.__enter__(), second.__enter__()
    first.__exit__(None, None, None)
    watched.forward(X)
    assert not one.forward
    assert list(other.forward) == PATHS
    second.__exit__(None, None, None)
    for _, layer in watched.layers_inside():
        assert not {"forward", "backward"} & set(vars(layer))


def test_a_method_of_the_object_itself_is_back_afterwards():
    watched = net()
    watched[1].forward = own = lambda x: 2 * x
    with watched.watch(Notes()) as notes:
        watched.forward(X)
    np.testing.assert_array_equal(notes.forward["1"][2], 2 * notes.forward["0"][2])
    assert vars(watched[1]) == {**vars(watched[1]), "forward": own}
    assert "backward" not in vars(watched[1])


def test_methods_are_restored_after_an_error():
    watched = net()
    with pytest.raises(ValueError, match="layer 0"), watched.watch(Notes()):
        watched.forward(X[:, :2])
    assert "forward" not in vars(watched[0])


def test_a_single_layer_can_be_watched():
    with watch(Linear(4, 3), Notes()) as notes:
        pass
    layer = Linear(4, 3)
    with watch(layer, notes):
        layer.forward(X)
    assert list(notes.forward) == [""]


def test_an_observer_without_any_of_the_methods_is_refused():
    def notes(path, layer, x, y):
        raise AssertionError("never called")

    words = "watch: the observer must have one of the methods on_forward_begin, on_forward,"
    with pytest.raises(TypeError, match=words), watch(Linear(4, 3), notes):
        pass


@pytest.mark.parametrize(
    ("net", "words"),
    [
        (3, r"watch: net must be a Layer, got an int\."),
        (None, r"watch: net must be a Layer, got None\."),
        (Linear, r"watch: net is the class Linear\.\nHint: write Linear\(\.\.\.\)\."),
    ],
)
def test_only_a_layer_can_be_watched(net, words):
    with pytest.raises(TypeError, match=f"^{words}"), watch(net, Notes()):
        pass


def test_an_observer_without_any_of_the_methods_is_shown_and_told_what_to_write():
    words = (
        r"on_forward_begin, on_forward, on_backward, got 'me'\.\nHint: write a class with on_forward\(self, path, layer"
    )
    with pytest.raises(TypeError, match=words), watch(Linear(4, 3), "me"):
        pass


def test_the_beginning_of_a_forward_is_seen_with_all_its_arguments():
    seen = []

    class Beginnings:
        def on_forward_begin(self, path, layer, inputs, options):
            seen.append((path, inputs, options))

    layer, mask = LSTM(4, 2), np.zeros((1, 5), bool)
    with watch(layer, Beginnings()):
        layer.forward(X[np.newaxis], padding_mask=mask)
    ((path, (x,), options),) = seen
    assert path == ""
    np.testing.assert_array_equal(x, X[np.newaxis])
    assert options == {"padding_mask": mask}
