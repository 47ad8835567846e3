"""Where own data are, of which kind they are, and which options go with that."""

from pathlib import Path

import pytest

from tinynet.cli import own_data
from tinynet.cli.own import Own, existing, located, own_of, short_name
from tinynet.cli.own_data import Data, read, write_preparation
from tinynet.cli.settings import Settings

CSV = "a,b\n1,2\n"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder, and a file of each kind, with the working directory in it."""
    for name in ("a.csv", "a.TSV", "a.txt", "a.md", "a.png", "a.data", "a"):
        (tmp_path / name).write_text(CSV)
    (tmp_path / "photos").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "model", "options", "own"),
    [
        ("photos", None, {}, Own("pictures")),
        ("photos", None, {"size": 16, "skip_broken": True, "window": None}, Own("pictures", size=16, skip_broken=True)),
        ("a.csv", None, {"target": "b"}, Own("table", target="b")),
        ("a.csv", None, {"target": "b", "task": "numbers"}, Own("table", target="b", task="numbers")),
        ("a.TSV", None, {"skip_broken": False}, Own("table")),
        ("a.data", None, {"target": "b"}, Own("table", target="b")),
        ("a.txt", None, {"target": "b"}, Own("table", target="b")),
        ("a.txt", None, {}, Own("text")),
        ("a.md", "mlp", {"window": 8}, Own("text", window=8)),
        ("a.csv", "char_lstm", {}, Own("text")),
        ("a.data", "char_gpt", {}, Own("text")),
        ("a.txt", "seq2seq", {}, Own("pairs")),
        ("a.csv", "seq2seq", {"target": "b", "skip_broken": True}, Own("pairs", target="b", skip_broken=True)),
        ("photos", "char_gpt", {}, Own("pictures")),
    ],
)
def test_the_kind_is_seen_from_the_path_the_model_and_the_target(name, model, options, own, place):
    assert located(name, model, **options) == (str(place / name), own)


def test_a_data_set_goes_before_a_file_of_its_name(place):
    (place / "moons").mkdir()
    assert located("moons", None, target=None, skip_broken=False) == ("moons", None)
    assert located("./moons", None) == (str(place / "moons"), Own("pictures"))
    assert located("faces", None) == ("faces", None)  # not there: perhaps a misspelt data set
    assert existing("faces") is None
    assert existing("photos") == Path("photos")


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: located("digits", None, size=8),
            "--size is for pictures of your own, but digits is a data set of Tinynet.\n"
            "Hint: leave it out, or write ./digits for a file or folder of that name.",
        ),
        (
            lambda: located("digits", None, skip_broken=True),
            "--skip-broken is for pictures, a table or pairs of your own, but digits is a data set of Tinynet.\n"
            "Hint: leave it out, or write ./digits for a file or folder of that name.",
        ),
        (
            lambda: located("photos", None, window=8),
            "--window is for a text, but photos is read as pictures.\nHint: leave it out.",
        ),
        (
            lambda: located("a.txt", None, task="classes"),
            "--task is for a table, but a.txt is read as a text.\nHint: leave it out.",
        ),
        (
            lambda: located("a.txt", "seq2seq", size=8),
            "--size is for pictures, but a.txt is read as pairs.\nHint: leave it out.",
        ),
        (
            lambda: located("a.png", None),
            "expected a folder of pictures, got the single picture a.png.\n"
            "Hint: put the pictures of each class into a folder, and these into one; name that.",
        ),
        (
            lambda: located("a.data", None),
            "expected a folder of pictures, a table (.csv) or a text (.txt), got a.data.\n"
            "Hint: add --target COLUMN for a table, or --model char_gpt for a text.",
        ),
        (lambda: located("b.csv", None), "there is no file or folder b.csv.\nHint: check the path."),
        (lambda: located("b/c", None), f"there is no file or folder {Path('b/c')}.\nHint: check the path."),
        (
            lambda: own_of({"kind": "songs"}),
            "the kind of own data must be one of 'pictures', 'table', 'text', 'pairs'; got 'songs'.",
        ),
        (lambda: own_of({}), "the kind of own data must be one of 'pictures', 'table', 'text', 'pairs'; got ''."),
        (lambda: own_of({"kind": "table", "task": "both"}), "--task must be one of 'classes', 'numbers'; got 'both'."),
        (lambda: own_of({"kind": "table", "target": 3}), "--target must be a string, got 3."),
        (lambda: own_of({"kind": "table", "skip_broken": "no"}), "--skip-broken must be True or False, got 'no'."),
        (lambda: own_of({"kind": "pictures", "size": 0}), "--size must be at least 1, got 0."),
        (lambda: own_of({"kind": "text", "window": 2 * 10**6}), "--window must be at most 1000000, got 2e+06."),
    ],
)
def test_what_does_not_go_together_is_one_sentence(call, sentence, place):
    with pytest.raises((OSError, TypeError, ValueError)) as caught:
        call()
    assert str(caught.value) == f"tinynet: {sentence}"


def test_an_entry_that_is_none_is_named():
    with pytest.raises(ValueError, match=r"^tinynet: an entry about own data must be one of 'kind', 'target', 'task'"):
        own_of({"kind": "table", "colour": 1})


def test_what_is_in_range_is_taken():
    assert own_of({"kind": "pictures", "size": 1}).size == 1
    assert own_of({"kind": "text", "window": 10**6}).window == 10**6


def test_the_options_that_say_the_same():
    assert Own("table", "my price", "numbers", skip_broken=True).options() == [
        "--target", "my price", "--task", "numbers", "--skip-broken",
    ]  # fmt: skip
    assert Own("pictures", size=8).options() == ["--size", "8"]
    assert Own("text", window=8).options() == ["--window", "8"]
    assert Own("pairs").options() == []


@pytest.mark.parametrize(
    ("dataset", "name"),
    [
        ("fashion-mnist", "fashion-mnist"),
        ("/home/ada/my flowers", "my-flowers"),
        ("/home/ada/houses.csv", "houses"),
        ("/home/ada/Häuser & Höfe.csv", "Häuser-Höfe"),
        ("/home/ada/-a.b-.csv", "a.b"),
        ("/home/ada/???", "data"),
    ],
)
def test_the_short_name_of_data(dataset, name):
    assert short_name(dataset) == name


# How they are read.


def settings(own, dataset="there.csv", **sizes):
    return Settings(dataset, "mlp", 1, 0.1, 8, "adam", 0, "auto", own, sizes)


@pytest.mark.parametrize(
    ("function", "own", "asked"),
    [
        ("pictures", Own("pictures", size=8, skip_broken=True), (("there.csv", 8), {"skip_broken": True})),
        ("pictures", Own("pictures"), (("there.csv", None), {"skip_broken": False})),
        ("table", Own("table", "price", "numbers"), (("there.csv", "price", "numbers"), {"skip_broken": False})),
        ("table", Own("table", "b", skip_broken=True), (("there.csv", "b", None), {"skip_broken": True})),
        ("pairs", Own("pairs", "b"), (("there.csv", "b", 9), {"skip_broken": False})),
        ("pairs", Own("pairs", "b", skip_broken=True), (("there.csv", "b", 9), {"skip_broken": True})),
        ("text_file", Own("text", window=8), (("there.csv",), {"window": 8})),
        ("text_file", Own("text"), (("there.csv",), {})),
    ],
)
def test_own_data_are_read_as_they_are_told(function, own, asked, monkeypatch):
    seen = []
    monkeypatch.setattr(own_data, function, lambda *a, **o: seen.append((a, o)) or ("train", "test", "preparation"))
    assert read(settings(own, max_length=9)) == Data("train", "test", "preparation")
    assert seen == [asked]


def test_a_table_without_a_target_tells_its_columns(tmp_path):
    path = tmp_path / "a.csv"
    for n, names in ((3, "c0, c1, c2"), (10, None), (11, "c0, c1, c2, c3, c4, c5, c6, c7, c8, c9 and more")):
        path.write_text(",".join(f"c{i}" for i in range(n)) + "\n" + ",".join(map(str, range(n))) + "\n")
        names = names or ", ".join(f"c{i}" for i in range(n))
        for kind, done in (("table", "predicted"), ("pairs", "written")):
            with pytest.raises(ValueError, match="it is not said which column") as caught:
                read(settings(Own(kind), str(path)))
            assert str(caught.value) == (
                f"tinynet: it is not said which column of {path} is to be {done}.\n"
                f"Hint: add --target COLUMN; its columns are {names}."
            )


def test_pairs_in_a_text_need_no_target(monkeypatch):
    seen = []
    monkeypatch.setattr(own_data, "pairs", lambda *a, **o: seen.append(a) or (1, 2, 3))
    read(settings(Own("pairs"), "there.txt"))
    assert seen == [("there.txt", None, None)]


def test_data_of_a_run_are_cut_as_they_were(tmp_path):
    class Preparation:
        classes = ("a", "b")

        def parts(self, path, skip_broken):
            return (path, skip_broken), "test"

    path = tmp_path / "a.csv"
    with pytest.raises(FileNotFoundError) as caught:
        read(settings(Own("table"), str(path)), Preparation())
    assert str(caught.value) == (
        f"tinynet: the data of the run are no longer at {path}.\n"
        "Hint: put them back, or test the net on another place with: tinynet evaluate RUN --on PATH"
    )
    path.write_text("")
    data = read(settings(Own("table", skip_broken=True), str(path)), Preparation())
    assert (data.train, data.test) == ((str(path), True), "test")
    assert data.outputs == ("a", "b")


def test_a_data_set_of_tinynet_has_no_preparation(tmp_path):
    data = read(Settings("moons", "mlp", 1, 0.1, 8, "adam", 0, "auto"))
    assert (len(data.train), len(data.test), data.preparation) == (1200, 300, None)
    assert data.outputs == data.train.classes
    write_preparation(tmp_path, None)
    assert list(tmp_path.iterdir()) == []


def test_a_preparation_is_written_as_it_is_read(tmp_path):
    class Preparation:
        def config(self):
            return {"kind": "text", "vocabulary": "é"}

    write_preparation(tmp_path, Preparation())
    text = (tmp_path / "preparation.json").read_text(encoding="utf-8")
    assert text.startswith('{\n "format": 1,\n "kind": "text",\n "vocabulary": "é",\n "sha256": "')
    assert text.endswith('"\n}\n')


def test_a_preparation_that_is_damaged_word_for_word(tmp_path):
    path = tmp_path / "preparation.json"
    hint = "\nHint: train again; the file is written by tinynet train."
    for text, problem in (
        ("[1]", "it is not of format 1"),
        ('{"format": 2}', "it is not of format 1"),
        ('{"format": 1, "kind": "text"}', None),
    ):
        path.write_text(text)
        with pytest.raises(ValueError, match=r"preparation\.json is damaged: ") as caught:
            own_data.read_preparation(tmp_path)
        assert str(caught.value).endswith(hint)
        assert "damaged: preparation: " not in str(caught.value)
        if problem:
            assert str(caught.value) == f"tinynet: {path} is damaged: {problem}.{hint}"
