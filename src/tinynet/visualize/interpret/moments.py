"""How the boundary between classes moves while a net is trained."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from tinynet.core import checks
from tinynet.net import Net
from tinynet.visualize.boundary import draw_boundary, legend_of_classes
from tinynet.visualize.sentences import samples_of
from tinynet.visualize.style import blank, panels, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS, MAX_MOMENTS = 3, 12


@styled
def boundary_over_training(net: Net, dataset: Any, states: dict[int, Any]) -> Figure:
    """The plane in the colours of the classes at several moments of training, the samples on top.

    Args:
        net: A classifier of points, as in `decision_boundary`; a copy of it takes the weights of each moment.
        dataset: Points (N, 2) with integer labels.
        states: From the epoch to the weights: the `states` of the callback `tinynet.learner.Snapshots`. The first
            twelve are drawn.

    Raises:
        ValueError: There is no moment, the inputs are not points of a plane, or something does not fit.
        TypeError: The states are not a dict.

    Example:
        >>> net = tn.models.mlp(2, [8], 3)
        >>> figure = boundary_over_training(net, tn.data.spirals(60), {0: net.state(), 10: net.state()})
        >>> figure.axes[1].get_title(loc="left").split(":")[0]
        'epoch 10'
    """
    samples_of("boundary_over_training", net, dataset)
    checks.instance("boundary_over_training", "states", states, dict, "pass the states of tn.learner.Snapshots.")
    moments = sorted(states)[:MAX_MOMENTS]
    checks.non_empty_list("boundary_over_training", "states", moments)
    columns = min(COLUMNS, len(moments))
    rows = -(-len(moments) // columns)
    title = "The boundary over training"
    figure, axes = panels(rows, columns, 3.1 * columns + 0.9, 2.9 * rows + 0.5, title)
    copy = deepcopy(net)
    for ax, epoch in zip(axes, moments, strict=False):
        copy.load_state(states[epoch])
        said = draw_boundary(ax, copy, dataset, size=9)
        ax.set_title(f"epoch {epoch}: {said}", fontsize=9)
    for ax in axes[len(moments) :]:
        blank(ax)
    legend_of_classes(figure, axes[0], markerscale=1.6)
    return figure
