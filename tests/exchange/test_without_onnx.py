"""What is said where the packages of ONNX are not installed."""

import sys

import pytest

import tinynet as tn
from tinynet.layers import Linear


def test_the_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    sentence = r"export_onnx: the package onnx is not installed.\nHint: write pip install tinynet\[onnx\]."
    with pytest.raises(ModuleNotFoundError, match=sentence):
        tn.export_onnx(Linear(3, 2), tmp_path / "net.onnx", (3,))
