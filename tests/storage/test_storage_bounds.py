"""A short file costs little, whatever it claims; what is saved can be loaded; what a killed save left is removed."""

import json
import os
import resource
import signal
import stat
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save as packed

import tinynet as tn
from tinynet import layers
from tinynet.core import Parameter, generator_states, stream, temporary
from tinynet.layers import Layer, Linear, ReLU
from tinynet.net import Net, Residual
from tinynet.storage import atomic


class Own(Layer):
    """A layer of one's own, which draws more numbers than it keeps."""

    def __init__(self, option=None):
        self.weight = Parameter(stream("weights").uniform(-1, 1, 100_000)[:2])
        self.option = option

    def forward(self, x):
        return x

    def backward(self, dy):
        return dy


def file_of(net, arrays=None):
    """The bytes of a file with this architecture."""
    about = {"format": 1, "version": "1", "net": net, "custom": [], "dtype": "float32"}
    about |= {"dtypes": {}, "ties": {}, "frozen": []}
    return packed(arrays or {}, {"tinynet": json.dumps(about)})


def entry(name, **arguments):
    return {"class": name, "arguments": arguments}


HUGE = {
    "linear": entry("Linear", in_features=20_000, out_features=20_000),
    "beyond every memory": entry("Linear", in_features=10**30, out_features=10**30),
    "convolution": entry("Conv2D", in_channels=4096, out_channels=4096, kernel_size=9),
    "batch norm": entry("BatchNorm2D", num_features=10**10),
    "statistics": entry("BatchNorm1D", num_features=10**10, affine=False),
    "layer norm": entry("LayerNorm", normalized_shape={"tuple": [40_000, 40_000]}),
    "group norm": entry("GroupNorm", num_groups=1, num_channels=10**10),
    "root mean square": entry("RMSNorm", normalized_shape=10**10),
    "parametric": entry("PReLU", num_parameters=10**10),
    "embedding": entry("Embedding", num_embeddings=10**9, embedding_dim=9),
    "positions": entry("LearnedPosition", max_length=10**9, embedding_dim=9),
    "deep recurrence": entry("LSTM", input_size=1, hidden_size=1, num_layers=10**9),
    "attention": entry("MultiHeadAttention", embed_dim=50_000, num_heads=1),
    "transformer": entry("TransformerBlock", embed_dim=50_000, num_heads=1),
    "many of them": entry("Net", layers=[entry("Linear", in_features=500, out_features=500)] * 2000),
}


@pytest.mark.parametrize("name", HUGE)
def test_a_short_file_that_names_a_huge_net(tmp_path, name):
    path = tmp_path / "huge.safetensors"
    path.write_bytes(file_of(HUGE[name]))
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    with pytest.raises(ValueError, match=r"load: '.*huge\.safetensors' contradicts itself: ") as caught:
        tn.load(path)
    assert "there is no" not in str(caught.value), "a class of this name must exist"
    assert time.perf_counter() - start < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB


def test_the_sentence_counts_the_numbers(tmp_path):
    (tmp_path / "huge.safetensors").write_bytes(file_of(HUGE["linear"], {"0.bias": np.ones(3, np.float32)}))
    with pytest.raises(ValueError, match=r"its layers hold at least 400,000,000 numbers, the file has 3\."):
        tn.load(tmp_path / "huge.safetensors")


def test_wide_layers_without_arrays_are_no_cost(tmp_path):
    wide = [layers.BatchNorm2D(10**9, affine=False, track_running_stats=False), layers.LayerNorm(10**9, 1e-5, False)]
    tn.save(Net([*wide, Linear(2, 2)]), tmp_path / "wide.safetensors")
    assert len(tn.load(tmp_path / "wide.safetensors")) == 3


def test_loading_draws_nothing_and_a_layer_of_ones_own_draws_what_it_needs(tmp_path):
    net = Net([Own(), Linear(3, 2)])
    tn.save(net, tmp_path / "own.safetensors")
    before = generator_states()
    again = tn.load(tmp_path / "own.safetensors", layers=[Own])
    assert generator_states() == before
    assert all(np.array_equal(array, net.state()[name]) for name, array in again.state().items())
    assert Linear(3, 2).weight.tensor.any(), "a layer made afterwards draws its weights as ever"


@pytest.mark.parametrize("wrap", [Residual, lambda layer: Net([layer]), lambda layer: Residual([layer])])
@pytest.mark.parametrize("depth", [20, 170, 300])
def test_what_is_saved_can_be_loaded_however_deep(tmp_path, wrap, depth):
    layer = ReLU()
    for _ in range(depth):
        layer = wrap(layer)
    net = Net([layer, Linear(2, 2)])
    try:
        tn.save(net, tmp_path / "deep.safetensors")
    except ValueError as error:
        assert "nested" in str(error)  # noqa: PT017  (either is right)
        assert depth > 100
        assert not list(tmp_path.iterdir())
    else:
        assert repr(type(tn.load(tmp_path / "deep.safetensors")[0])) == repr(type(layer))


def test_a_file_nested_deeper_than_any_net(tmp_path):
    net = entry("ReLU")
    for _ in range(420):
        net = entry("Residual", body=net)
    (tmp_path / "deep.safetensors").write_bytes(file_of(net))
    with pytest.raises(
        ValueError, match=r"deep\.safetensors' contradicts itself: its (layers are nested|architecture)"
    ):
        tn.load(tmp_path / "deep.safetensors")


