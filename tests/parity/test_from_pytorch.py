"""Modules built in PyTorch become nets that compute the same, or are refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: `make parity` installs it and runs these tests")

import torch
from torch import nn

import tinynet as tn
from tinynet.layers import Conv1D, Linear, Permute
from tinynet.net import Net

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _in_float32():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)  # other files of this folder set float64
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(before)


def block() -> nn.Module:
    return nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)


IMAGES = {
    "lenet": lambda: nn.Sequential(
        *[nn.Conv2d(1, 4, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(64, 3), nn.Softmax(dim=1)]
    ),
    "normalized": lambda: nn.Sequential(
        *[nn.Conv2d(1, 4, (3, 1), stride=(2, 1), bias=False), nn.BatchNorm2d(4), nn.ReLU(inplace=True)],
        *[nn.Dropout(0.5), nn.Dropout2d(0.5), nn.Identity(), nn.GroupNorm(2, 4), nn.PReLU(4)],
    ),
    "pooled": lambda: nn.Sequential(
        *[nn.ZeroPad2d(1), nn.ReflectionPad2d((1, 0, 1, 2)), nn.MaxPool2d(2, padding=1), nn.AdaptiveAvgPool2d((2, 3))],
        *[nn.Upsample(scale_factor=2), nn.Upsample(size=(5, 5), mode="bilinear"), nn.AdaptiveMaxPool2d(1)],
    ),
    "over the end": lambda: nn.Sequential(
        *[nn.ReplicationPad2d((1, 0, 2, 3)), nn.MaxPool2d(3, 2, ceil_mode=True), nn.AvgPool2d(2, ceil_mode=True)],
        *[nn.AvgPool2d(3, 2, 1, True, False), nn.AvgPool2d(2, 1, 1, divisor_override=3)],
    ),
    "indices": lambda: nn.AdaptiveMaxPool2d((2, 3), return_indices=True),
    "indices of windows": lambda: nn.MaxPool2d(3, 2, 1, 1, True, True),
    "transposed": lambda: nn.Sequential(
        nn.ConvTranspose2d(1, 4, 3, stride=2, output_padding=1, groups=1), nn.LeakyReLU(0.2), nn.ELU(), nn.SELU()
    ),
    "flat": lambda: nn.Sequential(
        *[nn.Flatten(), nn.Linear(64, 12), nn.BatchNorm1d(12), nn.SiLU(), nn.Softplus(2.0), nn.Sigmoid()],
        *[nn.Unflatten(1, (3, 4)), nn.LayerNorm([3, 4]), nn.RMSNorm(4), nn.LogSoftmax(dim=-1), nn.GELU("tanh")],
    ),
    "by instance": lambda: nn.Sequential(nn.Conv2d(1, 3, 3), nn.InstanceNorm2d(3, affine=True), nn.InstanceNorm2d(3)),
    "hard": lambda: nn.Sequential(
        *[nn.Conv2d(1, 4, 3), nn.ReLU6(inplace=True), nn.Conv2d(4, 4, 3), nn.Hardswish(), nn.Hardtanh(-0.5, 0.2)],
        *[nn.Mish(), nn.GLU(dim=1), nn.Hardsigmoid(), nn.LogSigmoid()],
    ),
    "without bias": lambda: nn.Sequential(
        *[nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4, bias=False), nn.GroupNorm(2, 4, bias=False)],
        *[nn.InstanceNorm2d(4, affine=True, bias=False), nn.LayerNorm(6, bias=False), nn.Flatten()],
        *[nn.BatchNorm1d(144, bias=False, momentum=None)],
    ),
    "nested": lambda: nn.Sequential(nn.Sequential(nn.Flatten(), nn.Sequential()), nn.Sequential(nn.Linear(64, 2))),
}
SEQUENCES = {  # (N, C, T) in PyTorch
    "convolutions": lambda: nn.Sequential(
        *[nn.Conv1d(8, 6, 3, padding=1), nn.BatchNorm1d(6), nn.ReLU(), nn.MaxPool1d(2), nn.AvgPool1d(2, stride=1)],
        *[nn.ConvTranspose1d(6, 4, 2, stride=2), nn.ZeroPad1d(1), nn.ReflectionPad1d((1, 2)), nn.AdaptiveMaxPool1d(5)],
        *[nn.AdaptiveAvgPool1d(2), nn.Flatten(), nn.Linear(8, 6), nn.BatchNorm1d(6)],
    ),
    "over the end": lambda: nn.Sequential(
        nn.ReplicationPad1d((3, 1)), nn.MaxPool1d(3, 2, ceil_mode=True), nn.AvgPool1d(3, 2, 1, ceil_mode=True)
    ),
    "transformer": lambda: nn.Sequential(nn.TransformerEncoder(block(), 2, nn.LayerNorm(8), False), nn.Linear(8, 2)),
    "one block": block,
    "norm after each sum": lambda: nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True),
    "projected lstm": lambda: nn.LSTM(8, 5, 2, batch_first=True, bidirectional=True, proj_size=3),
    "lstm": lambda: nn.LSTM(8, 5, 2, batch_first=True, bidirectional=True),
    "gru": lambda: nn.GRU(8, 5, batch_first=True, bias=False),
    "rnn": lambda: nn.RNN(8, 5, batch_first=True, nonlinearity="relu"),
}


def flat(y: Any) -> list[Any]:
    return [part for each in y for part in flat(each)] if isinstance(y, tuple) else [y]


def must_agree(module: nn.Module, x: np.ndarray) -> Any:
    with torch.no_grad():
        for buffer in module.buffers():
            if buffer.is_floating_point():
                buffer.uniform_(0.5, 1.5)
    net = tn.from_pytorch(module)
    expected = flat(module.eval()(torch.from_numpy(x)))
    for ours, theirs in zip(flat(net.forward(x)), expected, strict=True):
        assert np.allclose(ours, theirs.detach(), rtol=1e-4, atol=1e-5)
    return net


@pytest.mark.parametrize("name", IMAGES)
def test_nets_of_images(name: str) -> None:
    must_agree(IMAGES[name](), RNG.standard_normal((3, 1, 8, 8)).astype(np.float32))


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize("name", SEQUENCES)
def test_nets_of_sequences(name: str) -> None:
    must_agree(SEQUENCES[name](), RNG.standard_normal((3, 8, 8)).astype(np.float32))


def test_a_module_that_stands_there_twice() -> None:
    twice = nn.Linear(4, 4)
    module = nn.Sequential(nn.Linear(3, 4), activation := nn.Tanh(), twice, activation, twice)
    net = must_agree(module, RNG.standard_normal((2, 3)).astype(np.float32))
    assert len(net) == 5
    assert net[4].weight is net[2].weight


class Stack(nn.Sequential):
    """A Sequential under another name."""

    def __init__(self) -> None:
        super().__init__(nn.Linear(3, 4), nn.ReLU())


def test_a_sequential_of_ones_own() -> None:
    must_agree(nn.Sequential(Stack(), nn.Linear(4, 2)), RNG.standard_normal((2, 3)).astype(np.float32))


def test_embedding_of_tokens() -> None:
    module = nn.Sequential(nn.Embedding(9, 4, padding_idx=0), nn.Linear(4, 2))
    must_agree(module, RNG.integers(0, 9, (2, 5)))


def test_attention_of_a_memory() -> None:
    module = nn.MultiheadAttention(8, 2, batch_first=True)
    x, memory = RNG.standard_normal((2, 2, 5, 8)).astype(np.float32)
    y, _ = module(torch.from_numpy(x), torch.from_numpy(memory), torch.from_numpy(memory))
    assert np.allclose(tn.from_pytorch(module).forward(x, memory), y.detach(), atol=1e-6)


def test_it_learns_on_like_the_module() -> None:
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 1))
    net = tn.from_pytorch(module).train()
    x, y = RNG.standard_normal((5, 3)).astype(np.float32), np.ones((5, 1), np.float32)
    for _ in range(2):
        loss, dy = tn.losses.mean_squared_error(net.forward(x), y)
        net.backward(dy)
        net.update(tn.optimizers.SGD(lr=0.1))
        theirs = (module(torch.from_numpy(x)) - 1).square().mean()
        module.zero_grad()
        theirs.backward()
        torch.optim.SGD(module.parameters(), lr=0.1).step()
        assert loss == pytest.approx(theirs.item(), rel=1e-5)
    assert np.allclose(net.state()["1.running_var"], module[1].running_var)


@pytest.mark.parametrize("kind", [nn.BatchNorm1d, nn.BatchNorm2d])
def test_the_cumulative_average_of_batch_norm_goes_on(kind: type) -> None:
    """Also after it was read in the middle, and given back."""
    module = kind(3, momentum=None)
    shape = (4, 3) if kind is nn.BatchNorm1d else (4, 3, 2, 2)
    batches = RNG.standard_normal((5, *shape)).astype(np.float32)
    for x in batches[:2]:
        module(torch.from_numpy(x))
    net = tn.from_pytorch(nn.Sequential(module)).train()
    for x in batches[2:]:
        module(torch.from_numpy(x))
        net.forward(x)
    state = net.state()
    for name, expected in module.state_dict().items():
        np.testing.assert_allclose(state[f"0.{name}"], expected, rtol=1e-6, atol=1e-7)
    assert state["0.num_batches_tracked"] == 5
    axes = (0, 1) if kind is nn.BatchNorm1d else (0, 1, 3, 4)
    np.testing.assert_allclose(state["0.running_mean"], batches.mean(axis=axes), rtol=1e-5, atol=1e-6)


def test_the_random_streams_stay_where_they_were() -> None:
    tn.seed(3)
    before = Linear(2, 2).weight.tensor.copy()
    tn.seed(3)
    tn.from_pytorch(nn.Linear(4, 4))
    assert np.array_equal(Linear(2, 2).weight.tensor, before)


def test_types_sharing_and_frozen_parameters() -> None:
    module = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False), nn.Linear(3, 2)).double()
    module[1].weight = module[0].weight
    module[2].bias.requires_grad_(False)
    net = tn.from_pytorch(module)
    assert net.dtype == np.float64
    assert net[1].weight is net[0].weight
    assert not net[2].bias.trainable
    assert not net.training
    assert tn.from_pytorch(nn.Linear(2, 2).to(torch.bfloat16)).dtype == np.float32


def test_convolutions_over_time_get_their_axes_turned() -> None:
    net = tn.from_pytorch(nn.Conv1d(2, 3, 3))
    assert [type(layer) for layer in net] == [Permute, Conv1D, Permute]


def test_a_net_can_be_saved_and_loaded(tmp_path: Any) -> None:
    net = tn.from_pytorch(IMAGES["normalized"]())
    tn.save(net, tmp_path / "net.safetensors")
    x = RNG.standard_normal((3, 1, 8, 8)).astype(np.float32)
    assert np.array_equal(tn.load(tmp_path / "net.safetensors").predict(x), net.predict(x))


class Own(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


class Residual(nn.Module):
    """Called like ours, but another function."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.shortcut = nn.Linear(2, 2), None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (self.body(x) + x).relu()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: nn.Sequential(nn.ReLU(), nn.Sequential(Own())),
            "module 1.0, a Own, is a class with a forward of its own",
        ),
        (Residual, "module itself, a Residual, is a class with a forward of its own"),
        (lambda: nn.Sequential(nn.Conv3d(1, 1, 1)), "module 0, a Conv3d, has no layer in Tinynet"),
        (lambda: nn.ModuleList([nn.ReLU()]), "module itself, a ModuleList, has no layer"),
        (lambda: nn.Linear, "expected a torch.nn.Module, got the class Linear"),
        (lambda: {"weight": 1}, "expected a torch.nn.Module, got a dict"),
    ],
)
def test_what_has_no_layer_is_named(make: Any, words: str) -> None:
    with pytest.raises(TypeError, match=f"from_pytorch: {words}"):
        tn.from_pytorch(make())


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: nn.Conv2d(1, 1, 3, padding_mode="circular"), "with padding_mode='zeros' only, got 'circular'"),
        (
            lambda: nn.TransformerEncoderLayer(4, 2, 8, 0.0, nn.Tanh(), batch_first=True),
            "cannot be read: its activation is neither gelu nor relu",
        ),
        (lambda: nn.LSTM(2, 2), "a LSTM, can be read with batch_first=True only, got False"),
        (lambda: nn.GRU(2, 2, 2, batch_first=True, dropout=0.5), "with dropout=0.0 only, got 0.5"),
        (lambda: nn.MaxPool1d(2, return_indices=True), "a MaxPool1d, can be read with return_indices=False only, got"),
        (lambda: nn.Embedding(2, 2, max_norm=1.0), "with max_norm=None only, got 1.0"),
        (lambda: nn.MultiheadAttention(4, 2, batch_first=True, add_bias_kv=True), "with bias_k=None only"),
        (lambda: nn.InstanceNorm2d(2, track_running_stats=True), "with track_running_stats=False only, got True"),
        (lambda: nn.Unflatten(2, (1, 1)), "with dim=1 only, got 2"),
        (lambda: nn.Sequential(nn.Softmax()), "module 0, a Softmax, cannot be read: Softmax: axis must be"),
        (lambda: nn.Sequential(), "the module is an empty Sequential"),
        (
            lambda: nn.utils.parametrizations.weight_norm(nn.Linear(2, 2)),
            "a ParametrizedLinear, has no layer",
        ),
    ],
)
def test_options_that_a_layer_lacks_are_named(make: Any, words: str) -> None:
    with pytest.raises((ValueError, TypeError), match=words):
        tn.from_pytorch(make())


def test_weights_that_a_layer_does_not_have() -> None:
    module = nn.Sequential(nn.Linear(2, 2))
    module[0].register_buffer("extra", torch.ones(1))
    with pytest.raises(ValueError, match="the weights do not fit: 0.extra of the module have no place in the net"):
        tn.from_pytorch(module)
    module = nn.Sequential(nn.Linear(2, 2))
    module[0]._parameters["weight"] = None
    with pytest.raises(ValueError, match="the weights do not fit: 0.weight of the net are not in the module"):
        tn.from_pytorch(module)


def test_a_class_of_ones_own_by_its_name() -> None:
    class Layer(tn.layers.Layer):
        def forward(self, x: np.ndarray) -> np.ndarray:
            return x

        def backward(self, dy: np.ndarray) -> np.ndarray:
            return dy

    Layer.__name__ = "Own"
    net = tn.from_pytorch(nn.Sequential(Own()), layers=[Layer])
    assert isinstance(net, Net)
    assert isinstance(net[0], Layer)
