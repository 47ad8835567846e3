"""The version is the same wherever it is told, and what is locked is what is asked for."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

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


@pytest.mark.parametrize("name", ["run", "test", "docs", "lock"])
def test_what_is_locked_is_what_is_asked_for(name: str) -> None:
    """A package that pyproject.toml names is in the lock file, in a version that it allows, with hashes."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"].get(name, [])]
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    locked = dict(re.findall(r"^([\w.-]+)==([^\s;]+).*\\\n    --hash=sha256:", text, re.MULTILINE))
    assert len(locked) == len(re.findall(r"^[\w.-]+==", text, re.MULTILINE))  # every one with its hashes
    for requirement in map(Requirement, asked):
        assert locked[requirement.name.lower()] in requirement.specifier
