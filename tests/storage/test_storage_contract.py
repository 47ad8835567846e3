"""Every exported layer, and every ready network, can be saved and loaded."""

import numpy as np
import pytest

import tinynet as tn
from tests.contract.table import LAYERS


@pytest.mark.parametrize("row", LAYERS, ids=str)
def test_every_layer_comes_back_bit_by_bit(tmp_path, row):
    layer = row.build()
    tn.save(layer, tmp_path / "layer.safetensors")
    again = tn.load(tmp_path / "layer.safetensors")
    assert repr(again) == repr(layer)
    assert again.config() == layer.config()
    before, after = layer.state(), again.state()
    assert list(before) == list(after)
    for path, array in before.items():
        assert array.dtype == after[path].dtype
        assert array.tobytes() == after[path].tobytes()


@pytest.mark.parametrize("name", ["digits_cnn", "mlp", "lenet5", "mnist_cnn", "conv_autoencoder"])
def test_ready_networks_come_back(tmp_path, name):
    net = getattr(tn.models, name)()
    tn.save(net, tmp_path / "net.safetensors")
    again = tn.load(tmp_path / "net.safetensors")
    assert repr(again) == repr(net)
    assert all(np.array_equal(array, again.state()[path]) for path, array in net.state().items())
