"""tinynet train PAIRS --model seq2seq: from a text to the one that it becomes."""

import itertools
import json
import os
import shutil
import signal
from functools import partial

import numpy as np
import pytest

import tinynet as tn
from tests.cli.test_resume import Press
from tests.cli.without_report import without_report
from tinynet.cli import app, main
from tinynet.cli.runs import open_run
from tinynet.cli.tasks import loss_and_metrics, sequence_accuracy, token_accuracy
from tinynet.data.own.pair_file import END, PADDING, START
from tinynet.learner import Learner
from tinynet.models import EncoderDecoder, transcribe
from tinynet.optimizers import SGD
from tinynet.visualize.subject import Subject

SMALL = "seq2seq:embed_dim=16,num_heads=2"
WORDS = ["".join(word) for n in range(1, 4) for word in itertools.product("abcdef", repeat=n)]
LINES = [f"{word}\t{word.upper()}" for word in WORDS]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "upper.txt"
    path.write_text("\n".join(LINES), encoding="utf-8")
    return path


def words_of(path, folder, *words):
    return ["train", str(path), "--model", SMALL, "--batch-size", "16", "--lr", "0.01", *words, "--out", str(folder)]


def trained_on(path, folder, *words):
    with without_report(), pytest.raises(SystemExit) as ended:
        main(words_of(path, folder, *words))
    assert not ended.value.code
    return folder


@pytest.fixture(scope="module")
def run(path):
    return trained_on(path, path.parent / "run", "--epochs", "20")


def test_it_learns_and_writes_what_new_texts_become(run, tinynet):
    test = json.loads((run / "config.json").read_text(encoding="utf-8"))["test"]
    assert list(test) == ["loss", "token_accuracy", "sequence_accuracy"]
    assert test["sequence_accuracy"] > 0.9
    result = tinynet("predict", run, "cab", " fed", "cab dab")
    assert result.status == 2
    lines = result.out.splitlines()
    assert [line.partition(" (")[0] for line in lines] == ["cab → CAB", " fed → FED"]
    assert all(line.endswith("%)") for line in lines)
    assert "'cab dab': the text has 7 characters, but the net takes 3 at most." in result.err


def test_what_is_said_before_and_after(path, tinynet, tmp_path):
    with without_report():
        result = tinynet(*words_of(path, tmp_path / "run", "--epochs", "1"))
    assert "reads up to 3 characters and writes up to 3, of 12 different ones" in result.out
    assert "test loss " in result.out
    assert " token_accuracy 0." in result.out


def test_numbers_over_data_are_the_same_at_every_batch_size(run):
    opened = open_run(run)
    test, net = opened.data().test, opened.net()
    net[0].writer[-1].bias.tensor[5] += 2  # so that not all is right
    loss, metrics = loss_and_metrics("seq2seq", test)
    found = [
        Learner(net, loss, SGD(lr=1.0), test, batch_size=size, metrics=metrics).evaluate(test) for size in (1, 7, 256)
    ]
    assert all(each == pytest.approx(found[0], rel=1e-5) for each in found)
    assert 0 < found[0]["sequence_accuracy"] < found[0]["token_accuracy"] < 1
    (source, _), y = test[:]
    written = transcribe(net, source, START, y.shape[1], end=END)
    whole = [list(a[: list(a).index(END) + 1]) == list(b[b != PADDING]) for a, b in zip(written, y, strict=True)
             if END in a]  # fmt: skip
    assert sum(whole) / len(y) == pytest.approx(found[0]["sequence_accuracy"])  # as it writes by itself


def test_padding_counts_nowhere():
    y = np.array([[3, END, PADDING], [3, 4, END]])
    predicted = np.eye(5)[[[3, END, 4], [3, 3, END]]]
    assert (token_accuracy(predicted, y), sequence_accuracy(predicted, y)) == (0.8, 0.5)


def left(folder):
    rows = [line.split(",") for line in (folder / "history.csv").read_text().splitlines()]
    at = rows[0].index("seconds")
    net = tn.load(folder / "model.safetensors", layers=[EncoderDecoder])
    weights = {name: array.tobytes() for name, array in net.state().items()}
    return weights, [row[:at] + row[at + 1 :] for row in rows], json.loads((folder / "config.json").read_text())["test"]


def test_an_interrupted_run_comes_to_the_same_bits(path, tinynet, tmp_path, monkeypatch):
    straight = trained_on(path, tmp_path / "straight", "--epochs", "2")
    make, folder = app.training.make_learner, tmp_path / "run"
    with without_report():
        with monkeypatch.context() as patched:
            press = Press(signal.SIGINT)
            patched.setattr(app.training, "make_learner", lambda s, d, c, *m: make(s, d, [*c, press], *m))
            assert tinynet(*words_of(path, folder, "--epochs", "2")).status == 130
        result = tinynet("train", "--resume", folder)
    assert (result.status, result.err) == (0, "")
    assert "after 1 of 2 epochs" in result.out
    assert left(folder) == left(straight)
    path = shutil.copy(path, tmp_path / "upper.txt")
    folder = trained_on(path, tmp_path / "other", "--epochs", "1")
    path.write_text("\n".join([*LINES, "cccc\tC"]), encoding="utf-8")
    assert "line 259 of" in tinynet("train", "--resume", folder).err  # longer than any text before
    path.write_text("\n".join([*LINES, "ccc\tC"]), encoding="utf-8")
    assert "the data have changed since the run began" in tinynet("train", "--resume", folder).err


