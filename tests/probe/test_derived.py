"""What attention, recurrent layers and norms compute on the way: a trace answers for it."""

import numpy as np
import pytest

import tinynet as tn
from tinynet.layers import (
    GRU,
    LSTM,
    RNN,
    BatchNorm1D,
    BatchNorm2D,
    Layer,
    LayerNorm,
    Linear,
    MultiHeadAttention,
    RMSNorm,
)
from tinynet.losses import mean_squared_error
from tinynet.net import Net
from tinynet.probe.derived import derived_names
from tinynet.probe.derived.attention import added_to_scores

CELLS = [
    lambda: RNN(3, 2, 2, "relu", bidirectional=True),
    lambda: LSTM(3, 2, 2, bidirectional=True),
    lambda: GRU(3, 2, 2, bidirectional=True),
    lambda: GRU(3, 2, 2, bias=False, bidirectional=True),
]
SUFFIXES = ("_l0", "_l0_reverse", "_l1", "_l1_reverse")


def traced(layer, x):
    layer.astype(np.float64)
    y = layer.forward(x)
    return tn.trace(layer, x, np.random.default_rng(1).normal(size=y.shape), mean_squared_error)


@pytest.mark.parametrize("build", CELLS)
def test_the_gradients_of_each_step_give_those_of_the_weights(build) -> None:
    step = traced(build(), np.random.default_rng(0).normal(size=(2, 4, 3)))
    for k, suffix in enumerate(SUFFIXES):
        da = step[f"passes.{k}.da"]
        da_h = step[f"passes.{k}.da_h" if "GRU" in step.layers[""].kind else f"passes.{k}.da"]
        x, h = step[f"passes.{k}.x"], step[f"passes.{k}.states.0"][:-1]
        np.testing.assert_allclose(np.tensordot(da, x, ([0, 1], [0, 1])), step[f"weight_ih{suffix}.gradient"])
        np.testing.assert_allclose(np.tensordot(da_h, h, ([0, 1], [0, 1])), step[f"weight_hh{suffix}.gradient"])
    dx = step["passes.0.dx"] + step["passes.1.dx"][::-1]
    np.testing.assert_allclose(dx.transpose(1, 0, 2), step["dx"])


def test_the_gradient_of_a_state_by_hand() -> None:
    layer = RNN(1, 1, bias=False)
    layer.weight_ih_l0.tensor, layer.weight_hh_l0.tensor = [[0.5]], [[2.0]]
    step = traced(layer, np.array([[[1.0], [-1.0]]]))
    h, dy = step["y"][0, :, 0], step["dy"][0, :, 0]
    last = dy[1] * (1 - h[1] ** 2)
    assert step["passes.0.da"][1].item() == pytest.approx(last)
    assert step["passes.0.dh"][0].item() == pytest.approx(dy[0] + 2 * last)


def test_attention() -> None:
    x = np.random.default_rng(0).normal(size=(2, 4, 4))
    step = traced(MultiHeadAttention(4, 2, causal=True, rotary=True), x)
    p = step["p"]
    assert (p[..., ~np.tri(4, dtype=bool)] == 0).all()
    assert (step["scores"][..., ~np.tri(4, dtype=bool)] == -np.inf).all()
    np.testing.assert_allclose(p.sum(axis=-1), 1)
    np.testing.assert_allclose(p @ step["v"], step["heads"])
    for i, name in enumerate(("dq.before_rotation", "dk.before_rotation", "dv")):
        d = step[name].transpose(0, 2, 1, 3).reshape(-1, 4)
        gradient = step["in_proj_weight.gradient"][4 * i : 4 * i + 4]
        np.testing.assert_allclose(d.T @ x.reshape(-1, 4), gradient, atol=1e-12)


def test_a_mask() -> None:
    attention = MultiHeadAttention(4, 1)
    net = Net([attention])
    recorder = tn.probe.recorder.Recorder(net)
    mask = np.array([[False, True, False]])
    x = np.random.default_rng(0).normal(size=(1, 3, 4)).astype(np.float32)
    with net.watch(recorder):
        attention.forward(x, key_padding_mask=mask)
    step = tn.probe.Trace(recorder.values, recorder.layers, {}, {}, {})
    assert (step["0.p"][0, 0, :, 1] == 0).all()
    assert "0.dq" not in step  # no backward ran


