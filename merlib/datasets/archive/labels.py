"""Compare labels with the organisers' list of MEGC2019, of which only the counts and a hash are published here."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable

from merlib.errors import MerlibError
from merlib.sources import load_manifest, subject_counts

MANIFEST = "megc2019_cd"


def read_label(raw: str) -> int:
    """Return the label 0, 1 or 2 for a number, also as a spreadsheet writes it (``1.0``), or for the class's name.

    Raises
    ------
    MerlibError
        For anything else; the message says what the numbers mean.
    """
    classes = load_manifest(MANIFEST).labels.classes
    plain = raw.strip().lower().removesuffix(".0")
    if plain in classes:
        return classes.index(plain)
    if plain not in {str(label) for label in range(len(classes))}:
        meaning = ", ".join(f"{label} {name}" for label, name in enumerate(classes))
        raise MerlibError(f"label {raw!r}.", f"one of {meaning}.", "correct the label.")
    return int(plain)


def label_digest(clips: Iterable[tuple]) -> str:
    """Return the SHA-256 of the sorted lines ``dataset,subject,clip,label``; each clip starts with those four."""
    lines = sorted(f"{dataset},{subject},{clip},{label}\n" for dataset, subject, clip, label, *_ in clips)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def check_labels(clips: Iterable[tuple], report: Callable[[MerlibError, str, str], None]) -> None:
    """Compare labels with the organisers': first the counts by subject and class, then the hash of all rows.

    The counts say which subject is wrong. The hash is compared only when all counts agree, and finds labels or names
    that were exchanged within one subject.

    Parameters
    ----------
    clips : iterable of tuple
        Each starts with canonical data set, canonical subject, clip and label.
    report : callable
        Receives each problem, where it is, and its severity.
    """
    clips = list(clips)
    labels = load_manifest(MANIFEST).labels
    expected: dict[str, Counter] = {}
    for row in subject_counts(MANIFEST).itertuples(index=False):
        expected.setdefault(row[0], Counter())[row[1]] = row[2]
    found: dict[str, Counter] = {}
    for dataset, subject, _, label, *_ in clips:
        found.setdefault(f"{dataset}/{subject}", Counter())[labels.classes[label]] += 1
    action = "correct the labels; maps of your own: --data my-maps=DIR --reader merlib.datasets:read_own_maps."
    differ = [person for person in sorted(expected | found) if expected.get(person) != found.get(person)]
    for person in differ:
        problem = MerlibError(
            f"{person} has {_told(found.get(person))}.",
            f"{_told(expected.get(person))}, as in the organisers' list.",
            action,
        )
        report(problem, person, "error")
    if not differ and (digest := label_digest(clips)) != labels.sorted_rows_sha256:
        problem = MerlibError(
            f"every subject has its number of clips a class, but the sorted rows hash to {digest}: labels or "
            "names of clips of one subject are swapped.",
            f"{labels.sorted_rows_sha256}, as the organisers' list gives.",
            action,
        )
        report(problem, "labels", "error")


def _told(counts: Counter | None) -> str:
    return ", ".join(f"{n} {name}" for name, n in sorted(counts.items())) if counts else "no clip"
