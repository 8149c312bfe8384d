"""Readers of licensed data sets: they turn a copy in its official layout into a clip table, or say why they cannot."""

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
# Rules of errors after which no clip can be read; all other errors concern single clips, which may be left out.
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
        Refuse a copy in which a clip is broken, or leave such clips out and give each one's reason in the notes.

    Returns
    -------
    DataFrame
        A clip table (`merlib.clips.clip_table`), sorted by subject and clip, with labels in lower case; frames are
        read on demand. ``attrs["edition"]`` is the sheet's edition, ``attrs["notes"]`` names every repair, and
        ``attrs["layout"]`` is the layout that was read.

    Raises
    ------
    MerlibError
        For the first error that is found without decoding a frame, except gaps between frame numbers
        (`merlib.datasets.audit_clips` lists all errors, and decodes frames as well). With ``on_bad_clip='leave-out'``
        only for errors that concern the whole copy: no sheet, no frames, or a sheet that disagrees with a twin's
        marker.

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
        As for `read_casme2`.

    Returns
    -------
    DataFrame
        As for `read_casme2`.

    Raises
    ------
    MerlibError
        As for `read_casme2`.

    References
    ----------
    Davison et al., "SAMM", IEEE Transactions on Affective Computing 9 (2018) 116-129.
    """
    return read_scan(scan_clips("samm", folder), on_bad_clip)


def read_smic(folder: str | Path, layout: str | None = None, on_bad_clip: str = ERROR) -> pd.DataFrame:
    """Read SMIC-HS: 164 clips of 16 subjects in three classes, 100 frames a second, no apex.

    A clip without a row in the sheet takes its class from its folder or name, and its onset and offset from its first
    and last frame. Where a clip's name and its folder agree on a class other than the sheet's, theirs is used. Of a
    clip with two movements only the first counts (the sheet's ``OnsetF`` and ``OffsetF``).

    Parameters
    ----------
    folder : path
        Holds ``SMIC-HS-E_annotation*.xlsx`` and frames in a published layout (``data_manifests/smic``); also an
        exported twin.
    layout : {'cropped', 'raw', 'long'}, optional
        Which frames; by default the first that are there.
    on_bad_clip : {'error', 'leave-out'}
        As for `read_casme2`.

    Returns
    -------
    DataFrame
        As for `read_casme2`; no clip has an apex.

    Raises
    ------
    MerlibError
        As for `read_casme2`.

    References
    ----------
    Li et al., "A spontaneous micro-expression database", IEEE FG (2013).
    """
    return read_scan(scan_clips("smic", folder, layout), on_bad_clip)


def read_scan(scan: Scan, on_bad_clip: str = ERROR, classes_matter: bool = True) -> pd.DataFrame:
    """Return the clip table of a scanned copy.

    Parameters
    ----------
    scan : Scan
        What was found in the copy.
    on_bad_clip : {'error', 'leave-out'}
        As for `read_casme2`.
    classes_matter : bool
        Whether a clip whose class is unknown or disputed counts as broken; False where a list gives the classes.

    Raises
    ------
    MerlibError
        As for `read_casme2`.
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
    """Return the notes that stand on every result from the data set."""
    return () if "apex" in official.columns else (NO_APEX,)
