"""Adam with AMSGrad, AdamW and NAdam: steps by hand."""

import math

import numpy as np
import pytest

from tests.optimizers.steps import parameter, rosenbrock, trajectory
from tinynet.optimizers import Adam, AdamW, NAdam


def test_amsgrad_keeps_the_largest_square():
    # v = 8, then 4.5: v̂ is 8 / 0.5 = 16, then 8 / 0.75 and not 4.5 / 0.75. m = g, since it forgets at once.
    rule = Adam(lr=1.0, betas=(0.0, 0.5), eps=0.0, amsgrad=True)
    first = 10 - 4 / 4
    assert trajectory(rule, 10.0, [4.0, 1.0]) == pytest.approx([first, first - 1 / math.sqrt(8 / 0.75)])


def test_without_amsgrad_the_square_shrinks():
    rule = Adam(lr=1.0, betas=(0.0, 0.5), eps=0.0)
    assert trajectory(rule, 10.0, [4.0, 1.0]) == pytest.approx([9, 9 - 1 / math.sqrt(4.5 / 0.75)])


def test_adamw_shrinks_the_weight_apart_from_the_step():
    # The gradient is 3, so m̂ / √v̂ = 1; a penalty inside the gradient would leave a step of the same size, 0.1.
    assert trajectory(AdamW(lr=0.1, weight_decay=0.5, eps=0.0), 2.0, [3.0]) == pytest.approx([2 * 0.95 - 0.1])
    assert trajectory(Adam(lr=0.1, weight_decay=0.5, eps=0.0), 2.0, [3.0]) == pytest.approx([2 - 0.1])


def test_adamw_decays_in_the_measure_of_the_rate():
    rule = AdamW(lr=lambda step: [0.1, 0.2][step], weight_decay=0.5)
    assert trajectory(rule, 1.0, [0.0, 0.0]) == pytest.approx([0.95, 0.95 * 0.9])


def test_adamw_decays_by_one_percent_unless_told():
    assert trajectory(AdamW(lr=1.0), 1.0, [0.0]) == pytest.approx([0.99])


def test_adamw_without_decay_is_adam():
    gradients = [1.0, -2.0, 0.5]
    assert trajectory(AdamW(0.1, weight_decay=0), 1.0, gradients) == pytest.approx(
        trajectory(Adam(0.1), 1.0, gradients)
    )


def test_nadam_by_hand():
    # With ψ = 0 every μ is ½ β₁ = ¼, so Π₁ = 1/4, Π₂ = 1/16, Π₃ = 1/64.
    rule = NAdam(lr=1.0, betas=(0.5, 0.75), eps=0.0, momentum_decay=0.0)
    m, v = 0.5 * 2, 0.25 * 4
    first = 10 - ((3 / 4) * 2 / (3 / 4) + (1 / 4) * m / (15 / 16)) / math.sqrt(v / 0.25)
    m, v = 0.5 * m + 0.5 * -1, 0.75 * v + 0.25 * 1
    second = first - ((3 / 4) * -1 / (15 / 16) + (1 / 4) * m / (63 / 64)) / math.sqrt(v / (1 - 0.75**2))
    assert trajectory(rule, 10.0, [2.0, -1.0]) == pytest.approx([first, second])


def test_momentum_of_nadam_grows_with_the_steps():
    # μ₁ = 0.9 (1 − ½ 0.96^ψ), μ₂ alike with 2 ψ; the first step is ((1 − μ₁) / (1 − μ₁) + 0.1 μ₂ / (1 − μ₁ μ₂)) lr
    rule = NAdam(lr=0.1, momentum_decay=3.0, eps=0.0)
    mu = [0.9 * (1 - 0.5 * 0.96 ** (t * 3)) for t in (1, 2)]
    step = 1 + 0.1 * mu[1] / (1 - mu[0] * mu[1])
    assert trajectory(rule, 0.0, [5.0]) == pytest.approx([-0.1 * step])


def test_nadam_puts_the_penalty_into_the_gradient():
    one, other = NAdam(lr=0.1, weight_decay=0.5), NAdam(lr=0.1)
    assert trajectory(one, 2.0, [1.0]) == pytest.approx(trajectory(other, 2.0, [2.0]))


def test_nadam_goes_on_from_its_state():
    gradients = [[1.0], [2.0], [-1.0], [0.5]]
    whole = trajectory(NAdam(lr=0.1), [0.0], gradients)
    first, resumed, w = NAdam(lr=0.1), NAdam(lr=0.1), parameter([0.0])
    for gradient in gradients[:2]:
        w.accumulate(np.array(gradient))
        first.step({"w": w})
    resumed.load_state(first.state({"w": w}), {"w": w})
    for gradient in gradients[2:]:
        w.accumulate(np.array(gradient))
        resumed.step({"w": w})
    np.testing.assert_array_equal(w.tensor, whole[-1])


@pytest.mark.parametrize(
    "rule", [Adam(0.02, amsgrad=True), AdamW(0.02, weight_decay=0.0), NAdam(0.02)], ids=lambda rule: type(rule).__name__
)
def test_crosses_the_valley_of_rosenbrock(rule):
    np.testing.assert_allclose(rosenbrock(rule, 4000), [1, 1], atol=0.02)


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (
            lambda: AdamW(betas=(-0.1, 0.9)),
            ValueError,
            r"AdamW: betas\[0\] must be at least 0 and below 1, got -0\.1\.",
        ),
        (
            lambda: AdamW(betas=(0.9,)),
            TypeError,
            r"AdamW: betas must be a pair of numbers, got \(0\.9,\)\.\nHint: write",
        ),
        (lambda: AdamW(weight_decay=-1), ValueError, r"AdamW: weight_decay must be at least 0, got -1\."),
        (lambda: NAdam(momentum_decay=-1), ValueError, r"NAdam: momentum_decay must be at least 0, got -1\."),
        (lambda: NAdam(eps=-1), ValueError, r"NAdam: eps must be at least 0, got -1\."),
        (lambda: NAdam(amsgrad=True), TypeError, r".*amsgrad"),
    ],
)
def test_bad_arguments(make, kind, words):
    with pytest.raises(kind, match=f"^{words}"):
        make()
