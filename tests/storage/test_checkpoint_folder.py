"""A folder of checkpoints: each is whole or absent, and nothing that fails harms those written before."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinynet as tn
from tinynet.layers import Linear
from tinynet.storage.checkpoints import (
    BEST,
    LATEST,
    STATE,
    Content,
    _json,
    checkpoints_in,
    keep_last,
    pointed,
    read_checkpoint,
    write_checkpoint,
)
from tinynet.storage.values import is_storable, packed, unpacked


def content(number: int) -> Content:
    arrays = {"w": np.full((3, 2), number, np.float32), "none": np.zeros((0, 4))}
    return Content({"settings": {}}, arrays, {}, {"slots": {"w": np.arange(3.0)}}, {"step": number, 7: (1, 2.5, None)})


def numbers_in(folder: Path) -> list[int]:
    return [int(read_checkpoint("test", path).state["step"]) for path in checkpoints_in(folder)]


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    path = write_checkpoint("test", tmp_path, content(5))
    found = read_checkpoint("test", path)
    assert found.config == {"settings": {}, "format": 1}
    assert found.state == {"step": 5, 7: (1, 2.5, None)}
    np.testing.assert_array_equal(found.model["w"], np.full((3, 2), 5, np.float32))
    assert found.model["none"].shape == (0, 4)
    np.testing.assert_array_equal(found.optimizer["slots"]["w"], np.arange(3.0))
    files = json.loads((path / STATE).read_text())["files"]
    assert sorted(files) == ["arrays.safetensors", "config.json", "model.safetensors", "optimizer.safetensors"]


def test_the_last_and_the_best_are_kept(tmp_path: Path) -> None:
    for number in range(1, 8):
        write_checkpoint("test", tmp_path, content(number), is_best=number == 2)
        keep_last(tmp_path, 3)
    assert numbers_in(tmp_path) == [7, 6, 5, 2]
    assert pointed(tmp_path, BEST) == tmp_path / "checkpoint-000002"
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [BEST, LATEST]


def test_the_one_that_latest_names_comes_first(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        write_checkpoint("test", tmp_path, content(number))
    (tmp_path / LATEST).write_text("checkpoint-000002\n")
    assert numbers_in(tmp_path) == [2, 3, 1]
    for odd in ("../../etc", "checkpoint-000009", "", "\udcff".encode("utf-8", "surrogateescape"), b"x" * 10_000):
        (tmp_path / LATEST).write_bytes(odd if isinstance(odd, bytes) else odd.encode())
        assert numbers_in(tmp_path) == [3, 2, 1]


def test_whatever_stands_in_a_pointer_it_names_a_checkpoint_or_none(tmp_path: Path) -> None:
    path = write_checkpoint("test", tmp_path, content(1))
    for text, found in (
        (b"checkpoint-000001", path),
        (b" checkpoint-000001\r\n", path),
        (b"checkpoint-000001" + b" " * 200, path),
        (b"checkpoint-000001" + b" " * 100 + b"!", path),
        (b"\xff\xfe\x00", None),
        (b"checkpoint-000001 and more", None),
        (b"state.json", None),
    ):
        (tmp_path / LATEST).write_bytes(text)
        assert pointed(tmp_path, LATEST) == found
    assert pointed(tmp_path, BEST) is None
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / BEST)
        assert pointed(tmp_path, BEST) is None


CALLS = ("open", "write", "fsync", "rename", "replace", "mkdir", "touch")


class FailsOnce:
    """A file system that fails at the n-th of the calls that change it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, number: int, code: int) -> None:
        self.left, self.folder, self.code, self.failed = number, str(folder), code, ""
        for owner, name in ((os, "fsync"), (os, "rename"), (os, "replace"), (os, "mkdir"), (Path, "touch")):
            monkeypatch.setattr(owner, name, self.spoiled(name, getattr(owner, name)))
        write = FailsOnce.write_some
        monkeypatch.setattr("tinynet.storage.atomic.write_through", self.spoiled("write", write))
        monkeypatch.setattr("tinynet.storage.checkpoints.write_through", self.spoiled("write", write))

    @staticmethod
    def write_some(path: Path, data: bytes) -> None:
        with open(path, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def spoiled(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def spoiled(*args: Any, **options: Any) -> Any:
            self.left -= 1
            if self.left == -1:
                self.failed = name
                if name == "write":
                    args[0].write_bytes(args[1][: len(args[1]) // 2])  # a disk fills up in the middle of a file
                raise OSError(self.code, os.strerror(self.code), str(args[0]))
            return call(*args, **options)

        return spoiled


def failures(folder: Path, code: int, write: Callable[[], Any]) -> Iterator[tuple[str, OSError | None]]:
    """Let a save fail at each of its calls in turn: which it was, and the error."""
    for number in range(200):
        with pytest.MonkeyPatch.context() as monkeypatch:
            system = FailsOnce(monkeypatch, folder, number, code)
            try:
                write()
                error = None
            except OSError as caught:
                error = caught
        if not system.failed:
            return
        yield system.failed, error


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS], ids=errno.errorcode.get)
def test_whatever_fails_the_checkpoints_before_are_whole(tmp_path: Path, code: int) -> None:
    start = tmp_path / "start"
    start.mkdir()
    for number in (1, 2):
        write_checkpoint("test", start, content(number), is_best=True)
    folder, failed = tmp_path / "folder", []

    def write() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(start, folder)
        write_checkpoint("test", folder, content(3), is_best=True)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(shutil, "copytree", copied)
        for name, error in failures(folder, code, write):
            failed.append(name)
            assert numbers_in(folder) in ([2, 1], [3, 2, 1], [2, 3, 1]), name
            assert not [path for path in folder.iterdir() if path.name.startswith(".tinynet")], name
            if error is not None:
                assert str(folder) in str(error), name
                assert "checkpoint" in str(error) or "latest" in str(error) or "best" in str(error), name
    assert set(failed) == {"write", "fsync", "rename", "replace", "mkdir", "touch"}


def copied(start: Path, folder: Path) -> None:
    subprocess.run(["cp", "-r", start, folder], check=True)  # by another process, in which nothing fails


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO], ids=errno.errorcode.get)
def test_whatever_fails_a_saved_net_is_the_old_one_or_the_new_one(tmp_path: Path, code: int) -> None:
    old, new, path, failed = Linear(2, 2), Linear(2, 2), tmp_path / "net.safetensors", []
    tn.save(old, path)
    weights = [net.weight.tensor.copy() for net in (old, new)]
    before = path.read_bytes()

    def write() -> None:
        with open(path, "wb") as file:
            file.write(before)
        tn.save(new, path)

    for name, error in failures(tmp_path, code, write):
        failed.append(name)
        found = tn.load(path).weight.tensor
        assert any(np.array_equal(found, weight) for weight in weights), name
        assert [entry.name for entry in tmp_path.iterdir()] == [path.name], name
        if error is not None:
            np.testing.assert_array_equal(found, weights[0])
            assert str(path) in str(error), name
    assert set(failed) == {"write", "fsync", "replace", "touch"}


