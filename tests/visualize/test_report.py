"""The report: one page, whole, self-contained, and never half written."""

import copy
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from tinynet.data import Dataset, moons, sine
from tinynet.layers import Conv2D, Flatten, Linear, Sigmoid
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.net import Net
from tinynet.probe import Course
from tinynet.visualize import filters, report
from tinynet.visualize.sections import View

VOID = ("meta", "img")


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch, request):
    """Figures are made, but only the tests of the whole page wait for them to be painted."""
    if "whole_page" not in request.fixturenames:
        monkeypatch.setattr("tinynet.visualize.sections.view.png", lambda figure, dpi, transparent: b"")


@pytest.fixture
def whole_page(tmp_path, cnn, images, history):
    return report(
        tmp_path / "report.html",
        cnn,
        history=history,
        test=images,
        loss=cross_entropy,
        metrics={"loss": 0.123, "accuracy": 0.875, "confusion_matrix": np.eye(3)},
        title="cnn on <images> & more",
        config={"lr": 0.1, "data": "images", "layers": [1, 2]},
        command="tinynet train images --lr 0.1",
        initial=copy.deepcopy(cnn),
    )


class Page(HTMLParser):
    """Checks that tags are balanced, and keeps headings, addresses and pictures."""

    def __init__(self, text):
        super().__init__()
        self.opened, self.headings, self.addresses, self.pictures = [], [], [], []
        self.feed(text)
        assert self.opened == []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.addresses += [attributes[name] for name in ("src", "href", "action", "data") if name in attributes]
        self.pictures += [attributes["alt"]] if tag == "img" else []
        if tag not in VOID:
            self.opened.append(tag)

    def handle_endtag(self, tag):
        assert self.opened.pop() == tag

    def handle_data(self, data):
        if self.opened and self.opened[-1] in ("h1", "h2"):
            self.headings.append(data)


def read(path):
    return path.read_text(encoding="utf-8")


def test_a_whole_report(tmp_path, whole_page):
    assert whole_page == tmp_path / "report.html"
    assert whole_page.stat().st_size < 3_000_000
    text = read(whole_page)
    page = Page(text)
    assert page.headings == [
        "cnn on <images> & more",
        "In short",
        "Learning curves",
        "Confusion matrix",
        "Mistakes",
        "Where it looks",
        "Samples as it sees them",
        "Filters",
        "Feature maps",
        "Weights and gradients",
        "Network",
        "Repeat this run",
    ]
    assert page.pictures[:2] == [
        "Loss by epoch: training from 0.9 to 0.2, validation from 0.8 to 0.6.",
        "Accuracy by epoch: training from 0.5 to 0.9, validation from 0.6 to 0.7.",
    ]
    assert re.fullmatch(r"Confusion matrix: \d+ of 12 test samples are right.", page.pictures[2])
    assert re.fullmatch(r"\d+ of \d+ misclassified test samples.", page.pictures[3])
    assert page.pictures[4:] == [
        "Samples, and the pixels that speak for the class that was named.",
        "The samples as dots, coloured by class.",
        "The kernels of the first convolution.",
        "The outputs of every layer for one sample.",
        "Histograms of the weights.",
        "Histograms of the gradients of one batch.",
        "The layers as boxes, in their order.",
    ]
    assert "<dt>test accuracy</dt><dd>87.50 %</dd>" in text
    assert "<dt>test loss</dt><dd>0.123</dd>" in text
    assert "<dt>training time</dt><dd>6.0 s</dd>" in text
    assert "<dt>epochs</dt><dd>3</dd>" in text
    assert '<tr><th scope="row">layers</th><td>1, 2</td></tr>' in text
    assert ">tinynet train images --lr 0.1</pre>" in text
    assert "The grey line shows it before training" in text
    assert "initial spread" not in text
    assert "p = r·stride + i·dilation" in text  # what the formula of the table calls p is said below it
    assert "y = x Wᵀ + b" in text
    assert "Conv2D(1, 4, 3)" in text
    # It needs nothing but itself.
    assert all(address.startswith(("#", "data:image/png;base64,")) for address in page.addresses)
    assert not re.search(r"https?://|<script|<link|@import|url\(", text)


def test_all_texts_are_escaped(tmp_path, images):
    evil = "<script>alert(1)</script>"
    data = Dataset(images.x, images.y, [evil, "b", "c"])
    net = Net([Flatten(), Linear(64, 3)])
    path = report(
        tmp_path / "r.html", net, test=data, title=evil, config={evil: evil}, command=evil, metrics={evil: 1.0}
    )
    text = read(path)
    assert "<script" not in text
    assert text.count("&lt;script&gt;") == 7  # twice as the title, then a class, a name, a value, a command, a metric


