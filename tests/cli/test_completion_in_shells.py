"""The Tab key in bash, zsh and fish themselves, with what `tinynet --install-completion` writes."""

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pty = pytest.importorskip("pty", reason="a terminal can be played on Unix only")

LONGEST = 30  # seconds for an answer, on a machine that is busy
START, TAB, END = "\x01", "\t", "\x05"  # the keys that go to the start of a line, complete, and go to its end


def needs(shell):
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"there is no {shell} here")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A home of its own with the command in it, and a folder with a few runs and files to stand in."""
    command = tmp_path / "bin" / "tinynet"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tinynet "$@"\n')
    command.chmod(0o755)
    folder = tmp_path / "work"
    for run in ("tuned/trial-001", "my run"):
        (folder / run).mkdir(parents=True)
        (folder / run / "config.json").write_text("{}")
    (folder / "photos").mkdir()
    for settings in (".bashrc", ".zshrc"):
        (tmp_path / settings).write_text("PS1='ready> '\n")
    monkeypatch.chdir(folder)
    for name, value in {"HOME": str(tmp_path), "TERM": "xterm", "EDITOR": "", "VISUAL": ""}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{command.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2] / "src"))
    monkeypatch.delenv("ZDOTDIR", raising=False)
    return tmp_path


def installed(shell):
    """Install the completion for a shell, from a process of that shell as a person does it."""
    done = subprocess.run([shell, "-c", "tinynet --install-completion; true"], capture_output=True, text=True)
    assert f"{shell} completion installed" in done.stdout, done.stderr


class Terminal:
    """An interactive shell, and what it has written."""

    def __init__(self, shell):
        self.process, self.end = pty.fork()
        if self.process == 0:
            os.execvp(shell, [shell, "-i"])
        self.written = ""
        self.wait_for("ready> ")

    def wait_for(self, words):
        until = time.monotonic() + LONGEST
        while words not in self.written:
            assert time.monotonic() < until, f"no {words!r} in {self.written!r}"
            if select.select([self.end], [], [], 0.1)[0]:
                self.written += os.read(self.end, 4096).decode(errors="replace")

    def words_after_tab(self, typed):
        """The words on the command line that a Tab makes of what was typed."""
        self.written = ""
        os.write(self.end, f"{typed}{TAB}{START}printf '<%s>' {END} done\n".encode())
        self.wait_for("<done>")
        return re.findall("<([^<>%]*)>", self.written)[:-1]

    def close(self):
        os.close(self.end)
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)


@pytest.fixture
def terminal(place):
    """Open a shell in which the completion is installed."""
    opened = []

    def new(shell):
        installed(shell)
        opened.append(Terminal(shell))
        return opened[-1]

    yield new
    for each in opened:
        each.close()


@pytest.mark.parametrize("shell", [pytest.param("bash", marks=needs("bash")), pytest.param("zsh", marks=needs("zsh"))])
def test_tab_completes_the_word_from_the_first_time_on(terminal, shell):
    opened = terminal(shell)
    assert opened.words_after_tab("tinynet tr") == ["tinynet", "train"]
    assert opened.words_after_tab("tinynet train digits --model mob")[-1] == "mobilenet"
    assert opened.words_after_tab("tinynet evaluate my") == ["tinynet", "evaluate", "my run"]
    assert opened.words_after_tab("tinynet train ph")[-1].rstrip("/") == "photos"  # zsh takes its stroke back


@needs("fish")
def test_fish_proposes_words_and_files(place):
    installed("fish")

    def proposed(typed):
        shown = subprocess.run(["fish", "-c", f'complete -C "{typed}"'], capture_output=True, text=True, check=True)
        return [line.split("\t")[0] for line in shown.stdout.splitlines()]

    assert proposed("tinynet tr") == ["train"]
    assert proposed("tinynet evaluate my") == ["my run"]
    assert proposed("tinynet train ph") == ["photos/"]
