"""Check a copy of a public archive of flow maps and report all problems at once, where a reader stops at the first."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from merlib.datasets.archive.archives import FLOW, PublicArchive
from merlib.datasets.archive.reader import scan_flow_archive
from merlib.errors import MerlibError, printable
from merlib.sources import load_manifest


@dataclass(frozen=True)
class Finding:
    """One problem: its severity (``error`` or ``warning``), what was found, where, what was expected, what to do."""

    severity: str
    what: str
    where: str
    expected: str
    action: str


@dataclass(frozen=True)
class AuditReport:
    """What an archive holds and every problem found in it.

    Attributes
    ----------
    folder, layout : str
        The folder checked, and its layout: ``flat``, ``by-subject``, or an empty string when neither was found.
    clips, subjects : int
        Clips listed and different people among them.
    by_class, by_dataset : dict of str to int
        Clips by class and by data set.
    digest : str or None
        Digest of the samples; None when an error keeps them from being read.
    findings : tuple of Finding
        Every problem, in the order found.
    """

    folder: str
    layout: str
    clips: int
    subjects: int
    by_class: dict[str, int]
    by_dataset: dict[str, int]
    digest: str | None
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that keep the archive from being read."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def ok(self) -> bool:
        """Whether `read_flow_archive` would accept the folder."""
        return not self.errors

    def to_json(self) -> str:
        """Return the report as JSON, with ``ok`` added."""
        return json.dumps({"ok": self.ok, **asdict(self)}, indent=2)


def audit_flow_archive(folder: str | Path, verify: bool = True, archive: PublicArchive = FLOW) -> AuditReport:
    """Check every file and label of a public archive of maps and report all problems.

    Parameters
    ----------
    folder : path
        As for `merlib.datasets.read_flow_archive`; nothing in it is changed.
    verify : bool
        Whether to compare with the published hashes and the organisers' labels.
    archive : PublicArchive
        Which of the two; see `merlib.datasets.archive.archives`.

    Returns
    -------
    AuditReport
        Never raises for bad data: a missing folder is a finding too.
    """
    findings: list[Finding] = []

    def collect(problem: MerlibError, where: str, severity: str) -> None:
        findings.append(Finding(severity, problem.found, printable(where), problem.expected, problem.action))

    try:
        scan = scan_flow_archive(folder, verify, collect, archive)
    except MerlibError as problem:
        collect(problem, str(folder), "error")
        return AuditReport(printable(folder), "", 0, 0, {}, {}, None, tuple(findings))
    classes = load_manifest(archive.manifest).labels.classes
    broken = any(finding.severity == "error" for finding in findings)
    return AuditReport(
        folder=printable(folder),
        layout=scan.layout,
        clips=len(scan.clips),
        subjects=len({clip[:2] for clip in scan.clips}),
        by_class=dict(sorted(Counter(classes[clip.label] for clip in scan.clips).items())),
        by_dataset=dict(sorted(Counter(clip.dataset for clip in scan.clips).items())),
        digest=None if broken or not scan.clips else scan.samples().digest,
        findings=tuple(findings),
    )
