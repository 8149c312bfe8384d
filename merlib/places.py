"""Where things lie: the checkout, the published facts (manifests), results and the fold store.

merlib runs from a checkout of its repository or from an installed package. Both contain the manifests; only a checkout
contains notebooks and the committed reference predictions.
"""

from __future__ import annotations

import os
from pathlib import Path

import merlib
from merlib.errors import MerlibError

MANIFESTS_VARIABLE = "MERLIB_MANIFESTS"
RESULTS_VARIABLE = "MERLIB_RESULTS"
STORE_VARIABLE = "MERLIB_STORE"
PACKAGE = Path(merlib.__file__).resolve().parent


def _is_checkout(folder: Path) -> bool:
    return (folder / "data_manifests").is_dir() and (folder / "pyproject.toml").is_file()


def find_checkout() -> Path | None:
    """Return the checkout that merlib was imported from, else the one around the working directory, else None."""
    folders = (PACKAGE.parent, Path.cwd(), *Path.cwd().parents)
    return next((folder for folder in folders if _is_checkout(folder)), None)


def repository_root() -> Path:
    """Return the folder that holds ``pyproject.toml`` and ``data_manifests``; see `find_checkout`.

    Raises
    ------
    MerlibError
        When merlib was installed without its checkout and the working directory is outside one.
    """
    folder = find_checkout()
    if folder is None:
        raise MerlibError(
            f"no checkout of merlib's repository in {Path.cwd()} or a folder above it; this merlib is a package "
            f"in {PACKAGE.parent}.",
            "a checkout: the notebooks, the committed predictions and their records lie there, not in the package.",
            "git clone the repository that this package was built from, and give the same command inside the clone.",
        )
    return folder


def manifests_dir() -> Path:
    """Return the folder of manifests: ``MERLIB_MANIFESTS``, else the checkout's, else those inside the package.

    Raises
    ------
    MerlibError
        When the variable names something that is not a folder.
    """
    override = os.environ.get(MANIFESTS_VARIABLE)
    if not override:
        packaged = PACKAGE / "data_manifests"
        return packaged if packaged.is_dir() else repository_root() / "data_manifests"
    folder = Path(override).expanduser()
    if not folder.is_dir():
        raise MerlibError(
            f"{MANIFESTS_VARIABLE}={override}, which is not a folder.",
            "a copy of the repository's data_manifests folder.",
            f"correct {MANIFESTS_VARIABLE} or unset it.",
        )
    return folder


def results_folder(chosen: Path | None = None) -> Path:
    """Return the results folder: `chosen`, else ``MERLIB_RESULTS``, else ``results/``.

    The last one lies in the checkout; without a checkout, in the working directory.
    """
    named = chosen or os.environ.get(RESULTS_VARIABLE)
    return Path(named).expanduser().resolve() if named else (find_checkout() or Path.cwd()) / "results"


def store_folder(chosen: Path | None = None, results: Path | None = None) -> Path:
    """Return the fold store: `chosen`, else ``MERLIB_STORE``, else ``store/`` in the results folder."""
    named = chosen or os.environ.get(STORE_VARIABLE)
    return Path(named).expanduser().resolve() if named else results_folder(results) / "store"


def cache_folder(store: Path, what: str) -> Path:
    """Return the folder, beside the fold store, of what can be computed again, such as ``motion`` or ``networks``."""
    return store.parent / "cache" / what


def checkout_notebooks() -> Path:
    """Return the checkout's ``notebooks/``."""
    return repository_root() / "notebooks"
