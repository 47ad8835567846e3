"""Files of ONNX: their bytes, and their graphs, nodes, shapes and data, changed by name."""

from __future__ import annotations

import importlib.util
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

import tinynet as tn
from tinynet import layers
from tinynet.net import Concat, Net, Residual
from tools.fuzz.kind import Format
from tools.fuzz.mutations import BYTES, Rng

NUMBERS = (0, 1, -1, 2, 3, 7, 255, 2**31 - 1, -(2**31), 2**40, 2**62, -(2**63), 2**63 - 1)
WORDS = ("", "x", "y", "Relu", "Conv", "If", "../../etc/passwd", "\x1b[2J", "a" * 300)
#: What PyTorch has written, whose operators are others than ours.
RECORDED = ("diffusion.torchscript.onnx", "prototypes.dynamo.onnx", "padded.dynamo.onnx")
RECORDINGS = Path(__file__).parents[2] / "tests" / "recordings" / "onnx.zip"
SHAPES = {"mlp": (4,), "image": (1, 6, 6), "sequence": (5,), "branches": (4,), "attention": (3, 4)}


def _nets() -> dict[str, Any]:
    image = Net([layers.Conv2D(1, 2, 3, padding=1), layers.BatchNorm2D(2), layers.MaxPool2D(2), layers.Flatten()])
    return {
        "mlp": Net([layers.Linear(4, 3), layers.GELU(), layers.Linear(3, 2)]),
        "image": Net([image, layers.Reshape(2, 3, 3), layers.Upsample(scale_factor=2), layers.GlobalAvgPool2D()]),
        "sequence": Net([layers.Embedding(5, 4), layers.LSTM(4, 3, bidirectional=True), layers.LayerNorm(6)]),
        "branches": Net([Residual([layers.Linear(4, 4)]), Concat([layers.PReLU(), layers.Linear(4, 2)])]),
        "attention": Net([layers.TransformerBlock(4, 2, causal=True), layers.Permute(1, 0)]),
    }


def _make(folder: Path) -> list[Path]:
    """A file of each net; of every second one the architecture is left out, so that its nodes are read."""
    import onnx

    for index, (name, net) in enumerate(_nets().items()):
        for foreign in (False, True):
            path = folder / f"{name}{'_foreign' * foreign}.onnx"
            tn.export_onnx(net, path, SHAPES[name])
            model = onnx.load(path)
            if foreign:
                del model.metadata_props[:]
            if foreign and index == 0:  # one with its weights in a file beside it
                onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
            else:
                onnx.save(model, path)
    with zipfile.ZipFile(RECORDINGS) as archive:
        for name in RECORDED:
            (folder / name).write_bytes(archive.read(name))
    return sorted(path for path in folder.iterdir() if path.suffix == ".onnx")


def _read(folder: Path) -> None:
    for path in sorted(folder.glob("*.onnx")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            net = tn.load_onnx(path)
        repr(net), net.config()
        for name, array in net.state().items():
            assert isinstance(array, np.ndarray), name


def graph(rng: Rng, content: bytes) -> bytes:
    """One field anywhere in the model gets another value, is left out, or stands twice."""
    import onnx

    model = onnx.load_model_from_string(content)
    message: Any = model
    for _ in range(int(rng.integers(2, 7))):  # the deeper, the nearer to what a node says
        inner = [(field, value) for field, value in message.ListFields() if field.message_type]
        if not inner:
            break
        field, value = inner[int(rng.integers(len(inner)))]
        message = value[int(rng.integers(len(value)))] if _repeated(field) else value
    fields = message.ListFields() or [(field, None) for field in message.DESCRIPTOR.fields][:1]
    _spoil(rng, message, fields[int(rng.integers(len(fields)))][0])
    return model.SerializeToString()


def _spoil(rng: Rng, message: Any, field: Any) -> None:
    chosen = rng.random()
    if chosen < 0.15:
        message.ClearField(field.name)
    elif _repeated(field):
        values = getattr(message, field.name)
        if chosen < 0.3 and len(values):
            del values[int(rng.integers(len(values)))]
        elif chosen < 0.45 and len(values):
            values.append(values[0]) if field.message_type is None else values.add().CopyFrom(values[0])
        elif field.message_type is None and len(values):
            values[int(rng.integers(len(values)))] = _value(rng, field)
    elif field.message_type is None:
        try:
            setattr(message, field.name, _value(rng, field))
        except (TypeError, ValueError):
            message.ClearField(field.name)


def _value(rng: Rng, field: Any) -> Any:
    if field.type in (field.TYPE_FLOAT, field.TYPE_DOUBLE):
        return float(rng.choice([0.0, -1.0, 1e30, float("nan"), float("inf")]))
    if field.type == field.TYPE_STRING:
        return str(rng.choice(WORDS))
    if field.type == field.TYPE_BYTES:
        return rng.bytes(int(rng.integers(0, 40)))
    if field.type == field.TYPE_INT64:
        return int(NUMBERS[int(rng.integers(len(NUMBERS)))])
    return int(rng.integers(0, 30))


def _repeated(field: Any) -> bool:
    return getattr(field, "is_repeated", None) or getattr(field, "label", 0) == 3


FORMATS = {}
if importlib.util.find_spec("onnx") is not None:
    FORMATS = {"onnx": Format(_make, _read, BYTES + (graph,) * 16, alone=True)}
