"""tinynet train --net FILE: a net of a user's own, whose code runs only where the user says so."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import tinynet as tn
from tinynet.cli import main
from tinynet.cli.choosing import choose
from tinynet.cli.nets import read_net_file, source_of
from tinynet.cli.training import new_net

CODE = """
from pathlib import Path
import numpy as np
from tinynet.layers import Flatten, Layer, Linear, ReLU
from tinynet.net import Net

with open(Path(__file__).with_suffix(".log"), "a") as log:
    log.write("ran\\n")

class Scale(Layer):
    def __init__(self, factor=2.0):
        self.factor = factor
    def forward(self, x):
        return self.factor * x
    def backward(self, dy):
        return self.factor * dy

def small(input_shape, n_classes, width=16):
    return Net([Flatten(), Scale(1.5), Linear(int(np.prod(input_shape)), width), ReLU(), Linear(width, n_classes)])
"""


@pytest.fixture(scope="module")
def own_run(tmp_path_factory):
    """A run of one epoch with a net that has a layer of its own; tests read it and leave it as it is."""
    place = tmp_path_factory.mktemp("own net")
    (place / "my_net.py").write_text(CODE)
    words = ["train", "digits", "--net", str(place / "my_net.py:width=8"), "--epochs", "1", "--out", str(place / "run")]
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert not ended.value.code
    return place / "run"


def copied(own_run: Path, tmp_path: Path) -> Path:
    return shutil.copytree(own_run, tmp_path / "run")


def test_the_file_and_its_hash_are_kept_with_the_run(own_run):
    config = json.loads((own_run / "config.json").read_text())
    assert (own_run / "net.py").read_text() == CODE
    assert config["net_sha256"] == hashlib.sha256(CODE.encode()).hexdigest()
    assert (config["model"], config["net"]) == ("my_net.py", f"{own_run.parent / 'my_net.py'}:small")
    assert config["sizes"] == {"width": 8}
    assert f"--net '{own_run.parent / 'my_net.py'}:small:width=8'" in config["command"]
    assert not (own_run.parent / "__pycache__").exists()


def test_nothing_in_a_run_folder_runs_unasked(own_run, tinynet, tmp_path):
    folder = copied(own_run, tmp_path)
    hint = f"Hint: add --net {folder / 'net.py'}, which runs the code that the run was made with.\n"
    for words in (("evaluate",), ("summary",), ("report",), ("doctor",), ("explain",), ("export", "--to", "npz")):
        result = tinynet(words[0], folder, *words[1:])
        assert (result.status, result.err.endswith(hint)) == (2, True)
    assert tinynet("train", "--resume", folder).err.endswith(hint)
    again = tinynet("train", "--config", folder)
    assert "a file runs no code by itself; add --net" in again.err
    assert not (folder / "net.log").exists()


def test_with_the_same_file_a_run_is_used_like_any_other(own_run, tinynet, tmp_path):
    folder, net = copied(own_run, tmp_path), own_run / "net.py"
    assert "accuracy" in tinynet("evaluate", folder, "--net", net).out
    assert tinynet("evaluate", folder / "model.safetensors", "--net", net).status == 0
    assert "Scale(factor=1.5)" in tinynet("summary", folder, "--net", net).out
    assert "Scale" in tinynet("explain", folder, "--net", net).out
    assert tinynet("export", folder, "--to", "npz", "--net", net).status == 0
    assert tinynet("doctor", folder, "--net", net).status == 0
    assert tinynet("train", "--resume", folder, "--net", net).status == 0
    loaded = tn.load(folder / "model.safetensors", layers=read_net_file(str(net)).layers)
    assert loaded.predict(np.zeros((2, 1, 8, 8), np.float32)).shape == (2, 10)


def test_a_file_that_has_changed_is_said_and_not_trained_on_with(own_run, tinynet, tmp_path):
    folder = copied(own_run, tmp_path)
    (tmp_path / "later.py").write_text(CODE + "# a later thought\n")
    result = tinynet("evaluate", folder, "--net", tmp_path / "later.py")
    assert result.status == 0
    assert "later.py is not as it was when" in result.err
    result = tinynet("train", "--resume", folder, "--net", tmp_path / "later.py")
    assert (result.status, "later.py has changed since the run began" in result.err) == (2, True)
    assert "is not as it was when" in tinynet("train", "--config", folder, "--net", tmp_path / "later.py:none").err


def test_a_run_is_repeated_with_its_function_and_sizes(own_run, tinynet, tmp_path):
    words = ("train", "--config", own_run, "--net", own_run / "net.py", "--out", tmp_path / "again")
    assert tinynet(*words).status == 0
    first, second = (
        tn.load(folder / "model.safetensors", layers=read_net_file(str(own_run / "net.py")).layers)
        for folder in (own_run, tmp_path / "again")
    )
    assert all(np.array_equal(first.state()[path], second.state()[path]) for path in first.state())


def test_a_net_of_tinynets_layers_needs_no_file_to_be_used(tinynet, tmp_path):
    code = "from tinynet.layers import Linear\nfrom tinynet.net import Net\ndef plane(): return Linear(2, 2)\n"
    (tmp_path / "plane.py").write_text(code)
    words = ("train", "moons", "--net", tmp_path / "plane.py", "--epochs", 1, "--out", tmp_path / "run")
    assert tinynet(*words).status == 0
    assert tinynet("evaluate", tmp_path / "run").status == 0
    assert tinynet("explain", tmp_path / "run").status == 0


def test_a_run_of_a_named_model_takes_no_file(run, own_run, tinynet):
    result = tinynet("evaluate", run, "--net", own_run / "net.py")
    assert "has no net of its own, but mlp" in result.err


def test_without_its_file_an_own_net_is_not_built():
    settings = choose("digits", net="my_net.py:small")
    with pytest.raises(ValueError, match=r"my_net.py on digits: the net comes from .*my_net.py:small"):
        new_net(settings, (1, 8, 8), 10)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("my_net.py", ("my_net.py", None, {})),
        ("my_net.py:small", ("my_net.py", "small", {})),
        ("my_net.py:width=3", ("my_net.py", None, {"width": 3})),
        ("my_net.py:small:width=3,hidden=4/5", ("my_net.py", "small", {"width": 3, "hidden": (4, 5)})),
        ("C:\\nets\\my_net.py:small", ("C:\\nets\\my_net.py", "small", {})),
    ],
)
def test_a_place_is_read(text, expected):
    source = source_of(text)
    assert (str(source.path).removeprefix(f"{Path.cwd()}/"), source.function, source.options) == expected


NET = "from tinynet.layers import Flatten, Layer, Linear\nfrom tinynet.net import Net\n"
BAD = {
    "def f(:": ["FILE, line 1: invalid syntax."],
    "x = 1": ["there is no function in FILE that returns a net", "write one: def my_net(input_shape, n_classes)"],
    "import no_such_module": [
        "line 1: ModuleNotFoundError: No module named 'no_such_module'",
        "put what the net needs",
    ],
    "1 / 0": ["FILE, line 1: ZeroDivisionError: division by zero."],
    "exit(3)": ["FILE, line 1: SystemExit: 3."],
    "def a(): pass\ndef b(): pass": ["there are several functions in FILE: a, b.", "say which: --net net.py:a"],
    "def a(width): pass": ["a in FILE needs width, which nobody gives it"],
    "def a(): pass": ["a in FILE must return a net, got None.", "return Net([...])"],
    "def a(): return [1]": ["a in FILE must return a net, got a list."],
    f"{NET}def a():\n    return Net([Linear(0, 2)])": [
        "FILE, line 4: ValueError: Linear: in_features must be at least 1"
    ],
    f"{NET}def a(): return Net([Linear(3, 2)])": ["the net of FILE: layer 0: Linear", "expected x of shape (N, 3)"],
    f"{NET}def a(): return Net([Linear(2, 5)])": ["gives (2, 5) for 2 samples, expected (2, 2)", "have 2 outputs"],
    f"{NET}class A(Layer):\n    def forward(self, x): return x\n    def backward(self, dy): return dy.nothing\n"
    "def a(): return Net([Linear(2, 2), A()])": ["FILE, line 5: AttributeError"],
    f"{NET}def a():\n    class A(Linear): pass\n    return Net([A(2, 2)])": [
        "the layer class A is not at the top of FILE"
    ],
    f"{NET}class A(Layer):\n    def __init__(self, f): self.f = f\n    def forward(self, x): return self.f(x)\n"
    "    def backward(self, dy): return dy\ndef a(): return Net([Linear(2, 2), A(abs)])": ["the net of FILE: "],
}


@pytest.mark.parametrize("code", BAD, ids=range(len(BAD)))
def test_a_mistake_in_the_file_is_one_sentence_with_its_line(code, tinynet, tmp_path):
    (tmp_path / "net.py").write_text(code)
    result = tinynet("train", "moons", "--epochs", 1, "--net", tmp_path / "net.py", "--out", tmp_path / "run")
    assert result.status == 2
    assert len(result.err.splitlines()) <= 2
    for words in BAD[code]:
        assert words.replace("FILE", str(tmp_path / "net.py")) in result.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--net", "nowhere.py"), "there is no file"),
        (("--net", "notes.txt"), "--net must name a Python file, got"),
        (("--net", ""), "--net is empty"),
        (("--net", "FILE:large"), "there is no function large in FILE.\nHint: it has small."),
        (("--net", "FILE:widht=3"), "small in FILE has no option 'widht'.\nHint: did you mean width?"),
        (("--net", "FILE", "--model", "mlp"), "the net is to be mlp and that of FILE at once"),
    ],
)
def test_a_net_that_is_not_there_is_one_sentence(words, sentence, own_run, tinynet, tmp_path):
    file = str(own_run.parent / "my_net.py")
    words = [word.replace("FILE", file) for word in words]
    result = tinynet("train", "moons", *words, "--out", tmp_path / "run")
    assert (result.status, sentence.replace("FILE", file) in result.err) == (2, True)
    assert not (tmp_path / "run").exists()
