"""tn.explain: from the name of a number to its explanation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinynet.core import checks
from tinynet.probe.explain.places import given_index, place_of
from tinynet.probe.explain.totals import SHOWN_TERMS
from tinynet.probe.trace import Trace

if TYPE_CHECKING:
    from tinynet.probe.explain.explanation import Explanation


def explain(
    trace: Trace, name: str, index: Any = None, *, sample: int | None = None, terms: int | None = SHOWN_TERMS
) -> Explanation:
    """Say why one number of a training step is what it is.

    The answer has the formula, with symbols and with the numbers in place, and says where the numbers come from. Each
    of them can be explained in turn, back to the data and forward to the loss.

    Args:
        trace: What `tinynet.trace` gave.
        name: Any name of the trace: "0.weight" (its gradient, then its update), "0.weight.gradient", "0.weight.after",
            "2.y", "2.dx", "loss", "dy".
        index: Which number of that array, as (2, 3).
        sample: The first index, where only a sample of the batch is meant. Without `index`, the number of that sample
            that is farthest from zero.
        terms: How many terms of a sum are shown; all of them if None.

    Returns:
        The explanation, which prints itself, in a notebook as a table.

    Raises:
        KeyError: The trace has no such name.
        IndexError: The array has no number at that index.

    Example:
        >>> from tinynet.layers import Linear
        >>> from tinynet.losses import mean_squared_error
        >>> from tinynet.net import Net
        >>> from tinynet.optimizers import SGD
        >>> from tinynet.probe import trace
        >>> net = Net([Linear(2, 1, bias=False)])
        >>> net[0].weight.tensor = [[3.0, 0.5]]
        >>> step = trace(net, np.array([[2.0, 4.0]]), np.array([[5.0]]), mean_squared_error, SGD(lr=0.1))
        >>> print(explain(step, "0.y", (0, 0)))
        0.y[0, 0], an output of layer 0, Linear(in_features=2, out_features=1, bias=False).
        <BLANKLINE>
        Equation:
            y = x Wᵀ + b
        <BLANKLINE>
        0.y[0, 0] = W[0, 0]·x[0, 0] + W[0, 1]·x[0, 1]   │ 3·2 + 0.5·4 = 8
    """
    from tinynet.probe.explain.explainer import Explainer  # it is not needed to train

    checks.instance("explain", "trace", trace, Trace)
    checks.text("explain", "name", name)
    if terms is not None:
        checks.integer("explain", "terms", terms, minimum=1)
    explainer = Explainer(trace, terms)
    if explainer.is_on_the_way(name):
        return explainer.explain_on_the_way(name, given_index(index, sample))
    return explainer.explain(name, place_of(trace, name, index, sample))
