"""Files: each call is given a folder with good and bad ones, all of which must be what they were afterwards."""

import errno
import gzip
import json
import os
import struct

import numpy as np

import tinynet as tn
from tests.errors.case import Case, net
from tinynet import data
from tinynet.core import Parameter
from tinynet.layers import Layer, Linear
from tinynet.learner import CSVLog, History, KeepBest
from tinynet.net import Net
from tinynet.storage import atomic


class Own(Layer):
    """A layer of one's own."""

    def __init__(self, option=None):
        self.option = option

    def forward(self, x):
        return x

    def backward(self, dy):
        return dy


def prepare(folder):
    """What was there before."""
    tn.save(net(), folder / "good.safetensors")
    good = (folder / "good.safetensors").read_bytes()
    tn.save(Net([Own()]), folder / "own.safetensors")
    (folder / "cut.safetensors").write_bytes(good[:-5])
    (folder / "other.safetensors").write_bytes(good.replace(b'"F32"', b'"I32"', 1))
    (folder / "shape.safetensors").write_bytes(good.replace(rb"\"in_features\": 2", rb"\"in_features\": 4"))
    (folder / "json.safetensors").write_bytes(good.replace(rb"{\"format\"", rb"(\"format\""))
    (folder / "later.safetensors").write_bytes(good.replace(rb"{\"format\": 1", rb"{\"format\": 7"))
    (folder / "empty.safetensors").write_bytes(b"")
    (folder / "huge.safetensors").write_bytes(struct.pack("<Q", 2**62) + good[8:])
    (folder / "pickle.safetensors").write_bytes(b"\x80\x04\x95\0\0\0\0\0\0\0\0cos\nsystem\n.")
    header = json.dumps({"__metadata__": {"format": "pt"}}).encode()
    (folder / "torch.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
    np.savez(folder / "good.npz", a=np.ones(2))
    (folder / "folder").mkdir()
    (folder / "latin.txt").write_bytes("Bücher".encode("latin-1"))
    (folder / "empty.txt").write_text("")
    (folder / "short.txt").write_text("short")
    (folder / "history.csv").write_text("epoch,accuracy\n1,0.5\n")
    (folder / "broken.csv").write_text("epoch,loss\n1,half\n")
    _data_files(folder)


def _data_files(folder):
    """A folder for TINYNET_DATA with MNIST, CIFAR-10 and Fashion-MNIST, each broken in its way."""
    images = struct.pack(">4i", 0x803, 1, 28, 28) + bytes(784)
    labels = struct.pack(">2i", 0x801, 1) + bytes(1)
    names = data.idx.NAMES
    for kind, broken in (("cut", images[:-1]), ("foreign", b"GIF89a" + images), ("good", images)):
        (folder / kind / "mnist").mkdir(parents=True)
        for name in names:
            content = labels if "labels" in name else broken
            (folder / kind / "mnist" / name.removesuffix(".gz")).write_bytes(content)
    (folder / "good" / "mnist" / names[1].removesuffix(".gz")).write_bytes(labels[:-1] + b"\x0b")  # the label 11
    (folder / "cut" / "fashion-mnist").mkdir()
    for name in names:
        (folder / "cut" / "fashion-mnist" / name).write_bytes(gzip.compress(images)[:-9])
    (folder / "cut" / "cifar-10-batches-bin").mkdir()
    for name in ("data_batch_1.bin", "test_batch.bin"):
        (folder / "cut" / "cifar-10-batches-bin" / name).write_bytes(bytes(3072))
    (folder / "foreign" / "cifar-10-batches-bin").mkdir()
    (folder / "foreign" / "cifar-10-batches-bin" / "data_batch_1").write_bytes(b"\x80\x02")  # the pickled version


def snapshot(folder):
    """Every file with its content, and every folder."""
    return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


def _refuse(monkeypatch, name, number):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(atomic.os, name, refuse)


def _full(folder, monkeypatch):
    _refuse(monkeypatch, "fsync", errno.ENOSPC)
    tn.save(net(), folder / "good.safetensors")


def _forbidden(folder, monkeypatch):
    _refuse(monkeypatch, "replace", errno.EACCES)
    tn.save(net(), folder / "good.safetensors")


def _full_report(folder, monkeypatch):
    _refuse(monkeypatch, "fsync", errno.ENOSPC)
    atomic.atomic_write(folder / "history.csv", "epoch,loss\n")


def _changed(folder, monkeypatch):
    write = atomic.write_through
    monkeypatch.setattr(atomic, "write_through", lambda path, content: write(path, content[:-1] + b"\x01"))
    tn.save(net(), folder / "good.safetensors")


def _read(function, name):
    def call(folder, monkeypatch):
        monkeypatch.setenv("TINYNET_DATA", str(folder / name))
        function()

    return call


def _offline(folder, monkeypatch):
    import pooch

    def refuse(*_, **__):
        raise ConnectionError("no network here")

    monkeypatch.setattr(pooch, "retrieve", refuse)
    monkeypatch.setattr(data.sources, "cache_folder", lambda: folder / "nowhere")
    monkeypatch.delenv("TINYNET_DATA", raising=False)
    data.mnist()


def _log(folder, monkeypatch):
    from tests.errors.training_cases import fit

    fit(net(), callbacks=[CSVLog(folder / "history.csv")])


def _keep(folder, monkeypatch):
    from tests.errors.training_cases import fit

    fit(net(), callbacks=[KeepBest("loss", path=folder / "folder")])


def _added(folder, monkeypatch):
    changed = net()
    changed[0].extra = Parameter(np.ones(2))
    tn.save(changed, folder / "good.safetensors")


def load(name, **options):
    return lambda folder, monkeypatch: tn.load(folder / name, **options)


CASES = [
    # Saving.
    Case(
        "the disk is full",
        _full,
        OSError,
        r"save: '.*good\.safetensors' could not be written: the disk is full; the file .* is unchanged",
    ),
    Case(
        "no permission to write",
        _forbidden,
        PermissionError,
        r"there is no permission to write there; the file .* is unchanged\.\nHint: choose a folder",
    ),
    Case(
        "the disk is full while a log is written",
        _full_report,
        OSError,
        r"atomic_write: '.*history\.csv' could not be written: the disk is full",
    ),
    Case(
        "a disk that changes bytes",
        _changed,
        OSError,
        r"save: '.*' was not written, what came back from the disk differs in 0\.\w+",
    ),
    Case(
        "a directory instead of a file to write",
        lambda folder, _: tn.save(net(), folder / "folder"),
        IsADirectoryError,
        r"save: '.*folder' is a folder, not a file; nothing was changed",
    ),
    Case("a best net into a directory", _keep, IsADirectoryError, r"save: '.*folder' is a folder, not a file"),
    Case(
        "a missing directory",
        lambda folder, _: tn.save(net(), folder / "a" / "b"),
        FileNotFoundError,
        r"save: there is no folder '.*a'; nothing was changed\.\nHint: make it first",
    ),
    Case(
        "a device to write to",
        lambda folder, _: tn.save(net(), "/dev/full"),
        OSError,
        r"save: '/dev/full' is a device or a pipe, not a file",
    ),
    Case(
        "a number as a path",
        lambda folder, _: tn.save(net(), 3),
        TypeError,
        r"save: path must be a string or a Path, got 3\.\nHint: name the file",
    ),
    Case("an empty path", lambda folder, _: tn.save(net(), ""), ValueError, r"save: path must name a file, got ''"),
    Case(
        "path and net exchanged",
        lambda folder, _: tn.save(folder / "good.safetensors", net()),
        TypeError,
        r"save: expected a Net or another layer, got \w+\.\nHint: write tn\.save\(net, path\)",
    ),
    Case(
        "a function as an argument",
        lambda folder, _: tn.save(Net([Own(np.tanh)]), folder / "good.safetensors"),
        TypeError,
        r"Own: argument option is a function, which cannot be saved .*\nHint: take a number",
    ),
    Case(
        "an array as an argument",
        lambda folder, _: tn.save(Net([Own(np.ones(2))]), folder / "good.safetensors"),
        TypeError,
        r"Own: argument option is a ndarray, which cannot be saved",
    ),
    Case(
        "a parameter added later",
        _added,
        ValueError,
        r"save: built again from its constructors' arguments, this net would be another: .*unexpected: 0\.extra",
    ),
    # Loading.
    Case(
        "no such file",
        load("goood.safetensors"),
        FileNotFoundError,
        r"load: there is no file '.*goood\.safetensors'\.\nHint: that folder holds .*good\.safetensors",
    ),
    Case(
        "a directory instead of a file", load("folder"), IsADirectoryError, r"load: '.*folder' is a folder, not a file"
    ),
    Case(
        "a truncated file",
        load("cut.safetensors"),
        ValueError,
        r"load: '.*cut\.safetensors' is not a safetensors file, or it is damaged .*\nHint: take another copy",
    ),
    Case("an empty file", load("empty.safetensors"), ValueError, r"load: '.*empty\.safetensors' is empty"),
    Case("a header of absurd length", load("huge.safetensors"), ValueError, r"damaged or cut off: header too large"),
    Case(
        "a NumPy archive",
        load("good.npz"),
        ValueError,
        r"load: expected a safetensors file, but '.*good\.npz' is a zip archive.*\nHint: tn\.load reads what tn\.save",
    ),
    Case(
        "a pickle", load("pickle.safetensors"), ValueError, r"is a pickle, which is never read because it can run code"
    ),
    Case("a text file", load("history.csv"), ValueError, r"load: '.*history\.csv' is not a safetensors file"),
    Case(
        "weights of another program",
        load("torch.safetensors"),
        ValueError,
        r"holds weights but no Tinynet architecture.*\nHint: .*tn\.load_weights\(net, path\)",
    ),
    Case(
        "weights tampered with",
        load("other.safetensors"),
        ValueError,
        r"load: '.*' contradicts itself: .*dtype must be a floating type, got int32\.\nHint: it was damaged or altered",
    ),
    Case(
        "an architecture tampered with",
        load("shape.safetensors"),
        ValueError,
        r"contradicts itself: .*wrong shape: 0\.weight \(expected \(3, 4\), got \(3, 2\)\)",
    ),
    Case(
        "an architecture that is no JSON",
        load("json.safetensors"),
        ValueError,
        r"contradicts itself: its architecture is not JSON",
    ),
    Case(
        "a later format",
        load("later.safetensors"),
        ValueError,
        r"load: '.*' has format 7, written by Tinynet .*; this Tinynet reads formats up to 1\.\nHint: install a newer",
    ),
    Case(
        "a class that is not given",
        load("own.safetensors"),
        ValueError,
        r"load: '.*' needs the class Own, which Tinynet does not have\.\nHint: .*tn\.load\(path, layers=\[Own\]\)",
    ),
    Case(
        "an object instead of a class",
        load("own.safetensors", layers=[Own()]),
        TypeError,
        r"load: layers must hold classes, got an object of Own\.\nHint: write layers=\[Own\]",
    ),
    Case(
        "weights of another net",
        lambda folder, _: tn.load_weights(Net([Linear(2, 4), Linear(4, 1)]), folder / "good.safetensors"),
        ValueError,
        r"load_weights: '.*' was not loaded, the net is unchanged\. .*missing: 1\.weight, 1\.bias; wrong shape: 0",
    ),
    # Tables and texts.
    Case(
        "a log with other columns",
        _log,
        ValueError,
        r"CSVLog: .*history\.csv has the columns epoch,accuracy, not epoch,loss,.*\nHint: choose another file",
    ),
    Case(
        "a history that is not there",
        lambda folder, _: History.read_csv(folder / "no.csv"),
        FileNotFoundError,
        r"History\.read_csv: there is no file .*no\.csv",
    ),
    Case(
        "a history with words",
        lambda folder, _: History.read_csv(folder / "broken.csv"),
        ValueError,
        r"History\.read_csv: line 2 of .*broken\.csv is not a row of numbers",
    ),
    Case(
        "a text that is not there",
        lambda folder, _: data.text(folder / "no.txt"),
        FileNotFoundError,
        r"text: there is no file .*no\.txt",
    ),
    Case(
        "a text in another encoding",
        lambda folder, _: data.text(folder / "latin.txt"),
        ValueError,
        r"text: .*latin\.txt is not UTF-8 text: byte 1 is 0xfc\.\nHint: convert",
    ),
    Case(
        "an empty text", lambda folder, _: data.text(folder / "empty.txt"), ValueError, r"text: .*empty\.txt is empty"
    ),
    Case(
        "a text shorter than a window",
        lambda folder, _: data.text(folder / "short.txt"),
        ValueError,
        r"a window of 64 characters and the one after it need 65, there are \d",
    ),
    # Data sets.
    Case(
        "a truncated MNIST",
        _read(data.mnist, "cut"),
        ValueError,
        r"data: .*train-images-idx3-ubyte is damaged or another kind of file: expected 800 bytes .*, found 799 bytes",
    ),
    Case(
        "a foreign MNIST",
        _read(data.mnist, "foreign"),
        ValueError,
        r"expected an IDX file that starts with the bytes 00 00 08 03, found 47 49 46 38",
    ),
    Case(
        "an MNIST with the label 11",
        _read(data.mnist, "good"),
        ValueError,
        r"expected labels from 0 to 9, found the label 11",
    ),
    Case(
        "a truncated gzip file", _read(data.fashion_mnist, "cut"), ValueError, r"expected a complete gzip file, found"
    ),
    Case(
        "a truncated CIFAR-10",
        _read(data.cifar10, "cut"),
        ValueError,
        r"expected a multiple of 3073 bytes, one record per image, found 3072 bytes",
    ),
    Case(
        "a pickled CIFAR-10",
        _read(data.cifar10, "foreign"),
        FileNotFoundError,
        r"has no data_batch_1\.bin and no test_batch\.bin\.\nHint: .*the pickled version, without \.bin, is never read",
    ),
    Case(
        "a TINYNET_DATA that is a file",
        _read(data.mnist, "history.csv"),
        NotADirectoryError,
        r"TINYNET_DATA: expected a folder, but .*history\.csv is a file",
    ),
    Case(
        "no network",
        _offline,
        OSError,
        r"data: train-images-idx3-ubyte\.gz is not in .*nowhere.*\n  https:.*no connection[\s\S]*Hint: .*SHA-256",
    ),
]
