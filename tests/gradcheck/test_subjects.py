"""What is drawn, kept and put back while a layer or a loss is checked."""

from functools import partial

import numpy as np
import pytest

from tinynet.core import Parameter, stream
from tinynet.gradcheck import GradientError, check_layer, check_loss, check_net, remarks
from tinynet.gradcheck.compare import Mismatch
from tinynet.gradcheck.evidence import Evidence
from tinynet.gradcheck.loss_subject import LossSubject
from tinynet.gradcheck.subject import Subject, draw, rebuild
from tinynet.layers import BatchNorm1D, Embedding, Layer, Linear, Tanh
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.net import Net, Residual


def rng():
    return np.random.default_rng(3)


# Inputs.


def test_an_array_is_moved_a_little_where_others_are_drawn() -> None:
    x = np.array([[-0.5, 0.5], [2.0, 0.25]], np.float32)
    (same,) = draw([x], rng())
    (moved,) = draw([x], rng(), again=True)
    assert same.dtype == np.float64
    assert same.tolist() == x.tolist()
    np.testing.assert_array_equal(moved, x + rng().normal(0, 0.1, x.shape))


@pytest.mark.parametrize("x", [[0.0, 1.0, 0.5], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
def test_what_is_from_0_to_1_stays_so(x) -> None:
    moved = draw([np.array(x)], rng(), again=True)[0]
    np.testing.assert_array_equal(moved, np.clip(np.array(x) + rng().normal(0, 0.1, 3), 0, 1))


@pytest.mark.parametrize("x", [[-3.0, 0.5, 1.0], [0.0, 0.5, 3.0]])
def test_what_is_beyond_is_not_cut(x) -> None:
    np.testing.assert_array_equal(draw([np.array(x)], rng(), again=True)[0], x + rng().normal(0, 0.1, 3))


def test_shapes_are_drawn_and_integers_stay() -> None:
    ids = np.array([2, 0])
    first, second = draw([(np.int64(2), 3), ids], rng(), again=True)
    np.testing.assert_array_equal(first, rng().normal(size=(2, 3)))
    assert second.tolist() == [2, 0]
    assert second is not ids
    order = draw([np.asfortranarray(np.ones((2, 3)))], rng())[0]
    assert order.flags.c_contiguous


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            ["a"],
            "check: each input must be a shape such as (4, 3), an array, or a list of these for several inputs; "
            "got 'a'.",
        ),
        ([(2, -1)], "check: the shape of an input[1] must be at least 0, got -1."),
        ([], "check: the inputs must hold at least one entry, got an empty list."),
    ],
)
def test_what_is_no_input_is_named(given, sentence) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        draw(given, rng())
    assert str(caught.value) == sentence


# A layer.


def test_parameters_are_moved_a_little_after_the_inputs_are_drawn() -> None:
    layer = Linear(3, 2)
    subject, draws = Subject(layer, (4, 3), rng()), rng()
    np.testing.assert_array_equal(subject.inputs[0], draws.normal(size=(4, 3)))
    for path, parameter in subject.parameters().items():
        moved = layer.parameters()[path].tensor.astype(np.float64) + draws.normal(0, 0.2, parameter.shape)
        np.testing.assert_array_equal(parameter.tensor, moved)


def test_a_vector_of_padding_stays_and_other_rows_move() -> None:
    layer = Embedding(4, 3, padding_idx=2)
    subject = Subject(layer, np.array([[0, 2]]), rng())
    moved = ~np.isclose(subject.layer.weight.tensor, layer.weight.tensor).any(axis=1)
    assert moved.tolist() == [True, True, False, True]
    subject.layer.weight.tensor[...] = 7
    subject.hold()
    assert subject.layer.weight.tensor[:, 0].tolist() == [7, 7, 0, 7]
    assert Subject(Embedding(4, 3), np.array([[0, 2]]), rng()).held == []


def test_a_net_is_called_by_its_class_and_a_layer_by_its_repr() -> None:
    assert Subject(Net([Tanh(), Tanh()]), (2, 3), rng()).who == "Net"
    assert Subject(Tanh(), (2, 3), rng()).who == "Tanh()"


def test_statistics_are_where_they_were_at_each_forward() -> None:
    subject = Subject(BatchNorm1D(3), (4, 3), rng())
    subject.forward()
    once = subject.layer.running_mean.copy()
    subject.forward()
    np.testing.assert_array_equal(subject.layer.running_mean, once)
    assert once.any()


