"""How the time of a step grows with the batch, the width and the depth: measured, drawn, and said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks import sides
from benchmarks.sides import Line, Plan
from benchmarks.tables import WANTED_GROWTH
from tinynet.visualize.style import BLUE, VERMILLION, panels, styled

WORKLOADS = ("mlp", "mnist_cnn")  # whose batch grows, if none is named
DASHES = ("-", "--", ":", "-.")


def measure(workloads: list[str], plan: Plan, stacks: bool = True) -> dict[str, dict[str, Line]]:
    """The lines of each panel by name; without `stacks` only the batch grows."""
    found = {"batch size": {workload: sides.growth_with_batch(workload, plan) for workload in workloads}}
    if stacks:
        wide = {width: f"stack-{width}x4" for width in sides.WIDTHS}
        deep = {depth: f"stack-32x{depth}" for depth in sides.DEPTHS}
        found["width"] = {"4 convolutions": sides.growth_with_size(wide, plan)}
        found["depth"] = {"convolutions of 32 channels": sides.growth_with_size(deep, plan)}
    return found


@styled
def draw(found: dict[str, dict[str, Line]], path: Path) -> None:
    """Draw the milliseconds for each sample on axes that double evenly."""
    import matplotlib
    from matplotlib.ticker import LogLocator

    figure, axes = panels(1, len(found), 3.4 * len(found), 3.2)
    for ax, (panel, lines) in zip(axes, found.items(), strict=True):
        for dash, (name, line) in zip(DASHES, lines.items(), strict=False):
            for side, colour, label in ((0, BLUE, "Tinynet"), (1, VERMILLION, "PyTorch")):
                times = [both[side] for both in line.values()]
                ax.plot(list(line), times, dash, marker="o", markersize=4, color=colour, label=f"{label}, {name}")
        sizes = sorted({size for line in lines.values() for size in line})
        ax.set(xscale="log", yscale="log", xlabel=panel, xticks=sizes, xticklabels=sizes)
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.minorticks_off()
        ax.legend(fontsize=7.5)
    axes[0].set_ylabel("ms for each sample")
    with matplotlib.rc_context({"svg.hashsalt": "tinynet", "svg.fonttype": "path"}):
        figure.savefig(path, metadata={"Date": None})


def verdict(found: dict[str, dict[str, Line]]) -> str:
    """How much longer a sample takes in a large batch than in one of 64."""
    said = [
        f"{workload} {_ratio(line, 0):.2f} (PyTorch {_ratio(line, 1):.2f})"
        for workload, line in found["batch size"].items()
    ]
    return (
        f"The time for a sample at batch {max(sides.BATCHES):,} over that at 64, at most {WANTED_GROWTH} is wanted: "
        f"{', '.join(said)}."
    )


def table(found: dict[str, dict[str, Line]]) -> list[str]:
    """The numbers behind the drawing, a line each."""
    rows = ["| | size | Tinynet | PyTorch |", "| --- | ---: | ---: | ---: |"]
    for panel, lines in found.items():
        for name, line in lines.items():
            rows += [f"| {panel}, {name} | {size:,} | {a:.3g} | {b:.3g} |" for size, (a, b) in line.items()]
    return rows


def _ratio(line: Any, side: int) -> float:
    return line[max(line)][side] / line[64][side]
