"""Configurations of layers for images, and for sequences seen as images of one row."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.parity.drawing import Configuration, Draw, both, one_or_pair, pair, size, spans


@st.composite
def convolution(draw: Draw) -> Configuration:
    groups = draw(size(1, 3))
    kernel_size, dilation = draw(one_or_pair(1, 4)), draw(one_or_pair(1, 3))
    padding = draw(st.one_of(one_or_pair(0, 3), st.sampled_from(["same", "valid"])))
    arguments = {
        "in_channels": groups * draw(size(1, 2)),
        "out_channels": groups * draw(size(1, 3)),
        "kernel_size": kernel_size,
        "stride": 1 if padding == "same" else draw(one_or_pair(1, 3)),
        "padding": padding,
        "dilation": dilation,
        "groups": groups,
        "bias": draw(st.booleans()),
    }
    reach = spans(kernel_size, dilation)
    padded = {"same": [r - 1 for r in reach], "valid": [0, 0]}[padding] if isinstance(padding, str) else both(padding)
    smallest = [max(1, r - (p if padding == "same" else 2 * p)) for r, p in zip(reach, padded, strict=True)]
    return {
        "arguments": arguments,
        "shape": [draw(size(1, 3)), arguments["in_channels"], *(s + draw(size(0, 4)) for s in smallest)],
    }


@st.composite
def transposed_convolution(draw: Draw) -> Configuration:
    groups = draw(size(1, 3))
    kernel_size, stride, dilation = draw(pair(1, 4)), draw(pair(1, 3)), draw(pair(1, 3))
    output_padding = [draw(size(0, max(s, d) - 1)) for s, d in zip(stride, dilation, strict=True)]
    image = draw(pair(1, 5))
    padding = []
    for n, s, reach, extra in zip(image, stride, spans(kernel_size, dilation), output_padding, strict=True):
        uncut = (n - 1) * s + reach + extra
        padding.append(draw(size(0, min(3, (uncut - 1) // 2))))
    arguments = {
        "in_channels": groups * draw(size(1, 2)),
        "out_channels": groups * draw(size(1, 3)),
        "kernel_size": kernel_size,
        "stride": stride,
        "padding": padding,
        "output_padding": output_padding,
        "groups": groups,
        "bias": draw(st.booleans()),
        "dilation": dilation,
    }
    return {"arguments": arguments, "shape": [draw(size(1, 3)), arguments["in_channels"], *image]}


@st.composite
def pooling(draw: Draw, dilated: bool) -> Configuration:
    kernel_size = draw(one_or_pair(1, 4))
    padding = [draw(size(0, k // 2)) for k in both(kernel_size)]
    dilation = draw(one_or_pair(1, 2)) if dilated else 1
    stride, ceil_mode = draw(st.one_of(st.none(), one_or_pair(1, 3))), draw(st.booleans())
    arguments = {"kernel_size": kernel_size, "stride": stride, "padding": padding, "ceil_mode": ceil_mode}
    if dilated:
        arguments |= {"dilation": dilation, "return_switches": draw(st.booleans())}
    else:
        divisor = draw(st.sampled_from([None, 1, 3, -2]))
        arguments |= {"count_include_pad": draw(st.booleans()), "divisor_override": divisor}
    # Every window needs a pixel of the image: next to padding that takes as many as the dilation.
    needed = [d if p else 1 for d, p in zip(both(dilation), padding, strict=True)]
    reach = spans(kernel_size, dilation)
    if ceil_mode:  # the first window may hang over by less than a stride
        reach = [r - s + 1 for r, s in zip(reach, both(kernel_size if stride is None else stride), strict=True)]
    smallest = [max(n, r - 2 * p) for n, r, p in zip(needed, reach, padding, strict=True)]
    return {"arguments": arguments, "shape": [*draw(pair(1, 3)), *(s + draw(size(0, 5)) for s in smallest)]}


@st.composite
def unpooling(draw: Draw) -> Configuration:
    # No windows overlap: where two switches name one pixel, PyTorch gives the gradient also to the x that is lost.
    kernel_size = draw(pair(1, 3))
    stride = [k + draw(size(0, 1)) for k in kernel_size]
    padding = [draw(size(0, (k - 1) // 2)) for k in kernel_size]
    image = draw(pair(1, 4))
    output_size = [
        (n - 1) * s - 2 * p + k + draw(size(0, s - 1))
        for n, s, p, k in zip(image, stride, padding, kernel_size, strict=True)
    ]
    arguments = {"kernel_size": kernel_size, "stride": stride, "padding": padding}
    return {"arguments": arguments, "shape": [*draw(pair(1, 3)), *image], "output_size": output_size}


@st.composite
def residual(draw: Draw) -> Configuration:
    channels, shortcut = draw(size(1, 3)), draw(st.booleans())
    arguments = {"channels": channels, "out_channels": draw(size(1, 3)) if shortcut else channels, "shortcut": shortcut}
    return {"arguments": arguments, "shape": [draw(size(1, 3)), channels, *draw(pair(1, 5))]}


@st.composite
def concat(draw: Draw) -> Configuration:
    channels = draw(size(1, 3))
    arguments = {"channels": channels, "out_channels": draw(st.lists(size(1, 3), min_size=1, max_size=3))}
    return {"arguments": arguments, "shape": [draw(size(1, 3)), channels, *draw(pair(1, 5))]}


@st.composite
def in_one_dimension(draw: Draw, plane: st.SearchStrategy[Configuration]) -> Configuration:
    """The same with sequences (N, T, C): the arguments of the first of the two axes."""
    drawn = draw(plane)
    n, c, height, _ = drawn["shape"]
    arguments = {name: value[0] if isinstance(value, list) else value for name, value in drawn["arguments"].items()}
    sizes = {"output_size": drawn["output_size"][:1]} if "output_size" in drawn else {}
    return {**drawn, "arguments": arguments, "shape": [n, height, c], **sizes}


@st.composite
def global_pooling(draw: Draw, n_axes: int) -> Configuration:
    return {"arguments": {}, "shape": draw(st.lists(size(1, 5), min_size=n_axes, max_size=n_axes))}


@st.composite
def adaptive_pooling(draw: Draw, one: bool) -> Configuration:
    shape = draw(st.lists(size(1, 7), min_size=3 if one else 4, max_size=3 if one else 4))
    return {"arguments": {"output_size": draw(size(1, 5) if one else one_or_pair(1, 5))}, "shape": shape}


@st.composite
def adaptive_max_pooling(draw: Draw, one: bool) -> Configuration:
    drawn = draw(adaptive_pooling(one))
    return {**drawn, "arguments": {**drawn["arguments"], "return_switches": draw(st.booleans())}}


@st.composite
def upsampling(draw: Draw) -> Configuration:
    mode = draw(st.sampled_from(["nearest", "bilinear"]))
    arguments = {"mode": mode, "align_corners": mode == "bilinear" and draw(st.booleans())}
    image = draw(pair(2, 5))
    if draw(st.booleans()):
        arguments["size"] = draw(one_or_pair(1, 9))
    else:
        arguments["scale_factor"] = draw(st.sampled_from([0.5, 1, 1.5, 2, 3, [2, 1.5]]))
    return {"arguments": arguments, "shape": [*draw(pair(1, 3)), *image]}


@st.composite
def padding(draw: Draw, one: bool, reflecting: bool) -> Configuration:
    n_sides = 2 if one else 4
    image = draw(st.lists(size(2, 5), min_size=n_sides // 2, max_size=n_sides // 2))
    highest = min(image) - 1 if reflecting else 4
    amount = draw(st.one_of(size(0, highest), st.lists(size(0, highest), min_size=n_sides, max_size=n_sides)))
    n, c = draw(pair(1, 3))
    return {"arguments": {"padding": amount}, "shape": [n, *image, c] if one else [n, c, *image]}


def row(plane: st.SearchStrategy[Configuration], *without: str) -> st.SearchStrategy[Configuration]:
    """In one dimension, without some of the arguments."""

    def stripped(drawn: Configuration) -> Configuration:
        arguments = {name: value for name, value in drawn["arguments"].items() if name not in without}
        return {**drawn, "arguments": arguments}

    return in_one_dimension(plane).map(stripped)


LAYERS: dict[str, Any] = {
    "Conv2D": convolution(),
    "Conv1D": row(convolution()),
    "ConvTranspose2D": transposed_convolution(),
    "ConvTranspose1D": row(transposed_convolution()),
    "MaxPool2D": pooling(dilated=True),
    "MaxPool1D": row(pooling(dilated=True)),
    "MaxUnpool1D": row(unpooling()),
    "MaxUnpool2D": unpooling(),
    "AvgPool2D": pooling(dilated=False),
    "AvgPool1D": row(pooling(dilated=False), "divisor_override"),
    "GlobalAvgPool1D": global_pooling(3),
    "GlobalAvgPool2D": global_pooling(4),
    "GlobalMaxPool1D": global_pooling(3),
    "GlobalMaxPool2D": global_pooling(4),
    "AdaptiveAvgPool1D": adaptive_pooling(one=True),
    "AdaptiveAvgPool2D": adaptive_pooling(one=False),
    "AdaptiveMaxPool1D": adaptive_max_pooling(one=True),
    "AdaptiveMaxPool2D": adaptive_max_pooling(one=False),
    "Upsample": upsampling(),
    "ZeroPad1D": padding(one=True, reflecting=False),
    "ZeroPad2D": padding(one=False, reflecting=False),
    "ReflectionPad1D": padding(one=True, reflecting=True),
    "ReflectionPad2D": padding(one=False, reflecting=True),
    "ReplicationPad1D": padding(one=True, reflecting=False),
    "ReplicationPad2D": padding(one=False, reflecting=False),
    "Residual": residual(),
    "Concat": concat(),
}
