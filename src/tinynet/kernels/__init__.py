"""The hot loops, one folder a family, each in up to three bodies with the same functions.

`loops` is nested Python loops that read like the definition: slow, and the truth. `vectorized` is NumPy. `compiled` is
Numba. Each kernel is a plain function of arrays and numbers that returns new arrays. `use` selects the body.
"""

from tinynet.kernels import convolution, geometry, pooling
from tinynet.kernels.selection import BODIES, body, exact, is_exact, selected, use

__all__ = ["BODIES", "body", "convolution", "exact", "geometry", "is_exact", "pooling", "selected", "use"]