def test_values_of_every_kind_come_back() -> None:
    value = {
        "numbers": [1, 2.5, True, None, float("inf"), 2**100],
        (1, "a"): {"$array": 3},
        "a.b": np.arange(3),
        "a": {"b": np.float32(0.1)},
        "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "reversed": np.arange(4)[::-1],
    }
    assert is_storable(value)
    arrays: dict[str, np.ndarray] = {}
    again = unpacked(json.loads(json.dumps(packed("test", value, arrays, "x"))), arrays)
    assert again.keys() == value.keys()
    np.testing.assert_equal(again, value)
    assert type(again["a"]["b"]) is np.float32


def test_what_cannot_be_stored_is_named() -> None:
    with pytest.raises(TypeError, match=r"test: x\.a\.0 is a function, which cannot be stored\."):
        packed("test", {"a": [lambda: 1]}, {}, "x")
    with pytest.raises(TypeError, match=r"test: x\.a holds object, which cannot be stored\."):
        packed("test", {"a": np.array([None])}, {}, "x")
    assert not is_storable({"a": np.array(["text"])})
    for value in ([1, print], (print, 1), {"a": 1, "b": print}, {"a": print, "b": 1}, {print: 1, "b": 2}, 1j):
        assert not is_storable(value)
    for value in ([], (), {}, [1, None], {"a": 1, 2: "b"}):
        assert is_storable(value)


def test_one_part_that_cannot_be_stored_is_enough() -> None:
    assert is_storable({"a": [1, (2.5, None)], 3: {"b": np.ones(2)}})
    for value in ([1, print], (print, 1), {"a": 1, "b": print}, {"a": print, "b": 1}, {(1, print): 1, "b": 1}):
        assert not is_storable(value)
        assert not is_storable({"inside": [value, 1]})


