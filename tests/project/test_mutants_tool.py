"""The tool behind `make mutants`: its rules on small functions, its sample, its child processes."""

import ast
import os
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import tinynet
import tools.mutants
from tinynet.core import Parameter, faster
from tinynet.layers import Linear
from tools.mutants import running
from tools.mutants.children import Gone, Task, in_children
from tools.mutants.operators import RULES, changes
from tools.mutants.report import as_markdown, line_of, totals
from tools.mutants.running import Outcome
from tools.mutants.sources import Function, Mutant, Source, give_defaults, sample, sample_of_rooms, sources

PACKAGE = Path(tinynet.__file__).parent
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


@pytest.fixture(autouse=True)
def _engine_off() -> Iterator[None]:
    with faster.use("plain"):  # as the tool has it: a replacement would hide what is done to a lesson
        yield


def changed(statement: str, name: str = "f") -> set[str]:
    function = ast.parse(f"def {name}(x, n=2):\n    '''1 + 1'''\n    {statement}").body[0]
    return {change.after for change in changes(function, {"checks"})}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("y = a + b", {"y = a - b", "y = a", "y = b"}),
        ("y = a - b", {"y = a + b", "y = a"}),
        ("y = a * b", {"y = a / b", "y = a", "y = b"}),
        ("y = a @ b.T", {"y = b.T @ a", "y = a @ b"}),
        ("y = -a", {"y = a"}),
        ("y = 2 * a", {"y = 2 / a", "y = 2", "y = a", "y = 1 * a"}),
        ("y = a[1]", {"y = a[0]"}),
        ("y = 0.5", {"y = 1.0"}),
        ("y = a.sum(axis=0)", {"y = a.sum(axis=1)", "y = a.mean(axis=0)"}),
        (
            "y = g(a, axis=(0, 2), keepdims=True)",
            {f"y = g(a, axis={end})" for end in ("(2,), keepdims=True", "(0, 2), keepdims=False")},
        ),
        ("y = a[b:c]", {"y = a[b + 1:c]", "y = a[b:c - 1]"}),
        ("y = a[:-1]", {"y = a[:-2]", "y = a[:1]", "y = a[:-0]"}),
        ("y = a > b", {"y = a >= b", "y = a < b"}),
        ("y = np.maximum(a, b)", {"y = np.minimum(a, b)"}),
        ("y = np.sqrt(a)", {"y = a"}),
        ("y = np.where(a, b, c)", {"y = np.where(a, c, b)"}),
        ("y = a if b else c", {"y = c if b else a"}),
        ("y += a", {"y = a", "y -= a"}),
        ("W.accumulate(a)", {"W.accumulate(-a)", "pass"}),
        ("add_product(a, b, to=g)", {"add_product(-a, b, to=g)", "pass"}),
        ("for t in range(T): pass", {"for t in range(T - 1):"}),
    ],
)
def test_rules(statement: str, expected: set[str]) -> None:
    assert changed(statement) == expected


def test_what_a_backward_returns_changes_its_sign() -> None:
    assert changed("return dx", "backward") == {"return -dx"}
    assert changed("return dx, dy", "gradient_of") == {"return (-dx, dy)"}
    assert changed("return y", "forward") == set()


@pytest.mark.parametrize(
    "statement",
    ["checks.integer('n', x, minimum=1)", "raise ValueError(x + 1)", "y = f'{x + 1}'", "y = (x,) + (n,)", "y = x"],
)
def test_what_is_no_arithmetic_stays(statement: str) -> None:
    assert changed(statement) == set()


def steered(text: str) -> set[str]:
    function = ast.parse(text).body[0]
    new = {"dropped_statement", "dropped_with", "dropped_return", "dropped_keyword", "turned_condition"}
    new |= {"swapped_arguments", "swapped_statements", "altered_defaults"}
    return {change.after for change in changes(function, set(), steers=True) if change.rule in new}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f():\n    log(a)", {"pass"}),
        ("def f():\n    raise ValueError", {"pass"}),
        ("def f():\n    self.a = b", {"pass"}),
        ("def f():\n    with lock:\n        a = 1", {"if True:"}),
        ("def f():\n    with open(p) as file:\n        a = 1", set()),  # without it there would be no file
        ("def f():\n    return a", {"return None"}),
        ("def f():\n    a = g(b, key=c)", {"a = g(b)"}),
        ("def f():\n    a = g(b, c)", {"a = g(c, b)"}),
        ("def f():\n    a = zip(*b, strict=True)", set()),
        ("def f():\n    if a:\n        b = 1", {"if not a:"}),
        ("def f():\n    a = g(b=True)", {"a = g()", "a = g(b=False)"}),
        ("def f():\n    return False", {"return True", "return None"}),
        ("def f():\n    a.b()\n    c.d()", {"pass", "c.d(); a.b()"}),
        ("def f():\n    a = b()\n    c = d()", set()),  # which of two names is bound first is all the same
        ("def f(a, b=True, *, c=2):\n    a = b", {"b=False", "c=1"}),
    ],
)
def test_rules_for_code_that_steers(text: str, expected: set[str]) -> None:
    assert steered(text) == expected


