"""The faces of an audited copy: found by the same code that notebooks use, added to the audit as findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from merlib.datasets.official.audit import ClipAudit
from merlib.datasets.official.findings import ClipFinding, Findings
from merlib.errors import MerlibError


def with_faces(
    audit: ClipAudit,
    folder: Path,
    layout: str | None,
    workers: int,
    progress: Callable[[int, int], None] | None = None,
) -> ClipAudit:
    """Return the audit with one error for each clip of the sheet on whose onset no single whole face is found.

    Raises
    ------
    MerlibError
        When the weights of the face finder are missing.
    """
    from merlib.clips.bad_clips import LEAVE_OUT
    from merlib.datasets.official.readers import read_scan
    from merlib.datasets.official.scan import scan_clips
    from merlib.inputs.face_check import check_faces

    try:
        table = read_scan(scan_clips(audit.name, folder, layout), LEAVE_OUT)
    except MerlibError:  # no sheet or no frames: the audit says so already
        return audit
    problems = check_faces(table, workers=workers, progress=progress)
    added = [_finding(key.partition("/")[2], problem) for key, problem in problems.items()]
    whole = [each for each in audit.findings if each.severity == "error"]
    rest = [each for each in audit.findings if each.severity != "error"]
    broken = {each.clip for each in Findings(whole).blocking()}  # not among the readable ones that were counted
    lost = sum(each.clip not in broken for each in added)
    return replace(audit, findings=(*whole, *added, *rest), readable=audit.readable - lost)


def _finding(clip: str, problem: MerlibError) -> ClipFinding:
    return ClipFinding("error", problem.found, clip, problem.expected, problem.action, "no-face", clip)
