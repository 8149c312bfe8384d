"""Manifests: what is known about each data source before its files are there: counts, hashes, defects, licence."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from merlib.errors import MerlibError, unknown_name
from merlib.places import manifests_dir

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Commit = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
Url = Annotated[str, Field(pattern=r"^https?://\S+$")]
Count = Annotated[int, Field(ge=0)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Citation(_Frozen):
    """One publication, in the fields of a BibTeX entry."""

    key: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    entry: Literal["article", "inproceedings", "misc"]
    authors: tuple[str, ...] = Field(min_length=1)
    title: str
    venue: str
    year: int = Field(ge=1990, le=2100)
    volume: str | None = None
    pages: str | None = None
    doi: str | None = None
    url: Url | None = None

    def bibtex(self) -> str:
        """Return the entry as BibTeX."""
        venue = {"article": "journal", "inproceedings": "booktitle", "misc": "howpublished"}[self.entry]
        fields = {
            "author": " and ".join(self.authors),
            "title": "{" + self.title + "}",
            venue: self.venue,
            "year": str(self.year),
            **{name: getattr(self, name) for name in ("volume", "pages", "doi", "url")},
        }
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
        return "\n".join([f"@{self.entry}{{{self.key},", *lines, "}"])


class Licence(_Frozen):
    """What may be done with the files, and the page that says so or on which they can be requested."""

    name: str
    page: Url
    redistributable: bool
    terms: str


class Sheet(_Frozen):
    """One known edition of an annotation sheet or label list, recognised by its hash."""

    edition: str
    filename: str
    sha256: Sha256 | None = None
    rows: Count | None = None
    note: str = ""


class Defect(_Frozen):
    """A known fault of the source and the rule that repairs it; never a copied value."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    what: str
    rule: str


class Layout(_Frozen):
    """How the owners lay out the files.

    Parameters
    ----------
    name : str
        Name of the layout, such as ``cropped``.
    pattern : str
        Path relative to the folder that a user names. In a layout of clips ``{subject}``, ``{class}``, ``{clip}`` and
        ``{frame}`` stand for what varies, and the extension is the one that the owners use; see
        `merlib.datasets.official.layouts`.
    description : str
        The layout in words.
    beside : tuple of str
        Sister folders that hold other recordings of the same people and are not read.
    beyond_movement : bool
        Whether clips have frames before the onset and after the offset, so that their ends do not show these.
    """

    name: str
    pattern: str
    description: str
    beside: tuple[str, ...] = ()
    beyond_movement: bool = False


class DownloadFile(_Frozen):
    """One file of a pinned commit, and its path below the folder into which it is fetched.

    `pixels_sha256` is the digest of a picture's decoded pixels (rows x columns x RGB, 8 bits), by which the same
    picture is recognised in another encoding.
    """

    path: str
    sha256: Sha256
    bytes: Annotated[int, Field(gt=0)]
    repository: str | None = None
    commit: Commit | None = None
    save_as: str | None = None
    pixels_sha256: Sha256 | None = None


class Download(_Frozen):
    """Files of a pinned commit of a public repository.

    `url_template` has the fields ``{repository}``, ``{commit}`` and ``{path}``; a file may name its own
    repository and commit. `file_list` names a CSV beside the manifest with columns path, sha256, bytes and, for
    pictures that circulate in other encodings, pixels_sha256.
    """

    repository: str
    commit: Commit
    url_template: Annotated[str, Field(pattern=r"^https?://\S*\{path\}\S*$")]
    files: tuple[DownloadFile, ...] = ()
    file_list: str | None = None

    @model_validator(mode="after")
    def _names_files(self) -> Download:
        if bool(self.files) == bool(self.file_list):
            raise ValueError("give either files or file_list")
        return self