def test_another_default_is_the_functions_own() -> None:
    def f(a, b=True, *, c=2):
        return b, c

    tree = ast.parse("def f(a, b=True, *, c=2):\n    return b, c").body[0]
    for change in list(changes(tree, set(), steers=True))[:2]:
        change.apply()
    give_defaults(f, tree.args)
    assert f(0) == (False, 1)


def test_a_change_names_the_statement_before_and_after() -> None:
    (change,) = changes(ast.parse("def f(x):\n    return x[0]").body[0], set())
    assert (change.line, change.before, change.after) == (2, "return x[0]", "return x[1]")


def linear() -> Source:
    return Source("layers/linear.py", PACKAGE)


def test_sample_is_even_and_always_the_same() -> None:
    mutants = list(linear().mutants())
    six = sample(mutants, 6)
    assert [m.key for m in sample(reversed(mutants), 6)] == [m.key for m in six]
    assert {m.function.name for m in six} >= {"Linear.forward", "Linear.backward"}
    assert len(six) == 6
    assert len(sample(mutants, 0)) == len(mutants)


def test_the_sample_of_the_rooms_takes_as_many_of_each() -> None:
    chosen = sources(PACKAGE, "losses/hinge.py") + sources(PACKAGE, "optimizers/sgd.py")
    mutants = [mutant for source in chosen for mutant in source.mutants()]
    four = sample_of_rooms(mutants, 2)
    assert [m.function.file.partition("/")[0] for m in four] == ["losses"] * 2 + ["optimizers"] * 2
    assert [m.key for m in four] == [m.key for m in mutants if m in four]  # in the order of the files
    assert {m.key for m in sample_of_rooms(list(reversed(mutants)), 2)} == {m.key for m in four}
    assert sample_of_rooms(mutants, 0) == mutants


def test_every_room_is_there_and_there_are_mutants_enough() -> None:
    rooms = {source.file.partition("/")[0] for source in sources(PACKAGE)}
    everything = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert rooms == everything - {"engine", "visualize"}  # proven against the lesson; looked at
    assert [source.file for source in sources(PACKAGE, "sgd.py")] == ["optimizers/sgd.py"]
    layers = sources(PACKAGE, "layers/a")  # activations, attention and such
    assert len(sample((mutant for source in layers for mutant in source.mutants()), 12)) >= 50


def test_each_equivalent_mutant_is_listed_once_with_its_reason() -> None:
    listed_in = Path(tools.mutants.__file__).with_name("equivalent.toml")
    entries = tomllib.loads(listed_in.read_text(encoding="utf-8"))["mutants"]
    listed = [f"{entry['where']}: {change}" for entry in entries for change in entry["changes"]]
    assert len(set(listed)) == len(listed)
    assert all(entry["why"] and " -> " in change for entry in entries for change in entry["changes"])


def test_a_mutant_lives_in_its_child_alone() -> None:
    source, dy = linear(), np.ones((1, 2), np.float32)
    mutant = next(m for m in source.mutants() if m.change.after.startswith("return -dx"))
    layer = Linear(3, 2)
    layer(np.ones((1, 3), np.float32))

    def work() -> np.ndarray:
        mutant.change.apply()
        source.install([mutant.function])
        return layer.backward(dy)

    ((about, found),) = in_children([Task(work, 10, "it")], 1)
    assert about == "it"
    np.testing.assert_allclose(found, -dy @ layer.weight.tensor, rtol=1e-6)
    np.testing.assert_allclose(layer.backward(dy), dy @ layer.weight.tensor, rtol=1e-6)


def test_a_marked_function_says_that_it_runs() -> None:
    source = linear()

    def work() -> set[str]:
        called: set[str] = set()
        for function in source.definitions:
            source.mark(function, f"seen.add({function.name!r})")
        source.install(source.definitions).seen = called
        Linear(3, 2)(np.ones((1, 3), np.float32))
        return called

    ((_, found),) = in_children([Task(work, 10, None)], 1)
    assert found == {"Linear.__init__", "Linear._check", "Linear.forward"}


