"""From what is told to settings, and what a run folder holds and refuses."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.cli.pieces import sentence, settings
from tinynet.cli import new_run, runs, settling
from tinynet.cli.nets import NetFile, Source, source_of
from tinynet.cli.own import Own
from tinynet.cli.own_data import Data
from tinynet.cli.runs import KINDS, Run
from tinynet.cli.settling import NAMES, check_alone, names_given, settled, told_to
from tinynet.core import generator_states, seed
from tinynet.data import moons
from tinynet.layers import Dropout, Linear
from tinynet.losses import cross_entropy
from tinynet.models import EncoderDecoder, VariationalAutoencoder
from tinynet.net import Net

USUAL = {"dataset": "digits", "optimizer": "adam", "seed": 0, "kernels": "auto", "precision": "float32"}


def context(**given):
    """What Typer knows of a command line on which these options stand."""
    params = dict.fromkeys(NAMES) | USUAL | {"skip_broken": False, "out": None, "resume": None} | given

    def source(name):
        return SimpleNamespace(name="COMMANDLINE" if name in given else "DEFAULT")

    return SimpleNamespace(params=params, get_parameter_source=source)


# What is told.


def test_without_a_file_the_options_are_told():
    told = told_to(context(seed=5, model="mlp"), None)
    assert list(told) == list(NAMES)
    assert (told["seed"], told["model"], told["dataset"], told["epochs"]) == (5, "mlp", "digits", None)


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        (
            'dataset = "moons"\nepochs = 1\nbatch-size = 128\nearly-stopping = 3\naugment = "flip"',
            {"epochs": 7},
            {"dataset": "moons", "epochs": 7, "batch_size": 128, "early_stopping": "3", "augment": ["flip"], "seed": 0},
        ),
        ('model = "mlp"', {"net": "/c/b.py"}, {"model": None, "net": "/c/b.py"}),
        ('net = "/a/b.py:f:width=3"', {"net": "/c/b.py"}, {"model": None, "net": "/c/b.py:f:width=3"}),
        ('net = "/a/b.py:f:width=3"', {"net": "/c/b.py:g"}, {"net": "/c/b.py:g:width=3"}),
        ('net = "/a/b.py:f:width=3"', {"net": "/c/b.py:depth=1"}, {"net": "/c/b.py:f:depth=1"}),
        ('dataset = "a.csv"\ntarget = "b"', {"dataset": "moons"}, {"dataset": "moons", "target": None}),
        ('dataset = "a.csv"\ntarget = "b"', {"dataset": "b.csv"}, {"dataset": "b.csv", "target": "b"}),
        ('target = "b"', {"dataset": "moons", "target": "c"}, {"dataset": "moons", "target": "c"}),
        ('model = "mlp"', {"model": "vgg11"}, {"model": "vgg11", "net": None}),
    ],
)
def test_a_file_tells_what_the_command_line_does_not(text, given, expected, tmp_path):
    (tmp_path / "a.toml").write_text(text)
    told = told_to(context(**given), tmp_path / "a.toml")
    assert {name: told[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "a.toml",
            'net = "my.py"',
            "FILE asks for the net of my.py.\nHint: a file runs no code by itself; add --net my.py.",
        ),
        ("a.toml", "model = 3", "model in FILE must be a text, got 3."),
        ("a.json", '{"kernels": 3}', "kernels in FILE must be a text, got 3."),
        ("a.toml", "augment = [1]", "augment in FILE must be a list of texts, got [1]."),
        ("a.toml", "augment = 1", "augment in FILE must be a list of texts, got 1."),
        ("a.json", "3", 'FILE holds an int, not a table of options.\nHint: as in {"epochs": 5}.'),
        ("a.toml", "sed = 3", "there is no option in FILE called 'sed'.\nHint: did you mean seed?"),
        (
            "a.json",
            '{"format": 1}',
            "FILE looks like the config.json of a run under another name.\nHint: call it config.json.",
        ),
    ],
)
def test_what_a_file_cannot_tell_is_one_sentence(name, text, words, tmp_path):
    path = tmp_path / name
    path.write_text(text)
    assert sentence((TypeError, ValueError), told_to, context(), path) == words.replace("FILE", str(path))


def test_a_file_that_is_neither_is_named(tmp_path):
    for name, kind in (("a.toml", "TOML"), ("a.TOML", "TOML"), ("a.json", "JSON"), ("a.txt", "JSON")):
        (tmp_path / name).write_text("{")
        words = sentence(ValueError, told_to, context(), tmp_path / name)
        assert words.startswith(f"{tmp_path / name} is no {kind}: ")
        assert words.endswith("\nHint: name a config.json of a run, or a .toml file.")


def test_a_text_may_be_left_open_in_a_file(tmp_path):
    (tmp_path / "a.json").write_text('{"dataset": null, "target": null, "augment": ["flip", "crop"]}')
    told = told_to(context(), tmp_path / "a.json")
    assert (told["dataset"], told["target"], told["augment"]) == (None, None, ["flip", "crop"])


def test_what_is_given_is_what_is_no_default():
    sources = {"a": "COMMANDLINE", "b": "ENVIRONMENT", "c": "DEFAULT", "d": None, "e": "DEFAULT_MAP"}
    found = SimpleNamespace(
        params=sources, get_parameter_source=lambda n: sources[n] and SimpleNamespace(name=sources[n])
    )
    assert names_given(found) == {"a", "b"}


def test_a_run_that_goes_on_has_its_settings():
    check_alone(context(resume="run", net="a.py"), "run", set())
    check_alone(context(resume="run", trials=3), "search", {"trials"})
    assert sentence(ValueError, check_alone, context(resume="run", dataset="moons"), "run", set()) == (
        "--resume goes on with the settings of the run, so a data set cannot be given.\n"
        "Hint: leave it out; for a run with other settings, begin another."
    )
    assert sentence(ValueError, check_alone, context(resume="run", batch_size=3), "search", {"trials"}) == (
        "--resume goes on with the settings of the search, so --batch-size cannot be given.\n"
        "Hint: leave it out; for a search with other settings, begin another."
    )


NET = "from tinynet.layers import Linear\nfrom tinynet.net import Net\ndef small(width=2): return Net([Linear(2, 2)])\n"


def test_settings_follow_from_what_is_told(tmp_path):
    what = settled({"dataset": "moons", "epochs": 2, "lr": None, "out": "x", "target": None})
    assert (what.settings.dataset, what.settings.model, what.settings.epochs, what.settings.lr) == (
        "moons",
        "mlp",
        2,
        0.005,
    )
    assert what.code is None
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    own = settled({"dataset": str(tmp_path / "a.csv"), "target": "b", "skip_broken": True})
    assert (own.settings.dataset, own.settings.own) == (str(tmp_path / "a.csv"), Own("table", "b", skip_broken=True))
    assert settled({"dataset": str(tmp_path / "a.csv"), "model": "char_lstm:hidden_size=8"}).settings.own == Own("text")
    (tmp_path / "net.py").write_text(NET)
    told = {"dataset": "moons", "net": f"{tmp_path / 'net.py'}:width=8", "epochs": 2}
    net = settled(told)
    assert (net.settings.net, net.settings.model) == (f"{tmp_path / 'net.py'}:small", "net.py")
    assert (net.settings.sizes, net.settings.net_sha256, net.settings.epochs) == ({"width": 8}, net.code.sha256, 2)
    assert sentence(ValueError, settled, told | {"model": "mlp"}) == (
        f"the net is to be mlp and that of {told['net']} at once.\nHint: leave out --model or --net."
    )


def test_settings_of_a_run_tell_that_the_file_of_its_net_has_changed(tmp_path, monkeypatch, capsys):
    (tmp_path / "net.py").write_text(NET)
    (tmp_path / "config.json").write_text('{"format": 1}')
    path = tmp_path / "config.json"
    for net, net_sha256, asked, said in (
        ("/a/net.py:f", "another", str(tmp_path / "net.py"), True),
        ("/a/net.py:f", settling.sha256(NET.encode()), str(tmp_path / "net.py"), False),
        ("/a/net.py:f", "another", None, False),
        ("/a/net.py:f", "another", str(tmp_path / "gone.py"), False),
        (None, None, str(tmp_path / "net.py"), False),
    ):
        found = SimpleNamespace(settings=settings(net=net, net_sha256=net_sha256))
        monkeypatch.setattr(settling, "open_run", lambda folder, found=found: found)
        assert settling._of_run(path, asked) == found.settings.words()
        words = f"tinynet: {tmp_path / 'net.py'} is not as it was when {tmp_path} was trained.\n"
        assert capsys.readouterr().err == (words if said else "")


# What a run folder holds.


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("dataset", ["", "a"], [None, 3, ["a"]]),
        ("input_shape", [[1], [1, 8, 8], [10**8]], [None, [], [0], [-1], [1.0], [True], [10**8 + 1], ["1"], 5, (1,)]),
        ("classes", [["a"], [1, 2.5, "a"]], [None, [], [None], [["a"]], "ab"]),
        ("own", [None, {}], [[], "a", 3]),
        ("net", [None, "a"], [3, ["a"]]),
        ("augment", [None, [], ["a", "b"]], ["a", [3], ["a", 3], {}]),
        ("test", [None, {}, {"a": 1, "b": 0.5}], [[1], {"a": "1"}, {"a": True}, {"a": 1, "b": None}, 3]),
    ],
)
def test_what_an_entry_of_a_configuration_must_be(name, right, wrong):
    is_right, _ = KINDS[name]
    assert [value for value in right if not is_right(value)] == []
    assert [value for value in wrong if is_right(value)] == []


def test_the_configuration_of_a_run_tells_all_that_it_depends_on(monkeypatch):
    data = moons(20, rng=0)
    monkeypatch.setattr(runs.metadata, "version", lambda name: {"numpy": "2.0", "numba": "0.60"}[name])
    monkeypatch.setattr(runs, "_installed", lambda name: name != "scipy")
    monkeypatch.setattr(runs.os, "cpu_count", lambda: 9)
    told = runs.describe(settings(sizes={"hidden": (4,)}), Path("a run"), Data(data, data))
    assert told["format"] == 1
    assert told["command"].endswith(" --out 'a run'")
    assert (told["dataset"], told["model"], told["sizes"], told["own"]) == ("moons", "mlp", {"hidden": (4,)}, None)
    assert (told["valid_fraction"], told["input_shape"], told["classes"]) == (0.1, [2], list(data.classes))
    assert told["data_source"] == data.source
    assert list(told["versions"]) == ["tinynet", "python", "numpy", "numba"]
    assert (told["versions"]["numpy"], told["versions"]["tinynet"]) == ("2.0", runs.__version__)
    assert told["threads"] == runs.thread_count()
    assert told["platform"].endswith(", 9 cores")
    assert runs.datetime.fromisoformat(told["started"]).tzinfo is not None
    assert "." not in told["started"]
    assert runs.config_text({"a": "é"}) == '{\n  "a": "é"\n}\n'


def test_data_of_ones_own_must_be_what_they_were(tmp_path):
    data = SimpleNamespace(train=SimpleNamespace(source="now"))
    own = settings(own=Own("table"))
    runs.check_same_data(Run(tmp_path, {"data_source": "before"}, settings()), data)
    runs.check_same_data(Run(tmp_path, {"data_source": "now"}, own), data)
    assert sentence(ValueError, runs.check_same_data, Run(tmp_path, {"data_source": "before"}, own), data) == (
        "the data have changed since the run began: it learned from before, now there are now.\n"
        "Hint: put them back as they were, or train anew."
    )


def test_a_run_says_what_it_computes_with_and_whose_code_it_needs(tmp_path):
    code = NetFile(Source(Path("/a/net.py"), "f", {}), b"text", lambda: None, (Linear,))
    own = settings(net="/a/net.py:f", net_sha256="another", kernels="plain")
    run = Run(tmp_path, {"input_shape": [2, 3], "classes": ["a", 1]}, own)
    assert (run.input_shape, run.classes, run.kernels(None), run.kernels("loops")) == (
        (2, 3),
        ["a", "1"],
        "plain",
        "loops",
    )
    hint = f"Hint: add --net {tmp_path / 'net.py'}, which runs the code that the run was made with."
    assert sentence(ValueError, run.without_code, "it is not there.") == f"it is not there.\n{hint}"
    assert sentence(ValueError, runs.code_to_go_on, run) == (
        f"{tmp_path} has a net of its own, from /a/net.py:f.\n{hint}"
    )
    changed = Run(tmp_path, {}, own, code)
    assert sentence(ValueError, runs.code_to_go_on, changed) == (
        f"/a/net.py has changed since the run began.\nHint: take the copy: --net {tmp_path / 'net.py'}"
    )
    same = Run(tmp_path, {}, settings(net="/a/net.py:f", net_sha256=code.sha256), code)
    assert runs.code_to_go_on(same) is code
    assert runs.code_to_go_on(Run(tmp_path, {}, settings())) is None
    assert run.statistics() is None
    assert Run(tmp_path, {}, settings(own=Own("table"))).preparation() is None  # before any was written
    assert runs.layers_of(None) == [VariationalAutoencoder, EncoderDecoder]
    assert runs.layers_of(code) == [VariationalAutoencoder, EncoderDecoder, Linear]
    runs.write_net(tmp_path, None)
    assert list(tmp_path.iterdir()) == []
    runs.write_net(tmp_path, code)
    assert (tmp_path / "net.py").read_bytes() == b"text"


def test_what_is_no_run_or_holds_another_thing_is_named(tmp_path):
    assert sentence(FileNotFoundError, runs.open_run, tmp_path / "gone") == (
        f"{tmp_path / 'gone'} is not a run: there is no such folder.\n"
        f"Hint: make a run with: tinynet train digits --out {tmp_path / 'gone'}"
    )
    assert sentence(FileNotFoundError, runs.open_run, tmp_path / "model.safetensors").startswith(
        f"{tmp_path} is not a run: it holds no config.json.\n"
    )
    (tmp_path / "config.json").write_text(json.dumps({"format": 1, "seed": 1}))
    assert sentence(ValueError, runs.open_run, tmp_path) == (
        f"{tmp_path / 'config.json'} is damaged: it says nothing about dataset, model, epochs, lr, batch_size, "
        "optimizer, kernels, input_shape, classes.\nHint: train again; the file is written by tinynet train."
    )
    assert sentence(TypeError, runs._no_net, Path("a"), Linear(2, 2)) == (
        "a holds a Linear, not a Net.\nHint: train again."
    )


# The folder of a new run.


def test_a_folder_is_free_or_not(tmp_path):
    new_run.check_free(None, force=False)
    new_run.check_free(tmp_path, force=False)
    new_run.check_free(tmp_path / "gone", force=False)
    (tmp_path / "file").write_text("")
    for force in (False, True):
        assert sentence(NotADirectoryError, new_run.check_free, tmp_path / "file", force) == (
            f"{tmp_path / 'file'} is a file, not a folder.\nHint: choose another --out."
        )
    (tmp_path / "config.json").write_text("")
    (tmp_path / "history.csv").write_text("")
    new_run.check_free(tmp_path, force=True)
    assert sentence(FileExistsError, new_run.check_free, tmp_path, False) == (
        f"there is a run in {tmp_path} already (config.json, history.csv).\n"
        "Hint: choose another --out, or add --force to replace it."
    )


def files(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def fill(folder, **contents):
    for name, text in contents.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_the_files_of_a_new_run_take_the_places_of_the_old(tmp_path):
    fill(tmp_path, config_json="old", history_csv="old", report_html="old", notes_txt="mine", checkpoints__a="old")
    with new_run.begun(tmp_path, {"seed": 1}, force=True) as work:
        assert work == tmp_path / "replacement"
        assert json.loads((work / "config.json").read_text()) == {"seed": 1}
        fill(work, history_csv="new", checkpoints__b="new", other_txt="new")
        assert files(tmp_path)["config.json"] == "old"
    assert files(tmp_path) == {
        "config.json": '{\n  "seed": 1\n}\n',
        "history.csv": "new",
        "notes.txt": "mine",
        "checkpoints/b": "new",
    }


def test_a_replacement_begins_empty(tmp_path):
    fill(tmp_path, config_json="old", replacement__history_csv="left", replacement__checkpoints__a="left")
    with new_run.begun(tmp_path, {}, force=True) as work:
        assert sorted(files(work)) == ["config.json"]


def test_where_there_is_no_run_force_writes_into_the_folder_itself(tmp_path):
    with new_run.begun(tmp_path, {"seed": 1}, force=True) as work:
        assert work == tmp_path
    assert files(tmp_path) == {"config.json": '{\n  "seed": 1\n}\n'}


def test_a_run_goes_on_where_it_was(tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(new_run, "open_run", opened.append)
    with new_run.resumed(tmp_path) as work:
        assert work == tmp_path
    (tmp_path / "replacement").mkdir()  # of a process that was killed before it wrote anything
    with new_run.resumed(tmp_path) as work:
        assert work == tmp_path
    assert opened == [tmp_path, tmp_path]
    fill(tmp_path, config_json="old", replacement__config_json="new")
    with new_run.resumed(tmp_path) as work:
        assert work == tmp_path / "replacement"
    assert files(tmp_path) == {"config.json": "new"}
    fill(
        tmp_path,
        history_csv="old",
        replacement__report_html="newer",
        replacement__whole_json='["report.html", "config.json"]',
    )
    with new_run.resumed(tmp_path) as work:  # killed while the files were moved: config.json is in its place already
        assert work == tmp_path
    assert files(tmp_path) == {"config.json": "new", "report.html": "newer"}


def test_numbered_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs/my-table-mlp-1").mkdir(parents=True)
    assert new_run.new_folder(settings(dataset="/a/my table.csv"), None) == Path("runs/my-table-mlp-2")
    assert (tmp_path / "runs/my-table-mlp-2").is_dir()
    assert new_run.new_folder(settings(), Path("a/b")) == Path("a/b")
    assert new_run.new_folder(settings(), Path("a/b")).is_dir()


# A net of ones own.


def test_a_rehearsal_draws_nothing_and_leaves_the_net_as_it_was():
    data, (one, _) = moons(20, rng=0), moons(2, rng=0).split(0.5, rng=0)
    net = Net([Linear(2, 8), Dropout(0.5), Linear(8, 2)])
    code = NetFile(source_of("/a/net.py:f"), b"", lambda: None, ())
    seen = []

    def loss(predicted, truth):
        seen.append((predicted.shape, truth.shape))
        return cross_entropy(predicted, truth)

    seed(3)
    before, state = generator_states(), {path: array.copy() for path, array in net.state().items()}
    net.eval()
    code.rehearse(net, data, loss, 2)
    code.rehearse(net, one, loss, 2)
    assert generator_states() == before
    assert seen == [((2, 2), (2,)), ((1, 2), (1,))]
    assert not net.training
    assert not any(parameter.gradient.any() for parameter in net.parameters().values())
    for path, array in net.state().items():
        np.testing.assert_array_equal(array, state[path])
    assert sentence(ValueError, code.rehearse, net, data, loss, 3) == (
        "the net of /a/net.py gives (2, 2) for 2 samples, expected (2, 3).\n"
        "Hint: let the last layer have 3 outputs; the function can take n_classes."
    )
