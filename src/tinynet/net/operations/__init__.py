"""Single operations on arrays as layers: the steps of a `Graph` for which no layer stands."""

from tinynet.net.operations.arithmetic import Choose, Combine, Compare, Einsum, MatMul
from tinynet.net.operations.functions import Clip, Elementwise, Power
from tinynet.net.operations.reductions import CumulativeSum, Reduce
from tinynet.net.operations.shapes import Expand, Join, Part, Repeat, Take, Transpose, View

__all__ = [
    "Choose",
    "Clip",
    "Combine",
    "Compare",
    "CumulativeSum",
    "Einsum",
    "Elementwise",
    "Expand",
    "Join",
    "MatMul",
    "Part",
    "Power",
    "Reduce",
    "Repeat",
    "Take",
    "Transpose",
    "View",
]
