"""Single operations on arrays as layers: the steps of a `Graph` for which no layer stands."""

from tinynet.net.operations.arithmetic import Choose, Clip, Combine, Elementwise, MatMul, Power, Reduce
from tinynet.net.operations.shapes import Expand, Join, Part, Take, Transpose, View

__all__ = [
    "Choose",
    "Clip",
    "Combine",
    "Elementwise",
    "Expand",
    "Join",
    "MatMul",
    "Part",
    "Power",
    "Reduce",
    "Take",
    "Transpose",
    "View",
]
