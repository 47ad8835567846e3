"""Unpooling: max pooling in reverse."""

from __future__ import annotations

import math

import numpy as np

from tinynet.core import checks
from tinynet.core.arrays import is_array
from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.vocabulary import at_least, optional, pair
from tinynet.core.faster import explained, faster
from tinynet.layers.convolution1d import as_images, as_sequences
from tinynet.layers.layer import Layer
from tinynet.layers.pooling import at_most_half_the_kernel
from tinynet.layers.pooling1d import at_most_half_the_window
from tinynet.layers.windows import Padding, Pair


class MaxUnpool2D(Layer):
    """Put each pixel back where a `MaxPool2D` found it, and zeros elsewhere (Zeiler and Fergus 2014, section 2.1).

    Equation:
        y[n, c, switches[n, c, r, s]] = x[n, c, r, s], and 0 where no switch points
        (pixels are numbered row·OW + column; where several switches point to one pixel, the last x stays)

    Shapes:
        x, switches: (N, C, H, W)        y: (N, C, OH, OW)
        OH = (H - 1)·stride - 2·padding + kh, and OW likewise, unless output_size says otherwise

    Gradients (given dy = ∂L/∂y):
        dx[n, c, r, s] = dy[n, c, switches[n, c, r, s]], and 0 where another x stayed
        (switches are indices of pixels, so there is no gradient for them)

    Args:
        kernel_size: Height and width of the window that was pooled; an integer means both, here and below.
        stride: How many pixels the window moved at each step; kernel_size if None.
        padding: How many pixels were put around the image.

    Raises:
        ValueError: A size is below 1, x is not (N, C, H, W), switches have another shape or point outside y, or
            output_size is a stride or more away from the size above.
        TypeError: An argument is not an integer or a pair of them, x does not hold floating-point numbers, or switches
            are not integers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> from tinynet.layers.pooling import MaxPool2D
        >>> y, switches = MaxPool2D(2, return_switches=True).forward(np.array([[[[1.0, 2.0], [4.0, 3.0]]]]))
        >>> MaxUnpool2D(2).forward(y, switches)
        array([[[[0., 0.],
                 [4., 0.]]]])
    """

    kernel_size: Pair
    stride: Pair
    padding: Padding

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        checks.arguments(self, locals(), kernel_size=pair(1), stride=optional(pair(1)), padding=at_most_half_the_kernel)
        if stride is None:
            self.stride = self.kernel_size

    def forward(self, x: np.ndarray, switches: np.ndarray, output_size: tuple[int, ...] | None = None) -> np.ndarray:
        """Compute y; output_size is (OH, OW) or a whole shape, for images whose size the stride did not divide."""
        checks.image_input(self, x)
        size = self._size(x, output_size)
        pixels = f"{math.prod(size) - 1}, the pixels of {size[0]} × {size[1]}"
        hint = "pass output_size, the height and width of the images that were pooled."
        _check_switches(self, x, switches, math.prod(size), pixels, hint)
        self.remember(switches=switches)
        return unpool(x, switches, size)

    @explained
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (switches,) = self.recall()
        return unpool_gradient(dy, switches)  # dx

    def _size(self, x: np.ndarray, output_size: tuple[int, ...] | None) -> Pair:
        (_, _, H, W), (kh, kw), (sh, sw) = x.shape, self.kernel_size, self.stride
        default = (H - 1) * sh - sum(self.padding[0]) + kh, (W - 1) * sw - sum(self.padding[1]) + kw
        if output_size is None:
            return default
        whole_shape = isinstance(output_size, (tuple, list)) and len(output_size) == 4
        size = checks.pair(self, "output_size", output_size[2:] if whole_shape else output_size, minimum=1)
        if abs(size[0] - default[0]) >= sh or abs(size[1] - default[1]) >= sw:
            away = f"less than one stride={self.stride} away from {default}"
            checks.fail(self, f"output_size must be {away}, got {size}.")
        return size