def test_looking_draws_no_random_number() -> None:
    step = traced(GRU(3, 2), np.ones((1, 2, 3)))
    tn.seed(0)
    expected = Linear(3, 2).weight.tensor
    tn.seed(0)
    assert step["passes.0.da"].any()
    np.testing.assert_array_equal(Linear(3, 2).weight.tensor, expected)
    with pytest.raises(KeyError, match="there is no value named 'passes"):
        step["passes.3.da"]


def test_names_of_what_is_computed_on_the_way() -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    attention = ["scores", "p", "do", "ds", "dv", "dq", "dk"]
    rotated = [f"{name}.before_rotation" for name in ("q", "k", "dq", "dk")]
    cells = ["dy", "dh", "da", "dx"]
    for layer, expected in (
        (MultiHeadAttention(4, 2), attention),
        (MultiHeadAttention(4, 2, rotary=True), attention + rotated),
        (RNN(4, 2), [f"passes.0.{name}" for name in cells]),
        (LSTM(4, 2), [f"passes.0.{name}" for name in (*cells, "dc")]),
        (GRU(4, 2, 2), [f"passes.{k}.{name}" for k in (0, 1) for name in (*cells, "da_h")]),
        (BatchNorm1D(4), ["x_hat", "std"]),
        (LayerNorm(4), ["std"]),
        (RMSNorm(4), ["rms"]),
        (Linear(4, 2), []),
    ):
        step = traced(layer, x)
        assert derived_names(step.layers[""]) == expected
        for name in expected:
            assert np.isfinite(step[name][step[name] > -np.inf]).all()
            assert name in step


def test_without_a_backward_there_are_no_gradients() -> None:
    for layer, expected in (
        (MultiHeadAttention(4, 2, rotary=True), ["scores", "p", "q.before_rotation", "k.before_rotation"]),
        (LSTM(4, 2), []),
    ):
        recorder = tn.probe.recorder.Recorder(net := Net([layer]))
        with net.watch(recorder):
            net.forward(np.ones((1, 3, 4)))
        step = tn.probe.Trace(recorder.values, recorder.layers, {}, {}, {})
        assert derived_names(step.layers["0"]) == expected


class Masked(Layer):
    """Gives attention a mask of each query and key, and one of keys."""

    def __init__(self, inner, attn_mask, padding=None):
        self.inner, self.given = inner, (attn_mask, padding)

    def forward(self, x, memory):
        self.remember()
        mask, padding = self.given
        return self.inner.forward(x, memory, attn_mask=mask, key_padding_mask=padding)

    def backward(self, dy):
        self.recall()
        return self.inner.backward(dy)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("kind", ["bools", "numbers", "numbers and padding"])
