"""What a number is, in words, for every kind of name in a trace; where numbers come from; and walks through a step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinynet as tn
from tinynet.core import Parameter
from tinynet.layers import BatchNorm1D, Dropout, Layer, Linear, MultiHeadAttention, ReLU
from tinynet.losses import mean_squared_error
from tinynet.net import Net
from tinynet.optimizers import SGD
from tinynet.probe import Trace, walk
from tinynet.probe.explain import own_layers
from tinynet.probe.explain.answers import described
from tinynet.probe.explain.cuts import Cuts
from tinynet.probe.explain.explainer import Explainer
from tinynet.probe.explain.meanings import Meaning, Meanings
from tinynet.probe.explain.places import given_index, place_of
from tinynet.probe.trace import LayerStep


@pytest.fixture(scope="module")
def step() -> Trace:
    """Three samples, with numbers that can be followed by hand."""
    net = Net([Linear(2, 2), ReLU(), Net([Linear(2, 1, bias=False)])])
    net.load_state({"0.weight": [[1.0, 2.0], [-1.0, 1.0]], "0.bias": [0.5, 0.0], "2.0.weight": [[2.0, 3.0]]})
    x = np.array([[1.0, 2.0], [3.0, -1.0], [2.0, 1.0]], np.float32)
    return tn.trace(net, x, np.zeros((3, 1), np.float32), mean_squared_error, SGD(lr=0.5, momentum=0.5))


LINEAR = "layer 0, Linear(in_features=2, out_features=2)"
LAST = "layer 2.0, Linear(in_features=2, out_features=1, bias=False)"


@pytest.mark.parametrize(
    ("name", "index", "title"),
    [
        ("x", (1, 0), "x[1, 0]: the data."),
        ("0.x", (1, 0), "x[1, 0]: the data. It is 0.x[1, 0], too."),
        ("0.y", (1, 0), f"0.y[1, 0], an output of {LINEAR}."),
        ("1.x", (1, 0), f"0.y[1, 0], an output of {LINEAR}. It is 1.x[1, 0], too."),
        ("y", (2, 0), f"2.0.y[2, 0], an output of {LAST}. It is y[2, 0], too."),
        (
            "1.dx",
            (0, 1),
            "1.dx[0, 1] = ∂L/∂x of layer 1, ReLU(): how the loss changes with that input.",
        ),
        (
            "2.dx",
            (0, 1),
            f"2.0.dx[0, 1] = ∂L/∂x of {LAST}: how the loss changes with that input. It is 2.dx[0, 1], too.",
        ),
        (
            "dy",
            (0, 0),
            "dy[0, 0] = ∂L/∂y, the gradient of the loss mean_squared_error, which "
            "Net(layers=[Linear, ReLU, Net]) gets.",
        ),
        (
            "0.weight.gradient",
            (1, 0),
            f"0.weight.gradient[1, 0] = ∂L/∂w: how the loss changes with this number of 0.weight of {LINEAR}.",
        ),
        (
            "0.weight",
            (1, 0),
            "0.weight[1, 0] = −1 before the step. 0.weight.gradient[1, 0] = ∂L/∂w: how the loss changes with this "
            f"number of 0.weight of {LINEAR}.",
        ),
        ("0.weight.after", (1, 0), "0.weight.after[1, 0], after the update by SGD."),
        ("0.weight.velocity", (1, 0), "0.weight.velocity[1, 0], after the update by SGD."),
        ("ground_truth", (1, 0), "ground_truth[1, 0]: the truth."),
        ("loss", (), "The loss of this batch, mean_squared_error."),
        (
            "loss",
            (1,),
            "loss[1]: what this part of the batch adds to the sum in the loss, mean_squared_error.",
        ),
    ],
)
def test_what_a_number_is(step: Trace, name: str, index: tuple[int, ...], title: str) -> None:
    assert tn.explain(step, name, index).title == title


def test_a_weight_and_what_becomes_of_it(step: Trace) -> None:
    story = tn.explain(step, "0.weight", (0, 1))
    assert [chapter.result.symbol for chapter in story.chapters] == ["0.weight.after[0, 1]"]
    assert list(story.formula) == ["Gradients"]
    assert "v = μ·v_before + ∇" in str(story.chapters[0])
    assert tn.explain(step, "0.y", (0, 1)).formula.keys() == {"Equation"}
    assert tn.explain(step, "loss").formula.keys() == {"Equation"}
    assert tn.explain(step, "dy", (0, 0)).formula.keys() == {"Gradients"}


def test_other_kinds_of_names() -> None:
    tn.seed(0)
    net = Net([BatchNorm1D(2), Dropout(0.5), Linear(2, 1)])
    net[2].weight.trainable = False
    x = np.array([[1.0, 2.0], [3.0, -1.0], [2.0, 1.0]], np.float32)
    rule = SGD(lr=0.5, clip_value=1e-6)
    found = tn.trace(net, x, np.zeros((3, 1), np.float32), mean_squared_error, rule)
    norm = described(found.layers["0"])
    titles = {
        ("0.running_mean", (1,)): "0.running_mean[1]: a running statistic.",
        (
            "0.running_mean.after",
            (1,),
        ): f"0.running_mean.after[1], a running statistic of {norm}, after the step.",
        ("1.m", (1, 1)): "1.m[1, 1], remembered by layer 1, Dropout(p=0.5).",
        ("0.std", (1,)): f"0.std[1], computed on the way by {norm}.",
        (
            "2.bias.gradient.used",
            (0,),
        ): "2.bias.gradient.used[0]: the gradient that reached the rule, after means and clipping.",
        ("2.weight.after", (0, 1)): "2.weight.after[0, 1], after the update by no rule. It stays: nothing updates it.",
    }
    for (name, index), title in titles.items():
        assert tn.explain(found, name, index).title.startswith(title), name
    text = str(tn.explain(found, "2.weight.gradient", (0, 1)))
    assert text.endswith("2.weight.gradient[0, 1] = 0 (the parameter is frozen)   │ 0 = 0")
    lone = tn.trace(Net([Linear(2, 1)]), x, np.zeros((3, 1)), mean_squared_error)
    assert tn.explain(lone, "0.weight", (0, 1)).chapters == []


def test_a_layer_in_words() -> None:
    def made(path: str, arguments: dict[str, str]) -> LayerStep:
        return LayerStep(path, "Own", arguments, {}, True, {}, True, [], [], {})

    assert described(made("", {})) == "Own()"
    assert described(made("1.2", {"a": "1", "b": "'x'"})) == "layer 1.2, Own(a=1, b='x')"
    assert described(made("0", {"a": "1" * 77})) == f"layer 0, Own(a={'1' * 77})"
    assert described(made("0", {"a": "1" * 78})) == "layer 0, Own"


# Names and what they mean.


def test_every_name_has_its_meaning(step: Trace) -> None:
    of = Meanings(step).of
    assert {name: of[name] for name in step} == of
    expected = {
        "x": Meaning("input", "", "x", 0),
        "y": Meaning("output", "", "y", 0),
        "dy": Meaning("output gradient", "", "dy", 0),
        "dx": Meaning("input gradient", "", "dx", 0),
        "1.x": Meaning("input", "1", "x", 0),
        "1.y": Meaning("output", "1", "y", 0),
        "1.dy": Meaning("output gradient", "1", "dy", 0),
        "1.dx": Meaning("input gradient", "1", "dx", 0),
        "2.0.weight": Meaning("parameter", "2.0.weight"),
        "2.0.weight.gradient": Meaning("gradient", "2.0.weight", "gradient"),
        "2.0.weight.after": Meaning("update", "2.0.weight", "after"),
        "2.0.weight.velocity": Meaning("slot", "2.0.weight", "velocity"),
        "ground_truth": Meaning("ground truth", short="ground_truth"),
        "loss": Meaning("loss", short="loss"),
    }
    for name, meaning in expected.items():
        assert of[name] == meaning, name


def test_names_that_were_not_recorded(step: Trace) -> None:
    meanings = Meanings(step)
    assert meanings.meaning("loss.S") == Meaning("loss", short="S")
    assert meanings.meaning("0.weight.gradient.squares") == Meaning("slot", "0.weight", "gradient.squares")
    assert meanings.meaning("2.0.p") == Meaning("memory", "2.0", "p")
    assert meanings.meaning("2.p") == Meaning("memory", "2", "p")
    assert meanings.meaning("p") == Meaning("memory", "", "p")
    assert meanings.meaning("0.y") == Meaning("output", "0", "y", 0)


def test_where_arrays_were_computed(step: Trace) -> None:
    meanings = Meanings(step)
    origins = {"0.x": "x", "1.x": "0.y", "2.x": "1.y", "2.0.x": "1.y", "2.y": "2.0.y", "y": "2.0.y", "0.y": "0.y"}
    origins |= {"2.dy": "dy", "2.0.dy": "dy", "dy": "dy", "1.dy": "2.0.dx", "0.dy": "1.dx", "dx": "0.dx"}
    origins |= {"0.weight": "0.weight", "0.weight.gradient": "0.weight.gradient", "loss": "loss"}
    assert {name: meanings.origin(name) for name in origins} == origins
    assert meanings.parent("2.0").path == "2"
    assert meanings.parent("1").path == ""
    assert meanings.parent("") is None


def test_several_inputs_have_their_parts() -> None:
    net = Net([MultiHeadAttention(2, 1)])
    x = np.random.default_rng(0).normal(size=(1, 3, 2)).astype(np.float32)
    found = tn.trace(net, (x, x + 1), np.zeros((1, 3, 2), np.float32), mean_squared_error)
    of = Meanings(found).of
    assert of["0.x.1"] == Meaning("input", "0", "x.1", 1)
    assert of["0.dx.1"] == Meaning("input gradient", "0", "dx.1", 1)
    assert of["x.1"] == Meaning("input", "", "x.1", 1)
    assert of["0.log_sum"] == Meaning("memory", "0", "log_sum")


# Which number is meant.


def test_places(step: Trace) -> None:
    assert place_of(step, "x", (1, -1), None) == (1, 1)
    assert place_of(step, "x", [-3, -2], None) == (0, 0)
    assert place_of(step, "x", None, 1) == (1, 0)
    assert place_of(step, "x", None, 0) == (0, 1)
    assert place_of(step, "x", 1, 2) == (2, 1)
    assert place_of(step, "loss", None, None) == ()
    assert place_of(step, "0.bias", 1, None) == (1,)
    assert place_of(step, "0.bias", None, 1) == (1,)
    assert given_index((1, 2), 0) == (0, 1, 2)
    assert given_index(None, 3) == (3,)


@pytest.mark.parametrize(
    ("name", "index", "sample", "words"),
    [
        (
            "x",
            None,
            None,
            "explain: x: an array of shape (3, 2) needs an index with 2 numbers, got ().\n"
            "Hint: write explain(trace, 'x', (1, 1)) for one number of it.",
        ),
        (
            "x",
            (0, 0, 0),
            None,
            "explain: x: an array of shape (3, 2) needs an index with 2 numbers, got (0, 0, 0).\n"
            "Hint: write explain(trace, 'x', (1, 1)) for one number of it.",
        ),
        (
            "x",
            (0, 2),
            None,
            "explain: x: there is no index 2 in axis 1 of an array of shape (3, 2).\nHint: it counts from 0 to 1.",
        ),
        (
            "x",
            (-4, 0),
            None,
            "explain: x: there is no index -4 in axis 0 of an array of shape (3, 2).\nHint: it counts from 0 to 2.",
        ),
        (
            "x",
            None,
            3,
            "explain: x: an array of shape (3, 2) needs an index with 2 numbers, got (3,).\n"
            "Hint: write explain(trace, 'x', (1, 1)) for one number of it.",
        ),
    ],
)
def test_places_that_are_none(step: Trace, name: str, index: Any, sample: int | None, words: str) -> None:
    with pytest.raises(IndexError) as caught:
        place_of(step, name, index, sample)
    assert str(caught.value) == words


def test_an_empty_array_has_no_place() -> None:
    made = Trace({"a": np.zeros((2, 0)), "b": np.zeros(0)}, {}, {}, {}, {})
    with pytest.raises(
        IndexError, match=r"explain: b: there is no index 0 in axis 0 .*shape \(0,\)\.\nHint: it is empty\."
    ):
        place_of(made, "b", 0, None)
    with pytest.raises(IndexError, match=r"needs an index with 2 numbers, got \(1,\)\.\nHint: .*\(1, 0\)"):
        place_of(made, "a", None, 1)
    with pytest.raises(ValueError, match=r"^explain: sample must be at least 0, got -1"):
        given_index(1, -1)
    with pytest.raises(TypeError, match=r"^explain: index must be an integer, got"):
        given_index("a", None)


@pytest.mark.parametrize("terms", [0, -1, 1.5])
def test_terms_are_at_least_one(step: Trace, terms: Any) -> None:
    for call in (lambda: tn.explain(step, "0.y", (0, 0), terms=terms), lambda: walk(step, terms=terms)):
        with pytest.raises((TypeError, ValueError), match=r"^(explain|walk): terms must be"):
            call()
    assert len(tn.explain(step, "0.y", (0, 0), terms=1).lines) == 1
    with pytest.raises(TypeError, match=r"^explain: name must be"):
        tn.explain(step, 3)
    with pytest.raises(TypeError, match=r"^walk: weight must be"):
        walk(step, weight=3)


def test_values_on_the_way(step: Trace) -> None:
    explainer = Explainer(step)
    assert explainer.is_on_the_way("loss")
    assert explainer.is_on_the_way("0.weight.gradient.squares")
    for name in ("0.y", "0.weight", "0.weight.velocity", "loss.S", "0.weight.nothing", "2.p", 3):
        assert not explainer.is_on_the_way(name), name


# A layer of one's own.


class Scaled(Layer):
    """y = a x + 1"""

    def __init__(self) -> None:
        self.a = Parameter(np.array([2.0, 3.0]))

    def forward(self, x: Any) -> Any:
        self.remember(x=x)
        return self.a.tensor * x + 1

    def backward(self, dy: Any) -> Any:
        (x,) = self.recall()
        self.a.accumulate((dy * x).sum(axis=0))
        return dy * self.a.tensor


def own(monkeypatch: Any = None, most: int = 512) -> Trace:
    if monkeypatch is not None:
        monkeypatch.setattr(own_layers, "MAX_PASSES", most)
    x = np.array([[1.0, 2.0], [3.0, -1.0]], np.float32)
    return tn.trace(Net([Scaled()]), x, np.array([[0.0, 0.0], [6.0, 5.0]], np.float32), mean_squared_error)


def equation(step: Trace, name: str, index: tuple[int, ...]) -> str:
    found = tn.explain(step, name, index)
    return f"{found.expression.symbols()} │ {found.expression.numbers()} = {found.value:g}"


def test_a_layer_of_ones_own(monkeypatch: Any) -> None:
    found = own()  # y = (3, 7), (7, −2)    dy = y − truth = (3, 7), (1, −7), times 2 / 4
    assert equation(found, "0.y", (1, 0)) == ("∂y[1, 0]/∂x[1, 0]·x[1, 0] + what is not proportional to x │ 2·3 + 1 = 7")
    assert equation(found, "0.dx", (1, 1)) == "dy[1, 1]·∂y[1, 1]/∂x[1, 1] │ −3.5·3 = -10.5"
    assert equation(found, "0.a.gradient", (1,)) == (
        "dy[0, 1]·∂y[0, 1]/∂a[1] + dy[1, 1]·∂y[1, 1]/∂a[1] │ 3.5·2 − 3.5·(−1) = 10.5"
    )
    formulas = [each.formula for each in _totals(found, "0.y", (1, 0))]
    assert formulas == ["Σⱼ ∂y[1, 0]/∂xⱼ·xⱼ"]
    assert [each.formula for each in _totals(found, "0.dx", (1, 1))] == ["Σᵢ dyᵢ·∂yᵢ/∂x[1, 1]"]
    cut = own(monkeypatch, most=1)
    assert equation(cut, "0.a.gradient", (1,)) == (
        "dy[0, 1]·∂y[0, 1]/∂a[1] + the other 3 outputs together │ 3.5·2 + 3.5 = 10.5"
    )
    assert equation(cut, "0.dx", (1, 1)) == "dy[1, 1]·∂y[1, 1]/∂x[1, 1] │ −3.5·3 = -10.5"
    assert equation(cut, "0.dx", (1, 0)) == "the other 3 outputs together │ 1 = 1"


def _totals(step: Trace, name: str, index: tuple[int, ...]) -> Any:
    from tinynet.probe.explain.totals import all_totals

    return all_totals(tn.explain(step, name, index).result)


def test_the_gradient_that_was_there_before_does_not_count_in_a_copy() -> None:
    net = Net([Scaled()])
    net[0].a.accumulate([100.0, 100.0])
    x = np.array([[1.0, 2.0]], np.float32)
    found = tn.trace(net, x, np.zeros((1, 2), np.float32), mean_squared_error)
    text = tn.explain(found, "0.a.gradient", (1,)).expression.symbols()
    assert text == "dy[0, 1]·∂y[0, 1]/∂a[1] + 0.a.gradient.before[1]"
    assert tn.explain(found, "0.a.gradient", (1,)).value == 7 * 2 + 100


# A walk.


def test_a_walk_by_hand(step: Trace) -> None:
    # a = (5.5, 1), (1.5, −4), (4.5, −1)    h = (5.5, 1), (1.5, 0), (4.5, 0)    y = 14, 3, 9
    whole = walk(step, sample=1, weight="0.weight", index=(0, 1))
    assert whole.title == (
        "One training step of Net: batch (3, 2), loss mean_squared_error, SGD. Sample 1 of the batch is followed."
    )
    assert [(chapter.heading, chapter.words) for chapter in whole.chapters] == [
        ("Forward: layer 0, Linear", "(3, 2) → (3, 2)."),
        ("Forward: layer 1, ReLU", "(3, 2) → (3, 2); 2 of its 6 numbers are 0."),
        ("Forward: layer 2.0, Linear", "(3, 2) → (3, 1)."),
        ("The loss", ""),
        ("The loss of sample 1", ""),
        ("The gradient of the loss", ""),
        ("Backward: layer 2.0, Linear", "∂L/∂x is (3, 2)."),
        ("Backward: layer 1, ReLU", "∂L/∂x is (3, 2); 2 of its 6 numbers are 0."),
        ("Backward: layer 0, Linear", "∂L/∂x is (3, 2)."),
        ("The parameter 0.weight", ""),
    ]
    symbols = [chapter.explanation.result.symbol for chapter in whole.chapters]
    assert symbols == [
        "0.y[1, 0]",
        "1.y[1, 0]",
        "2.0.y[1, 0]",
        "loss",
        "loss[1]",
        "dy[1, 0]",
        "2.0.dx[1, 0]",
        "1.dx[1, 0]",
        "0.dx[1, 1]",
        "0.weight.gradient[0, 1]",
    ]
    first = walk(step)
    assert first.title.endswith("Sample 0 of the batch is followed.")
    assert first.chapters[-1].heading == "The parameter 2.0.weight"
    assert first.chapters[-1].explanation.result.source == ("2.0.weight.gradient", (0, 0))
    assert walk(step, weight="0.weight").chapters[-1].explanation.result.source == ("0.weight.gradient", (1, 1))


def test_a_walk_through_many_numbers() -> None:
    net = Net([Linear(40, 30), ReLU(), Linear(30, 1)])
    found = tn.trace(net, np.ones((40, 40), np.float32), np.zeros((40, 1), np.float32), mean_squared_error)
    n_zeros = int((found["1.y"] == 0).sum())
    whole = walk(found, sample=39)
    assert whole.chapters[1].words == f"(40, 30) → (40, 30); {n_zeros:,} of its 1,200 numbers are 0."
    assert ", no update. Sample 39" in whole.title


def test_walks_that_cannot_be(step: Trace) -> None:
    for call, kind, words in (
        (
            lambda: walk(step, 3),
            IndexError,
            "walk: there is no sample 3 in a batch of 3.\nHint: it counts from 0 to 2.",
        ),
        (
            lambda: walk(step, 0, "1.weight"),
            KeyError,
            "walk: there is no parameter '1.weight'.\nHint: the parameters are 0.weight, 0.bias, 2.0.weight.",
        ),
        (
            lambda: walk(tn.trace(Net([ReLU()]), np.ones((2, 2)), np.zeros((2, 2)), mean_squared_error)),
            ValueError,
            "walk: this net has no parameters.\nHint: explain(trace, name, index) explains any number.",
        ),
    ):
        with pytest.raises(kind) as caught:
            call()
        assert str(caught.value) == words
    assert walk(step, 2).chapters


# What is zero, and why.


class Masks(Cuts):
    """Reasons that are given."""

    def __init__(self, **reasons: Any) -> None:
        self.given = reasons
        self.trace: Any = {"0.x": np.array([1.0, 0, 0, 2]), "0.dy": np.array([1.0, 1, 0, 0])}

    def reasons(self, name: str) -> Any:
        return [(words, np.array(mask, bool)) for words, mask in self.given.get(name.partition(".")[2], [])]


@pytest.mark.parametrize(
    ("reasons", "values", "counts"),
    [
        ({}, [1, 0, 0, 0], {"x is 0": 2, "dy is 0": 1}),
        ({}, [1, 1, 1, 1], {}),
        ({"x": [("closed", [0, 1, 0, 0])]}, [1, 0, 0, 0], {"closed": 1, "x is 0": 1, "dy is 0": 1}),
        ({"x": [("closed", [0, 1, 0, 0])], "dy": [("closed", [0, 0, 1, 1])]}, [1, 0, 0, 0], {"closed": 3}),
        ({"x": [("closed", [1, 1, 0, 0])]}, [1, 0, 0, 1], {"closed": 1, "x is 0": 1}),
        ({"x": [("a", [0, 1, 1, 0]), ("b", [0, 1, 1, 1])]}, [1, 0, 0, 0], {"a": 2, "b": 1}),
    ],
)
def test_zeros_are_counted_once(reasons: Any, values: Any, counts: dict[str, int]) -> None:
    factors: Any = [("0.x", lambda x: x), ("0.dy", lambda dy: dy)]
    found = Masks(**reasons).count(np.array(values, float), factors)
    assert found == counts
    assert list(found) == list(counts)


def test_a_factor_of_several_terms() -> None:
    values = np.array([[0.0, 1], [0, 0], [0, 2], [3, 0]])
    cuts = Masks(x=[("closed", [0, 1, 0, 0])])
    assert cuts.count(values, [("0.x", lambda x: x[:, np.newaxis])]) == {"closed": 2, "x is 0": 1}
