"""Depthwise convolution compiled by Numba: image by image, channels innermost, no border copied.

Here every channel has one kernel: x is (N, H, W, C), K (kh, kw, C), y and dy (N, OH, OW, C). The first two arguments
say which images or partial sums one thread does.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from tinynet.kernels.jit import compiled

CHUNKS = 8  # partial sums of dW


@compiled
def forward(start, end, x, K, b, y, stride, corner, dilation):
    """y = b + Σ K[i, j] · x, with corner = (top, left), the padding before the image."""
    for n in range(start, end):
        for r in range(y.shape[1]):
            for s in range(y.shape[2]):
                out = y[n, r, s]
                for c in range(out.shape[0]):
                    out[c] = b[c]
                for i in range(K.shape[0]):
                    line = r * stride[0] + i * dilation[0] - corner[0]
                    for j in range(K.shape[1]):
                        column = s * stride[1] + j * dilation[1] - corner[1]
                        if 0 <= line < x.shape[1] and 0 <= column < x.shape[2]:
                            under, weight = x[n, line, column], K[i, j]
                            for c in range(out.shape[0]):
                                out[c] += weight[c] * under[c]


@compiled
def input_gradient(start, end, dy, K, dx, stride, corner, dilation):
    """Add K[i, j] · dy to the pixels under each cell; dx is zero."""
    for n in range(start, end):
        for r in range(dy.shape[1]):
            for s in range(dy.shape[2]):
                back = dy[n, r, s]
                for i in range(K.shape[0]):
                    line = r * stride[0] + i * dilation[0] - corner[0]
                    for j in range(K.shape[1]):
                        column = s * stride[1] + j * dilation[1] - corner[1]
                        if 0 <= line < dx.shape[1] and 0 <= column < dx.shape[2]:
                            under, weight = dx[n, line, column], K[i, j]
                            for c in range(back.shape[0]):
                                under[c] += weight[c] * back[c]


@compiled
def weight_gradient(start, end, x, dy, dK, stride, corner, dilation):
    """dK[chunk] = Σ x · dy over the places in the images of each chunk; dK (CHUNKS, kh, kw, C) is zero."""
    share = (x.shape[0] + dK.shape[0] - 1) // dK.shape[0]
    for chunk in range(start, end):
        for n in range(chunk * share, min(x.shape[0], (chunk + 1) * share)):
            for r in range(dy.shape[1]):
                for s in range(dy.shape[2]):
                    back = dy[n, r, s]
                    for i in range(dK.shape[1]):
                        line = r * stride[0] + i * dilation[0] - corner[0]
                        for j in range(dK.shape[2]):
                            column = s * stride[1] + j * dilation[1] - corner[1]
                            if 0 <= line < x.shape[1] and 0 <= column < x.shape[2]:
                                under, weight = x[n, line, column], dK[chunk, i, j]
                                for c in range(back.shape[0]):
                                    weight[c] += under[c] * back[c]
