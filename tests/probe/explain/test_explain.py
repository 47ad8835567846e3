"""tn.explain: a weight's gradient in the tool's own words, names and aliases, layers of a user's own, the walk."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

import tinynet as tn
from tests.probe.recompute import recompute
from tinynet import Parameter
from tinynet.layers import (
    AdaptiveMaxPool2D,
    BatchNorm2D,
    Conv2D,
    Dropout,
    Flatten,
    GlobalMaxPool1D,
    GlobalMaxPool2D,
    Layer,
    Linear,
    MaxPool1D,
    MaxPool2D,
    ReLU,
    Softmax,
    Tanh,
)
from tinynet.losses import cross_entropy, mean_squared_error
from tinynet.net import Concat, Net, Residual
from tinynet.optimizers import SGD
from tinynet.probe import Trace, walk
from tinynet.probe.explain.explainer import Explainer


@pytest.fixture(scope="module")
def digits() -> Trace:
    """A step on 32 real digits."""
    tn.seed(0)
    train, _ = tn.data.digits()
    net = Net([Conv2D(1, 4, 3), ReLU(), MaxPool2D(2), Flatten(), Dropout(0.25), Linear(36, 10)])
    return tn.trace(net, train.x[:32], train.y[:32], cross_entropy, SGD(lr=0.1, momentum=0.9))


def test_why_is_the_gradient_of_this_weight_what_it_is(digits: Trace) -> None:
    """The first question of a newcomer, answered in the tool's own words."""
    n_zeros = (digits["3.y"] == 0).sum(axis=0)
    i = int(np.abs(n_zeros - 12).argmin())  # an input that ReLUs have closed for a third of the samples
    explanation = tn.explain(digits, "5.weight", (2, i))
    text = " ".join(str(explanation).split())
    assert explanation.value == pytest.approx(digits["5.weight.gradient"][2, i], rel=1e-4)
    assert f"5.weight.gradient[2, {i}] = ∂L/∂w: how the loss changes with this number of 5.weight of layer 5" in text
    assert "dW = dyᵀ x" in text
    assert f"Σₙ dy[n, 2]·x[n, {i}]" in text
    dropped = int((digits["4.m"][:, i] == 0).sum())
    closed = int(((digits["3.y"][:, i] == 0) & (digits["4.m"][:, i] == 1)).sum())
    assert f"{dropped} terms are 0: dropout had dropped it (layer 4, Dropout)" in text
    assert f"{closed} terms are 0: the ReLU was closed (layer 1, ReLU)" in text
    assert f"5.weight.after[2, {i}], after the update by SGD" in text
    assert recompute(explanation) >= 2
    terms = digits["5.dy"][:, 2].astype(float) * digits["5.x"][:, i]
    first, second = np.argsort(-np.abs(terms))[:2]
    assert text.index(f"dy[{first}, 2]·x[{first}, {i}]") < text.index(f"dy[{second}, 2]·x[{second}, {i}]")


def test_each_number_leads_to_the_next_back_to_the_data_and_forward_to_the_loss(digits: Trace) -> None:
    story = tn.explain(digits, "0.weight", (1, 0, 2, 2), terms=3)
    assert {name.split(".")[-1] for name, _ in story.sources} == {"x", "dy"}
    seen = {explanation.result.source[0] for explanation in story.walk(depth=12, sources=4)}
    assert {"x", "dy"} <= seen, "the batch itself, and the gradient of the loss"
    assert {"1.dx", "2.dx", "3.dx", "4.dx", "5.dx"} <= seen
    for explanation in story.walk(depth=3):
        recompute(explanation)


def test_an_array_with_several_names_is_explained_where_it_was_computed(digits: Trace) -> None:
    explanation = tn.explain(digits, "5.x", (0, 3))
    assert explanation.result.source == ("4.y", (0, 3))
    assert "It is 5.x[0, 3], too." in str(explanation)
    assert tn.explain(digits, "0.dy", (0, 1, 2, 3)).result.source[0] == "1.dx"
    assert tn.explain(digits, "y", (0, 1)).result.source[0] == "5.y"
    assert tn.explain(digits, "dx", (0, 0, 1, 1)).result.source[0] == "0.dx"


def test_what_the_step_did_not_compute_is_given(digits: Trace) -> None:
    given = tn.explain(digits, "x", (3, 0, 4, 4))
    assert str(given).startswith("x[3, 0, 4, 4]: the data.")
    assert given.value == digits["x"][3, 0, 4, 4]
    assert given.sources == []
    assert "the truth" in str(tn.explain(digits, "ground_truth", 5))


