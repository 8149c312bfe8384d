"""One problem of a copy of a data set, and the list they are collected in.

What a finding says about the data set is counts, hashes, numbers, clip and frame ids; never a word of the sheet.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from merlib.datasets.archive.audit import Finding
from merlib.errors import MerlibError

SEVERITIES = ("error", "warning", "note")
TOLERATED = frozenset({"frame-gap"})  # wrong for an audit, yet the frames that are there can be read
ABOUT_CLASSES = frozenset({"class-disagrees", "emotion-unknown"})  # no matter where a list decides the classes
OF_THE_SHEET = frozenset(  # the frame they name is a number that the sheet annotates
    {
        *("apex-outside-clip", "apex-without-frame", "apex-on-onset"),
        *("onset-outside-frames", "offset-outside-frames", "offset-past-frames"),
    }
)
NOTED_ONE_BY_ONE = 5


@dataclass(frozen=True)
class ClipFinding(Finding):
    """One problem of a copy of a data set.

    Attributes
    ----------
    severity : {'error', 'warning', 'note'}
        To be mended; to be looked at; a known defect, repaired by its rule.
    what, where, expected, action : str
        As in `Finding`; `action` of a note is the repair that was made.
    rule : str
        What kind of problem, such as ``frame-truncated``; known defects have their id of the manifest.
    clip : str
        ``subject/clip``, or an empty string.
    frame : int or None
        Number of the frame as the data set counts.
    """

    rule: str = ""
    clip: str = ""
    frame: int | None = None


class Findings(list[ClipFinding]):
    """The problems found so far, in the order they were met."""

    def add(
        self, severity: str, rule: str, what: str, expected: str, action: str, clip: str = "", frame: int | None = None
    ) -> None:
        """Append a finding; `where` is told by clip and frame."""
        where = " frame ".join(str(part) for part in (clip, frame) if part not in ("", None))
        self.append(ClipFinding(severity, what, where, expected, action, rule, clip, frame))

    def of(self, severity: str) -> list[ClipFinding]:
        """Return the findings of one severity."""
        return [finding for finding in self if finding.severity == severity]

    def blocking(self) -> list[ClipFinding]:
        """Return the errors that keep a clip, or the whole copy, from being read."""
        return [finding for finding in self.of("error") if finding.rule not in TOLERATED]

    def notes(self) -> tuple[str, ...]:
        """Return one line a finding, or one line a rule where a rule has many; notes go into public records.

        Of a single clip a line tells rule, clip and repair, never what its row of the sheet says.
        """
        by_rule: dict[str, list[ClipFinding]] = defaultdict(list)
        for finding in self:
            by_rule[finding.rule].append(finding)
        lines = []
        for rule, same in by_rule.items():
            if len(same) > NOTED_ONE_BY_ONE:
                lines.append(f"{rule}: {len(same)} times, first at {_line(same[0])}")
            else:
                lines += [f"{rule}: {_line(finding)}" for finding in same]
        return tuple(lines)


def _line(finding: ClipFinding) -> str:
    if "/" in finding.clip:
        place = finding.clip if finding.rule in OF_THE_SHEET else finding.where
        return f"{place}: {finding.action.rstrip('.')}"
    place = f"{finding.where}: " if finding.where else ""
    return f"{place}{finding.what.rstrip('.')}; {finding.action.rstrip('.')}"


def refusal(name: str, findings: list[ClipFinding], advice: str = "") -> MerlibError:
    """Build the error a reader raises for findings that keep a copy from being read; `advice` joins what to do."""
    first = findings[0]
    place = f"{name} {first.where}".strip()
    more = f" ({len(findings)} errors; merlib data check {name}=DIR lists all)" if len(findings) > 1 else ""
    action = f"{first.action.rstrip('.')}; or: {advice}." if advice else first.action
    return MerlibError(f"{place}: {first.what}{more}", first.expected, action)