def test_the_generator_of_a_layer_begins_anew_at_each_forward() -> None:
    class Noise(Layer):
        def __init__(self):
            self.rng = np.random.default_rng(5)

        def forward(self, x):
            return x + self.rng.normal(size=x.shape) + stream("dropout").normal(size=x.shape)

        def backward(self, dy):
            return dy.copy()

    subject = Subject(Noise(), (4, 3), rng())
    np.testing.assert_array_equal(subject.forward()[0], subject.forward()[0])


class Gather(Layer):
    """y = x[ids]: only the second input has a gradient."""

    none_too = False

    def forward(self, ids, x):
        self.remember(ids=ids, x=x)
        return x[ids]

    def backward(self, dy):
        ids, x = self.recall()
        dx = np.zeros(x.shape, dy.dtype)
        np.add.at(dx, ids, dy)
        return (None, dx) if self.none_too else dx


@pytest.mark.parametrize("none_too", [False, True])
def test_a_gradient_belongs_to_the_input_that_has_one(none_too) -> None:
    layer = Gather()
    layer.none_too = none_too
    subject = Subject(layer, [np.array([0, 2, 2]), (3, 4)], rng())
    (y,) = subject.forward()
    ids, dx = subject.backward([np.ones_like(y)])
    assert ids is None
    assert dx.tolist() == [[1.0] * 4, [0.0] * 4, [2.0] * 4]
    assert list(subject.claims([np.ones((3, 4))])) == ["x"]
    assert list(subject.function().arrays) == ["x"]


def test_each_claim_is_an_array_of_its_own() -> None:
    subject = Subject(Linear(3, 2), (4, 3), rng())
    weights = [np.ones((4, 2))]
    once, twice = subject.claims(weights), subject.claims(weights)
    assert once.keys() == {"x", "weight", "bias"}
    for name in once:
        np.testing.assert_array_equal(once[name], twice[name])
        assert not np.shares_memory(once[name], twice[name])
    assert once["bias"].tolist() == [4.0, 4.0]


class Two(Layer):
    """Two outputs and, between them, one that has no gradient."""

    def forward(self, x):
        return 2 * x, np.sign(x).astype(np.int64), 3 * x

    def backward(self, first, none, second):
        assert none is None
        return 2 * first + 3 * second


def test_outputs_without_a_gradient_are_left_out() -> None:
    subject = Subject(Two(), (4, 3), rng())
    function = subject.function()
    assert [weights.shape for weights in function.weights] == [(4, 3), (4, 3)]
    assert len(function.outputs()) == 2
    assert check_layer(Two(), (4, 3)).max_error < 1e-8


def test_a_net_of_several_outputs_has_a_loss_of_several_predictions() -> None:
    class Both(Layer):
        def forward(self, x):
            return 2 * x, 3 * x

        def backward(self, first, second):
            return 2 * first + 3 * second

    def loss(predicted, truth):
        a, b = predicted
        return float((a * b).sum() * truth), (b * truth, a * truth)

    assert check_net(Net([Both()]), (4, 3), loss, 0.5).max_error < 1e-8


def test_a_new_layer_has_the_arguments_of_the_other() -> None:
    built = rebuild(Linear(3, 2, bias=False))
    assert (built.weight.shape, built.bias) == ((2, 3), None)
    several = rebuild(Net([Linear(3, 2), Tanh()]))
    assert [type(layer) for layer in several] == [Linear, Tanh]


class Refuses(Layer):
    """Its backward raises what it is told."""

    def __init__(self, words):
        self.words = words

    def forward(self, x):
        return x.copy()

    def backward(self, dy):
        raise ValueError(self.words)


TRANSPOSE = "\nHint: likely cause: a transpose: the axes that a product sums over do not meet."


@pytest.mark.parametrize(
    ("words", "hint", "cause"),
    [
        ("matmul: mismatch", TRANSPOSE, "transpose"),
        ("shapes (2,3) and (2,3) not aligned", TRANSPOSE, "transpose"),
        ("too warm", "", ""),
    ],
)
def test_what_backward_raises_is_passed_on(words, hint, cause) -> None:
    with pytest.raises(GradientError) as caught:
        check_layer(Refuses(words), (4, 3))
    assert str(caught.value) == f"Refuses(words={words!r}): backward raised: {words}{hint}"
    assert (caught.value.name, caught.value.cause) == ("backward", cause)