class MaxUnpool1D(Layer):
    """Put each number back where a `MaxPool1D` found it, and zeros elsewhere.

    Equation:
        y[n, switches[n, r, c], c] = x[n, r, c], and 0 where no switch points
        (where several switches point to one step, the last x stays)

    Shapes:
        x, switches: (N, T, C)        y: (N, OT, C)
        OT = (T - 1)·stride - 2·padding + k, unless output_size says otherwise

    Gradients (given dy = ∂L/∂y):
        dx[n, r, c] = dy[n, switches[n, r, c], c], and 0 where another x stayed
        (switches are numbers of steps, so there is no gradient for them)

    Args:
        kernel_size: Length of the window that was pooled, in steps.
        stride: How many steps the window moved at a time; kernel_size if None.
        padding: How many steps were put at each end.

    Raises:
        ValueError: A size is below 1, x is not (N, T, C), switches have another shape or point outside y, or
            output_size is a stride or more away from the length above.
        TypeError: An argument is not an integer, x does not hold floating-point numbers, or switches are not integers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> from tinynet.layers.pooling1d import MaxPool1D
        >>> y, switches = MaxPool1D(2, return_switches=True).forward(np.array([[[1.0], [2.0], [4.0], [3.0]]]))
        >>> MaxUnpool1D(2).forward(y, switches).tolist()
        [[[0.0], [2.0], [4.0], [0.0]]]
    """

    kernel_size: int
    stride: int
    padding: int

    def __init__(self, kernel_size: int, stride: int | None = None, padding: int = 0) -> None:
        checks.arguments(
            self,
            locals(),
            kernel_size=at_least(1),
            stride=optional(at_least(1)),
            padding=at_most_half_the_window,
        )
        if stride is None:
            self.stride = self.kernel_size

    def forward(
        self, x: np.ndarray, switches: np.ndarray, output_size: int | tuple[int, ...] | None = None
    ) -> np.ndarray:
        """Compute y; output_size is OT or a whole shape, for sequences whose length the stride did not divide."""
        checks.sequence_input(self, x)
        length = self._length(x, output_size)
        hint = "pass output_size, the length of the sequences that were pooled."
        _check_switches(self, x, switches, length, f"{length - 1}, the steps of y", hint)
        switches = as_images(switches)
        self.remember(switches=switches)
        return as_sequences(unpool(as_images(x), switches, (1, length)))

    @explained
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (switches,) = self.recall()
        return as_sequences(unpool_gradient(as_images(dy), switches))  # dx

    def _length(self, x: np.ndarray, output_size: int | tuple[int, ...] | None) -> int:
        default = (x.shape[1] - 1) * self.stride - 2 * self.padding + self.kernel_size
        if output_size is None:
            return default
        if isinstance(output_size, (tuple, list)) and len(output_size) in (1, 3):
            output_size = output_size[len(output_size) // 2]  # of (OT,) or of (N, OT, C)
        length = checks.integer(self, "output_size", output_size, minimum=1)
        if abs(length - default) >= self.stride:
            away = f"less than one stride={self.stride} away from {default}"
            checks.fail(self, f"output_size must be {away}, got {length}.")
        return length


def _check_switches(layer: Layer, x: np.ndarray, switches: np.ndarray, count: int, places: str, hint: str) -> None:
    """Check that there is a switch for each number of x, and that it names one of the `count` places of y."""
    if not is_array(switches) or switches.dtype.kind not in "iu":
        kind = switches.dtype if is_array(switches) else type(switches).__name__
        pool = type(layer).__name__.replace("Unpool", "Pool")
        problem = f"expected switches to be an array of integers, got {kind}."
        checks.fail(layer, problem, f"{pool}(..., return_switches=True) returns them beside y.", TypeError)
    if switches.shape != x.shape:
        shapes = f"{shape_text(x.shape)}, got {shape_text(switches.shape)}"
        checks.fail(layer, f"expected switches of the shape of x, {shapes}.")
    # Only NumPy arrays are looked into: reading a number from a GPU, say, would wait for it.
    here = isinstance(switches, np.ndarray) and switches.size > 0
    if here and not (switches.min() >= 0 and switches.max() < count):
        came = f"{switches.min()} to {switches.max()}"
        checks.fail(layer, f"expected switches from 0 to {places}, got {came}.", hint)


@faster
def unpool(x: np.ndarray, switches: np.ndarray, size: Pair) -> np.ndarray:
    """y (N, C, *size): each x at the pixel of its switch; if several go to one pixel, the last stays.

    Example:
        >>> unpool(np.full((1, 1, 1, 1), 5.0), np.full((1, 1, 1, 1), 2), (2, 2))[0, 0]
        array([[0., 0.],
               [5., 0.]])
    """
    N, C, H, W = x.shape
    y = np.zeros_like(x, shape=(N, C, math.prod(size)))
    np.put_along_axis(y, switches.reshape(N, C, H * W), x.reshape(N, C, H * W), axis=2)
    return y.reshape(N, C, *size)


@faster
def unpool_gradient(dy: np.ndarray, switches: np.ndarray) -> np.ndarray:
    """∂L/∂x: each x gets the dy of its pixel; if several went to one pixel, only the one that stayed.

    Example:
        >>> unpool_gradient(np.arange(4.0).reshape(1, 1, 2, 2), np.full((1, 1, 1, 1), 2)).item()
        2.0
    """
    N, C, H, W = switches.shape
    switches, dy = switches.reshape(N, C, H * W), dy.reshape(N, C, dy.shape[2] * dy.shape[3])
    number = np.broadcast_to(np.arange(H * W, like=switches), switches.shape)  # of each x
    stayed = np.zeros_like(switches, shape=dy.shape)  # the number of the x at each pixel
    np.put_along_axis(stayed, switches, number, axis=2)
    is_there = np.take_along_axis(stayed, switches, axis=2) == number
    dx = np.where(is_there, np.take_along_axis(dy, switches, axis=2), 0)
    return dx.reshape(N, C, H, W)