def test_all_terms_on_demand(digits: Trace) -> None:
    whole = tn.explain(digits, "5.y", (0, 1), terms=None)
    assert "smaller terms" not in str(whole)
    assert "smaller terms" in str(tn.explain(digits, "5.y", (0, 1), terms=2))
    assert recompute(whole) == 1


def test_a_sample_alone_means_its_largest_number(digits: Trace) -> None:
    at = int(np.abs(digits["5.y"][7]).argmax())
    assert tn.explain(digits, "5.y", sample=7).result.source == ("5.y", (7, at))
    assert tn.explain(digits, "5.y", 2, sample=7).result.source == ("5.y", (7, 2))


def test_numbers_that_are_not_there(digits: Trace) -> None:
    with pytest.raises(IndexError, match=r"explain: 5\.weight: an array of shape \(10, 36\) needs an index with 2"):
        tn.explain(digits, "5.weight")
    with pytest.raises(IndexError, match=r"there is no index 10 in axis 0 .*\n.*counts from 0 to 9"):
        tn.explain(digits, "5.weight", (10, 0))
    with pytest.raises(KeyError, match=r"no value named '5\.wieght'"):
        tn.explain(digits, "5.wieght", (1, 2))
    with pytest.raises(TypeError, match="index must be an integer"):
        tn.explain(digits, "5.weight", (1.5, 0))
    with pytest.raises(TypeError, match="trace must be"):
        tn.explain("trace", "5.weight", (1, 0))
    with pytest.raises(ValueError, match="sample must be at least 0"):
        tn.explain(digits, "5.y", sample=-1)


def test_gradients_that_were_there_before_are_a_term() -> None:
    net = Net([Linear(2, 1, bias=False)])
    net[0].weight.accumulate([[0.5, -0.25]])
    step = tn.trace(net, np.ones((4, 2), np.float32), np.zeros((4, 1)), mean_squared_error, SGD(lr=0.1))
    explanation = tn.explain(step, "0.weight.gradient", (0, 1))
    assert "0.weight.gradient.before[0, 1]" in str(explanation)
    assert explanation.value == pytest.approx(step["0.weight.gradient"][0, 1])
    assert recompute(explanation) == 1


def test_a_shared_parameter_gets_the_gradients_of_all_its_layers() -> None:
    net = Net([Linear(3, 3), Tanh(), Linear(3, 3)])
    net[2].weight = net[0].weight
    step = tn.trace(net, np.ones((2, 3), np.float32), np.zeros((2, 3)), mean_squared_error)
    explanation = tn.explain(step, "0.weight.gradient", (1, 2))
    assert "layer 0, Linear(in_features=3, out_features=3) and of layer 2" in explanation.title
    assert explanation.value == pytest.approx(step["0.weight.gradient"][1, 2], rel=1e-5)
    assert recompute(explanation) == 1


def test_branches_lead_to_their_parts() -> None:
    tn.seed(0)
    net = Net([Linear(3, 4), Residual([Linear(4, 4), ReLU()]), Concat([Linear(4, 2), []], axis=1), Linear(6, 2)])
    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    step = tn.trace(net, x, np.array([0, 1, 1, 0, 1]), cross_entropy)
    assert "body.y[1, 2] + x[1, 2]" in str(tn.explain(step, "1.y", (1, 2)))
    assert "body.dx[1, 2] + dy[1, 2]" in str(tn.explain(step, "1.dx", (1, 2)))
    assert "branches.1.y[1, 2]" in str(tn.explain(step, "2.y", (1, 4)))
    assert "dy[1, 4]" in str(tn.explain(step, "2.branches.1.dy", (1, 2)))
    seen = {each.result.source[0] for each in tn.explain(step, "3.y", (1, 0)).walk(depth=9, sources=8)}
    assert "x" in seen


class Mixed(Layer):
    """A layer of a user's own that mixes places, bends, and holds another layer: no row in any table."""

    def __init__(self, n: int) -> None:
        self.scale = Parameter(np.linspace(0.5, 2, n))
        self.inner = Net([Linear(n, n), ReLU()])

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.remember(x=x)
        return np.sin(self.scale.tensor * x) + self.inner.forward(x)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (x,) = self.recall()
        slope = np.cos(self.scale.tensor * x)
        self.scale.accumulate((dy * slope * x).sum(0))
        return dy * slope * self.scale.tensor + self.inner.backward(dy)


