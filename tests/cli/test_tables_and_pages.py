"""What stands in the tables, lines and pages of the commands."""

import json

import numpy as np
import pytest

import tinynet as tn
from tinynet.cli import comparing, show
from tinynet.cli.comparing import Comparison, compared
from tinynet.cli.own import Own
from tinynet.cli.own_data import Data
from tinynet.cli.runs import Run
from tinynet.cli.settings import Settings
from tinynet.cli.training import make_learner
from tinynet.data import moons
from tinynet.layers import Conv2D, Linear, ReLU
from tinynet.learner import History
from tinynet.net import Net

nan = float("nan")


def history(**columns):
    found = History()
    for epoch, values in enumerate(zip(*columns.values(), strict=True), 1):
        found.append({"epoch": epoch} | dict(zip(columns, values, strict=True)))
    return found


# tinynet compare.


@pytest.mark.parametrize(
    ("columns", "texts"),
    [
        ([[8, 4, 2, 1], [8, 8]], ["█▅▃▁", "██"]),
        ([[1, 0, nan, 10]], ["▁??█"]),
        ([[-1, 0]], [""]),
        ([[], [1, 10]], ["", "▁█"]),
        ([[5, 5, 5]], ["▁▁▁"]),
        ([], []),
    ],
)
def test_small_curves_are_on_one_logarithmic_scale(columns, texts):
    assert comparing._bars([np.array(column, float) for column in columns]) == texts


def test_a_long_curve_shows_its_ends_and_what_is_between():
    (text,) = comparing._bars([2.0 ** -np.arange(100)])
    assert (len(text), text[0], text[-1]) == (24, "█", "▁")
    assert list(text) == sorted(text, reverse=True)


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (["flip", 3], "flip, 3"),
        (None, ""),
        (False, ""),
        (True, "True"),
        (0, "0"),
        (0.00012345678, "0.000123457"),
        (0.5, "0.5"),
        ("a", "a"),
    ],
)
def test_a_setting_as_a_word(value, word):
    assert comparing._word(value) == word


@pytest.mark.parametrize(
    ("results", "word"),
    [({"accuracy": 0.98765}, "98.77%"), ({"accuracy": 1}, "100.00%"), ({"loss": 3}, ""), ({}, "not finished")],
)
def test_a_result_as_a_word(results, word):
    assert comparing._number(results, "accuracy") == word
    assert comparing._number({"loss": 0.0123456}, "loss") == "0.01235"
    assert comparing._number({"token_accuracy": 0.5}, "token_accuracy") == "50.00%"


def test_the_lowest_loss_is_told_with_its_epoch():
    assert comparing._lowest(history(valid_loss=[3.0, 0.123456, nan, 2.0])) == "0.1235 in epoch 2"
    assert comparing._lowest(history(valid_loss=[nan, 0.5])) == "0.5 in epoch 2"
    assert comparing._lowest(history(valid_loss=[nan, nan])) == ""
    assert comparing._lowest(history(loss=[1.0])) == ""
    assert comparing._lowest(History()) == ""


def some_run(place, **config):
    settings = Settings("digits", "mlp", 3, 0.25, 8, "sgd", 0, "auto", net_sha256="0123456789abcdef")
    return Run(place, config, settings)


def test_how_runs_ended(tmp_path):
    runs = [
        some_run(tmp_path, test={"loss": 0.5, "accuracy": 0.25}),
        some_run(tmp_path),
        some_run(tmp_path, test={"loss": 2}),
    ]
    histories = [history(valid_loss=[4.0, 1.0], seconds=[1.0, 0.26]), History(), history(loss=[1.0])]
    assert comparing._results(runs, histories) == {
        "test loss": ["0.5", "not finished", "2"],
        "test accuracy": ["25.00%", "not finished", ""],
        "lowest valid loss": ["1 in epoch 2", "", ""],
        "epochs done": ["2 of 3", "0 of 3", "1 of 3"],
        "seconds": ["1.3", "0.0", "0.0"],
        "valid loss": ["█▁", "", "?"],
    }
    bare = comparing._results([some_run(tmp_path)], [History()])
    assert bare == {"epochs done": ["0 of 3"], "seconds": ["0.0"]}


