"""What is said where the packages of ONNX are not installed."""

import sys

import pytest

import tinynet as tn
from tinynet.layers import Linear


def test_the_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.delitem(sys.modules, "onnx.checker", raising=False)
    sentence = (
        r"export_onnx: it needs onnx, which is not installed here.\nHint: install it with: pip install tinynet\[onnx\]"
    )
    with pytest.raises(ImportError, match=sentence):
        tn.export_onnx(Linear(3, 2), tmp_path / "net.onnx", (3,))
