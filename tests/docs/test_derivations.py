"""Every layer, loss and optimizer is derived on a page, whose code runs and whose sums are recomputed."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest

import tinynet.layers
import tinynet.losses
import tinynet.net
import tinynet.optimizers
from tools.site import worked

ROOM = Path(__file__).parents[2] / "docs" / "derivations"
PAGES = sorted(page for page in ROOM.glob("*.md") if page.stem != "index")
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
FORMULA = re.compile(r"^```\{formula\} ([\w. ]+)\n", re.MULTILINE)
BASES = {"Layer", "Optimizer", "Schedule"}  # they have no formula of their own
BRANCHES = {"Residual", "Concat"}

#: What has no page yet, and what is about to come. This list must shrink to nothing.
WITHOUT = """
Adadelta Adagrad Adam AdamW AdaptiveAvgPool1D AdaptiveAvgPool2D AdaptiveMaxPool1D AdaptiveMaxPool2D AvgPool1D
AvgPool2D BatchNorm1D BatchNorm2D Concat Conv1D Conv2D ConvTranspose1D ConvTranspose2D CosineAnnealingLR
CosineAnnealingWarmRestarts Dropout Dropout2D ELU Embedding ExponentialLR Flatten GELU GRU GlobalAvgPool1D
GlobalAvgPool2D GlobalMaxPool1D GlobalMaxPool2D GroupNorm LSTM LayerNorm LearnedPosition LinearWarmup Lion
LogSoftmax MaxPool1D MaxPool2D MaxUnpool2D MultiHeadAttention Muon NAdam OneCycleLR ParameterGroups Permute
RMSNorm RMSProp RNN ReflectionPad1D ReflectionPad2D Reshape Residual RotaryPosition SELU SequentialLR SiLU
SinusoidalPosition Softmax Softplus StepLR SwiGLU TransformerBlock Upsample WeightAverage ZeroPad1D ZeroPad2D
binary_cross_entropy_with_logits clip_gradient_norm clip_gradient_value cross_entropy ctc focal hinge info_nce
kl_divergence multi_margin negative_log_likelihood ReLU6 Hardtanh Hardsigmoid Hardswish LogSigmoid Mish GLU
ReplicationPad1D ReplicationPad2D InstanceNorm1D InstanceNorm2D binary_cross_entropy dice cosine_embedding
margin_ranking gaussian_nll poisson_nll RAdam Adamax MultiStepLR LinearLR PolynomialLR ConstantLR CyclicLR
"""
MISSING = set(WITHOUT.split())


def public_names():
    rooms = (tinynet.layers, tinynet.losses, tinynet.optimizers)
    return {name for room in rooms for name in room.__all__} - BASES | BRANCHES


def derived():
    """From each name to the page that shows its formula."""
    found = {}
    for page in PAGES:
        for paths in FORMULA.findall(page.read_text(encoding="utf-8")):
            for path in paths.split():
                name = path.rpartition(".")[2]
                assert name not in found, f"{name} is derived twice, on {found.get(name)} and {page.stem}"
                found[name] = page
    return found


def test_everything_is_derived():
    assert public_names() - derived().keys() <= MISSING
    assert not MISSING & derived().keys()
    assert derived().keys() <= public_names()


@pytest.mark.parametrize("name", sorted(public_names() - MISSING))
def test_its_numbers_are_computed_from_the_code(name):
    cells = "\n".join(CELL.findall(derived()[name].read_text(encoding="utf-8")))
    assert re.search(rf"\b{name}\b[,(]", cells), f"no cell of the page calls {name}"


def test_the_index_leads_to_every_page():
    index = (ROOM / "index.md").read_text(encoding="utf-8").splitlines()
    assert all(page.stem in index for page in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page(page, capsys):
    """Every cell runs, every comparison is true, and every sum by hand gives what it says."""
    names: dict = {}
    text = page.read_text(encoding="utf-8")
    *stretches, end = re.split(CELL, text)
    sums, n_sums = [], 0
    for prose, cell in zip(stretches[::2], stretches[1::2], strict=True):
        sums += worked.sums_of(prose)
        value = value_of(cell, page.name, names)
        answers = value if isinstance(value, (list, tuple)) else [value]
        assert not any(answer is False or answer is np.False_ for answer in answers), f"a comparison fails:\n{cell}"
        for one in sums:  # those above a cell may speak of what it computes
            worked.check(one, names)
        n_sums, sums = n_sums + len(sums), []
    for one in worked.sums_of(end):
        worked.check(one, names)
    assert "False" not in capsys.readouterr().out
    assert n_sums + len(worked.sums_of(end)) >= 3, "a derivation needs numbers by hand"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_number_escapes_the_check(page):
    """A result that stands in a formula of the prose, as in `$y = 0.73$`, belongs into {worked}."""
    prose = CELL.sub("", page.read_text(encoding="utf-8"))
    formulas = re.findall(r"\$\$(.*?)\$\$|\$([^$]+)\$", prose, re.DOTALL)
    results = [one or two for one, two in formulas if re.search(r"(=|\\approx)\s*-?\d+\.\d", one or two)]
    assert not results


def value_of(cell, file, names):
    """Run a cell, and give the value of its last line, as a notebook shows it."""
    *statements, last = ast.parse(cell).body
    if not isinstance(last, ast.Expr):
        exec(compile(cell, file, "exec"), names)
        return None
    exec(compile(ast.Module(statements, []), file, "exec"), names)
    return eval(compile(ast.Expression(last.value), file, "eval"), names)  # noqa: S307 - the page is our own
