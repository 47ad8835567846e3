"""Small things about saving and loading that a user would notice, though nothing is lost by them."""

import errno
import json
import os
import stat
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save as packed

import tinynet as tn
from tests.storage.test_storage_bounds import entry, file_of
from tinynet.layers import BatchNorm1D, Layer, Linear
from tinynet.net import Net
from tinynet.storage import atomic, atomic_write, check_savable


class Own(Layer):
    def __init__(self, option=None):
        self.option = option

    def forward(self, x):
        self.option = x.shape[-1] if self.option is None else self.option
        return x

    def backward(self, dy):
        return dy


def nested(depth, width):
    """Lists in lists, and at the bottom many of them side by side."""
    value = [[] for _ in range(width)]
    for _ in range(depth):
        value = [value]
    return value


class TestDepth:
    def test_what_lies_less_deep_may_be_many(self, tmp_path):
        option = nested(200, 2600)
        tn.save(Own(option), tmp_path / "net")
        assert tn.load(tmp_path / "net", layers=[Own]).option == option

    def test_many_things_that_lie_deep_are_refused(self, tmp_path):
        (tmp_path / "deep").write_bytes(file_of(entry("Net", layers=nested(300, 3000))))
        with pytest.raises(ValueError, match=r"deep' contradicts itself: its layers are nested too deep: 30\d deep"):
            tn.load(tmp_path / "deep")


def test_a_shape_with_a_one_in_it_is_counted(tmp_path):
    (tmp_path / "wide").write_bytes(file_of(entry("LayerNorm", normalized_shape={"tuple": [1, 3_000_000]})))
    with pytest.raises(ValueError, match=r"its layers hold at least 3,000,000 numbers, the file has 0\."):
        tn.load(tmp_path / "wide")


class TestCheckSavable:
    def test_a_net_that_can_be_saved_and_nothing_is_written(self, tmp_path):
        check_savable(Net([Linear(3, 2)]), tmp_path / "net")
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize(
        ("net", "words"),
        [
            ("net", "save: expected a Net or another layer, got str"),
            (Linear, "save: expected a Net or another layer, got the class Linear"),
            (Net([Own(np.tanh)]), "Own: argument option is a function"),
        ],
    )
    def test_what_cannot_be_saved(self, tmp_path, net, words):
        with pytest.raises(TypeError, match=words):
            check_savable(net, tmp_path / "net")

    def test_a_full_disk(self, tmp_path, monkeypatch):
        def full(_):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(atomic.os, "fsync", full)
        with pytest.raises(OSError, match="save: '.*net' could not be written: the disk is full; nothing was changed"):
            check_savable(Linear(3, 2), tmp_path / "net")


class TestDisk:
    def test_all_bytes_are_in_the_file_when_it_is_sent_to_the_disk(self, tmp_path, monkeypatch):
        sync, sizes = os.fsync, []

        def note(descriptor):
            status = os.fstat(descriptor)
            if stat.S_ISREG(status.st_mode):
                sizes.append(status.st_size)
            sync(descriptor)

        monkeypatch.setattr(atomic.os, "fsync", note)
        atomic_write(tmp_path / "note", b"x" * 1000)
        assert sizes == [1000]

    def test_a_system_that_syncs_no_folders(self, tmp_path, monkeypatch):
        sync = os.fsync

        def refuse(descriptor):
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
            sync(descriptor)

        monkeypatch.setattr(atomic.os, "fsync", refuse)
        atomic_write(tmp_path / "note", "new")
        assert (tmp_path / "note").read_text() == "new"


def test_the_architecture_in_a_file_can_be_read_by_people(tmp_path):
    tn.save(Net([Own("Größe")]), tmp_path / "net")
    with safe_open(tmp_path / "net", framework="numpy") as file:
        words = file.metadata()["tinynet"]
    assert '"Größe"' in words
    assert json.loads(words)["custom"] == ["Own"]


class TestChangedArguments:
    def test_the_warning_points_at_the_line_that_saves(self, tmp_path):
        layer = Own(0.5)
        layer.option = 0.2
        with pytest.warns(UserWarning, match=r"option of layer .* is 0\.2") as caught:
            tn.save(layer, tmp_path / "net")
        assert [Path(warning.filename) for warning in caught] == [Path(__file__)]

    def test_what_a_layer_finds_out_by_itself_is_no_change(self, tmp_path):
        net = Net([Own(None)])
        net.forward(np.ones((2, 3)))
        assert net[0].option == 3
        tn.save(net, tmp_path / "net")  # a warning would be an error here
        assert tn.load(tmp_path / "net", layers=[Own])[0].option is None


def test_numbers_of_another_kind_are_told_by_the_net(tmp_path):
    net = BatchNorm1D(2)
    arrays = {name: np.asarray(array, np.float32) for name, array in net.state().items()}
    (tmp_path / "net").write_bytes(packed(arrays))
    words = r"was not loaded, the net is unchanged\. BatchNorm1D: these entries hold numbers of another kind: num_"
    with pytest.raises(ValueError, match=words):
        tn.load_weights(net, tmp_path / "net")
