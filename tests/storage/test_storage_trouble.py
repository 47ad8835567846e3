"""Whatever goes wrong with a file is said in one sentence, and what was there before stays."""

import errno
import json
import os
import stat
import struct

import numpy as np
import pytest

import tinynet as tn
from tinynet.core import Parameter
from tinynet.layers import Layer, Linear, ReLU
from tinynet.net import Net
from tinynet.storage import atomic, atomic_write, tensors


class Own(Layer):
    def __init__(self, option=None):
        self.option = option

    def forward(self, x):
        return x

    def backward(self, dy):
        return dy


@pytest.fixture
def saved(tmp_path):
    """A good file, and a check that it is there unchanged, alone."""
    path = tmp_path / "net.safetensors"
    tn.save(Net([Linear(3, 2), ReLU(), Linear(2, 3)]), path)
    before = path.read_bytes()
    yield path
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def altered(path, change):
    """A file beside `path`, with its architecture changed."""
    arrays, metadata = tensors.read_tensors("test", path)
    about = json.loads(metadata["tinynet"])
    about = change(about, arrays) or about
    from safetensors.numpy import save

    return save(arrays, {"tinynet": about if isinstance(about, str) else json.dumps(about)})


def failing(monkeypatch, name, number):
    def fail(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(atomic.os, name, fail)


class TestSaving:
    @pytest.mark.parametrize("step", ["fsync", "replace"])
    @pytest.mark.parametrize(
        ("number", "kind", "words"),
        [
            (errno.ENOSPC, OSError, "the disk is full; the file that was there before is unchanged"),
            (errno.EACCES, PermissionError, "no permission to write there"),
            (errno.EROFS, OSError, "no permission to write there"),
            (errno.EIO, OSError, "could not be written: Input/output error"),
        ],
    )
    def test_trouble_at_each_step_leaves_the_old_file(self, saved, monkeypatch, step, number, kind, words):
        failing(monkeypatch, step, number)
        with pytest.raises(kind, match=words):
            tn.save(Net([Linear(2, 2)]), saved)

    def test_a_new_file_is_not_left_half_written(self, tmp_path, monkeypatch):
        failing(monkeypatch, "fsync", errno.ENOSPC)
        with pytest.raises(OSError, match="the disk is full; nothing was changed"):
            tn.save(Net([Linear(2, 2)]), tmp_path / "new")
        assert not list(tmp_path.iterdir())

    def test_an_interruption_leaves_the_old_file(self, saved, monkeypatch):
        def interrupt(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr(atomic.os, "replace", interrupt)
        with pytest.raises(KeyboardInterrupt):
            tn.save(Net([Linear(2, 2)]), saved)

    def test_bytes_that_the_disk_changes_are_noticed(self, saved, monkeypatch):
        write = atomic.write_through

        def flip(path, data):
            write(path, data[:-1] + bytes([data[-1] ^ 1]))

        monkeypatch.setattr(atomic, "write_through", flip)
        with pytest.raises(OSError, match=r"what came back from the disk differs in 0\.weight"):
            tn.save(Net([Linear(2, 2, bias=False)]), saved)

    def test_metadata_that_the_disk_changes_is_noticed(self, saved, monkeypatch):
        write = atomic.write_through
        monkeypatch.setattr(atomic, "write_through", lambda path, data: write(path, data.replace(b"ReLU", b"RELU")))
        with pytest.raises(OSError, match="differs in its metadata"):
            tn.save(Net([Linear(2, 2), ReLU()]), saved)

    def test_a_folder_in_the_way(self, tmp_path):
        with pytest.raises(IsADirectoryError, match=r"save: '.*' is a folder, not a file; nothing was changed"):
            tn.save(Net([Linear(2, 2)]), tmp_path)

    def test_a_missing_folder(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"there is no folder '.*nowhere'.*\n.*mkdir\(parents=True\)"):
            tn.save(Net([Linear(2, 2)]), tmp_path / "nowhere" / "net")
        assert not list(tmp_path.iterdir())

    def test_a_device_is_never_replaced(self, tmp_path):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(OSError, match="is a device or a pipe"):
            tn.save(Net([Linear(2, 2)]), tmp_path / "pipe")
        assert stat.S_ISFIFO(os.stat(tmp_path / "pipe").st_mode)

    @pytest.mark.parametrize("path", [3, None, b"net", ["net"]])
    def test_what_is_no_path(self, path):
        with pytest.raises(TypeError, match=r"path must be a string or a Path, got .*\nHint: name the file, as in"):
            tn.save(Net([Linear(2, 2)]), path)

    @pytest.mark.parametrize("path", ["", "a\0b"])
    def test_what_names_no_file(self, path):
        with pytest.raises(ValueError, match="path must name a file"):
            tn.save(Net([Linear(2, 2)]), path)

    @pytest.mark.parametrize(("net", "what"), [(Linear, "the class Linear"), ({}, "dict"), (None, "NoneType")])
    def test_what_is_no_net(self, saved, net, what):
        with pytest.raises(TypeError, match=f"save: expected a Net or another layer, got {what}"):
            tn.save(net, saved)

    def test_a_function_as_an_argument(self, saved):
        with pytest.raises(TypeError, match="Own: argument option is a function"):
            tn.save(Net([Own(np.tanh)]), saved)

    def test_a_type_that_the_format_lacks(self, saved):
        layer = Own()
        layer.times = np.zeros(2, "M8[s]")
        with pytest.raises(TypeError, match=r"save: times has type datetime64\[s\]"):
            tn.storage.tensors.write_tensors("save", saved, layer.state(), {})

    def test_a_parameter_added_after_construction(self, saved):
        net = Net([Own()])
        net[0].extra = Parameter(np.ones(2))
        with pytest.raises(ValueError, match=r"save: built again .* another: .*unexpected: 0\.extra[\s\S]*np\.savez"):
            tn.save(net, saved)

    def test_a_layer_exchanged_after_construction(self, saved):
        net = Net([Own(), ReLU()])
        net.layers = (Own(), Own())
        with pytest.raises(ValueError, match=r"layer 1 is a Own and would be a ReLU\. Nothing"):
            tn.save(net, saved)

    def test_an_argument_changed_after_construction_is_told(self, tmp_path):
        net = Net([Own(0.5)])
        net[0].option = 0.2
        with pytest.warns(UserWarning, match=r"option of layer 0 is 0\.2, but tn\.load will bring back 0\.5"):
            tn.save(net, tmp_path / "net")
        assert tn.load(tmp_path / "net", layers=[Own])[0].option == 0.5

    def test_two_classes_of_one_name(self, saved):
        other = type("Linear", (Own,), {})
        with pytest.raises(ValueError, match="^save: the net holds two different classes named Linear"):
            tn.save(Net([other(), Linear(2, 2)]), saved)


class TestLoading:
    def test_no_file(self, saved):
        with pytest.raises(
            FileNotFoundError, match=r"load: there is no file '.*nett'.*\nHint: that folder holds net\."
        ):
            tn.load(saved.with_name("nett"))

    def test_a_forgotten_suffix(self, saved):
        with pytest.raises(FileNotFoundError, match=r"did you mean 'net\.safetensors'"):
            tn.load(saved.with_suffix(""))

    def test_no_folder(self, saved):
        with pytest.raises(FileNotFoundError, match=r"there is no folder '.*nowhere' either; the working folder is"):
            tn.load(saved.parent / "nowhere" / "net")

    def test_an_empty_folder_around(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="there is no file .*\nHint: the working folder is"):
            tn.load(tmp_path / "net")

    def test_a_folder_with_a_net_inside(self, saved):
        with pytest.raises(
            IsADirectoryError, match=r"is a folder, not a file.*\nHint: the folder holds net\.safetensors"
        ):
            tn.load(saved.parent)

    def test_a_folder_without_one(self, tmp_path):
        with pytest.raises(IsADirectoryError, match=r"Hint: name the file too, as in '.*model\.safetensors'"):
            tn.load(tmp_path)

    def test_a_device(self):
        with pytest.raises(OSError, match="is a device or a pipe"):
            tn.load("/dev/null")

    @pytest.mark.parametrize(
        ("number", "words"), [(errno.EACCES, "there is no permission to read it"), (errno.EIO, "Input/output error")]
    )
    def test_no_permission(self, saved, monkeypatch, number, words):
        def refuse(*_):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr("builtins.open", refuse)
        with pytest.raises(OSError, match=f"could not be read: {words}"):
            tn.load(saved)
        monkeypatch.undo()

    @pytest.mark.parametrize("kept", [1, 7, 8, 100, -1])
    def test_cut_off_at(self, saved, tmp_path_factory, kept):
        part = tmp_path_factory.mktemp("part") / "net"
        part.write_bytes(saved.read_bytes()[:kept])
        with pytest.raises(ValueError, match="is not a safetensors file, or it is damaged or cut off"):
            tn.load(part)

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b"", "is empty"),
            (b"hello, this is a text file", "is not a safetensors file"),
            (b"\x80\x04\x95rest of it", "a pickle, which is never read because it can run code"),
            (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
            (b"\x1f\x8b\x08 and so on", "gzip-compressed"),
            (struct.pack("<Q", 2**63) + b"{}", "header too large"),
            (struct.pack("<Q", 90_000_000) + b"{}", "invalid header length"),
            (struct.pack("<Q", 5) + b"{nope", "invalid JSON in header"),
        ],
    )
    def test_other_files(self, tmp_path, data, words):
        (tmp_path / "net").write_bytes(data)
        with pytest.raises(ValueError, match=f"load: .*{words}"):
            tn.load(tmp_path / "net")

    def test_numpy_files(self, tmp_path):
        np.savez(tmp_path / "net.npz", a=np.ones(2))
        np.save(tmp_path / "net.npy", np.ones(2))
        with pytest.raises(ValueError, match="is a zip archive, as .npz"):
            tn.load(tmp_path / "net.npz")
        with pytest.raises(ValueError, match=r"is a NumPy \.npy file"):
            tn.load_weights(Net([Linear(2, 2)]), tmp_path / "net.npy")

    def test_a_file_of_pytorch(self, tmp_path):
        from safetensors.numpy import save_file

        save_file({"0.weight": np.ones((2, 2))}, tmp_path / "torch", {"format": "pt"})
        with pytest.raises(ValueError, match=r"no Tinynet architecture.*\nHint: .*tn\.load_weights\(net, path\)"):
            tn.load(tmp_path / "torch")

    def test_numbers_that_numpy_lacks(self, tmp_path):
        header = json.dumps({"0.weight": {"dtype": "BF16", "shape": [1, 2], "data_offsets": [0, 4]}}).encode()
        (tmp_path / "torch").write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 4)
        with pytest.raises(ValueError, match=r"^load_weights: 0\.weight in '.*torch' holds BF16 numbers"):
            tn.load_weights(Net([Linear(2, 1, bias=False)]), tmp_path / "torch")

    def test_a_class_of_ones_own(self, tmp_path):
        tn.save(Net([Own(Own(3))]), tmp_path / "net")
        with pytest.raises(ValueError, match=r"needs the class Own, .*\n.*tn\.load\(path, layers=\[Own\]\)"):
            tn.load(tmp_path / "net")
        assert tn.load(tmp_path / "net", layers=[Own])[0].option.option == 3

    def test_several_classes_of_ones_own(self, tmp_path):
        other = type("Another", (Own,), {})
        tn.save(Net([Own(), other()]), tmp_path / "net")
        with pytest.raises(ValueError, match=r"needs the classes Another, Own.*\n.*them.*layers=\[Another, Own\]"):
            tn.load(tmp_path / "net")

    def test_a_class_of_ones_own_with_a_name_of_tinynet(self, tmp_path):
        mine = type("ReLU", (Own,), {})
        tn.save(Net([mine()]), tmp_path / "mine")
        with pytest.raises(ValueError, match="needs the class ReLU"):
            tn.load(tmp_path / "mine")
        assert type(tn.load(tmp_path / "mine", layers=[mine])[0]) is mine
        tn.save(Net([ReLU()]), tmp_path / "theirs")
        assert type(tn.load(tmp_path / "theirs", layers=[mine])[0]) is ReLU

    @pytest.mark.parametrize(
        ("layers", "words"),
        [
            (Own, "layers must be a list of classes, got"),
            ([Own()], r"got an object of Own\.\nHint: write layers=\[Own\]"),
            (["Own"], "layers must hold classes derived from Layer, got 'Own'"),
            ([dict], "layers must hold classes derived from Layer"),
        ],
    )
    def test_what_is_no_list_of_classes(self, saved, layers, words):
        with pytest.raises(TypeError, match=words):
            tn.load(saved, layers=layers)


