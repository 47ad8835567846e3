"""The numbers and words of tinynet kernels, on work and machines that are made up."""

from types import SimpleNamespace

import numpy as np
import pytest

import tinynet as tn
from tinynet.cli import kernel_calls, kernel_routes, kernel_table, served, show
from tinynet.cli.kernel_calls import Work
from tinynet.cli.kernel_table import Speed
from tinynet.cli.served import Call
from tinynet.core import faster
from tinynet.layers import Conv2D, Dropout, Embedding, Flatten, Layer, Linear, ReLU
from tinynet.net import Net, Residual

# Work.


def test_work_is_of_a_usual_size_or_a_small_one(monkeypatch):
    monkeypatch.setattr(kernel_calls, "LAYERS", {"Linear": kernel_calls.LAYERS["Linear"]})
    monkeypatch.setattr(kernel_calls, "N_PARAMETERS", 128)
    with faster.use("plain"):
        of = {large: {work.name: work for work in kernel_calls.works(large)} for large in (True, False)}
        assert next(kernel_calls.works()).multiply_adds == 64 * 784 * 256
    for large, shape, size in ((True, (2048, 65), 128), (False, (4, 5), 64)):
        losses = [of[large][name].call.args for name in ("cross_entropy", "binary_cross_entropy_with_logits")]
        assert [logits.shape for logits, _ in losses] == [shape, shape]
        assert [(truth.shape, truth.dtype.kind, truth.any()) for _, truth in losses] == [
            (shape[:1], "i", False),
            (shape, "f", False),
        ]
        assert {of[large][name].call.args[0]["weight"].size for name in kernel_calls.OPTIMIZERS} == {size}
    assert of[True]["Linear.forward"].multiply_adds == 64 * 784 * 256
    assert of[False]["Linear.forward"].multiply_adds == 2 * 3 * 256


def test_forward_and_backward_of_a_layer_are_called_on_what_it_takes():
    seen = []

    class Notes(Layer):
        def forward(self, x):
            seen.append(("x", x))
            return 2 * x

        def backward(self, dy):
            seen.append(("dy", dy))
            return dy

        def multiply_adds(self, x, y):
            assert (y == 2 * x).all()
            return 7

    forward, backward = kernel_calls.of_layer("Notes", Notes(), (2, 3, 4, 5))
    assert (forward.name, forward.multiply_adds) == ("Notes.forward", 7)
    assert (backward.name, backward.multiply_adds) == ("Notes.backward", 14)
    forward.call()
    backward.call()
    assert [name for name, _ in seen] == ["x", "x", "dy"]
    x, dy = seen[1][1], seen[2][1]
    assert x.shape == dy.shape == (2, 3, 4, 5)
    assert (x.dtype, x.strides, dy.strides) == (np.float32, (240, 4, 60, 12), (240, 4, 60, 12))  # channels come last
    assert (dy == 1).all()
    np.testing.assert_array_equal(x, np.random.default_rng(0).normal(0, 0.1, x.shape).astype(np.float32))
    ids = []
    layer = Embedding(5, 2)
    layer.forward = lambda x: ids.append(x) or Embedding.forward(layer, x)
    kernel_calls.of_layer("Embedding", layer, (2, 3))
    assert (ids[0].shape, ids[0].dtype.kind, ids[0].any()) == ((2, 3), "i", False)


# Times.


def test_the_shortest_of_some_calls_after_one_that_compiles(monkeypatch):
    calls = []
    clock = iter([0.0, 0.02, 1.0, 1.005, 2.0, 2.01])
    monkeypatch.setattr(kernel_table, "SECONDS", 0.03)
    monkeypatch.setattr(kernel_table, "perf_counter", lambda: next(clock))
    assert kernel_table.best_time(lambda: calls.append(1)) == pytest.approx(0.005)
    assert len(calls) == 1 + 3


def test_the_peak_is_that_of_the_best_product(monkeypatch):
    clock = iter([0.0, 4.0, 10.0, 12.0, 20.0, 23.0, 30.0, 34.0, 40.0, 44.0])
    monkeypatch.setattr(kernel_table, "PEAK_SIZE", 10)
    monkeypatch.setattr(kernel_table, "perf_counter", lambda: next(clock))
    assert kernel_table.product_peak() == pytest.approx(2e-9 * 1000 / 2)


def test_the_product_is_what_is_timed(monkeypatch):
    class Noted(np.ndarray):
        def __matmul__(self, other):
            order.append("product")
            return self

    order = []
    monkeypatch.setattr(kernel_table.np, "ones", lambda *_: np.zeros((2, 2)).view(Noted))
    monkeypatch.setattr(kernel_table, "perf_counter", lambda: order.append("clock") or float(len(order)))
    kernel_table.product_peak()
    assert order == ["clock", "product", "clock"] * 5