def test_what_the_numbers_of_a_run_depend_on(tmp_path):
    settings = Settings(
        "digits", "my.py", 3, 0.25, 8, "sgd", 0, "auto", net="/a/my.py:f", net_sha256="0123456789abcdef"
    )
    told = comparing._told(Run(tmp_path, {"data_source": "here", "versions": {"numpy": "2.0"}}, settings))
    assert told["net"] == "my.py:f"
    assert (told["net file"], told["data"], told["version of numpy"]) == ("0123456789ab", "here", "2.0")
    assert (told["batch-size"], told["lr"], "kernels" in told) == ("8", "0.25", False)
    older = comparing._told(some_run(tmp_path, versions="old"))
    assert (older["data"], older["model"], [name for name in older if name.startswith("version")]) == ("", "mlp", [])


def a_comparison(n=2, **changed):
    names = [f"run{index}" for index in range(n)]
    parts = {
        "names": names,
        "results": {
            "test accuracy": [f"{index}%" for index in range(n)],
            "valid loss": ["█"] * n,
            "epochs done": ["1 of 2"] * n,
        },
        "differing": {"lr": [f"0.{index}" for index in range(n)]},
        "same": {"seed": "0", "model": "mlp"},
        "histories": [history(loss=[1.0])] * n,
        "commands": [f"tinynet train & {name}" for name in names],
    }
    return Comparison(**(parts | changed))


def test_runs_are_printed_side_by_side_and_at_most_four_in_a_row(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    comparing._print(a_comparison(5))
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        "               run0    run1    run2    run3",
        "lr             0.0     0.1     0.2     0.3",
        "",
        "test accuracy  0%      1%      2%      3%",
        "valid loss     █       █       █       █",
        "epochs done    1 of 2  1 of 2  1 of 2  1 of 2",
        "",
        "               run4",
        "lr             0.4",
        "",
        "test accuracy  4%",
        "valid loss     █",
        "epochs done    1 of 2",
        "",
        "the same: seed 0, model mlp",
    ]
    comparing._print(a_comparison(differing={}))
    assert capsys.readouterr().out.startswith("the settings are the same\n")


def test_square_brackets_in_a_name_are_no_colours(capsys):
    comparing._print(a_comparison(names=["[red]a", "b"], differing={"lr": ["[bold]1", "2"]}))
    out = capsys.readouterr().out
    assert "[red]a" in out
    assert "[bold]1" in out


def test_the_page_of_a_comparison():
    page = comparing._page(a_comparison(names=["a<b", "c"]), b"picture")
    places = [page.index(f"<h2 id=\"{anchor}-title\">") for anchor in (
        "what-differs", "how-each-ended", "curves", "what-is-the-same", "commands")]  # fmt: skip
    assert places == sorted(places)
    for words in (
        "<title>Runs compared</title>",
        '<p class="lead">2 runs side by side.</p>',
        "<dt>a&lt;b: test accuracy</dt><dd>0%</dd>",
        "<dt>c: test accuracy</dt><dd>1%</dd>",
        '<th scope="col"></th><th scope="col">a&lt;b</th><th scope="col">c</th>',
        '<tr><th scope="row">lr</th><td>0.0</td><td>0.1</td></tr>',
        '<tr><th scope="row">epochs done</th><td>1 of 2</td><td>1 of 2</td></tr>',
        "<p>Validation is drawn as a line, training dashed.</p>",
        'alt="Curves by epoch of a&lt;b, c."',
        'width="1100"',
        '<figure class="chart scroll"',
        '<tr><th scope="row">model</th><td>mlp</td></tr>',
        "<p>Each repeats one run.</p>",
        '<pre tabindex="0">tinynet train &amp; run0</pre>\n<pre tabindex="0">tinynet train &amp; run1</pre>',
        "<p>Written by Tinynet.</p>",
        comparing.TABLES,
        'aria-label="runs side by side"',
    ):
        assert words in page
    assert '<th scope="row">valid loss</th>' not in page
    same = comparing._page(a_comparison(differing={}, results={"epochs done": ["1", "2"]}), b"picture")
    assert "<p>The settings are the same.</p>" in same
    assert "<dt>run0: epochs done</dt><dd>1</dd>" in same