def test_a_property_keeps_its_getter_and_its_setter() -> None:
    source = Source("core/parameter.py", PACKAGE)

    def work() -> float:
        source.install(source.definitions)
        parameter = Parameter(np.ones(2))
        parameter.tensor = np.full(2, 3.0)
        return float(parameter.tensor.sum())

    ((_, found),) = in_children([Task(work, 10, None)], 1)
    assert found == 6


def spin() -> None:
    while True:
        pass


@pytest.mark.parametrize("work", [spin, lambda: os._exit(2), lambda: time.sleep(60)], ids=["loops", "dies", "sleeps"])
def test_a_child_that_gives_nothing_is_gone(work) -> None:
    ((_, found),) = in_children([Task(work, 0.1, None)], 1)
    assert isinstance(found, Gone)


def test_a_mutant_whose_test_waits_for_ever_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    source, start = linear(), time.monotonic()
    mutant = next(iter(source.mutants()))
    tests = running.Tests(None)
    tests.items = [SimpleNamespace(nodeid="tests/layers/test_linear.py::test_shapes")]  # type: ignore[list-item]
    monkeypatch.setattr(running, "START", 1)
    monkeypatch.setattr(tests, "failing", lambda chosen: (time.sleep(600) for _ in chosen))
    (outcome,) = tests.catch([(mutant, source)], [running.Reading(True, 0.0, {mutant.function})], 1)
    assert outcome.caught_by == "takes too long or crashes"
    assert time.monotonic() - start < 300


def test_the_tests_of_its_own_room_come_first_and_not_all_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    source = linear()
    mutant = next(iter(source.mutants()))
    tests = running.Tests(None)
    names = [
        "tests/net/test_a.py::b",
        "tests/layers/test_c.py::d",
        "tests/errors/test_e.py::f",
        "tests/cli/test_g.py::h",
    ]
    tests.items = [SimpleNamespace(nodeid=name) for name in names]  # type: ignore[misc]
    monkeypatch.setattr(running, "MOST_TESTS", 3)
    monkeypatch.setattr(tests, "failing", lambda chosen: iter([str([names[i][6:9] for i in chosen]), None, None]))
    readings = [running.Reading(True, seconds, {mutant.function}) for seconds in (2.0, 5.0, 4.0, 3.0)]
    (outcome,) = tests.catch([(mutant, source)], readings, 1)
    assert (outcome.caught_by, outcome.n_tests) == ("['err', 'lay', 'net']", 3)


def fail() -> None:
    raise ValueError("in the tool itself")


def test_an_error_of_the_tool_catches_no_mutant() -> None:
    with pytest.raises(RuntimeError, match="An error outside the tests: this one"):
        list(in_children([Task(fail, 1, "this one")], 1))


def test_every_change_can_be_compiled() -> None:
    text = """def backward(x):
        for t in range(1, n):
            y = g(x, axis=(0, 1), keepdims=True) @ W.T if a > b and not c else -x[1:, ::2] ** 0.5
            y += np.where(a, np.sqrt(x.transpose(1, 0)), x.mean(axis=0)) * 2
            W.accumulate(y)
        return y, x - 1
    """
    function = ast.parse(text).body[0]
    rules = [change.rule for change in changes(function, set())]
    assert set(rules) == {rule.__name__ for rule in RULES}
    for index in range(len(rules)):
        tree = ast.parse(text)
        list(changes(tree.body[0], set()))[index].apply()
        compile(ast.fix_missing_locations(tree), "text", "exec")


def test_report_tells_survivors_from_equivalent_ones() -> None:
    def outcome(line: int, caught_by: str | None) -> Outcome:
        (change,) = changes(ast.parse("\n" * line + f"def f(x):\n    return x[{line}]").body[0], set())
        return Outcome(Mutant(Function("layers/x.py", "f"), change), caught_by, 5)

    outcomes = [outcome(1, "tests/a.py::test_a"), outcome(2, None), outcome(3, None)]
    equivalent = {outcomes[2].mutant.key: "It is the same."}
    assert line_of(outcomes[0], equivalent) == "layers/x.py:3  f  return x[1]  ->  return x[0]  caught by a.py::test_a"
    assert line_of(outcomes[1], equivalent).endswith("SURVIVED 5 tests")
    assert line_of(outcomes[2], equivalent).endswith("survived, equivalent")
    assert totals(outcomes, equivalent, 2.0).endswith(
        "3 mutants, 1 caught (33.3%), 2 survived, 1 of them equivalent; 2.0 minutes."
    )
    page = as_markdown(outcomes, equivalent, 2.0, jobs=2, most=12, of_room=200)
    assert "The last run, of at most 12 of each class or single function, 200 of them of each room: 3 mutants" in page
    assert "The last run, of all: 3 mutants" in as_markdown(outcomes, equivalent, 2.0, jobs=2, most=0)
