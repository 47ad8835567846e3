"""The comparison layer by layer: every exported layer has a case, a case runs, and rows are counted right."""

import pytest

from benchmarks import layer_worker
from benchmarks.layer_cases import CASES, LAYERS
from benchmarks.layers import Row, page, verdict
from tinynet import layers, optimizers

# Shapes and copies; those whose cost is that of a layer with a case; what PyTorch has not.
WITHOUT = {
    "Layer", "Reshape", "Permute", "AdaptiveAvgPool1D", "AdaptiveMaxPool1D", "GlobalAvgPool1D", "GlobalMaxPool1D",
    "ZeroPad1D", "ReflectionPad1D", "ReplicationPad1D", "MaxUnpool1D", "MaxUnpool2D", "SwiGLU",
    "LearnedPosition", "SinusoidalPosition", "RotaryPosition",
}  # fmt: skip


def test_every_layer_has_a_case() -> None:
    named = {case.name.partition(" ")[0].rstrip(",") for case in LAYERS}
    assert set(layers.__all__) - WITHOUT == named


@pytest.mark.parametrize("name", ["Linear", "Embedding", "Conv1D", "Flatten", "SGD, momentum", "cross_entropy"])
def test_a_case_runs(name: str) -> None:
    case = CASES[name]
    work = layer_worker.in_tinynet(case, case.shapes[0])
    assert all(seconds > 0 for seconds in layer_worker.repeated(work, 1e-9))
    assert layer_worker.route(work).partition(":")[0] in ("plain", "compiled")


def test_optimizers_are_those_that_pytorch_has() -> None:
    named = {name.partition(",")[0] for name, case in CASES.items() if case.kind == "optimizer"}
    assert named <= set(optimizers.__all__)


def test_only_rows_that_take_long_enough_are_held_to_the_bound() -> None:
    rows = [
        Row("A", (1, 2), "plain", 2e-5, 1e-5),
        Row("B", (3,), "compiled", 5e-5, 1e-4),
        Row("C", (4,), "plain", 3e-5, 1e-5),
    ]
    assert [row.counts for row in rows] == [False, True, True]
    assert verdict(rows) == "Geometric mean 1.22 (wanted: 0.75); slower than 1.25: C 3.00."
    text = page(rows, threads=2)
    assert "| A | 1 × 2 | plain | 20 | 10 | 2.00 |" in text
    assert "| C | 4 | plain | 30 | 10 | 3.00 (missed) |" in text
