"""What is saved comes back: every bit, every class, every option."""

import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import tinynet as tn
from tinynet.core import Parameter, generator_states
from tinynet.layers import BatchNorm1D, Conv2D, Dropout, Flatten, Layer, Linear, MaxPool2D, ReLU, Tanh
from tinynet.net import Concat, Net, Residual
from tinynet.optimizers import SGD
from tinynet.storage.tensors import read_tensors, write_tensors


class Scale(Layer):
    """A layer of one's own: a factor, and a running count of what it has seen."""

    def __init__(self, size, factor=1.0, window=(2, 3), names=None):
        self.factor = Parameter(np.full(size, factor))
        self.window, self.names = window, names or {}
        self.seen = np.zeros((), np.int64)
        self.mean = np.zeros(size)  # float64, in a float32 layer
        self.used = np.zeros(size, bool)

    def forward(self, x):
        self.remember(x=x)
        self.seen += len(x)
        return x * self.factor.tensor

    def backward(self, dy):
        (x,) = self.recall()
        self.factor.accumulate((dy * x).sum(axis=0))
        return dy * self.factor.tensor


class Pair(Net):
    """A net of one's own, with arguments of its own."""

    def __init__(self, width, *sizes, **options):
        self.options = options
        super().__init__([Linear(width, *sizes[:1]), Tanh(), Linear(*sizes)])


class Tied(Layer):
    """A layer that takes the weight of another one."""

    def __init__(self, other):
        self.weight = other.weight

    def forward(self, x):
        return x @ self.weight.tensor

    def backward(self, dy):
        return dy @ self.weight.tensor.T


def digits_net():
    return Net([Conv2D(1, 4, (3, 2), padding=1), ReLU(), MaxPool2D(2), Flatten(), Dropout(0.25), Linear(32, 3)])


def same_bits(net, other):
    a, b = net.state(), other.state()
    assert list(a) == list(b)
    for path, array in a.items():
        assert array.dtype == b[path].dtype, path
        assert array.shape == b[path].shape, path
        assert array.tobytes() == b[path].tobytes(), path


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_architecture_and_every_bit_come_back(tmp_path, dtype):
    net = digits_net().astype(dtype)
    tn.save(net, tmp_path / "net")  # the path as given: no suffix is added
    again = tn.load(str(tmp_path / "net"))
    assert [entry.name for entry in tmp_path.iterdir()] == ["net"]
    same_bits(net, again)
    assert repr(again) == repr(net)  # kernel_size=(3, 2) is a tuple still
    assert again.dtype == again[0].dtype == dtype
    x = np.random.default_rng(0).normal(size=(5, 1, 4, 7)).astype(dtype)
    assert np.array_equal(net.predict(x), again.predict(x))


def test_branches_and_nested_nets_come_back(tmp_path):
    net = Net([Residual([Linear(4, 4), Net([Tanh()])], shortcut=Linear(4, 4)), Concat([Linear(4, 2), []], axis=-1)])
    tn.save(net, tmp_path / "net.safetensors")
    again = tn.load(tmp_path / "net.safetensors")
    same_bits(net, again)
    x = np.ones((2, 4), np.float32)
    assert np.array_equal(net.predict(x), again.predict(x))


def test_a_loaded_net_trains_on_as_the_saved_one_does(tmp_path):
    net = digits_net()
    tn.save(net, tmp_path / "net.safetensors")
    again = tn.load(tmp_path / "net.safetensors").train()
    for one in (net, again):
        tn.seed(3)
        x = np.random.default_rng(0).normal(size=(5, 1, 4, 7)).astype(np.float32)
        one.backward(one.forward(x))
        one.update(SGD(lr=0.1))
    same_bits(net, again)


def test_a_header_that_begins_like_a_pickle_is_none(tmp_path):
    """The first bytes of a file are the length of its header, which can be any number."""
    starts = set()
    for n in range(200, 300):  # headers that grow by a few bytes
        tn.save(Net([Scale(1, names={1: "x" * 2 * n})]), tmp_path / "net")
        starts.add((tmp_path / "net").read_bytes()[:2])
        tn.load(tmp_path / "net", layers=[Scale])
    assert b"\x80\x04" in starts


def test_nan_infinity_and_negative_zero_stay(tmp_path):
    net = Net([Linear(2, 2)])
    net[0].weight.tensor = [[np.nan, np.inf], [-np.inf, -0.0]]
    tn.save(net, tmp_path / "net.safetensors")
    same_bits(net, tn.load(tmp_path / "net.safetensors"))


def test_own_layers_keep_statistics_types_and_arguments(tmp_path):
    net = Net([Linear(3, 3), Scale(3, np.float32(2.5), window=(4, [5]), names={1: "one", "two": (2,)})])
    net.forward(np.ones((7, 3)))
    net[1].mean += 1 / 3
    net[1].used[1] = True
    tn.save(net, tmp_path / "net.safetensors")
    again = tn.load(tmp_path / "net.safetensors", layers=[Scale])
    same_bits(net, again)
    assert again[1].seen == 7
    assert again[1].window == (4, [5])
    assert again[1].names == {1: "one", "two": (2,)}


