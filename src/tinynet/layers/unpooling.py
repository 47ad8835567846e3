"""Unpooling: the way back up from a max pooling."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.checks import images
from tinynet.engine import pooling
from tinynet.layers.layer import Layer


class MaxUnpool2D(Layer):
    """Put each pixel back where a `MaxPool2D` found it, and zeros elsewhere (Zeiler and Fergus 2014, section 2.1).

    Equation:
        y[n, c, switches[n, c, r, s]] = x[n, c, r, s], and 0 where no switch points
        (pixels are counted row·OW + column; where several switches point to one pixel, the last stays)

    Shapes:
        x, switches: (N, C, H, W)        y: (N, C, OH, OW)
        OH = (H - 1)·stride - 2·padding + kh, and OW alike, unless output_size says otherwise

    Gradients (given dy = ∂L/∂y):
        dx[n, c, r, s] = dy[n, c, switches[n, c, r, s]], and 0 where another x stayed
        (switches are places, not numbers to derive by: there is no gradient for them)

    Args:
        kernel_size: Height and width of the window that was pooled; an integer means both, here and below.
        stride: How many pixels the window moved at each step; kernel_size if None.
        padding: How many pixels were put around the image.

    Raises:
        ValueError: A size is below 1, x is not (N, C, H, W), switches have another shape or point outside y, or
            output_size is a stride or more away from the size above.
        TypeError: An argument is not an integer or a pair of them, x does not hold floating-point numbers, or switches
            are no integers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> from tinynet.layers.pooling import MaxPool2D
        >>> y, switches = MaxPool2D(2, return_switches=True).forward(np.array([[[[1.0, 2.0], [4.0, 3.0]]]]))
        >>> MaxUnpool2D(2).forward(y, switches)
        array([[[[0., 0.],
                 [4., 0.]]]])
    """

    any_layout = True

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        self.kernel_size = checks.pair("MaxUnpool2D", "kernel_size", kernel_size, minimum=1)
        self.stride = self.kernel_size if stride is None else checks.pair("MaxUnpool2D", "stride", stride, minimum=1)
        self.padding = images.pooling_padding("MaxUnpool2D", padding, self.kernel_size)

    def forward(self, x: np.ndarray, switches: np.ndarray, output_size: tuple[int, ...] | None = None) -> np.ndarray:
        """Compute y; output_size is (OH, OW) or a whole shape, for images whose size the stride did not divide."""
        images.image_input(self, x)
        size = images.unpooled_size(self, output_size, self._default_size(x), self.stride)
        images.switches(self, x, switches, size)
        self.remember(switches)
        return pooling.unpool(x, switches, size)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (switches,) = self.recall()
        return pooling.unpool_gradient(dy, switches)  # dx

    def _default_size(self, x: np.ndarray) -> tuple[int, int]:
        height, width = (
            (x.shape[2 + axis] - 1) * self.stride[axis] - sum(self.padding[axis]) + self.kernel_size[axis]
            for axis in (0, 1)
        )
        return height, width
