"""Every layer and every model as a PyTorch module and back: the weights fit strictly, and outputs agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

pytest.importorskip("torch", reason="PyTorch is not installed: `make parity` installs it and runs these tests")

import torch

import tinynet as tn
from tests.parity import arrays, in_tinynet
from tests.parity.exported import must_agree, one_step, one_step_in_torch, twin_of
from tests.parity.strategies import PIECES, configurations
from tinynet import layers, losses, models, optimizers
from tinynet.net import Net, Padded, Residual

LAYERS = [piece for piece in PIECES if not hasattr(optimizers, piece) and not hasattr(losses, piece)]
DRAWING = (layers.Dropout, models.VariationalAutoencoder)
RNG = np.random.default_rng(0)

pytestmark = pytest.mark.usefixtures("in_float32")


@pytest.mark.filterwarnings("ignore:Using padding='same'")  # it is slower, which does not matter here
@pytest.mark.parametrize("piece", LAYERS)
def test_a_layer_and_its_twin_agree(piece: str, tmp_path: Path) -> None:
    @settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(configurations(piece))
    def agree(configuration: dict[str, Any]) -> None:
        layer = in_tinynet.build(configuration)
        twin = twin_of(layer, tmp_path).train(layer.training)
        inputs, options = list(arrays.inputs(configuration)), in_tinynet.masks(configuration)
        tensors = [torch.from_numpy(x) for x in inputs]
        if "output_size" in configuration:
            inputs.append(tuple(configuration["output_size"]))
            tensors.append(tuple(configuration["output_size"]))
        found = layer.forward(*inputs, **options)
        must_agree(found, twin(*tensors, **{name: torch.from_numpy(mask) for name, mask in options.items()}), 1e-9)
        back = tn.from_pytorch(twin)
        if layer.training:
            back.train()
        must_agree(back.forward(*inputs, **options), found, 1e-9)
        assert type(back) is type(layer)
        statistics = {name: array for name, array in layer.state().items() if name not in layer.parameters()}
        for name, array in twin.named_buffers():
            assert np.allclose(array, statistics[name])

    agree()


def images(*shape: int) -> tuple[np.ndarray]:
    return (RNG.standard_normal((4, *shape)).astype(np.float32),)


def tokens(n: int = 1) -> tuple[np.ndarray, ...]:
    return tuple(RNG.integers(0, 9, (4, 6)) for _ in range(n))


MODELS = {
    "mlp": lambda: (models.mlp(8, n_classes=3), images(8)),
    "digits_cnn": lambda: (models.digits_cnn(), images(1, 8, 8)),
    "lenet5": lambda: (models.lenet5(), images(1, 28, 28)),
    "mnist_cnn": lambda: (models.mnist_cnn(), images(1, 28, 28)),
    "vgg11": lambda: (models.vgg11(), images(3, 32, 32)),
    "vgg16": lambda: (models.vgg16(), images(3, 32, 32)),
    "resnet20": lambda: (models.resnet20(), images(3, 8, 8)),
    "mobilenet": lambda: (models.mobilenet((3, 8, 8), width=4), images(3, 8, 8)),
    "unet": lambda: (models.unet(width=4), images(1, 8, 8)),
    "conv_autoencoder": lambda: (models.conv_autoencoder(), images(1, 28, 28)),
    "vae": lambda: (models.vae((1, 4, 4), hidden=8), images(1, 4, 4)),
    "generator": lambda: (models.dcgan((1, 8, 8), 4, 2)[0], images(4)),
    "discriminator": lambda: (models.dcgan((1, 8, 8), 4, 2)[1], images(1, 8, 8)),
    "char_lstm": lambda: (models.char_lstm(9, 4, 5, 2), tokens()),
    "char_gpt": lambda: (models.char_gpt(9, 8, 2, 2), tokens()),
    "seq2seq": lambda: (models.seq2seq(9, 8, 2), tokens(2)),
    "seq2seq with padding": lambda: (models.seq2seq(9, 8, 2, padding=0), tokens(2)),
}


def trained_a_little(net: Net, inputs: tuple[np.ndarray, ...]) -> Net:
    """The net after a forward in training mode, so that the statistics of batch norm are not those of a new one."""
    net.forward(*inputs)
    return net


@pytest.mark.parametrize("name", MODELS)
def test_a_model_and_its_twin_agree_and_learn_alike(name: str, tmp_path: Path) -> None:
    net, inputs = MODELS[name]()
    twin = twin_of(trained_a_little(net, inputs), tmp_path)
    tensors = [torch.from_numpy(x) for x in inputs]
    must_agree(net.predict(*inputs), twin(*tensors))
    back = tn.from_pytorch(twin)
    must_agree(back.predict(*inputs), net.predict(*inputs), 0)
    assert back.state().keys() == net.state().keys()
    draws = any(isinstance(layer, DRAWING) for layer in net.every_layer())
    net, twin = (net.eval(), twin.eval()) if draws else (net.train(), twin.train())
    assert one_step(net, inputs) == pytest.approx(one_step_in_torch(twin, tensors), rel=1e-5, abs=1e-5)


def test_any_padding_mask_and_empty_sequences(tmp_path: Path) -> None:
    x = RNG.standard_normal((4, 5, 3)).astype(np.float32)
    mask = RNG.random((4, 5)) < 0.5
    mask[0] = True
    for kind in (layers.RNN, layers.LSTM, layers.GRU):
        layer = kind(3, 4, 2, bidirectional=True, return_state=True)
        twin = twin_of(layer, tmp_path)
        must_agree(layer.forward(x, padding_mask=mask), twin(torch.from_numpy(x), padding_mask=torch.from_numpy(mask)))
    attention = layers.MultiHeadAttention(3, 3, causal=True)
    twin = twin_of(attention, tmp_path)
    found = attention.forward(x, key_padding_mask=mask)
    must_agree(found, twin(torch.from_numpy(x), key_padding_mask=torch.from_numpy(mask)))


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
def test_lengths_and_masks_of_a_padded_net(tmp_path: Path) -> None:
    block = layers.TransformerBlock(4, 2, norm_first=False, activation="relu")
    net = Padded([layers.Embedding(9, 4), block, Residual([layers.GRU(4, 4)]), layers.LSTM(4, 3, proj_size=2)])
    twin, x, lengths = twin_of(net, tmp_path), RNG.integers(0, 9, (4, 6)), np.array([6, 1, 0, 3])
    mask = np.arange(6) >= lengths[:, np.newaxis]
    for module in (twin, twin_of(tn.from_pytorch(twin), tmp_path)):
        for padding in (lengths, mask):
            must_agree(net.predict(x, padding), module(torch.from_numpy(x), torch.from_numpy(padding)))
        must_agree(net.predict(x), module(torch.from_numpy(x)))


def test_masks_of_each_query_and_key(tmp_path: Path) -> None:
    block = layers.TransformerBlock(4, 2, causal=True)
    twin, x = twin_of(block, tmp_path), RNG.standard_normal((3, 5, 4)).astype(np.float32)
    hidden = RNG.random((3, 2, 5, 5)) < 0.5  # some queries see nothing
    added = np.where(hidden, -np.inf, RNG.standard_normal(hidden.shape)).astype(np.float32)
    padding = np.arange(5) >= np.array([[5], [2], [1]])
    for mask in (hidden, hidden[0, 0], hidden[:, :1], hidden.reshape(6, 5, 5), added, added[1, 1], added[0, 0, :1]):
        given = {"key_padding_mask": padding, "attn_mask": mask}
        expected = twin(torch.from_numpy(x), **{name: torch.from_numpy(each) for name, each in given.items()})
        must_agree(block.forward(x, **given), expected)


def test_shared_and_frozen_parameters_stay_so(tmp_path: Path) -> None:
    net = Net([layers.Linear(3, 3, bias=False), layers.Tanh(), layers.Linear(3, 3, bias=False), layers.Linear(3, 2)])
    net[2].weight = net[0].weight
    net[3].bias.trainable = False
    twin = twin_of(net, tmp_path)
    assert twin[2].weight is twin[0].weight
    back = tn.from_pytorch(twin)
    assert back[2].weight is back[0].weight
    assert not back[3].bias.trainable
    assert [name for name, parameter in twin.named_parameters() if not parameter.requires_grad] == ["3.bias"]
    x = RNG.standard_normal((2, 3)).astype(np.float32)
    must_agree(net.predict(x), twin(torch.from_numpy(x)))


def test_what_was_changed_after_construction_is_exported(tmp_path: Path) -> None:
    net = Net([layers.Linear(2, 2), layers.BatchNorm1D(2), layers.Dropout(0.2), layers.BatchNorm1D(2)])
    net[1].momentum, net[2].p, net[3].momentum = 0.5, 0.75, None
    twin = twin_of(net, tmp_path)
    assert (twin[1].momentum, twin[2].p, twin[3].momentum) == (0.5, 0.75, None)


def test_several_tensors_go_through_a_net(tmp_path: Path) -> None:
    net = Net([layers.MaxPool2D(2, return_switches=True), layers.MaxUnpool2D(2), Residual([layers.Tanh()])])
    twin = twin_of(net, tmp_path)
    (x,) = images(2, 4, 4)
    must_agree(net.predict(x), twin(torch.from_numpy(x)))


@pytest.mark.parametrize(
    "pool", [layers.MaxPool1D(2, return_switches=True), layers.AdaptiveMaxPool1D(3, True)], ids=repr
)
def test_switches_of_steps_go_through_a_net(pool: layers.Layer, tmp_path: Path) -> None:
    net = Net([pool, layers.MaxUnpool1D(2)])
    twin = twin_of(net, tmp_path)
    x = RNG.standard_normal((2, 6, 3)).astype(np.float32)
    must_agree(net.predict(x), twin(torch.from_numpy(x)))
    assert [type(layer) for layer in tn.from_pytorch(twin)] == [type(pool), layers.MaxUnpool1D]
    unpool = twin[1]
    y, switches = twin[0](torch.from_numpy(x[:, :5]))
    for size in (5, (5,), (2, 5, 3)):
        assert unpool(y, switches, size).shape == (2, 5, 3)
