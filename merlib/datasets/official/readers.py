"""Readers of licensed clips: a copy in its official layout becomes a clip table, or is refused with the reason."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from merlib.clips.clip_table import clip_table
from merlib.datasets.official.findings import refusal
from merlib.datasets.official.scan import Scan, scan_clips
from merlib.datasets.official.sets import OfficialSet
from merlib.datasets.official.sheets import UNKNOWN

NO_APEX = "no-apex: the sheet has no apex frame; it is spotted, and the method is named in every result"
# What no clip can be read without; the rest concerns single clips, which may be left out.
WHOLE_COPY = {
    *("sheet-missing", "frames-missing", "marker-unreadable", "other-data-set", "sheet-not-the-markers", "twin-below"),
}
ORDER = ["dataset", "subject", "clip"]


def read_casme2(folder: str | Path, layout: str | None = None, strict: bool = True) -> pd.DataFrame:
    """Read CASME II: 255 clips of 26 subjects in seven classes, 200 frames a second.

    Parameters
    ----------
    folder : path
        Holds ``CASME2-coding-20140508.xlsx`` and ``Cropped/sub01/<clip>/reg_img46.jpg`` or
        ``CASME2-RAW/sub01/<clip>/img46.jpg``; also an exported twin.
    layout : {'cropped', 'raw'}, optional
        Which frames; by default the cropped ones if they are there.
    strict : bool
        Refuse a copy in which a clip is broken. Otherwise such clips are left out, with a note each.

    Returns
    -------
    DataFrame
        A clip table (`merlib.clips.clip_table`), sorted by subject and clip. ``attrs["edition"]`` is the sheet's,
        ``attrs["notes"]`` every repair, ``attrs["layout"]`` the layout; labels in lower case, frames read lazily.

    Raises
    ------
    MerlibError
        For what `merlib.datasets.audit_clips` calls an error, the first one told; always when there is no sheet
        or no frame, or a sheet that disagrees with a twin's marker.

    References
    ----------
    Yan et al., "CASME II", PLoS ONE 9 (2014) e86041.
    """
    return _read("casme2", folder, layout, strict)


def read_samm(folder: str | Path, strict: bool = True) -> pd.DataFrame:
    """Read SAMM: 159 clips of 29 subjects in eight classes, 200 frames a second, grey.

    Parameters
    ----------
    folder : path
        Holds ``SAMM_Micro_FACS_Codes_v2.xlsx`` and ``006/006_1_2/006_05562.jpg``; also an exported twin.
    strict : bool
        As for `read_casme2`, and so are the value and the errors.

    References
    ----------
    Davison et al., "SAMM", IEEE Transactions on Affective Computing 9 (2018) 116-129.
    """
    return _read("samm", folder, None, strict)


def read_smic(folder: str | Path, strict: bool = True) -> pd.DataFrame:
    """Read SMIC-HS: 164 clips of 16 subjects in three classes, 100 frames a second, no apex.

    Clips without a row take their class from their folder, onset and offset from their first and last frame. Of a
    clip with two movements the first counts (the sheet's ``OnsetF`` and ``OffsetF``).

    Parameters
    ----------
    folder : path
        Holds ``SMIC-HS-E_annotation*.xlsx`` and ``SMIC_all_cropped/HS/s1/micro/<class>/<clip>/reg_image559740.jpg``;
        also an exported twin.
    strict : bool
        As for `read_casme2`, and so are the value and the errors.

    References
    ----------
    Li et al., "A spontaneous micro-expression database", IEEE FG (2013).
    """
    return _read("smic", folder, None, strict)


def _read(name: str, folder: str | Path, layout: str | None, strict: bool) -> pd.DataFrame:
    return read_scan(scan_clips(name, folder, layout), strict)


def read_scan(scan: Scan, strict: bool = True) -> pd.DataFrame:
    """Return the clip table of a scan.

    Raises
    ------
    MerlibError
        As `read_casme2`.
    """
    blocking = scan.findings.blocking()
    if not strict:
        blocking = [each for each in blocking if each.rule in WHOLE_COPY]
    if blocking:
        raise refusal(scan.official.name, blocking)
    broken = set() if strict else {finding.clip for finding in scan.findings.blocking()}
    rows = [row for row in scan.rows if f"{row['subject']}/{row['clip']}" not in broken]
    notes = (*standing_notes(scan.official), *scan.findings.notes())
    edition = scan.sheet.edition if scan.sheet else UNKNOWN
    rows.sort(key=lambda row: [row[name] for name in ORDER])
    table = clip_table(rows, scan.official.name, edition, scan.marker is not None, notes)
    table.attrs["layout"] = scan.root.layout.name
    return table


def standing_notes(official: OfficialSet) -> tuple[str, ...]:
    """Return what a reader of any result from the data set must know."""
    return () if "apex" in official.columns else (NO_APEX,)
