"""Draws configurations: which piece, with which arguments, on arrays of which shape.

A configuration is a dict of plain values that fits into JSON; `arrays.py` makes the numbers from its seed. To add a
piece, write its strategy here, put it into LAYERS, LOSSES or OPTIMIZERS, and say in `in_torch.py` what it is there.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Draw = Any
Configuration = dict[str, Any]


def size(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)


@st.composite
def pair(draw: Draw, low: int, high: int) -> list[int]:
    """A size for each of height and width."""
    return [draw(size(low, high)), draw(size(low, high))]


def one_or_pair(low: int, high: int) -> st.SearchStrategy[Any]:
    """An argument that means both axes, or names each."""
    return st.one_of(size(low, high), pair(low, high))


def both(value: int | list[int]) -> list[int]:
    return [value, value] if isinstance(value, int) else value


@st.composite
def shape(draw: Draw, low: int = 1, high: int = 4) -> list[int]:
    """The shape of a batch with up to four axes."""
    return draw(st.lists(size(1, 4), min_size=low, max_size=high))


def spans(kernel_size: int | list[int], dilation: int | list[int]) -> list[int]:
    """How far a dilated kernel reaches."""
    return [(k - 1) * d + 1 for k, d in zip(both(kernel_size), both(dilation), strict=True)]


@st.composite
def linear(draw: Draw) -> Configuration:
    arguments = {"in_features": draw(size(1, 5)), "out_features": draw(size(1, 5)), "bias": draw(st.booleans())}
    return {"arguments": arguments, "shape": [*draw(shape(1, 3)), arguments["in_features"]]}


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
    arguments = {
        "kernel_size": kernel_size,
        "stride": draw(st.one_of(st.none(), one_or_pair(1, 3))),
        "padding": padding,
    }
    if dilated:
        arguments |= {"dilation": dilation, "return_switches": draw(st.booleans())}
    else:
        arguments |= {"count_include_pad": draw(st.booleans())}
    # Every window needs a pixel of the image: next to padding that takes as many as the dilation.
    needed = [d if p else 1 for d, p in zip(both(dilation), padding, strict=True)]
    reach = spans(kernel_size, dilation)
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
def flatten(draw: Draw) -> Configuration:
    dims = draw(shape(2, 4))
    start = draw(size(0, len(dims) - 1))
    end = draw(size(start, len(dims) - 1))
    if draw(st.booleans()):
        end -= len(dims)
    return {"arguments": {"start_dim": start, "end_dim": end}, "shape": dims}


@st.composite
def elementwise(draw: Draw, **arguments: Any) -> Configuration:
    return {"arguments": {name: draw(values) for name, values in arguments.items()}, "shape": draw(shape())}


@st.composite
def along_axis(draw: Draw) -> Configuration:
    dims = draw(shape())
    return {"arguments": {"axis": draw(size(-len(dims), len(dims) - 1))}, "shape": dims}


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
def classification(draw: Draw) -> Configuration:
    dims = draw(shape(2, 4))
    axis = draw(st.sampled_from([-1, 1]))
    truth = draw(st.sampled_from(["labels", "probabilities"]))
    return {"arguments": {"axis": axis}, "shape": dims, "truth": truth}


@st.composite
def regression(draw: Draw) -> Configuration:
    return {"arguments": {}, "shape": draw(shape()), "truth": "numbers"}


@st.composite
def sgd(draw: Draw) -> Configuration:
    momentum = draw(st.sampled_from([0.0, 0.5, 0.9]))
    arguments = {
        "lr": draw(st.sampled_from([0.001, 0.05, 0.3])),
        "momentum": momentum,
        "weight_decay": draw(st.sampled_from([0.0, 0.01, 0.2])),
        "nesterov": bool(momentum) and draw(st.booleans()),
    }
    return {"arguments": arguments, "shapes": [draw(shape(1, 2)), draw(shape(1, 3))]}


@st.composite
def adam(draw: Draw) -> Configuration:
    arguments = {
        "lr": draw(st.sampled_from([0.001, 0.05, 0.3])),
        "betas": [draw(st.sampled_from([0.0, 0.5, 0.9])), draw(st.sampled_from([0.5, 0.99, 0.999]))],
        "eps": draw(st.sampled_from([1e-8, 1e-3])),
        "weight_decay": draw(st.sampled_from([0.0, 0.01, 0.2])),
    }
    return {"arguments": arguments, "shapes": [draw(shape(1, 2)), draw(shape(1, 3))]}


LAYERS = {
    "Linear": linear(),
    "Flatten": flatten(),
    "Dropout": elementwise(p=st.sampled_from([0.0, 0.3])),  # in evaluation: the two draw different masks
    "ReLU": elementwise(),
    "LeakyReLU": elementwise(negative_slope=st.sampled_from([0.0, 0.01, 0.3])),
    "Sigmoid": elementwise(),
    "Tanh": elementwise(),
    "Softmax": along_axis(),
    "LogSoftmax": along_axis(),
    "Conv2D": convolution(),
    "ConvTranspose2D": transposed_convolution(),
    "MaxPool2D": pooling(dilated=True),
    "MaxUnpool2D": unpooling(),
    "AvgPool2D": pooling(dilated=False),
    "Residual": residual(),
    "Concat": concat(),
}
LOSSES = {"cross_entropy": classification(), "mean_squared_error": regression()}
OPTIMIZERS = {"SGD": sgd(), "Adam": adam()}


def configurations(piece: str) -> st.SearchStrategy[Configuration]:
    """The configurations of one piece, each with its name and a seed."""
    drawn = (LAYERS | LOSSES | OPTIMIZERS)[piece]
    return st.builds(lambda rest, seed: {"piece": piece, **rest, "seed": seed}, drawn, st.integers(0, 2**31))


PIECES = sorted(LAYERS | LOSSES | OPTIMIZERS)
