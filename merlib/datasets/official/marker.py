"""The file that distinguishes an exported twin from a licensed copy, and holds the twin's own counts."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from merlib.errors import MerlibError
from merlib.opening import read_file

MARKER = "SYNTHETIC.json"


class Marker(BaseModel):
    """What an exported twin says about itself.

    Parameters
    ----------
    dataset, layout : str
        The data set whose forms were written, and which layout of it.
    seed : int or None
        Seed of the twin.
    merlib : str
        Version of merlib that wrote it.
    sheet, sheet_sha256 : str
        File name and hash of the annotation sheet.
    clips : int
        Number of clips exported.
    counts : dict
        Clips by subject and class.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    synthetic: bool = True
    notice: str = "SYNTHETIC clips made by merlib; no person was recorded, no label is a real clip's."
    dataset: str
    layout: str
    seed: int | None = Field(ge=0)
    merlib: str
    sheet: str
    sheet_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    clips: int = Field(ge=0)
    counts: dict[str, dict[str, int]]

    @property
    def edition(self) -> str:
        """Name of the twin's edition, as records print it."""
        return f"synthetic twin, seed {self.seed}"


def read_marker(folder: Path) -> Marker | None:
    """Return the marker of an exported twin, or None when `folder` has none.

    Raises
    ------
    MerlibError
        When there is a marker that cannot be read.
    """
    path = folder / MARKER
    if not path.is_file():
        return None
    try:
        return Marker.model_validate_json(read_file(path, 2**20))
    except (ValidationError, OSError, ValueError) as error:
        raise MerlibError(
            f"{MARKER} is no marker of an exported twin ({type(error).__name__}).",
            "the marker that merlib data export wrote.",
            "export the twin again into an empty folder.",
        ) from error


def markers_below(folder: Path, depth: int) -> list[Path]:
    """Return the folders that hold a marker, from one to `depth` levels below `folder`."""
    found, level = [], [folder]
    for _ in range(depth):
        level = [entry for place in level for entry in sorted(place.iterdir()) if entry.is_dir()]
        found += [place for place in level if (place / MARKER).is_file()]
    return found