def _set(**entries):
    return lambda about, arrays: about.update(entries)


def _argument(name, value):
    return lambda about, arrays: about["net"]["arguments"]["layers"][0]["arguments"].update({name: value})


TAMPERED = {
    "no JSON": (lambda about, arrays: "{", "its architecture is not JSON"),
    "deep JSON": (lambda about, arrays: "[" * 100_000 + "]" * 100_000, "its architecture is not JSON"),
    "another JSON": (lambda about, arrays: "[1]", "names no format"),
    "no format": (_set(format="1"), "names no format"),
    "later format": (
        _set(format=2, version="9.1"),
        r"has format 2, written by Tinynet 9\.1; .* up to 1\.\nHint: install",
    ),
    "no net": (_set(net=3), "no proper entry 'net'"),
    "no ties": (_set(ties=None), "no proper entry 'ties'"),
    "empty net": (_set(net={}), "unknown entry|not that of a layer"),
    "tuple as net": (_set(net={"tuple": []}), "not that of a layer"),
    "unknown entry": (_argument("bias", {"run": "this"}), "unknown entry"),
    "dotted name": (_set(net={"class": "os.system", "arguments": {"command": "ls"}}), r"needs the class os\.system"),
    "abstract class": (_set(net={"class": "Layer", "arguments": {}}), "abstract"),
    "class of another kind": (_set(net={"class": ["Net"], "arguments": {}}), "contradicts itself"),
    "other shape": (_argument("in_features", 4), r"wrong shape: 0\.weight \(expected \(2, 4\), got \(2, 3\)\)"),
    "impossible size": (_argument("in_features", 0), "in_features must be at least 1"),
    "huge size": (_argument("in_features", 2**50), "contradicts itself"),
    "size as text": (_argument("in_features", "3"), "in_features must be an integer"),
    "unknown argument": (_argument("gain", 1), "Linear has no argument gain"),
    "no arguments": (_set(net={"class": "Linear", "arguments": {}}), "missing .* required"),
    "arguments as list": (_set(net={"class": "Linear", "arguments": []}), "contradicts itself"),
    "missing tensor": (lambda about, arrays: arrays.pop("2.bias") is None, r"missing: 2\.bias"),
    "extra tensor": (lambda about, arrays: arrays.update(extra=np.ones(1)), "unexpected: extra"),
    "integer weights": (
        lambda about, arrays: arrays.update({"0.bias": np.ones(2, np.int32)}),
        "dtype must be a floating type",
    ),
    "unknown dtype": (_set(dtype="float33"), "contradicts itself"),
    "integer dtype": (_set(dtype="int32"), "dtype must be a floating type"),
    "tie to nowhere": (_set(ties={"2.weight": "7.weight"}), r"there is no '7\.weight'"),
    "tie of other shapes": (_set(ties={"2.bias": "0.bias"}), r"unexpected: 2\.bias"),
    "unknown frozen": (_set(frozen=["9.weight"]), r"there is no '9\.weight'"),
    "frozen of no kind": (_set(frozen=[{}]), "contradicts itself"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_tampered_file_is_refused(saved, tmp_path_factory, name):
    change, words = TAMPERED[name]
    bad = tmp_path_factory.mktemp("bad") / "net.safetensors"
    bad.write_bytes(altered(saved, change))
    with pytest.raises(ValueError, match=rf"load: '.*net\.safetensors' [\s\S]*(?:{words})"):
        tn.load(bad)


def test_a_statistic_of_another_kind_is_refused(tmp_path):
    layer = Own()
    layer.count = np.zeros(1, np.int64)
    with pytest.raises(ValueError, match="would be another"):  # the constructor does not make it
        tn.save(layer, tmp_path / "net")

    class Counting(Own):
        def __init__(self):
            self.count = np.zeros(1, np.int64)

    tn.save(Counting(), tmp_path / "net")
    (tmp_path / "bad").write_bytes(altered(tmp_path / "net", lambda about, arrays: arrays.update(count=np.ones(1))))
    with pytest.raises(ValueError, match="count is float64, expected int64"):
        tn.load(tmp_path / "bad", layers=[Counting])
    layer = Counting()
    with pytest.raises(ValueError, match=r"numbers of another kind: count \(expected int64, got float64\)"):
        tn.load_weights(layer, tmp_path / "bad")
    assert layer.count.tolist() == [0]


def test_load_weights_names_all_that_does_not_fit_and_changes_nothing(saved):
    net = Net([Linear(3, 3), ReLU(), ReLU(), Linear(2, 3)])
    before = net.state()
    with pytest.raises(ValueError, match="load_weights: .*was not loaded, the net is unchanged") as caught:
        tn.load_weights(net, saved)
    for words in ("missing: 3.weight, 3.bias", "unexpected: 2.", "0.weight (expected (3, 3), got (2, 3))"):
        assert words in str(caught.value)
    assert all(np.array_equal(array, before[path]) for path, array in net.state().items())


def test_load_weights_needs_a_net_first(saved):
    with pytest.raises(
        TypeError, match=r"load_weights: expected a Net .* got str.*\nHint: write tn\.load_weights\(net, path\)"
    ):
        tn.load_weights("net", saved)


class TestAtomicWrite:
    def test_bytes_and_text(self, tmp_path):
        atomic_write(tmp_path / "a", b"\0\r\n")
        atomic_write(str(tmp_path / "b"), "ä\r\n")
        assert (tmp_path / "a").read_bytes() == b"\0\r\n"
        assert (tmp_path / "b").read_bytes() == "ä\r\n".encode()

    def test_anything_else(self, tmp_path):
        with pytest.raises(TypeError, match="atomic_write: content must be text or bytes, got dict"):
            atomic_write(tmp_path / "a", {})

    def test_permissions_stay(self, tmp_path):
        (tmp_path / "a").write_text("old")
        os.chmod(tmp_path / "a", 0o640)
        atomic_write(tmp_path / "a", "new")
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640

    def test_permissions_of_a_new_file_are_the_usual_ones(self, tmp_path):
        (tmp_path / "usual").write_text("")
        atomic_write(tmp_path / "a", "new")
        assert (tmp_path / "a").stat().st_mode == (tmp_path / "usual").stat().st_mode

    def test_a_link_is_followed(self, tmp_path):
        (tmp_path / "a").write_text("old")
        (tmp_path / "link").symlink_to("a")
        atomic_write(tmp_path / "link", "new")
        assert (tmp_path / "a").read_text() == "new"
        assert (tmp_path / "link").is_symlink()

    def test_a_relative_path(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        atomic_write("a", "new")
        assert (tmp_path / "a").read_text() == "new"

    def test_a_system_that_refuses(self, tmp_path):
        with pytest.raises(OSError, match="could not be written: .*; nothing was changed"):
            atomic_write("/proc/tinynet.txt", "no such place for files")

    def test_a_verification_that_fails(self, tmp_path):
        (tmp_path / "a").write_text("old")

        def refuse(path):
            assert path.read_text() == "new"
            raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            atomic_write(tmp_path / "a", "new", verify=refuse)
        assert (tmp_path / "a").read_text() == "old"
        assert len(list(tmp_path.iterdir())) == 1
