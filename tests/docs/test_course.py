"""The course and the first page keep their form: a question, code that fits the page, pictures with words, answers."""

import re
import shlex

import pytest
import typer

from tests.docs.cells import DOCS, cells
from tinynet.cli.app import app

COURSE = DOCS / "course"
CHAPTERS = sorted(COURSE.glob("[0-9]*.md"))
PAGES = [DOCS / "start.md", *CHAPTERS]
WIDTH = 90  # Longer lines are cut in the column of a page.
COMMAND = typer.main.get_command(app)
DRAWS = ("plt.figure(", "plt.subplots(", "tn.visualize.", "ten_pictures(", "ImageDraw")


def by_name(page):
    return page.stem


def test_there_are_twelve_chapters_in_order():
    listed = re.findall(r"^(\d\d_\w+)$", (COURSE / "index.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == [page.stem for page in CHAPTERS]
    assert [name[:2] for name in listed] == [f"{number:02}" for number in range(1, 13)]


@pytest.mark.parametrize("page", CHAPTERS, ids=by_name)
def test_a_chapter_asks_computes_and_answers(page):
    text = page.read_text(encoding="utf-8")
    assert re.search(rf"^# {int(page.stem[:2])}\. .+\n\n\*\*The question\.\*\*", text, re.MULTILINE)
    assert "y hand" in text, "no numbers by hand"
    assert text.index("\n## Try it\n") < text.index("\n## Questions\n")
    questions = text[text.index("\n## Questions\n") :]
    assert questions.count("<details>\n<summary>") == questions.count("\n\n</details>\n") >= 3


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_code_fits_the_page(page):
    for code in cells(page):
        assert "rcParams" in code or max(map(len, code.splitlines())) <= WIDTH, code
        lines = [line for line in code.splitlines() if line.strip() and not line.startswith(("import ", "from "))]
        assert len(lines) <= 16, code


def shown_cells(page):
    """The cells that a reader sees, with their options."""
    blocks = re.findall(r"^```\{code-cell\}.*?^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [block for block in blocks if ":tags: [remove" not in block]


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_what_is_shown_runs_without_what_is_hidden(page):
    shown = "".join(shown_cells(page))
    before, _, after = shown.partition("import matplotlib.pyplot as plt")
    assert "plt." not in before
    assert after
    assert not re.search(r"COLOURS|SETTINGS|folder\.|at_the_command_line", shown)


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_every_picture_is_described(page):
    drawing = [block for block in shown_cells(page) if any(word in block for word in DRAWS)]
    assert drawing, "a page without a picture"
    for block in drawing:
        assert re.search(r'^    alt: ".{20,}"$', block, re.MULTILINE) or "def painted" in block, block


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_the_commands_exist(page):
    shown = re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    for line in "".join(shown).splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["tinynet"]:
            command = COMMAND.commands[words[1]]
            known = {option for parameter in command.params for option in parameter.opts}
            assert {word for word in words if word.startswith("--")} <= known, line
        elif words[:1] == ["python"]:
            assert (DOCS.parent / words[1]).exists(), line
