"""The rooms of the package load where they are first used."""

import subprocess
import sys

import pytest

import tinynet as tn


def test_rooms_and_functions_are_found_by_their_names():
    assert tn.data.digits.__module__ == "tinynet.data.embedded"
    assert tn.save is tn.storage.save
    assert {"data", "layers", "save", "load", "load_weights", "seed"} <= set(dir(tn))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'tinynet' has no attribute 'nothing'"):
        _ = tn.nothing


def test_every_name_in_all_is_there():
    assert all(hasattr(tn, name) for name in tn.__all__)


def test_saving_is_what_loads_safetensors():
    script = "import sys, tinynet as tn; tn.save; tn.layers; print('safetensors' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