def test_speed_is_that_now_beside_that_of_the_lesson(monkeypatch):
    seen = []
    monkeypatch.setattr(
        kernel_table, "best_time", lambda _: seen.append(faster.in_use()) or (0.5 if len(seen) % 2 else 2.0)
    )
    with faster.use("loops"):
        assert kernel_table.speed(Work("some", lambda: None)) == Speed(0.5, 4.0, None)
        assert kernel_table.speed(Work("some", lambda: None, 10**9)) == Speed(0.5, 4.0, 4.0)
    assert seen == ["loops", "plain"] * 2


@pytest.mark.parametrize(
    ("speed", "words"),
    [
        (Speed(1e-3, 10.0, None), ["1.00 ms", "10 × plain"]),
        (Speed(0.000999, 9.94, None), ["999 µs", "9.9 × plain"]),
        (Speed(1.5, 0.04, 12.34), ["1500.00 ms", "0.0 × plain", "12.3", "6%"]),
        (Speed(1e-3, 1.0, 0.0), ["1.00 ms", "1.0 × plain", "0.0", "0%"]),
    ],
)
def test_the_numbers_of_a_row(speed, words):
    assert kernel_table.cells(speed, 200.0) == words


# The machine.


def test_the_machine_in_lines(monkeypatch):
    monkeypatch.setattr(kernel_table, "blas_of", lambda package: f"that of {package}")
    monkeypatch.setattr(kernel_table.os, "cpu_count", lambda: 9)
    with tn.threads(1), faster.use("plain"):
        lines = kernel_table.surroundings(12.6)
    assert list(lines) == ["kernels", "threads", "NumPy's BLAS", "SciPy's BLAS", "compiler", "compiled code", "peak"]
    assert lines["threads"] == "1 of 9 processors"
    assert (lines["NumPy's BLAS"], lines["SciPy's BLAS"]) == ("that of numpy", "that of scipy")
    assert lines["peak"] == "13 GFLOP/s, a matrix product in float32"
    assert lines["compiler"] == kernel_table.compiler()


def test_what_computes_is_told(monkeypatch):
    engine = SimpleNamespace(MIN_SAMPLE_SIZE=4096)
    monkeypatch.setattr(kernel_table, "import_module", lambda name: {"tinynet.engine.serves": engine}[name])
    monkeypatch.setattr(kernel_table, "has_engine", lambda: True)
    with faster.use("auto"):
        assert kernel_table.chosen() == "auto (compiled mostly from 4,096 numbers in a sample on, plain below)"
    with faster.use("compiled"):
        assert kernel_table.chosen() == "compiled"
    monkeypatch.setattr(kernel_table, "has_engine", lambda: False)
    with faster.use("loops"):
        assert kernel_table.chosen() == "loops: there is no engine here, so the plain lessons run"


@pytest.mark.parametrize(
    ("built", "libraries", "words"),
    [
        ({"name": "openblas", "version": "0.3"}, [("numpy", "Zen"), ("numpy", "Haswell")], "openblas 0.3 for Zen"),
        ({"name": "openblas", "version": "0.3"}, [("scipy", "Zen")], "openblas 0.3"),
        ({"name": "accelerate"}, [], "accelerate"),
        ({"name": "mkl"}, [("numpy", None)], "mkl"),
        ({}, [("numpy", "Zen")], "unknown for Zen"),
    ],
)
def test_the_library_of_products_is_named_with_its_processor(built, libraries, words, monkeypatch):
    module = SimpleNamespace(show_config=lambda mode: {"dicts": {"Build Dependencies": {"blas": built}}}[mode])
    found = [
        SimpleNamespace(filepath=f"/lib/{name}.libs/x.so", **({"architecture": kind} if kind else {}))
        for name, kind in libraries
    ]
    monkeypatch.setattr(kernel_table, "import_module", lambda name: module)
    monkeypatch.setattr(kernel_table, "blas", lambda: found)
    assert kernel_table.blas_of("numpy") == words


def test_the_library_of_scipy_is_loaded_first(monkeypatch):
    loaded = []
    module = SimpleNamespace(show_config=lambda mode: {})
    monkeypatch.setattr(kernel_table, "import_module", lambda name: loaded.append(name) or module)
    monkeypatch.setattr(kernel_table, "blas", list)
    assert kernel_table.blas_of("scipy") == "unknown"
    assert loaded == ["scipy", "scipy.linalg.cython_blas"]


