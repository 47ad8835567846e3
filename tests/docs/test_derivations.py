"""Every layer, loss and optimizer is derived on a page, whose code runs and whose sums are recomputed."""

import ast
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

import tinynet.layers
import tinynet.losses
import tinynet.net
import tinynet.optimizers
from tests.docs.cells import CELL, DOCS
from tools.site import worked
from tools.site.sources import source

ROOM = DOCS / "derivations"
PAGES = sorted(page for page in ROOM.glob("*.md") if page.stem != "index")
FORMULA = re.compile(r"^```\{formula\} ([\w. ]+)\n", re.MULTILINE)
SOURCE = re.compile(r"^```\{source\} ([\w.: ]+)\n", re.MULTILINE)
BASES = {"Layer", "Optimizer", "Schedule"}  # they have no formula of their own
BRANCHES = {"Residual", "Concat"}


def public_names():
    rooms = (tinynet.layers, tinynet.losses, tinynet.optimizers)
    return {name for room in rooms for name in room.__all__} - BASES | BRANCHES


def derived():
    """From each name to the page that shows its formula."""
    found = {}
    for page in PAGES:
        for paths in FORMULA.findall(page.read_text(encoding="utf-8")):
            for path in paths.split():
                name = path.rpartition(".")[2]
                assert name not in found, f"{name} is derived twice, on {found.get(name)} and {page.stem}"
                found[name] = page
    return found


def test_everything_is_derived():
    assert derived().keys() == public_names()


@pytest.mark.parametrize("name", sorted(public_names()))
def test_its_numbers_are_computed_from_the_code(name):
    cells = "\n".join(CELL.findall(derived()[name].read_text(encoding="utf-8")))
    assert re.search(rf"\b{name}\b[,(]", cells), f"no cell of the page calls {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_code_that_is_shown_exists(page):
    paths = SOURCE.findall(page.read_text(encoding="utf-8"))
    assert paths, "a derivation shows the code"
    for path in " ".join(paths).split():
        code, file, _ = source(path)
        assert "def " in code
        assert file.startswith("src/tinynet/")


def test_the_index_leads_to_every_page():
    index = (ROOM / "index.md").read_text(encoding="utf-8").splitlines()
    assert all(page.stem in index for page in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page(page, capsys):
    """Every cell runs, every comparison is true, and every sum by hand gives what it says."""
    names: dict = {}
    *stretches, end = re.split(CELL, page.read_text(encoding="utf-8"))
    n_sums = len(worked.sums_of(end))
    for prose, cell in zip(stretches[::2], stretches[1::2], strict=True):
        sums = worked.sums_of(prose)
        about_the_next = [one for one in sums if not is_right(one, names)]  # cell, which computes what they speak of
        value = value_of(cell, page.name, names)
        answers = value if isinstance(value, (list, tuple)) else [value]
        plt.close("all")
        assert not any(answer is False or answer is np.False_ for answer in answers), f"a comparison fails:\n{cell}"
        for one in about_the_next:
            worked.check(one, names)
        n_sums += len(sums)
    for one in worked.sums_of(end):
        worked.check(one, names)
    assert not re.search(r"False$", capsys.readouterr().out, re.MULTILINE)
    assert n_sums >= 3, "a derivation needs numbers by hand"


def is_right(one, names):
    """Whether a sum can be recomputed with what the cells above have computed."""
    try:
        worked.check(one, names)
    except (NameError, LookupError, TypeError, ValueError):
        return False
    return True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_number_escapes_the_check(page):
    """A result that stands in a formula of the prose, as in `$y = 0.73$`, belongs into {worked}."""
    prose = CELL.sub("", page.read_text(encoding="utf-8"))
    formulas = re.findall(r"\$\$(.*?)\$\$|\$([^$]+)\$", prose, re.DOTALL)
    results = [one or two for one, two in formulas if re.search(r"(=|\\approx)\s*-?\d+\.\d", one or two)]
    assert not results


def value_of(cell, file, names):
    """Run a cell, and give the value of its last line, as a notebook shows it."""
    *statements, last = ast.parse(cell).body
    if not isinstance(last, ast.Expr):
        exec(compile(cell, file, "exec"), names)
        return None
    exec(compile(ast.Module(statements, []), file, "exec"), names)
    return eval(compile(ast.Expression(last.value), file, "eval"), names)  # noqa: S307 - the page is our own
