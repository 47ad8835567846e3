"""What takes the output: pipes of any encoding, a full disk, nothing; and the paths that a user gives."""

import io
import logging
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tinynet.cli import main, output, waiting
from tinynet.cli.waiting import duration
from tinynet.core.faster import use
from tinynet.models import build


class Stream(io.TextIOWrapper):
    def __init__(self, encoding: str) -> None:
        super().__init__(io.BytesIO(), encoding=encoding)

    def text(self) -> str:
        return self.buffer.getvalue().decode(self.encoding)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8"])
@pytest.mark.parametrize(
    "words",
    [["summary", "lenet5"], ["models"], ["datasets"], ["kernels", "--for", "mlp", "--kernels", "plain"], ["--help"]],
    ids=lambda words: words[0],
)
def test_every_command_writes_in_every_encoding(monkeypatch, encoding, words):
    stream = Stream(encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert not ended.value.code
    assert len(stream.text()) > 100


def test_formulas_are_readable_in_ascii(monkeypatch):
    stream = Stream("ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    with pytest.raises(SystemExit):
        main(["summary", "mlp"])
    assert "y = x W^T + b" in stream.text()
    assert "-----" in stream.text()


@pytest.mark.parametrize("name", ["é–日本", "\udcff", "\U0001f600"])
def test_a_name_that_cannot_be_encoded_is_written_some_other_way(monkeypatch, name):
    for encoding in ("ascii", "cp1252", "utf-8"):
        errors = Stream(encoding)
        monkeypatch.setattr(sys, "stderr", errors)
        with pytest.raises(SystemExit) as ended:
            main(["evaluate", f"lost-{name}"])
        assert ended.value.code == 2
        assert errors.text().startswith("tinynet: lost-")


def test_without_any_output_a_command_does_its_work(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["train", "moons", "--epochs", "1", "--kernels", "plain", "--out", "run"])
    assert not ended.value.code
    assert (tmp_path / "run/model.safetensors").exists()
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", "nowhere"])
    assert ended.value.code == 2


def command(line: str, **environment: str) -> subprocess.CompletedProcess:
    words = f"{sys.executable} -m tinynet {line}"
    return subprocess.run(["sh", "-c", words], capture_output=True, env=os.environ | environment)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has this device")
def test_a_full_disk_is_one_sentence():
    done = command("models > /dev/full")
    assert (done.returncode, done.stderr) == (2, b"tinynet: No space left on device.\n")


@pytest.mark.skipif(sys.platform == "win32", reason="these are the ways of a Unix shell")
def test_a_closed_output_is_no_error():
    assert command("summary mlp >&-").returncode == 0
    assert command("evaluate nowhere 2>&-").returncode == 2
    assert command("summary mlp", LANG="C", LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0").returncode == 0


def test_no_words_show_the_help_and_complain_of_nothing(tinynet):
    result = tinynet()
    assert "Commands" in result.out
    assert result.err == ""


# Paths.


def test_a_tilde_is_the_home_folder(tinynet, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert tinynet("train", "moons", "--epochs", 1, "--kernels", "plain", "--out=~/run").status == 0
    assert (tmp_path / "run/model.safetensors").exists()
    assert tinynet("evaluate", "~/run").status == 0
    assert tinynet("summary", "~/run").status == 0
    assert not (tmp_path / "~").exists()


@pytest.mark.parametrize("words", [["train", "moons", "--out", ""], ["evaluate", ""], ["report", ""], ["summary", ""]])
def test_an_empty_path_is_refused(tinynet, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    result = tinynet(*words)
    assert result.status == 2
    assert "expected a path, got an empty text." in result.err
    assert not list(tmp_path.iterdir())


def test_a_tilde_without_a_home_is_refused(monkeypatch):
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    with pytest.raises(output.typer.BadParameter, match="begins with ~, but this user has no home folder"):
        output.given_path(os.path.join("~", "run"))
    assert output.given_path("~run") == Path("~run")


# Loops.


def test_loops_say_how_long_they_will_take(capsys, monkeypatch):
    monkeypatch.setattr(waiting, "seconds_of_a_product", lambda: 1e-6)
    net = build("mnist_cnn")
    for choice, said in (("loops", True), ("plain", False), ("auto", False)):
        with use(choice):
            waiting.warn_of_loops(net, (1, 28, 28), 54_000, 0)
        assert ("--kernels loops computes in nested Python loops" in capsys.readouterr().err) == said
    with use("loops"):
        seconds = waiting.seconds_of_loops(net, (1, 28, 28))
        assert seconds == pytest.approx(1e-6 * (32 * 9 * 26 * 26 + 64 * 32 * 9 * 24 * 24))
        waiting.warn_of_loops(build("mlp"), (1, 28, 28), 54_000, 0)  # no layer of it has loops
        waiting.warn_of_loops(net, (1, 28, 28), 0, 1)  # that is soon done
    assert capsys.readouterr().err == ""


def test_the_time_of_loops_is_measured():
    with use("loops"):
        loops = waiting.seconds_of_a_product()
    assert 1e-9 < loops < 1e-3


def test_a_duration_is_told_in_words():
    words = ["1 seconds", "100 seconds", "10 minutes", "3 hours", "12 days"]
    assert [duration(seconds) for seconds in (1, 100, 600, 10_800, 1_000_000)] == words


def test_ctrl_c_while_the_commands_are_loaded_is_told_like_any_other(tinynet, monkeypatch):
    class Loading(ModuleType):
        def __getattr__(self, name):
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "tinynet.cli.app", Loading("tinynet.cli.app"))
    assert tinynet("models") == (130, "", "tinynet: interrupted.\n")


def test_what_matplotlib_says_of_its_cache_is_not_shown(tinynet):
    logger = logging.getLogger("matplotlib")
    logger.setLevel(logging.NOTSET)
    tinynet("--version")
    assert not logger.isEnabledFor(logging.WARNING)
    assert logger.isEnabledFor(logging.ERROR)
