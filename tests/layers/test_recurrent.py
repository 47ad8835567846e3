"""Recurrent layers: values by hand, padding, first states, going on step by step, time cut into pieces."""

import numpy as np
import pytest

from tinynet.core import faster
from tinynet.layers import GRU, LSTM, RNN

KINDS = [RNN, LSTM, GRU]
every_kind = pytest.mark.parametrize("kind", KINDS)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def build(kind, *args, **kwargs):
    return kind(*args, **kwargs).astype(np.float64)


def gradients(layer):
    return {path: parameter.gradient.copy() for path, parameter in layer.parameters().items()}


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for path in expected:
        np.testing.assert_allclose(found[path], expected[path], rtol=1e-10, atol=1e-12, err_msg=path)


# By hand.


def set_weights(layer, weight_ih, weight_hh, bias_ih, bias_hh):
    given = {"weight_ih": weight_ih, "weight_hh": weight_hh, "bias_ih": bias_ih, "bias_hh": bias_hh}
    for name, values in given.items():
        parameter = layer.parameters()[f"{name}_l0"]
        parameter.tensor = np.array(values, float).reshape(parameter.shape)


def test_rnn_by_hand():
    layer = build(RNN, 1, 1, nonlinearity="relu")
    set_weights(layer, [2], [3], [0.5], [0.25])
    y = layer.forward(np.array([[[1.0], [-9.0], [1.0]]]))
    np.testing.assert_allclose(y.ravel(), [2.75, 0, 2.75])  # −18 + 0.75 + 3 · 2.75 is below zero
    dx = layer.backward(np.array([[[1.0], [1.0], [2.0]]]))
    np.testing.assert_allclose(dx.ravel(), [2, 0, 4])  # nothing comes back through the middle
    assert layer.weight_ih_l0.gradient.item() == pytest.approx(1 * 1 + 2 * 1)
    assert layer.weight_hh_l0.gradient.item() == pytest.approx(0)
    assert layer.bias_ih_l0.gradient.item() == layer.bias_hh_l0.gradient.item() == pytest.approx(3)


def test_tanh_is_the_default():
    layer = build(RNN, 1, 1)
    set_weights(layer, [2], [3], [0], [0])
    first = np.tanh(2)
    np.testing.assert_allclose(layer.forward(np.ones((1, 2, 1))).ravel(), [first, np.tanh(2 + 3 * first)])


def test_lstm_by_hand():
    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    layer = build(LSTM, 1, 1, return_state=True)
    set_weights(layer, [1, 2, 3, 4], [5, 6, 7, 8], [0.1, 0.2, 0.3, 0.4], [0] * 4)  # input, forget, cell, output
    y, h, c = layer.forward(np.array([[[0.5], [-1.0]]]))
    c1 = sigmoid(0.6) * np.tanh(1.8)
    h1 = sigmoid(2.4) * np.tanh(c1)
    c2 = sigmoid(-1.8 + 6 * h1) * c1 + sigmoid(-0.9 + 5 * h1) * np.tanh(-2.7 + 7 * h1)
    h2 = sigmoid(-3.6 + 8 * h1) * np.tanh(c2)
    np.testing.assert_allclose(y.ravel(), [h1, h2])
    assert (h.item(), c.item()) == pytest.approx((h2, c2))


def test_gru_by_hand():
    layer = build(GRU, 1, 1)
    set_weights(layer, [0, 0, 1], [0, 0, 2], [0, 0, 0], [0, 0, 3])  # reset, update, new
    first = 0.5 * np.tanh(1 + 0.5 * 3)  # both gates stand at ½; b_hn lies inside the product with the reset gate
    second = 0.5 * np.tanh(1 + 0.5 * (2 * first + 3)) + 0.5 * first
    np.testing.assert_allclose(layer.forward(np.ones((1, 2, 1))).ravel(), [first, second])


@every_kind
def test_layers_stand_upon_each_other(kind):
    x = normal(2, 4, 3)
    both = build(kind, 3, 2, num_layers=2)
    lower, upper = build(kind, 3, 2), build(kind, 2, 2)
    lower.load_state({path: array for path, array in both.state().items() if path.endswith("_l0")})
    upper.load_state({path.replace("l1", "l0"): a for path, a in both.state().items() if path.endswith("_l1")})
    np.testing.assert_allclose(both.forward(x), upper.forward(lower.forward(x)))


