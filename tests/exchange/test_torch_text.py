"""How the code of a PyTorch module is set: its lines, its names, and what each operation is written as."""

import numpy as np
import pytest

from tinynet.exchange.to_pytorch import module_text
from tinynet.exchange.torch_graph import _constant, _local_names, class_of
from tinynet.exchange.torch_names import arguments_of
from tinynet.exchange.torch_several import n_outputs, passes_several, takes_several
from tinynet.exchange.torch_source import definitions
from tinynet.exchange.torch_text import attribute, call, indented
from tinynet.layers import (
    GRU,
    LSTM,
    BatchNorm1D,
    Dropout,
    Linear,
    LogSoftmax,
    MaxPool2D,
    MaxUnpool2D,
    MultiHeadAttention,
    ReLU,
    Softmax,
    Upsample,
)
from tinynet.net import Concat, Graph, Net, Residual, operations


def test_a_call_is_one_line_as_long_as_it_fits():
    assert call("f(", ["x" * 97], ")") == f"f({'x' * 97})"
    assert call("f(", ["x" * 98], ")") == f"f(\n    {'x' * 98},\n)"
    assert call("f(", ["x", "g(\n    y,\n)"], ")") == "f(\n    x,\n    g(\n        y,\n    ),\n)"
    assert call("f(", ["x"], ")", in_lines=True) == "f(\n    x,\n)"


def test_empty_lines_stay_empty():
    assert indented("a\n\n  b\n") == "    a\n\n      b\n"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("norm", ".norm"),
        ("größe", ".größe"),
        ("_norm", "._modules['_norm']"),
        ("a b", "._modules['a b']"),
        ("if", "._modules['if']"),
        ("type", "._modules['type']"),
        ("ﬁ", "._modules['ﬁ']"),
    ],
)
def test_a_part_is_written_by_its_name_where_that_is_one(name, written):
    assert attribute(name, "_modules") == written


def test_values_get_names_of_python():
    names = ["x", "1", "_a", "a b", "a_b", "if", "self", "torch", "nn", "joined", "ﬁ", ""]
    assert list(_local_names(names).values()) == [
        *["x", "x1", "x_a", "a_b", "a_b_", "if_", "self_", "torch_", "nn_", "joined_", "fi", "x_"],
    ]


def one_step(x, y):
    return class_of(Graph([x], [("step", operations.Power(2), [x], [y])], [y]), repr)


def test_a_description_and_a_return_are_as_long_as_a_line():
    assert one_step("x" * 69, "y").startswith(f'    """From {"x" * 69} to y, step by step."""\n')
    assert one_step("x" * 70, "y").startswith('    """From 1 inputs to 1 outputs, step by step."""\n')
    for n in (46, 47):
        names = ["y" * 45, "z" * n]
        steps = [(name, operations.Power(2), ["x"], [name]) for name in names]
        line, lines = (
            f"return {names[0]}, {names[1]}",
            f"return (\n            {names[0]},\n            {names[1]},\n        )",
        )
        assert len(line) == 54 + n
        assert class_of(Graph(["x"], steps, names), repr).endswith(f"        {line if n == 46 else lines}")


def test_what_is_given_as_it_is_has_no_name_in_the_forward():
    graph = Graph(["x"], [("s", operations.Power(2), ["x"], ["y"])], ["y", "W"], {"W": (2, 3)})
    text = class_of(graph, repr)
    assert text.startswith('    """From 1 inputs to 2 outputs, step by step."""\n')
    assert "-> tuple[torch.Tensor, ...]:" in text
    assert text.endswith("return y, self.W")


@pytest.mark.parametrize(
    ("array", "written"),
    [
        (np.zeros((2, 3), np.float32), "torch.zeros(2, 3)"),
        (np.zeros(2, np.int64), "torch.zeros(2, dtype=torch.int64)"),
        (np.array(np.nan, np.float32), 'torch.tensor(float("nan"))'),
        (np.array(np.inf, np.float64), 'torch.tensor(float("inf"), dtype=torch.float64)'),
        (np.array(3, np.int64), "torch.tensor(3, dtype=torch.int64)"),
    ],
)
def test_constants(array, written):
    assert _constant(array, np.dtype(np.float32)) == written


@pytest.mark.parametrize(
    ("layer", "reads", "expected"),
    [
        (operations.Combine("maximum"), 2, "torch.maximum(a, b)"),
        (operations.Combine("subtract"), 2, "a - b"),
        (operations.Compare("greater_equal"), 2, "torch.where(a >= b, 1.0, 0.0)"),
        (operations.CumulativeSum(1), 1, "a.cumsum(1)"),
        (operations.Einsum("ij,jk->ik"), 2, 'torch.einsum("ij,jk->ik", a, b)'),
        (operations.Repeat(), 2, "a.expand(b.shape[0], *a.shape[1:])"),
        (operations.Clip(high=6.0), 1, 'nn.functional.hardtanh(a, float("-inf"), 6.0)'),
        (operations.Clip(low=0.5), 1, 'nn.functional.hardtanh(a, 0.5, float("inf"))'),
        (operations.Clip(2.0, 1.0), 1, "nn.functional.hardtanh(a, 1.0, 1.0)"),
        (operations.Reduce("norm", (1,), keepdims=False), 1, "torch.linalg.vector_norm(a, dim=1)"),
        (operations.Reduce("norm", ()), 1, "a.abs()"),
        (operations.Reduce("min", (0, 1)), 1, "a.amin(dim=(0, 1), keepdim=True)"),
        (operations.Reduce("logsumexp", (1,)), 1, "a.logsumexp(dim=1, keepdim=True)"),
        (operations.Part(2, None, 3), 1, "a[:, :, :3]"),
        (operations.Part(0, None, None, -1), 1, "a.flip(0)[:]"),
        (operations.Take(0), 2, "a[b.long()]"),
        (Linear(2, 3), 1, "self.step(a)"),
    ],
    ids=str,
)
def test_what_a_step_is_written_as(layer, reads, expected):
    graph = Graph(list("abc")[:reads], [("step", layer, list("abc")[:reads], ["y"])], ["y"])
    assert f"\n        y = {expected}\n" in module_text(graph)


