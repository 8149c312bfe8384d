"""One problem of a copy of a data set, and the list in which problems are collected.

Findings are published in records, so of the data set they may name only counts, hashes, numbers, and ids of clips and
frames, never a word of the sheet.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from merlib.datasets.archive.audit import Finding
from merlib.errors import MerlibError, printable

SEVERITIES = ("error", "warning", "note")
TOLERATED = frozenset({"frame-gap"})  # an error to an audit, but the frames that are there can still be read
ABOUT_CLASSES = frozenset({"class-disagrees", "emotion-unknown"})  # irrelevant where a list decides the classes
OF_THE_SHEET = frozenset(  # these name a frame number from the sheet, which notes must not repeat
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
        An error must be repaired by hand, a warning should be looked at, a note tells of a known defect that a fixed
        rule has repaired.
    what, where, expected, action : str
        As in `Finding`; `action` of a note is the repair that was made.
    rule : str
        Name of the kind of problem, such as ``frame-truncated``; a known defect has the id that the manifest gives it.
    clip : str
        ``subject/clip``; for a problem of a whole subject or copy, the subject or an empty string.
    frame : int or None
        The data set's own number of the frame.
    """

    rule: str = ""
    clip: str = ""
    frame: int | None = None


class Findings(list[ClipFinding]):
    """The problems found so far, in the order they were met."""

    def add(
        self, severity: str, rule: str, what: str, expected: str, action: str, clip: str = "", frame: int | None = None
    ) -> None:
        """Append a finding; its `where` is made from clip and frame."""
        where = " frame ".join(str(part) for part in (clip, frame) if part not in ("", None))
        what, where, expected, action = map(printable, (what, where, expected, action))
        self.append(ClipFinding(severity, what, where, expected, action, rule, clip, frame))

    def of(self, severity: str) -> list[ClipFinding]:
        """Return the findings of one severity."""
        return [finding for finding in self if finding.severity == severity]

    def blocking(self) -> list[ClipFinding]:
        """Return the errors that keep a clip, or the whole copy, from being read."""
        return [finding for finding in self.of("error") if finding.rule not in TOLERATED]

    def notes(self) -> tuple[str, ...]:
        """Return one line per finding, or one line per rule where a rule has more than `NOTED_ONE_BY_ONE`.

        These lines go into public records. About a single clip they say rule, clip and repair, never what its row of
        the sheet says.
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
    """Build the error that a reader raises for its first finding; `advice` is added to what the user can do."""
    first = findings[0]
    place = f"{name} {first.where}".strip()
    more = f" ({len(findings)} errors; merlib data check {name}=DIR lists all)" if len(findings) > 1 else ""
    action = f"{first.action.rstrip('.')}; or: {advice}." if advice else first.action
    return MerlibError(f"{place}: {first.what}{more}", first.expected, action)
