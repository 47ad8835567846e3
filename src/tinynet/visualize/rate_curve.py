"""The loss over the learning rate, as a sweep has found it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tinynet.core import checks
from tinynet.probe import RateSweep
from tinynet.visualize.style import BLUE, MUTED, VERMILLION, panels, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled
def rate_curve(sweep: RateSweep) -> Figure:
    """The loss of each step of a sweep over its learning rate, smoothed, with the suggested rate drawn in.

    Args:
        sweep: What `learner.find_rate()` returned.

    Raises:
        TypeError: It is something else.

    Example:
        >>> from tinynet.probe import read_sweep
        >>> rates = np.geomspace(1e-4, 10, 40)
        >>> figure = rate_curve(read_sweep(rates, 1 + (np.log10(rates) - 0.5) ** 2))
        >>> figure.axes[0].get_xscale()
        'log'
    """
    checks.instance("rate_curve", "sweep", sweep, RateSweep, "pass what learner.find_rate() returns.")
    figure, (ax,) = panels(1, 1, 7, 3.8)
    ax.plot(sweep.rates, sweep.losses, color=MUTED, linewidth=1, alpha=0.7, label="each step")
    ax.plot(sweep.rates, sweep.smoothed, color=BLUE, label="smoothed")
    ax.axvline(sweep.rate, color=VERMILLION, label=f"suggestion: {sweep.rate:.2g}")
    ax.set(xscale="log", xlabel="learning rate", ylabel="loss", title="Loss while the learning rate rises")
    low, high = float(sweep.smoothed.min()), float(np.max(sweep.smoothed[: max(len(sweep.rates) // 2, 1)]))
    room = 0.25 * max(high - low, 0.05 * abs(high), 1e-12)
    ax.set_ylim(low - room, high + 2 * room)  # what has blown up would flatten the rest
    ax.legend(loc="lower left")
    return figure
