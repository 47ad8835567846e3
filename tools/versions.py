"""Run the tests with the oldest and with the newest versions that pyproject.toml allows, on every Python that is here.

Usage: .venv/bin/python -m tools.versions [--only 3.12-oldest] [PYTEST ARGUMENT ...]

Each pair of a Python and an end of the ranges gets an environment of its own in build/versions/. What is locked in
requirements/ plays no part: this is what users install, today and with what they already have.
"""

import argparse
import glob
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "versions"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
ENDS = ("oldest", "newest")
NOT_FOR_TESTS = ("mypy", "ruff")  # they judge the text, and their versions are exact
SHOWN = ("numba", "numpy", "scipy", "pillow", "typer")


def main(arguments: list[str]) -> int:
    """Test each pair, and return 1 if a test failed in one of them."""
    parser = argparse.ArgumentParser(
        prog="versions", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", action="append", metavar="PAIR", help="such as 3.12-oldest; may be given again")
    options, pytest = parser.parse_known_args(arguments)
    results = {}
    for version in PYTHONS:
        pairs = [f"{version}-{end}" for end in ENDS if not options.only or f"{version}-{end}" in options.only]
        python = find_python(version)
        for pair in pairs:
            if python is None:
                results[pair] = "not tested: this Python is not on the machine"
            else:
                make_environment(pair, python)
                results[pair] = "passed" if tests_pass(pair, pytest or ["tests", "--ignore=tests/site"]) else "FAILED"
    for pair, result in results.items():
        print(f"{pair}  {result}{versions_in(pair)}")
    return int("FAILED" in results.values())


def find_python(version: str) -> str | None:
    """A Python of this version that runs: the one at work, one on the path, or one of pyenv's."""
    pyenv = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    found = [shutil.which(f"python{version}"), *glob.glob(f"{pyenv}/versions/{version}.*/bin/python")]
    wanted = f"import sys; sys.exit('{version}' != '{{}}.{{}}'.format(*sys.version_info))"
    for python in filter(None, [sys.executable, *found]):
        if subprocess.run([python, "-I", "-c", wanted], capture_output=True, check=False).returncode == 0:
            return python
    return None


def make_environment(pair: str, python: str) -> None:
    """A fresh environment with the versions at one end, what the tests need in the newest, and Tinynet itself."""
    version, end = pair.split("-")
    place = FOLDER / pair
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    tools = [name for name in project["optional-dependencies"]["test"] if not name.startswith(NOT_FOR_TESTS)]
    uv("venv", "--clear", "--python", python, str(place))
    resolution = "lowest-direct" if end == "oldest" else "highest"
    locked = str(place / "versions.txt")
    uv(
        *("pip", "compile", "pyproject.toml", "--python-version", version, "--resolution", resolution),
        *("--only-binary", ":all:", "--no-header", "--output-file", locked),
    )
    installed = os.path.join(place, "bin", "python")
    uv("pip", "install", "--python", installed, "-r", locked, "--constraints", locked, *tools)
    uv("pip", "install", "--python", installed, "--no-deps", str(ROOT))


def uv(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "uv", *arguments, "--quiet"], cwd=ROOT, check=True)


def tests_pass(pair: str, arguments: list[str]) -> bool:
    print(f"{pair}{versions_in(pair)}", flush=True)
    command = [str(FOLDER / pair / "bin" / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2"]
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    # Compiled code of one version of Numba is nothing to another.
    alone = {"XDG_CACHE_HOME": str(FOLDER / pair / "cache")}
    return (
        subprocess.run([*command, *arguments], cwd=ROOT, env={**os.environ, **threads, **alone}, check=False).returncode
        == 0
    )


def versions_in(pair: str) -> str:
    """The versions that matter most, as in ": numpy 2.0.0, scipy 1.13.0"."""
    path = FOLDER / pair / "versions.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    shown = [line.split(";")[0].strip().replace("==", " ") for line in lines if line.split("==")[0] in SHOWN]
    return ": " + ", ".join(shown) if shown else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
