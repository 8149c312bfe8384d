"""Describe a folder in which no layout was recognised: which folders have subjects' names, and what lies in them."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from merlib.clips.subjects import canonical_subject
from merlib.datasets.official.layouts import PICTURES, VIDEOS
from merlib.datasets.official.sets import OfficialSet
from merlib.errors import MerlibError

ROOT_DEPTH = 3  # levels below the named folder at which the subjects' folders are looked for
LISTED = 20000  # about how many files are looked at for the description


def frames_not_found(official: OfficialSet, folder: Path, layout: str | None) -> MerlibError:
    """Return the error for a folder without recognised frames.

    It says what lies in the folders that have subjects' names, because the most frequent reason is that frames have
    other file names than the owners'.
    """
    person = canonical_subject(official.name, 1)
    forms = " or ".join(each.told(person) for each in official.layouts if layout in (None, each.name))
    found = f"no frames of {official.name} in {folder.name}"
    people = people_below(official, folder)
    forms_there: Counter[str] = Counter()
    example: dict[str, str] = {}
    for file in _files(people):
        form = re.sub(r"\d+", "0", file)
        forms_there[form] += 1
        example.setdefault(form, file)
    if forms_there:
        there = " and ".join(f"{n} files like {example[form]}" for form, n in forms_there.most_common(2))
        found += f": the folders of {len(people)} people, such as {people[0].name}, hold {there}"
        return MerlibError(f"{found}.", f"{forms}.", "rename the files to the owners' form, or copy the set again.")
    if people:
        found += f": the folders of {len(people)} people, such as {people[0].name}, hold no file"
        return MerlibError(f"{found}.", f"{forms}.", "unpack the owners' archive into these folders.")
    return MerlibError(f"{found}.", f"{forms}.", "name the folder above these.")


def people_below(official: OfficialSet, folder: Path) -> list[Path]:
    """Return the folders below `folder` that are named like subjects of the set, from the first level that has any."""
    level = [folder]
    for _ in range(ROOT_DEPTH + 1):
        children = [child for place in level for child in subfolders(place)]
        if people := [child for child in children if re.fullmatch(official.subject_folder, child.name, re.I)]:
            return people
        level = children
    return []


def _files(people: list[Path]) -> Iterator[str]:
    """Yield the names of pictures and videos below some folders; if there are none, the names of all files."""
    names = []
    for person in people:
        for _, _, files in os.walk(person):
            names += [name for name in files if not name.startswith(".")]
        if len(names) > LISTED:
            break
    seen = [name for name in names if name.rpartition(".")[2].lower() in (*PICTURES, *VIDEOS)]
    yield from seen or names


def subfolders(place: Path) -> list[Path]:
    """Return the folders in a folder, sorted."""
    return [entry for entry in sorted(place.iterdir()) if entry.is_dir()]