def test_the_compiler_and_where_its_code_is_kept(monkeypatch):
    there = SimpleNamespace(__version__="0.60", cache_folder=lambda: "/cache")
    monkeypatch.setattr(kernel_table, "import_module", lambda name: there)
    monkeypatch.setattr(kernel_table, "find_spec", lambda name: name == "numba" or None)
    monkeypatch.setattr(kernel_table, "has_engine", lambda: True)
    assert (kernel_table.compiler(), kernel_table.cache()) == ("Numba 0.60", "/cache")
    there.cache_folder = lambda: ""
    assert kernel_table.cache() == "not kept: its folder cannot be written to"
    monkeypatch.setattr(kernel_table, "has_engine", lambda: False)
    assert kernel_table.cache() == "none"


def test_the_whole_table(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "70")
    asked = []
    work = [Work("Some.forward", lambda: None, 5), Work("Adam", lambda: None)]
    monkeypatch.setattr(kernel_table, "works", lambda large: asked.append(large) or work)
    monkeypatch.setattr(kernel_table, "product_peak", lambda: 100.0)
    monkeypatch.setattr(kernel_table, "surroundings", lambda peak: {"peak": f"{peak} " + 80 * "x"})
    monkeypatch.setattr(kernel_table, "serving", lambda work: "plain")
    monkeypatch.setattr(kernel_table, "speed", lambda work: Speed(0.002, 12.0, 25.0 if work.multiply_adds else None))
    kernel_table.kernels_table()
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "peak          100.0 " + 80 * "x",
        "",
        "work          served by     time       speed  GFLOP/s  of peak",
        "Some.forward  plain      2.00 ms  12 × plain     25.0      25%",
        "Adam          plain      2.00 ms  12 × plain",
    ]
    with faster.use("loops"):
        kernel_table.kernels_table()
    assert asked == [True, False]