def test_attention_with_masks(kind, causal) -> None:
    draws = np.random.default_rng(0)
    x, memory = draws.normal(size=(3, 3, 4)), draws.normal(size=(3, 5, 4))
    hidden = np.zeros((3, 5), bool)
    hidden[1, 2] = hidden[2, 0] = True
    added = draws.normal(size=(3, 5))
    added[0, 1] = -np.inf
    padding = np.array([[False] * 5, [True, False, False, True, False], [False] * 5]) if "padding" in kind else None
    mask = hidden if kind == "bools" else added
    net = Masked(MultiHeadAttention(4, 2, causal=causal).astype(np.float64), mask, padding)
    loss = mean_squared_error
    step = tn.trace(net, (x, memory), draws.normal(size=(3, 3, 4)), loss)
    seen = ~hidden if kind == "bools" else np.isfinite(added)
    if causal:
        seen = seen & (np.arange(5) <= np.arange(3)[:, np.newaxis] + 2)
    seen = np.broadcast_to(seen, (3, 2, 3, 5)).copy()
    if padding is not None:
        seen &= ~padding[:, np.newaxis, np.newaxis]
    q, k, v, do = (step[f"inner.{name}"] for name in ("q", "k", "v", "do"))
    scores = q @ k.swapaxes(2, 3) / np.sqrt(2)
    scores = np.where(seen, scores + (0 if kind == "bools" else np.where(seen, added, 0)), -np.inf)
    np.testing.assert_allclose(step["inner.scores"], scores)
    p = np.exp(scores - scores.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(step["inner.p"], p)
    dp = do @ v.swapaxes(2, 3)
    ds = p * (dp - (dp * p).sum(axis=-1, keepdims=True))
    np.testing.assert_allclose(step["inner.ds"], ds, atol=1e-12)
    np.testing.assert_allclose(step["inner.dq"], ds @ k / np.sqrt(2), atol=1e-12)
    np.testing.assert_allclose(step["inner.dk"], ds.swapaxes(2, 3) @ q / np.sqrt(2), atol=1e-12)
    np.testing.assert_allclose(step["inner.dv"], p.swapaxes(2, 3) @ do, atol=1e-12)
    at = step["inner.out_proj.dx"]
    np.testing.assert_allclose(do, at.reshape(3, 3, 2, 2).transpose(0, 2, 1, 3))
    lone = added_to_scores(step, step.layers["inner"])
    assert lone is None if kind == "bools" else lone.shape == (3, 2, 3, 5)


def test_rotated_queries_begin_behind_the_first_keys() -> None:
    draws = np.random.default_rng(0)
    x, memory = draws.normal(size=(2, 3, 4)), draws.normal(size=(2, 5, 4))
    for causal in (False, True):
        layer = MultiHeadAttention(4, 2, causal=causal, rotary=True).astype(np.float64)
        step = tn.trace(layer, (x, memory), draws.normal(size=(2, 3, 4)), mean_squared_error)
        W, b = step["in_proj_weight"], step["in_proj_bias"]
        for which, (name, given) in enumerate((("q", x), ("k", memory))):
            plain = given @ W[4 * which : 4 * which + 4].T + b[4 * which : 4 * which + 4]
            heads = plain.reshape(2, -1, 2, 2).transpose(0, 2, 1, 3)
            np.testing.assert_allclose(step[f"{name}.before_rotation"], heads, atol=1e-12)
            d = step[f"d{name}.before_rotation"].transpose(0, 2, 1, 3).reshape(-1, 4)
            gradient = step["in_proj_weight.gradient"][4 * which : 4 * which + 4]
            np.testing.assert_allclose(d.T @ given.reshape(-1, 4), gradient, atol=1e-12)


def test_states_that_come_from_a_loss_of_their_own() -> None:
    """∂L/∂h and ∂L/∂c of each step, against differences."""
    draws = np.random.default_rng(0)
    x, h, c, weights = (draws.normal(size=size) for size in ((2, 3, 3), (1, 2, 2), (1, 2, 2), (2, 3, 2)))
    last_h, last_c = draws.normal(size=(1, 2, 2)), draws.normal(size=(1, 2, 2))
    layer = LSTM(3, 2, return_state=True).astype(np.float64)

    def loss(predicted, truth):
        y, end, cell = predicted
        return float((weights * y).sum() + (last_h * end).sum() + (last_c * cell).sum()), (weights, last_h, last_c)

    step = tn.trace(layer, (x, h, c), None, loss)
    np.testing.assert_allclose(step["passes.0.dy"], weights.transpose(1, 0, 2))
    dh, dc = step["passes.0.dh"], step["passes.0.dc"]
    np.testing.assert_allclose(dh[-1], weights[:, -1] + last_h[0])
    gates, states = step["passes.0.gates"], step["passes.0.states.1"]
    o = gates[-1][:, 6:]
    np.testing.assert_allclose(dc[-1], last_c[0] + dh[-1] * o * (1 - np.tanh(states[-1]) ** 2))
    np.testing.assert_allclose(step["passes.0.da"][0] @ step["weight_hh_l0"], step["dx.1"][0])
    np.testing.assert_allclose(dc[0] * gates[0][:, 2:4], step["dx.2"][0])
    assert step["passes.0.dx"].shape == (3, 2, 3)


def test_the_standardized_numbers_of_a_norm() -> None:
    x = np.random.default_rng(0).normal(3, 2, size=(2, 4, 5, 6))
    for layer, axes in ((BatchNorm2D(4), (0, 2, 3)), (LayerNorm(6), 3), (BatchNorm1D(6), (0, 1))):
        given = x if isinstance(layer, BatchNorm2D) else x[:, 0]
        step = traced(layer, given)
        axes = axes if np.ndim(axes) or given.ndim == 4 else given.ndim - 1
        np.testing.assert_allclose(step["x_hat"].mean(axis=axes), 0, atol=1e-12)
        np.testing.assert_allclose(step["x_hat"].std(axis=axes), 1, rtol=1e-4)
        np.testing.assert_allclose(step["std"].ravel(), given.std(axis=axes).ravel(), rtol=1e-4)
    step = traced(RMSNorm(6), x[:, 0])
    np.testing.assert_allclose(step["rms"][..., 0], np.sqrt((x[:, 0] ** 2).mean(axis=-1)))
