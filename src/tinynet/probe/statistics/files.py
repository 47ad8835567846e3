"""Statistics in a safetensors file: arrays, and the names of the layers as JSON in its metadata."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.version import __version__
from tinynet.probe.statistics.bins import N_BINS
from tinynet.probe.statistics.look import HISTOGRAMS, NUMBERS
from tinynet.storage.sentences import damaged, newer_format, quoted
from tinynet.storage.tensors import Arrays, read_tensors, write_tensors

FORMAT = 1
KEY = "tinynet_statistics"  #: The entry of the file's metadata with the names.
TIMES = ("first", "last", "looks")
WRITER, READER = "TrainingStatistics.save", "TrainingStatistics.load"


def write(path: str | PathLike[str], arrays: Arrays, layers: dict[str, str], settings: dict[str, Any]) -> None:
    """Write a file, read it back, and only then let it take the place of an old one."""
    words = {"format": FORMAT, "version": __version__, "layers": layers, "settings": settings}
    write_tensors(WRITER, checks.path(WRITER, path), arrays, {KEY: json.dumps(words)})


def read(path: str | PathLike[str]) -> tuple[Arrays, dict[str, str], dict[str, Any]]:
    """The arrays, the layers and the settings of a file, each checked to be what it should be."""
    source = checks.path(READER, path)
    arrays, metadata = read_tensors(READER, source)
    if KEY not in metadata:
        problem = f"{quoted(source)} holds no statistics of a training."
        checks.fail(READER, problem, 'name the file "statistics.safetensors" of a run.')
    try:
        words = json.loads(metadata[KEY])
        layers, settings = _names(source, words)
        _check_arrays(arrays, len(layers))
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        if str(error).startswith(READER):
            raise
        damaged(READER, source, error)
    return arrays, layers, settings


def _names(source: Path, words: Any) -> tuple[dict[str, str], dict[str, Any]]:
    if not isinstance(words, dict) or type(words.get("format")) is not int:
        raise ValueError("it names no format.")
    if words["format"] > FORMAT:
        newer_format(READER, source, words["format"], FORMAT, words.get("version"))
    layers, settings = words.get("layers"), words.get("settings")
    if not isinstance(layers, dict) or not all(isinstance(kind, str) for kind in layers.values()):
        raise ValueError("it has no names of layers.")
    if not isinstance(settings, dict):
        raise ValueError("it does not say how it was made.")
    return layers, settings


def _check_arrays(arrays: Arrays, n_layers: int) -> None:
    """Check the names, kinds and shapes of all arrays, and that time goes on."""
    numbers = _times(arrays, "numbers")
    counts = _times(arrays, "histograms")
    wanted: dict[str, tuple[str, tuple[int, ...]]]
    wanted = {f"numbers.{name}": ("f", (numbers, n_layers)) for name in NUMBERS if numbers}
    found = [name for name in HISTOGRAMS if f"histograms.{name}" in arrays or (name == HISTOGRAMS[0] and counts)]
    wanted |= {f"histograms.{name}": ("i", (counts, n_layers, N_BINS)) for name in found}
    times = [f"{kind}.{name}" for kind in ("numbers", "histograms") for name in TIMES]
    if unexpected := sorted(arrays.keys() - wanted.keys() - set(times)):
        raise ValueError(f"{unexpected[0]} does not belong there.")
    for name, (kind, shape) in wanted.items():
        if arrays[name].dtype.kind != kind or arrays[name].shape != shape:
            raise ValueError(f"{name} is {arrays[name].dtype} {arrays[name].shape}, expected {shape}.")


def _times(arrays: Arrays, kind: str) -> int:
    """The number of columns, once their first and last steps and numbers of looks are known to be possible."""
    first, last, looks = (arrays[f"{kind}.{name}"] for name in TIMES)
    for array in (first, last, looks):
        if array.dtype != np.int64 or array.ndim != 1 or len(array) != len(first):
            raise ValueError(f"the steps of the {kind} are no row of integers.")
    if (first < 1).any() or (looks < 1).any() or (last < first).any() or (first[1:] <= last[:-1]).any():
        raise ValueError(f"the steps of the {kind} are not in order.")
    return len(first)
