"""A few lines of an image with the zeros around them, in a buffer that fits a cache."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from tinynet.engine.machine.jit import compiled


@compiled
def pad(x, n, padded, top, height, width, left):
    """Copy `height` lines of image n of x (N, H, W, C) from line `top` on, with `left` zeros before each.

    Where x has no pixels there are zeros too.
    """
    (_, H, W, C), pixels = x.shape, x.reshape(-1)
    start, end = max(0, left), max(0, min(width, W + left))
    for h in range(height):
        line, at = padded[h * width * C : (h + 1) * width * C], (n * H + top + h) * W - left
        if top + h < 0 or top + h >= H or start >= end:
            line[:] = 0
            continue
        line[: start * C] = 0
        line[end * C :] = 0
        given, taken = pixels[(at + start) * C : (at + end) * C], line[start * C : end * C]
        for k in range(len(given)):
            taken[k] = given[k]
