"""The last activation and the loss, on cases made by hand: every bound from both sides, every sentence."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import numpy as np
import pytest

from tests.probe.doctor.made import HELPS, HELPS_NOT, Tried, case, facts, place, walk
from tinynet.layers import Linear, ReLU, Sigmoid, Softmax, Tanh
from tinynet.losses import binary_cross_entropy_with_logits, cross_entropy, mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD
from tinynet.probe.doctor import endings
from tinynet.probe.doctor.diagnosis import Diagnosis
from tinynet.probe.doctor.truth import TruthFacts

WHY_REFUSED = "Nothing can be learned before the net, the loss and the targets agree about shapes and ranges."


@pytest.mark.parametrize(
    ("refusal", "name", "sentence", "fix"),
    [
        ("expected x of shape (N, 3).\nHint: turn it.", "shape", "expected x of shape (N, 3).", "turn it."),
        ("expected labels below 3.", "labels", "expected labels below 3.", "net.summary(x.shape[1:])"),
        ("expected labels of shape (N,).", "shape", "expected labels of shape (N,).", "net.summary(x.shape[1:])"),
        ("numbers from 0 to 1 are wanted.\nHint: a.", "loss", "numbers from 0 to 1 are wanted.", "a."),
    ],
)
def test_a_refused_batch(refusal: str, name: str, sentence: str, fix: str) -> None:
    expected = Diagnosis(name, "problem", 1.0, f"the first batch is refused: {sentence}", WHY_REFUSED, fix)
    assert endings.refused(case(refusal=refusal, n_steps=0)) == expected
    assert endings.refused(case(refusal=refusal, n_steps=3, ended_by="an error")) == expected
    assert endings.refused(case(refusal=refusal, n_steps=3)) is None
    assert endings.refused(case(refusal=refusal, n_steps=0, usual_step=False)) is None
    assert endings.refused(case(n_steps=0)) is None


WHY_ONE = "exp(x) / exp(x) = 1: the gradient is zero and nothing is learned."
FIX_ONE = "Net([..., Linear(n, 1), Sigmoid()])  # or two units; no activation at all for numbers"


def softmax_case(*shape: int, axis: int = -1, kind: str = "softmax", **known: Any) -> Any:
    first = place("0", Linear(3, 3), "weights"), place("1", Softmax(axis=axis), kind)
    seen = {"0": np.zeros((4, 3)), "1": np.zeros(shape)}
    usual = {"first_walk": walk(*first), "inputs_of": seen, "first_output": np.zeros((4, 3))}
    return case(**usual | known)


def test_a_softmax_of_one_unit() -> None:
    seen = "the softmax has one unit, so its output is 1 for every input"
    one = Diagnosis("softmax1", "problem", 0.98, seen, WHY_ONE, FIX_ONE, "1")
    assert endings.softmax_over_one(softmax_case(4, 1)) == one
    assert endings.softmax_over_one(softmax_case(4, 1, 3, axis=1)) == one
    assert endings.softmax_over_one(softmax_case(4, 3, 1, axis=1)) is None
    assert endings.softmax_over_one(softmax_case(4, 2)) is None
    assert endings.softmax_over_one(softmax_case(4, 1, kind="other")) is None
    assert endings.softmax_over_one(softmax_case(4, 1, inputs_of={})) is None
    unnamed = walk(place("1", ReLU(), "softmax"))  # a layer of one's own, without an axis
    assert endings.softmax_over_one(softmax_case(1, 3, first_walk=unnamed)) is None
    assert endings.softmax_over_one(softmax_case(3, 1, first_walk=unnamed)) == one


def test_a_loss_with_a_softmax_over_one_unit() -> None:
    seen = "the loss has a softmax in it and the net one output: no output changes the loss"
    made = softmax_case(4, 2, first_output=np.zeros((4, 1)), loss_facts=facts(ignores_output=True))
    assert endings.softmax_over_one(made) == Diagnosis("softmax1", "problem", 0.98, seen, WHY_ONE, FIX_ONE)
    assert endings.softmax_over_one(softmax_case(4, 2, first_output=np.zeros((4, 1)))) is None
    wide = softmax_case(4, 2, first_output=np.zeros((1, 2)), loss_facts=facts(ignores_output=True))
    assert endings.softmax_over_one(wide) is None


def ending(layer: Any, kind: str, low: float, high: float, sums: bool = False, **known: Any) -> Any:
    """A net whose last layer has this range."""
    last = place("1", layer, kind)
    usual = {
        "first_walk": walk(place("0", Linear(3, 2), "weights"), last),
        "ending": last,
        "output_range": (low, high, sums),
        "first_output": np.full((4, 2), 0.5, np.float32),
    }
    return case(**usual | known)


Y = np.array([0, 1, 1, 1])
ONE_HOT = np.eye(2)[Y]
CLASSES = TruthFacts("classes", Y, ONE_HOT)


def twice(**known: Any) -> Any:
    usual = {"loss": cross_entropy, "loss_facts": facts(takes="logits", several=True), "truth": CLASSES, "y": Y}
    return ending(Softmax(), "softmax", 0.0, 1.0, True, **usual | known)


def test_a_softmax_before_a_softmax(tried: Tried) -> None:
    tried.gives = [HELPS]
    found = endings.softmax_twice(twice())
    floor = np.log(1 + np.exp(-1))
    seen = "the net ends in probabilities, and cross_entropy applies the softmax itself: the loss cannot fall below "
    seen += f"{floor:.3g}, a guess has 0.562"
    why = "The second softmax sees only numbers from 0 to 1, so it is never sure and its gradient is small."
    fix = "net = Net(list(net)[:-1])  # the loss wants logits"
    assert found == Diagnosis("softmax2", "problem", 0.93, seen, why, fix, "1", experiment=HELPS)
    assert tried.asked == [("the last activation taken out", "first", False)]
    assert len(list(tried.changes[0].net(Net([Linear(3, 2), Softmax()])))) == 1


def test_a_softmax_before_a_softmax_is_tried_with_a_lower_rate_too(tried: Tried) -> None:
    tried.gives = [HELPS_NOT, HELPS]
    assert endings.softmax_twice(twice()).experiment is HELPS
    assert tried.asked[1:] == [("the last activation taken out and a tenth of the rate", "first", False)]
    assert len(list(tried.changes[1].net(Net([Linear(3, 2), Softmax()])))) == 1
    assert tried.changes[1].optimizer(SGD(lr=1.0)).learning_rate == pytest.approx(0.1)
    other = HELPS_NOT.__class__("it", (1.0,), (1.0,), (0.5, 0.5))
    tried.gives = [HELPS_NOT, other]
    assert endings.softmax_twice(twice()).experiment is HELPS_NOT


def test_a_sigmoid_before_a_sigmoid(tried: Tried) -> None:
    known = {"loss": binary_cross_entropy_with_logits, "loss_facts": facts(takes="logits"), "y": ONE_HOT}
    found = endings.softmax_twice(twice(output_range=(0.0, 1.0, False), **known))
    assert found is not None
    assert "binary_cross_entropy_with_logits applies the sigmoid itself: the loss cannot fall below 0.503" in found.seen
    assert found.why.startswith("The second sigmoid sees")
    assert endings.softmax_twice(twice(output_range=(-1.0, 1.0, False), **known)) is None
    unknown = endings.softmax_twice(twice(truth=TruthFacts("", None, None)))
    assert unknown is not None
    assert unknown.seen == "the net ends in probabilities, and cross_entropy applies the softmax itself"


@pytest.mark.parametrize(
    "known",
    [
        {"loss_facts": facts(takes="probabilities", several=True)},
        {"loss_facts": facts(takes="logits", several=True, ignores_output=True)},
        {"ending": None},
        {"output_range": (0.0, 1.0, False)},
    ],
    ids=str,
)
def test_no_softmax_twice_unless_two_layers_are_one(known: dict[str, Any], tried: Tried) -> None:
    assert endings.softmax_twice(twice(**known)) is None
    shape = place("2", ReLU(), "shape")
    two = walk(
        place("0", Linear(3, 2), "weights"), place("1", Softmax(), "softmax"), shape, place("3", None, "softmax")
    )
    found = endings.softmax_twice(twice(first_walk=two, **known))
    why = "The second softmax sees only numbers from 0 to 1, so it is never sure and its gradient is small."
    seen = "layers 1 and 3 are both a softmax"
    assert found == Diagnosis("softmax2", "problem", 0.93, seen, why, "# take out layer 1", "3")


def raw(low: float = -inf, high: float = inf, **known: Any) -> Any:
    output = np.array([[-1.0, 0.5], [0.5, 1.0], [0.0, 3.0], [0.5, 0.5]])
    usual = {
        "loss_facts": facts(takes="probabilities", several=True),
        "truth": CLASSES,
        "first_output": output,
        "loss": cross_entropy,
    }
    return ending(Linear(3, 2), "weights", low, high, **usual | known)


WHY_RAW = "The logarithm of a negative number is NaN, and scores that do not sum to 1 let the loss fall without "
WHY_RAW += "learning."


def test_raw_scores_for_a_loss_of_probabilities() -> None:
    seen = "cross_entropy takes probabilities, the net gives raw scores: 25% of them are not from 0 to 1"
    fix = "Learner(net, cross_entropy, ...)  # or end the net in Softmax()"
    assert endings.no_softmax(raw()) == Diagnosis("no-softmax", "problem", 0.94, seen, WHY_RAW, fix, "1")
    found = endings.no_softmax(raw(ending=None, first_output=np.array([[2.0], [0.5]])))
    seen = "cross_entropy takes probabilities, the net gives raw scores: 50% of them are not from 0 to 1"
    fix = "Learner(net, binary_cross_entropy_with_logits, ...)  # or end the net in Sigmoid()"
    assert found == Diagnosis("no-softmax", "problem", 0.94, seen, WHY_RAW, fix)
    found = endings.no_softmax(raw(loss_facts=facts(takes="probabilities", overlaps=True)))
    why = "Where numbers are below 0 or above 1, an overlap can be more than all or less than nothing."
    seen = "cross_entropy takes probabilities, the net gives raw scores: 25% of them are not from 0 to 1"
    fix = "Net([..., Sigmoid()])  # or Softmax over the classes"
    assert found == Diagnosis("no-softmax", "problem", 0.94, seen, why, fix)


LOGARITHMS = facts(takes="log-probabilities", several=True)
SURE = np.log(np.array([[0.25, 0.75], [0.5, 0.5], [0.9, 0.1], [0.25, 0.75]]))


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"output_range": (-inf, inf, True)}, False),
        ({"loss_facts": facts()}, False),
        ({"output_range": (-1.0, 1.0, False)}, False),
        ({"output_range": (0.0, inf, False)}, False),
        ({"output_range": (-1.0, inf, False)}, True),
        ({"output_range": (-inf, 1.0, False)}, True),
        ({"loss_facts": LOGARITHMS}, True),
        ({"loss_facts": LOGARITHMS, "truth": TruthFacts("numbers", None, None)}, False),
        ({"loss_facts": LOGARITHMS, "first_output": SURE}, False),
        ({"loss_facts": LOGARITHMS, "first_output": SURE + np.log(1.009)}, False),
        ({"loss_facts": LOGARITHMS, "first_output": SURE + np.log(1.02)}, True),
        ({"loss_facts": LOGARITHMS, "first_output": SURE - np.log(1.02)}, True),
        ({"loss_facts": LOGARITHMS, "first_output": np.full((4, 2), nan)}, False),
    ],
    ids=str,
)
def test_the_edges_of_raw_scores(known: dict[str, Any], said: bool) -> None:
    assert (endings.no_softmax(raw(**known)) is not None) is said


def test_probabilities_in_place_of_their_logarithms() -> None:
    found = endings.no_softmax(raw(output_range=(0.0, 1.0, True), loss_facts=LOGARITHMS))
    seen = "cross_entropy takes the logarithms of probabilities, and the net ends in probabilities"
    why = "Its gradient is then the same for a sure mistake and for a right answer, and the loss is no surprise but −p."
    fix = "Net([..., LogSoftmax()])  # or no activation and cross_entropy"
    assert found == Diagnosis("loss", "problem", 0.95, seen, why, fix, "1")
    found = endings.no_softmax(raw(output_range=(0.0, 1.0, True), loss_facts=LOGARITHMS, ending=None))
    assert found == Diagnosis("loss", "problem", 0.95, seen, why, fix)
    numbers = TruthFacts("numbers", None, None)
    assert endings.no_softmax(raw(output_range=(0.0, 1.0, True), loss_facts=LOGARITHMS, truth=numbers)) is None


def unfit(layer: Any, low: float, high: float, sums: bool = False, kind: str = "squash", **known: Any) -> Any:
    return endings.unfit_activation(ending(layer, kind, low, high, sums, **known))


def test_an_activation_for_each_where_one_of_several_is_wanted() -> None:
    seen = "the net ends in Sigmoid, which gives from 0 to 1, and the loss takes probabilities that sum to 1"
    why = "Outputs that do not compete can all grow together: the loss falls without a choice between the classes."
    fix = "Net([..., Linear(n, n_classes), Softmax()])  # or no activation and cross_entropy"
    several = facts(takes="probabilities", several=True)
    assert unfit(Sigmoid(), 0.0, 1.0, loss_facts=several) == Diagnosis("out-act", "problem", 0.9, seen, why, fix, "1")
    overlap = facts(takes="probabilities", several=True, overlaps=True)
    assert unfit(Sigmoid(), 0.0, 1.0, loss_facts=overlap) is None
    assert unfit(Softmax(), 0.0, 1.0, True, loss_facts=several, first_output=np.zeros((4, 1))) is None


def test_an_activation_that_gives_no_probabilities() -> None:
    why = "The logarithm of 0, or of a number below it or above 1, is infinite or NaN."
    fix = "Net([..., Linear(n, 1), Sigmoid()])"
    takes = {"loss_facts": facts(takes="probabilities")}
    seen = "the net ends in Tanh, which gives from -1 to 1, and the loss takes probabilities"
    assert unfit(Tanh(), -1.0, 1.0, **takes) == Diagnosis("out-act", "problem", 0.9, seen, why, fix, "1")
    assert unfit(ReLU(), 0.0, inf, kind="relu", **takes).seen.startswith("the net ends in ReLU, which gives at least 0")
    assert unfit(ReLU(), 0.0, 1.0, **takes) is None


@pytest.mark.parametrize(
    "known", [{"ending": None}, {"kind": "weights"}, {"kind": "norm"}, {"output_range": (-inf, inf, False)}], ids=str
)
def test_no_activation_is_unfit_if_there_is_none(known: dict[str, Any]) -> None:
    assert unfit(Tanh(), -1.0, 1.0, loss_facts=facts(takes="probabilities")) is not None
    assert unfit(Tanh(), -1.0, 1.0, **{"loss_facts": facts(takes="probabilities")} | known) is None


def test_what_softmax_twice_says_is_not_said_again(tried: Tried) -> None:
    scores = {"loss": cross_entropy, "y": Y, "truth": CLASSES}
    logits, several = facts(takes="logits"), facts(takes="logits", several=True)
    assert unfit(Sigmoid(), 0.0, 1.0, loss_facts=logits, **scores) is None
    assert unfit(Sigmoid(), 0.0, 1.0, loss_facts=several, **scores) is not None
    assert unfit(Tanh(), -1.0, 1.0, loss_facts=logits, **scores) is not None
    assert unfit(Softmax(), 0.0, 1.0, True, loss_facts=logits, first_output=np.zeros((4, 1)), **scores) is None


def test_a_softmax_for_several_truths_at_once() -> None:
    values = np.array([[0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    seen = "the net ends in a softmax, whose outputs sum to 1, and the targets of a row sum to 0 to 2"
    why = "A softmax chooses one of several. Where several can be true at once, or none, each needs a yes or no of its "
    why += "own."
    fix = "Learner(net, binary_cross_entropy_with_logits, ...)  # without the softmax; for numbers mean_squared_error"
    truth = TruthFacts("binary", None, values)
    expected = Diagnosis("out-act", "problem", 0.9, seen, why, fix, "1")
    assert unfit(Softmax(), 0.0, 1.0, True, truth=truth) == expected
    assert unfit(Softmax(), 0.0, 1.0, True, truth=truth, loss_facts=facts(takes="logits")) is None
    assert unfit(Softmax(), 0.0, 1.0, True, truth=TruthFacts("", None, None)) is None
    for total, said in ((1.0009, False), (1.002, True), (0.998, True)):
        truth = TruthFacts("numbers", None, np.array([[0.5, 0.5], [0.5, total - 0.5]]))
        assert (unfit(Softmax(), 0.0, 1.0, True, truth=truth) is not None) is said


def outside(values: Any, layer: Any = None, low: float = 0.0, high: float = 1.0, **known: Any) -> Diagnosis | None:
    values = np.array(values, float)
    truth = TruthFacts("numbers", None, values)
    usual = {"truth": truth, "y": values, "first_output": np.zeros(values.shape, np.float32)}
    return unfit(layer or Sigmoid(), low, high, **usual | known)


WHY_UNREACHED = "No weights can make up for an output that cannot be reached."
FIX_UNREACHED = "net = Net(list(net)[:-1])  # no activation after the last Linear"


def test_targets_out_of_reach() -> None:
    seen = "the net ends in Sigmoid, which gives from 0 to 1, and 50% of the targets lie outside: they go from -1 to 2"
    expected = Diagnosis("out-act", "problem", 0.9, seen, WHY_UNREACHED, FIX_UNREACHED, "1")
    assert outside([[0.0], [1.0], [-1.0], [2.0]]) == expected
    assert outside([[0.0], [1.0], [-1.0], [2.0]], goes_well=True) is None
    assert outside([[0.0], [1.0]]) is None
    assert outside([[0.0], [2.0]]) is not None
    assert outside([[-1.0], [1.0]]) is not None
    assert outside([[nan], [2.0]]) is None
    assert outside([[1.0], [2.0]], ReLU(), 0.0, inf) is None
    assert outside([[1.0], [2.0]], Tanh(), truth=TruthFacts("", None, None)) is None


def test_what_is_hardly_out_of_reach_costs_nothing() -> None:
    def by(loss: float) -> Any:  # the loss of all that is not the best constant
        return lambda p, y: ((10.0 if np.ptp(p) == 0 else loss), p)

    for least, said in ((0.2, False), (0.21, True), (-1.0, False), (inf, False)):
        assert (outside([[0.5], [0.25], [-1.0], [2.0]], loss=by(least)) is not None) is said

    def below(p: Any, y: Any) -> tuple[float, Any]:
        return (-10.0 if np.ptp(p) == 0 else -0.3), p

    assert outside([[0.5], [0.25], [-1.0], [2.0]], loss=below) is None
    assert outside([[0.5], [0.25], [-1.0], [2.0]], loss=lambda p, y: (inf if np.ptp(p) == 0 else 1.0, p)) is None


def test_scores_out_of_reach(tried: Tried) -> None:
    known = {"loss": cross_entropy, "y": Y, "truth": CLASSES, "loss_facts": facts(takes="logits", several=True)}
    found = unfit(Tanh(), -1.0, 1.0, **known)
    seen = f"the net ends in Tanh, which gives from -1 to 1; the loss cannot fall below {np.log1p(np.exp(-2)):.3g}, "
    seen += "and a constant has 0.562"
    assert found == Diagnosis("out-act", "problem", 0.9, seen, WHY_UNREACHED, FIX_UNREACHED, "1")


def cut(low: float = 0.0, high: float = inf, takes: str = "logits", **known: Any) -> Diagnosis | None:
    made = ending(ReLU(), "relu", low, high, loss=cross_entropy, loss_facts=facts(takes=takes), **known)
    return endings._cut_off(made, "ReLU", "1")


def test_scores_that_are_cut_off(tried: Tried) -> None:
    seen = "the net ends in ReLU, and cross_entropy takes scores of any sign: none can be below 0"
    why = "A score that is cut off has no gradient; a class whose unit is dead is never learned."
    remark = Diagnosis("out-act", "remark", 0.45, seen, why, FIX_UNREACHED, "1", experiment=HELPS_NOT)
    assert cut() == remark
    assert tried.asked == [("the last activation taken out", "first", False)]
    assert len(list(tried.changes[0].net(Net([Linear(3, 2), ReLU()])))) == 1
    assert cut(goes_badly=True) == Diagnosis("out-act", "problem", 0.9, seen, why, FIX_UNREACHED, "1", None, HELPS_NOT)
    tried.gives = [HELPS]
    assert cut().level == "problem"
    assert cut(goes_well=True).level == "remark"
    assert cut(low=-1.0) is None
    assert cut(high=6.0) is None
    assert cut(takes="numbers") is None
    whole = {"y": Y, "truth": CLASSES, "loss": cross_entropy, "loss_facts": facts(takes="logits", several=True)}
    assert unfit(ReLU(), 0.0, inf, kind="relu", **whole).seen == seen


def least(values: Any, takes: str, low: float, high: float, loss: Any) -> float:
    values = np.array(values, float)
    output = np.zeros(values.shape, np.float32)
    truth = TruthFacts("numbers", None, values)
    made = case(truth=truth, loss_facts=facts(takes=takes), output_range=(low, high, False), first_output=output)
    made.y, made.loss = values, loss
    return endings._least_loss(made)


def test_the_least_loss() -> None:
    def given(p: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
        assert p.dtype == np.float32
        return float(p @ [1, 100, 10000]), p

    values = [0.5, 0.51, 7.0]
    assert least(values, "numbers", 0.0, 1.0, given) == pytest.approx(0.5 + 51 + 10000)
    assert least(values, "logits", -1.0, 2.0, given) == pytest.approx(-1 + 200 + 20000)
    assert least(values, "logits", -inf, inf, given) == pytest.approx(-30 + 3000 + 300000)
    assert least([0.0, 0.25, 1.0], "probabilities", 0.0, 1.0, given) == pytest.approx(1e-6 + 25 + 9999.99, rel=1e-7)
    assert np.isnan(least(values, "log-probabilities", -inf, 0.0, given))
    assert np.isnan(least(values, "", 0.0, 1.0, given))
    assert least([3.0], "numbers", 0.0, 1.0, lambda p, y: mean_squared_error(p, y.astype(np.float32))) == 4


def test_a_range_in_words() -> None:
    assert endings._range_text(-inf, 1.0) == "at most 1"
    assert endings._range_text(0.5, inf) == "at least 0.5"
    assert endings._range_text(-1.0, 1.0) == "from -1 to 1"
