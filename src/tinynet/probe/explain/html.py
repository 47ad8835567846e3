"""Explanations as HTML, for notebooks and pages."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from tinynet.probe.explain.explanation import Explanation, Row
from tinynet.probe.explain.expressions import Leaf

if TYPE_CHECKING:
    from tinynet.probe.explain.walk import Walk

#: Colours that people with any kind of colour vision tell apart, on light and on dark paper.
STYLE = """
.explained table { border-collapse: collapse; border: 0; margin: .5rem 0; }
.explained td { padding: .08rem .9rem .08rem 0; border: 0; text-align: left; vertical-align: top; background: none;
  line-height: 1.35;
  font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .84rem; }
.explained td.left, .explained td.right { white-space: pre; }
.explained tr.result td { font-weight: 650; padding-bottom: .6rem; }
.explained .scroll { overflow-x: auto; }
.explained .bar { display: block; height: .7em; margin-top: .3em; border-radius: 2px; background: #0072b2; }
.explained .bar.less { background: #d55e00; }
.explained pre.formula { white-space: pre-wrap; font-size: .84rem; margin: .3rem 0; }
.explained p { margin: .3rem 0; }
.explained summary { cursor: pointer; }
.explained details { margin: .3rem 0 .3rem .4rem; border-left: 3px solid #8886; padding-left: .8rem; }
"""
LONGEST_BAR = 7.0  #: Of the largest term, in em.
KEY = "Bars: how much each term adds (blue) or takes away (orange)."


def explanation_html(explanation: Explanation, depth: int = 0) -> str:
    """An explanation as HTML.

    Args:
        explanation: What to show.
        depth: How many times the numbers it comes from are explained in turn, behind a line that opens them.

    Example:
        >>> from tinynet.probe.explain.expressions import Number, named
        >>> w, x = Number("W[0, 0]", 3.0), Number("x[0, 0]", 2.0)
        >>> "<td class='right'>3·2 = 6</td>" in explanation_html(Explanation(named("y[0, 0]", w * x)))
        True
    """
    return f"<style>{STYLE}</style><div class='explained'>{inner_html(explanation, depth)}</div>"


def walk_html(walk: Walk) -> str:
    """The walk of a step as HTML."""
    parts = [
        f"<h4>{escape(chapter.heading)}</h4><p>{escape(chapter.words)}</p>{inner_html(chapter.explanation)}"
        for chapter in walk.chapters
    ]
    return f"<style>{STYLE}</style><div class='explained'><p>{escape(walk.title)}</p>{''.join(parts)}</div>"


def inner_html(explanation: Explanation, depth: int = 0) -> str:
    """An explanation as HTML, inside something that has the style."""
    rows = [row for line in explanation.lines for row in line.rows]
    largest = max([abs(row.term) for row in rows if row.term is not None], default=0.0)
    table = "".join(_row(row, largest) for row in rows)
    formulas = "".join(
        f"<pre class='formula'>{escape(name)}:\n{escape(_indented(text))}</pre>"
        for name, text in explanation.formula.items()
    )
    remarks = [*explanation.all_remarks(), *([KEY] if largest else [])]
    parts = [
        f"<p><b>{escape(explanation.title)}</b></p>{formulas}",
        f"<div class='scroll' tabindex='0'><table>{table}</table></div>",
        "".join(f"<p>{escape(remark)}</p>" for remark in remarks),
        _sources(explanation, depth),
    ]
    return "".join(parts) + "".join(inner_html(chapter, depth) for chapter in explanation.chapters)


def _row(row: Row, largest: float) -> str:
    is_result = row.numbers.startswith("=") or (" = " in row.numbers)
    mark = " class='result'" if is_result else ""
    return (
        f"<tr{mark}><td class='left'>{escape(row.symbols)}</td><td class='right'>{escape(row.numbers)}</td>"
        f"<td>{_bar(row.term, largest)}</td></tr>"
    )


def _bar(term: float | None, largest: float) -> str:
    """A bar as long as the term is large."""
    if term is None or not largest > 0 or not abs(term) < float("inf"):
        return ""
    width = LONGEST_BAR * abs(term) / largest
    return f"<span class='bar{' less' if term < 0 else ''}' style='width:{width:.2f}em' aria-hidden='true'></span>"


def _sources(explanation: Explanation, depth: int) -> str:
    """The first numbers that it comes from, each explained behind a line that opens it."""
    if not depth or explanation.explain_source is None:
        return ""
    parts = []
    for source in explanation.sources[:SHOWN_SOURCES]:
        inner = explanation.explain_source(source)
        is_weight = inner.result.source == (f"{source[0]}.gradient", source[1])  # that is where it goes to
        if inner.equations and not is_weight and not _is_given(inner):
            heading = f"Where {inner.result.symbol} comes from"
            parts.append(f"<details><summary>{escape(heading)}</summary>{inner_html(inner, depth - 1)}</details>")
    return "".join(parts)


SHOWN_SOURCES = 4  #: Of each explanation.


def _is_given(explanation: Explanation) -> bool:
    """Whether a number is one that the step did not compute, passed on as it is."""
    inner = explanation.expression
    if not isinstance(inner, Leaf) or inner.source is None or explanation.explain_source is None:
        return False
    return not explanation.explain_source(inner.source).equations


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
