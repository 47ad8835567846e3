"""Formulas of docstrings as TeX, sources without their docstrings, and sums worked by hand."""

import re

import pytest

import tinynet.layers
import tinynet.losses
import tinynet.net
import tinynet.optimizers
from tinynet.core import formula
from tools.site import worked
from tools.site.sources import source, thing
from tools.site.tex import pieces, statements, tex

ROOMS = (tinynet.layers, tinynet.losses, tinynet.optimizers, tinynet.net)
THINGS = [getattr(room, name) for room in ROOMS for name in room.__all__]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("y = x Wᵀ + b", r"y=x\,W^{\top }+b"),
        ("y = 1 / (1 + e⁻ˣ)", r"y=\frac{1}{1+e^{-x}}"),
        ("x̂ = (x − μ) / √(σ² + eps)", r"\hat{x}=\frac{x-\mu }{\sqrt{\sigma ^{2}+\mathrm{eps}}}"),
        ("yₖ = exp(xₖ) / Σⱼ exp(xⱼ)", r"y_{k}=\frac{\exp(x_{k})}{\sum _{j}\exp(x_{j})}"),
        ("dW_ih = Σₜ da[t]ᵀ x[t]", r"dW_{ih}=\sum _{t}\,da[t]^{\top }\,x[t]"),
        ("α (e^min(x, 0) − 1)", r"\alpha \,(e^{\min(x,\,0)}-1)"),
        ("X₀ = u / ‖u‖", r"X_{0}=\frac{u}{\|u\|}"),
        ("sin(t / 10000^(2i/D))", r"\sin\left(\frac{t}{10000^{2i/D}}\right)"),
        ("1 − Πₜ", r"1-\Pi _{t}"),
        ("ρ∞ = 2 / (1 − β₂)", r"\rho _{\infty }=\frac{2}{1-\beta _{2}}"),
        ("dx = dr + norm1′ dr", r"dx=dr+\mathrm{norm1}^{\prime }\,dr"),
        ("T_max", r"T_{\mathrm{max}}"),
        ("lr · gammaᵏ", r"\mathrm{lr}\cdot \mathrm{gamma}^{k}"),
        ("a / b / n", r"\frac{a}{b}\,/\,n"),
        ("∂L/∂predicted", r"\frac{\partial L}{\partial \mathrm{predicted}}"),
    ],
)
def test_symbols(text, expected):
    assert tex(text) == expected


def test_words_stand_between_the_symbols():
    found = pieces('y = max(x, 0): x where it is positive, else α x; one-hot for reduction="sum" (Huber 1964)')
    assert [piece.text for piece in found if piece.kind == "code"] == ['reduction="sum"']
    assert [piece.text for piece in pieces('1 for "triangular"') if piece.kind == "code"] == ['"triangular"']
    assert [piece.text for piece in found if piece.kind == "math"] == [
        r"y=\max(x,\,0)", "x", r"\alpha \,x", "1964",
    ]  # fmt: skip
    assert pieces("along `axis`")[-1] == ("code", "axis")
    assert "".join(piece.text for piece in found if piece.kind == "text").startswith(":  where it is positive, else ")


def test_a_wrapped_line_is_joined_and_an_equation_is_not():
    section = "y = x, where " + "word " * 19 + "word\nand more\nz = y"
    assert [len(line) for line in statements(section)] == [1, 1]
    assert len(statements("a = b\nc = d\n  and so on")) == 3


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: getattr(thing, "__name__", ""))
def test_every_formula_becomes_tex(thing):
    for section in formula(thing).values():
        for line in statements(section):
            for piece in (piece for column in line for piece in column):
                if piece.kind == "math":
                    assert piece.text.isascii(), f"no TeX for {piece.text}"
                    bare = re.sub(r"\\[{}|]", "", piece.text)
                    assert bare.count("{") == bare.count("}")
                    assert piece.text.count(r"\left") - piece.text.count(r"\leftarrow") == piece.text.count(r"\right")
                    assert "{}" not in piece.text, f"an empty place in {piece.text}"
                elif piece.kind == "text":
                    assert not re.search(r"[Σ√∂ᵀ²=+]", piece.text), f"symbols in the prose {piece.text}"


def test_a_source_has_no_docstring_and_begins_where_it_says():
    code, file, line = source("tinynet.losses.huber")
    assert '"""' not in code
    assert "np.clip(d, -delta, delta)" in code
    assert file == "src/tinynet/losses/absolute_error.py"
    assert line > 1
    assert thing("tinynet.losses.mean_squared_error").__name__ == "mean_squared_error"


def test_sums_are_recomputed():
    names = {"y": [6.0, 0.5], "mu": 0.9}
    worked.check("y[0] = 2 * 3 = 6", names)
    worked.check("y[1] ≈ 0.51 * 0.98 ≈ 0.5", names)
    worked.check("exp(0) = 1", {})
    with pytest.raises(ValueError, match=r"y\[0\] = 2 \* 3 = 7: 6.0 is not 7.0"):
        worked.check("y[0] = 2 * 3 = 7", names)
    with pytest.raises(ValueError, match="is not 0.34"):
        worked.check("1 / 3 ≈ 0.34", names)
    with pytest.raises(ValueError, match="needs a result"):
        worked.check("2 * 3", names)
    with pytest.raises(NameError):
        worked.check("z = 1", names)


@pytest.mark.parametrize(
    ("sum_", "expected"),
    [
        ("y[0, 1] = 2 * -3 = -6", r"y[0,1] = 2\cdot (-3) = -6"),
        ("x_hat = (1 - 2) / 3 ≈ -0.33", r"\hat{x} = \frac{1-2}{3} \approx -0.33"),
        ("(1 - mu) * 2", None),
        ("y = 2 * 2 + -1 * 0 - -3", r"y = 2\cdot 2+(-1)\cdot 0-(-3)"),
        ("a = -(1 + 2) ** 2 = -9", r"a = -(1+2)^{2} = -9"),
        ("a = 1 - (2 - 3) = 2", r"a = 1-(2-3) = 2"),
        ("beta1 = sqrt(4) * exp(-1) + abs(-2)", r"\beta _{1} = \sqrt{4}\cdot e^{-1}+|-2|"),
        ("W_ih = 1e-8", r"W_{ih} = 1\cdot 10^{-8}"),
        ('dW["g"] = 1', r"dW[\mathrm{g}] = 1"),
        ("s = (1 / 2) ** 2", r"s = \left(\frac{1}{2}\right)^{2}"),
    ],
)
def test_sums_as_tex(sum_, expected):
    if expected is None:
        assert worked.tex(sum_) == r"(1-\mu )\cdot 2"
    else:
        assert worked.tex(sum_) == expected


def test_sums_of_a_page_are_found():
    page = "By hand, {worked}`1 + 1 = 2`.\n\n```{worked}\n2 * 2 = 4\n\n3 * 3 = 9\n```\n"
    assert worked.sums_of(page) == ["2 * 2 = 4", "3 * 3 = 9", "1 + 1 = 2"]


def test_a_long_sum_breaks_at_its_signs():
    assert worked.rows("y = 2 * 3 = 6") == [r"y &= 2\cdot 3 = 6"]
    assert worked.rows("loss = " + "1 + " * 20 + "1 = 21")[1:] == ["&= 21"]
    assert [row[0] for row in worked.rows("1 + " * 20 + "1 = 20 + 1 = 21")] == ["&", "&", "&"]
