"""Files of nets and of weights."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

import tinynet as tn
from tinynet import layers
from tinynet.net import Concat, Net, Residual
from tools.fuzz.kind import Format
from tools.fuzz.mutations import BYTES, Rng, dumped, in_json


def nets() -> dict[str, Any]:
    """Small nets in which every kind of argument occurs."""
    mlp = Net([layers.Linear(4, 3), layers.ReLU(), layers.Dropout(0.2), layers.Linear(3, 2, bias=False)])
    tied = Net([layers.Linear(3, 3), layers.Linear(3, 3)])
    tied[1].weight = tied[0].weight
    tied[0].bias.trainable = False
    image = Net([layers.Conv2D(1, 2, (3, 2), padding=1), layers.BatchNorm2D(2), layers.MaxPool2D(2), layers.Flatten()])
    sequence = Net([layers.Embedding(5, 4), layers.LSTM(4, 3, num_layers=2, bidirectional=True), layers.LayerNorm(6)])
    branches = Net([Residual([layers.Linear(4, 4)]), Concat([layers.PReLU(), layers.Linear(4, 2).astype(np.float64)])])
    attention = Net([layers.TransformerBlock(4, 2), layers.Upsample(2), layers.GroupNorm(1, 4)])
    return {
        "mlp": mlp,
        "tied": tied,
        "image": image,
        "sequence": sequence,
        "branches": branches,
        "attention": attention,
    }


def _save_nets(folder: Path) -> list[Path]:
    for name, net in nets().items():
        tn.save(net, folder / f"{name}.safetensors")
    return sorted(folder.iterdir())


def _save_npz(folder: Path) -> list[Path]:
    for index, (name, net) in enumerate(nets().items()):
        save = np.savez_compressed if index % 2 else np.savez
        save(folder / f"{name}.npz", **net.state())
    return sorted(folder.iterdir())


def _read_cards(folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        card = tn.read_card(path)
        assert str(card).splitlines()[-1].startswith("how to load"), "no whole page"
        assert "\x1b" not in str(card), "it moves the cursor"


def _load_nets(folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        net = tn.load(path)
        held = data_in(path)
        state = net.state()
        assert state.keys() == held.keys(), "other entries than the file has"
        assert all(np.array_equal(state[name], held[name], equal_nan=True) for name in held), "other numbers"
        repr(net), net.config()


def _load_weights(folder: Path) -> None:
    made = nets()
    for path in sorted(folder.iterdir()):
        net = made[path.stem]
        for parameter in net.parameters().values():
            parameter.tensor += 1  # other weights than those in the file, wherever the random streams are
        before = net.state()
        try:
            tn.storage.load_weights(net, path)
        except Exception:
            assert all(np.array_equal(before[name], array) for name, array in net.state().items()), "half loaded"
            raise
        held = data_in(path)
        right = [np.array_equal(array, held.get(name, array), equal_nan=True) for name, array in net.state().items()]
        assert all(right), "other numbers than the file has"
        assert any(not np.array_equal(before[name], array) for name, array in net.state().items()), "not loaded"


def data_in(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file, as its own library reads them."""
    from safetensors.numpy import load_file

    if path.suffix != ".npz":
        return load_file(path)
    with np.load(path) as file:
        return {name: file[name] for name in file}


def tensors_header(rng: Rng, content: bytes) -> bytes:
    """The header of a safetensors file, or what it says in words, is changed as JSON; its length is right."""
    size = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + size])
    if rng.random() < 0.75:
        key = sorted(header["__metadata__"])[rng.integers(len(header["__metadata__"]))]
        about = json.loads(header["__metadata__"][key])
        most = next(name for name in ("net", "settings", "versions") if name in about)
        about = about | {most: in_json(rng, about[most])} if rng.random() < 0.7 else in_json(rng, about)
        header["__metadata__"][key] = dumped(about).decode("utf-8", "replace")
        new = json.dumps(header).encode()
    else:
        new = dumped(in_json(rng, header))
    return struct.pack("<Q", len(new)) + new + content[8 + size :]


CHANGES = BYTES + (tensors_header,) * 16
FORMATS = {
    "net": Format(_save_nets, _load_nets, CHANGES, alone=True),
    "weights": Format(_save_nets, _load_weights, CHANGES, alone=True),
    "npz": Format(_save_npz, _load_weights, BYTES, alone=True),
    "card": Format(_save_nets, _read_cards, CHANGES, alone=True),
}
