"""Ways in which a file goes wrong: by accident, by hand, or on purpose."""

from __future__ import annotations

import json
import os
import re
import struct
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np

Rng = np.random.Generator
Change = Callable[[Rng, bytes], bytes]

#: What stands in place of a number in a text.
NUMBERS = (
    "0", "-1", "1", "7", "255", "256", "65536", "2147483647", "2147483648", "-2147483649", "4294967295", "20000",
    "9223372036854775807", "9223372036854775808", "18446744073709551616", "1" + "0" * 30, "1" + "0" * 5000, "1e400",
    "-1e400", "0.5", "1e-320", "NaN", "Infinity", "-Infinity", "nan", "inf", "null", "true", '"3"', "[]", "{}", "",
    "²", "٣", "0x10", "1_000", "--1", "1.",
)  # fmt: skip
#: What stands in place of a value in JSON.
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 3, 20_000, 2**31, 2**53 + 1, 2**63, 2**64, 10**30, 0.5, -0.0, 1e308, float("nan"),
    float("inf"), "", "x", "float32", "float16", "\ud800", "é" * 300, "\0", "../x", "__class__", "weight", "0.weight",
    [], [[]], [1, 2], [-1], [0], [2**62, 2**62], [None], {}, {"": 1}, {"tuple": [1]}, {"tuple": 3}, {"dict": [[1]]},
    {"dict": [[[], 1]]}, {"class": "Linear"}, {"class": "Linear", "arguments": {"in_features": 20_000}},
    {"class": "Linear", "arguments": {"in_features": 20_000, "out_features": 20_000}},
    {"class": "BatchNorm2D", "arguments": {"num_features": 10**9}}, {"class": "Net", "arguments": {"layers": []}},
    {"class": "LSTM", "arguments": {"input_size": 1, "hidden_size": 1, "num_layers": 10**9}},
    {"class": ["Linear"], "arguments": []}, {"class": "Layer", "arguments": {}}, {"class": "Own", "arguments": {}},
    {"class": "LayerNorm", "arguments": {"normalized_shape": {"tuple": [40_000, 40_000]}}},
    {"class": "Embedding", "arguments": {"num_embeddings": 10**12, "embedding_dim": 1}},
)  # fmt: skip
WORDS = (
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\n",
    b"\r",
    b'"',
    b",",
    b"{",
    b"[",
    b"\\u0000",
    b"\xed\xa0\x80",
    b"%s",
    b"\x1a",
)