@every_kind
def test_two_directions_stand_side_by_side(kind):
    x = normal(2, 4, 3)
    both = build(kind, 3, 2, bidirectional=True, return_state=True)
    ahead, back = build(kind, 3, 2, return_state=True), build(kind, 3, 2, return_state=True)
    ahead.load_state({path: array for path, array in both.state().items() if "reverse" not in path})
    back.load_state({path.replace("_reverse", ""): a for path, a in both.state().items() if "reverse" in path})
    y, *states = both.forward(x)
    y_ahead, *states_ahead = ahead.forward(x)
    y_back, *states_back = back.forward(x[:, ::-1])
    np.testing.assert_allclose(y, np.concatenate([y_ahead, y_back[:, ::-1]], axis=-1))
    for state, *parts in zip(states, states_ahead, states_back, strict=True):
        np.testing.assert_allclose(state, np.concatenate(parts))


@every_kind
def test_parameters_have_the_names_of_pytorch(kind):
    names = kind(3, 2, num_layers=2, bidirectional=True).parameters()
    suffixes = ("_l0", "_l0_reverse", "_l1", "_l1_reverse")
    assert list(names) == [
        part + suffix for suffix in suffixes for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    ]
    assert names["weight_ih_l1"].shape == (kind.n_gates * 2, 4)
    assert list(kind(3, 2, bias=False).parameters()) == ["weight_ih_l0", "weight_hh_l0"]


@every_kind
def test_first_weights_are_uniform_within_the_root_of_the_size(kind):
    layer = kind(50, 16)
    for parameter in layer.parameters().values():
        assert 0.2 < np.abs(parameter.tensor).max() <= 0.25
        assert abs(parameter.tensor.mean()) < 0.08


# States.


