"""Readers of licensed clips: a copy in its official layout becomes a clip table, or is refused with the reason."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from merlib.clips.bad_clips import ADVICE, ERROR, check_policy
from merlib.clips.clip_table import clip_table
from merlib.datasets.official.findings import ABOUT_CLASSES, refusal
from merlib.datasets.official.scan import Scan, scan_clips
from merlib.datasets.official.sets import OfficialSet
from merlib.datasets.official.sheets import UNKNOWN

NO_APEX = "no-apex: the sheet has no apex frame; it is spotted, and the method is named in every result"
# What no clip can be read without; the rest concerns single clips, which may be left out.
WHOLE_COPY = {
    *("sheet-missing", "frames-missing", "marker-unreadable", "other-data-set", "sheet-not-the-markers", "twin-below"),
}
ORDER = ["dataset", "subject", "clip"]


def read_casme2(folder: str | Path, layout: str | None = None, on_bad_clip: str = ERROR) -> pd.DataFrame:
    """Read CASME II: 255 clips of 26 subjects in seven classes, 200 frames a second.

    Parameters
    ----------
    folder : path
        Holds the owners' sheet and their frames in a published layout (``data_manifests/casme2``); also an exported
        twin. Frames may be JPEG, BMP, PNG or TIFF files.
    layout : {'cropped', 'raw', 'compressed'}, optional
        Which frames; by default the first that are there.
    on_bad_clip : {'error', 'leave-out'}
        Refuse a copy in which a clip is broken, or leave such clips out, each with its reason in the notes.

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
    return read_scan(scan_clips("casme2", folder, layout), on_bad_clip)


def read_samm(folder: str | Path, on_bad_clip: str = ERROR) -> pd.DataFrame:
    """Read SAMM: 159 clips of 29 subjects in eight classes, 200 frames a second, grey.

    Parameters
    ----------
    folder : path
        Holds ``SAMM_Micro_FACS_Codes_v2.xlsx`` and ``006/006_1_2/006_05562.jpg``; also an exported twin.
    on_bad_clip : {'error', 'leave-out'}
        As for `read_casme2`, and so are the value and the errors.

    References
    ----------
    Davison et al., "SAMM", IEEE Transactions on Affective Computing 9 (2018) 116-129.
    """
    return read_scan(scan_clips("samm", folder), on_bad_clip)


def read_smic(folder: str | Path, layout: str | None = None, on_bad_clip: str = ERROR) -> pd.DataFrame:
    """Read SMIC-HS: 164 clips of 16 subjects in three classes, 100 frames a second, no apex.

    Clips without a row take their class from their folder or name, onset and offset from their first and last frame.
    Where a clip's name and its folder agree on a class, they decide against the sheet. Of a clip with two movements
    the first counts (the sheet's ``OnsetF`` and ``OffsetF``).

    Parameters
    ----------
    folder : path
        Holds ``SMIC-HS-E_annotation*.xlsx`` and frames in a published layout (``data_manifests/smic``); also an
        exported twin.
    layout : {'cropped', 'raw', 'long'}, optional
        Which frames; by default the first that are there.
    on_bad_clip : {'error', 'leave-out'}
        As for `read_casme2`, and so are the value and the errors.

    References
    ----------
    Li et al., "A spontaneous micro-expression database", IEEE FG (2013).
    """
    return read_scan(scan_clips("smic", folder, layout), on_bad_clip)


def read_scan(scan: Scan, on_bad_clip: str = ERROR, classes_matter: bool = True) -> pd.DataFrame:
    """Return the clip table of a scan.

    Parameters
    ----------
    scan : Scan
        Of a copy.
    on_bad_clip : {'error', 'leave-out'}
        As `read_casme2`.
    classes_matter : bool
        Whether a clip without a certain class is broken; it is not where a list gives the classes.

    Raises
    ------
    MerlibError
        As `read_casme2`.
    """
    tolerated = frozenset() if classes_matter else ABOUT_CLASSES
    blocking = [each for each in scan.findings.blocking() if each.rule not in tolerated]
    stops = [each for each in blocking if check_policy(on_bad_clip) == ERROR or each.rule in WHOLE_COPY]
    if stops:
        curable = not any(each.rule in WHOLE_COPY for each in blocking)
        raise refusal(scan.official.name, stops, ADVICE if curable else "")
    broken = {finding.clip: finding.rule for finding in blocking if "/" in finding.clip}
    rows = [row for row in scan.rows if f"{row['subject']}/{row['clip']}" not in broken]
    left_out = (f"left out {scan.official.name}/{clip} ({rule})" for clip, rule in sorted(broken.items()))
    notes = (*standing_notes(scan.official), *scan.findings.notes(), *left_out)
    edition = scan.sheet.edition if scan.sheet else UNKNOWN
    rows.sort(key=lambda row: [row[name] for name in ORDER])
    table = clip_table(rows, scan.official.name, edition, scan.marker is not None, notes)
    table.attrs["layout"] = scan.root.layout.name
    return table


def standing_notes(official: OfficialSet) -> tuple[str, ...]:
    """Return what a reader of any result from the data set must know."""
    return () if "apex" in official.columns else (NO_APEX,)
