"""Draws configurations of losses: the options, the shape of the predictions and the kind of truth (`arrays.truth`)."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.parity.drawing import Configuration, Draw, shape, size

REDUCTION = st.sampled_from(["mean", "sum"])


@st.composite
def over_classes(
    draw: Draw, truths: tuple[str, ...] = ("labels",), weight: str = "weight", **options: Any
) -> Configuration:
    axis, truth = draw(st.sampled_from([-1, 1])), draw(st.sampled_from(truths))
    dims = draw(shape(2, 4))
    arguments = {"axis": axis, "reduction": draw(REDUCTION)}
    arguments |= {name: draw(values) for name, values in options.items()}
    if truth != "labels":
        arguments.pop("ignore_index", None)
    weights = {weight: [dims[axis]]} if weight and draw(st.booleans()) else {}
    return {"arguments": arguments, "shape": dims, "truth": truth, "weights": weights}


@st.composite
def over_numbers(draw: Draw, truth: str = "numbers", **options: Any) -> Configuration:
    arguments = {"reduction": draw(REDUCTION)} | {name: draw(values) for name, values in options.items()}
    return {"arguments": arguments, "shape": draw(shape()), "truth": truth}


@st.composite
def yes_or_no(draw: Draw) -> Configuration:
    dims = draw(shape())
    shapes = {"weight": dims, "pos_weight": dims[-1:]}
    weights = {name: value for name, value in shapes.items() if draw(st.booleans())}
    return {"arguments": {"reduction": draw(REDUCTION)}, "shape": dims, "truth": "shares", "weights": weights}


@st.composite
def contrast(draw: Draw) -> Configuration:
    n, features = draw(size(1, 4)), draw(size(1, 4))
    keys = [n + draw(size(0, 3)), features]
    arguments = {"temperature": draw(st.sampled_from([0.1, 1.0])), "reduction": draw(REDUCTION)}
    truth = draw(st.sampled_from(["keys", "nothing"]))
    return {"arguments": arguments, "shape": [n, features], "others": [keys], "truth": truth}


@st.composite
def in_time(draw: Draw) -> Configuration:
    classes = draw(size(2, 4))
    arguments = {"blank": draw(size(0, classes - 1)), "reduction": draw(REDUCTION), "zero_infinity": True}
    dims = [draw(size(1, 3)), draw(size(1, 12)), classes]
    return {"arguments": arguments, "shape": dims, "truth": "in time", "longest": draw(size(1, 4))}


@st.composite
def probabilities_of_yes(draw: Draw) -> Configuration:
    dims = draw(shape())
    weights = {"weight": draw(st.sampled_from([dims, dims[-1:]]))} if draw(st.booleans()) else {}
    arguments = {"reduction": draw(REDUCTION)}
    truth = draw(st.sampled_from(["shares", "answers"]))
    return {"arguments": arguments, "shape": dims, "truth": truth, "weights": weights, "ranges": ["probabilities"]}


@st.composite
def regions(draw: Draw) -> Configuration:
    """Probabilities of classes, or of yes."""
    smooth, shares = st.sampled_from([0.0, 0.1, 1.0]), {"ranges": ["probabilities"]}
    if draw(st.booleans()):
        drawn = draw(over_classes(("labels", "probabilities"), smooth=smooth, ignore_index=IGNORED))
        return drawn | shares
    arguments = {"axis": None, "smooth": draw(smooth), "reduction": draw(REDUCTION)}
    return {"arguments": arguments, "shape": draw(shape(2, 4)), "truth": "answers", "weights": {}} | shares


@st.composite
def ranked(draw: Draw) -> Configuration:
    arguments = {"margin": draw(st.sampled_from([0.0, 0.5, 2.0])), "reduction": draw(REDUCTION)}
    dims = draw(shape())
    return {"arguments": arguments, "shape": dims, "others": [dims], "truth": "signs"}


@st.composite
def pairs(draw: Draw) -> Configuration:
    arguments = {"margin": draw(st.sampled_from([-0.5, 0.0, 0.5])), "reduction": draw(REDUCTION)}
    dims = draw(shape(2, 2))
    kinds = {"truth": "signs of rows", "ranges": ["far from 0"] * 2}  # PyTorch adds 1e-12 to squared lengths
    return {"arguments": arguments, "shape": dims, "others": [dims]} | kinds


@st.composite
def with_variances(draw: Draw) -> Configuration:
    dims = draw(shape())
    arguments = {"full": draw(st.booleans()), "eps": draw(st.sampled_from([1e-6, 0.5])), "reduction": draw(REDUCTION)}
    variances = draw(st.sampled_from([dims, [*dims[:-1], 1], dims[:-1] or [1]]))
    kinds = {"truth": "numbers", "ranges": ["any", "positive"]}
    return {"arguments": arguments, "shape": dims, "others": [variances]} | kinds


@st.composite
def of_counts(draw: Draw) -> Configuration:
    arguments = {"log_input": draw(st.booleans()), "full": draw(st.booleans())}
    arguments |= {"eps": draw(st.sampled_from([1e-8, 0.1])), "reduction": draw(REDUCTION)}
    ranges = ["any" if arguments["log_input"] else "positive"]
    return {"arguments": arguments, "shape": draw(shape()), "truth": "counts", "ranges": ranges}


IGNORED = st.sampled_from([None, -100])
LOSSES = {
    "cross_entropy": over_classes(
        ("labels", "probabilities"), ignore_index=IGNORED, label_smoothing=st.sampled_from([0.0, 0.1, 0.5])
    ),
    "negative_log_likelihood": over_classes(ignore_index=IGNORED),
    "focal": over_classes(weight="alpha", gamma=st.sampled_from([0.0, 1.0, 2.0, 5.0])),
    "multi_margin": over_classes(margin=st.sampled_from([0.5, 1.0, 2.0])),
    "kl_divergence": over_classes(("probabilities",), weight=""),
    "mean_squared_error": over_numbers(),
    "mean_absolute_error": over_numbers(),
    "huber": over_numbers(delta=st.sampled_from([0.3, 1.0, 2.0])),
    "hinge": over_numbers("signs", margin=st.sampled_from([0.5, 1.0, 2.0])),
    "binary_cross_entropy_with_logits": yes_or_no(),
    "binary_cross_entropy": probabilities_of_yes(),
    "soft_dice": regions(),
    "margin_ranking": ranked(),
    "cosine_embedding": pairs(),
    "gaussian_nll": with_variances(),
    "poisson_nll": of_counts(),
    "info_nce": contrast(),
    "ctc": in_time(),
}
