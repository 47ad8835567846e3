"""Compiled code on disk: whatever is wrong with it, computing goes on, and nobody else's code runs."""

import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.needs_compiler

SCRIPT = """
import faulthandler
faulthandler.dump_traceback_later(100, exit=True)
import numpy as np
from tinynet.core import faster
from tinynet.layers import ReLU
faster.use("compiled")
y = ReLU().forward(np.linspace(-2, 2, 5, dtype=np.float32).reshape(1, 5))
print(y.tobytes().hex())
"""


def run(root: Path, prelude: str = "", **environment: str) -> subprocess.CompletedProcess:
    """ReLU, whose code is compiled the fastest, in a process that keeps its code under a folder."""
    whole = {**os.environ, "XDG_CACHE_HOME": str(root), "NUMBA_DISABLE_JIT": "0", **environment}
    return subprocess.run(
        [sys.executable, "-c", prelude + SCRIPT], capture_output=True, text=True, check=True, env=whole, timeout=120
    )


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with the code of ReLU, and what it printed."""
    root = tmp_path_factory.mktemp("cache")
    first = run(root)
    assert "compiling" in first.stderr
    again = run(root)
    assert (again.stdout, again.stderr) == (first.stdout, "")
    return root, first.stdout


def files_of(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.suffix in (".code", ".index"))


def nothing(path: Path) -> None:
    path.write_bytes(b"")


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def one_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def circle(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


@pytest.mark.parametrize("damage", [nothing, half, one_bit, folder, pipe, circle, zeros])
def test_damage_is_compiled_again(damage, kept: tuple[Path, str], tmp_path: Path) -> None:
    root = tmp_path / "cache"
    shutil.copytree(kept[0], root)
    for path in files_of(root):
        damage(path)
    after = run(root)
    assert after.stdout == kept[1]
    assert "compiling" in after.stderr
    assert "Traceback" not in after.stderr
    if damage is not folder:  # which is not ours to delete
        assert run(root).stderr == ""


def test_no_foreign_pickle_runs(kept: tuple[Path, str], tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple:
            return os.mkdir, (str(tmp_path / "ran"),)

    root = tmp_path / "cache"
    shutil.copytree(kept[0], root)
    for path in files_of(root):
        path.write_bytes(pickle.dumps(Bomb()))
    assert run(root).stdout == kept[1]
    assert not (tmp_path / "ran").exists()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="folders have no owner and mode here")
def test_folders_that_others_can_change_are_not_used(kept: tuple[Path, str], tmp_path: Path) -> None:
    root = tmp_path / "open"
    root.mkdir()
    root.chmod(0o777)
    there = run(root)
    assert there.stdout == kept[1]
    assert "for this run only: the cache is read-only or not private" in there.stderr
    assert files_of(root) == []
    private = tmp_path / "mine"
    private.mkdir(mode=0o755)
    run(private)
    kernels = private / "tinynet" / "kernels"
    for path in (kernels, *kernels.iterdir()):
        assert path.stat().st_mode & 0o777 == 0o700


def test_a_full_disk_computes_without_keeping_and_says_so_once(kept: tuple[Path, str], tmp_path: Path) -> None:
    prelude = """
import errno, os
def full(*_):
    raise OSError(errno.ENOSPC, "No space left on device")
import tinynet.engine.machine.code_cache as cache
cache.cache_folder()
os.replace = full
"""
    after = run(tmp_path, prelude)
    assert after.stdout == kept[1]
    assert after.stderr.count("is not kept") == 1
    assert "No space left on device" in after.stderr
    assert files_of(tmp_path) == []
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "written"]


def test_a_user_without_a_home_or_a_standard_error_computes(kept: tuple[Path, str], tmp_path: Path) -> None:
    homeless = "from pathlib import Path\ndef home():\n    raise RuntimeError\nPath.home = home\n"
    after = run(tmp_path, homeless, XDG_CACHE_HOME="")
    assert after.stdout == kept[1]
    assert "for this run only" in after.stderr
    # NumPy 2.0 and SciPy 1.13 cannot be imported without a standard error.
    mute = "import faulthandler, sys, scipy.linalg\nfaulthandler.dump_traceback_later = lambda *_, **__: None\n"
    mute += "sys.stderr = None\n"
    assert run(tmp_path, mute).stdout == kept[1]


def test_two_processes_at_once_do_not_mix_up_their_code(kept: tuple[Path, str], tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "NUMBA_DISABLE_JIT": "0"}
    both = [
        subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(2)
    ]
    assert [process.communicate(timeout=120)[0] for process in both] == [kept[1]] * 2
    assert run(tmp_path).stdout == kept[1]