@pytest.mark.parametrize(
    ("net", "test", "loss", "headings"),
    [
        (Net([Linear(2, 2)]), moons(20, rng=0), cross_entropy, ["Decision boundary", "Confusion matrix"]),
        (Net([Linear(2, 1)]), moons(20, rng=0), None, ["Decision boundary"]),
        (Net([Linear(1, 1)]), sine(20, rng=0), mean_squared_error, ["Fit"]),
        (
            Net([Flatten(), Linear(4, 4), Sigmoid()]),
            Dataset(np.ones((3, 1, 2, 2)), np.ones((3, 4))),
            mean_squared_error,
            ["Reconstructions", "Feature maps"],
        ),
        (Net([Linear(5, 3)]), Dataset(np.ones((6, 5)), np.arange(6) % 3), cross_entropy, ["Confusion matrix"]),
        (Net([Linear(5, 3)]), Dataset(np.ones((6, 5)), np.ones((6, 3))), mean_squared_error, []),
        (Net([Linear(5, 3)]), None, cross_entropy, []),
    ],
)
def test_what_does_not_apply_is_left_out(tmp_path, net, test, loss, headings):
    page = Page(read(report(tmp_path / "report.html", net, test=test, loss=loss)))
    assert page.headings == ["A Tinynet run", *headings, "Weights and gradients", "Network"]
    assert ("Histograms of the gradients of one batch." in page.pictures) == (test is not None and loss is not None)


def test_a_net_without_parameters_or_data(tmp_path):
    assert Page(read(report(tmp_path / "report.html", Net([Flatten()])))).headings == ["A Tinynet run", "Network"]


def test_minutes_and_several_inputs(tmp_path, history):
    class Swap(Linear):
        def forward(self, a, b):
            return super().forward(a)

    history.rows[0]["seconds"] = 296.0
    rows = np.ones((4, 2), np.float32)
    text = read(report(tmp_path / "r.html", Net([Swap(2, 1)]), history=history, test=Dataset((rows, rows), rows)))
    assert "<dd>5.0 min</dd>" in text
    assert "an input of (N, 2), (N, 2)" in text


def test_further_sections_come_before_the_network(tmp_path):
    made = [
        ("My figure", lambda subject: filters(Net([Conv2D(1, 2, 3)]))),
        ("My words", lambda subject: View("Read it so.", f"<p>{len(subject.net)} layers</p>", "good")),
        ("Not here", lambda subject: None),
    ]
    path = report(tmp_path / "report.html", Net([Flatten()]), sections=made)
    page = Page(read(path))
    assert page.headings == ["A Tinynet run", "My figure", "My words", "Network"]
    assert page.pictures == ["My figure."]
    assert "<p>Read it so.</p>\n<p>1 layers</p>" in read(path)


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        (3, r"sections must be a list, got"),
        ([3], r"sections must hold pairs of a heading and a function, got"),
        ([(3, len)], r"a heading in sections must be a string"),
        ([("Mine", 3)], r"the maker of 'Mine' must be a function, got"),
    ],
)
def test_what_is_no_section(tmp_path, sections, problem):
    with pytest.raises(TypeError, match=f"report: {problem}"):
        report(tmp_path / "report.html", Net([Flatten()]), sections=sections)


def test_what_the_training_came_to_may_be_told(tmp_path, history):
    course = Course("unknown", "Look at the pictures.", ("No loss tells.",), "Draw some.")
    text = read(report(tmp_path / "r.html", Net([Flatten()]), history=history, course=course))
    assert "Look at the pictures." in text
    assert "<li>No loss tells.</li>" in text
    assert "What to do: Draw some." in text
    with pytest.raises(TypeError, match="report: course must be a Course"):
        report(tmp_path / "r.html", Net([Flatten()]), course="done")


def test_the_number_of_epochs_that_was_planned(tmp_path, history):
    text = read(report(tmp_path / "r.html", Net([Flatten()]), history=history, config={"epochs": 9}))
    assert "Training was ended after 3 of 9 epochs." in text


def test_an_earlier_report_survives_a_failure(tmp_path, cnn, images, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("earlier")
    with pytest.raises(ValueError, match="layer 0: Conv2D"):
        report(path, cnn, test=Dataset(np.ones((2, 2, 8, 8)), np.array([0, 1])))
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left|full"):
        report(path, cnn)
    assert path.read_text() == "earlier"
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_a_folder_that_is_not_there_and_a_net_that_is_none(tmp_path, cnn):
    with pytest.raises(OSError, match="report"):
        report(tmp_path / "nowhere" / "report.html", cnn)
    with pytest.raises(TypeError, match=r"report: net must be a Net, got Linear.\nHint: wrap it as Net\(\[layer\]\)"):
        report(tmp_path / "report.html", Linear(2, 2))