class Doubled(ReLU):
    """A subclass with a forward of its own is a layer of one's own, too."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        return 2 * super().forward(x)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return 2 * super().backward(dy)


def own_step() -> Trace:
    tn.seed(1)
    net = Net([Linear(4, 6), Mixed(6), Doubled(), Linear(6, 3)])
    x = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    return tn.trace(net, x, np.array([0, 1, 2, 1, 0]), cross_entropy, SGD(lr=0.1))


def test_layers_of_ones_own_are_explained_by_unit_gradients() -> None:
    step = own_step()
    for name in ("1.y", "1.dx", "1.scale.gradient", "2.y", "2.dx"):
        array = step[name]
        for index in np.ndindex(array.shape):
            explanation = tn.explain(step, name, index)
            assert explanation.value == pytest.approx(float(array[index]), rel=1e-4, abs=1e-6), name
            assert recompute(explanation) >= 1
    n, i = np.unravel_index(np.abs(step["1.dy"]).argmax(), (5, 6))
    x, scale = step["1.x"][n, i], step["1.scale"][i]
    slope = np.cos(scale * x) * scale + (step["1.inner.0.weight"][i, i] if step["1.inner.1.y"][n, i] > 0 else 0)
    leaves = tn.explain(step, "1.dx", (int(n), int(i))).expression.leaves()
    by_symbol = {leaf.symbol: float(leaf.value) for leaf in leaves}
    assert by_symbol[f"∂y[{n}, {i}]/∂x[{n}, {i}]"] == pytest.approx(float(slope), rel=1e-5)
    assert "It is 1.inner.dy" in str(tn.explain(step, "1.inner.dy", (2, 3)))


def test_explaining_leaves_the_net_alone() -> None:
    tn.seed(1)
    net = Net([Linear(4, 6), Mixed(6), Linear(6, 3)])
    x = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    step = tn.trace(net, x, np.array([0, 1, 2, 1, 0]), cross_entropy, SGD(lr=0.1))
    before = net.state()
    values = {name: step[name].tobytes() for name in step}
    tn.explain(step, "1.dx", (1, 1))
    tn.explain(step, "1.scale", 2)
    assert all(net.state()[path].tobytes() == array.tobytes() for path, array in before.items())
    assert not any(parameter.gradient.any() for parameter in net.parameters().values())
    assert all(step[name].tobytes() == bytes_ for name, bytes_ in values.items())


def test_many_outputs_of_an_own_layer_are_taken_together(monkeypatch: pytest.MonkeyPatch) -> None:
    from tinynet.probe.explain import own_layers

    monkeypatch.setattr(own_layers, "MAX_PASSES", 1)
    step = own_step()
    unit = int(np.abs(step["1.scale.gradient"]).argmax())
    explanation = tn.explain(step, "1.scale.gradient", unit)
    assert "the other" in str(explanation)
    assert explanation.value == pytest.approx(step["1.scale.gradient"][unit], rel=1e-4)
    assert recompute(explanation) == 1


def test_a_loss_of_ones_own_says_what_it_gave() -> None:
    def fourth_power(predicted, truth):
        return float((predicted**4).sum()), 4 * predicted**3

    step = tn.trace(Net([Linear(2, 2)]), np.ones((3, 2), np.float32), None, fourth_power)
    assert "The loss of this batch, fourth_power" in str(tn.explain(step, "loss"))
    assert tn.explain(step, "dy", (1, 1)).value == step["dy"][1, 1]


def test_the_walk_of_a_step_goes_through_every_layer(digits: Trace) -> None:
    whole = walk(digits, 7, "0.weight", (1, 0, 2, 2))
    headings = [chapter.heading for chapter in whole.chapters]
    assert headings[:2] == ["Forward: layer 0, Conv2D", "Forward: layer 1, ReLU"]
    assert headings[-2:] == ["Backward: layer 0, Conv2D", "The parameter 0.weight"]
    assert "The loss" in headings
    text = str(whole)
    assert recompute(text) > 15
    assert "Sample 7 of the batch is followed" in text
    forward = [chapter.explanation.result.source for chapter in whole.chapters[:6]]
    assert all(index[0] == 7 for _, index in forward)
    for (name, index), chapter in zip(forward, whole.chapters[1:6], strict=False):
        assert (name, index) in [(digits_origin(digits, source), at) for source, at in chapter.explanation.sources], (
            "each number is one that the next layer reads"
        )


def digits_origin(step: Trace, name: str) -> str:
    from tinynet.probe.explain.meanings import Meanings

    return Meanings(step).origin(name)


def test_the_walk_finds_a_weight_of_its_own(digits: Trace) -> None:
    whole = walk(digits)
    path = whole.chapters[-1].heading.removeprefix("The parameter ")
    sizes = {name: np.abs(digits[f"{name}.gradient"]).max() for name in digits.parameters}
    assert sizes[path] == max(sizes.values())


def test_walks_that_cannot_be(digits: Trace) -> None:
    with pytest.raises(IndexError, match="no sample 99 in a batch of 32"):
        walk(digits, 99)
    with pytest.raises(KeyError, match=r"no parameter '9\.weight'"):
        walk(digits, 0, "9.weight")
    with pytest.raises(ValueError, match="this net has no parameters"):
        walk(tn.trace(Net([ReLU()]), np.ones((2, 2)), np.zeros((2, 2)), mean_squared_error))
    with pytest.raises(TypeError, match="trace must be"):
        walk("trace")


def test_html_for_a_notebook(digits: Trace) -> None:
    page = tn.explain(digits, "5.weight", (2, 3))._repr_html_()
    assert page.count("<table>") == page.count("</table>") == 2
    assert "Σₙ dy[n, 2]·x[n, 3]" in page
    assert "class='bar" in page
    assert "<b>" in walk(digits)._repr_html_()
    net = Net([Linear(2, 2)])
    step = tn.trace(
        net, np.ones((3, 2), np.float32), np.zeros(3, np.int64), partial(cross_entropy, label_smoothing=0.1)
    )
    assert "<script" not in tn.explain(step, "loss")._repr_html_()


@pytest.mark.parametrize(
    ("pool", "shape"),
    [
        (MaxPool2D(2), (3, 2, 6, 6)),
        (MaxPool2D(3, stride=1, padding=1), (3, 2, 6, 6)),
        (AdaptiveMaxPool2D(2), (3, 2, 6, 6)),
        (GlobalMaxPool2D(), (3, 2, 6, 6)),
        (MaxPool1D(2), (3, 6, 2)),
        (MaxPool2D(3, 2, 1, ceil_mode=True), (3, 2, 6, 6)),
        (MaxPool1D(4, 4, ceil_mode=True), (3, 6, 2)),
        (GlobalMaxPool1D(), (3, 6, 2)),
    ],
    ids=str,
)
def test_reasons_go_through_pooling_both_ways(pool: Layer, shape: tuple[int, ...]) -> None:
    tn.seed(2)
    x = np.random.default_rng(0).normal(-1, 1, size=shape).astype(np.float32)
    step = tn.trace(Net([ReLU(), pool, Dropout(0.5)]), x, None, lambda y, t: (0.0, np.ones_like(y)))
    cuts = Explainer(step).answers.cuts
    behind = np.zeros(step["2.y"].shape, bool)
    for reason, mask in cuts.reasons("2.y"):
        assert (step["2.y"][mask] == 0).all(), reason
        behind |= mask
    assert (behind == (step["2.y"] == 0)).all(), "every zero has its reason"
    before = np.zeros(shape, bool)
    for reason, mask in cuts.reasons("0.dx"):
        assert (step["0.dx"][mask] == 0).all(), reason
        before |= mask
    assert (before == (step["0.dx"] == 0)).all()


@pytest.mark.parametrize("planted", [np.nan, np.inf, -np.inf, 3e38])
def test_a_step_that_is_not_finite_is_explained_as_it_is(planted: float) -> None:
    tn.seed(0)
    net = Net([Conv2D(1, 2, 3), BatchNorm2D(2), ReLU(), MaxPool2D(2), Flatten(), Linear(8, 3), Softmax(), Linear(3, 3)])
    x = np.random.default_rng(0).normal(size=(4, 1, 6, 6)).astype(np.float32)
    x[1, 0, 2, 2] = planted
    step = tn.trace(net, x, np.array([0, 1, 2, 0]), cross_entropy, SGD(lr=0.1))
    for name in step:
        for index in list(np.ndindex(step[name].shape))[::19]:
            explanation = tn.explain(step, name, index)
            recompute(explanation)
            recorded = step[f"{name}.gradient" if name in step.parameters else name][index]
            assert np.isfinite(explanation.value) == np.isfinite(recorded), f"{name}{index}"