def test_numbers_in_a_line_have_no_colours(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(kernel_table, "works", lambda large: [])
    monkeypatch.setattr(kernel_table, "product_peak", lambda: 100.0)
    monkeypatch.setattr(kernel_table, "surroundings", lambda peak: {"peak": "100 of 3"})
    kernel_table.kernels_table()
    assert capsys.readouterr().out.startswith("peak          100 of 3\n")
    show.datasets_table()
    assert "\nor your own: a folder of pictures, a table," in capsys.readouterr().out


# Who serves what.


def test_what_served_in_a_word():
    def call(entry, route="", is_served=True):
        return Call(entry, route, is_served)

    with faster.use("compiled"):
        assert served.by([]) == "plain"
        assert served.by([call(Linear.forward, is_served=False)]) == "plain"
        assert served.by([call(Layer.remember), call(Net.forward)]) == "plain"
        assert served.by([call(Linear.forward)]) == "compiled"
        routes = [call(Conv2D.forward, "direct"), call(Linear.forward), call(Conv2D.forward, "winograd")]
        assert served.by([*routes, *routes]) == "compiled: direct, winograd"
    with faster.use("loops"):
        assert served.by([call(Linear.forward)]) == "loops"


def test_calls_are_noted_in_their_order_with_their_answers(monkeypatch):
    table, notes = {}, []
    monkeypatch.setitem(served.TABLES, "loops", table)

    def outer(x):
        return inner_entry(x)

    inner_entry = lambda x: served.TABLES["loops"]["inner"](x)  # noqa: E731
    table |= {"outer": outer, "inner": lambda x: x + 1, "declines": lambda x: NotImplemented}
    before = dict(table)
    monkeypatch.setattr(served, "load_engine", lambda: notes.append("loaded"))
    monkeypatch.setattr(served, "_route", lambda entry, arguments: "")
    with faster.use("loops"), served.noted() as calls:
        assert table["outer"](1) == 2
        assert table["declines"](1) is NotImplemented
    assert calls == [Call("outer", "", True), Call("inner", "", True), Call("declines", "", False)]
    assert table == before
    assert notes == ["loaded"]


def test_a_route_is_that_of_the_arguments(monkeypatch):
    tables = SimpleNamespace(ROUTES={"conv": lambda *shape: f"by {shape}"})
    monkeypatch.setattr(served, "import_module", lambda name: {"tinynet.engine.tables": tables}[name])
    with faster.use("compiled"):
        assert (served._route("conv", (3, 4)), served._route("pool", (3, 4))) == ("by (3, 4)", "")
    with faster.use("loops"):
        assert served._route("conv", (3, 4)) == ""


# Routes.


def test_each_layer_that_computes_has_a_row():
    net = Net([Residual([Linear(8, 8)]), ReLU(), Dropout(0.5), Net([Linear(8, 2)])])
    with faster.use("plain"):
        rows = kernel_routes.routes(net, (8,))
    assert [(row.path, row.layer, row.shape) for row in rows] == [
        ("0", "Residual", "(32, 8)"),
        ("0.body.0", "Linear(8, 8)", "(32, 8)"),
        ("1", "ReLU()", "(32, 8)"),
        ("2", "Dropout(p=0.5)", "(32, 8)"),
        ("3.0", "Linear(8, 2)", "(32, 2)"),
    ]
    assert {row[3:] for row in rows} == {("plain", "plain")}
    assert not any({"forward", "backward"} & vars(layer).keys() for _, layer in net.layers_inside())


def test_a_net_gets_numbers_in_its_type_or_words(monkeypatch):
    seen = []

    class Notes(Flatten):
        def forward(self, *x):
            seen.append([(part.shape, part.dtype.kind, part.dtype.itemsize) for part in x])
            return super().forward(x[0])

    with faster.use("plain"):
        kernel_routes.routes(Net([Notes(), Linear(4, 2)]).astype(np.float64), (2, 2))
        kernel_routes.routes(Net([Net([Embedding(5, 2)]), Flatten()]), (3,))
    assert seen == [[((32, 2, 2), "f", 8)]]
    assert kernel_routes.BATCH_SIZE == 32


def test_a_call_belongs_to_the_innermost_layer():
    notes = {"outer": kernel_routes._Notes(), "inner": kernel_routes._Notes()}
    calls = []

    def inner(x):
        calls.append("in")
        return x, "state"

    inner = kernel_routes._attributing(inner, "forward", notes["inner"], calls)

    def outer(x):
        calls.append("before")
        y, _ = inner(x)
        calls.append("after")
        return y

    outer = kernel_routes._attributing(outer, "forward", notes["outer"], calls)
    calls.append("outside")
    outer(np.zeros((2, 3)))
    assert notes["inner"].calls == {"forward": ["in"], "backward": []}
    assert notes["outer"].calls == {"forward": ["before", "after"], "backward": []}
    assert calls == ["outside"]
    assert notes["inner"].shape == notes["outer"].shape == (2, 3)
    backward = kernel_routes._attributing(lambda dy: dy, "backward", notes["inner"], calls)
    assert backward(dy=np.zeros(7)).shape == (7,)
    assert notes["inner"].shape == (2, 3)


def test_two_neighbours_in_one_pass_name_each_other(monkeypatch):
    known = {}
    first, second = ReLU(), Linear(3, 2)
    assert kernel_routes._noting_pair(lambda *_: NotImplemented, known)(first, second, 1) is NotImplemented
    assert known == {}
    assert kernel_routes._noting_pair(lambda a, b, x: (a, b, x), known)(first, second, 1) == (first, second, 1)
    assert known == {id(first): "Linear", id(second): "ReLU"}
    notes = kernel_routes._Notes()
    notes.calls = {"forward": [Call(Linear.forward, "", True)], "backward": []}
    with faster.use("compiled"):
        assert kernel_routes._with_pair("ReLU", notes) == ("compiled, in one pass with ReLU", "plain")
        assert kernel_routes._with_pair("", notes) == ("compiled", "plain")


def test_pairs_are_looked_for_only_where_they_are_used(monkeypatch):
    monkeypatch.setattr(kernel_routes, "has_engine", lambda: False)
    assert kernel_routes._pairs_that_serve(Net([Linear(2, 2)]), [np.zeros((1, 2))]) == {}
    monkeypatch.setattr(kernel_routes, "has_engine", lambda: True)
    for name in ("plain", "loops"):
        with faster.use(name):
            assert kernel_routes._pairs_that_serve(Net([Linear(2, 2)]), [np.zeros((1, 2))]) == {}


def test_the_pairs_of_the_engine_are_noted_and_put_back(monkeypatch):
    class Pair(SimpleNamespace):
        def _replace(self, forward):
            return Pair(forward=forward)

    pairs = SimpleNamespace(PAIRS={(Linear, ReLU): Pair(forward=lambda a, b, x: b.forward(a.forward(x)))})
    before = dict(pairs.PAIRS)
    loaded = []
    monkeypatch.setattr(kernel_routes, "has_engine", lambda: True)
    monkeypatch.setattr(kernel_routes, "load_engine", lambda: loaded.append(1))
    monkeypatch.setattr(kernel_routes, "import_module", lambda name: {"tinynet.engine.pairs": pairs}[name])
    net = Net([Linear(2, 2), ReLU()])
    first, second = net
    monkeypatch.setattr(net, "forward", lambda x: pairs.PAIRS[Linear, ReLU].forward(first, second, x))
    with faster.use("auto"):
        found = kernel_routes._pairs_that_serve(net, [np.zeros((1, 2), np.float32)])
    assert found == {id(first): "ReLU", id(second): "Linear"}
    assert before == pairs.PAIRS
    assert loaded == [1]


def test_the_table_of_a_model(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    with faster.use("plain"):
        kernel_routes.routes_table(Net([Linear(3, 2), ReLU()]), (3,))
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "path  layer         output   forward  backward",
        "0     Linear(3, 2)  (32, 2)  plain    plain",
        "1     ReLU()        (32, 2)  plain    plain",
    ]