@every_kind
@pytest.mark.parametrize("num_layers", [1, 2])
def test_steps_equal_the_whole_sequence(kind, num_layers):
    layer, x, state, parts = build(kind, 3, 4, num_layers=num_layers), normal(2, 7, 3), None, []
    for start, end in ((0, 3), (3, 4), (4, 7)):
        y, state = layer.step(x[:, start:end], state)
        parts.append(y)
    with pytest.raises(RuntimeError, match="there is no forward to go back through"):
        layer.backward(np.ones((2, 3, 4)))  # nothing is remembered
    np.testing.assert_allclose(np.concatenate(parts, axis=1), layer.forward(x), atol=1e-12)
    layer.return_state = True
    for one, other in zip(state, layer.forward(x)[1:], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


@every_kind
def test_pieces_of_time_with_the_gradient_handed_back_equal_the_whole(kind):
    layer, x, dy = build(kind, 3, 4, num_layers=2, return_state=True), normal(2, 6, 3), normal(2, 6, 4, seed=1)
    zeros = [np.zeros((2, 2, 4))] * layer.n_states
    layer.forward(x, *zeros)
    dx, *dfirst = layer.backward(dy)
    whole = gradients(layer)
    layer.zero_gradient()
    _, *middle = layer.forward(x[:, :4], *zeros)
    layer.forward(x[:, 4:], *middle)
    dx_late, *dmiddle = layer.backward(dy[:, 4:])
    layer.forward(x[:, :4], *zeros)
    dx_early, *dfirst_early = layer.backward(dy[:, :4], *dmiddle)
    np.testing.assert_allclose(np.concatenate([dx_early, dx_late], axis=1), dx, atol=1e-12)
    for one, other in zip(dfirst_early, dfirst, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)
    assert_same(gradients(layer), whole)


@every_kind
def test_truncated_back_propagation_ends_where_a_piece_begins(kind):
    layer, x, dy = build(kind, 3, 4, return_state=True), normal(2, 6, 3), normal(2, 6, 4, seed=1)
    y, *state = layer.forward(x[:, :4])
    layer.backward(dy[:, :4])
    early = gradients(layer)
    y_late, *_ = layer.forward(x[:, 4:], *state)
    layer.backward(dy[:, 4:])  # what goes back to the state is left out
    truncated = gradients(layer)
    np.testing.assert_allclose(np.concatenate([y, y_late], axis=1), layer.forward(x)[0])  # the values are whole

    def late_loss():
        return float((layer.forward(x[:, 4:], *state)[0] * dy[:, 4:]).sum())  # with the state as a constant

    for path, parameter in layer.parameters().items():
        way = normal(*parameter.shape, seed=2)
        values = parameter.tensor.copy()
        parameter.tensor = values + 1e-6 * way
        above = late_loss()
        parameter.tensor = values - 1e-6 * way
        slope = (above - late_loss()) / 2e-6
        parameter.tensor = values
        assert ((truncated[path] - early[path]) * way).sum() == pytest.approx(slope, rel=1e-5, abs=1e-7)


@every_kind
def test_the_first_state_is_zero_unless_given(kind):
    layer, x = build(kind, 3, 4), normal(2, 5, 3)
    zeros = [np.zeros((1, 2, 4))] * layer.n_states
    np.testing.assert_array_equal(layer.forward(x), layer.forward(x, *zeros))
    others = [np.ones((1, 2, 4))] * layer.n_states
    assert np.abs(layer.forward(x, *others) - layer.forward(x, *zeros)).max() > 0.01


@every_kind
def test_a_gradient_of_the_last_state_may_be_left_out(kind):
    layer, x, dy = build(kind, 3, 4, return_state=True), normal(2, 5, 3), normal(2, 5, 4, seed=1)
    zeros = [np.zeros((1, 2, 4))] * layer.n_states
    layer.forward(x)
    expected = layer.backward(dy, *zeros)
    layer.forward(x)
    np.testing.assert_array_equal(layer.backward(dy), expected)
    layer.forward(x)
    np.testing.assert_array_equal(layer.backward(dy, *[None] * layer.n_states), expected)


@every_kind
def test_one_step_and_one_sample(kind):
    layer = build(kind, 3, 4, num_layers=2, bidirectional=True)
    x, dy = normal(1, 1, 3), normal(1, 1, 8, seed=1)
    y = layer.forward(x)
    assert (y.shape, layer.backward(dy).shape) == ((1, 1, 8), (1, 1, 3))
    assert not layer.weight_hh_l0.gradient.any()  # the first state is zero
    assert layer.weight_ih_l0.gradient.any()


# Padding.


def padding(*lengths, longest=5):
    return np.arange(longest) >= np.array(lengths)[:, np.newaxis]


@every_kind
@pytest.mark.parametrize("bidirectional", [False, True])
def test_what_stands_in_the_padding_changes_nothing(kind, bidirectional):
    layer = build(kind, 3, 4, num_layers=2, bidirectional=bidirectional, return_state=True)
    mask, x = padding(5, 2, 3), normal(3, 5, 3)
    states = [normal(2 * (1 + bidirectional), 3, 4, seed=7 + i) for i in range(layer.n_states)]
    dy, dlast = normal(3, 5, 4 * (1 + bidirectional), seed=1), [normal(*s.shape, seed=2) for s in states]
    results = []
    for filling, dfilling in ((0.0, 0.0), (1e3, 1e6), (np.nan, np.inf)):
        x[mask], dy[mask] = filling, dfilling
        layer.zero_gradient()
        outputs = layer.forward(x, *states, padding_mask=mask)
        inputs = layer.backward(dy, *dlast)
        results.append({**gradients(layer), **{f"out {i}": a for i, a in enumerate((*outputs, *inputs))}})
    assert_same(results[1], results[0])
    assert_same(results[2], results[0])
    y, dx = outputs[0], inputs[0]
    assert not y[mask].any()
    assert not dx[mask].any()
    assert y[~mask].all()
    assert dx[~mask].all()


@every_kind
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_padded_sequence_equals_the_short_one(kind, bidirectional):
    layer = build(kind, 3, 4, num_layers=2, bidirectional=bidirectional, return_state=True)
    x, mask = normal(2, 5, 3), padding(2, 4)
    y, *last = layer.forward(x, padding_mask=mask)
    for n, length in enumerate((2, 4)):
        short, *short_last = layer.forward(x[n : n + 1, :length])
        np.testing.assert_allclose(y[n : n + 1, :length], short, atol=1e-12)
        for one, other in zip(last, short_last, strict=True):
            np.testing.assert_allclose(one[:, n : n + 1], other, atol=1e-12)


@every_kind
def test_a_sequence_of_padding_only_keeps_its_state(kind):
    layer = build(kind, 3, 4, return_state=True)
    states = [normal(1, 2, 4, seed=i) for i in range(layer.n_states)]
    y, *last = layer.forward(normal(2, 5, 3), *states, padding_mask=padding(0, 0))
    assert not y.any()
    for one, other in zip(last, states, strict=True):
        np.testing.assert_array_equal(one, other)
    dlast = [normal(1, 2, 4, seed=5 + i) for i in range(layer.n_states)]
    dx, *dfirst = layer.backward(np.ones((2, 5, 4)), *dlast)
    assert not dx.any()
    for one, other in zip(dfirst, dlast, strict=True):
        np.testing.assert_array_equal(one, other)


@every_kind
def test_a_mask_without_padding_is_no_mask(kind):
    layer, x, dy = build(kind, 3, 4), normal(2, 5, 3), normal(2, 5, 4, seed=1)
    y = layer.forward(x)
    dx = layer.backward(dy)
    np.testing.assert_array_equal(layer.forward(x, padding_mask=padding(5, 5)), y)
    np.testing.assert_allclose(layer.backward(dy), dx, atol=1e-15)


# A projection.


def projected(num_layers=1, **options):
    return build(LSTM, 3, 5, num_layers, return_state=True, proj_size=2, **options)


def test_a_projected_state_is_smaller_and_c_is_not():
    y, h, c = projected(2, bidirectional=True).forward(normal(2, 4, 3))
    assert (y.shape, h.shape, c.shape) == ((2, 4, 4), (4, 2, 2), (4, 2, 5))
    shapes = {path: parameter.shape for path, parameter in projected(2).parameters().items()}
    assert shapes["weight_hh_l0"] == (20, 2)
    assert shapes["weight_hr_l1"] == (2, 5)
    assert shapes["weight_ih_l1"] == (20, 2)


def test_a_projection_is_a_linear_layer_within_the_loop():
    layer, x, dy = projected(), normal(2, 4, 3), normal(2, 4, 2, seed=1)
    whole = build(LSTM, 3, 5)  # whose states are s, and whose W_hh is W_hh W_hr
    W_hr, W_hh = layer.weight_hr_l0.tensor, layer.weight_hh_l0.tensor
    whole.load_state(
        {name: array for name, array in layer.state().items() if name in whole.state()} | {"weight_hh_l0": W_hh @ W_hr}
    )
    y = layer.forward(x)[0]
    np.testing.assert_allclose(y, whole.forward(x) @ W_hr.T)
    np.testing.assert_allclose(layer.backward(dy), whole.backward(dy @ W_hr))
    for name in ("weight_ih_l0", "bias_ih_l0", "bias_hh_l0"):
        np.testing.assert_allclose(layer.parameters()[name].gradient, whole.parameters()[name].gradient)
    np.testing.assert_allclose(layer.weight_hh_l0.gradient, whole.weight_hh_l0.gradient @ W_hr.T)


def test_steps_of_a_projected_lstm_equal_the_whole_sequence():
    layer, x, state, parts = projected(2), normal(2, 6, 3), None, []
    for start, end in ((0, 2), (2, 3), (3, 6)):
        y, state = layer.step(x[:, start:end], state)
        parts.append(y)
    y, *last = layer.forward(x)
    np.testing.assert_allclose(np.concatenate(parts, axis=1), y)
    for found, expected in zip(state, last, strict=True):
        np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("choice", ["plain", "loops", "compiled"])
def test_padding_of_a_projected_lstm_has_no_influence(choice):
    layer = projected(2, bidirectional=True)
    x, states, dy = normal(3, 6, 3), [normal(4, 3, size, seed=size) for size in (2, 5)], normal(3, 6, 4, seed=1)
    mask = np.arange(6) >= np.array([[6], [3], [0]])
    results = []
    for filling in (0, np.nan):
        x[mask] = dy[mask] = filling
        layer.zero_gradient()
        with faster.use(choice):
            y = layer.forward(x, *states, padding_mask=mask)
            results.append([*y, *layer.backward(dy), *gradients(layer).values()])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)
    assert not results[0][0][mask].any()
    np.testing.assert_array_equal(results[0][1][:, 2], states[0][:, 2])  # of the sequence that is padding alone
    with faster.use(choice):
        np.testing.assert_allclose(layer.forward(x[1:2, :3], *[s[:, 1:2] for s in states])[0], results[0][0][1:2, :3])


