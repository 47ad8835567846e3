"""tools/install.py: what it notices, and what it says. Real installs would be too slow here."""

import json
import sys
from pathlib import Path

import pytest

from tools import install

Calls = list[str]
RUN, TEST = "requirements/run.txt", "requirements/test.txt"


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Put the script to work in an empty project, where venv and pip only leave a note in this list."""
    made: Calls = []
    (tmp_path / "pyproject.toml").write_text("a")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "code.py").write_text("a")
    monkeypatch.setattr(install, "ROOT", str(tmp_path))
    monkeypatch.setattr(install, "VENV", str(tmp_path / ".venv"))
    monkeypatch.setattr(install, "STAMP", str(tmp_path / ".venv" / "stamp.json"))
    monkeypatch.setattr(install, "venv", lambda: made.append("venv"))
    monkeypatch.setattr(install, "pip", lambda *arguments: made.append(arguments[-1]))
    monkeypatch.setattr(install, "works", lambda stamp: True)
    return made


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 6, 15), (3, 10, 13)])
def test_an_old_python_is_refused(version: tuple[int, int, int]) -> None:
    with pytest.raises(
        install.InstallError, match=r"Python 3\.11 or newer is needed, and .* is {}\.{}\.{}; ".format(*version)
    ):
        install.check_python(version)


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_missing_module_is_named(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(install.InstallError, match=rf"lacks the module {module}, .*apt install python3\.13-venv"):
        install.check_python((3, 13, 0))


def test_installs_once(calls: Calls) -> None:
    install.install(set(), named=False)
    install.install(set(), named=False)
    assert calls == ["venv", RUN, "."]


def test_extras_are_added_and_kept(calls: Calls) -> None:
    install.install(set(), named=False)
    install.install({"test"}, named=False)
    install.install(set(), named=False)
    assert calls == ["venv", RUN, ".", RUN, TEST, ".[test]"]


@pytest.mark.parametrize("name", ["pyproject.toml", "requirements/run.txt", "src/code.py", "src/new.npz"])
def test_a_change_installs_again_into_the_same_environment(calls: Calls, tmp_path: Path, name: str) -> None:
    install.install({"test"}, named=False)
    (tmp_path / name).write_text("b")
    install.install(set(), named=False)
    again = ["."] if name.startswith("src") else [RUN, TEST, ".[test]"]
    assert calls == ["venv", RUN, TEST, ".[test]", *again]


def test_what_python_caches_is_no_change(calls: Calls, tmp_path: Path) -> None:
    install.install(set(), named=False)
    (tmp_path / "src" / "code.pyc").write_text("b")
    install.install(set(), named=False)
    assert calls == ["venv", RUN, "."]


def test_an_interrupted_install_is_made_anew(
    calls: Calls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(install, "pip", interrupted)
        assert install.main([]) == 130
    assert "the next call makes it anew" in capsys.readouterr().err
    assert install.main([]) == 0
    assert calls == ["venv", "venv", RUN, "."]


def test_an_environment_that_does_not_work_is_made_anew(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    install.install(set(), named=False)
    monkeypatch.setattr(install, "works", lambda stamp: False)
    install.install(set(), named=False)
    assert calls == ["venv", RUN, ".", "venv", RUN, "."]


@pytest.mark.parametrize("named", [True, False])
def test_another_python_counts_where_it_was_named(calls: Calls, monkeypatch: pytest.MonkeyPatch, named: bool) -> None:
    install.install(set(), named=False)
    monkeypatch.setattr(install, "base", lambda: "3.99.0 elsewhere")
    install.install(set(), named=named)
    assert calls == (["venv", RUN, ".", "venv", RUN, "."] if named else ["venv", RUN, "."])
    assert (json.loads(Path(install.STAMP).read_text())["base"] == "3.99.0 elsewhere") == named


def test_an_environment_of_the_users_own_is_moved_aside(calls: Calls, tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "mine").write_text("precious")
    install.install(set(), named=False)
    assert (tmp_path / ".venv.old1" / "mine").read_text() == "precious"
    assert [path.name for path in (tmp_path / ".venv").iterdir()] == ["stamp.json"]


def test_left_overs_of_an_interrupted_install_are_cleared(calls: Calls, tmp_path: Path) -> None:
    (tmp_path / ".venv" / "lib" / "half").mkdir(parents=True)
    (tmp_path / ".venv" / "bin").symlink_to(tmp_path / "src")
    install.write_stamp({})
    install.install(set(), named=False)
    assert [path.name for path in (tmp_path / ".venv").iterdir()] == ["stamp.json"]
    assert (tmp_path / "src" / "code.py").exists()


def test_a_file_system_error_is_one_sentence(
    calls: Calls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def forbidden() -> None:
        raise PermissionError(13, "Permission denied", ".venv")

    monkeypatch.setattr(install, "venv", forbidden)
    assert install.main([]) == 1
    assert capsys.readouterr().err == "Tinynet: .venv cannot be made: [Errno 13] Permission denied: '.venv'\n"
