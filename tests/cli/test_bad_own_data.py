"""Bad data of a user's own: each gets one sentence that names what was expected and what came; nothing is written."""

import os
import re
from pathlib import Path

import pytest

from tests.cli.bad_data.pairs import BAD_PAIRS, LINES
from tests.cli.bad_data.pictures import PICTURES
from tests.cli.bad_data.predicted import PREDICTED
from tests.cli.bad_data.tables import ROWS, TABLES
from tests.cli.bad_data.texts import TEXTS
from tests.cli.without_report import without_report
from tests.data.own.drawn import folder_of_pictures
from tests.data.own.tables import write_table
from tests.data.own.test_text_file import RHYME
from tinynet.cli import main


def files_in(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()}


@pytest.mark.parametrize("bad", [*PICTURES, *TABLES, *TEXTS, *BAD_PAIRS], ids=lambda bad: bad.name)
def test_bad_data_get_one_sentence_and_nothing_is_written(tinynet, tmp_path, monkeypatch, bad):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    data = tmp_path / "data"
    data.mkdir()
    words = bad.make(data)
    before = files_in(tmp_path)
    result = tinynet("train", *words, "--epochs", 1)
    assert re.search(bad.words, result.err), result.err
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("tinynet: ")
    assert len(result.err.splitlines()) <= 2
    assert "Traceback" not in result.err
    assert files_in(tmp_path) == before
    assert list(here.iterdir()) == []


def test_there_are_many_cases():
    cases = [*PICTURES, *TABLES, *TEXTS, *BAD_PAIRS, *PREDICTED]
    assert len({bad.name for bad in cases}) >= 100


def test_what_may_not_be_read_is_said(tinynet, tmp_path, monkeypatch):
    folder = folder_of_pictures(tmp_path / "shapes", 8)
    listed = Path.iterdir

    def refuse(path: Path) -> object:
        if path.name == "disc":
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    result = tinynet("train", folder)
    assert result.status == 2
    assert (
        result.err
        == f"tinynet: pictures: there is no permission to read {folder / 'disc'}.\nHint: change its permissions.\n"
    )


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_files_that_may_not_be_read_are_said(tinynet, tmp_path):
    path = write_table(tmp_path / "houses.csv", ROWS)
    path.chmod(0)
    assert "there is no permission to read" in tinynet("train", path, "--target", "price").err


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A run on each kind of data; how well they do is of no concern here."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "rhyme.txt").write_text(RHYME * 10, encoding="utf-8")
    (folder / "pairs.txt").write_text("\n".join(LINES), encoding="utf-8")
    words = {
        "pictures": [folder_of_pictures(folder / "shapes", 10), "--size", "8", "--model", "mlp"],
        "table": [write_table(folder / "houses.csv", ROWS), "--target", "kind"],
        "text": [folder / "rhyme.txt", "--window", "8", "--model", "char_lstm"],
        "pairs": [folder / "pairs.txt", "--model", "seq2seq:embed_dim=8,num_heads=2"],
    }
    for name, some in words.items():
        with without_report(), pytest.raises(SystemExit) as ended:
            main(["train", *map(str, some), "--epochs", "1", "--out", str(folder / name)])
        assert not ended.value.code
    return {name: folder / name for name in words}


@pytest.mark.parametrize("bad", PREDICTED, ids=lambda bad: bad.name)
def test_what_cannot_be_predicted_gets_one_sentence(runs, tinynet, tmp_path, bad):
    command, kind, *words = bad.make(tmp_path)
    result = tinynet(command, runs[kind], *words)
    assert re.search(bad.words, result.err), result.err
    assert result.status == 2
    assert result.err.startswith("tinynet: ")
    assert len(result.err.splitlines()) <= 2
    assert "Traceback" not in result.err
