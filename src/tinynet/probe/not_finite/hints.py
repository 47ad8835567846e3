"""What to do about a NaN or an infinity."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tinynet.probe.not_finite.finding import NotFinite


def hint(found: NotFinite) -> str:
    """A remedy for what was found.

    Example:
        >>> from tinynet.probe.not_finite.finding import NotFinite
        >>> hint(NotFinite("data", "x"))
        'clean the data: np.argwhere(~np.isfinite(x)) tells where.'
    """
    if found.found_in == "data":
        return f"clean the data: np.argwhere(~np.isfinite({found.path[0]})) tells where."
    if found.found_in == "weights":
        return "load weights that are finite, or begin anew."
    if found.found_in == "step":
        return "what counts calls or draws numbers outside of layers and streams cannot be run again as it ran."
    operation = found.operation
    slower = _slower(found)
    if operation is None:
        return slower
    if found.grows or (operation.overflows and operation.name not in ("exp", "astype")):
        return slower
    return _OF_OPERATION.get(operation.name, slower)


def _slower(found: NotFinite) -> str:
    rate = "" if found.when is None else f" (now {found.when.learning_rate:g})"
    return f"lower the learning rate{rate}, or clip the gradients with clip_norm=1.0."


_OF_OPERATION = {
    "log": "a logarithm needs numbers above 0: np.log(np.maximum(p, 1e-12)), or a loss that takes logits.",
    "sqrt": "a root needs numbers from 0 on: np.sqrt(np.maximum(x, 0)). Its slope at 0 is infinite: add an eps.",
    "divide": "add a small eps to what is divided by, or leave the samples out in which it is 0.",
    "reciprocal": "add a small eps to what is divided by.",
    "exp": "subtract the largest exponent first, as a softmax does, or cut it off with np.minimum(x, 80).",
    "power": "a power with a broken or negative exponent needs a base above 0.",
    "astype": "scale the numbers down before they are made float32.",
    "setitem": "the code writes it itself; see that line.",
}
