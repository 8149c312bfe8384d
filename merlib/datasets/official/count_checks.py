"""Compare the clips, classes and subjects of a copy with the manifest; of an exported twin, with its marker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from merlib.datasets.official.findings import Findings
from merlib.datasets.official.marker import Marker
from merlib.datasets.official.sets import OfficialSet
from merlib.sources import subject_counts

# Errata CROSS-X6: how many clips of each class the later edition of a sheet adds or removes, by subject.
RELABELLED = {("casme2", "20190701"): {"sub24": {"sadness": -3, "surprise": 3}}}


def expected_counts(official: OfficialSet, edition: str, marker: Marker | None) -> dict[str, Counter]:
    """Return how many clips of each class a complete copy has, by subject."""
    if marker:
        return {subject: Counter(classes) for subject, classes in marker.counts.items()}
    expected: dict[str, Counter] = {}
    for subject, label, n in subject_counts(official.name, official.scheme).itertuples(index=False):
        expected.setdefault(subject, Counter())[label] = int(n)
    for (name, known), moved in RELABELLED.items():
        if name == official.name and edition.startswith(known):
            for subject, changes in moved.items():
                expected[subject].update(changes)
                expected[subject] = +expected[subject]
    return expected


def compare_counts(
    official: OfficialSet,
    edition: str,
    marker: Marker | None,
    labels: Iterable[tuple[str, str, str | None]],
    findings: Findings,
) -> None:
    """Report where the numbers of subjects, clips or clips of a class are not as expected.

    Parameters
    ----------
    official : OfficialSet
        The data set.
    edition : str
        Edition of the annotation sheet, which may move clips between classes.
    marker : Marker or None
        Marker of an exported twin; its counts replace the manifest's.
    labels : iterable of (subject, clip, class or None)
        Every annotated clip once.
    findings : Findings
        Receives the differences.
    """
    expected = expected_counts(official, edition, marker)
    found: dict[str, Counter] = {}
    for subject, _, label in labels:
        found.setdefault(subject, Counter())[label or "unknown"] += 1
    whose = "the marker" if marker else "the manifest"
    action = "look at the findings about single clips, and whether the sheet is whole."
    absent, strange = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    if absent or strange:
        missing = f"; missing {', '.join(absent)}" if absent else ""
        extra = f"; not expected {', '.join(strange)}" if strange else ""
        findings.add(
            "error",
            "subject-count",
            f"{len(found)} subjects{missing}{extra}.",
            f"{len(expected)}, as {whose} says.",
            action,
        )
    total, wanted = _sum(found), _sum(expected)
    if total.total() != wanted.total():
        findings.add("error", "clip-count", f"{total.total()} clips.", f"{wanted.total()}, as {whose} says.", action)
    if total != wanted:
        findings.add("error", "class-count", f"{_told(total)}.", f"{_told(wanted)}, as {whose} says.", action)
    for subject in sorted(expected.keys() & found.keys()):
        if found[subject] != expected[subject]:
            findings.add(
                "error",
                "subject-class-count",
                f"{_told(found[subject])}.",
                f"{_told(expected[subject])}, as {whose} says.",
                action,
                clip=subject,
            )


def _sum(counts: dict[str, Counter]) -> Counter:
    return sum(counts.values(), Counter())


def _told(counts: Counter) -> str:
    return ", ".join(f"{n} {name}" for name, n in sorted(counts.items())) or "no clip"
