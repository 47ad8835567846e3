"""What is not installed is named, with the command that installs it."""

import sys

import pytest

import tinynet as tn
from tinynet.exchange.lazily import imported
from tinynet.exchange.torch_modules import from_pytorch


def test_a_missing_package_is_named():
    with pytest.raises(ImportError, match=r"who: it needs no_such, which .*\n.*pip install it"):
        imported("who", "no_such.inner", "pip install it")


def test_what_a_package_lacks_itself_is_not_hidden(tmp_path, monkeypatch):
    (tmp_path / "lacking.py").write_text("import really_not_there")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="really_not_there"):
        imported("who", "lacking", "pip install lacking")


def test_from_pytorch_without_pytorch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match="from_pytorch: it needs torch, .*\n.*pip install torch"):
        from_pytorch(3)


def test_the_estimators_without_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.delitem(sys.modules, "sklearn.base", raising=False)
    monkeypatch.delitem(sys.modules, "tinynet.exchange.estimators", raising=False)
    with pytest.raises(
        ImportError, match=r'TinynetClassifier: it needs sklearn, .*\n.*pip install "tinynet\[sklearn\]"'
    ):
        _ = tn.TinynetClassifier


def test_other_names_are_not_there():
    with pytest.raises(AttributeError, match="module 'tinynet.exchange' has no attribute 'nothing'"):
        _ = tn.exchange.nothing