def flip(rng: Rng, data: bytes) -> bytes:
    """A few bits turned over."""
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 9)) if changed else 0):
        changed[_place(rng, len(changed))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def cut(rng: Rng, data: bytes) -> bytes:
    """The end is missing."""
    return data[: int(rng.integers(len(data)))] if data else data


def leave_out(rng: Rng, data: bytes) -> bytes:
    """A part in the middle is missing."""
    start = _place(rng, len(data))
    return data[:start] + data[start + int(rng.integers(1, 65)) :]


def insert(rng: Rng, data: bytes) -> bytes:
    """Foreign bytes in the middle."""
    start = _place(rng, len(data))
    word = WORDS[int(rng.integers(len(WORDS)))] if rng.random() < 0.5 else rng.bytes(int(rng.integers(1, 65)))
    return data[:start] + word + data[start:]


def append(rng: Rng, data: bytes) -> bytes:
    """More after the end."""
    return data + (
        rng.bytes(int(rng.integers(1, 2000))) if rng.random() < 0.5 else bytes(int(rng.integers(1, 100_000)))
    )


def repeat(rng: Rng, data: bytes) -> bytes:
    """A block again and again, or the whole file."""
    start = _place(rng, len(data))
    block = data[start : start + int(rng.integers(1, 600))] if rng.random() < 0.8 else data
    times = min(int(rng.choice([1, 2, 10, 1000])), 200_000 // max(len(block), 1))
    return data[:start] + block * times + data[start:]


def blank(rng: Rng, data: bytes) -> bytes:
    """A block of zeros or ones, as a bad disk gives."""
    start, size = _place(rng, len(data)), int(rng.integers(1, 600))
    return (
        data[:start]
        + (b"\0" if rng.random() < 0.7 else b"\xff") * len(data[start : start + size])
        + data[start + size :]
    )


def shuffle(rng: Rng, data: bytes) -> bytes:
    """Two blocks changed places."""
    a, b = sorted((_place(rng, len(data)), _place(rng, len(data))))
    return data[b:] + data[a:b] + data[:a]


def binary_number(rng: Rng, data: bytes) -> bytes:
    """A number in a header, or anywhere, that is far too large, or negative."""
    start = _place(rng, min(len(data), 128) if rng.random() < 0.7 else len(data))
    number = int(rng.choice([0, 1, -1, 2**15, 2**24, 2**31 - 1, 2**31, -(2**31), 2**62, -(2**62)]))
    form = ("<q", ">q", "<i", ">i", "<h", ">h")[int(rng.integers(6))]
    size = struct.calcsize(form)
    packed = (number & (2 ** (8 * size) - 1)).to_bytes(size, "little" if form[0] == "<" else "big")
    return data[:start] + packed + data[start + size :]


def number(rng: Rng, data: bytes) -> bytes:
    """A number that is written in digits is another one."""
    found = list(re.finditer(rb"-?\d+(\.\d+)?(e-?\d+)?", data))
    if not found:
        return binary_number(rng, data)
    match = found[int(rng.integers(len(found)))]
    return data[: match.start()] + NUMBERS[int(rng.integers(len(NUMBERS)))].encode() + data[match.end() :]


def nest(rng: Rng, data: bytes) -> bytes:
    """Brackets that are never closed."""
    start = _place(rng, len(data))
    return data[:start] + (b"[", b'{"a":')[int(rng.integers(2))] * int(rng.choice([10, 1000, 100_000])) + data[start:]


def random_bytes(rng: Rng, data: bytes) -> bytes:
    """Another content altogether."""
    return rng.bytes(int(rng.integers(0, 3000)))


BYTES: tuple[Change, ...] = (
    flip, flip, flip, cut, leave_out, insert, append, repeat, blank, shuffle, binary_number, binary_number, number,
    number, nest, random_bytes,
)  # fmt: skip


def in_json(rng: Rng, tree: Any) -> Any:
    """A copy of a JSON value, changed in one or two places."""
    tree = json.loads(json.dumps(tree))
    for _ in range(int(rng.integers(1, 3))):
        places = list(_places(tree))
        if not places:
            return _value(rng)
        holder, key = places[int(rng.integers(len(places)))]
        kind = int(rng.integers(7))
        if kind == 0:
            del holder[key]
        elif kind == 1 and isinstance(holder, dict):
            holder[str(key) + "x"] = holder.pop(key)
        elif kind == 2:
            other, at = places[int(rng.integers(len(places)))]
            holder[key] = json.loads(json.dumps(other[at]))
        elif kind == 3:
            for _ in range(int(rng.choice([1, 20, 150]))):
                holder[key] = [holder[key]] if rng.random() < 0.5 else {"tuple": [holder[key]]}
        elif kind == 4 and isinstance(holder, list):
            holder += [holder[key]] * int(rng.choice([1, 300]))
        else:
            holder[key] = _value(rng)
    return tree


def _value(rng: Rng) -> Any:
    """A strange value of its own: what a later change does to it must not reach the next case."""
    return deepcopy(VALUES[int(rng.integers(len(VALUES)))])


def dumped(tree: Any) -> bytes:
    """JSON of a value, however strange; with escapes or without."""
    text = json.dumps(tree)
    if len(text) % 2:
        return text.encode()
    return json.dumps(tree, ensure_ascii=False).encode("utf-8", "surrogatepass")


def replace_file(rng: Rng, path: Path, others: list[bytes]) -> str:
    """Put something else where the file was: nothing, a folder, a pipe, a link, a file of another format."""
    kind = ("missing", "empty", "folder", "pipe", "loop", "dangling", "endless", "unreadable", "other")[
        int(rng.integers(9))
    ]
    content = path.read_bytes()
    path.unlink()
    if kind in ("empty", "unreadable"):
        path.write_bytes(b"" if kind == "empty" else content)
        path.chmod(0o644 if kind == "empty" else 0)
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind in ("loop", "dangling", "endless"):
        path.symlink_to({"loop": path.name, "dangling": "nowhere", "endless": "/dev/zero"}[kind])
    elif kind == "other":
        path.write_bytes(others[int(rng.integers(len(others)))] if others else b"<html>not found</html>")
    return kind


def _place(rng: Rng, length: int) -> int:
    """A place in a file; its beginning, where headers are, more often than the rest."""
    if length == 0:
        return 0
    return int(rng.integers(min(length, 64) if rng.random() < 0.3 else length))


def _places(tree: Any) -> Any:
    """Every (list or dict, key) in a JSON value."""
    waiting = [tree]
    while waiting:
        holder = waiting.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else []
        for key in keys:
            yield holder, key
            waiting.append(holder[key])
