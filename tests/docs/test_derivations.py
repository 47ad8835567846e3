"""Every code cell of every derivation page runs, top to bottom, and says what the text says."""

import numpy as np
import pytest

from tests.docs.cells import DOCS, run_page

PAGES = sorted((DOCS / "derivations").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_runs(page):
    assert run_page(page), "a derivation without code proves nothing"


def test_linear_page_gives_the_numbers_of_its_text(capsys):
    names = run_page(next(page for page in PAGES if page.stem == "linear"))
    assert names["y"][0, 0] == 7.5
    assert names["dW"][0, :2].tolist() == [1.0, 4.0]
    assert names["dx"][0, 0] == 2.0
    printed = capsys.readouterr().out
    assert printed.count("True") == 4
    assert "False" not in printed
    np.testing.assert_allclose(names["layer"].weight.gradient, 2 * names["dW"])
