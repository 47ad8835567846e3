"""Make .venv and install Tinynet there, as a user would; do only what is missing.

    python3 tools/install.py [--named] [EXTRA ...]

What Tinynet needs is installed in the versions that requirements/ locks, with their hashes: no release elsewhere can
turn an old commit red. `make lock` writes those files anew. PyTorch is not among them; pyproject.toml names its exact
version.

A stamp in .venv says what is installed. It is emptied before anything changes and filled in after all has succeeded, so
an install that was cut off is noticed, and repeated. With --named (the user has chosen this Python) the environment is
also made anew if another Python made it; without, one that works is kept.

Nothing but the standard library is needed, and no syntax newer than Python 2.7, to be able to say what is too old.
"""

from __future__ import print_function

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "tinynet-install.json")
PYTHON = os.path.join(VENV, "bin", "python")
LOCKED = ("run", "test", "docs", "lock")  # requirements/NAME.txt: for the package alone, and for extras


class InstallError(Exception):
    """A sentence for the user."""


def main(arguments):
    """Bring .venv up to date and return the exit status."""
    try:
        with one_at_a_time():
            install(set(arguments) - {"--named"}, "--named" in arguments)
    except InstallError as error:
        print("Tinynet: {}".format(error), file=sys.stderr)
        return 1
    except EnvironmentError as error:  # what Python 2 calls OSError
        print("Tinynet: .venv cannot be made: {}".format(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nTinynet: the install was interrupted; the next call makes it anew.", file=sys.stderr)
        return 130
    return 0


def install(extras, named):
    """Do what is missing: the environment, what Tinynet needs, or only the package itself."""
    stamp = read_stamp()
    if named or not stamp:
        check_python(sys.version_info)
    if not stamp or (named and stamp["base"] != base()) or not works(stamp):
        check_python(sys.version_info)
        make_environment()
        stamp = {"base": base(), "place": VENV, "extras": []}
    extras = sorted(extras.union(stamp["extras"]))
    project = {name: hash_of(name) for name in ("pyproject.toml", "requirements")}
    wanted = dict(stamp, extras=extras, project=project, sources=hash_of("src"))
    if wanted == stamp:
        return
    write_stamp({})
    if wanted == dict(stamp, sources=wanted["sources"]):
        print("The sources have changed: installing the package again.")
        pip("--no-deps", "--force-reinstall", "--no-build-isolation", ".")  # needs no network
    else:
        print("Installing Tinynet and what it needs into .venv (a minute or more the first time).")
        for name in LOCKED:
            if name == "run" or name in extras:
                pip("--require-hashes", "-r", os.path.join("requirements", name + ".txt"))
        pip("--no-build-isolation", ".[{}]".format(",".join(extras)) if extras else ".")
    write_stamp(wanted)


def check_python(version):
    """Refuse a Python that is too old, or that cannot make environments."""
    if tuple(version[:2]) < OLDEST:
        raise InstallError(
            "Python {}.{} or newer is needed, and {} is {}.{}.{}; "
            "name a newer one, as in `PYTHON=python3.12 make test`.".format(
                OLDEST[0], OLDEST[1], sys.executable, *version[:3]
            )
        )
    for module in ("venv", "ensurepip"):  # Debian packs them apart from Python
        if is_missing(module):
            raise InstallError(
                "{} lacks the module {}, without which it cannot make .venv; install it (Debian, Ubuntu: "
                "apt install python{}.{}-venv) or name another Python, as in `PYTHON=python3.12 make test`.".format(
                    sys.executable, module, *version[:2]
                )
            )


def is_missing(module):
    """Whether a module cannot be imported."""
    try:
        __import__(module)
    except ImportError:
        return True
    return False


def make_environment():
    """Make a new .venv. What is left of ours is cleared; one that somebody else made is moved aside, not lost."""
    ours = os.path.exists(STAMP)
    if os.path.lexists(VENV) and not ours:
        aside = next(name for name in (VENV + ".old" + str(n) for n in range(1, 1000)) if not os.path.lexists(name))
        print("The .venv that is there was not made by make: it is now {}.".format(os.path.basename(aside)))
        os.rename(VENV, aside)
    if not ours:
        os.mkdir(VENV)
        write_stamp({})
    for name in os.listdir(VENV):
        path = os.path.join(VENV, name)
        if path != STAMP:  # stays to the end, so that a clearing that was cut off is still ours
            shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.remove(path)
    venv()


def works(stamp):
    """Whether .venv stands where it was made (its scripts name their place) and its Python and packages load."""
    if stamp["place"] != VENV or not os.path.exists(PYTHON):
        return False
    with open(os.devnull, "w") as nowhere:
        return subprocess.call([PYTHON, "-I", "-c", "import numpy, pip"], stdout=nowhere, stderr=nowhere) == 0


def venv():
    """Run the module venv; its words, which may be a traceback, are shown only as far as they say what is wrong."""
    command = [sys.executable, "-I", "-m", "venv", VENV]
    making = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, close_fds=False)
    words = making.communicate()[0].decode("utf-8", "replace").strip().splitlines()
    if making.returncode != 0:
        raise InstallError(
            "{} could not make .venv: {}".format(sys.executable, words[-1] if words else "no reason given")
        )


def pip(*arguments):
    """Run the pip of .venv in the project's folder; Python compiles later what is imported, a fraction of all."""
    command = [PYTHON, "-I", "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input", "--no-compile"]
    if subprocess.call(command + list(arguments), cwd=ROOT, close_fds=False) != 0:
        raise InstallError("pip could not install the package; why stands above, and the next call tries again.")


def base():
    """Which Python this is: its version and its place."""
    return "{} in {}".format(".".join(map(str, sys.version_info[:3])), os.path.realpath(sys.base_prefix))


def hash_of(name):
    """A hash over the names and contents of a file, or of all files in a folder but what Python caches."""
    top = os.path.join(ROOT, name)
    paths = [top]
    if os.path.isdir(top):
        paths = [os.path.join(folder, file) for folder, _, files in os.walk(top) for file in files]
    digest = hashlib.sha256()
    for path in sorted(path for path in paths if not path.endswith(".pyc")):
        with open(path, "rb") as file:
            content = hashlib.sha256(file.read()).hexdigest()
        digest.update("{} {}\n".format(os.path.relpath(path, ROOT), content).encode("utf-8"))
    return digest.hexdigest()


def read_stamp():
    """What is installed; empty if nothing is, or not all of it."""
    try:
        with open(STAMP) as file:
            return json.load(file)
    except (EnvironmentError, ValueError):
        return {}


def write_stamp(stamp):
    """Say what is installed, in one step."""
    with open(STAMP + ".new", "w") as file:
        json.dump(stamp, file, indent=2, sort_keys=True)
    os.rename(STAMP + ".new", STAMP)


@contextlib.contextmanager
def one_at_a_time():
    """Wait while another call installs, or a pip that outlived its call: pip inherits the lock."""
    import fcntl

    with open(os.path.abspath(__file__)) as lock:
        fcntl.fcntl(lock, fcntl.F_SETFD, 0)  # let it be inherited
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except EnvironmentError:
            print("Another install is under way: waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
