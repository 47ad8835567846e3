"""The price of looking inside: a workload is measured, and the verdict says which prices hold."""

import pytest

from benchmarks import looking, looking_worker

ROW = {"ms": 2.0, "off": 1.004, "light": 0.004, "economy": 0.02, "full": 2.5, "trace": 2.0, "kept": 4e6, "needed": 6e6}


def test_a_workload_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking_worker, "LEAST", 0.0)
    row = looking_worker.measure("mlp", threads=1, blocks=1)
    assert row.keys() == ROW.keys()
    assert row["ms"] > 0
    assert row["full"] > 1
    assert row["kept"] > 3e6
    assert 0.5 < row["needed"] / row["kept"] < 2


def test_a_look_costs_what_it_adds_to_its_step_and_to_those_after_it() -> None:
    training = object.__new__(looking_worker.Training)
    training.kept = [[1.0, 1.0, 1.0, 3.0, 1.5, 1.0, 1.0, 3.0], [1.5, 1.0, 1.0, 3.0, 1.5, 1.0, 1.0, 3.0]]
    assert training.cost_of_a_look(plain=1.0) == 2.375  # 2 for its step, 0.375 for the next one
    assert training.steps() == [3.0, 1.5, 1.0, 1.0, 3.0] * 2


def test_the_page_and_its_verdict() -> None:
    rows = {"mlp": ROW, "vgg": ROW | {"off": 1.02, "light": 0.011, "economy": 0.06, "trace": 3.1}}
    text = looking.page(rows, threads=2)
    assert "the number of steps from one look to the next, 250 and 50" in text
    assert "| mlp | 2.00 | 1.004 | 0.40 % | 2.00 % | 2.50 | 2.00 | 4.0 | 1.50 |" in text
    assert looking.verdict(rows) == (
        "nothing when off: missed by vgg; light at most 1 %: missed by vgg; economy at most 5 %: missed by vgg; "
        "a trace at most 3 steps: missed by vgg."
    )
    assert looking.verdict({"mlp": ROW}).count("reached by all") == 4