SWITCHES = MaxPool2D(2, return_switches=True)


@pytest.mark.parametrize(
    ("layer", "passes", "takes", "outputs"),
    [
        (Linear(2, 2), False, False, 1),
        (SWITCHES, False, False, 2),
        (MaxUnpool2D(2), True, True, 1),
        (MultiHeadAttention(4, 2), True, True, 1),
        (GRU(3, 2, return_state=True), True, True, 2),
        (LSTM(3, 2, return_state=True), True, True, 3),
        (LSTM(3, 2), True, True, 1),
        (Net([Linear(2, 2), ReLU()]), False, False, 1),
        (Net([SWITCHES, MaxUnpool2D(2)]), True, True, 1),
        (Net([ReLU(), SWITCHES]), False, False, 2),
        (Graph(["a", "b"], [("s", operations.Combine("add"), ["a", "b"], ["y"])], ["y", "a"]), True, True, 2),
        (Graph(["a"], [("s", ReLU(), ["a"], ["y"])], ["y"]), False, False, 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_several_tensors(layer, passes, takes, outputs):
    assert passes_several(Net([layer])) is passes
    assert takes_several(layer) is takes
    assert n_outputs(layer) == outputs
    assert passes_several(Net([ReLU(), layer, ReLU()])) is (outputs > 1)


def test_a_branch_of_nothing_gives_one_tensor():
    nothing = Concat([[ReLU()], []]).branches[1]
    assert (passes_several(nothing), n_outputs(nothing)) == (False, 1)


def test_nets_are_nested_as_deep_as_python_reads():
    net = Net([Dropout()])
    for _ in range(79):
        net = Net([net])
    assert "nn.Dropout()" in module_text(net)
    with pytest.raises(ValueError, match=r"the nets are nested more than 80 deep, which Python code cannot be\."):
        module_text(Net([net]))


def test_arguments_are_those_of_now():
    norm, dropout = BatchNorm1D(3, momentum=0.2), Dropout(0.25)
    assert arguments_of(norm) == {"num_features": 3, "momentum": 0.2}
    norm.momentum, dropout.p = None, 0.5
    assert arguments_of(norm) == {"num_features": 3, "momentum": None}
    assert arguments_of(dropout) == {}
    assert arguments_of(BatchNorm1D(3, affine=False)) == {"num_features": 3, "affine": False}


@pytest.mark.parametrize(
    ("layer", "written"),
    [
        (Softmax(), "nn.Softmax(dim=-1)"),
        (LogSoftmax(axis=1), "nn.LogSoftmax(dim=1)"),
        (Upsample(scale_factor=2), "nn.Upsample(scale_factor=2)"),
        (
            Upsample(scale_factor=2, mode="bilinear"),
            "nn.Upsample(scale_factor=2, mode='bilinear', align_corners=False)",
        ),
        (
            Residual([ReLU()], [Linear(2, 2)]),
            "Residual(nn.Sequential(nn.ReLU()), shortcut=nn.Sequential(nn.Linear(2, 2)))",
        ),
        (Residual([ReLU()]), "Residual(nn.Sequential(nn.ReLU()))"),
        (Concat([[ReLU()], []], axis=2), "Concat([nn.Sequential(nn.ReLU()), nn.Sequential()], axis=2)"),
        (operations.Transpose(1, 0), "Transpose(1, 0)"),
        (SWITCHES, "nn.MaxPool2d(2, return_indices=True)"),
    ],
    ids=str,
)
def test_what_a_layer_is_written_as(layer, written):
    assert f"\n    model = {written}\n" in module_text(layer)


def test_a_file_defines_what_it_needs_and_imports_no_more():
    text = module_text(Linear(2, 3))
    assert text.count("\nclass ") == 0
    assert "import torch\n" not in text
    assert "from typing import Any" not in text
    text = module_text(Concat([[ReLU()], []]).astype(np.float64))
    assert "import torch\nfrom torch import nn\n" in text
    assert "\n    model.to(torch.float64)\n" in text
    assert text.endswith("    return model.eval()\n")
    assert [line for line in definitions("Join(1)").splitlines() if line.startswith(("def", "class"))] == [
        "def joined(tensors: Any, dim: int) -> torch.Tensor:",
        "class Join(nn.Module):",
    ]


def test_what_is_shared_and_frozen_is_written():
    net = Net([Linear(3, 3), Linear(3, 3)])
    net[1].weight = net[0].weight
    net[1].bias.trainable = False
    text = module_text(net)
    assert "\n    parts = dict(model.named_modules())\n    parts['1'].weight = parts['0'].weight\n" in text
    assert (
        "\n    frozen = ['1.bias']\n    for path, parameter in model.named_parameters(remove_duplicate=False):\n"
        "        parameter.requires_grad_(path not in frozen)\n    return model\n"
    ) in text