def test_what_is_given_to_be_compared(run, tmp_path):
    with pytest.raises(ValueError, match="only one run") as caught:
        compared([run])
    assert str(caught.value) == (
        "tinynet: there is only one run, and nothing to compare it with.\nHint: name two or more runs."
    )
    with pytest.raises(ValueError, match="given twice") as caught:
        compared([run, run])
    assert str(caught.value) == f"tinynet: the run {run} is given twice.\nHint: name each run once."
    (tmp_path / "tune.json").write_text("")
    assert comparing._runs_of(tmp_path / "tune.json") == []
    assert comparing._runs_of(tmp_path) == [tmp_path]
    assert comparing._runs_of(run) == [run]


# Lines.


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.00004, "0.0000"),
        (999.99996, "1000.0000"),
        (1000.0, "1,000"),
        (-1234567.4, "-1,234,567"),
        (-999.5, "-999.5000"),
        (1e15, "1e+15"),
        (-2e15, "-2e+15"),
        (nan, "nan"),
    ],
)
def test_a_number_of_a_test(value, text):
    assert show._number(value) == text


def test_the_results_of_a_test_in_a_line():
    assert show.results_line({"loss": 0.5, "accuracy": 0.98765}, 1234) == (
        "test accuracy 98.77%, loss 0.5000 (1,234 samples)"
    )
    assert show.results_line({"loss": 0.5}, 3) == "test loss 0.5000 (3 samples)"


def test_what_is_going_to_be_trained_in_two_lines():
    class Preparation:
        words = ("b is predicted", "id is left out")

    settings = Settings("/home/ada/my table.csv", "mlp", 3, 0.25, 8, "sgd", 4, "auto", sizes={"hidden": (4,)})
    train, test = moons(1500, rng=0), moons(1000, rng=1)
    learner = make_learner(settings, train)
    assert show.beginning(settings, learner, Data(train, test)) == (
        "mlp (22 parameters) on my-table: sgd, lr 0.25, batches of 8, seed 4\n"
        "1,350 to learn from, 150 for validation, 1,000 for the test"
    )
    assert show.beginning(settings, learner, Data(train, test, Preparation())).endswith(
        "for the test\nb is predicted\nid is left out"
    )
    learner.valid = None
    assert "1,350 to learn from, 1,000 for the test" in show.beginning(settings, learner, Data(train, test))


@pytest.mark.parametrize(
    ("text", "shape"),
    [("1,28,28", (1, 28, 28)), ("3x32x40", (3, 32, 40)), ("3×32×40", (3, 32, 40)), (" (4, 5) ", (4, 5)), ("7", (7,))],
)
def test_a_shape_is_read(text, shape):
    assert show._input_shape(text) == shape


@pytest.mark.parametrize("text", ["", "1,", "1,0", "a", "1.5", "-1", "1,,2"])
def test_what_is_no_shape_is_named(text):
    with pytest.raises(ValueError, match="--input-shape") as caught:
        show._input_shape(text)
    assert str(caught.value) == f"tinynet: --input-shape must be sizes such as 1,28,28, got {text!r}."


def test_the_settings_on_the_page_of_a_run(tmp_path):
    hidden = {"command": "tinynet", "format": 1, "test": {}, "own": {"kind": "table"}, "augment": [], "sizes": {}}
    config = hidden | {"lr": 0, "net": None, "seed": 3}
    assert show._settings_shown(Run(tmp_path, config, some_run(tmp_path).settings)) == {"lr": 0, "seed": 3}
    own = Settings("a.csv", "mlp", 3, 0.25, 8, "sgd", 0, "auto", Own("table", "b"))
    assert show._settings_shown(Run(tmp_path, config, own)) == {"lr": 0, "seed": 3, "data": "table --target b"}


# Networks.


