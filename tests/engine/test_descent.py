"""The steps of optimizers: the compiled ones are those of NumPy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tinynet as tn
from tinynet import engine as kernels
from tinynet.core import Parameter, faster, pack
from tinynet.engine import descent
from tinynet.engine.descent import LARGE
from tinynet.optimizers import SGD, Adam, AdamW, Optimizer

RULES: dict[str, Callable[[], Optimizer]] = {
    "plain": lambda: SGD(0.1),
    "plain with weight decay": lambda: SGD(0.1, weight_decay=0.1),
    "momentum": lambda: SGD(0.1, momentum=0.9),
    "nesterov": lambda: SGD(0.1, momentum=0.9, nesterov=True),
    "adam": lambda: Adam(0.1),
    "amsgrad": lambda: Adam(0.1, amsgrad=True),
    "adamw": lambda: AdamW(0.1, weight_decay=0.1),
}


def trained(rule: Callable[[], Optimizer], body: str, dtype: type, size: int = 37) -> np.ndarray:
    rng = np.random.default_rng(0)
    parameters = {name: Parameter(rng.normal(size=size), dtype=dtype) for name in "ab"}
    pack(parameters.values())
    optimizer = rule()
    with faster.use(body):
        for _ in range(5):
            for parameter in parameters.values():
                parameter.accumulate(rng.normal(size=size).astype(dtype))
            optimizer.step(parameters)
    assert not any(parameter.gradient.any() for parameter in parameters.values())
    return np.concatenate([parameter.tensor for parameter in parameters.values()])


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-5), (np.float16, 0)])
def test_bodies_agree(rule: str, dtype: type, tolerance: float) -> None:
    compiled, true = (trained(RULES[rule], body, dtype) for body in ("compiled", "vectorized"))
    assert compiled.dtype == dtype
    np.testing.assert_allclose(compiled, true, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("rule", ["plain", "momentum", "adam"])
def test_the_number_of_threads_changes_no_bit(rule: str) -> None:
    size = 9 if kernels.body("descent").__name__.endswith("vectorized") else 40000
    found = []
    for n in (1, 2, 3):
        with tn.threads(n):
            found.append(trained(RULES[rule], "compiled", np.float32, size))
    np.testing.assert_array_equal(found[1], found[0])
    np.testing.assert_array_equal(found[2], found[0])


def test_short_runs_are_not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(
        descent, "body", lambda family, size, large: asked.append((size, large)) or kernels.body(family, 1)
    )
    trained(RULES["adam"], "auto", np.float32)
    assert set(asked) == {(74, LARGE)}
    assert kernels.body("descent", LARGE - 1, LARGE).__name__.endswith("vectorized")


@pytest.mark.parametrize("body", ["vectorized", "compiled"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("clear", [False, True])
def test_what_is_read_stays_unless_it_is_to_be_cleared(body: str, dtype: type, clear: bool) -> None:
    for nesterov in (False, True):
        g, (w, m, v) = np.ones(5, dtype), np.zeros((3, 5), dtype)
        with faster.use(body):
            descent.momentum(w, g, v, 0.1, 0.9, nesterov, clear)
            np.testing.assert_array_equal(g, not clear)
            g[:] = 1
            descent.adam(w, g, m, v, None, 0.1, (0.9, 0.99), 1e-8, 1, clear)
        np.testing.assert_array_equal(g, not clear)


@pytest.mark.parametrize("rule", ["momentum", "adam"])
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_a_rule_says_whether_it_cleared_the_gradient(rule: str, decay: float) -> None:
    optimizer, parameter = RULES[rule](), Parameter(np.ones(5))
    optimizer.weight_decay = decay
    parameter.accumulate(np.ones(5))
    optimizer.update(parameter)
    assert optimizer.cleared is (decay == 0)
    np.testing.assert_array_equal(parameter.gradient, decay != 0)
