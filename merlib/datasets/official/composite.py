"""Read MEGC2019-CD: clips and labels from the organisers' list, frames from copies of the three data sets."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path

import pandas as pd

from merlib.clips.bad_clips import ADVICE, ERROR, LEAVE_OUT, check_policy
from merlib.clips.clip_table import clip_table
from merlib.clips.subjects import DATASETS, canonical_dataset, canonical_subject
from merlib.datasets.archive.labels import check_labels, read_label
from merlib.datasets.csv_text import csv_rows
from merlib.datasets.official.findings import Findings
from merlib.datasets.official.readers import ORDER, read_scan, standing_notes
from merlib.datasets.official.scan import scan_clips
from merlib.datasets.official.sets import official_clip
from merlib.errors import MerlibError
from merlib.opening import read_file
from merlib.sources import load_manifest

NAME = "megc2019-cd"
MANIFEST = "megc2019_cd"
LIST = "combined_3class_gt.csv"
MOST_LIST_BYTES = 2**22


def read_composite(
    folders: Mapping[str, str | Path], list_csv: str | Path, verify: bool = True, on_bad_clip: str = ERROR
) -> pd.DataFrame:
    """Read the three-class composite of the MEGC2019 challenge.

    Parameters
    ----------
    folders : mapping of str to path
        ``casme2``, ``samm`` and ``smic``, each as its own reader takes it.
    list_csv : path
        The organisers' ``combined_3class_gt.csv``, with the columns data set, subject, clip, label and no header; it
        may have been saved again by a spreadsheet. Labels are read from it, never made by regrouping the classes of
        the sheets (errata DUAL-ATME-C7).
    verify : bool
        Compare the list with the organisers', by counts and hash. Turn it off for a list of your own.
    on_bad_clip : {'error', 'leave-out'}
        Stop at a clip of the list that cannot be read, or go on without it and name it in the notes.

    Returns
    -------
    DataFrame
        A clip table of the list's clips with the labels negative, positive and surprise. ``attrs["edition"]`` names the
        editions of the three sheets. Clips that the list does not name are left out, and problems with them ignored.

    Raises
    ------
    MerlibError
        For a data set without a folder, a list that is not the organisers', or a clip of the list that a copy lacks.

    References
    ----------
    See et al., "MEGC 2019 - the second facial micro-expressions grand challenge", IEEE FG (2019).
    """
    listed = read_list(list_csv, verify)
    needed = [name for name in DATASETS if name in set(listed["dataset"])]
    absent = [name for name in needed if name not in folders]
    if absent:
        raise MerlibError(f"no folder for {', '.join(absent)}.", f"folders of {', '.join(needed)}.", "name them too.")
    tables, notes = [], []
    for name in needed:
        scan = scan_clips(name, folders[name])
        tables.append(read_scan(scan, LEAVE_OUT, classes_matter=False))
        wanted = {f"{row.subject}/{row.clip}" for row in listed.itertuples() if row.dataset == name}
        about = Findings(each for each in scan.findings if "/" not in each.clip or each.clip in wanted)
        notes += [f"{name}: {note}" for note in (*standing_notes(scan.official), *about.notes())]
    clips = pd.concat(tables, ignore_index=True).drop(columns="label")
    joined = listed.merge(clips, on=ORDER, how="left", validate="one_to_one")
    lost = joined[joined["source"].isna()]
    if len(lost) and check_policy(on_bad_clip) == LEAVE_OUT:
        notes += [f"left out {'/'.join(row)} (in the list, not readable in the copy)" for row in lost[ORDER].to_numpy()]
        joined = joined.drop(lost.index)
    elif len(lost):
        first = "/".join(lost.iloc[0][ORDER])
        raise MerlibError(
            f"{len(lost)} of the list's {len(listed)} clips cannot be read, first {first}.",
            "every clip of the list in the three copies.",
            f"merlib data check {lost.iloc[0]['dataset']}=DIR tells what is wrong; or: {ADVICE}.",
        )
    editions = ", ".join(f"{table.attrs['name']} {table.attrs['edition']}" for table in tables)
    synthetic = {table.attrs["synthetic"] for table in tables}
    if len(synthetic) > 1:
        raise MerlibError(
            f"real and synthetic copies mixed: {editions}.", "all of one kind.", "name three copies of one kind."
        )
    rows = joined.sort_values(ORDER).to_dict("records")
    return clip_table(rows, NAME, editions, synthetic.pop(), notes)


def read_list(list_csv: str | Path, verify: bool = True) -> pd.DataFrame:
    """Return the challenge's list with canonical ids: columns ``dataset subject clip label``, labels as words.

    Parameters
    ----------
    list_csv : path
        As for `read_composite`.
    verify : bool
        As for `read_composite`.

    Raises
    ------
    MerlibError
        For a file that is not such a list; with `verify`, also for labels other than the organisers'.
    """
    path = Path(list_csv).expanduser()
    try:
        content = read_file(path, MOST_LIST_BYTES)
        lines = [(line, row) for line, row in enumerate(csv_rows(content), 1) if any(cell.strip() for cell in row)]
    except (OSError, ValueError, csv.Error) as error:
        raise MerlibError(
            f"{path}: {error}.", f"the organisers' {LIST}.", "copy the list into the folder, or correct the path."
        ) from error
    rows = []
    for line, row in lines[_has_header(lines) :]:
        if len(row) != 4:
            raise MerlibError(
                f"{path} line {line} has {len(row)} columns.",
                "data set, subject, clip, label.",
                "take the list as it is.",
            )
        try:
            dataset = canonical_dataset(row[0])
            subject = canonical_subject(dataset, row[1])
            rows.append((dataset, subject, official_clip(dataset, subject, row[2].strip()), read_label(row[3])))
        except MerlibError as problem:
            raise MerlibError(f"{path} line {line}: {problem.found}", problem.expected, problem.action) from problem
    if not rows:
        raise MerlibError(f"{path} names no clip.", f"the organisers' {LIST}.", "copy the list again.")
    known = {sheet.sha256 for sheet in load_manifest(MANIFEST).sheets}
    if verify and hashlib.sha256(content).hexdigest() not in known:
        check_labels(rows, _raise)
    classes = load_manifest(MANIFEST).labels.classes
    table = pd.DataFrame(rows, columns=[*ORDER, "label"])
    table["label"] = [classes[label] for label in table["label"]]
    return table


def _has_header(lines: list[tuple[int, list[str]]]) -> bool:
    """Return whether the first row is a header, as some copies have: it names no data set, and its label is a word."""
    row = lines[0][1] if lines else []
    if len(row) != 4 or not row[3].strip().isalpha():
        return False
    for read, cell in ((canonical_dataset, row[0]), (read_label, row[3])):
        try:
            read(cell)
        except MerlibError:
            continue
        return False
    return True


def _raise(problem: MerlibError, where: str, severity: str) -> None:
    raise problem


def read_composite_folder(
    folder: str | Path, others: Mapping[str, str | Path] | None = None, on_bad_clip: str = ERROR
) -> pd.DataFrame:
    """Read the composite from one folder that holds the list and a folder for each of the three data sets.

    Parameters
    ----------
    folder : path
        Holds ``combined_3class_gt.csv``; a data set's folder in it is recognised by any usual spelling, such as
        ``CASME II``.
    others : mapping of str to path, optional
        Folders of data sets that lie elsewhere; they take precedence over folders beside the list.
    on_bad_clip : {'error', 'leave-out'}
        As for `read_composite`.

    Raises
    ------
    MerlibError
        As `read_composite`.
    """
    folder = Path(folder).expanduser()
    return read_composite(folders_of_sets(folder, others), find_list(folder), on_bad_clip=on_bad_clip)


def folders_of_sets(folder: Path, others: Mapping[str, str | Path] | None = None) -> dict[str, Path]:
    """Return the folder of each data set: the one in `others`, else the one in `folder` with the data set's name.

    Raises
    ------
    MerlibError
        When `folder` is not a folder.
    """
    if not folder.is_dir():
        raise MerlibError(f"{folder} is not a folder.", f"a folder that holds {LIST}.", "correct the path.")
    folders = {name: Path(place) for name, place in (others or {}).items() if name in DATASETS}
    for child in sorted(path for path in folder.iterdir() if path.is_dir()):
        try:
            folders.setdefault(canonical_dataset(child.name), child)
        except MerlibError:
            continue
    return folders


def find_list(folder: Path) -> Path:
    """Return the path of the organisers' list in a folder: the only file with about that name, else the usual path."""
    near = [path for path in sorted(folder.glob("*.csv")) if fnmatch(path.name.lower(), "combined*3*class*gt*.csv")]
    return near[0] if len(near) == 1 else folder / LIST
