"""The page is for everyone: for eyes and for readers that speak, for keys, light and dark, wide and narrow."""

import copy
import re
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

from tinynet.data import digits
from tinynet.layers import Dropout, Flatten, Linear, ReLU
from tinynet.learner import History, Learner
from tinynet.losses import cross_entropy
from tinynet.metrics import accuracy
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam
from tinynet.visualize import report
from tinynet.visualize.page import Section, image, page, scrolling
from tinynet.visualize.page_style import DARK, LIGHT, STYLE
from tinynet.visualize.report import setting_text
from tinynet.visualize.sections.inside import gradient_words

VOID = ("meta", "img", "br", "hr", "link", "input")


class Structure(HTMLParser):
    """The elements of a page in their order; tags must be closed where they were opened."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.texts = [], [], {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open:
            self.texts.setdefault(self.open[-1], []).append(data)

    def all(self, *tags):
        return [attributes for tag, attributes in self.elements if tag in tags]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    history = History()
    for epoch in range(1, 6):
        history.append(
            {"epoch": epoch, "loss": 2.0 / epoch, "valid_loss": 1.5 / epoch, "lr": 0.1 / epoch, "seconds": 1.0}
        )
    net = Net([Flatten(), Linear(64, 16), ReLU(), Dropout(0.5), Linear(16, 10)])
    path = tmp_path_factory.mktemp("page") / "report.html"
    test = digits()[1].subset(slice(60))
    report(path, net, history=history, test=test, loss=cross_entropy, config={"lr": 0.1}, initial=copy.deepcopy(net))
    return Structure(path.read_text(encoding="utf-8"))


def test_headings_go_down_one_by_one(whole):
    levels = [int(tag[1]) for tag, _ in whole.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_picture_has_words_and_every_scrolling_region_a_name_and_a_place_in_the_tab_order(whole):
    assert all(len(picture["alt"]) > 10 for picture in whole.all("img"))
    scrolling = [
        one for one in whole.all("div", "figure") if "scroll" in one.get("class", "") or one.get("class") == "table"
    ]
    assert scrolling
    assert all(one["tabindex"] == "0" and one["aria-label"] and one["role"] for one in scrolling)


def test_links_lead_somewhere_on_the_page(whole):
    ids = [attributes["id"] for _, attributes in whole.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {link["href"].removeprefix("#") for link in whole.all("a")} <= set(ids)
    labels = [attributes["aria-labelledby"] for _, attributes in whole.elements if "aria-labelledby" in attributes]
    assert set(labels) <= set(ids)


def test_the_first_stop_of_the_tab_key_skips_to_the_content(whole):
    first = next(attributes for tag, attributes in whole.elements if tag in ("a", "button") or "tabindex" in attributes)
    assert first == {"class": "skip", "href": "#content"}
    assert [main["id"] for main in whole.all("main")] == ["content"]
    assert ".skip:focus" in STYLE
    assert ":focus-visible" in STYLE


def test_the_language_the_width_and_the_colours_are_declared(whole):
    assert whole.all("html") == [{"lang": "en"}]
    names = {meta.get("name") for meta in whole.all("meta")}
    assert {"viewport", "color-scheme"} <= names
    for needed in ("prefers-color-scheme: dark", "max-width: 600px", "@media print"):
        assert needed in STYLE


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_texts_stand_out_from_the_paper(colours):
    assert abs(contrast("#000000", "#ffffff") - 21) < 1e-9
    for paper in ("paper", "card"):
        for ink in ("ink", "muted", "accent"):  # WCAG 2.2, 1.4.3: at least 4.5 for texts
            assert contrast(colours[ink], colours[paper]) >= 4.5, (ink, paper)
        for edge in ("good", "fair", "bad"):  # and 3 for what is no text, 1.4.11
            assert contrast(colours[edge], colours[paper]) >= 3, (edge, paper)
    assert set(re.findall(r"var\(--(\w+)\)", STYLE)) <= set(colours)


def test_braces_of_the_style_are_balanced():
    assert STYLE.count("{") == STYLE.count("}")
    assert "{{" not in STYLE


def test_a_wide_picture_scrolls_and_a_narrow_one_does_not():
    assert 'class="chart scroll" tabindex="0"' in image(b"", 1000, "A wide picture.", "chart")
    assert "scroll" not in image(b"", 300, "A narrow picture.")
    assert 'aria-label="Layers &lt;all&gt;"' in scrolling("<table></table>", "Layers <all>")


def test_a_section_with_neither_words_nor_mark():
    assert Section("What / else?", "", "<p>x</p>").anchor == "what---else-"
    text = page("t", "l", {}, [Section("One", "", "<p>x</p>"), Section("Two", "Words.", "", "bad")], "f")
    Structure(text)
    assert '<section id="one" aria-labelledby="one-title"><h2 id="one-title">One</h2>\n' in text
    assert '<section id="two" class="bad"' in text


def test_settings_are_written_for_readers():
    assert setting_text({"versions": {"a": 1}}) == "versions a 1"
    assert setting_text(("x", 2.5)) == "x, 2.5"


def test_gradients_near_zero_are_not_called_dead():
    words = gradient_words({"0.weight": np.array([1e-3, 0.0, -1e-3]), "2.weight": np.array([0.1, 0.0, -0.1])})
    assert "near zero, which is as it should be" in words
    assert "between 0.00082 (0.weight) and 0.082 (2.weight)" in words
    assert "learns nothing" not in words
    assert "Every gradient of this batch is zero" in gradient_words({"0.weight": np.zeros(3)})
    assert "of 0.weight is zero throughout" in gradient_words({"0.weight": np.zeros(3), "2.weight": np.ones(2)})


def run(folder, layers, optimizer, epochs, n_samples=None):
    train, test = digits()
    train, valid = train.split(0.2)
    train = train if n_samples is None else train.subset(slice(n_samples))
    learner = Learner(Net(layers), cross_entropy, optimizer, train, valid=valid, metrics=[accuracy])
    history = learner.fit(epochs, progress=False)
    path = report(folder / "r.html", learner.net, history=history, test=test.subset(slice(100)), loss=cross_entropy)
    text = path.read_text(encoding="utf-8")
    return re.search(r'<section id="in-short" class="(\w+)".*?</section>', text, re.DOTALL)


def test_reports_of_real_runs_read_differently(tmp_path, monkeypatch):
    monkeypatch.setattr("tinynet.visualize.sections.view.png", lambda figure, dpi, transparent: b"")
    layers = lambda: [Flatten(), Linear(64, 64), ReLU(), Linear(64, 10)]  # noqa: E731
    good = run(tmp_path, layers(), Adam(lr=0.005), 30)
    assert good[1] == "good"
    assert "Done: the validation loss has levelled off since epoch" in good[0]
    stuck = run(tmp_path, layers(), SGD(lr=5.0), 4)
    assert stuck[1] == "bad"
    assert "It is stuck at chance: it does no better than guessing." in stuck[0]
    assert re.search(r"It takes \d+ of the 100 test samples for \d, whatever they are.", stuck[0])
    wide = [Flatten(), Linear(64, 256), ReLU(), Linear(256, 10)]
    overfitted = run(tmp_path, wide, Adam(lr=0.01), 60, n_samples=60)
    assert overfitted[1] == "fair"
    assert re.search(r"It overfits from epoch \d+ on.", overfitted[0])


def test_dropout_explains_the_curves(whole):
    words = " ".join(whole.texts["p"] + whole.texts["li"])
    assert "while the net was learning and dropout switched units off" in words
    assert "because dropout switches units off while the net trains" in words
