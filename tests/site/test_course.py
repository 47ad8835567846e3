"""Each chapter of the course runs, top to bottom, and computes the numbers that its text says by hand."""

import numpy as np
import pytest

from tests.docs.cells import DOCS, run_page

COURSE = DOCS / "course"


@pytest.fixture
def chapter(capsys):
    """Run a chapter; return its names and what it printed."""

    def run(name):
        names = run_page(COURSE / f"{name}.md")
        return names, capsys.readouterr().out

    return run


def close(value, wanted, digits=3):
    return abs(value - wanted) <= 0.5001 * 10**-digits


def test_one_weight(chapter):
    names, printed = chapter("01_one_weight")
    assert close(names["loss"](1.0), 5.667)
    assert close(names["slope"](1.0), -9.333)
    path = names["descend"](1.0, 0.05, 8)
    assert close(path[1], 1.467)
    np.testing.assert_allclose(np.diff(path[1:] - 2) / np.diff(path[:-1] - 2), 1 - 0.05 * 28 / 3)
    lines = [line for line in printed.splitlines() if line.startswith("y = ")]
    assert len(lines) == 3
    assert len(set(lines)) == 1, "descent by hand, the Learner and the normal equations agree"
    assert abs(names["descend"](1.0, 0.2, 100)[-1] - 2) < 1e-3 < abs(names["descend"](1.0, 0.22, 100)[-1] - 2)


def test_chain_rule(chapter):
    names, printed = chapter("02_chain_rule")
    said = {"h1": 0.593270, "dz1": 0.138499, "dz2": -0.038098, "dw5": 0.082167, "dh1": 0.036350}
    for name, value in said.items():
        assert close(names[name], value, 6), name
    np.testing.assert_allclose(names["by_net"], names["by_hand"], rtol=1e-12)
    assert close(names["tried"], names["dw1"], 9)
    assert "0.0087714·0.05 = 0.00043857" in printed
