"""Check a copy of MEGC2019-CD, the list and the clips that it names of three data sets, and report all problems."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from merlib.clips.subjects import DATASETS
from merlib.datasets.archive.labels import check_labels
from merlib.datasets.official.audit import ClipAudit, Progress, decode, in_order
from merlib.datasets.official.composite import MANIFEST, MOST_LIST_BYTES, NAME, find_list, folders_of_sets, read_list
from merlib.datasets.official.findings import ABOUT_CLASSES, ClipFinding, Findings
from merlib.datasets.official.readers import ORDER
from merlib.datasets.official.scan import Scan, scan_clips
from merlib.datasets.official.sheets import UNKNOWN
from merlib.errors import MerlibError
from merlib.opening import read_file
from merlib.sources import load_manifest


@dataclass(frozen=True)
class _SetAudit:
    """One of the three sets: its scan, how many frames decoded, how many listed clips can be read, and the problems."""

    scan: Scan
    decoded: int
    readable: int
    findings: tuple[ClipFinding, ...]


def audit_composite(
    folder: str | Path, quick: bool = False, workers: int = 1, progress: Progress | None = None
) -> ClipAudit:
    """Check the list and the clips that it takes from the three copies, frame by frame, and report all problems.

    Parameters
    ----------
    folder : path
        As for `merlib.datasets.official.composite.read_composite_folder`; nothing in it is changed.
    quick, workers, progress
        As for `merlib.datasets.official.audit.audit_clips`; `progress` counts each of the three sets from 0.

    Returns
    -------
    ClipAudit
        ``sheet`` is the list. Clips that it does not name are ignored. So are findings about the classes of any clip,
        because the list alone decides these.

    Raises
    ------
    MerlibError
        For a folder that does not exist; never for bad data.
    """
    folder = Path(folder).expanduser()
    folders, path, findings = folders_of_sets(folder), find_list(folder), Findings()
    listed = _checked_list(path, findings)
    sets = []
    for name in [each for each in DATASETS if each in set(listed["dataset"])]:
        if name not in folders:
            found, do = f"no folder of {name}.", "copy or link the data set into the folder that holds the list."
            findings.add("error", "set-missing", found, f"a folder such as {name.upper()} beside the list.", do, name)
            continue
        wanted = {f"{row.subject}/{row.clip}" for row in listed.itertuples() if row.dataset == name}
        sets.append(_audit_set(name, folders[name], wanted, quick, workers, progress))
        findings.extend(sets[-1].findings)
    scans = [each.scan for each in sets]
    kinds = {scan.marker is not None for scan in scans}
    if len(kinds) > 1:
        found, do = "real and synthetic copies mixed.", "take three copies of one kind."
        findings.add("error", "kinds-mixed", found, "all of one kind.", do)
    return ClipAudit(
        name=NAME,
        folder=folder.resolve().name,
        layout=", ".join(f"{scan.official.name} {scan.root.layout.name}" for scan in scans if scan.root),
        edition=", ".join(f"{scan.official.name} {scan.sheet.edition}" for scan in scans if scan.sheet) or UNKNOWN,
        sheet=path.name if len(listed) else "",
        sheet_sha256=hashlib.sha256(read_file(path, MOST_LIST_BYTES)).hexdigest() if len(listed) else "",
        synthetic=kinds == {True},
        clips=len(listed),
        subjects=len(listed[["dataset", "subject"]].drop_duplicates()),
        frames=sum(len(clip.source.numbers) for scan in scans for clip in scan.folders),
        readable=sum(each.readable for each in sets),
        by_class=dict(sorted(Counter(listed["label"]).items())),
        quick=quick,
        decoded=sum(each.decoded for each in sets),
        findings=in_order(findings),
    )


def _checked_list(path: Path, findings: Findings) -> pd.DataFrame:
    """Return the list, or an empty one if it cannot be read; differences from the organisers' go to `findings`."""
    try:
        listed = read_list(path, verify=False)
    except MerlibError as problem:
        findings.add("error", "list-unreadable", problem.found, problem.expected, problem.action)
        return pd.DataFrame(columns=[*ORDER, "label"])

    def report(problem: MerlibError, where: str, severity: str) -> None:
        findings.add(severity, "list-differs", problem.found, problem.expected, problem.action, where)

    classes = load_manifest(MANIFEST).labels.classes
    check_labels([(*row[:3], classes.index(row[3])) for row in listed.itertuples(index=False)], report)
    return listed


def _audit_set(
    name: str, folder: Path, wanted: set[str], quick: bool, workers: int, progress: Progress | None
) -> _SetAudit:
    """Check the clips `wanted` (``subject/clip``) in the copy of one data set; all other clips are ignored."""
    scan = scan_clips(name, folder)
    scan.folders = [clip for clip in scan.folders if f"{clip.subject}/{clip.clip}" in wanted]
    decoded = decode(scan, quick, workers, progress)
    about = Findings(
        each
        for each in scan.findings
        if each.rule not in ABOUT_CLASSES and ("/" not in each.clip or each.clip in wanted)
    )
    there = {f"{row['subject']}/{row['clip']}" for row in scan.rows}
    broken = {finding.clip for finding in about.blocking()}
    for key in sorted(wanted - there - broken):
        found, do = "no frames, or no row in the sheet.", "restore the clip from the data set."
        about.add("error", "clip-not-there", found, "frames and a row for every clip of the list.", do, key)
    named = tuple(replace(each, where=f"{name} {each.where}".strip()) for each in about)
    return _SetAudit(scan, decoded, len((wanted & there) - broken), named)