@pytest.mark.parametrize(
    "option",
    ["half a pair: \ud800", "Größe 😀", {"class": 1}, {"tuple": [1]}, {"dict": 3}, (1, [2, (3,)]), {1: {2: 3}}, 1e400],
)
def test_arguments_that_look_like_something_else(tmp_path, option):
    tn.save(Net([Own(option)]), tmp_path / "own.safetensors")
    assert tn.load(tmp_path / "own.safetensors", layers=[Own])[0].option == option


def test_a_shape_that_numpy_refuses(tmp_path):
    header = json.dumps({"a": {"dtype": "F32", "shape": [1] * 300, "data_offsets": [0, 4]}}).encode()
    path = tmp_path / "axes.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))
    with pytest.raises(ValueError, match=r"load_weights: '.*axes\.safetensors' is not a safetensors file"):
        tn.storage.load_weights(Net([Linear(2, 2)]), path)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name is text")
def test_a_name_that_is_no_text(tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.safetensors")
    Path(path).write_bytes(file_of(entry("ReLU")))
    with pytest.raises(ValueError, match=r"'.*\\udcff\.safetensors' has bytes in its name that are not UTF-8"):
        tn.load(path)


LONG = "z" * 200_000


@pytest.mark.parametrize(
    "net",
    [
        entry("Net", layers=[entry(f"Unknown{number}") for number in range(20_000)]),
        entry("Linear", **{LONG: 1}),
        entry(LONG),
        {LONG: 1},
    ],
)
def test_a_sentence_ends(tmp_path, net):
    (tmp_path / "long.safetensors").write_bytes(file_of(net))
    with pytest.raises(ValueError, match=r"long\.safetensors") as caught:
        tn.load(tmp_path / "long.safetensors")
    assert len(str(caught.value)) < 25_000


def test_a_sentence_about_many_entries_ends(tmp_path):
    path = tmp_path / "many.safetensors"
    path.write_bytes(packed({f"{number}.weight": np.ones(1, np.float32) for number in range(20_000)}))
    with pytest.raises(
        ValueError, match=r"missing: 0\.bias; unexpected: 1\.weight, .* … and .* more characters\.$"
    ) as caught:
        tn.storage.load_weights(Net([Linear(1, 1)]), path)
    assert len(str(caught.value)) < 25_000


def test_a_terminal_obeys_nothing_that_stands_in_a_file(tmp_path):
    (tmp_path / "escape.safetensors").write_bytes(file_of(entry("\x1b]0;title\x07\x1b[2J")))
    with pytest.raises(ValueError, match=r"needs the class \\x1b\]0;title\\x07\\x1b\[2J, which") as caught:
        tn.load(tmp_path / "escape.safetensors")
    assert "\x1b" not in str(caught.value)


class TestLeftovers:
    SLOW = """
import os, sys, time
import numpy as np
import tinynet as tn
from tinynet.storage import atomic
def slowly(path, data):
    open(path, "wb").write(data[:10]); print("writing", flush=True); time.sleep(60)
atomic.write_through = slowly
atomic.atomic_write(sys.argv[1], b"x" * 1000)
"""

    def start(self, path):
        process = subprocess.Popen([sys.executable, "-c", self.SLOW, path], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        return process

    def test_what_a_killed_save_left_is_removed_by_the_next(self, tmp_path):
        process = self.start(tmp_path / "net")
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert len(list(tmp_path.glob(".tinynet-*.tmp"))) == 1
        atomic.atomic_write(tmp_path / "other", b"new")
        assert [path.name for path in tmp_path.iterdir()] == ["other"]

    def test_what_another_process_still_writes_stays(self, tmp_path):
        process = self.start(tmp_path / "net")
        try:
            atomic.atomic_write(tmp_path / "net", b"new")
            assert len(list(tmp_path.glob(".tinynet-*.tmp"))) == 1
        finally:
            process.kill()
            process.communicate()

    def test_folders_and_foreign_things(self, tmp_path):
        (tmp_path / ".tinynet-1.tmp" / "inside").mkdir(parents=True)
        (tmp_path / "precious").write_bytes(b"kept")
        (tmp_path / ".tinynet-2.tmp").symlink_to(tmp_path / "precious")
        os.mkfifo(tmp_path / ".tinynet-3.tmp")
        temporary.remove_leftovers(tmp_path)
        assert not (tmp_path / ".tinynet-1.tmp").exists()
        assert (tmp_path / "precious").read_bytes() == b"kept"

    def test_one_that_is_taken_for_a_leftover_before_it_is_locked(self, tmp_path, monkeypatch):
        opened, taken = temporary._opened, []

        def take_the_first(path):
            if not taken:
                taken.append(path)
                path.unlink()
            return opened(path)

        monkeypatch.setattr(temporary, "_opened", take_the_first)
        atomic.atomic_write(tmp_path / "net", b"new")
        assert [path.name for path in tmp_path.iterdir()] == ["net"]

    def test_without_locks_everything_stays(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "fcntl", None)
        (tmp_path / ".tinynet-1.tmp").touch()
        atomic.atomic_write(tmp_path / "net", b"new")
        assert sorted(path.name for path in tmp_path.iterdir()) == [".tinynet-1.tmp", "net"]


def test_the_folder_is_synced_after_the_file_has_its_name(tmp_path, monkeypatch):
    synced = []

    def note(descriptor):
        kind = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        synced.append(("folder", (tmp_path / "net").exists()) if kind else ("file", (tmp_path / "net").exists()))

    monkeypatch.setattr(atomic.os, "fsync", note)
    atomic.atomic_write(tmp_path / "net", b"new")
    assert synced == [("file", False), ("folder", True)]
