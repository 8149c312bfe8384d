"""Look for what pip cannot bring, before anything is installed: Python 3.11, its venv module, OpenCV's libraries.

    python3 .ci/system_needs.py [--no-venv] [--packages]

Exit status 2 and three lines when something lacks; with --packages only the names of the Debian packages that lack.
Runs on any Python 3, so that an old one can be told what it is.
"""

import ctypes
import sys

LIBRARIES = {"libGL.so.1": "libgl1", "libgthread-2.0.so.0": "libglib2.0-0", "libglib-2.0.so.0": "libglib2.0-0"}
OTHERWISE = "dnf install mesa-libGL glib2 (Fedora), or with conda: conda env create -f environment.yml"


def loads(library):
    """Tell whether the dynamic linker finds `library`, as it must when OpenCV is imported."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def what_lacks(with_venv=True, platform=sys.platform):
    """Return what was looked for in vain, each with the Debian package that brings it."""
    lacking = {}
    if platform.startswith("linux"):
        lacking = {name: package for name, package in LIBRARIES.items() if not loads(name)}
    if with_venv:
        try:
            import ensurepip  # noqa: F401
            import venv  # noqa: F401
        except ImportError:
            lacking["the venv module with pip"] = "python3-venv"
    return lacking


def main(arguments):
    """Print what lacks and return the exit status."""
    if sys.version_info < (3, 11):  # noqa: UP036, an old Python is told so
        found = ".".join(str(part) for part in sys.version_info[:3])
        print("Found: Python " + found + ".\nExpected: Python 3.11 or newer.\nDo: make ... PYTHON=python3.11")
        return 2
    lacking = what_lacks("--no-venv" not in arguments)
    packages = " ".join(sorted(set(lacking.values())))
    if "--packages" in arguments:
        print(packages)
        return 0
    if lacking:
        print("Found: this machine lacks " + ", ".join(sorted(lacking)) + ".")
        print("Expected: these are here before several hundred megabytes are installed.")
        print("Do: apt-get install " + packages + " (Debian, Ubuntu); " + OTHERWISE + ".")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
