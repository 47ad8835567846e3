"""Where a NaN or an infinity begins: the layer, the pass, the sample, the operation and its operands.

A step that is not finite is run again, watched, with the same random draws (`replay`). The first layer whose inputs are
finite and whose outputs are not is where it began; or the loss, or the update. That layer alone then runs by its lesson
on arrays that notice each operation whose operands are finite and whose result is not (`watched_array`), and `cause`
finds the first of those that matters.
"""

from __future__ import annotations

from tinynet.probe.not_finite.finding import NotFinite, When
from tinynet.probe.not_finite.where import where_not_finite

__all__ = ["NotFinite", "When", "where_not_finite"]
