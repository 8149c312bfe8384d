"""One archive to deposit: code, records, predictions, environment, and RO-Crate metadata that describe each file.

It holds every file that git tracks, so it contains no map and nothing of a licensed set. It is enough for ``merlib
verify``, which runs in the unpacked archive or is given it as ``merlib verify --reference FILE.zip``.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from importlib.metadata import distributions
from pathlib import Path

import merlib
from merlib.errors import MerlibError
from merlib.files import renamed_into
from merlib.learning.store.commits import commit_here
from merlib.learning.store.provenance import processor
from merlib.publishing.records.ledger import read_records

METADATA = "ro-crate-metadata.json"
PACKAGES = "environment/packages.txt"
DATE = (2024, 1, 1, 0, 0, 0)  # date of every file in the archive, so that the same tree gives the same archive
KINDS = {
    ".parquet": "application/vnd.apache.parquet",
    ".json": "application/json",
    ".csv": "text/csv",
    ".py": "text/x-python",
    ".md": "text/markdown",
    ".yaml": "application/yaml",
    ".ipynb": "application/x-ipynb+json",
    ".png": "image/png",
}


def tracked_files(root: Path) -> list[str]:
    """Return the files that git tracks below `root`, or, in a deposit, those that its metadata name.

    Raises
    ------
    MerlibError
        When neither git nor metadata list the files.
    """
    if (root / METADATA).is_file():
        return [one["@id"] for one in _files(root) if one["@id"] != PACKAGES]
    try:
        done = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], capture_output=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as error:
        action = "make the deposit in a clone of the repository, with git installed."
        raise MerlibError(f"git tells no files of {root} ({error}).", "a clone, or a deposit.", action) from error
    names = done.stdout.decode("utf-8").split("\0")
    return sorted(name for name in names if name and (root / name).is_file())


def _files(root: Path) -> list[dict]:
    graph = json.loads((root / METADATA).read_text(encoding="utf-8"))["@graph"]
    return [one for one in graph if one.get("@type") == "File"]


def packages_text() -> str:
    """Return versions of all installed packages, as ``pip install -r`` reads them, headed by Python and processor."""
    import platform

    names = sorted({f"{one.metadata['Name']}=={one.version}" for one in distributions()}, key=str.lower)
    return f"# Python {platform.python_version()}, {processor()}\n" + "\n".join(names) + "\n"


def write_deposit(root: Path, target: Path, told: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Write the deposit of a checkout into the archive `target` and return how many files it holds.

    Parameters
    ----------
    root : Path
        The checkout.
    target : Path
        The archive, ``.zip``; written whole or not at all.
    told : callable
        Called with the number of files packed so far and the number of all files.

    Raises
    ------
    MerlibError
        When the package `rocrate` or git is missing, or the archive cannot be written.
    """
    names = tracked_files(root)
    folder = f"merlib-{merlib.__version__}"
    packages = packages_text().encode()
    metadata = crate_metadata(root, names, packages)
    with renamed_into(target) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, name in enumerate(names):
            told(number, len(names))
            _pack(archive, f"{folder}/{name}", (root / name).read_bytes())
        _pack(archive, f"{folder}/{PACKAGES}", packages)
        _pack(archive, f"{folder}/{METADATA}", metadata)
    return len(names) + 2


def _pack(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, DATE)
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    archive.writestr(entry, content)


def crate_metadata(root: Path, names: list[str], packages: bytes) -> bytes:
    """Return RO-Crate metadata of some files of a checkout: kind, SHA-256, and the predictions behind each record."""
    try:
        from rocrate.model.person import Person
        from rocrate.rocrate import ROCrate
    except ImportError as error:
        action = "pip install -e '.[deposit]', or make deposit, which does it."
        raise MerlibError(
            "the package rocrate is not installed.", "rocrate, which writes the metadata.", action
        ) from error
    crate = ROCrate()
    crate.name = f"merlib {merlib.__version__}: an executable companion to five papers on micro-expression recognition"
    crate.description = (
        "Code, committed predictions, records of every table and figure with what they rest on, and the environment. "
        "`merlib verify` computes every record again from the predictions."
    )
    crate.license = "https://spdx.org/licenses/MIT"
    crate.creator = [crate.add(Person(crate, "#authors", {"name": "the authors named in CITATION.cff"}))]
    if commit := commit_here():
        crate.root_dataset["version"] = f"{merlib.__version__}, commit {commit}"
    rests = _rests_on(root)
    for name in names:
        content = (root / name).read_bytes()
        crate.add_file(dest_path=name, source=root / name, properties=_described(name, content, rests))
    crate.add_file(root / "pyproject.toml", dest_path=PACKAGES, properties=_described(PACKAGES, packages, {}))
    with tempfile.TemporaryDirectory() as scratch:
        crate.metadata.write(scratch)
        written = json.loads((Path(scratch) / METADATA).read_text(encoding="utf-8"))
    return (json.dumps(written, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8")


def _rests_on(root: Path) -> dict[str, list[str]]:
    """Return the files of predictions behind each record, by the record's path below `root`."""
    reference = root / "results" / "reference"
    found = {}
    for record in read_records([reference]):
        links = [one["predictions"]["path"] for one in record["experiments"] if "predictions" in one]
        name = Path(record["path"]).relative_to(root).as_posix()
        found[name] = [f"results/reference/{link}" for link in dict.fromkeys(links)]
    return found


def _described(name: str, content: bytes, rests: dict[str, list[str]]) -> dict:
    told = {"contentSize": str(len(content)), "sha256": hashlib.sha256(content).hexdigest()}
    told["encodingFormat"] = KINDS.get(Path(name).suffix, "text/plain")
    if name.endswith(".parquet"):
        told["description"] = (
            "predictions, one row for each clip and seed, with their provenance in the file's metadata"
        )
    if rests.get(name):
        told["isBasedOn"] = [{"@id": one} for one in rests[name]]
    return told


def check_deposit(folder: Path) -> list[str]:
    """Return a line for each file of an unpacked deposit that is missing or differs from its metadata."""
    wrong = []
    for one in _files(folder):
        path = folder / one["@id"]
        if not path.is_file():
            wrong.append(f"{one['@id']} is missing")
        elif "sha256" in one and hashlib.sha256(path.read_bytes()).hexdigest() != one["sha256"]:
            wrong.append(f"{one['@id']} is not the file that the metadata describe")
    return wrong


def unpacked_deposit(archive: Path, into: Path) -> Path:
    """Unpack a deposit below `into` and return its folder.

    Raises
    ------
    MerlibError
        For a file that is no deposit.
    """
    try:
        with zipfile.ZipFile(archive) as file:
            file.extractall(into)
    except (OSError, zipfile.BadZipFile) as error:
        action = "make it anew: make deposit."
        raise MerlibError(f"{archive} is no archive ({error}).", "a deposit.", action) from error
    found = sorted(into.glob(f"*/{METADATA}"))
    if len(found) != 1:
        raise MerlibError(f"{archive} holds {len(found)} crates.", "one deposit.", "make it anew: make deposit.")
    return found[0].parent
