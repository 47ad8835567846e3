"""What a page of the docs may write beside Markdown: formulas, sources and sums worked by hand.

```{formula} tinynet.layers.ReLU                  its Equation and Gradients, from the docstring, as mathematics
```{source} tinynet.layers.ReLU.forward           its code, without the docstring
```{worked}                                       sums, one a line, which tests/docs recomputes
{worked}`y[0] = 2 * 3 = 6`                        the same in the middle of a sentence
"""

from __future__ import annotations

from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive, directives, roles
from sphinx.application import Sphinx

from tinynet.core.formula import formula
from tools.site import worked
from tools.site.sources import source, thing
from tools.site.tex import Piece, statements


class Formula(Directive):
    """The formulas of a class or function; with `only`, one of its two sections."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar = {"only": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        found = []
        paths = self.arguments[0].split()
        for path in paths:
            card = nodes.container(classes=["formula"])
            sections = formula(thing(path))
            for title in [self.options["only"]] if "only" in self.options else sections:
                heading = title if len(paths) == 1 else f"{path.rpartition('.')[2]}: {title.lower()}"
                card += nodes.paragraph("", "", nodes.strong("", heading), classes=["formula-title"])
                card += [_line(columns) for columns in statements(sections[title])]
            found.append(card)
        return found


def _line(columns: list[list[Piece]]) -> nodes.Node:
    line = nodes.paragraph(classes=["formula-line"])
    for number, column in enumerate(columns):
        if number:
            line += nodes.Text("\u2003\u2003")
        for kind, text in column:
            if kind == "math":
                line += nodes.math(text, rf"\displaystyle {text}")
            else:
                line += nodes.literal(text, text) if kind == "code" else nodes.Text(text)
    return line


class Source(Directive):
    """The code of functions and methods, as it stands in the package."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        parts = [source(path) for path in self.arguments[0].split()]
        caption = f"{parts[0][1]}, line {parts[0][2]}"
        code = "\n\n".join(text for text, _, _ in parts)
        block = nodes.literal_block(code, code, language="python")
        wrapper = nodes.container("", nodes.caption(caption, caption), block, literal_block=True)
        wrapper["classes"].append("literal-block-wrapper")
        return [nodes.container("", wrapper, classes=["lesson-source"])]


class Worked(Directive):
    """Sums worked by hand, one below the other."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        lines = [row for line in self.content if line.strip() for row in worked.rows(line)]
        body = "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"
        return [nodes.math_block(body, body, nowrap=False, number=None, label=None)]


def _worked_role(name: str, rawtext: str, text: str, *_: Any, **__: Any) -> tuple[list[nodes.Node], list[Any]]:
    formula = worked.tex(text)
    return [nodes.math(rawtext, formula)], []


def setup(app: Sphinx) -> dict[str, bool]:
    """What Sphinx calls."""
    app.add_directive("formula", Formula)
    app.add_directive("source", Source)
    app.add_directive("worked", Worked)
    roles.register_local_role("worked", _worked_role)
    app.add_css_file("lesson.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