def test_the_choices_agree_on_a_projected_lstm():
    layer, x = LSTM(8, 40, proj_size=20), normal(4, 30, 8).astype(np.float32)
    found = {}
    for choice in ("plain", "auto", "compiled"):
        with faster.use(choice):
            layer.zero_gradient()
            y = layer.forward(x)
            found[choice] = [y, layer.backward(y), layer.weight_hr_l0.gradient.copy()]
    for choice in ("auto", "compiled"):
        for one, other in zip(found[choice], found["plain"], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


# What they refuse.


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: RNN(0, 2), ValueError, r"RNN: input_size must be at least 1, got 0\."),
        (lambda: LSTM(2, 0), ValueError, r"LSTM: hidden_size must be at least 1, got 0\."),
        (lambda: LSTM(2, 3, proj_size=-1), ValueError, r"LSTM: proj_size must be at least 0, got -1\."),
        (
            lambda: LSTM(2, 3, proj_size=3),
            ValueError,
            r"LSTM: proj_size must be below hidden_size=3, got 3\.\nHint: leave it out if h is to have hidden_size",
        ),
        (lambda: GRU(2, 2, num_layers=0), ValueError, r"GRU: num_layers must be at least 1, got 0\."),
        (
            lambda: RNN(2, 2, nonlinearity="sigmoid"),
            ValueError,
            r"RNN: nonlinearity must be one of 'tanh', 'relu'; got 'sigmoid'\.",
        ),
    ],
)
def test_bad_arguments(make, kind, words):
    with pytest.raises(kind, match=f"^{words}"):
        make()


