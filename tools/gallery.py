"""The pictures of docs/gallery.md as PNG files: python -m tools.gallery FOLDER"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "gallery.md"
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)


def shown(page: str) -> Iterator[tuple[str, Any]]:
    """Run the cells of a page, and give the source and the value of the last line of each, as a notebook shows it."""
    names: dict[str, Any] = {}
    for cell in CELL.findall(page):
        *statements, last = ast.parse(cell).body
        if not isinstance(last, ast.Expr):
            statements, last = [*statements, last], ast.Expr(ast.Constant(None))
        exec(compile(ast.Module(statements, []), PAGE.name, "exec"), names)  # noqa: S102 - the page is our own
        line = compile(ast.Expression(last.value), PAGE.name, "eval")
        yield ast.unparse(last), eval(line, names)  # noqa: S307 - the same


def main(folder: Path, page: str) -> None:
    """Write each figure of a page, under the name of the function that made it."""
    from tinynet.visualize.style import png

    folder.mkdir(parents=True, exist_ok=True)
    for number, (line, value) in enumerate(shown(page)):
        if hasattr(value, "savefig"):
            path = folder / f"{number:02d}_{line.partition('(')[0].removeprefix('visualize.')}.png"
            path.write_bytes(png(value))
            print(path)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tools.gallery FOLDER")
    main(Path(sys.argv[1]), PAGE.read_text(encoding="utf-8"))
