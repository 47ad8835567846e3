"""What `tinynet.probe` offers is there from the first moment, though most of it loads where it is first used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tinynet import probe

INIT = Path(probe.__file__)
PLACES = {
    alias.name: node.module
    for node in ast.walk(ast.parse(INIT.read_text(encoding="utf-8")))
    if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("tinynet.probe")
    for alias in node.names
}


def test_each_name_is_what_its_file_has() -> None:
    assert sorted(PLACES) == sorted(probe.__all__)
    for name, place in PLACES.items():
        assert getattr(probe, name) is vars(sys.modules[place])[name]
    assert set(probe.__all__) <= set(dir(probe))


@pytest.mark.parametrize("first", ["doctor", "explain.explanation", "interpret"])
def test_the_order_in_which_they_load_does_not_matter(first: str) -> None:
    names = "from tinynet.probe import explain, walk, trace, replay, guessing, diagnose, pca, read_course"
    code = f"import tinynet.probe.{first}; {names}; print(all(map(callable, (explain, walk, trace, replay, pca))))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "True\n"


def test_a_room_within_is_an_attribute_too() -> None:
    code = "import tinynet; print(tinynet.probe.interpret.pca.__name__, tinynet.probe.doctor.diagnose.__name__)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "pca diagnose\n"


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"module 'tinynet.probe' has no attribute 'explode'"):
        probe.explode  # noqa: B018


def test_training_loads_nothing_that_looks_into_nets() -> None:
    code = "import sys; import tinynet.learner; print([m for m in sys.modules if m.startswith('tinynet.probe.')])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = ast.literal_eval(run.stdout)
    rooms = {name.split(".")[2] for name in loaded}
    assert not rooms & {"doctor", "interpret", "one_batch", "rates"}