def test_a_network_by_name_run_or_file_with_the_shape_of_a_sample(run, tmp_path):
    net, shape = show.network("mlp", None)
    assert (net[1].in_features, shape) == (784, (784,))
    net, shape = show.network("mlp", "1,4,4")
    assert (net[1].in_features, shape) == (16, (1, 4, 4))
    assert show.network("seq2seq", "9,8")[1] == [(9,), (8,)]
    for what in (run, run / "model.safetensors"):
        net, shape = show.network(str(what), None)
        assert (net[1].in_features, shape) == (64, (1, 8, 8))
        assert show.network(str(what), "1,16,4")[1] == (1, 16, 4)
        assert show.class_names(str(what)) == list("0123456789")
        assert show.loaded_net(str(what)).state().keys() == net.state().keys()
    assert show.class_names("mlp") is None
    assert show.loaded_net("lenet5").state().keys() == show.network("lenet5", None)[0].state().keys()
    for layer, told in ((Linear(5, 4), (5,)), (Net([Net([Linear(5, 4)]), Linear(4, 3)]), (4,))):
        tn.save(layer, tmp_path / "a.safetensors")
        assert show.network(str(tmp_path / "a.safetensors"), None)[1] == told
    assert show.class_names(str(tmp_path / "a.safetensors")) is None
    tn.save(Net([Conv2D(1, 2, 3)]), tmp_path / "a.safetensors", card={"input_shape": [1, 5, 5], "classes": [1, "b"]})
    assert show.network(str(tmp_path / "a.safetensors"), None)[1] == (1, 5, 5)
    assert show.class_names(str(tmp_path / "a.safetensors")) == ["1", "b"]
    tn.save(Net([ReLU()]), tmp_path / "a.safetensors", card={"input_shape": [0]})
    with pytest.raises(ValueError, match="does not tell the shape") as caught:
        show.network(str(tmp_path / "a.safetensors"), None)
    assert str(caught.value) == (
        f"tinynet: {tmp_path / 'a.safetensors'} does not tell the shape of its input.\n"
        "Hint: add it, as in --input-shape 1,28,28."
    )


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("lost/run", "there is no model, run folder or weights file lost/run.\nHint: tinynet models lists the models."),
        ("lost.py", "there is no model, run folder or weights file lost.py.\nHint: tinynet models lists the models."),
        ("lenet", "there is no model called 'lenet'.\nHint: did you mean lenet5?"),
    ],
)
def test_a_network_that_is_not_there(what, sentence):
    with pytest.raises(ValueError, match="there is no model") as caught:
        show.network(what, None)
    assert str(caught.value) == f"tinynet: {sentence}"


def test_models_and_data_sets_are_printed_as_tables(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    show.models_table()
    head, first, *_ = capsys.readouterr().out.splitlines()
    assert head.split() == ["model", "input", "parameters", "what", "it", "is"]
    assert first.split()[:3] == ["mlp", "784", "235,146"]
    assert head.index("parameters") + len("parameters") == first.index("235,146") + len("235,146")
    show.datasets_table()
    head, first, *_, last = capsys.readouterr().out.splitlines()
    assert head.split() == ["data", "set", "model", "by", "default", "what", "it", "is"]
    assert first.split()[:2] == ["digits", "digits_cnn"]
    assert last == "or your own: a folder of pictures, a table, a text, pairs of texts; see tinynet train --help"


def test_what_the_page_of_a_run_is_made_from(run, tmp_path, monkeypatch):
    asked = {}
    monkeypatch.setattr("tinynet.visualize.report", lambda path, net, **told: asked.update(told, path=path) or path)
    opened = show.open_run(run)
    learner = make_learner(opened.settings, opened.data().train)
    test = opened.data().test
    assert show.write_report(opened, learner, test) == run / "report.html"
    config = json.loads((run / "config.json").read_text())
    assert (asked["title"], asked["metrics"], asked["command"]) == ("mlp on digits", config["test"], config["command"])
    assert asked["history"] is learner.history
    assert asked["test"] is test
    assert asked["course"] is None
    assert [name for name, _ in asked["sections"]] == ["Drawn pictures"]
    assert asked["loss"](np.zeros((1, 10)), np.array([1]))[0] == pytest.approx(np.log(10))
    assert asked["initial"].state().keys() == learner.net.state().keys()
    assert asked["statistics"].settings["detail"] == "economy"
    assert asked["config"] == show._settings_shown(opened)