# What a diagnosis tries, and puts back.


def evidence(layer, given, name="x"):
    subject = Subject(layer, given, rng())
    function = subject.function()
    found = subject.claims(function.weights)
    return Evidence(subject, Mismatch(name, function, found, {}, [], 0.0))


def test_gradients_are_the_same_beside_the_largest_of_them() -> None:
    of = evidence(Linear(3, 2), (4, 3))
    of.expected = np.array([0.001, -0.002])
    assert of.same([1.000005, -1.0], [1.0, -1.0])
    assert of.same([0.0, -1.000005], [0.0, -1.0])
    assert not of.same([1.00002, 1.0], [1.0, 1.0])
    assert not of.same([1.0], [1.0, 1.0])
    of.expected = np.array([1.0, -100.0])
    assert of.same([1.0005], [1.0])
    assert not of.same([1.002], [1.0])


def test_a_diagnosis_leaves_the_layer_as_it_was() -> None:
    of = evidence(Linear(3, 3), (4, 3))
    layer, before = of.subject.layer, of.subject.layer.state()
    assert of.same(of.found_by_a_new_layer(), of.expected)
    assert of.subject.layer is layer
    weight = layer.weight.tensor
    r = of.function.weights[0]
    assert of.same(of.found_with_parameter_transposed("weight"), r @ weight.T)
    first = of.subject.original.weight.tensor.astype(np.float64)
    assert of.same(of.expected_at_first_parameters(), r @ first)
    assert not of.same(of.expected_at_first_parameters(), of.expected)
    with of.holding(weight, 0 * weight):
        assert not weight.any()
    with pytest.raises(IndexError), of.holding(weight, 0 * weight):
        weight[9, 9]
    assert of.same(of.expected_for([2 * r]), 2 * of.expected)
    for path, array in layer.state().items():
        np.testing.assert_array_equal(array, before[path])


def test_what_comes_back_from_inner_layers_is_told_where_it_has_the_shape() -> None:
    of = evidence(Net([Residual([Linear(3, 5), Tanh(), Linear(5, 3)]), Linear(3, 3)]), (4, 3))
    found = of.gradients_of_inner_layers()
    assert set(found) == {"0", "0.body", "0.body.0", "1"}
    np.testing.assert_allclose(found["0"], of.found)


def test_what_is_known_of_a_gradient() -> None:
    plain = evidence(Linear(3, 3), (4, 3))
    assert (plain.is_layer, plain.is_parameter, plain.is_elementwise) == (True, False, True)
    assert not evidence(Linear(3, 2), (4, 3)).is_elementwise  # its output has another shape
    assert not evidence(Two(), (4, 3)).is_elementwise
    weight = evidence(Linear(3, 3), (3, 3), "weight")
    assert (weight.is_parameter, weight.is_elementwise) == (True, False)
    assert weight.values is weight.subject.layer.weight.tensor
    (ids,) = evidence(Gather(), [np.array([0, 2, 2]), (3, 4)]).integer_inputs()
    assert ids.tolist() == [0, 2, 2]
    assert plain.integer_inputs() == []


def test_a_stale_cache_in_evaluation_is_told_from_a_new_layer_in_evaluation() -> None:
    class Stale(Layer):
        """In evaluation its slope is that of the first input; in training all is right."""

        def forward(self, x):
            if self.training:
                return 3 * x
            if getattr(self, "_x", x).shape != x.shape or not hasattr(self, "_x"):
                self._x = x.copy()
            return x * x

        def backward(self, dy):
            return 3 * dy if self.training else 2 * self._x * dy

    with pytest.raises(GradientError, match="a stale cache: in a newly built layer it is right") as caught:
        check_layer(Stale(), (4, 3))
    assert caught.value.cause == "stale"


# A loss.


class Distance:
    """A loss that is an object."""

    def __call__(self, predicted, truth):
        return mean_squared_error(predicted, truth)

    def __repr__(self):
        return "Distance()"


def test_a_loss_is_called_by_its_name_with_its_options() -> None:
    def who(loss):
        return LossSubject(loss, (2, 3), np.zeros((2, 3)), rng()).who

    assert who(mean_squared_error) == "mean_squared_error"
    assert who(partial(cross_entropy, axis=1, label_smoothing=0.1)) == "cross_entropy(axis=1, label_smoothing=0.1)"
    assert who(Distance()) == "Distance()"


