"""The convolution of images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.arrays import sum_of
from tinynet.core.checks.vocabulary import at_least, divides, pair, switch, weights_rng
from tinynet.core.faster import faster
from tinynet.core.initializers import uniform_fan_in
from tinynet.layers.layer import Layer
from tinynet.layers.windows import Padding, Pair, Sliding


class Conv2D(Layer):
    """Slide kernels over an image; each output pixel is the sum of products of one kernel with the pixels under it.

    Equation:
        y[n, o, r, s] = b[o] + Σ_c Σ_i Σ_j W[o, c, i, j] · x[n, c, p, q]
        p = r·stride + i·dilation - padding, q = s·stride + j·dilation - padding; x is zero in the padding,
        and c runs over the input channels in the group of o

    Shapes:
        x: (N, in_channels, H, W)                             y: (N, out_channels, OH, OW)
        W: (out_channels, in_channels / groups, kh, kw)       b: (out_channels,)
        OH = ⌊(H + padding above and below - (kh - 1)·dilation - 1) / stride⌋ + 1, and OW likewise

    Gradients (given dy = ∂L/∂y; each sum is over the terms of the equation that the pixel, weight or bias is in):
        dx[n, c, p, q] = Σ W[o, c, i, j] · dy[n, o, r, s]
        dW[o, c, i, j] = Σ x[n, c, p, q] · dy[n, o, r, s]
        db[o] = Σ dy[n, o, r, s]

    Args:
        in_channels: Channels of the input, at least 1.
        out_channels: Channels of the output, which is the number of kernels, at least 1.
        kernel_size: Height and width of a kernel in pixels; an integer means both, here and below.
        stride: How many pixels the kernel moves at each step.
        padding: How many zeros are put around the image at the top and bottom, and at the left and right; or "valid"
            for none, or "same" for as many as keep the size (where that is odd, the extra one at the bottom and right).
        dilation: The distance in pixels between neighbouring cells of the kernel.
        groups: The number of groups of channels, each convolved on its own; in_channels makes it depthwise.
        bias: If False there is no bias and b is zero.
        rng: Source of the initial weights, U(-k, k) with k = 1/√(in_channels/groups · kh · kw); the package's generator
            if None.

    Raises:
        ValueError: A size is below 1, groups do not divide the channels, "same" comes with a stride, or x is not
            (N, in_channels, H, W) with images that the kernel fits into.
        TypeError: An argument is not an integer or a pair of them, or x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> Conv2D(3, 8, kernel_size=5, stride=2, padding=2).forward(np.ones((4, 3, 28, 28))).shape
        (4, 8, 14, 14)
    """

    in_channels: int
    out_channels: int
    kernel_size: Pair
    stride: Pair
    padding: Padding
    dilation: Pair
    groups: int

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] | str = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        bias: bool = True,
        rng: np.random.Generator | None = None,
    ) -> None:
        checks.arguments(
            self,
            locals(),
            in_channels=at_least(1),
            out_channels=at_least(1),
            kernel_size=pair(1),
            stride=pair(1),
            dilation=pair(1),
            groups=divides("in_channels", "out_channels"),
            padding=_padding,
            bias=switch,
            rng=weights_rng,
        )
        self.sliding = Sliding(self.kernel_size, self.stride, self.padding, self.dilation)
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = Parameter(uniform_fan_in(shape, rng))
        fan_in = shape[1] * shape[2] * shape[3]
        self.bias = Parameter(uniform_fan_in((out_channels,), rng, fan_in)) if bias else None

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.image_input(self, x, self.in_channels)
        checks.kernel_fits(self, x.shape[2:], self.sliding.effective_kernel_size, self.sliding.padding)
        self.remember(x=x)
        b = None if self.bias is None else self.bias.tensor
        return convolve(x, self.weight.tensor, b, self.sliding, self.groups)

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (x,) = self.recall()
        self.weight.accumulate(correlate(x, dy, self.sliding, self.groups))  # dW
        if self.bias is not None:
            self.bias.accumulate(channel_sums(dy))  # db
        return convolve_back(dy, self.weight.tensor, x.shape[2:], self.sliding, self.groups)  # dx

    def multiply_adds(self, x: np.ndarray, y: np.ndarray) -> int:
        return y.size * (self.weight.size // self.out_channels)


# The sums of the equation and of its gradients, for all four convolutions. At cell (i, j) of the kernel, W is a matrix,
# and so are the pixels under that cell at all output positions. So each sum is a sum over cells of matrix products, the
# same three as in a linear layer. Each group has its own matrices. Where a cell is over the padding nothing is added,
# rather than a product with 0, because 0 · NaN is NaN.


@faster
def convolve(x: np.ndarray, W: np.ndarray, b: np.ndarray | None, sliding: Sliding, groups: int) -> np.ndarray:
    """y = W ⋆ x + b: at each output position, the sum over the cells of W times the pixel under the cell.

    Shapes:
        x: (N, C, H, W)        y: (N, O, OH, OW)
        W: (O, C/groups, kh, kw)        b: (O,)

    Example:
        >>> x, W = np.arange(9.0).reshape(1, 1, 3, 3), np.ones((1, 1, 2, 2))
        >>> convolve(x, W, None, Sliding((2, 2)), groups=1)[0, 0]
        array([[ 8., 12.],
               [20., 24.]])
    """
    N, O, size = len(x), len(W), x.shape[2:]
    OH, OW = sliding.output_size(size)
    W = W.reshape(groups, O // groups, *W.shape[1:])  # (G, O/G, C/G, kh, kw)
    x = _by_group(x, groups)
    y = np.zeros_like(x, shape=(groups, O // groups, OH, OW, N), dtype=np.result_type(x, W))
    for i, j, p, q, r, s in sliding.cells_inside(size, (OH, OW)):
        y[:, :, r, s] += _product(W[..., i, j], x[:, :, p, q])
    y = y.reshape(O, OH, OW, N).transpose(3, 0, 1, 2)  # (N, O, OH, OW)
    return y if b is None else y + b.reshape(-1, 1, 1)


@faster
def convolve_back(dy: np.ndarray, W: np.ndarray, size: Pair, sliding: Sliding, groups: int) -> np.ndarray:
    """dx of images (N, C, *size): each cell adds Wᵀ dy to the pixels that it was multiplied with.

    Example:
        >>> convolve_back(np.ones((1, 1, 2, 2)), np.ones((1, 1, 2, 2)), (3, 3), Sliding((2, 2)), groups=1)[0, 0]
        array([[1., 2., 1.],
               [2., 4., 2.],
               [1., 2., 1.]])
    """
    (N, O, OH, OW), C = dy.shape, W.shape[1] * groups
    W = W.reshape(groups, O // groups, *W.shape[1:]).swapaxes(1, 2)  # (G, C/G, O/G, kh, kw)
    dy = _by_group(dy, groups)
    dx = np.zeros_like(dy, shape=(groups, C // groups, *size, N), dtype=np.result_type(dy, W))
    for i, j, p, q, r, s in sliding.cells_inside(size, (OH, OW)):
        dx[:, :, p, q] += _product(W[..., i, j], dy[:, :, r, s])
    return dx.reshape(C, *size, N).transpose(3, 0, 1, 2)  # (N, C, H, W)


@faster
def correlate(x: np.ndarray, dy: np.ndarray, sliding: Sliding, groups: int) -> np.ndarray:
    """dW (O, C/groups, kh, kw): each cell gets dy times the pixels that it was multiplied with.

    Example:
        >>> x, dy = np.arange(9.0).reshape(1, 1, 3, 3), np.ones((1, 1, 2, 2))
        >>> correlate(x, dy, Sliding((2, 2)), groups=1)[0, 0]
        array([[ 8., 12.],
               [20., 24.]])
    """
    (_, O, OH, OW), C = dy.shape, x.shape[1]
    size, shape = x.shape[2:], (groups, O // groups, C // groups, *sliding.kernel_size)
    x, dy = _by_group(x, groups), _by_group(dy, groups)
    dW = np.zeros_like(x, shape=shape, dtype=np.result_type(x, dy))
    for i, j, p, q, r, s in sliding.cells_inside(size, (OH, OW)):
        dW[..., i, j] = _matrix(dy[:, :, r, s]) @ _matrix(x[:, :, p, q]).swapaxes(1, 2)
    return dW.reshape(O, *shape[2:])


@faster
def channel_sums(dy: np.ndarray) -> np.ndarray:
    """db (O,): the sum over all output positions.

    Example:
        >>> channel_sums(np.ones((4, 2, 3, 3)))
        array([36., 36.])
    """
    return sum_of(dy, (0, 2, 3))


def _by_group(x: np.ndarray, groups: int) -> np.ndarray:
    """Images (N, C, H, W) as (G, C/G, H, W, N): rearranged once, because each cell of the kernel reads them again."""
    N, C, H, W = x.shape
    return x.transpose(1, 2, 3, 0).copy().reshape(groups, C // groups, H, W, N)


def _product(W: np.ndarray, x: np.ndarray) -> np.ndarray:
    """W x of each group: (G, O/G, C/G) and (G, C/G, H, W, N) give (G, O/G, H, W, N)."""
    return (W @ _matrix(x)).reshape(*W.shape[:2], *x.shape[2:])


def _matrix(x: np.ndarray) -> np.ndarray:
    """(G, C/G, H, W, N) as (G, C/G, H·W·N): for each group one row per channel."""
    return x.reshape(*x.shape[:2], -1)


def _padding(who: str, name: str, value: Any, others: Mapping[str, Any]) -> Padding:
    """An integer, a pair, "valid" or "same", as ((top, bottom), (left, right))."""
    if not isinstance(value, str):
        h, w = checks.pair(who, name, value, minimum=0)
        return (h, h), (w, w)
    if value not in ("valid", "same"):
        checks.fail(who, f"padding must be an integer, a pair, 'valid' or 'same', got {value!r}.")
    if value == "same" and others["stride"] != (1, 1):
        hint = "give the padding as a number."
        checks.fail(who, f"padding='same' needs stride=1, got stride={others['stride']}.", hint)
    height, width = Sliding(others["kernel_size"], dilation=others["dilation"]).effective_kernel_size
    rows, columns = (0, 0) if value == "valid" else (height - 1, width - 1)
    return (rows // 2, rows - rows // 2), (columns // 2, columns - columns // 2)
