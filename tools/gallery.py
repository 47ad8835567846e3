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


def shown(page: Path = PAGE) -> Iterator[tuple[str, Any]]:
    """Run the cells of a page, and give the source and the value of the last line of each, as a notebook shows it."""
    names: dict[str, Any] = {}
    for cell in CELL.findall(page.read_text(encoding="utf-8")):
        *statements, last = ast.parse(cell).body
        exec(compile(ast.Module(statements, []), page.name, "exec"), names)
        if isinstance(last, ast.Expr):
            yield ast.unparse(last), eval(compile(ast.Expression(last.value), page.name, "eval"), names)
        else:
            exec(compile(ast.Module([last], []), page.name, "exec"), names)


def main(folder: Path) -> None:
    """Write each figure, under the name of the function that made it."""
    from tinynet.visualize.style import png

    folder.mkdir(parents=True, exist_ok=True)
    for number, (line, value) in enumerate(shown()):
        if hasattr(value, "savefig"):
            path = folder / f"{number:02d}_{line.partition('(')[0].removeprefix('visualize.')}.png"
            path.write_bytes(png(value))
            print(path)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tools.gallery FOLDER")
    main(Path(sys.argv[1]))
