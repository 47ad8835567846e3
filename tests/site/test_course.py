"""Each chapter of the course runs, top to bottom, and computes the numbers that its text says by hand."""

import numpy as np
import pytest

from tests.docs.cells import DOCS, run_page
from tinynet.core import faster
from tinynet.layers import Conv2D, ReLU
from tinynet.optimizers import SGD

COURSE = DOCS / "course"


@pytest.fixture
def chapter(capsys):
    """Run a chapter; return its names and what it printed."""

    def run(name):
        names = run_page(COURSE / f"{name}.md")
        return names, capsys.readouterr().out

    return run


def close(value, wanted, digits=3):
    return abs(value - wanted) <= 0.5001 * 10**-digits


def test_start(capsys):
    names, printed = run_page(DOCS / "start.md"), capsys.readouterr().out
    assert "test accuracy 9" in printed
    assert "seven.png: 7 (" in printed, "the drawn seven is read"
    assert "the net says 5, and it is a 5" in printed
    assert names["learner"].evaluate(names["test"])["accuracy"] > 0.95
    assert printed.endswith("True\n")


def test_one_weight(chapter):
    names, printed = chapter("01_one_weight")
    assert close(names["loss"](1.0), 5.667)
    assert close(names["slope"](1.0), -9.333)
    path = names["descend"](1.0, 0.05, 8)
    assert close(path[1], 1.467)
    np.testing.assert_allclose(np.diff(path[1:] - 2) / np.diff(path[:-1] - 2), 1 - 0.05 * 28 / 3)
    lines = [line for line in printed.splitlines() if line.startswith("y = ")]
    assert len(lines) == 3
    assert len(set(lines)) == 1, "descent by hand, the Learner and the normal equations agree"
    assert abs(names["descend"](1.0, 0.2, 100)[-1] - 2) < 1e-3 < abs(names["descend"](1.0, 0.22, 100)[-1] - 2)


def test_chain_rule(chapter):
    names, printed = chapter("02_chain_rule")
    said = {"h1": 0.593270, "dz1": 0.138499, "dz2": -0.038098, "dw5": 0.082167, "dh1": 0.036350}
    for name, value in said.items():
        assert close(names[name], value, 6), name
    np.testing.assert_allclose(names["by_net"], names["by_hand"], rtol=1e-12)
    assert close(names["tried"], names["dw1"], 9)
    assert "0.0087714·0.05 = 0.00043857" in printed


def test_linear(chapter):
    names, printed = chapter("03_linear")
    assert names["y"][0, 1] == 4.5
    assert names["dW"][0, 0] == 7
    assert names["db"][0] == 3
    assert names["dx"][0, 0] == 2
    assert "True True True" in printed
    assert "the gradient is 5 times too small" in printed
    assert names["right"].mean() > 0.9, "nine of ten digits"
    np.testing.assert_allclose(names["net"][0].weight.tensor[0], [-1, 0, 2], atol=0.1)


def test_nonlinearity(chapter):
    names, printed = chapter("04_nonlinearity")
    assert names["same"]
    assert "[0. 1. 1. 0.]" in printed
    tent = names["tents"](1).predict(np.array([[0.25], [0.5], [0.75]]))
    assert tent[:, 0].tolist() == [0.5, 1, 0.5]
    for n_folds in (1, 3, 5):
        heights = names["tents"](n_folds).predict(names["unit"])[:, 0]
        assert (heights == 1).sum() == 2 ** (n_folds - 1), "each fold doubles the peaks"
    arms = [float(line.split()[-1].rstrip("%")) for line in printed.splitlines() if line.endswith("%")]
    assert arms[0] < 65
    assert arms[1] > 95
    errors = [np.square(picture - names["colours"]).mean() for picture in list(names["pictures"].values())[1:]]
    assert errors[0] > 1.5 * errors[1] > 2 * errors[2], "deeper nets paint better cats"


