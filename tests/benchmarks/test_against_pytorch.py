"""The comparison with PyTorch, with Tinynet on both sides: its processes, its tables and its page."""

import re

import pytest

from benchmarks import against_pytorch, growth, page, sides, worker
from benchmarks.sides import Plan

BOTH = ("tinynet", "tinynet")
TRAINING = {"ms": 2.0, "min": 1.5, "torch ms": 4.0, "torch min": 3.0, "ratio": 0.5, "of peak": 0.25, "peak": 100.0}
ROWS = {
    "training": {"mlp": TRAINING, "vgg": TRAINING | {"ratio": 0.72}},
    "memory": {"mlp": {"MiB": 50.4, "torch MiB": 200.0, "ratio": 0.252, "first": 0.5, "torch first": 2.0}},
    "inference": {
        "mlp": {"ms 1": 0.1, "torch ms 1": 0.2, "ratio 1": 0.5, "ms 256": 2.0, "torch ms 256": 1.0, "ratio 256": 2.0}
    },
    "start": {"mlp": {"imports": 0.4, "warm": 1.5, "cold": 9.0, "torch imports": 1.0, "torch": 2.0}},
}
GROWN = {
    "batch size": {"mlp": {1: (0.5, 1.0), 64: (0.1, 0.2), 1024: (0.11, 0.1)}},
    "depth": {"convolutions": {2: (0.5, 1.0), 4: (0.9, 2.0)}},
}


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr(sides, "TIMES", {1: 5, 256: 4})
    monkeypatch.setattr(sides, "BATCHES", (1, 64, 1024))
    monkeypatch.setattr(sides, "LEAST", 0.01)


def test_a_tiny_run_prints_each_table_and_writes_the_page(tmp_path, capsys):
    words = ["mlp", "--training", "--inference", "--growth", "--threads", "1", "--blocks", "1"]
    against_pytorch.main([*words, "--write", str(tmp_path / "page.md")], BOTH)
    out, text = capsys.readouterr().out, (tmp_path / "page.md").read_text(encoding="utf-8")
    rows = [line for line in out.splitlines() if line.startswith("| mlp |")]
    assert len(rows) == 2
    assert all(row in text for row in rows)
    assert re.findall("^## (.*)", text, re.MULTILINE) == ["A step of training", "Inference", "Growth"]
    assert 0.1 < float(rows[0].split("|")[4]) < 10
    assert "at batch 1,024 over that at 64" in text
    assert (tmp_path / page.PICTURE).read_text(encoding="utf-8").startswith("<?xml")
    assert "batch size, mlp | 1,024 |" in text


def test_memory_and_start_are_of_processes_of_their_own():
    row = sides.memory("mlp", Plan(1, sides=BOTH))
    assert 10 < row["MiB"] < 1000
    assert abs(row["ratio"] - 1) < 0.2
    assert row["first"] > 0.05
    row = sides.start("mlp", Plan(1, sides=BOTH))
    assert all(seconds > 0.05 for seconds in row.values())


def test_a_stack_has_its_width_and_depth():
    in_tinynet = pytest.importorskip("benchmarks.in_tinynet")
    net = in_tinynet.build("stack-5x3")
    assert [parameter.shape for path, parameter in net.parameters().items() if "weight" in path] == [
        (5, 3, 3, 3), (5, 5, 3, 3), (5, 5, 3, 3), (10, 5),
    ]  # fmt: skip
    assert net.forward(worker.batch("stack-5x3", 2)[0]).shape == (2, 10)


def test_losses_that_differ_end_it():
    class Side:
        def __init__(self, first_loss):
            self.first_loss = first_loss

        def ask(self, do, times):
            return {"losses": [1.0] * times}

    sides.check_losses("mlp", [Side(1.0), Side(1.001)])
    for other in (1.01, float("nan")):
        with pytest.raises(SystemExit, match="mlp: the losses differ"):
            sides.check_losses("mlp", [Side(1.0), Side(other)])


def test_the_first_of_each_block_do_not_count():
    class Side:
        def __init__(self, seconds):
            self.seconds = iter(seconds)

        def ask(self, do, times, **more):
            return {"seconds": [next(self.seconds) for _ in range(times)]}

    pair = [Side(range(100)), Side(range(1000, 1100))]
    assert sides.in_turn(pair, 2, "train", 5) == [[7e3, 8e3, 12e3, 13e3], [1007e3, 1008e3, 1012e3, 1013e3]]


def test_a_block_lasts_a_while(monkeypatch):
    class Side:
        def ask(self, do, times, **more):
            return {"seconds": [0.001] * times}

    monkeypatch.setattr(sides, "LEAST", 0.1)
    ours, theirs = sides.in_turn([Side(), Side()], 2, "train", 20)
    assert len(ours) == len(theirs) == 2 * (100 - sides.DROPPED)


def test_the_page_has_all_that_was_measured(tmp_path):
    page.write(tmp_path / "page.md", Plan(2, 3, 25), ROWS, GROWN)
    text = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "| mlp | 2.00 (1.50) | 4.00 (3.00) | 0.50 | 0.50 | 25% |" in text
    assert (
        "Geometric mean of the ratios: 0.60 (at most 0.65 is wanted); missed by vgg. The peak is 100 GFLOP/s." in text
    )
    assert "| mlp | 50 | 200 | 0.25 | 0.50 | 2.00 |" in text
    assert "| mlp | 0.1 | 0.2 | 0.50 | 2 | 1 | 2.00 |" in text
    assert "is wanted; reached by all." in text
    assert "| mlp | 0.40 | 1.50 | 9.00 | 1.00 | 2.00 |" in text
    assert "nothing compiled yet; missed by mlp." in text
    assert "mlp 1.10 (PyTorch 0.50)." in text
    assert "3 blocks of at least 25 steps and 0.01 seconds" in text
    assert "2 threads on each side" in text
    assert re.search(r"numpy \d", text)
    tables_in_it = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in tables_in_it)


def test_a_page_without_growth_has_no_drawing(tmp_path):
    page.write(tmp_path / "page.md", Plan(1), {"memory": ROWS["memory"]}, None)
    assert "Growth" not in (tmp_path / "page.md").read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["page.md"]


def test_the_drawing_is_the_same_each_time(tmp_path):
    for name in ("a.svg", "b.svg"):
        growth.draw(GROWN, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [(["mpl"], "there is no workload mpl; there are mlp, lenet"), (["mlp", "--steps", "19"], "than 20 steps measure")],
)
def test_what_cannot_be_measured_is_refused(words, sentence, capsys):
    with pytest.raises(SystemExit):
        against_pytorch.main(words)
    assert sentence in capsys.readouterr().err
