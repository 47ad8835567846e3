"""What each command takes from what it is told, and hands on, without a training."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.cli.pieces import sentence, settings
from tinynet.cli import drawing, explaining, exporting, first_checks, look, translating, tuning, writing
from tinynet.cli.explaining import Step
from tinynet.cli.own import Own
from tinynet.cli.predicting_rows import _one_row, rows_predicted
from tinynet.data import Dataset, dates
from tinynet.data.own.pair_file import END, START
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.probe import interpret


class Asked:
    """A function that notes what it is called with."""

    def __init__(self, answer=None):
        self.answer, self.calls = answer, []

    def __call__(self, *arguments, **options):
        self.calls.append((arguments, options))
        return self.answer


# tinynet explain.


@pytest.mark.parametrize(
    ("weight", "number", "called"),
    [
        (None, None, ("walk", ("trace", 3), {"terms": 5})),
        ("0.weight[2,3]", None, ("walk", ("trace", 3, "0.weight", (2, 3)), {"terms": 5})),
        ("0.weight", None, ("walk", ("trace", 3, "0.weight", None), {"terms": 5})),
        (None, "loss", ("explain", ("trace", "loss", None), {"terms": 5})),
        ("0.weight[2,3]", " 2.y [ 7, -1 ] ", ("explain", ("trace", "2.y", (7, -1)), {"terms": 5})),
    ],
)
def test_one_number_goes_before_a_weight_and_that_before_the_whole_step(weight, number, called, monkeypatch):
    asked = {name: Asked() for name in ("walk", "explain")}
    for name, function in asked.items():
        monkeypatch.setattr(explaining, name, function)
    explaining.asked(Step("trace", 3, ""), weight, number, 5)
    assert [(name, *call) for name, function in asked.items() for call in function.calls] == [called]


def test_a_name_that_is_not_there_is_one_sentence(monkeypatch):
    def walk(*_, **__):
        raise KeyError("there is no such name.")

    monkeypatch.setattr(explaining, "walk", walk)
    step = Step("trace", 3, "")
    assert sentence(ValueError, explaining.asked, step, "a[1]", None, 5) == "there is no such name."
    assert sentence(ValueError, explaining.asked, step, None, None, 0) == "--terms must be at least 1, got 0."
    assert sentence(ValueError, explaining.named_number, "--weight", "a[1") == (
        "--weight must be a name and an index, got 'a[1'.\nHint: write --weight '0.weight[2,3]'."
    )
    assert explaining.named_number("--weight", "a[]") == ("a", ())


# tinynet check and find-rate.


class Truths:
    """So many samples with ten classes, of which it notes those that are looked at."""

    def __init__(self, n, y):
        self.n, self.y, self.looked_at = n, y, None

    def __len__(self):
        return self.n

    def __getitem__(self, place):
        self.looked_at = place
        return None, self.y


@pytest.mark.parametrize(
    ("loss", "truth", "first", "words"),
    [
        (
            cross_entropy,
            np.arange(10),
            3.4,
            "3.4; a net that only guesses has ln 10 = 2.303, so it is as it should be.",
        ),
        (
            cross_entropy,
            np.arange(10),
            3.5,
            "3.5; a net that only guesses has ln 10 = 2.303, so the first weights or the inputs are too large.",
        ),
        (
            mean_squared_error,
            np.array([[1.0], [3.0]]),
            90.0,
            "90; a net that only guesses has 1, by always answering the mean.",
        ),
        (mean_squared_error, np.arange(10), 3.25, "3.25."),
    ],
)
def test_the_first_loss_is_told_beside_that_of_guessing(loss, truth, first, words, capsys):
    for n, end in ((5000, 4096), (4000, 4000)):
        train = Truths(n, truth)
        evaluate = Asked({"loss": first})
        learner = SimpleNamespace(train=train, valid="valid", loss=loss, evaluate=evaluate)
        first_checks._say_first_loss(learner)
        assert capsys.readouterr().out == f"first loss: {words}\n"
        assert (train.looked_at, evaluate.calls) == (slice(None, end), [(("valid",), {})])


def test_the_options_that_were_chosen_as_a_command_takes_them():
    assert first_checks._words(settings()) == "moons --model mlp --optimizer sgd --batch-size 8"
    own = settings(dataset="/a/my b.csv", own=Own("table", "my price"), net="/a/n.py:f", sizes={"width": 8})
    assert first_checks._words(own) == (
        "'/a/my b.csv' --target 'my price' --net /a/n.py:f:width=8 --optimizer sgd --batch-size 8"
    )


# tinynet look.


def test_samples_are_the_first_four_or_those_that_are_named():
    test = Dataset(np.arange(10.0).reshape(5, 2), np.zeros(5, int))
    x, names = look._samples(test, None)
    assert (x[:, 0].tolist(), names) == ([0, 2, 4, 6], ["sample 0", "sample 1", "sample 2", "sample 3"])
    x, names = look._samples(test, [4, 0])
    assert (x[:, 0].tolist(), names) == ([8, 0], ["sample 4", "sample 0"])
    assert len(look._samples(Dataset(np.zeros((2, 2)), np.zeros(2, int)), None)[1]) == 2
    assert sentence(ValueError, look._samples, test, [0, 5]) == "--sample must be from 0 to 4, got 5."
    assert sentence(ValueError, look._samples, test, [-1]) == "--sample must be from 0 to 4, got -1."


def test_a_class_by_its_name_or_its_number():
    assert [look._class(["a", "1", "c"], target) for target in (None, "c", "1", "2", "0")] == [None, 2, 1, 2, 0]
    for target in ("3", "d", "-1", "1.0"):
        assert sentence(ValueError, look._class, ["a", "b", "c"], target) == (
            f"there is no class {target!r}.\nHint: there are a, b, c."
        )
    assert sentence(ValueError, look._class, ["real"], "b") == "there is no class 'b'.\nHint: there is real."


def test_what_can_be_drawn_of_pairs_of_texts():
    assert [look._for_pairs(method) for method in ("all", "attention", "landscape", "nonsense")] == [
        "attention",
        "attention",
        "landscape",
        "nonsense",
    ]
    assert sentence(ValueError, look._for_pairs, "saliency") == (
        "saliency is not for pairs of texts.\nHint: take --method attention or landscape."
    )
    assert look._picture_file(Path("a.PNG")) == Path("a.PNG")
    assert sentence(ValueError, look._picture_file, Path("b/a.jpg")) == (
        f"--out must end with .png, got {Path('b/a.jpg')}.\nHint: write --out {Path('b/a.png')}."
    )


@pytest.mark.parametrize(
    ("method", "called"),
    [
        ("saliency", (("net", "x", 7), {})),
        ("occlusion", (("net", "x", 7), {})),
        ("grad_cam", (("net", "x", 7), {"layer": "3"})),
        ("deconvnet", (("net", "x", "3"), {})),
    ],
)
def test_a_method_gets_the_net_the_samples_and_what_it_takes(method, called, monkeypatch):
    function = Asked("found")
    monkeypatch.setattr(interpret, method, function)
    asked = look.Asked(None, "net", "test", "x", [], 7, "3", [])
    assert look._attribution(method, asked) == "found"
    assert function.calls == [called]


def test_figures_are_asked_for_what_they_draw(monkeypatch):
    names = ("activation_maximization", "embedding_map", "randomization_check", "decision_boundary")
    made = {name: Asked() for name in names}
    for name, function in made.items():
        monkeypatch.setattr(f"tinynet.visualize.{name}", function)
    run = SimpleNamespace(input_shape=(1, 8, 8), classes=["a", "b"])
    asked = look.Asked(run, "net", "test", "x", [], 7, None, ["a", "b"])
    look._maximized(asked)
    look._maximized(asked._replace(layer="3"))
    look._embedding("pca")(asked._replace(layer="3"))
    look._checked(asked)
    look._boundary(asked)
    assert [made[name].calls for name in names] == [
        [
            (("net", (1, 8, 8), 7), {"layer": None, "classes": ["a", "b"]}),
            (("net", (1, 8, 8), 7), {"layer": "3", "classes": None}),
        ],
        [(("net", "test", "3"), {"method": "pca"})],
        [(("net", "x", 7), {})],
        [(("net", "test"), {})],
    ]


def test_the_landscape_is_that_of_the_first_500_samples(monkeypatch):
    figure = Asked()
    monkeypatch.setattr("tinynet.visualize.loss_landscape", figure)
    for n in (600, 400):
        data = Dataset(np.arange(2.0 * n).reshape(n, 2), np.arange(n) % 2)
        run = SimpleNamespace(settings=settings())
        look._landscape(look.Asked(run, "net", data, None, [], None, None, []))
        net, loss, x, y = figure.calls[-1][0]
        assert (net, loss, len(x), len(y)) == ("net", cross_entropy, min(n, 500), min(n, 500))
        np.testing.assert_array_equal(x, data[: min(n, 500)][0])


# tinynet draw.


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """What `draw` asks for, without a net."""
    asked = {
        "trained": Asked(
            SimpleNamespace(net="net", place="place", dataset="digits", used_kernels=lambda k: k or "plain")
        )
    }
    asked |= {"can_draw": Asked(True), "sheet": Asked("figure"), "_write": Asked()}
    for name, function in asked.items():
        monkeypatch.setattr(drawing, name, function)
    return asked


def test_a_sheet_is_drawn_beside_its_run(drawn, tmp_path, capsys):
    file = tmp_path / "model.safetensors"
    file.write_text("")
    drawing.draw(tmp_path)
    drawing.draw(file, number=6, columns=6, seed=3, out=tmp_path / "a.PNG", net="my.py")
    assert drawn["trained"].calls == [((tmp_path,), {"net": None}), ((file,), {"net": "my.py"})]
    assert drawn["sheet"].calls == [(("net", 36, 0, None), {}), (("net", 6, 3, 6), {})]
    assert drawn["_write"].calls == [(("figure", tmp_path / "drawn.png"), {}), (("figure", tmp_path / "a.PNG"), {})]
    assert capsys.readouterr().out == f"written: {tmp_path / 'drawn.png'}\nwritten: {tmp_path / 'a.PNG'}\n"
    drawing.draw(file)
    assert drawn["_write"].calls[-1] == (("figure", tmp_path / "drawn.png"), {})


def test_what_draw_does_not_take_is_one_sentence(drawn, tmp_path):
    for options, words in (
        ({"number": 10_001}, "--number must be at most 10000, got 10001."),
        ({"number": 0}, "--number must be at least 1, got 0."),
        ({"seed": -1}, "--seed must be at least 0, got -1."),
        ({"columns": 0}, "--columns must be at least 1, got 0."),
        ({"number": 4, "columns": 5}, "--columns must be at most 4, got 5."),
        ({"out": Path("a.jpg")}, "--out must end with .png, got a.jpg.\nHint: write --out a.png."),
    ):
        assert sentence(ValueError, drawing.draw, tmp_path, **options) == words
    assert drawn["trained"].calls == []
    drawn["can_draw"].answer = False
    assert sentence(ValueError, drawing.draw, tmp_path) == (
        "the net of place has not learned to draw new pictures.\n"
        "Hint: train one that does: tinynet train digits --model vae or dcgan"
    )


def test_the_section_of_a_report_has_sixty_pictures_twelve_in_a_row(monkeypatch):
    sheet, view = Asked("figure"), Asked("picture")
    monkeypatch.setattr(drawing, "sheet", sheet)
    monkeypatch.setattr(drawing, "can_draw", lambda net: net == "draws")
    monkeypatch.setattr("tinynet.visualize.sections.view.picture", view)
    assert drawing.drawn_section(SimpleNamespace(net="other")) is None
    section = drawing.drawn_section(SimpleNamespace(net="draws"))
    assert sheet.calls == [(("draws", 60), {"columns": 12})]
    assert view.calls == [(("figure", "Pictures that the net has drawn."), {})]
    assert section.words.startswith("New pictures, each drawn from random numbers alone.")
    assert section.html == "picture"


# tinynet write and predict.


def a_text(window=8, vocabulary="\nab", kind="text"):
    def codes(text):
        if "z" in text:
            raise ValueError("text: it has 'z'.")
        return np.array([vocabulary.index(letter) for letter in text], int)

    codes.window, codes.vocabulary, codes.kind = window, vocabulary, kind
    codes.decode = lambda found: "".join(vocabulary[code] for code in found)
    return codes


@pytest.fixture
def written(monkeypatch):
    """What `write` asks for, without a net."""
    found = SimpleNamespace(
        net="net", place="place", model="char_gpt", preparation=a_text(), used_kernels=lambda k: k or "plain"
    )
    asked = Asked(np.array([1, 2]))
    monkeypatch.setattr(writing, "trained", Asked(found))
    monkeypatch.setattr(writing, "generate", asked)
    return found, asked


def test_a_text_is_written_after_its_beginning(written, capsys):
    found, asked = written
    writing.write("run")
    writing.write("run", start="ab", length=7, temperature=0.0, top_k=2, seed=3)
    found.preparation, found.model = a_text(vocabulary="abc", window=1), "other"
    writing.write("run")
    found.model = "char_lstm"
    writing.write("run")
    (net, codes, *numbers, rng), _ = asked.calls[1]
    assert (net, codes.tolist(), numbers) == ("net", [1, 2], [7, 0.0, 2, 8])
    assert rng.bit_generator.state == np.random.default_rng(3).bit_generator.state
    assert [call[0][1].tolist() for call in asked.calls] == [[0], [1, 2], [0], [0]]  # a new line, where it knows one
    assert [call[0][2:6] for call in asked.calls[::2]] == [(300, 0.8, None, 8), (300, 0.8, None, 2)]
    assert asked.calls[3][0][5] is None  # a state goes on for ever
    assert capsys.readouterr().out.splitlines()[:2] == ["ab", "abab"]


def test_what_write_does_not_take_is_one_sentence(written):
    for options, words in (
        ({"length": 0}, "--length must be at least 1, got 0."),
        ({"length": 2 * 10**6}, "--length must be at most 1000000, got 2e+06."),
        ({"temperature": -1.0}, "--temperature must be at least 0, got -1."),
        ({"seed": -1}, "--seed must be at least 0, got -1."),
        ({"top_k": 0}, "--top-k must be at least 1, got 0."),
    ):
        assert sentence(ValueError, writing.write, "run", **options) == words
    written[0].preparation = a_text(kind="pairs")
    assert sentence(ValueError, writing.write, "run") == (
        "the net of place writes what a text becomes, and begins none itself.\n"
        'Hint: give it one: tinynet predict place "TEXT"'
    )
    written[0].preparation = None
    assert sentence(ValueError, writing.write, "run") == (
        "the net of place has learned from no text, so it cannot write.\n"
        "Hint: train one: tinynet train TEXT.txt --model char_gpt or char_lstm"
    )


def test_the_likeliest_next_characters_after_the_last_window():
    seen = []
    logits = np.log(np.array([0.2, 0.5, 0.3]))

    def predict(codes):
        seen.append(codes.tolist())
        return np.broadcast_to(logits if codes[0, -1] else logits * np.nan, (1, codes.shape[1], 3))

    opened = SimpleNamespace(net=SimpleNamespace(predict=predict), preparation=a_text(window=2))
    answers = list(writing.texts_continued(opened, ["bab", "z", "", "a\n"]))
    assert answers == [
        ("'bab' goes on with 'a' (50.0%), then 'b' (30.0%), '\\n' (20.0%)", True),
        ("it has 'z'.", False),
        ("the text is empty.\nHint: give at least one character.", False),
        ("the net gives numbers that are not finite; its weights may be damaged.", False),
    ]
    assert seen == [[[1, 2]], [[1, 0]]]


def test_a_row_is_told_by_its_values():
    cells = _one_row(["a = 1", "my b=2=3", "c="])
    assert (list(cells.names), [list(row) for row in cells.rows], list(cells.lines)) == (
        ["a", "my b", "c"],
        [["1", "2=3", ""]],
        [1],
    )
    assert sentence(ValueError, _one_row, ["a=1", " a =2"]) == (
        "the column 'a' is given twice.\nHint: give each column once."
    )
    rows = rows_predicted(SimpleNamespace(), ["a=1", "b.csv"])
    assert sentence(ValueError, lambda: list(rows)) == (
        "expected CSV files or the values of one row, got both.\nHint: predict one after the other."
    )


@pytest.mark.parametrize(
    ("answer", "words"),
    [([[3, 4, END]], "ab → 34 (0.5%)"), ([[3, 4, 5]], "ab → 34 (0.5%, not ended after 3 tokens)")],
)
def test_a_text_and_what_it_becomes_with_its_probability(answer, words, monkeypatch):
    seen = []
    preparation = SimpleNamespace(max_length=3, decode=lambda tokens: "".join(map(str, tokens[:2])))
    asked = Asked(np.array(answer))
    monkeypatch.setattr(translating, "transcribe", asked)
    net = SimpleNamespace(
        predict=lambda source, written: seen.append(written.tolist()) or np.zeros((1, 3, 6), np.float32)
    )
    opened = SimpleNamespace(net=net, preparation=preparation)
    source = np.array([[3, 4]])
    assert translating._translated(opened, "ab", source) == (words, True)
    assert seen == [[[START, 3, 4]]]
    assert asked.calls == [((net, source, START, 3, END), {})]
    net.predict = lambda *_: np.full((1, 3, 6), np.nan)
    assert translating._translated(opened, "ab", source) == (
        "the net gives numbers that are not finite; its weights may be damaged.",
        False,
    )


def test_what_a_net_writes_for_the_first_texts_of_the_test(monkeypatch):
    test = dates(9, rng=0)
    (source, _), y = test[:4]
    wrong = y.copy()
    wrong[2, 0] = wrong[2, 1]
    asked = Asked(wrong)
    monkeypatch.setattr(translating, "LOOKED_AT", 4)
    monkeypatch.setattr(translating, "SHOWN", 2)
    monkeypatch.setattr(translating, "transcribe", asked)
    subject = SimpleNamespace(test=test, net="net")
    view = translating.what_it_writes(subject)
    assert view.words == "Of the first 4 texts for the test, 1 are not wholly right; these come first."
    rows = view.html.split("<tr>")[2:]
    assert len(rows) == 2
    cells = [row.replace("</td>", "").split("<td>")[1:] for row in rows]
    assert cells[0][1] != cells[0][2].split("<")[0]
    assert cells[1][1] == cells[1][2].split("<")[0]
    assert '<th scope="col">read</th><th scope="col">should become</th><th scope="col">becomes</th>' in view.html
    net, given, start, most, end = asked.calls[0][0]
    np.testing.assert_array_equal(given, source)
    assert (net, start, most, end) == ("net", START, y.shape[1], END)
    asked.answer = y
    assert translating.what_it_writes(subject).words == "The first 4 texts for the test are all wholly right."


# tinynet tune.


@pytest.mark.parametrize(
    ("epoch", "hopeless", "stop"), [(1, False, False), (1, True, True), (2, True, True), (3, True, False)]
)
def test_what_is_hopeless_ends_before_its_last_epoch(epoch, hopeless, stop):
    trial = SimpleNamespace(report=Asked(), should_prune=lambda: hopeless)
    learner = SimpleNamespace(epochs_wanted=3, stop=False, stop_reason="")
    pruning = tuning.Pruning(trial)
    pruning.on_epoch_end(learner, epoch, {"valid_loss": 0.5, "loss": 1.0})
    assert trial.report.calls == [((0.5, epoch), {})]
    assert (learner.stop, learner.stop_reason) == (stop, tuning.HOPELESS if stop else "")
    assert pruning.state() == {}


@pytest.mark.parametrize(
    ("value", "word"),
    [((64, 32), "64/32"), (0.00012345, "0.000123"), (float("inf"), "inf"), (8, "8"), ("adam", "adam"), (True, "True")],
)
def test_a_value_of_a_trial(value, word):
    assert tuning._word(value) == word


def test_a_search_that_is_not_there_or_damaged(tmp_path):
    folder = tmp_path / "a search"
    assert sentence(FileNotFoundError, tuning._kept, folder, None) == (
        f"there is no search in {folder}.\nHint: begin one with: tinynet tune digits --out '{folder}'"
    )
    folder.mkdir()
    kept = {"format": 1, "told": {"dataset": "moons", "lr": 0.5, "colour": 1}, "search": ["lr=1..2", 3]}
    (folder / "tune.json").write_text(json.dumps(kept))
    told, search = tuning._kept(folder, None)
    assert (told["dataset"], told["lr"], told["net"], "colour" in told, search) == (
        "moons",
        0.5,
        None,
        False,
        ["lr=1..2", "3"],
    )
    assert tuning._kept(folder, "a.py")[0]["net"] == "a.py"
    kept["told"]["net"] = "my.py"
    (folder / "tune.json").write_text(json.dumps(kept))
    assert tuning._kept(folder, "a.py")[0]["net"] == "a.py"
    assert sentence(ValueError, tuning._kept, folder, None) == (
        f"the search in {folder} is for the net of my.py.\nHint: add --net my.py."
    )


# tinynet export.


def test_the_place_of_an_export(tmp_path, monkeypatch):
    for name in ("config.json", "model.safetensors", "other.safetensors"):
        (tmp_path / name).write_text("")
    beside = {
        tmp_path: tmp_path / "model.onnx",
        tmp_path / "config.json": tmp_path / "model.onnx",
        tmp_path / "model.safetensors": tmp_path / "model.onnx",
        tmp_path / "other.safetensors": tmp_path / "other-model.onnx",
        "lenet5": Path("lenet5-model.onnx"),
    }
    assert {what: exporting._beside(str(what), "model.onnx") for what in beside} == beside
    asked = Asked("done")
    monkeypatch.setitem(exporting.FORMATS, "npz", (asked, "weights.npz"))
    exporting.export("lenet5", "npz")
    exporting.export("lenet5", "npz", Path("a.npz"), "1,2", "my.py")
    assert asked.calls == [
        (("lenet5", Path("lenet5-weights.npz"), None, None), {}),
        (("lenet5", Path("a.npz"), "1,2", "my.py"), {}),
    ]
    assert list(exporting.FORMATS) == ["pytorch", "onnx", "npz"]


def test_what_is_said_of_an_export(tmp_path, monkeypatch):
    made = {name: Asked(tmp_path / "model.py") for name in ("export_pytorch", "export_onnx", "export_npz")}
    for name, function in made.items():
        monkeypatch.setattr(exporting, name, function)
    monkeypatch.setattr(exporting, "loaded_net", lambda what, net_file: f"{what} by {net_file}")
    monkeypatch.setattr(exporting, "network", lambda what, shape, net_file: (f"{what} by {net_file}", shape))
    monkeypatch.setattr(exporting, "class_names", lambda what: ["a"])
    out = tmp_path / "out"
    assert exporting.to_pytorch("run", out, "1,2", "my.py") == (
        f"written: {tmp_path / 'model.py'} and its weights; in that folder: from model import load_model; "
        "model = load_model()"
    )
    assert exporting.to_onnx("run", out, "1,2", "my.py") == (
        f"written: {out}; onnxruntime.InferenceSession(path) runs it, tn.load_onnx(path) takes it back"
    )
    assert exporting.to_npz("run", out, "1,2", "my.py") == (
        f"written: {out}; tn.load_weights(net, path) takes it back, np.load(path) reads it without Tinynet"
    )
    assert [function.calls for function in made.values()] == [
        [(("run by my.py", out), {})],
        [(("run by my.py", out, "1,2", ["a"]), {})],
        [(("run by my.py", out), {})],
    ]
