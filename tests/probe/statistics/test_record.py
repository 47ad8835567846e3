"""The record of a training: bounded, saved, loaded, and sentences for files that are damaged."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tinynet.probe import TrainingStatistics
from tinynet.probe.statistics.bins import N_BINS
from tinynet.probe.statistics.files import KEY
from tinynet.probe.statistics.look import NUMBERS, Seen

LAYERS = {"0": "Linear", "1": "ReLU"}


def record(n, deep=False, layers=LAYERS):
    statistics = TrainingStatistics(layers, {"every": 10})
    for step in range(1, n + 1):
        numbers = {name: np.array([step + index, np.nan]) for index, name in enumerate(NUMBERS)}
        counts = {"outputs": np.full((len(layers), N_BINS), step)}
        if deep:
            counts |= {"weights": counts["outputs"] + 1, "gradients": counts["outputs"] + 2}
        statistics.add(10 * step, Seen(numbers, counts))
    return statistics


def test_it_tells_what_it_has():
    statistics = record(3, deep=True)
    assert statistics["spread"].tolist()[2][0] == 4
    assert statistics["spread"].dtype == np.float32
    assert statistics.steps.tolist() == statistics.first_steps.tolist() == [10, 20, 30]
    assert statistics.histograms("weights")[:, 1, 5].tolist() == [2, 3, 4]
    assert [steps.tolist() for steps in statistics.histogram_steps] == [[10, 20, 30], [10, 20, 30]]
    assert repr(statistics) == "TrainingStatistics(2 layers, 3 columns, steps 10 to 30)"


def test_an_empty_one():
    statistics = record(0)
    assert len(statistics) == 0
    assert statistics["dead"].shape == (0, 2)
    assert statistics.histograms().shape == (0, 2, N_BINS)
    assert repr(statistics) == "TrainingStatistics(2 layers, 0 columns, no step yet)"


def test_a_long_training_takes_no_more_room(tmp_path):
    sizes = []
    for n in (256, 5000):
        record(n, deep=True).save(tmp_path / "long.safetensors")
        sizes.append((tmp_path / "long.safetensors").stat().st_size)
    assert sizes[1] <= 1.01 * sizes[0] < 250_000
    statistics = record(5000)
    assert len(statistics) <= 256
    assert statistics.histograms().shape[0] <= 32
    assert statistics.histograms()[:, 0, 0].sum() == 5000 * 5001 / 2
    assert (statistics.first_steps[0], statistics.steps[-1]) == (10, 50_000)


@pytest.mark.parametrize("n", [0, 1, 300])
@pytest.mark.parametrize("deep", [False, True])
def test_it_comes_back_as_it_was(tmp_path, n, deep):
    path, statistics = tmp_path / "statistics.safetensors", record(n, deep)
    statistics.save(path)
    again = TrainingStatistics.load(path)
    assert (again.layers, again.settings) == (LAYERS, {"every": 10})
    assert again.counted == statistics.counted
    for name in NUMBERS:
        np.testing.assert_array_equal(again[name], statistics[name])
    for of in statistics.counted:
        np.testing.assert_array_equal(again.histograms(of), statistics.histograms(of))
    for one in (again, statistics):  # and goes on in the same way
        nothing = {of: np.zeros((2, N_BINS), int) for of in statistics.counted or ["outputs"]}
        one.add(10 * n + 10, Seen(dict.fromkeys(NUMBERS, np.zeros(2)), nothing))
    np.testing.assert_array_equal(again.steps, statistics.steps)
    np.testing.assert_array_equal(again["mean"], statistics["mean"])


def test_numbers_beyond_float32_warn_of_nothing():
    statistics = TrainingStatistics({"0": "Linear"})
    statistics.add(1, Seen(dict.fromkeys(NUMBERS, np.array([1e300])), {"outputs": np.zeros((1, N_BINS), int)}))
    assert statistics["mean"].tolist() == [[np.inf]]


def test_wrong_names():
    statistics = record(1)
    with pytest.raises(TypeError, match=r"^TrainingStatistics: layers must be a dict"):
        TrainingStatistics(["0"])
    with pytest.raises(TypeError, match=r"^TrainingStatistics: settings must be a dict"):
        TrainingStatistics({}, 3)
    match = r"^TrainingStatistics: .* must be one of 'mean', 'spread', .*; got 'sprd'\.\nHint: did you mean 'spread'"
    with pytest.raises(ValueError, match=match):
        statistics["sprd"]
    with pytest.raises(ValueError, match=r"no histograms of weights, only of outputs\.\nHint: watch with Statistics\("):
        statistics.histograms("weights")
    with pytest.raises(ValueError, match="of must be one of 'outputs', 'weights', 'gradients'; got 'dead'"):
        statistics.histograms("dead")


def rewritten(tmp_path, change_arrays=lambda arrays: None, change_words=lambda words: None, words=None):
    path = tmp_path / "statistics.safetensors"
    record(3).save(path)
    arrays = load_file(path)
    change_arrays(arrays)
    if words is None:
        words = {"format": 1, "version": "1", "layers": LAYERS, "settings": {}}
        change_words(words)
        words = json.dumps(words)
    save_file(arrays, path, {KEY: words})
    return path


DAMAGE = [
    (lambda a: a.pop("numbers.mean"), "there is no 'numbers.mean'"),
    (lambda a: a.pop("histograms.last"), "there is no 'histograms.last'"),
    (lambda a: a.pop("histograms.outputs"), "there is no 'histograms.outputs'"),
    (lambda a: a.update({"numbers.dead": a["numbers.dead"][:2]}), r"numbers.dead is float32 \(2, 2\), expected \(3, "),
    (lambda a: a.update({"numbers.dead": np.zeros((3, 2), int)}), "numbers.dead is int64"),
    (lambda a: a.update({"histograms.outputs": np.zeros((3, 2, 4), int)}), "histograms.outputs is int64"),
    (lambda a: a.update({"more": np.ones(1)}), "more does not belong there"),
    (lambda a: a.update({"numbers.last": np.array([30, 20, 10])}), "the steps of the numbers are not in order"),
    (lambda a: a["numbers.looks"].fill(0), "not in order"),
    (lambda a: a.update({"numbers.first": np.array([0, 20, 30])}), "not in order"),
    (lambda a: a.update({"numbers.first": np.array([10, 10, 30])}), "not in order"),
    (lambda a: a.update({"numbers.first": np.array([10, 20, 20])}), "not in order"),
    (lambda a: a.update({"numbers.first": np.ones((3, 1), int)}), "the steps of the numbers are no row of integers"),
    (lambda a: a.update({"histograms.first": np.ones(3)}), "the steps of the histograms are no row of integers"),
]


def test_a_column_may_begin_at_the_first_step(tmp_path):
    path = rewritten(tmp_path, lambda arrays: arrays.update({"numbers.first": np.array([1, 11, 21])}))
    assert TrainingStatistics.load(path).first_steps.tolist() == [1, 11, 21]


@pytest.mark.parametrize(("change", "words"), DAMAGE, ids=[words for _, words in DAMAGE])
def test_damaged_arrays_are_told(tmp_path, change, words):
    path = rewritten(tmp_path, change)
    with pytest.raises(ValueError, match=rf"TrainingStatistics\.load: '.*' contradicts itself: .*{words}"):
        TrainingStatistics.load(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda w: w.pop("format"), "it names no format"),
        (lambda w: w.update(format=True), "it names no format"),
        (lambda w: w.update(layers=["0"]), "it has no names of layers"),
        (lambda w: w.update(layers={"0": 3, "1": "a"}), "it has no names of layers"),
        (lambda w: w.update(layers={"0": "Linear"}), r"numbers.mean is float32 \(3, 2\), expected \(3, 1\)"),
        (lambda w: w.update(settings=None), "it does not say how it was made"),
    ],
)
def test_damaged_words_are_told(tmp_path, change, words):
    path = rewritten(tmp_path, change_words=change)
    with pytest.raises(ValueError, match=rf"TrainingStatistics\.load: '.*' .*{words}"):
        TrainingStatistics.load(path)


def test_a_later_format_is_told(tmp_path):
    path = rewritten(tmp_path, change_words=lambda words: words.update(format=2))
    match = (
        r"^TrainingStatistics\.load: '[^']*' has format 2, written by Tinynet 1; this Tinynet reads formats up to 1\."
    )
    with pytest.raises(ValueError, match=match):
        TrainingStatistics.load(path)


@pytest.mark.parametrize("words", ["{", "[" * 100_000, "3", "null"])
def test_words_that_are_none_are_told(tmp_path, words):
    with pytest.raises(ValueError, match=r"TrainingStatistics\.load: '.*' contradicts itself"):
        TrainingStatistics.load(rewritten(tmp_path, words=words))


def test_another_file_is_told(tmp_path):
    save_file({"weight": np.ones(1)}, tmp_path / "net.safetensors")
    with pytest.raises(ValueError, match=r"holds no statistics of a training\.\nHint: name the file \"statistics"):
        TrainingStatistics.load(tmp_path / "net.safetensors")
    with pytest.raises(FileNotFoundError, match=r"TrainingStatistics\.load: there is no file"):
        TrainingStatistics.load(tmp_path / "none.safetensors")
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "net.safetensors").read_bytes()[:40])
    with pytest.raises(ValueError, match="not a safetensors file, or it is damaged or cut off"):
        TrainingStatistics.load(tmp_path / "cut.safetensors")
    with pytest.raises(FileNotFoundError, match=r"TrainingStatistics\.save: there is no folder"):
        record(1).save(tmp_path / "no" / "statistics.safetensors")