def test_the_loss_is_weighted_by_a_number_from_a_half_to_two() -> None:
    draws = rng()
    subject = LossSubject(mean_squared_error, (2, 3), np.zeros((2, 3)), draws)
    weights = [float(subject.function().weights[0]) for _ in range(200)]
    assert 0.5 <= min(weights) < 0.6
    assert 1.9 < max(weights) < 2
    assert subject.gradients([np.array(0.5)])["predicted"] == pytest.approx(0.5 * subject.value()[1][0])


@pytest.mark.parametrize(
    ("returned", "came"),
    [
        (3.0, "a float"),
        ((3.0, None), "None"),
        ((3.0, np.ones((2, 3)), 1), "a tuple of 3"),
    ],
)
def test_a_loss_that_returns_something_else_is_named(returned, came) -> None:
    with pytest.raises(TypeError) as caught:
        check_loss(lambda predicted, truth: returned, (2, 3), None)
    assert str(caught.value) == (
        f"check_loss: the loss must return (loss, gradient), a number and an array; it returned {came}.\n"
        "Hint: return the derivative of the loss with respect to predicted too; check_loss checks it."
    )


def test_a_loss_without_a_gradient_is_named_for_a_net_too() -> None:
    with pytest.raises(TypeError, match="^check_net: the loss must return"):
        check_net(Net([Tanh()]), (2, 3), lambda predicted, truth: (3.0, None), 0)


def test_a_loss_that_another_memory_order_changes_a_little_is_found() -> None:
    def loss(predicted, truth):
        value, gradient = mean_squared_error(predicted, truth)
        return 1e6 * float(value) * (1.0 if predicted.flags.c_contiguous else 1 + 1e-9), 1e6 * gradient

    with pytest.raises(GradientError) as caught:
        check_loss(loss, (3, 4), np.zeros((3, 4)))
    assert str(caught.value) == "loss: another memory order of the predictions gives another loss."
    assert caught.value.name == "layout"


# Remarks.


class Sized(Layer):
    def __init__(self, n, sizes, flag=True, rate=2.5):
        self.weight = Parameter(np.ones((3, 9)))

    def forward(self, x):
        return x @ self.weight.tensor

    def backward(self, dy):
        self.weight.accumulate(self.recall().x.T @ dy)
        return dy @ self.weight.tensor.T


def test_a_weight_has_the_sizes_of_the_arguments_and_of_what_goes_through() -> None:
    layer = Sized(np.int64(7), (2, 5, True))
    assert remarks._sizes(Subject(layer, (4, 3), rng()), layer) == {1, 2, 3, 5, 7, 9}


def test_arrays_of_a_layer_are_listed_by_name() -> None:
    class Holds(Tanh):
        def __init__(self, table):
            self.table = table.copy()  # given to it
            self.W = np.ones((2, 2))
            self.weights = [np.zeros(2), np.zeros(1), "no array"]
            self.pair = (np.zeros(3),)
            self.named = {"a": np.ones(2), 3: np.ones(3)}
            self.one = np.ones(1)
            self.ids = np.arange(3)
            self._fixed = np.ones(4)

    listed = [name for name, _ in remarks._plain_arrays(Holds(np.arange(3.0)))]
    assert listed == ["W", "weights[0]", "pair[0]", "named['a']", "named[3]"]


def test_noise_is_no_use_of_an_array() -> None:
    class Noisy(Layer):
        def __init__(self, n):
            self.unused = np.ones(n)

        def forward(self, x):
            return x + stream("dropout").normal(size=x.shape).astype(x.dtype) if self.training else x.copy()

        def backward(self, dy):
            return dy.copy()

    assert check_layer(Noisy(3), (4, 3)).remarks == ()


def test_a_weight_of_which_only_the_square_counts_is_used() -> None:
    class Squares(Layer):
        def __init__(self, n):
            self.W = np.full(n, 0.5)

        def forward(self, x):
            return x * (self.W**2).astype(x.dtype)

        def backward(self, dy):
            return dy * (self.W**2).astype(dy.dtype)

    assert len(check_layer(Squares(3), (4, 3)).remarks) == 1
