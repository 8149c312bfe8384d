"""Frames of an audited copy that lie in the folders of two people, added to the audit as findings.

A clip that was copied whole is found by the audit itself. One that was cut anew, or lies under another person with a
frame more or less, is not the same clip byte for byte, and would still be trained on and tested.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from merlib.datasets.official.audit import ClipAudit
from merlib.datasets.official.findings import ClipFinding
from merlib.datasets.official.folders import ClipFolder
from merlib.datasets.official.image_frames import ImageFrames
from merlib.errors import MerlibError, printable
from merlib.opening import read_file

RULE = "frames-of-another-person"


def with_shared_frames(audit: ClipAudit, folder: Path, layout: str | None) -> ClipAudit:
    """Return the audit with one error for each clip that holds frames of another person, byte for byte."""
    from merlib.datasets.official.scan import scan_clips

    try:
        folders = scan_clips(audit.name, folder, layout).folders
    except MerlibError:  # the audit says so already
        return audit
    known = {finding.clip for finding in audit.findings if finding.rule == "clip-duplicate"}
    broken = {finding.clip for finding in audit.errors}
    added = [each for each in _findings(folders) if each.clip not in known]
    whole = [each for each in audit.findings if each.severity == "error"]
    rest = [each for each in audit.findings if each.severity != "error"]
    lost = len({each.clip for each in added} - broken)
    return replace(audit, findings=(*whole, *added, *rest), readable=max(0, audit.readable - lost))


def _findings(folders: list[ClipFolder]) -> Iterator[ClipFinding]:
    first: dict[bytes, ClipFolder] = {}
    for each in folders:
        others: Counter[str] = Counter()
        for digest in _digests(each):
            other = first.setdefault(digest, each)
            if other.subject != each.subject:
                others[f"{other.subject}/{other.clip}"] += 1
        for other, count in others.items():
            clip = printable(f"{each.subject}/{each.clip}")
            frames = f"{count} of {len(each.source.files)} frames"
            yield ClipFinding(
                "error",
                f"{frames} are byte for byte those of {printable(other)}, another person.",
                clip,
                "a person's frames in that person's folders alone.",
                "restore both clips from the data set; the same face would be trained on and tested.",
                RULE,
                clip,
            )


def _digests(clip: ClipFolder) -> Iterator[bytes]:
    """Yield the SHA-256 of each frame that can be read and has content; of a video, none."""
    if not isinstance(clip.source, ImageFrames):
        return
    for index in range(len(clip.source.files)):
        try:
            content = read_file(clip.source.path(index))
        except OSError:  # the audit says so already
            continue
        if content:
            yield hashlib.sha256(content).digest()
