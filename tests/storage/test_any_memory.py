"""Arrays are stored right whatever their memory order, their strides and their size."""

import numpy as np
import pytest

import tinynet as tn
from tinynet.core import Parameter
from tinynet.layers import Layer
from tinynet.storage.npz import read_npz, write_npz
from tinynet.storage.tensors import read_tensors, write_tensors

WHOLE = np.arange(24.0).reshape(2, 3, 4)
ARRAYS = {
    "rows": WHOLE,
    "columns": np.asfortranarray(WHOLE),
    "turned": WHOLE.transpose(2, 0, 1),
    "channels last": WHOLE.transpose(0, 2, 1),
    "backward": WHOLE[::-1, :, ::-1],
    "every other": WHOLE[:, ::2, 1::2],
    "repeated": np.broadcast_to(np.float32(3), (2, 5)),
    "of size 0": np.zeros((0, 3), np.float32),
    "of size 0 inside": np.zeros((3, 0, 2)).transpose(2, 1, 0),
    "a single number": np.array(7, np.int64),
    "one": np.ones((1, 1, 1)),
    "big-endian": WHOLE.astype(">f4"),
    "bytes": np.arange(6, dtype=np.uint8).reshape(3, 2).T,
    "yes and no": np.array([[True, False], [False, True]]).T,
    "read-only": np.frombuffer(np.arange(4, dtype=np.float32).tobytes(), np.float32),
}


def through_safetensors(arrays, folder):
    write_tensors("test", folder / "a.safetensors", arrays, {})
    return read_tensors("test", folder / "a.safetensors")[0]


def through_npz(arrays, folder):
    write_npz("test", folder / "a.npz", arrays)
    return read_npz("test", folder / "a.npz")


@pytest.mark.parametrize("through", [through_safetensors, through_npz])
def test_arrays_come_back_as_they_were(through, tmp_path):
    found = through(ARRAYS, tmp_path)
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert (found[name].shape, found[name].dtype) == (array.shape, array.dtype.newbyteorder("=")), name
        assert np.array_equal(found[name], array), name


class Kept(Layer):
    def __init__(self):
        self.weight = Parameter(WHOLE.transpose(2, 0, 1))
        self.empty = Parameter(np.zeros((0, 3)))
        self.statistic = np.asfortranarray(WHOLE[0])

    def forward(self, x):
        return x

    def backward(self, dy):
        return dy


def test_a_layer_with_such_arrays(tmp_path):
    layer, again = Kept(), Kept()
    layer.statistic = layer.statistic.T.copy().T + 1
    again.weight.tensor = np.zeros((4, 2, 3))
    for path, write in (("a.safetensors", tn.save), ("a.npz", tn.export_npz)):
        write(layer, tmp_path / path)
        tn.load_weights(again, tmp_path / path)
        assert all(np.array_equal(array, again.state()[name]) for name, array in layer.state().items())
    assert np.array_equal(tn.load(tmp_path / "a.safetensors", layers=[Kept]).statistic, WHOLE[0] + 1)
