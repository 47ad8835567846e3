"""Whole explanations, in a terminal and in a notebook: titles, formulas, remarks, chapters, and where numbers lead."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from tinynet.probe.explain.explanation import Explanation, Row
from tinynet.probe.explain.expressions import Number, named
from tinynet.probe.explain.html import KEY, STYLE, explanation_html, inner_html, walk_html
from tinynet.probe.explain.totals import total
from tinynet.probe.explain.walk import Chapter, Walk

W, X = Number("w", 3.0, ("0.weight", (0,))), Number("x", 2.0, ("x", (1,)))


def explained(expression: Any = None, **options: Any) -> Explanation:
    return Explanation(named("y", W * X if expression is None else expression, ("0.y", (0,))), **options)


def test_all_parts_of_a_text() -> None:
    found = explained(
        title="An output.",
        formula={"Equation": "y = W x\nand more", "Gradients": "dx"},
        remarks=["A first sentence.", "A second one."],
        recorded=6.5,
    )
    found.chapters = [explained(title="What follows.")]
    assert str(found) == repr(found)
    assert str(found) == (
        "An output.\n\n"
        "Equation:\n    y = W x\n    and more\nGradients:\n    dx\n\n"
        "y = w·x   │ 3·2 = 6\n\n"
        "A first sentence.\nA second one.\nThe step itself has 6.5: it rounds each partial result.\n\n"
        "What follows.\n\n"
        "y = w·x   │ 3·2 = 6"
    )


def test_long_sentences_are_broken() -> None:
    found = explained(title="word " * 40, remarks=["word " * 40])
    lines = str(found).splitlines()
    assert max(map(len, lines)) == 109  # 22 words, which take no more than 110 columns
    assert len(lines) == 2 + 1 + 1 + 1 + 2


@pytest.mark.parametrize(
    ("recorded", "remarks"),
    [
        (None, []),
        (6.0, []),
        (6.00001, []),
        (6.001, ["The step itself has 6.001: it rounds each partial result."]),
        (-6.0, ["The step itself has −6: it rounds each partial result."]),
    ],
)
def test_the_number_of_the_step_itself(recorded: float | None, remarks: list[str]) -> None:
    found = explained(recorded=recorded)
    assert found.all_remarks() == remarks
    assert found.remarks == []


def test_a_number_that_was_given() -> None:
    given = Explanation(Number("x[0]", np.float32(0.1)), "x[0]: the data.", recorded=0.3)
    assert str(given) == "x[0]: the data.\n\nx[0] = 0.100000001"
    assert given.all_remarks() == []
    assert (given.equations, given.sources, given.expression) == ([], [], given.result)
    assert given.value == float(np.float32(0.1))
    exact = Explanation(Number("n", 0.12345678912, exact=True))
    assert str(exact) == "n = 0.12345678912"
    assert [row.numbers for line in exact.lines for row in line.rows] == [""]


def test_symbols_that_are_too_long_have_a_row_of_their_own() -> None:
    for size, lines in ((52, 1), (53, 2)):  # "y = " + the symbol + "·x"; 58 columns are the most
        long = Number("w" * size, 3.0)
        found = str(explained(long * X))
        assert len(found.splitlines()) == lines
        assert found.splitlines()[-1].index("│") == 59
        assert found.endswith("│ 3·2 = 6")
    hats = str(Explanation(named("x̂", W * X)))
    assert hats == "x̂ = w·x   │ 3·2 = 6"
    assert hats.index("│") == 11  # the hat takes no column


def test_what_is_used_comes_first() -> None:
    mean = named("μ", W + X)
    spread = named("σ", mean * 2)
    found = Explanation(named("y", (X - mean) / spread + mean))
    assert [line.symbol for line in found.lines] == ["μ", "σ", "y"]
    assert [leaf.symbol for leaf, _ in found.equations] == ["μ", "σ", "y"]
    assert [line.result for line in found.lines] == ["5", "10", "4.7"]
    assert found.sources == [("x", (1,)), ("0.weight", (0,))]
    assert found.expression.symbols() == "(x − μ) / σ + μ"


def test_terms_on_demand() -> None:
    parts = [Number(f"x[{i}]", float(i), ("x", (i,))) for i in range(1, 6)]
    found = explained(total(parts, "Σ x"))
    assert len(found.lines[0].rows) == 7
    assert found.show_terms(2) is found
    assert [row.symbols for row in found.lines[0].rows] == [
        "y = Σ x",
        "    x[5]",
        "  + x[4]",
        "  + 3 smaller terms",
        "",
    ]
    assert [row.term for row in found.lines[0].rows] == [None, 5, 4, 6, None]
    assert found.sources == [("x", (5,)), ("x", (4,))]
    assert len(found.show_terms(None).sources) == 5


def chain(name: str, deeper: dict[str, list[str]], calls: list[str]) -> Explanation:
    """An explanation whose number comes from those that a table says."""
    calls.append(name)
    leaves = [Number(each, 1.0, (each, ())) for each in deeper.get(name, [])]
    expression = leaves[0] if len(leaves) == 1 else total(leaves)
    result = named(name, expression, (name, ())) if leaves else Number(name, 1.0, (name, ()))
    return Explanation(result, explain_source=lambda source: chain(source[0], deeper, calls))


LEADS = {"a": ["b", "c", "a"], "b": ["d", "c"], "c": ["e"], "d": ["f"], "f": ["g"]}


@pytest.mark.parametrize(
    ("depth", "sources", "names"),
    [
        (0, 1, "a"),
        (1, 1, "ab"),
        (2, 1, "abd"),
        (3, 1, "abdf"),
        (9, 1, "abdfg"),
        (1, 2, "abc"),
        (2, 2, "abcde"),
        (3, 2, "abcdef"),
    ],
)
def test_a_walk_back(depth: int, sources: int, names: str) -> None:
    first = chain("a", LEADS, [])
    assert "".join(each.result.symbol for each in first.walk(depth, sources)) == names
    assert "".join(each.result.symbol for each in first.walk()) == "abdf"
    alone = explained()
    assert alone.walk() == [alone]


# In a notebook.


def test_a_page() -> None:
    found = explained(title="a < b", formula={"Equation": "y = w x\n  more"}, remarks=["x & y"])
    inner = (
        "<p><b>a &lt; b</b></p><pre class='formula'>Equation:\n    y = w x\n      more</pre>"
        "<div class='scroll' tabindex='0'><table><tr class='result'><td class='left'>y = w·x</td>"
        "<td class='right'>3·2 = 6</td><td></td></tr></table></div><p>x &amp; y</p>"
    )
    assert inner_html(found) == inner
    assert (
        explanation_html(found) == found._repr_html_() == f"<style>{STYLE}</style><div class='explained'>{inner}</div>"
    )
    found.chapters = [explained(title="Then.")]
    assert inner_html(found) == inner + inner_html(explained(title="Then."))


def bars(*values: float) -> list[str]:
    parts = [Number(f"x[{i}]", value) for i, value in enumerate(values)]
    page = inner_html(explained(total(parts, "Σ x")))
    assert (KEY in page) == ("class='bar" in page or not np.isfinite(values).all())
    return re.findall("<span class='(.*?)' style='width:(.*?)em' aria-hidden='true'></span>", page)


def test_bars_are_as_long_as_terms_are_large() -> None:
    assert bars(4, -2, 1) == [("bar", "7.00"), ("bar less", "3.50"), ("bar", "1.75")]
    assert bars(-4, 3, 1) == [("bar less", "7.00"), ("bar", "5.25"), ("bar", "1.75")]
    assert bars(0, 0, 0) == []
    assert bars(np.inf, 1, 1) == [("bar", "0.00"), ("bar", "0.00")]
    assert bars(np.nan, 1, 1) == []
    assert KEY == "Bars: how much each term adds (blue) or takes away (orange)."


def test_results_are_marked() -> None:
    parts = [Number(f"x[{i}]", value) for i, value in enumerate((1.0, 2.0, 0.0, 4.0))]
    page = inner_html(explained(total(parts, "Σ x")))
    rows = re.findall("<tr(.*?)><td class='left'>(.*?)</td><td class='right'>(.*?)</td>", page)
    assert rows == [
        ("", "y = Σ x", ""),
        ("", "    x[3]", "  4"),
        ("", "  + x[1]", "+ 2"),
        ("", "  + x[0]", "+ 1"),
        ("", "  + 1 term is 0", ""),
        (" class='result'", "", "= 7"),
    ]


def test_numbers_behind_a_line_that_opens_them() -> None:
    deeper = {"a": ["b", "c", "d", "e", "f"], "b": ["g"], "c": ["h", "i"], "d": [], "f": ["i", "h"], "i": ["j", "h"]}
    page = inner_html(chain("a", deeper, []), depth=1)
    assert re.findall("<summary>(.*?)</summary>", page) == ["Where c comes from"]  # b is but g, d and e are given
    assert page.endswith("</div></details>")
    page = inner_html(chain("a", deeper, []), depth=2)
    assert re.findall("<summary>(.*?)</summary>", page) == ["Where c comes from", "Where i comes from"]
    assert "<details>" not in inner_html(chain("a", deeper, []))
    assert "<details>" not in inner_html(explained(), depth=3)
    more = {"a": ["b", "c", "d", "e", "f"]} | {name: ["x", "y"] for name in "bcdef"}
    page = explanation_html(chain("a", more, []), depth=1)
    assert page.count("<details>") == 4


def test_the_gradient_of_a_weight_is_not_where_it_comes_from() -> None:
    calls: list[Any] = []

    def explain_source(source: Any) -> Explanation:
        calls.append(source)
        gradient = named("dw", X * X + W, (f"{source[0]}.gradient", source[1]))
        return Explanation(gradient, explain_source=explain_source)

    found = explained(explain_source=explain_source)
    assert "<details>" not in inner_html(found, 1)
    assert calls == [("0.weight", (0,)), ("x", (1,))]


def test_a_number_that_is_passed_on_leads_further_if_it_was_computed() -> None:
    deeper = {"a": ["b", "c"], "b": ["c"], "c": ["d", "e"]}

    def passed_on(source: Any) -> Explanation:
        if source[0] == "b":  # b = c, which was computed
            return Explanation(named("b", Number("c", 1.0, ("c", ())), ("b", ())), explain_source=passed_on)
        return chain(source[0], deeper, [])

    first = chain("a", deeper, [])
    first.explain_source = passed_on
    page = inner_html(first, depth=1)
    assert re.findall("<summary>(.*?)</summary>", page) == ["Where b comes from", "Where c comes from"]


def test_the_page_of_a_walk() -> None:
    chapters = [Chapter("Layer <0>", "2 & 3", explained(title="One.")), Chapter("Loss", "", explained(title="Two."))]
    whole = Walk("A <step>", chapters)
    expected = (
        f"<style>{STYLE}</style><div class='explained'><p>A &lt;step&gt;</p>"
        f"<h4>Layer &lt;0&gt;</h4><p>2 &amp; 3</p>{inner_html(chapters[0].explanation)}"
        f"<h4>Loss</h4><p></p>{inner_html(chapters[1].explanation)}</div>"
    )
    assert walk_html(whole) == whole._repr_html_() == expected
    rules = ["── Layer <0> " + "─" * 87, "── Loss " + "─" * 92]
    first, second = (str(chapter.explanation) for chapter in chapters)
    assert str(whole) == repr(whole) == f"A <step>\n\n{rules[0]}\n\n2 & 3\n\n{first}\n\n{rules[1]}\n\n{second}"
    long = str(Chapter("x" * 99, "", explained()))
    assert long.startswith(f"── {'x' * 99} ───\n\n")


def test_a_row() -> None:
    assert Row("a", "b").term is None
