"""Write requirements/: the versions that make and CI install, with their hashes, one file for every Python and system.

Usage: .venv/bin/python -m tools.lock

What is locked already stays as it is unless pyproject.toml asks for something else; --upgrade takes the newest.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "requirements"
EXTRAS = ("run", "test", "docs", "lock")  # "run" is the package without an extra
OLDEST = "3.11"


def main(arguments: list[str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in EXTRAS:
        path = FOLDER / f"{name}.txt"
        command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--group", "build"]
        command += ["--universal", "--python-version", OLDEST, "--fork-strategy", "fewest"]
        command += ["--generate-hashes", "--no-header", "--quiet", "--output-file", str(path), *arguments]
        if name != "run":
            command += ["--extra", name]
        if name not in ("run", "test"):  # what several need, they need in one version
            command += ["--constraints", str(FOLDER / "test.txt")]
        elif name == "test":
            command += ["--constraints", str(FOLDER / "run.txt")]
        subprocess.run(command, cwd=ROOT, check=True)
        count = sum("==" in line and not line.startswith(" ") for line in path.read_text().splitlines())
        print(f"{path.relative_to(ROOT)}: {count} packages")


if __name__ == "__main__":
    main(sys.argv[1:])
