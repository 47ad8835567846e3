"""The characters of a formula in a docstring, and what TeX calls them."""

from __future__ import annotations

from typing import NamedTuple

_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"
_LOWERED = "₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"
SUPERSCRIPTS = dict(zip(_RAISED, "0123456789+-abcdefghijklmnoprstuvwxyz", strict=True)) | {"ᵀ": r"\top "}
SUBSCRIPTS = dict(zip(_LOWERED, "0123456789+-aehijklmnoprstuvx", strict=True))

GREEK = {
    letter: rf"\{name} "
    for letter, name in {
        "α": "alpha",
        "β": "beta",
        "γ": "gamma",
        "δ": "delta",
        "ε": "varepsilon",
        "ζ": "zeta",
        "η": "eta",
        "θ": "theta",
        "κ": "kappa",
        "λ": "lambda",
        "μ": "mu",
        "ν": "nu",
        "ξ": "xi",
        "π": "pi",
        "ρ": "rho",
        "σ": "sigma",
        "τ": "tau",
        "φ": "varphi",
        "χ": "chi",
        "ψ": "psi",
        "ω": "omega",
        "Γ": "Gamma",
        "Δ": "Delta",
        "Θ": "Theta",
        "Λ": "Lambda",
        "Φ": "Phi",
        "Ψ": "Psi",
        "Ω": "Omega",
    }.items()
}

SIGNS = {
    "−": "-",
    "·": r"\cdot ",
    "×": r"\times ",
    "⊙": r"\odot ",
    "⋆": r"\star ",
    "⋯": r"\cdots ",
    "±": r"\pm ",
    "≤": r"\le ",
    "≥": r"\ge ",
    "≠": r"\ne ",
    "≈": r"\approx ",
    "<": r"\lt ",
    ">": r"\gt ",
    "∈": r"\in ",
    "→": r"\to ",
    "←": r"\leftarrow ",
    "∞": r"\infty ",
    "∇": r"\nabla ",
    "½": r"\tfrac12 ",
    "…": r"\ldots ",
    "Σ": r"\sum ",
    "Π": r"\prod ",
    "ᵀ": r"^\top ",
}

#: A word beside one of these is a symbol, not prose.
OPERATORS = set("=+−-·×⊙⋆/≤≥≠≈<>←^")

#: Functions that TeX sets upright by itself.
FUNCTIONS = {"exp", "log", "max", "min", "sin", "cos", "tanh"}

#: Names of two and more letters that are symbols wherever they stand.
NAMES = {
    "dx",
    "dy",
    "dW",
    "db",
    "dh",
    "do",
    "dq",
    "dk",
    "dv",
    "dr",
    "ds",
    "du",
    "dg",
    "da",
    "dc",
    "dS",
    "kh",
    "kw",
    "OH",
    "OW",
}
NAMES |= {"lr", "eps", "gamma", "tanh", "silu", "gelu"}

ESCAPED = {letter: rf"\{letter}" for letter in "#%_{}&$"}


class Token(NamedTuple):
    """A piece of a line: its kind, a group's name in TOKEN, and its text."""

    kind: str
    text: str


def raised(up: str, down: str) -> str:
    """Scripts in TeX's order."""
    return (f"_{{{down}}}" if down else "") + (f"^{{{up}}}" if up else "")


def is_argument(word: str) -> bool:
    """Whether a word is the name of an argument or of a function, such as pos_weight."""
    return "_" in word and not is_indexed(word)


def is_indexed(word: str) -> bool:
    """Whether a word is a symbol with an index: W_ih, dW_q, T_max, max_i."""
    name, _, script = word.partition("_")
    if name in FUNCTIONS:
        return len(script) == 1
    return bool(script) and (len(name) == 1 or name in NAMES)


def symbol(token: Token, after: Token | None = None, next_text: str = "") -> str:
    """A token as TeX; what follows it tells a sum from the letter Σ."""
    kind, text = token
    if text in ("Σ", "Π") and after and after.kind == "down" and (not next_text or next_text in "=+,)"):
        return r"\Sigma " if text == "Σ" else r"\Pi "  # a name, for nothing follows that is summed
    if kind == "sign":
        return GREEK.get(text) or SIGNS.get(text) or ESCAPED.get(text, text)
    if kind != "word":
        return text
    name, _, script = text.partition("_")
    if is_indexed(text):
        script = script if len(script) <= 2 else rf"\mathrm{{{script}}}".replace("_", r"\_")
        return f"{symbol(Token('word', name))}_{{{script}}}"
    if text in FUNCTIONS:
        return rf"\{text}"
    if script:
        return rf"\mathtt{{{text}}}".replace("_", r"\_")
    is_short = len(text) == 1 or (len(text) == 2 and text[0] == "d")
    return text if is_short or text in ("OH", "OW", "kh", "kw") else rf"\mathrm{{{text}}}"