def test_evaluate_tests_on_the_test_part_or_on_other_pairs(run, path, tinynet, tmp_path):
    own = tinynet("evaluate", run).out
    moved = shutil.copy(path, tmp_path / "moved.txt")
    assert tinynet("evaluate", run, "--on", moved).out == own  # the same pairs, of which most were learned
    other = tmp_path / "other.txt"
    other.write_text("abc\tABC\nb\tB\n", encoding="utf-8")
    assert "(2 samples)" in tinynet("evaluate", run, "--on", other).out


def test_a_table_is_learned_from_and_the_run_repeated(tinynet, tmp_path):
    table = tmp_path / "upper.csv"
    table.write_text("upper,lower\n" + "".join(f"{word.upper()},{word}\n" for word in WORDS), encoding="utf-8")
    folder = trained_on(table, tmp_path / "run", "--target", "upper", "--epochs", "1")
    with without_report():
        again = tinynet("train", "--config", folder, "--out", tmp_path / "again")
    assert (again.status, again.err) == (0, "")
    assert left(folder) == left(tmp_path / "again")
    assert "the settings are the same" in tinynet("compare", folder, tmp_path / "again").out


def test_max_length_is_a_size_of_the_model(path, tinynet, tmp_path):
    folder = tmp_path / "run"
    with without_report():
        tinynet("train", path, "--model", f"{SMALL},max_length=9", "--epochs", 1, "--out", folder)
    assert tinynet("predict", folder, "abcabcab").status == 0
    assert "the net takes 8 at most" in tinynet("predict", folder, "abcabcabc").err
    assert tinynet("evaluate", folder).status == 0


@pytest.mark.parametrize(
    "words",
    [
        ["doctor"],
        ["card"],
        ["summary"],
        ["summary", "--input-shape", "3,2"],
        ["look"],
        ["explain", "--terms", "2"],
        ["explain", "--sample", "3", "--number", "0.attention.y[0,1,2]"],
        ["export", "--to", "npz"],
        ["export", "--to", "pytorch"],
    ],
    ids=" ".join,
)
def test_what_works_for_any_run_works_for_this_one(run, tinynet, tmp_path, words):
    copy = shutil.copytree(run, tmp_path / "copy")
    result = tinynet(words[0], copy, *words[1:])
    assert (result.status, result.err) == (0, "")
    if words == ["look"]:
        assert "is the start of a text" in result.out
        assert (copy / "look-attention.png").stat().st_size > 10_000


def test_the_report_shows_what_it_writes(run, tinynet, monkeypatch):
    asked = {}
    monkeypatch.setattr("tinynet.visualize.report", lambda path, net, **told: asked.update(told, net=net) or path)
    assert tinynet("report", run).status == 0
    ((heading, view),) = asked["sections"]
    subject = Subject(asked["net"], test=asked["test"])
    assert heading == "What it writes"
    assert "</td></tr>" in view(subject).html
    right = view(subject).words
    subject.net[0].writer[-1].bias.tensor[5] = 100
    assert right.startswith(("Of the first 50 texts", "The first 50 texts for the test are all wholly right"))
    assert view(subject).words == "Of the first 50 texts for the test, 50 are not wholly right; these come first."


def test_it_is_tuned(path, tinynet, tmp_path):
    pytest.importorskip("optuna")
    result = tinynet(
        *("tune", path, "--model", SMALL, "--epochs", 1, "--trials", 2, "--search", "embed_dim=8,16"),
        *("--out", tmp_path / "tuned"),
    )
    assert (result.status, result.err) == (0, "")


NET = """
from tinynet.models import seq2seq


def my_net(input_shape, n_classes, width=8):
    return seq2seq(n_classes, width, 2, max(input_shape), padding=0)
"""


def test_a_net_of_ones_own_learns_dates(tinynet, tmp_path, monkeypatch):
    few = partial(tn.data.catalog._pair, tn.data.dates, 100)
    monkeypatch.setitem(tn.data.DATASETS, "dates", tn.data.catalog.Entry("a hundred dates", few))
    (tmp_path / "net.py").write_text(NET)
    net = ("--net", tmp_path / "net.py")
    with without_report():
        result = tinynet("train", "dates", *net, "--epochs", 1, "--out", tmp_path / "run")
    assert (result.status, result.err) == (0, "")
    assert "sequence_accuracy" in result.out
    assert tinynet("predict", tmp_path / "run", "5 March 1998", *net).status == 0
    assert tinynet("summary", tmp_path / "run", *net).out.startswith("Net for an input of (N, 19), (N, 11)")


def test_dates_are_learned_by_their_name(tinynet, tmp_path, monkeypatch):
    few = partial(tn.data.catalog._pair, tn.data.dates, 100)
    monkeypatch.setitem(tn.data.DATASETS, "dates", tn.data.catalog.Entry("a hundred dates", few))
    with without_report():
        result = tinynet("train", "dates", "--epochs", 1, "--out", tmp_path / "run")
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith("seq2seq (")
    assert tinynet("evaluate", tmp_path / "run").out in result.out
    for place in (tmp_path / "run", shutil.copy(tmp_path / "run" / "model.safetensors", tmp_path / "net.safetensors")):
        predicted = tinynet("predict", place, "5 March 1998")
        assert (predicted.status, predicted.out[:15]) == (0, "5 March 1998 → ")
        assert tinynet("evaluate", place).out in result.out
    assert os.listdir(tmp_path / "run").count("preparation.json") == 0