X = np.ones((2, 5, 3), np.float32)
STATE = np.ones((1, 2, 4), np.float32)


@pytest.mark.parametrize(
    ("run", "kind", "words"),
    [
        (lambda: LSTM(3, 4).forward(X[0]), ValueError, r"expected x of shape \(N, T, 3\), got \(5, 3\)\."),
        (lambda: LSTM(2, 4).forward(X), ValueError, r"expected x of shape \(N, T, 2\), got \(2, 5, 3\)\."),
        (lambda: LSTM(3, 4).forward(X, STATE), TypeError, r"expected 2 first states or none, got 1\."),
        (lambda: GRU(3, 4).forward(X, STATE, STATE), TypeError, r"expected 1 first state or none, got 2\."),
        (
            lambda: GRU(3, 4).forward(X, STATE[0]),
            ValueError,
            r"expected a first state of shape \(1, 2, 4\), got \(2, 4\)\.",
        ),
        (
            lambda: RNN(3, 4).forward(X, padding_mask=np.zeros((2, 5))),
            TypeError,
            r"expected a mask of bools, True at padding, got float64\.",
        ),
        (lambda: RNN(3, 4).forward(X, padding_mask=[True]), TypeError, r"expected a mask of bools, .* got list\."),
        (
            lambda: RNN(3, 4).forward(X, padding_mask=padding(1, 2, longest=4)),
            ValueError,
            r"expected a mask of shape \(2, 5\), got \(2, 4\)\.",
        ),
        (
            lambda: GRU(3, 4, bidirectional=True).step(X),
            RuntimeError,
            r"step cannot go on in both directions of time\.\nHint: use forward on the whole sequence\.",
        ),
        (lambda: LSTM(3, 4).step(X[..., :2]), ValueError, r"expected x of shape \(N, T, 3\), got \(2, 5, 2\)\."),
        (lambda: LSTM(3, 4).step(X, (STATE,)), TypeError, r"expected 2 first states or none, got 1\."),
        (lambda: LSTM(3, 4).backward(X), RuntimeError, "there is no forward to go back through"),
    ],
)
def test_what_is_refused(run, kind, words):
    with pytest.raises(kind, match=words):
        run()
