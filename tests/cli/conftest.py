"""How the tests call the command, and a small run that they share."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tinynet.cli import main

COMPILING = "Tinynet: compiling its fast code for "


class Result(NamedTuple):
    """What a command left behind."""

    status: int
    out: str
    err: str


@pytest.fixture(scope="package", autouse=True)
def _reports_have_blank_pictures() -> Iterator[None]:
    """Drawing a report takes twice as long as the training before it; tests/visualize looks at its pictures."""
    from tinynet.visualize.sections import view  # here, because it loads matplotlib

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(view, "png", lambda *_: b"")
        yield


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a test that asks for the pictures of a report."""
    from tinynet.visualize import style
    from tinynet.visualize.sections import view

    monkeypatch.setattr(view, "png", style.png)


@pytest.fixture
def tinynet(capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Call the command as a user does, with words; also where it fails.

    That something is compiled is left out: it is said only where the cache does not have it yet.
    """

    def call(*words: object) -> Result:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        out, err = capsys.readouterr()
        lines = [line for line in err.splitlines(keepends=True) if not line.startswith(COMPILING)]
        return Result(ended.value.code or 0, out, "".join(lines))

    return call


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two epochs on digits; tests read it and leave it as it is."""
    folder = tmp_path_factory.mktemp("runs") / "digits"
    with pytest.raises(SystemExit) as ended:
        main(["train", "digits", "--model", "mlp", "--epochs", "2", "--out", str(folder)])
    assert not ended.value.code
    return folder
