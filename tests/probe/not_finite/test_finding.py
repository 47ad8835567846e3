"""What is found, in sentences: where it was, whose it was, what to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinynet.probe.not_finite import NotFinite, When
from tinynet.probe.not_finite.hints import hint
from tinynet.probe.not_finite.operation import Operation
from tinynet.probe.not_finite.where import bad_weight, name_of_loss

LOG = Operation("log", (-0.3,), np.nan, "log of -0.3 = nan", "float32")
IN_A_FILE = Operation("log", (-0.3,), np.nan, "log of -0.3 = nan", "float32", "net.py", 7, "y = np.log(x)")
WHEN = When(step=37, epoch=2, batch=5, learning_rate=0.25)


def grown(*past: float) -> When:
    return When(3, 1, 3, (), 0.1, past)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (
            NotFinite("forward", "2", "Log", np.nan, (1,), LOG, row=1, n_samples=1),
            "log of -0.3 = nan in layer 2 (Log), forward, row 1 of the batch.",
        ),
        (
            NotFinite("backward", "", "Net", np.inf, operation=IN_A_FILE, row=1, sample=99, n_samples=3),
            "log of -0.3 = nan in the net itself (Net), backward, sample 99 of the training data (row 1 of the batch), "
            "and 2 more. It stands in line 7 of net.py: y = np.log(x).",
        ),
        (NotFinite("forward", "2", "Log", -np.inf), "-inf in layer 2 (Log), forward."),
        (NotFinite("forward", "2", "Log", n_samples=1), "nan in layer 2 (Log), forward."),
        (NotFinite("forward", "2", "Log", n_samples=2), "nan in layer 2 (Log), forward, all samples of the batch."),
        (NotFinite("loss", "", "cross_entropy", np.inf, row=0), "inf in the loss cross_entropy, row 0 of the batch."),
        (
            NotFinite("loss", "", "own", row=0, n_samples=2),
            "nan in the loss own, row 0 of the batch, and 1 more.",
        ),
        (
            NotFinite("data", "x", "", np.inf, (3, 1), row=3, n_samples=2),
            "row 3 of the batch holds inf, at x[3, 1], and 1 more.",
        ),
        (
            NotFinite("data", "y", "", np.nan, (3,), row=3, sample=8, n_samples=1),
            "sample 8 of the training data (row 3 of the batch) holds nan, at y[3].",
        ),
        (
            NotFinite("weights", "0.bias", "", np.nan, (2,)),
            "the weight 0.bias[2] is nan, before this step did anything.",
        ),
        (
            NotFinite("step", "", "Net"),
            "the batch was run again, and all was finite; so it came from more than weights, data and seed.",
        ),
        (NotFinite("update", "0.weight", "SGD", np.inf, (1, 2)), "inf in 0.weight[1, 2], update by SGD."),
        (
            NotFinite("update", "0.weight", "Adam", np.inf, (1,), LOG, when=WHEN, slot="v"),
            "log of -0.3 = nan in v of 0.weight[1], update of step 37 (epoch 2, batch 5) by Adam.",
        ),
        (
            NotFinite("forward", "1", "Log", when=grown(*range(1, 8), 800)),
            "nan in layer 1 (Log), forward. The loss grew over the last steps: 4, 5, 6, 7, 800.",
        ),
    ],
    ids=range(14),
)
def test_what_is_found_reads_as_a_sentence(found: NotFinite, text: str) -> None:
    assert str(found) == text


@pytest.mark.parametrize(
    ("past", "grows"),
    [
        ((1.0, 101.0), True),
        ((1.0, 100.0), False),
        ((1.0, 200.0, 150.0), False),
        ((-1.0, -101.0), True),
        ((1.0, 101.0, np.nan), True),
        ((np.inf, 1.0, 101.0), True),
        ((101.0,), False),
        ((), False),
        ((np.nan,), False),
    ],
)
def test_a_loss_that_grows(past: tuple[float, ...], grows: bool) -> None:
    assert NotFinite("loss", "", when=grown(*past)).grows is grows
    assert not NotFinite("loss", "").grows


def test_the_step() -> None:
    assert NotFinite("loss", "").step is None
    assert NotFinite("loss", "", when=WHEN).step == 37
    assert str(WHEN) == "step 37 (epoch 2, batch 5)"
    assert (WHEN.samples, WHEN.past, When(1, 1, 1).learning_rate) == ((), (), 0)


SLOWER = "lower the learning rate, or clip the gradients with clip_norm=1.0."


def of(name: str, operands: tuple[float, ...] = (1.0,), result: float = np.nan) -> Operation:
    return Operation(name, operands, result, "", "float32")


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (NotFinite("data", "x.1"), "clean the data: np.argwhere(~np.isfinite(x)) tells where."),
        (NotFinite("data", "y"), "clean the data: np.argwhere(~np.isfinite(y)) tells where."),
        (NotFinite("weights", "0.bias"), "load weights that are finite, or begin anew."),
        (
            NotFinite("step", ""),
            "what counts calls or draws numbers outside of layers and streams cannot be run again as it ran.",
        ),
        (NotFinite("forward", "1"), SLOWER),
        (
            NotFinite("forward", "1", when=WHEN),
            "lower the learning rate (now 0.25), or clip the gradients with clip_norm=1.0.",
        ),
        (
            NotFinite("forward", "1", operation=of("log")),
            "a logarithm needs numbers above 0: np.log(np.maximum(p, 1e-12)), or a loss that takes logits.",
        ),
        (
            NotFinite("forward", "1", operation=of("sqrt")),
            "a root needs numbers from 0 on: np.sqrt(np.maximum(x, 0)). Its slope at 0 is infinite: add an eps.",
        ),
        (
            NotFinite("forward", "1", operation=of("divide", (1.0, 0.0), np.inf)),
            "add a small eps to what is divided by, or leave the samples out in which it is 0.",
        ),
        (NotFinite("forward", "1", operation=of("divide", (1e30, 1e-30), np.inf)), SLOWER),
        (NotFinite("forward", "1", operation=of("reciprocal")), "add a small eps to what is divided by."),
        (
            NotFinite("forward", "1", operation=of("exp", (1e7,), np.inf)),
            "subtract the largest exponent first, as a softmax does, or cut it off with np.minimum(x, 80).",
        ),
        (
            NotFinite("forward", "1", operation=of("power")),
            "a power with a broken or negative exponent needs a base above 0.",
        ),
        (
            NotFinite("forward", "1", operation=of("astype", (1e300,), np.inf)),
            "scale the numbers down before they are made float32.",
        ),
        (NotFinite("forward", "1", operation=of("setitem")), "the code writes it itself; see that line."),
        (NotFinite("forward", "1", operation=of("add")), SLOWER),
        (NotFinite("forward", "1", operation=of("multiply", (1e30, 1e30), np.inf)), SLOWER),
        (
            NotFinite("forward", "1", operation=of("log"), when=grown(1, 1000)),
            "lower the learning rate (now 0.1), or clip the gradients with clip_norm=1.0.",
        ),
    ],
    ids=range(18),
)
def test_what_to_do(found: NotFinite, text: str) -> None:
    assert hint(found) == found.hint == text


@pytest.mark.parametrize(
    ("operands", "result", "overflows"),
    [
        ((2e6, 1.0), np.inf, True),
        ((-2e6,), -np.inf, True),
        ((1e6,), np.inf, False),
        ((2e6,), np.nan, False),
        ((np.inf, 2e6), np.inf, False),
        ((np.nan, 2e6), np.inf, False),
        ((), np.inf, False),
    ],
)
def test_an_overflow(operands: tuple[float, ...], result: float, overflows: bool) -> None:
    assert of("multiply", operands, result).overflows is overflows


def test_a_weight() -> None:
    found = bad_weight("0.weight", np.array([[1.0, 2.0], [-np.inf, np.nan]]))
    assert (found.found_in, found.path, found.kind) == ("weights", "0.weight", "")
    assert (found.value, found.place) == (-np.inf, (1, 0))


def test_the_name_of_a_loss() -> None:
    class Own:
        def __call__(self, predicted: Any, truth: Any) -> Any:
            return 0.0, predicted

    assert name_of_loss(Own()) == "Own"
    assert name_of_loss(np.mean) == "mean"
