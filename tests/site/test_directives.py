"""The directives of the derivations, built by Sphinx: a page gets the mathematics, the code and the sums."""

import re

import pytest

pytest.importorskip("sphinx")
from sphinx.application import Sphinx

PAGE = """# Page

```{formula} tinynet.layers.Sigmoid tinynet.layers.Tanh
```

```{source} tinynet.layers.Sigmoid.backward tinynet.layers.Sigmoid:sigmoid
```

```{worked}
y[0] = 1 / (1 + exp(-1)) ≈ 0.7311
```

By hand {worked}`2 * 3 = 6`.
"""


@pytest.fixture(scope="module")
def html(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    (folder / "index.md").write_text(PAGE, encoding="utf-8")
    settings = {"extensions": ["myst_parser", "tools.site.directives"], "html_theme": "basic"}
    app = Sphinx(folder, None, folder / "out", folder / "trees", "html", settings, status=None, warningiserror=True)
    app.build()
    return (folder / "out" / "index.html").read_text(encoding="utf-8")


def test_formulas(html):
    assert "Sigmoid: equation" in html, "of several formulas each says whose it is"
    assert r"\(\displaystyle y=\frac{1}{1+e^{-x}}\)" in html
    assert r"dx=dy\,(1-y^{2})" in html


def test_the_code_without_docstrings(html):
    text = re.sub("<[^>]*>", "", html)
    assert "src/tinynet/layers/activations.py, line" in text
    assert "return dy * (y * (1 - y))" in text
    assert "computed so that" not in text


def test_sums(html):
    assert r"y[0] &amp;= \frac{1}{1+e^{-1}} \approx 0.7311" in html
    assert r"2\cdot 3 = 6" in html
