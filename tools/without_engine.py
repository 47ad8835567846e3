"""Make a copy of the project without the engine, with the package installed beside it in `installed`.

Usage: .venv/bin/python tools/without_engine.py build/plain
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("src", "tests", "examples", "docs", "tools", "benchmarks", "requirements")
FILES = ("pyproject.toml", "conftest.py", "Makefile", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE")
LEFT_OUT = (
    "src/tinynet/engine",
    "tests/engine",
    "tests/benchmarks",
)  # the engine, its tests, and those of the benchmarks


def main(place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, place / name, ignore=ignored)
    for name in FILES:
        shutil.copy2(ROOT / name, place / name)
    for name in LEFT_OUT:
        shutil.rmtree(place / name)
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--target", str(place / "installed"), str(place)], check=True)
    print(f"{place}: Tinynet without its engine")


def ignored(folder: str, names: list[str]) -> set[str]:
    """Files that tests and builds leave behind."""
    return {name for name in names if name in {"__pycache__", "_build"} or name.endswith(".pyc")}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
