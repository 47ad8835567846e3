"""tinynet compare: runs side by side, what differs first."""

import json
import shutil

import pytest

from tinynet.cli.comparing import compared
from tinynet.learner import History
from tinynet.visualize.compared_curves import compared_curves


@pytest.fixture
def other(run, tmp_path):
    """A run that differs from the shared one in two settings, and is not finished."""
    folder = shutil.copytree(run, tmp_path / "other")
    config = json.loads((folder / "config.json").read_text())
    del config["test"]
    config["versions"]["numpy"] = "1.26.0"
    (folder / "config.json").write_text(json.dumps(config | {"lr": 0.5, "sizes": {"hidden": [8]}}))
    lines = (folder / "history.csv").read_text().splitlines()
    (folder / "history.csv").write_text("\n".join(lines[:2]) + "\n")
    return folder


def test_what_differs_stands_apart_from_what_is_the_same(run, other):
    found = compared([run, other])
    assert found.names == ["digits", "other"]
    numpy = json.loads((run / "config.json").read_text())["versions"]["numpy"]
    assert found.differing == {
        "model": ["mlp", "mlp:hidden=8/"],
        "lr": ["0.003", "0.5"],
        "version of numpy": [numpy, "1.26.0"],
    }
    assert found.same["dataset"] == "digits"
    assert found.results["epochs done"] == ["2 of 2", "1 of 2"]
    assert found.results["test accuracy"][1] == "not finished"
    assert found.results["test accuracy"][0].endswith("%")


def test_it_is_printed_with_the_differences_first(run, other, tinynet):
    result = tinynet("compare", run, other)
    assert result.status == 0
    lines = [line.split() for line in result.out.splitlines() if line.strip()]
    assert lines[0] == ["digits", "other"]
    assert [line[0] for line in lines[1:3]] == ["model", "lr"]
    assert next(line for line in lines if line[:2] == ["epochs", "done"]) == [
        "epochs",
        "done",
        "2",
        "of",
        "2",
        "1",
        "of",
        "2",
    ]
    assert "the same: dataset digits, epochs 2, " in result.out


def test_many_runs_come_in_several_tables(run, tinynet, tmp_path):
    folders = [shutil.copytree(run, tmp_path / f"run{index}") for index in range(6)]
    out = tinynet("compare", *folders).out
    assert "the settings are the same" in out
    assert [out.count(f"run{index}") for index in range(6)] == [1] * 6
    assert out.count("epochs done") == 2


def test_runs_of_one_name_are_called_by_their_paths(run, tmp_path):
    folder = shutil.copytree(run, tmp_path / "digits")
    assert compared([run, folder]).names == [str(run), str(folder)]


def test_a_folder_of_runs_stands_for_them(run, tmp_path):
    for name in ("trial-002", "trial-001"):
        shutil.copytree(run, tmp_path / name)
    for name in ("tune.json", "trials.log"):
        (tmp_path / name).write_text("")
    assert compared([tmp_path]).names == ["trial-001", "trial-002"]
    assert compared(sorted(tmp_path.iterdir())).names == ["trial-001", "trial-002"]


def test_a_page_and_a_picture_are_written(run, other, tinynet, tmp_path):
    assert tinynet("compare", run, other, "--out", tmp_path / "page.html").status == 0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert [page.index(heading) for heading in ("What differs", "How each ended", "What is the same")]
    assert "mlp:hidden=8/" in page
    assert "http" not in page.replace("http://www.w3.org", "")
    assert tinynet("compare", run, other, "--out", tmp_path / "curves.png").status == 0
    assert (tmp_path / "curves.png").read_bytes()[:4] == b"\x89PNG"


def test_each_training_has_its_colour_and_validation_the_full_line():
    histories = {"a": History(), "b": History()}
    for name, loss in (("a", 0.5), ("b", 0.25)):
        histories[name].append({"epoch": 1, "loss": loss, "valid_loss": 2 * loss})
    lines = compared_curves(histories).axes[0].lines
    assert [line.get_ydata().tolist() for line in lines] == [[1.0], [0.5], [0.5], [0.25]]
    assert lines[0].get_color() == lines[1].get_color() != lines[2].get_color()
    assert [line.get_linestyle() for line in lines] == ["-", "--", "-", "--"]


def test_bad_requests_are_one_sentence(run, other, tinynet, tmp_path):
    for words, sentence in (
        ((run,), "there is only one run, and nothing to compare it with"),
        ((run, run), "is given twice"),
        ((run, tmp_path / "nowhere"), "nowhere is not a run: there is no such folder"),
        ((run, other, "--out", "x.pdf"), "--out must end with .html or .png, got x.pdf"),
    ):
        result = tinynet("compare", *words)
        assert (result.status, result.out, sentence in result.err) == (2, "", True)
    for folder in (run, other):
        copy = shutil.copytree(folder, tmp_path / f"empty-{folder.name}")
        (copy / "history.csv").unlink()
    result = tinynet("compare", tmp_path / "empty-digits", tmp_path / "empty-other", "--out", tmp_path / "x.png")
    assert "none of these runs has finished an epoch, so there is no curve to draw" in result.err
