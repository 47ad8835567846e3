#!/usr/bin/env python3
"""Check correct layers in random configurations: `check_layer` must raise no alarm.

usage: python -m tools.no_alarm [N] [--seed S] [--only LAYER] [--kernels BODY]     (N configurations, or else 1,000)

Every exported layer, and nets of several, is drawn equally often: its arguments, the shape of its input, its weights,
masks and first states. `check_layer` compares gradients with finite differences. The exit status is 1 if there
is an alarm.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from hypothesis import HealthCheck, Phase, given, settings  # noqa: E402
from hypothesis import seed as seeded  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

import tinynet as tn  # noqa: E402
from tests.parity import arrays, in_tinynet  # noqa: E402
from tests.parity import strategies as parity  # noqa: E402
from tinynet import layers, net  # noqa: E402
from tinynet.gradcheck import GradientError, check_layer  # noqa: E402
from tinynet.layers import Layer  # noqa: E402

ACTIVATIONS = ("ReLU", "Tanh", "GELU", "SiLU", "Softmax")


class Told(Layer):
    """A layer whose forward is told more than its inputs, such as a padding mask."""

    def __init__(self, layer: Layer, **told: Any) -> None:
        self.layer, self._told = layer, told

    def forward(self, *inputs: np.ndarray) -> Any:
        n = len(inputs[0])  # one of the checks takes the first sample only
        told = {name: value[:n] if isinstance(value, np.ndarray) else value for name, value in self._told.items()}
        return self.layer.forward(*inputs, **told)

    def backward(self, *gradients: np.ndarray) -> Any:
        return self.layer.backward(*gradients)


@st.composite
def stacks(draw: Any) -> dict[str, Any]:
    """Nets of one to three Linear layers with activations between them."""
    sizes = draw(st.lists(st.integers(1, 5), min_size=2, max_size=4))
    between = draw(st.lists(st.sampled_from(ACTIVATIONS), min_size=len(sizes) - 2, max_size=len(sizes) - 2))
    return {"arguments": {"sizes": sizes, "between": between}, "shape": [draw(st.integers(1, 4)), sizes[0]]}


@st.composite
def padded(draw: Any) -> dict[str, Any]:
    """A recurrent layer or attention behind a Linear layer, for sequences of different lengths."""
    n, T, width = draw(st.integers(1, 3)), draw(st.integers(1, 4)), draw(st.integers(1, 3))
    lengths = draw(st.lists(st.integers(0, T), min_size=n, max_size=n))
    reader = draw(st.sampled_from(["RNN", "LSTM", "GRU", "MultiHeadAttention"]))
    return {"arguments": {"width": width, "reader": reader}, "shape": [n, T, 2], "lengths": lengths}


def build(configuration: dict[str, Any]) -> Layer:
    if configuration["piece"] == "Padded":
        width, reader = configuration["arguments"].values()
        second = 1 if reader == "MultiHeadAttention" else width
        return net.Padded([layers.Linear(2, width), getattr(layers, reader)(width, second)])
    if configuration["piece"] != "Net":
        return in_tinynet.build(configuration)
    sizes, between = configuration["arguments"].values()
    parts: list[Layer] = [layers.Linear(sizes[0], sizes[1])]
    for name, i, o in zip(between, sizes[1:], sizes[2:], strict=False):
        parts += [getattr(layers, name)(), layers.Linear(i, o)]
    return net.Net(parts)


STRATEGIES: dict[str, Any] = parity.LAYERS | {"Net": stacks(), "Padded": padded()}


def draw(piece: str, count: int, seed: int) -> list[dict[str, Any]]:
    """So many different configurations of a layer, the same ones for the same seed."""
    drawn: dict[str, dict[str, Any]] = {}

    @seeded(seed)
    @settings(
        max_examples=3 * count + 10,
        database=None,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(STRATEGIES[piece], st.integers(0, 2**31))
    def collect(configuration: dict[str, Any], seed: int) -> None:
        configuration = {"piece": piece, **configuration, "seed": seed}
        drawn[json.dumps(configuration)] = configuration

    collect()
    return list(drawn.values())[-count:]  # the first ones that Hypothesis draws are the smallest


def error_of(configuration: dict[str, Any]) -> float:
    """The largest relative error that `check_layer` finds; it raises a GradientError where it sees an alarm."""
    piece = configuration["piece"]
    if piece.startswith("Dropout"):
        configuration = {**configuration, "training": True}  # parity with other masks compares evaluation
    layer = build(configuration)
    told: dict[str, Any] = {} if piece == "Padded" else in_tinynet.masks(configuration)
    if "output_size" in configuration:
        told["output_size"] = tuple(configuration["output_size"])
    if "attn_mask" in told:  # with the batch axis first, or one axis of length 1
        per_sample = (-1, configuration["arguments"]["num_heads"]) if told["attn_mask"].ndim == 3 else (1,)
        told["attn_mask"] = told["attn_mask"].reshape(*per_sample, *told["attn_mask"].shape[-2:])
    inputs = [x.shape if x.dtype.kind == "f" else x for x in arrays.inputs(configuration)]
    if piece == "Padded":
        inputs.append(np.array(configuration["lengths"]))
    with_first_state = piece in in_tinynet.RECURRENT and len(inputs) > 1  # its second axis is the batch
    report = check_layer(
        Told(layer, **told) if told else layer,
        inputs,
        seed=configuration["seed"],
        batch_of_one=not with_first_state and not piece.startswith(("BatchNorm", "GLU")),  # which may cut the batch
    )
    return report.max_error


def check(count: int, seed: int, only: str | None, say: Callable[[str], None]) -> int:
    """Check so many configurations, say what each alarm is and the totals, and return the number of alarms."""
    pieces = sorted(STRATEGIES) if only is None else [only]
    errors, alarms, start = [], 0, perf_counter()
    for index, piece in enumerate(pieces):
        share = count * (index + 1) // len(pieces) - count * index // len(pieces)
        for configuration in draw(piece, share, seed):
            try:
                errors.append((error_of(configuration), piece))
            except GradientError as error:
                alarms += 1
                say(f"ALARM {json.dumps(configuration)}\n{error}")
    largest, where = max(errors, default=(0.0, "none"))
    say(
        f"{len(errors) + alarms:,} random configurations of {len(pieces)} layers: {alarms} alarms; largest relative "
        f"error {largest:.1e} ({where}); seed {seed}, kernels {tn.core.faster.in_use()}, {perf_counter() - start:.0f} s"
    )
    return alarms


def main() -> int:
    parser = argparse.ArgumentParser(description="Check correct layers in random configurations.")
    parser.add_argument("count", nargs="?", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=sorted(STRATEGIES), metavar="LAYER")
    parser.add_argument("--kernels", choices=tn.core.faster.CHOICES, default="auto")
    given = parser.parse_args()
    with tn.threads(1), tn.core.faster.use(given.kernels):
        return 1 if check(given.count, given.seed, given.only, lambda line: print(line, flush=True)) else 0


if __name__ == "__main__":
    sys.exit(main())
