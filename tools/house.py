"""Draw the house: its rooms with their lines of code, and who imports whom, measured from the imports themselves.

Usage: .venv/bin/python -m tools.house
"""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

PACKAGE = Path(__file__).parents[1] / "src" / "tinynet"
PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "house.svg"
WIDTH, HEIGHT = 2.6, 0.62  # of a room
LESSON, ENGINE, REST, ARROW = "#e8eff9", "#fdeedd", "#f3f3f3", "#7d8ca3"
# The position of each room: (column, floor), floors counted from the top. A room imports those above it.
PLACES = {
    "core": (0, 0), "layers": (0, 1), "losses": (-1, 1), "metrics": (1, 1.6), "optimizers": (-1, 2), "net": (0, 2),
    "learner": (0, 5), "engine": (2, 3), "gradcheck": (1, 3), "data": (-1, 3), "storage": (0, 3.5), "probe": (1, 4),
    "models": (-1, 6), "exchange": (0, 6), "visualize": (1, 6), "cli": (0, 7),
}  # fmt: skip
ROOMS_OF_THE_LESSON = ("core", "layers", "losses", "metrics", "optimizers", "net", "learner")


def lines_of(room: str) -> int:
    """The lines of all modules of a room."""
    return sum(path.read_text(encoding="utf-8").count("\n") for path in (PACKAGE / room).rglob("*.py"))


def imports() -> Counter[tuple[str, str]]:
    """How many modules of one room import from another."""
    found: Counter[tuple[str, str]] = Counter()
    for room in PLACES:
        for path in (PACKAGE / room).rglob("*.py"):
            found.update({(room, other) for other in _rooms_imported(path) if other != room})
    return found


def _rooms_imported(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        rooms |= {name.split(".")[1] for name in names if name.startswith("tinynet.")}
    return rooms & set(PLACES)


def middle(room: str) -> tuple[float, float]:
    """The centre of a room on the sheet."""
    column, floor = PLACES[room]
    return column * 3.4, -floor * 1.25


def draw() -> None:
    """Draw the rooms and the arrows, and write the picture."""
    figure, axes = plt.subplots(figsize=(10, 8.4))
    for (importer, imported), count in sorted(imports().items()):
        (x0, y0), (x1, y1) = middle(importer), middle(imported)
        side = HEIGHT / 2 if y1 > y0 else -HEIGHT / 2
        start, end = (x0, y0 + side), (x1, y1 - side)
        if y1 == y0:  # neighbours on one floor
            side = WIDTH / 2 if x1 > x0 else -WIDTH / 2
            start, end = (x0 + side, y0), (x1 - side, y1)
        axes.add_patch(
            FancyArrowPatch(
                start, end, arrowstyle="-|>", mutation_scale=9, linewidth=0.5 + 0.12 * min(count, 20), color=ARROW,
                alpha=0.75, connectionstyle="arc3,rad=0.06", zorder=1,
            )
        )  # fmt: skip
    for room in PLACES:
        x, y = middle(room)
        color = LESSON if room in ROOMS_OF_THE_LESSON else ENGINE if room == "engine" else REST
        box = FancyBboxPatch(
            (x - WIDTH / 2, y - HEIGHT / 2), WIDTH, HEIGHT, boxstyle="round,pad=0.02,rounding_size=0.12",
            facecolor=color, edgecolor="#3d4756", linewidth=1, zorder=2,
        )  # fmt: skip
        axes.add_patch(box)
        axes.text(x, y + 0.08, room, ha="center", va="center", fontsize=12, fontweight="bold", zorder=3)
        axes.text(x, y - 0.17, f"{lines_of(room):,} lines", ha="center", va="center", fontsize=8.5, zorder=3)
    notes = {LESSON: "the lesson: plain NumPy", ENGINE: "the engine: compiled replacements", REST: "around them"}
    for index, (color, text) in enumerate(notes.items()):
        axes.text(5.2, -7.6 - 0.45 * index, text, fontsize=10, bbox={"boxstyle": "round", "facecolor": color})
    axes.text(2.4, 0.05, "An arrow points to what is imported;\nits width says from how many modules.", fontsize=9)
    axes.set(xlim=(-5, 9), ylim=(-9.4, 0.7))
    axes.set_axis_off()
    PICTURE.parent.mkdir(exist_ok=True)
    with plt.rc_context({"svg.hashsalt": "tinynet", "svg.fonttype": "none"}):
        figure.savefig(PICTURE, bbox_inches="tight", metadata={"Date": None})
    print(f"drawn to {PICTURE}")


if __name__ == "__main__":
    draw()
