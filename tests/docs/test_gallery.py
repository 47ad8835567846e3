"""The gallery shows every picture that there is, each by a line that runs."""

import re

import pytest

from tinynet import visualize
from tinynet.learner import Learner
from tools.gallery import PAGE, main, shown

SOURCE = PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [name for name in visualize.__all__ if name not in ("report", "explanation_page")])
def test_it_shows(name):
    assert re.search(rf"^visualize\.{name}\(", SOURCE, re.MULTILINE), f"docs/gallery.md shows no {name}"


@pytest.fixture
def little_training(monkeypatch):
    """One epoch for each net: the pictures are then of nets that know little."""
    fit = Learner.fit
    monkeypatch.setattr(Learner, "fit", lambda learner, epochs=1, progress=True: fit(learner, 1, progress=False))


def test_every_line_draws(little_training, monkeypatch):
    short = SOURCE.replace("300 * 64", "4 * 64").replace("OneCycleLR(0.005, 300)", "OneCycleLR(0.005, 4)")
    short = short.replace("sentence * 40", "sentence * 6").replace("n=360", "n=60, n_steps=20, perplexity=9")
    figures = [value for line, value in shown(short) if line.startswith("visualize.")]
    assert len(figures) == len(re.findall(r"^visualize\.", SOURCE, re.MULTILINE))
    assert all(hasattr(figure, "savefig") for figure in figures)


def test_the_tool_writes_png_files(tmp_path, capsys):
    page = (
        "```{code-cell} ipython3\nfrom tinynet import models, visualize\nvisualize.filters(models.digits_cnn())\n```\n"
    )
    main(tmp_path / "out", page)
    path = tmp_path / "out" / "00_filters.png"
    assert capsys.readouterr().out == f"{path}\n"
    assert path.read_bytes().startswith(b"\x89PNG")
