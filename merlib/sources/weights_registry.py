"""The registry of weights files, ``data_manifests/weights.yaml``: where each comes from and how it is recognised."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from merlib.errors import MerlibError, unknown_name
from merlib.places import manifests_dir


class Wheel(BaseModel):
    """One pinned wheel of a package index; it is never installed, only opened."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    package: str
    version: str
    python: str
    abi: str
    platform: str
    bytes: Annotated[int, Field(gt=0)] | None = None

    @property
    def pin(self) -> str:
        """Package and version, as pip writes them."""
        return f"{self.package}=={self.version}"

    @property
    def download_arguments(self) -> tuple[str, ...]:
        """Arguments with which pip fetches exactly this wheel, whatever Python and machine it runs on."""
        built_for = (f"--python-version={self.python}", f"--abi={self.abi}", f"--platform={self.platform}")
        return ("download", "--no-deps", "--implementation=cp", *built_for, self.pin)

    @property
    def download_command(self) -> str:
        """The same as a command line that people can type."""
        return " ".join(("pip", *self.download_arguments))


class WeightsEntry(BaseModel):
    """One weights file: its published name, where it comes from and how it is recognised."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    file: Annotated[str, Field(pattern=r"^[^/\\]+$")]
    url: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = None
    wheel: Wheel | None = None
    member: str | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    git_blob: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None = None
    unpinned: str | None = None
    bytes: Annotated[int, Field(gt=0)] | None = None
    by_default: bool = False
    format: Literal["tflite", "state-dict", "safetensors"]
    licence: str
    purpose: str
    source: str

    @model_validator(mode="after")
    def _is_whole(self) -> WeightsEntry:
        if bool(self.url) == bool(self.wheel) or bool(self.wheel) != bool(self.member):
            raise ValueError("give either url, or wheel and member")
        if bool(self.unpinned) == bool(self.sha256 or self.git_blob):
            raise ValueError("give sha256 or git_blob, or say in unpinned why there is neither")
        if self.by_default and not (self.sha256 and self.bytes):
            raise ValueError("what is fetched without being asked for needs sha256 and bytes")
        return self

    @property
    def origin(self) -> str:
        """Where the file comes from, in words."""
        return self.url or f"{self.wheel.pin}: {self.member}"

    @property
    def digest(self) -> str:
        """The digest by which the file is recognised, in words."""
        pinned = f"SHA-256 {self.sha256}" if self.sha256 else f"git blob {self.git_blob}"
        return f"not pinned: {self.unpinned}" if self.unpinned else pinned


def git_blob_id(content: bytes) -> str:
    """Return the id under which git stores `content`: the SHA-1 of ``blob SIZE``, a zero byte and the content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def list_weights() -> tuple[WeightsEntry, ...]:
    """Return every entry of ``data_manifests/weights.yaml``.

    Raises
    ------
    MerlibError
        When the file is missing or not a valid registry; the message names the first fault and its place.
    """
    return _registry(manifests_dir() / "weights.yaml")


def weights_entry(name: str) -> WeightsEntry:
    """Return the entry called `name`; an unknown name is an error that suggests the nearest one."""
    entries = {entry.name: entry for entry in list_weights()}
    if name not in entries:
        raise unknown_name("weights", name, entries)
    return entries[name]


def has_digest(entry: WeightsEntry, content: bytes) -> bool:
    """Return whether `content` is the published file of `entry`; for an unpinned entry only its size is compared."""
    if entry.bytes and len(content) != entry.bytes:
        return False
    if entry.sha256:
        return hashlib.sha256(content).hexdigest() == entry.sha256
    return git_blob_id(content) == entry.git_blob if entry.git_blob else True


@cache
def _registry(path: Path) -> tuple[WeightsEntry, ...]:
    try:
        entries = tuple(WeightsEntry(**row) for row in yaml.safe_load(path.read_text(encoding="utf-8"))["weights"])
        if len({entry.name for entry in entries}) != len(entries):
            raise ValueError("two entries of one name")
    except (OSError, ValueError, TypeError, KeyError, yaml.YAMLError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        fault = f"{'.'.join(map(str, first['loc'])) or 'entry'}: {first['msg']}" if first else error
        raise MerlibError(
            f"{path} is not a registry of weights: {fault}.",
            "a list under `weights`, each with name, file, url or wheel, digest, format, licence, purpose.",
            "correct the file, or restore it from the repository.",
        ) from error
    return entries