def test_own_nets_with_any_kind_of_argument_come_back(tmp_path):
    net = Pair(4, 3, 2, colour="red", sizes=[1, 2])
    tn.save(net, tmp_path / "net.safetensors")
    again = tn.load(tmp_path / "net.safetensors", layers=[Pair])
    same_bits(net, again)
    assert type(again) is Pair
    assert again.options == {"colour": "red", "sizes": [1, 2]}


def test_a_single_layer_can_be_saved(tmp_path):
    layer = Linear(3, 2, bias=False)
    tn.save(layer, tmp_path / "layer.safetensors")
    again = tn.load(tmp_path / "layer.safetensors")
    assert again.bias is None
    same_bits(layer, again)


def test_shared_parameters_are_shared_again(tmp_path):
    net = Net([Linear(3, 3), Tanh(), Linear(3, 3), Net([Linear(3, 3)])])
    net[2].weight = net[3][0].weight = net[0].weight
    tn.save(net, tmp_path / "net.safetensors")
    again = tn.load(tmp_path / "net.safetensors")
    assert again[0].weight is again[2].weight
    assert again[0].weight is again[3][0].weight
    assert again[0].bias is not again[2].bias
    same_bits(net, again)
    again.backward(again.forward(np.ones((2, 3))))
    net.backward(net.forward(np.ones((2, 3))))
    assert np.array_equal(net[0].weight.gradient, again[0].weight.gradient)


def test_parameters_shared_in_a_list_are_shared_again(tmp_path):
    class Listed(Layer):
        def __init__(self):
            self.weights = [Parameter(np.zeros(2)), (Parameter(np.ones(2)), {"a": Parameter(np.ones(2))})]

        def forward(self, x):
            return x

        def backward(self, dy):
            return dy

    layer = Listed()
    layer.weights[1] = (layer.weights[0], {"a": layer.weights[0]})
    tn.save(layer, tmp_path / "layer.safetensors")
    again = tn.load(tmp_path / "layer.safetensors", layers=[Listed])
    assert list(again.parameters()) == ["weights.0"]
    assert again.weights[1][0] is again.weights[0]
    assert again.weights[1][1]["a"] is again.weights[0]


def test_a_constructor_that_shares_is_shared_again(tmp_path):
    encoder = Linear(3, 2, bias=False)
    net = Net([encoder, Tied(encoder)])
    tn.save(net, tmp_path / "net.safetensors")
    again = tn.load(tmp_path / "net.safetensors", layers=[Tied])
    assert again[1].weight is again[0].weight


def test_frozen_parameters_are_frozen_again(tmp_path):
    net = Net([Linear(3, 3), Linear(3, 1)])
    net[0].weight.trainable = False
    tn.save(net, tmp_path / "net.safetensors")
    again = tn.load(tmp_path / "net.safetensors")
    assert [p.trainable for p in again.parameters().values()] == [False, True, True, True]


def test_floating_types_may_differ_from_layer_to_layer(tmp_path):
    net = Net([Linear(2, 2), Linear(2, 2), Scale(2)])
    net[1].astype(np.float64)
    net[2].astype(np.float64)
    tn.save(net, tmp_path / "net.safetensors")
    again = tn.load(tmp_path / "net.safetensors", layers=[Scale])
    assert [layer.dtype for layer in again] == [np.float32, np.float64, np.float64]
    assert again.dtype == np.float32
    same_bits(net, again)


def test_a_loaded_net_is_ready_to_predict(tmp_path):
    net = Net([Linear(4, 4), Dropout(0.5), BatchNorm1D(4)])
    x = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    tn.save(net, tmp_path / "net.safetensors")
    again = tn.load(tmp_path / "net.safetensors")
    assert not any(layer.training for _, layer in again.layers_inside())
    assert np.array_equal(again.forward(x), again.forward(x))
    assert np.array_equal(again.forward(x), net.predict(x))
    assert net.training


def test_neither_saving_nor_loading_draws_random_numbers(tmp_path):
    tn.seed(5)
    net = digits_net()
    before = generator_states()
    tn.save(net, tmp_path / "net.safetensors")
    tn.load(tmp_path / "net.safetensors")
    assert generator_states() == before
    tn.save(Scale(2), tmp_path / "own")
    with pytest.raises(ValueError, match="needs the class Scale"):
        tn.load(tmp_path / "own")
    assert generator_states() == before


def test_arrays_of_any_layout_are_stored_rightly(tmp_path):
    grid = np.arange(24.0).reshape(4, 6)
    arrays = {
        "transposed": grid.T,
        "strided": grid[::2, ::-3],
        "single": np.array(3),
        "empty": grid[:0],
        "broadcast": np.broadcast_to(grid[0], (3, 6)),
        "big-endian": grid.astype(">f4"),
    }
    write_tensors("save", tmp_path / "arrays", arrays, {})
    found, _ = read_tensors("load", tmp_path / "arrays")
    assert sorted(found) == sorted(arrays)
    for name, array in arrays.items():
        assert found[name].shape == array.shape
        assert found[name].tolist() == array.tolist()


