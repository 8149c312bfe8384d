"""The audit of recorded clips as terminal tables and as one HTML page that needs nothing else."""

from __future__ import annotations

from collections import Counter
from html import escape

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from merlib.datasets.official.audit import ClipAudit
from merlib.publishing.html_page import html_page

SHOWN = 5  # findings of one rule on the screen; the files list all
STYLES = {"error": "red", "warning": "yellow", "note": "cyan"}
HEADINGS = {
    "error": "Errors: to be mended",
    "warning": "Warnings: to be looked at",
    "note": "Notes: known defects, repaired by rule",
}
_STYLE = """h2 { font-size: 1.15rem; margin-top: 2rem; }
.counts { display: flex; flex-wrap: wrap; gap: 1rem; padding: 0; list-style: none; }
.counts li { border: 1px solid #c8c8c8; border-left-width: .5rem; padding: .4rem .9rem; }
.counts b { display: block; font-size: 1.6rem; line-height: 1.2; }
.counts .error { border-left-color: #b3261e; } .counts .warning { border-left-color: #9a6700; }
.counts .note { border-left-color: #0b57d0; }
th { white-space: nowrap; }
summary { cursor: pointer; padding: .4rem 0; font-weight: 600; }
.scroll { overflow-x: auto; }
@media (prefers-color-scheme: dark) { body { color: #e6e6e6; background: #161616; } th, td { border-color: #444; } }
"""


def clip_audit_tables(audit: ClipAudit) -> RenderableType:
    """Return the audit for the terminal: a summary, and a few findings of each rule."""
    summary = Table(show_header=False, title=_title(audit), title_justify="left")
    for label, value in _summary(audit):
        summary.add_row(label, Text(value, overflow="fold"))
    if not audit.findings:
        return Group(summary, Text("no problem found", style="green"))
    counts = ", ".join(f"{n} {severity}{'s' if n != 1 else ''}" for severity, n in audit.by_severity.items())
    problems = Table("", "where", "found", "expected", "do", title=counts, title_justify="left")
    seen: Counter[str] = Counter()
    for finding in audit.findings:
        seen[finding.rule] += 1
        if seen[finding.rule] <= SHOWN:
            cells = (finding.severity, finding.where, finding.what, finding.expected, finding.action)
            problems.add_row(*(Text(cell, overflow="fold") for cell in cells), style=STYLES[finding.severity])
    hidden = {rule: n - SHOWN for rule, n in seen.items() if n > SHOWN}
    more = [f"and {n} more of {rule}" for rule, n in hidden.items()]
    return Group(summary, problems, *(Text(f"{'; '.join(more)} (--json or --html lists all)") for _ in more[:1]))


def clip_audit_page(audit: ClipAudit) -> str:
    """Return the audit as one HTML page without scripts or outside resources, every value escaped."""
    counts = "".join(
        f'<li class="{severity}"><b>{n}</b>{severity}{"s" if n != 1 else ""}</li>'
        for severity, n in audit.by_severity.items()
    )
    summary = "".join(f"<tr><th>{escape(label)}</th><td>{escape(value)}</td></tr>" for label, value in _summary(audit))
    verdict = "No error was found." if audit.ok else "There are errors: results from this copy would not be comparable."
    sections = "".join(_section(audit, severity) for severity in HEADINGS)
    body = (
        f'<p>{verdict}</p>\n<ul class="counts">{counts}</ul>\n<h2>What was looked at</h2>\n'
        f'<div class="scroll"><table>{summary}</table></div>\n{sections}\n'
        "<p>Nothing of the data set is repeated here but counts, hashes, numbers, clip and frame ids. "
        f"merlib {escape(audit.merlib)}.</p>\n"
    )
    return html_page(_title(audit), body, _STYLE)


def _title(audit: ClipAudit) -> str:
    return f"{'SYNTHETIC ' if audit.synthetic else ''}{audit.name}: audit of {audit.folder}"


def _summary(audit: ClipAudit) -> list[tuple[str, str]]:
    return [
        ("sheet", f"{audit.sheet or 'none'}: {audit.edition}"),
        ("SHA-256", audit.sheet_sha256 or "none"),
        ("layout", audit.layout or "not found"),
        ("clips, subjects", f"{audit.clips}, {audit.subjects}"),
        ("classes", ", ".join(f"{label} {n}" for label, n in audit.by_class.items())),
        ("frames", f"{audit.frames}, of which {audit.decoded} decoded{' (quick)' if audit.quick else ''}"),
        ("readable clips", str(audit.readable)),
    ]


def _section(audit: ClipAudit, severity: str) -> str:
    findings = [finding for finding in audit.findings if finding.severity == severity]
    if not findings:
        return ""
    rules = dict.fromkeys(finding.rule for finding in findings)
    parts = [f"<h2>{HEADINGS[severity]}</h2>"]
    for rule in rules:
        same = [finding for finding in findings if finding.rule == rule]
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in (each.where, each.what, each.expected, each.action))
            for each in same
        )
        head = "<tr><th>where</th><th>found</th><th>expected</th><th>do</th></tr>"
        parts.append(
            f"<details{' open' if len(same) <= 2 * SHOWN else ''}><summary>{escape(rule)}: {len(same)}</summary>"
            f'<div class="scroll"><table>{head}{rows}</table></div></details>'
        )
    return "".join(parts)
