"""tinynet explain: the walk of a step, one number, the page, the file, and one sentence for each bad value."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pytest

import tinynet as package
from tests.probe.recompute import recompute
from tinynet.probe import load_trace
from tinynet.storage import load


def test_the_walk_of_a_step_down_to_a_weight(run, tinynet) -> None:
    result = tinynet("explain", run, "--sample", 7, "--weight", "1.weight[2,20]")
    assert result.status == 0
    assert f"One more step of {run}: samples 0 to 63 of its training data" in result.out
    assert "Sample 7 of the batch is followed" in result.out
    assert "── The parameter 1.weight ──" in result.out
    assert "1.weight.gradient[2, 20] = Σₙ dy[n, 2]·x[n, 20]" in result.out
    assert "the ReLU was closed (layer 2, ReLU)" in result.out
    assert recompute(result.out) > 12


def test_a_sample_further_back_is_in_a_later_batch(run, tinynet) -> None:
    result = tinynet("explain", run, "--sample", 130, "--number", "0.y[2,5]")
    assert "samples 128 to 191" in result.out
    assert "0.y[2, 5]" in result.out


def test_one_number_and_the_file(run, tinynet, tmp_path) -> None:
    file = tmp_path / "step.safetensors"
    result = tinynet("explain", run, "--number", "1.y[0,3]", "--terms", 2, "--save", file)
    assert f"written: {file}" in result.out
    assert "smaller terms" in result.out
    assert recompute(result.out) == 1
    step = load_trace(file)
    net = load(run / "model.safetensors")
    assert str(package.explain(step, "1.y", (0, 3), terms=2)) in result.out
    np.testing.assert_array_equal(step["1.weight"], net[1].weight.tensor)


def test_the_page_needs_nothing_but_itself(run, tinynet, tmp_path) -> None:
    path = tmp_path / "step.html"
    result = tinynet("explain", run, "--weight", "1.weight[2,20]", "--page", path)
    assert result.out == f"written: {path}\n"
    text = path.read_text(encoding="utf-8")
    page = Structure(text)
    assert page.open == []
    assert not page.reached_out
    assert page.tags.count("section") > 8
    assert page.tags.count("details") > 8
    assert "the ReLU was closed (layer 2, ReLU)" in text
    other = tinynet("explain", run, "--number", "1.y[0,3]", "--page", path)
    assert other.status == 0
    assert "1.y[0, 3]" in path.read_text(encoding="utf-8")


class Structure(HTMLParser):
    """The tags of a page: those that were not closed, and those that would load something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.reached_out: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "br", "img"):
            self.open.append(tag)
        if tag in ("script", "link", "iframe") or "src" in dict(attributes):
            self.reached_out.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--sample", "99999"], "there is no sample 99999 among 1,293."),
        (["--weight", "1.weight[2"], "--weight must be a name and an index, got '1.weight[2'."),
        (["--weight", "9.weight[1,2]"], "walk: there is no parameter '9.weight'."),
        (["--number", "1.weight[2]"], "explain: 1.weight: an array of shape (256, 64) needs an index with 2 numbers"),
        (["--number", "1.wieght[2,3]"], "Trace: there is no value named '1.wieght'."),
        (["--terms", "0"], "--terms must be at least 1, got 0."),
    ],
)
def test_bad_values(run, tinynet, words, sentence) -> None:
    result = tinynet("explain", run, *words)
    assert result.status == 2
    assert sentence in result.err
    assert "Traceback" not in result.err


def test_a_page_takes_no_other_file(run, tinynet, tmp_path) -> None:
    weights = tmp_path / "net.safetensors"
    weights.write_bytes(b"weights")
    assert "is no HTML page, so no page takes its place" in tinynet("explain", run, "--page", weights).err
    with pytest.raises(TypeError, match="expected an explanation or a walk, got an int"):
        package.visualize.explanation_page(tmp_path / "page.html", 3)