def test_a_list_changed_after_the_net_was_built_does_not_change_what_is_saved(tmp_path):
    layers = [Linear(2, 2), Tanh()]
    net = Net(layers)
    layers.append(Linear(2, 5))
    tn.save(net, tmp_path / "net.safetensors")
    assert len(tn.load(tmp_path / "net.safetensors")) == 2


def test_a_copy_can_be_saved(tmp_path):
    import copy
    import pickle

    net = digits_net()
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        tn.save(twin, tmp_path / "net.safetensors")
        same_bits(net, tn.load(tmp_path / "net.safetensors"))


def test_loading_needs_no_code_in_another_process(tmp_path):
    net = digits_net()
    tn.save(net, tmp_path / "net.safetensors")
    x = np.linspace(-1, 1, 28, dtype=np.float32).reshape(1, 1, 4, 7)
    script = f"""
        import numpy as np, tinynet as tn
        x = np.linspace(-1, 1, 28, dtype=np.float32).reshape(1, 1, 4, 7)
        print(tn.load({str(tmp_path / "net.safetensors")!r}).predict(x).tobytes().hex())
    """
    out = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == net.predict(x).tobytes().hex()


def test_the_metadata_says_what_was_saved(tmp_path):
    net = Net([Linear(2, 2), Scale(2)])
    tn.save(net, tmp_path / "net.safetensors")
    arrays, metadata = read_tensors("load", tmp_path / "net.safetensors")
    about = json.loads(metadata["tinynet"])
    assert sorted(arrays) == sorted(net.state())
    assert about["format"] == 1
    assert about["version"] == tn.__version__
    assert about["dtype"] == "float32"
    assert about["custom"] == ["Scale"]
    assert about["net"]["class"] == "Net"


def test_saving_again_replaces_the_file(tmp_path):
    first, second = Net([Linear(2, 2)]), Net([Linear(2, 3)])
    tn.save(first, tmp_path / "net.safetensors")
    tn.save(second, tmp_path / "net.safetensors")
    same_bits(second, tn.load(tmp_path / "net.safetensors"))
    assert len(list(tmp_path.iterdir())) == 1


class TestLoadWeights:
    def test_fills_a_net_from_a_saved_one(self, tmp_path):
        net, other = digits_net(), digits_net()
        tn.save(net, tmp_path / "net.safetensors")
        other[0].weight.trainable = False
        parameters = other.parameters()
        tn.load_weights(other, tmp_path / "net.safetensors")
        same_bits(net, other)
        assert all(other.parameters()[path] is parameter for path, parameter in parameters.items())
        assert not other[0].weight.trainable

    def test_takes_files_of_other_programs_and_converts(self, tmp_path):
        from safetensors.numpy import save_file

        weight, bias = np.array([[1.5, -2.0]]), np.array([3], np.int32)
        save_file({"0.weight": weight, "0.bias": bias}, tmp_path / "torch.safetensors", {"format": "pt"})
        net = Net([Linear(2, 1)])
        tn.load_weights(net, tmp_path / "torch.safetensors")
        assert net[0].weight.tensor.tolist() == [[1.5, -2.0]]
        assert net[0].bias.tensor.tolist() == [3.0]
        assert net[0].weight.dtype == np.float32

    @pytest.mark.parametrize("names", [["0.weight"], ["1.weight"], ["0.weight", "1.weight"]])
    def test_a_shared_weight_may_come_under_any_of_its_names(self, tmp_path, names):
        from safetensors.numpy import save_file

        save_file({name: np.full((2, 2), 7.0) for name in names}, tmp_path / "torch.safetensors")
        net = Net([Linear(2, 2, bias=False), Linear(2, 2, bias=False)])
        net[1].weight = net[0].weight
        tn.load_weights(net, tmp_path / "torch.safetensors")
        assert net[1].weight.tensor.tolist() == [[7, 7], [7, 7]]

    def test_two_values_for_one_shared_weight_are_refused(self, tmp_path):
        from safetensors.numpy import save_file

        save_file({"0.weight": np.zeros((2, 2)), "1.weight": np.ones((2, 2))}, tmp_path / "torch.safetensors")
        net = Net([Linear(2, 2, bias=False), Linear(2, 2, bias=False)])
        net[1].weight = net[0].weight
        with pytest.raises(ValueError, match=r"unexpected: 1\.weight"):
            tn.load_weights(net, tmp_path / "torch.safetensors")


def test_equal_nets_write_equal_bytes(tmp_path) -> None:
    """The library writes several entries of metadata in an order that changes by chance; we put it right."""
    from tinynet.storage.tensors import write_tensors

    for n in range(8):
        write_tensors(
            "test", tmp_path / f"{n}.safetensors", {"w": np.ones(3, np.float32)}, {"b": "2", "a": "é", "c": ""}
        )
    assert len({(tmp_path / f"{n}.safetensors").read_bytes() for n in range(8)}) == 1