class Labels(_Frozen):
    """Identity of a label list: SHA-256 of its sorted lines ``dataset,subject,clip,label`` with canonical ids."""

    classes: tuple[str, ...] = Field(min_length=2)
    rows: Annotated[int, Field(gt=0)]
    sorted_rows_sha256: Sha256


class DatasetManifest(_Frozen):
    """Facts about one data source.

    Totals stated here are checked against ``counts.csv`` by tests; subject-level counts live only there.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    title: str
    kind: Literal["flow-maps", "clips", "composite", "prediction-logs"]
    description: str
    access: Literal["public", "licensed"]
    licence: Licence
    citation: tuple[Citation, ...] = Field(min_length=1)
    clips: Count
    subjects: Count
    classes: dict[str, dict[str, Count]]
    frame_rate: Annotated[int, Field(gt=0)] | None = None
    sheets: tuple[Sheet, ...] = ()
    defects: tuple[Defect, ...] = ()
    layouts: tuple[Layout, ...] = ()
    labels: Labels | None = None
    download: Download | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> DatasetManifest:
        for scheme, counts in self.classes.items():
            total = sum(counts.values())
            if total > self.clips or (scheme != "emotion5" and total != self.clips):
                raise ValueError(f"classes of {scheme} sum to {total}, clips says {self.clips}")
        if self.labels and self.labels.rows != self.clips:
            raise ValueError(f"labels.rows is {self.labels.rows}, clips says {self.clips}")
        if self.access == "public" and self.download is None:
            raise ValueError("a public source needs a download")
        return self


def available_manifests() -> list[str]:
    """Return the names of all manifests, sorted."""
    return sorted(path.parent.name for path in manifests_dir().glob("*/manifest.yaml"))


def load_manifest(name: str) -> DatasetManifest:
    """Return the manifest called `name` (hyphens are read as underscores).

    Raises
    ------
    MerlibError
        For an unknown name, or a file that is not a valid manifest; the message names the first fault and its place.
    """
    folder = manifests_dir()
    key = str(name).replace("-", "_")
    if key not in available_manifests():
        raise unknown_name("manifest", name, available_manifests())
    return _load(folder / key / "manifest.yaml")


@cache
def _load(path: Path) -> DatasetManifest:
    try:
        manifest = DatasetManifest.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            fault = f"{'.'.join(map(str, first['loc'])) or 'manifest'}: {first['msg']}"
        else:
            fault = str(error).replace("\n", " ")
        raise MerlibError(
            f"{path}: {fault}.",
            "the fields of merlib.sources.DatasetManifest.",
            "correct the manifest, or restore it from the repository.",
        ) from error
    if manifest.name != path.parent.name:
        raise MerlibError(f"{path} is named {manifest.name!r}.", f"name: {path.parent.name}.", "rename one of the two.")
    return manifest


def download_files(name: str) -> tuple[DownloadFile, ...]:
    """Return every file of a manifest's download, with repository and commit filled in.

    Raises
    ------
    MerlibError
        When the source is unknown or cannot be downloaded; the message then names its licence page.
    """
    manifest = load_manifest(name)
    if manifest.download is None:
        raise MerlibError(
            f"{manifest.title} cannot be downloaded by merlib ({manifest.licence.name}).",
            "a source with a public download: "
            + ", ".join(n for n in available_manifests() if load_manifest(n).download)
            + ".",
            f"ask its owners at {manifest.licence.page}, then name the folder: --data {name}=DIR.",
        )
    download = manifest.download
    files = download.files or _file_list(manifest.name)
    origin = {"repository": download.repository, "commit": download.commit}
    return tuple(
        file.model_copy(update={k: v for k, v in origin.items() if getattr(file, k) is None}) for file in files
    )


def _file_list(name: str) -> tuple[DownloadFile, ...]:
    with (manifests_dir() / name / load_manifest(name).download.file_list).open(encoding="utf-8", newline="") as file:
        return tuple(DownloadFile(**{k: v for k, v in row.items() if v}) for row in csv.DictReader(file))
