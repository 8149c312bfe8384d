"""Where the project keeps its published facts: the repository root and the folder of manifests."""

from __future__ import annotations

import os
from pathlib import Path

from merlib.errors import MerlibError

MANIFESTS_VARIABLE = "MERLIB_MANIFESTS"


def repository_root() -> Path:
    """Return the folder that holds ``pyproject.toml`` and ``data_manifests``.

    The checkout that merlib was imported from is tried first, then the working directory and its parents.

    Raises
    ------
    MerlibError
        When merlib was installed without its checkout and the working directory is outside one.
    """
    here = Path(__file__).resolve().parents[1]
    for folder in (here, Path.cwd(), *Path.cwd().parents):
        if (folder / "data_manifests").is_dir() and (folder / "pyproject.toml").is_file():
            return folder
    raise MerlibError(
        f"no data_manifests/ beside pyproject.toml in {here}, {Path.cwd()} or a folder above it.",
        "a checkout of the merlib repository.",
        f"run inside the checkout, or set {MANIFESTS_VARIABLE} to a copy of its data_manifests folder.",
    )


def manifests_dir() -> Path:
    """Return the folder of manifests; the environment variable ``MERLIB_MANIFESTS`` overrides the checkout's.

    Raises
    ------
    MerlibError
        When the variable names something that is not a folder.
    """
    override = os.environ.get(MANIFESTS_VARIABLE)
    if not override:
        return repository_root() / "data_manifests"
    folder = Path(override).expanduser()
    if not folder.is_dir():
        raise MerlibError(
            f"{MANIFESTS_VARIABLE}={override}, which is not a folder.",
            "a copy of the repository's data_manifests folder.",
            f"correct {MANIFESTS_VARIABLE} or unset it.",
        )
    return folder