def test_losses(chapter):
    names, printed = chapter("05_losses")
    assert "squared  2.0 [[0. 2.]]" in printed
    assert "absolute 1.0 [[0.  0.5]]" in printed
    assert "squared error: 22.0   absolute error: 3.0" in printed
    assert close(names["loss"], 1.408)
    np.testing.assert_allclose(names["gradient"], [[0.665, -0.755, 0.090]], atol=5.1e-4)
    p = 1 / (1 + np.exp(6.0))
    assert close(p, 0.0025, 4)
    assert close(2 * (p - 1) * p * (1 - p), -0.005)
    assert close(p - 1, -0.998)
    assert names["bakery"](np.array([3.0]), np.array([5.0]))[0] == pytest.approx(1.8)
    assert names["bakery"](np.array([7.0]), np.array([5.0]))[0] == pytest.approx(0.2)
    assert abs(names["below"] - 0.9) < 0.05
    assert abs(names["first_loss"] - np.log(10)) < 0.3


def test_training_loop(chapter):
    names, printed = chapter("06_training_loop")
    assert abs(names["losses"][0] - np.log(10)) < 0.3
    assert names["losses"][-1] < 0.5
    assert "gradient of the bias -0.400" in printed
    assert "self.net.backward" in printed, "the loop of the Learner is shown"
    learned = names["learner"].evaluate(names["test"])["accuracy"]
    assert learned > 0.92
    by_heart = names["by_heart"].history
    assert by_heart["accuracy"][-1] == 1
    assert abs(by_heart["valid_accuracy"][-1] - 0.75) < 0.08, "nearly a quarter is wrong"
    assert printed.endswith("True\n")


def test_batches(chapter):
    names, printed = chapter("07_batches")
    assert names["pairs"].tolist() == [2, -0.5, 3.5, 0.5, 4.5, 2]
    assert names["pairs"].mean() == 2
    assert "spread of single samples 2.92, of pairs 1.68" in printed
    errors = np.array(names["errors"])
    np.testing.assert_allclose(errors[:4] * [1, 2, 4, 8] / errors[0], 1, atol=0.15)  # it falls as 1/√n
    assert 1.5 < errors[2] < 2.1, "a batch of 16 misses by nearly twice the length"
    assert names["final"][16] < 0.3 * names["final"][128] < 0.3 * names["final"][1437]
    paths = names["paths"]
    assert paths["0.5, falling"][-100:].std() < 0.3 * paths["0.5"][-100:].std()
    np.testing.assert_allclose(names["weight"].tensor, [-0.01, 0.01], rtol=1e-3)
    ends = {name: names["walk"](rule)[-1] for name, rule in fresh_rules().items()}
    assert abs(ends["SGD"][0]) > 0.5, "plain descent stops short"
    assert np.linalg.norm(ends["momentum"]) < 0.5


def fresh_rules():
    """The rules of chapter 7; an optimizer serves one walk."""
    return {"SGD": SGD(0.06), "momentum": SGD(0.03, momentum=0.8)}


def test_momentum_by_hand():
    """The numbers that chapter 7 gives for a gradient that stays, and for one that alternates."""
    stays, alternates = [0.0], [0.0]
    for step in range(60):
        stays.append(0.9 * stays[-1] + 1)
        alternates.append(0.9 * alternates[-1] + (-1) ** step)
    np.testing.assert_allclose(stays[1:4], [1, 1.9, 2.71])
    assert abs(stays[-1] - 10) < 0.05
    np.testing.assert_allclose(alternates[1:4], [1, -0.1, 0.91])
    assert abs(abs(alternates[-1]) - 0.526) < 1e-3


def test_convolution(chapter):
    names, printed = chapter("08_convolution")
    assert names["convolve"](names["x"][:3, :3], names["W"]).tolist() == [[1, 1], [1, 0]]
    assert names["dx"][0, 0, 0, 0] == -1
    assert names["dx"][0, 0, 1, 1] == 0
    assert "dW [1. 3.] [3. 4.]" in printed
    assert all(names["same"].values())
    assert sum(parameter.size for parameter in Conv2D(3, 64, 3).parameters().values()) == 1792
    assert names["reached"]["linear"] < 0.7
    assert names["reached"]["convolutional"] > 0.87