@pytest.mark.parametrize("odd", [{"$array": "none"}, {"$tuple": 1}, {"$dict": [[1]]}, {"$other": 1}, {"$array": []}])
def test_odd_values_are_refused(odd: Any) -> None:
    with pytest.raises(ValueError, match="it holds"):
        unpacked([odd], {})


def damage_cases(path: Path) -> Iterator[tuple[str, str]]:
    """Damage a checkpoint in each of the ways: what was done to it, and what is said."""
    for name in ("config.json", "model.safetensors", "optimizer.safetensors", "arrays.safetensors"):
        whole = (path / name).read_bytes()
        for changed in (whole[:-1], whole[:5] + bytes([whole[5] ^ 1]) + whole[6:], b""):
            (path / name).write_bytes(changed)
            yield name, f"{name} is not what was written"
        (path / name).unlink()
        yield name, f"it has no file {name}"
        (path / name).write_bytes(whole)
    whole = (path / STATE).read_bytes()
    for changed, said in (
        (b"", "state.json is not JSON that can be read"),
        (b"[" * 10**5, "state.json is not JSON that can be read"),
        (b"[]", "state.json holds no object"),
        (b"{}", "state.json has format None, this Tinynet reads 1"),
        (whole.replace(b'"step", 5', b'"step", 6'), "state.json is not what was written"),
        (whole.replace(b'"format": 1', b'"format": 2'), "state.json has format 2"),
    ):
        assert changed != whole
        (path / STATE).write_bytes(changed)
        yield STATE, said
    (path / STATE).write_bytes(whole)


def test_damage_is_named(tmp_path: Path) -> None:
    path = write_checkpoint("test", tmp_path, content(5))
    for name, said in damage_cases(path):
        with pytest.raises(ValueError, match=r"test: the checkpoint '.*checkpoint-000001' is damaged: ") as caught:
            read_checkpoint("test", path)
        assert said in str(caught.value), name
    assert read_checkpoint("test", path).state["step"] == 5


def rewritten(path: Path, **entries: Any) -> None:
    """Change what state.json holds, with a digest that fits, as a later or a foreign program might write it."""
    body = {**json.loads((path / STATE).read_text()), **entries}
    body = {name: value for name, value in body.items() if name != "sha256" and value is not None}
    (path / STATE).write_bytes(_json(body | {"sha256": hashlib.sha256(_json(body)).hexdigest()}))


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ({"files": None}, "state.json is none (KeyError: 'files')"),
        ({"state": None}, "state.json is none (KeyError: 'state')"),
        (
            {"state": {"$array": "w"}},
            "state.json does not fit arrays.safetensors and optimizer.safetensors: it holds $array with w",
        ),
    ],
)
def test_a_state_of_another_form_word_for_word(tmp_path: Path, entries: dict[str, Any], problem: str) -> None:
    path = write_checkpoint("test", tmp_path, content(5))
    rewritten(path)
    assert read_checkpoint("test", path).state["step"] == 5
    rewritten(path, **entries)
    with pytest.raises(ValueError) as caught:
        read_checkpoint("resume", path)
    assert str(caught.value) == (
        f"resume: the checkpoint {str(path)!r} is damaged: {problem}.\n"
        "Hint: an earlier checkpoint of the same folder may be whole."
    )


SHAPES = [(), (0,), (0, 3), (3, 0, 2), (2, 3), (2, 3, 4)]


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "u8", "?", ">f4", ">i8"])
def test_arrays_of_any_memory_order_and_size_come_back(tmp_path: Path, dtype: str) -> None:
    arrays = {f"{name} {shape}": array for shape in SHAPES for name, array in in_every_order(shape, dtype).items()}
    path = write_checkpoint("test", tmp_path, Content({}, arrays, {}, {"slots": arrays}, {"kept": arrays}))
    found = read_checkpoint("test", path)
    for kept in (found.model, found.optimizer["slots"], found.state["kept"]):
        for name, before in arrays.items():
            assert kept[name].dtype == before.dtype.newbyteorder("=")
            assert kept[name].shape == before.shape
            np.testing.assert_array_equal(kept[name], before)


def in_every_order(shape: tuple[int, ...], dtype: str) -> dict[str, np.ndarray]:
    array = (np.arange(np.prod(shape, dtype=int)) % 5).reshape(shape).astype(dtype)
    return {
        "c": array,
        "fortran": np.asfortranarray(array),
        "transposed": array.T,
        "reversed": array[::-1] if shape else array,
        "strided": np.repeat(array, 2, axis=-1)[..., ::2] if shape else array,
        "read only": np.broadcast_to(array, (2, *shape)),
    }
