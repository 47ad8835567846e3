"""The numbers of a configuration, made from its seed; the same on both sides and on every machine."""

from __future__ import annotations

import math
import zlib
from typing import Any

import numpy as np

N_STEPS = 50  # of an optimizer
RANGES = {  # into which normal random numbers are brought, where not all of them are allowed
    "any": lambda x: x,
    "far from 0": lambda x: x + 2 * np.sign(x),
    "positive": lambda x: np.abs(x) + 0.01,
    "probabilities": lambda x: np.sin(x) ** 2,
}


def numbers(configuration: dict[str, Any], name: str, shape: Any) -> np.ndarray:
    """Normal random numbers that depend on the seed and on the name of the array only."""
    # RandomState and not a Generator: its stream is frozen, so that recorded values stay valid with any NumPy.
    rng = np.random.RandomState([configuration["seed"], zlib.crc32(name.encode())])
    return rng.standard_normal(math.prod(shape)).reshape(tuple(shape))


def arguments(configuration: dict[str, Any]) -> dict[str, Any]:
    """The arguments, with tuples where JSON has lists."""
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in configuration["arguments"].items()
    }


def inputs(configuration: dict[str, Any]) -> list[np.ndarray]:
    """The inputs of a layer, all that come in order."""
    x = configuration.get("scale", 1) * numbers(configuration, "x", configuration["shape"])
    if "vocabulary" in configuration:
        x = np.floor(np.abs(np.sin(9 * x)) * configuration["vocabulary"]).astype(np.int64)
    others = configuration.get("others", [])
    extra = [numbers(configuration, f"input{i}", shape) for i, shape in enumerate(others)]
    ranges = configuration.get("ranges", [])
    given = [RANGES[kind](x) for kind, x in zip(ranges, [x, *extra], strict=True)] if ranges else [x, *extra]
    if configuration["piece"] == "MaxUnpool1D":
        return [x, switches_of_steps(configuration)]
    return [x, switches(configuration)] if configuration["piece"] == "MaxUnpool2D" else given


def padding_mask(configuration: dict[str, Any]) -> np.ndarray | None:
    """True behind the end of each sequence; None if there is no mask."""
    lengths = configuration.get("lengths")
    if lengths is None:
        return None
    reads_another = configuration["piece"] == "MultiHeadAttention" and configuration.get("others")
    masked = configuration["others"][0] if reads_another else configuration["shape"]
    return np.arange(masked[1]) >= np.array(lengths)[:, np.newaxis]


def attention_mask(configuration: dict[str, Any]) -> np.ndarray | None:
    """A mask of bools or numbers for each query and key, of which every query sees the first key; None if without.

    The first key is never padding, and PyTorch gives NaN for a query that sees none. A causal query may have fewer keys
    than its place among them says, but never less than one.
    """
    drawn = configuration.get("attn_mask")
    if drawn is None:
        return None
    mask = numbers(configuration, "attn_mask", drawn["shape"])
    hidden = mask > 0.5
    hidden[..., 0] = False
    return hidden if drawn["kind"] == "bools" else np.where(hidden & (drawn["kind"] != "numbers"), -np.inf, mask)


def statistic(configuration: dict[str, Any], name: str, shape: Any) -> np.ndarray:
    """A running mean or variance to start with; variances are positive."""
    values = numbers(configuration, name, shape)
    return 0.5 + np.abs(values) if name.endswith("var") else values


def switches(configuration: dict[str, Any]) -> np.ndarray:
    """For each pixel of x, a place in its own window of the unpooled image."""
    n, c, h, w = configuration["shape"]
    sizes, given = configuration["output_size"], configuration["arguments"]
    places = []
    for axis, count in ((0, h), (1, w)):
        start = np.arange(count) * given["stride"][axis] - given["padding"][axis]
        low = np.maximum(start, 0)
        high = np.minimum(start + given["kernel_size"][axis], sizes[axis])
        share = np.abs(np.sin(numbers(configuration, f"switches{axis}", (n, c, h, w))))
        low, high = (bound.reshape((-1, 1) if axis == 0 else (1, -1)) for bound in (low, high))
        places.append(low + np.floor(share * (high - low)).astype(np.int64).clip(0, high - low - 1))
    return places[0] * sizes[1] + places[1]


def switches_of_steps(configuration: dict[str, Any]) -> np.ndarray:
    """The same for sequences (N, T, C), which are images of one column."""
    (n, t, c), given = configuration["shape"], configuration["arguments"]
    plane = {name: [value, 0 if name == "padding" else 1] for name, value in given.items()}
    sizes = {"shape": [n, c, t, 1], "output_size": [*configuration["output_size"], 1]}
    return switches({**configuration, **sizes, "arguments": plane})[..., 0].transpose(0, 2, 1)


def options(configuration: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a loss, weights that are arrays included."""
    weights = configuration.get("weights", {})
    return arguments(configuration) | {w: np.abs(numbers(configuration, w, shape)) for w, shape in weights.items()}


def truth(configuration: dict[str, Any]) -> Any:
    """What a loss compares with."""
    shape, kind = configuration["shape"], configuration["truth"]
    raw = numbers(configuration, "truth", shape)
    if kind == "numbers":
        return raw
    if kind == "signs":
        return np.sign(raw)
    if kind == "signs of rows":
        return np.sign(raw[:, 0])
    if kind == "counts":
        return np.floor(3 * np.abs(raw))
    if kind == "answers":
        return (raw > 0).astype(np.float64)
    if kind == "shares":
        return np.sin(raw) ** 2
    if kind in ("keys", "nothing"):
        return below(raw[:, 0], configuration["others"][0][0]) if kind == "keys" else None
    return in_time(configuration) if kind == "in time" else classes(configuration, raw)


def classes(configuration: dict[str, Any], raw: np.ndarray) -> np.ndarray:
    """Labels, some of them to ignore, but never all; or probabilities, some of them zero."""
    axis = configuration["arguments"]["axis"]
    if configuration["truth"] == "probabilities":
        e = np.exp(raw) * (raw > -1.5)
        return e / np.maximum(e.sum(axis=axis, keepdims=True), 1e-3)
    labels = raw.argmax(axis=axis)
    if configuration["arguments"].get("ignore_index") is not None:
        labels.ravel()[1:][raw.max(axis=axis).ravel()[1:] > 1] = configuration["arguments"]["ignore_index"]
    return labels


def in_time(configuration: dict[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels in time, none of them the blank, and the lengths of inputs and labels."""
    (n, steps, n_classes), longest = configuration["shape"], configuration["longest"]
    labels = below(numbers(configuration, "labels", (n, longest)), n_classes - 1)
    labels += labels >= configuration["arguments"]["blank"]
    lengths = numbers(configuration, "lengths", (2, n))
    return labels, 1 + below(lengths[0], steps), below(lengths[1], longest + 1)


def below(raw: np.ndarray, limit: int) -> np.ndarray:
    """Integers from 0 up to, but below, a limit."""
    return np.minimum(np.floor(np.sin(9 * raw) ** 2 * limit), limit - 1).astype(np.int64)


def start(configuration: dict[str, Any]) -> list[np.ndarray]:
    """Where an optimizer starts."""
    return [numbers(configuration, f"start{i}", shape) for i, shape in enumerate(configuration["shapes"])]


def noise(configuration: dict[str, Any], step: int) -> list[np.ndarray]:
    """What is added to the gradient of a parabola at one step of an optimizer."""
    return [0.3 * numbers(configuration, f"noise{step}.{i}", s) for i, s in enumerate(configuration["shapes"])]
