"""The version is the same wherever it is told."""

from importlib import metadata
from pathlib import Path

import tinynet

ROOT = Path(__file__).parents[2]


def test_version_is_told_once_and_the_same() -> None:
    assert metadata.version("tinynet") == tinynet.__version__


def test_changelog_has_a_section_for_the_version() -> None:
    headings = [
        line for line in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines() if line.startswith("## ")
    ]
    assert headings[0] == "## [Unreleased]"
    assert any(heading.startswith(f"## [{tinynet.__version__}]") for heading in headings)


def test_package_says_that_it_is_typed() -> None:
    assert (Path(tinynet.__file__).parent / "py.typed").is_file()