def test_normalisation(chapter):
    names, _ = chapter("09_normalisation")
    assert abs(names["plain"][-1] - np.log(10)) < 0.02, "the deep net learns nothing"
    forward, backward = names["seen"].forward, names["seen"].backward
    assert backward[0] < 1e-4 * backward[12], "less than a ten-thousandth comes back"
    assert forward[12] < 1e-3 * forward[0]
    x_hat = names["norm"].forward(np.array([[1.0], [3.0], [5.0], [7.0]]))[:, 0]
    np.testing.assert_allclose(x_hat, [-1.342, -0.447, 0.447, 1.342], atol=5e-4)
    assert close(names["dx"][0], 0.134)
    last = {name: losses[-1] for name, losses in names["curves"].items()}
    assert last["batch norm"] < 0.5 * last["He"] < 0.5 * last["as it was"]
    assert np.abs(names["a"] - names["b"]).max() > 0.1
    assert np.abs(names["c"] - names["d"]).max() < 1e-4


def test_going_wrong(chapter):
    names, printed = chapter("10_going_wrong")
    runs = names["runs"]
    assert runs["A"].history["loss"][-1] < 0.2
    assert 1.46 < runs["B"].history["loss"][-1] < 2.1
    assert all(abs(runs[name].history["loss"][-1] - np.log(10)) < 0.1 for name in "DE")
    assert close(-np.log(np.e / (np.e + 9)), 1.461)
    first = {name: learner.diagnose()[0].name for name, learner in runs.items() if name != "A"}
    assert first == {"B": "softmax2", "C": "lr-high", "D": "dead-relu", "E": "no-signal"}
    assert not [diagnosis for diagnosis in runs["A"].diagnose() if diagnosis.level == "problem"]
    learned = [line.endswith("True") for line in printed.splitlines() if "learned:" in line]
    assert learned == [True, True, False, False, True]
    assert "32 terms are 0: the ReLU was closed" in printed
    assert "log of -0.3 = nan in layer 0 (Log), forward, sample 123" in printed
    assert "multiplied with weight it is right" in printed


def test_sequences(chapter):
    names, printed = chapter("11_sequences")
    np.testing.assert_allclose(names["h"][0, :, 0], [0.7616, 0.3634, 0.1797], atol=5.1e-5)
    assert close(names["dx"][0, 0, 0], 0.0882, 4)
    assert "2.468" in printed
    assert names["arriving"]["LSTM, forget gate open"][20] > 100 * names["arriving"]["LSTM"][20]
    remembered = names["remembered"]
    assert max(remembered["RNN"], remembered["LSTM"]) < 0.5, "near guessing"
    assert min(remembered["LSTM, forget gate open"], remembered["attention"]) > 0.9
    assert len(names["text"].vocabulary) == 12
    assert names["history"]["loss"][-1] < 0.5
    assert len(names["text"].decode(names["written"])) == 60


def test_engine(chapter):
    names, printed = chapter("12_engine")
    assert names["two_outputs"]([1, 2, 3, 4], [1, 2, 3]) == (14, 20)
    assert names["twin"] is faster.TABLES["compiled"][ReLU.forward]
    assert "np.maximum(x, 0)" in printed, "the lesson is shown"
    assert "return NotImplemented" in printed, "its twin is shown"
    assert "result is not NotImplemented" in printed, "the mark is shown"
    assert printed.count("the same bits: True") == 2
    assert "winograd" in printed
    assert abs(names["losses"]["plain"] - names["losses"]["compiled"]) < 1e-5
    assert names["distances"] not in faster.TABLES["compiled"], "the table is left as it was"
