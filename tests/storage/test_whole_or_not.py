"""What reaches the disk and in which order, which types come back, and the sentences of damage word for word."""

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

import tinynet as tn
from tinynet.layers import BatchNorm1D, Linear
from tinynet.net import Net
from tinynet.storage import checkpoints
from tinynet.storage.checkpoints import Content, checkpoints_in, pointed, read_checkpoint, write_checkpoint
from tinynet.storage.tensors import read_tensors, write_tensors


def content(number: int) -> Content:
    return Content({"settings": {}}, {"w": np.full(3, number, np.float32)}, {}, {}, {"step": number})


def test_the_files_are_on_the_disk_before_the_checkpoint_has_its_name(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(checkpoints, "sync_folder", lambda folder: seen.append((folder, sorted(os.listdir(folder)))))
    path = write_checkpoint("test", tmp_path, content(1))
    (inside, files), (outside, names) = seen
    assert inside.parent == outside == tmp_path
    assert files == ["arrays.safetensors", "config.json", "model.safetensors", "optimizer.safetensors", "state.json"]
    assert path.name in names
    assert inside.name not in names


def test_only_folders_of_that_name_are_checkpoints(tmp_path):
    first = write_checkpoint("test", tmp_path, content(1))
    (tmp_path / "checkpoint-000009").write_text("a file")
    (tmp_path / "notes").mkdir()
    (tmp_path / "checkpoint-1").mkdir()
    second = write_checkpoint("test", tmp_path, content(2))
    assert second.name == "checkpoint-000002"
    assert checkpoints_in(tmp_path) == [second, first]
    for name in ("checkpoint-000009", "checkpoint-000007", "notes", "ä", "../" + tmp_path.name):
        (tmp_path / "latest").write_text(f"{name}\n", encoding="utf-8")
        assert pointed(tmp_path, "latest") is None


def test_what_the_disk_gives_back_otherwise_is_not_taken_for_written(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "write_through", lambda path, data: Path(path).write_bytes(data[:-1] + b"?"))
    with pytest.raises(
        OSError,
        match=r"^test: '.*' was not written, what came back from the disk differs; nothing was changed\.\n"
        r"Hint: the disk may be damaged; try another one\.$",
    ):
        write_checkpoint("test", tmp_path, content(1))
    assert checkpoints_in(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"files": []}, r"state\.json is none \(AttributeError: 'list' object has no attribute 'get'\)"),
        ({"state": None}, r"state\.json holds no state"),
        ({"format": 99}, r"state\.json has format 99, this Tinynet reads \d"),
    ],
)
def test_a_damaged_checkpoint_is_named_by_who_reads_it(tmp_path, body, words):
    path = write_checkpoint("test", tmp_path, content(1))
    found = json.loads((path / "state.json").read_bytes())
    found.pop("sha256")
    found |= body
    found["sha256"] = checkpoints._digest(checkpoints._json(found))
    (path / "state.json").write_bytes(checkpoints._json(found))
    hint = r"Hint: an earlier checkpoint of the same folder may be whole\."
    with pytest.raises(
        ValueError, match=rf"^test: the checkpoint '{re.escape(str(path))}' is damaged: {words}\.\n{hint}$"
    ):
        read_checkpoint("test", path)


def test_numbers_of_float64_come_back_with_all_their_digits(tmp_path):
    net = Net([Linear(3, 2), BatchNorm1D(2)]).astype(np.float64)
    for array in net.parameters().values():
        array.tensor = np.random.default_rng(0).normal(size=array.shape)
    net[1].running_mean[...] = 1 / 3
    net[1].num_batches_tracked[...] = 2**24 + 1
    tn.save(net, tmp_path / "net.safetensors")
    loaded = tn.load(tmp_path / "net.safetensors")
    assert loaded.dtype == np.float64
    for path, array in net.state().items():
        assert loaded.state()[path].dtype == array.dtype
        np.testing.assert_array_equal(loaded.state()[path], array)


@pytest.mark.parametrize(
    ("architecture", "words"),
    [
        ("[", "its architecture is not JSON that can be read"),
        ("[]", "its architecture "),
        ("{}", "its architecture "),
    ],
)
@pytest.mark.parametrize("reader", [tn.read_card, tn.load], ids=["read_card", "load"])
def test_a_damaged_architecture_is_named_by_who_reads_it(tmp_path, reader, architecture, words):
    path = tmp_path / "net.safetensors"
    tn.save(Net([Linear(2, 1)]), path)
    arrays, metadata = read_tensors("test", path)
    write_tensors("test", path, arrays, metadata | {"tinynet": architecture})
    with pytest.raises(ValueError, match=rf"^{reader.__name__}: '{re.escape(str(path))}' .*{words}"):
        reader(path)
