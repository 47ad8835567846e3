"""What a sweep over learning rates says: each step of the reading, and every sentence word for word."""

from __future__ import annotations

import numpy as np
import pytest

from tinynet.probe import rates
from tinynet.probe.rates import read_sweep

RATES = np.geomspace(1e-4, 1e1, 51)  # ten for each power of ten


def losses(begins: float = 0.01, rises: float = 1.0) -> np.ndarray:
    """2 up to a rate, then down to 1, and up again."""
    place = np.log10(RATES)
    down = np.clip((place - np.log10(begins)) / 1.0, 0, 1)
    return 2 - down + 5 * np.clip(place - np.log10(rises), 0, None)


def test_a_sweep_with_a_valley() -> None:
    sweep = read_sweep(RATES, losses())
    first, cut = 2.0, np.minimum(losses(), 4.0)
    place = np.log10(RATES)
    near = np.exp(-0.5 * ((place[:, None] - place) / 0.2) ** 2)
    smoothed = (near * cut).sum(axis=1) / near.sum(axis=1)
    np.testing.assert_allclose(sweep.smoothed, smoothed)
    bound = smoothed.min() + 0.02 * (first - smoothed.min())
    lowest = np.flatnonzero(smoothed <= bound)[-1]
    assert sweep.lowest == lowest
    assert type(sweep.lowest) is int
    assert sweep.rate == pytest.approx(RATES[lowest] / 3)
    np.testing.assert_array_equal(sweep.rates, RATES)
    np.testing.assert_array_equal(sweep.losses, losses())
    assert sweep.words == (
        f"the suggested learning rate is {sweep.rate:.2g}. The loss fell from 2 to {smoothed[lowest]:.4g} at a rate of "
        f"{RATES[lowest]:.2g}, beyond which it rises."
    )
    assert repr(sweep) == f"RateSweep: {sweep.words}"


def test_noise_moves_the_edge() -> None:
    noise = 0.3 * np.random.default_rng(0).normal(size=51)
    loud = read_sweep(RATES, losses() + noise)
    cut = np.minimum(losses() + noise, 2 * np.abs((losses() + noise)[:10]).max())
    level = loud.smoothed.min() + 0.5 * rates._noise(cut)
    assert rates._noise(cut) > 0.05
    assert loud.lowest == np.flatnonzero(loud.smoothed <= level)[-1]


def test_a_loss_that_hardly_falls() -> None:
    flat = np.where(RATES < 0.5, 2.0, 9.0)
    sweep = read_sweep(RATES, flat)
    assert sweep.words == (
        f"the suggested learning rate is {sweep.rate:.2g}. The loss (2) hardly fell at any rate in so few steps, and "
        f"rises beyond {RATES[sweep.lowest]:.2g}."
    )
    wavers = flat + 0.01 * (-1.0) ** np.arange(51)
    shaky = read_sweep(RATES, wavers)
    bound = wavers[:10].mean() + rates._noise(np.minimum(wavers, 2 * wavers[:10].max()))
    assert shaky.lowest == np.flatnonzero(shaky.smoothed <= max(bound, shaky.smoothed.min()))[-1]


@pytest.mark.parametrize(
    ("lowest", "depth", "words"),
    [
        (3, 9.0, "r. The loss rose from the start: sweep from a lower rate."),
        (4, 0.0399, "r. The loss (-2) hardly fell at any rate in so few steps, and rises beyond 5."),
        (4, 0.04, "r. The loss fell from -2 to 0.4 at a rate of 5, beyond which it rises."),
        (9, 1.0, "r. The loss fell from -2 to 0.9 at a rate of 10, the highest that was tried: a sweep to a higher one "
         "tells more."),
        (9, 0.0, "r. The loss (-2) hardly fell at any rate in so few steps, and rises beyond 10, the highest that was "
         "tried: a sweep to a higher one tells more."),
    ],
)  # fmt: skip
def test_the_words_of_a_sweep(lowest: int, depth: float, words: str) -> None:
    found = rates._words(np.arange(1.0, 11.0), np.arange(10) / 10, lowest, 0.123, -2.0, depth)
    assert found == words.replace("r.", "the suggested learning rate is 0.12.", 1)


def test_rates_that_lie_far_apart_are_smoothed_over_a_step() -> None:
    place = np.array([0.0, 1.0, 2.0])
    found = rates._smoothed(place, np.array([0.0, 1.0, 0.0]))
    side, far = np.exp(-0.5), np.exp(-2.0)
    np.testing.assert_allclose(found, [side / (1 + side + far), 1 / (1 + 2 * side), side / (1 + side + far)])


def test_the_noise_of_neighbouring_losses() -> None:
    wavers = 2 + 0.25 * (-1.0) ** np.arange(40)
    spread = 0.5 / 0.6745 / np.sqrt(2)
    assert rates._noise(wavers) == pytest.approx(spread * 1.75 / 2)
    later = np.concatenate([wavers[:20], np.full(20, 0.5)])
    assert rates._noise(later) == pytest.approx(spread * 0.5 / 2)
    assert rates._noise(-wavers) == pytest.approx(spread)  # the lowest is further from 0, and the noise no larger
    short = np.concatenate([wavers[:10], [1.75] * 4])
    assert rates._noise(short) == pytest.approx(spread * 1.75 / 2)
    assert rates._noise(np.zeros(20)) == 0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((RATES, RATES[:-1]), r"^read_sweep: rates and losses must be of one shape \(T,\), got \(51,\) and \(50,\)\.$"),
        ((np.ones((2, 9)), np.ones((2, 9))), r"must be of one shape \(T,\), got \(2, 9\) and \(2, 9\)\.$"),
        ((RATES[:9], RATES[:9]), r"expected at least 10 steps with a finite loss, got 9\.\nHint: sweep from a lower"),
        ((RATES, np.where(RATES > 1, np.nan, 1)), r"expected at least 10 steps with a finite loss, got 41\.\nHint"),
        ((RATES[::-1], RATES), r"^read_sweep: the learning rates must rise from above 0\.$"),
        ((RATES - RATES[0], RATES), r"the learning rates must rise from above 0\.$"),
        ((np.repeat(RATES[:6], 2), np.ones(12)), r"the learning rates must rise from above 0\.$"),
    ],
)
def test_a_sweep_that_cannot_be_read(given: tuple, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_sweep(*given)


def test_ten_steps_are_enough() -> None:
    sweep = read_sweep(list(range(1, 11)), [1] * 10)
    assert sweep.rates.dtype == sweep.losses.dtype == np.float64
