"""Check a copy of CASME II, SAMM or SMIC-HS and report all problems at once, where a reader stops at the first.

A report may be shown to others: of the data set it holds only counts, hashes, numbers, and ids of clips and frames.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from merlib import __version__
from merlib.datasets.official.findings import SEVERITIES, ClipFinding, Findings
from merlib.datasets.official.frame_checks import check_frames, compare_clips
from merlib.datasets.official.scan import Scan, scan_clips
from merlib.datasets.official.sets import official_set
from merlib.datasets.official.sheets import UNKNOWN
from merlib.processes import worker_processes

ONE_SIZE = {"casme2", "samm"}  # all frames have one size; SMIC's are cropped around each face and differ

Progress = Callable[[int, int], None]
"""Called with how many clips are done, and of how many."""


@dataclass(frozen=True)
class ClipAudit:
    """What a copy holds and every problem found in it.

    Attributes
    ----------
    name, folder, layout : str
        Data set; name of the folder checked (never its path); which of its layouts was read (empty when there is none).
    edition, sheet, sheet_sha256 : str
        Edition, file name and hash of the annotation sheet.
    synthetic : bool
        Whether it is an exported twin.
    clips, subjects, frames : int
        How many clips are annotated, how many people they show, and how many frames the clips' folders or videos hold.
    readable : int
        Clips without an error. A reader leaves the others out, or refuses the copy.
    by_class : dict of str to int
        Annotated clips by class.
    quick : bool
        Whether only the first frame of each clip was decoded.
    decoded : int
        Frames decoded without fault.
    findings : tuple of ClipFinding
        Errors first, then warnings, then notes; see `in_order`.
    merlib : str
        Version of merlib that made the report.
    """

    name: str
    folder: str
    layout: str
    edition: str
    sheet: str
    sheet_sha256: str
    synthetic: bool
    clips: int
    subjects: int
    frames: int
    readable: int
    by_class: dict[str, int]
    quick: bool
    decoded: int
    findings: tuple[ClipFinding, ...]
    merlib: str = __version__

    @property
    def errors(self) -> tuple[ClipFinding, ...]:
        """The findings that must be repaired by hand."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def ok(self) -> bool:
        """Whether no error was found. Known defects that are repaired automatically are notes and do not count."""
        return not self.errors

    @property
    def by_severity(self) -> dict[str, int]:
        """Number of errors, warnings and notes."""
        counts = Counter(finding.severity for finding in self.findings)
        return {severity: counts[severity] for severity in SEVERITIES}

    @property
    def by_rule(self) -> dict[str, int]:
        """Number of findings of each rule, the most frequent first."""
        return dict(Counter(finding.rule for finding in self.findings).most_common())

    def to_json(self) -> str:
        """Return the report as JSON, with ``ok`` and the counts of findings added."""
        counts = {"ok": self.ok, "by_severity": self.by_severity, "by_rule": self.by_rule}
        return json.dumps({**counts, **asdict(self)}, indent=2)


def audit_clips(
    name: str,
    folder: str | Path,
    layout: str | None = None,
    quick: bool = False,
    workers: int = 1,
    progress: Progress | None = None,
) -> ClipAudit:
    """Check a copy of a data set against its manifest, frame by frame, and report all problems.

    Parameters
    ----------
    name : {'casme2', 'samm', 'smic'}
        The data set.
    folder : path
        As for the data set's reader; nothing in it is changed.
    layout : str, optional
        Name of a layout in the manifest, such as ``raw``; by default the first that is there.
    quick : bool
        Decode only the first frame of each clip; truncated frames and duplicates are then not noticed.
    workers : int
        Number of processes that decode frames.
    progress : callable, optional
        Called after each clip with the number of clips done and of all clips.

    Returns
    -------
    ClipAudit
        An exported twin is compared with its marker instead of the manifest.

    Raises
    ------
    MerlibError
        For an unknown data set or layout, or a folder that does not exist; never for bad data.
    """
    scan = scan_clips(name, folder, layout)
    if len(set(scan.layouts)) > 1:
        others = ", ".join(sorted(set(scan.layouts) - {scan.root.layout.name}))
        scan.findings.add(
            "note",
            "other-layout",
            f"layout {others} is there too.",
            "one layout an audit.",
            f"only {scan.root.layout.name} was looked at; ask for the other by name.",
        )
    decoded = decode(scan, quick, workers, progress)
    broken = {finding.clip for finding in scan.findings.blocking()}
    labels = Counter(label or "unknown" for _, _, label in scan.labels)
    return ClipAudit(
        name=scan.official.name,
        folder=scan.folder.name,
        layout=scan.root.layout.name if scan.root else "",
        edition=scan.sheet.edition if scan.sheet else UNKNOWN,
        sheet=scan.sheet.path.name if scan.sheet else "",
        sheet_sha256=scan.sheet.sha256 if scan.sheet else "",
        synthetic=scan.marker is not None,
        clips=len(scan.labels),
        subjects=len({subject for subject, _, _ in scan.labels}),
        frames=sum(len(clip.source.numbers) for clip in scan.folders),
        readable=sum(f"{row['subject']}/{row['clip']}" not in broken for row in scan.rows),
        by_class=dict(sorted(labels.items())),
        quick=quick,
        decoded=decoded,
        findings=in_order(scan.findings),
    )


def decode(scan: Scan, quick: bool, workers: int, progress: Progress | None) -> int:
    """Decode the frames of a scan's clips, add what is wrong with them to its findings, and return how many decoded."""
    from joblib import Parallel, delayed

    clips = [(f"{clip.subject}/{clip.clip}", clip.source) for clip in scan.folders]
    jobs = (delayed(check_frames)(key, source, quick) for key, source in clips)
    checked = []
    for clip in Parallel(**worker_processes(max(1, min(workers, len(clips)))), return_as="generator")(jobs):
        checked.append(clip)
        scan.findings.extend(clip.findings)
        if progress:
            progress(len(checked), len(clips))
    compare_clips(checked, official_set(scan.official.name).colour, scan.official.name in ONE_SIZE, scan.findings)
    return sum(clip.checked for clip in checked)


def in_order(findings: Findings) -> tuple[ClipFinding, ...]:
    """Return findings sorted by severity; within one, those on the whole copy first, then by rule, clip and frame."""

    def place(finding: ClipFinding) -> tuple:
        whole = bool(finding.clip)  # what concerns the copy as a whole comes first
        return SEVERITIES.index(finding.severity), whole, finding.rule, finding.clip, finding.frame or 0

    return tuple(sorted(findings, key=place))
