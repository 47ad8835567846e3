"""What attention, recurrent layers and norms compute on the way: a trace answers for it."""

import numpy as np
import pytest

import tinynet as tn
from tinynet.layers import GRU, LSTM, RNN, BatchNorm1D, BatchNorm2D, LayerNorm, Linear, MultiHeadAttention, RMSNorm
from tinynet.losses import mean_squared_error
from tinynet.net import Net

CELLS = [
    lambda: RNN(3, 2, 2, "relu", bidirectional=True),
    lambda: LSTM(3, 2, 2, bidirectional=True),
    lambda: GRU(3, 2, 2, bidirectional=True),
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
