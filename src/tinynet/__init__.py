"""Tinynet: a deep learning framework whose every step can be read, watched and checked."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tinynet.core import Parameter, formula, seed
from tinynet.core.version import __version__

if TYPE_CHECKING:
    from tinynet.core.threads import threads
    from tinynet.exchange import export_npz, export_onnx, export_pytorch, from_pytorch, load_onnx
    from tinynet.probe.explain.explain import explain
    from tinynet.probe.recorder import trace
    from tinynet.storage import load, load_weights, read_card, save

__all__ = [
    "Parameter",
    "explain",
    "export_npz",
    "export_onnx",
    "export_pytorch",
    "formula",
    "from_pytorch",
    "load",
    "load_onnx",
    "load_weights",
    "read_card",
    "save",
    "seed",
    "threads",
    "trace",
    "__version__",
]

# The rooms load where they are first used, so that `import tinynet` costs little more than NumPy.
_ROOMS = (
    "core",
    "engine",
    "layers",
    "losses",
    "metrics",
    "optimizers",
    "net",
    "gradcheck",
    "data",
    "storage",
    "exchange",
    "probe",
    "learner",
    "models",
    "visualize",
)
_FUNCTIONS = {
    "TinynetClassifier": "exchange",
    "TinynetRegressor": "exchange",
    "explain": "probe",
    "export_npz": "exchange",
    "export_onnx": "exchange",
    "export_pytorch": "exchange",
    "from_pytorch": "exchange",
    "load": "storage",
    "load_onnx": "exchange",
    "load_weights": "storage",
    "read_card": "storage",
    "save": "storage",
    "threads": "core.threads",
    "trace": "probe.recorder",
}


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"tinynet.{name}")
    if name in _FUNCTIONS:
        return getattr(import_module(f"tinynet.{_FUNCTIONS[name]}"), name)
    raise AttributeError(f"module 'tinynet' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_ROOMS, *_FUNCTIONS})
