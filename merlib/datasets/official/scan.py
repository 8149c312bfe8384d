"""Scan a copy of a data set: join sheet and folders, report each problem, and make each repair by a fixed rule."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from merlib.datasets.official.cells import Annotation, read_row
from merlib.datasets.official.classes import decide_class
from merlib.datasets.official.count_checks import compare_counts
from merlib.datasets.official.findings import Findings
from merlib.datasets.official.folders import ClipFolder, FrameRoot, choose_root, find_roots, list_clips
from merlib.datasets.official.image_frames import position_of
from merlib.datasets.official.marker import MARKER, Marker, markers_below, read_marker
from merlib.datasets.official.sets import OfficialSet, official_set
from merlib.datasets.official.sheets import SHEET_DEPTH, AnnotationSheet, SheetRow, read_sheet
from merlib.datasets.official.video_frames import cut_video
from merlib.errors import MerlibError, unknown_name
from merlib.sources import load_manifest


@dataclass
class Scan:
    """What a copy of a data set holds.

    Attributes
    ----------
    sheet, root : AnnotationSheet, FrameRoot or None
        The sheet, and the folder of subjects that is read; None where none was found, which `findings` says.
    layouts : list of str
        Every layout that is there; `root` has the one that is read.
    folders : list of ClipFolder
        Every clip with a folder, annotated or not.
    rows : list of dict
        Clips that can be read, in the form that `merlib.clips.clip_table.clip_table` takes; `label` is None where the
        sheet names a class that the data set does not have.
    labels : list of (str, str, str or None)
        Subject, clip and class of every annotated clip, and of clips without a row whose folder or name gives a class.
    """

    official: OfficialSet
    folder: Path
    findings: Findings = field(default_factory=Findings)
    marker: Marker | None = None
    sheet: AnnotationSheet | None = None
    root: FrameRoot | None = None
    layouts: list[str] = field(default_factory=list)
    folders: list[ClipFolder] = field(default_factory=list)
    rows: list[dict] = field(default_factory=list)
    labels: list[tuple[str, str, str | None]] = field(default_factory=list)


def scan_clips(name: str, folder: str | Path, layout: str | None = None) -> Scan:
    """Look at a copy of CASME II, SAMM or SMIC-HS without decoding a frame.

    Parameters
    ----------
    name : {'casme2', 'samm', 'smic'}
        The data set.
    folder : path
        Holds the sheet and the frames in an official layout, or folders that do.
    layout : str, optional
        Name of one in the manifest, such as ``raw``; by default the first that is there.

    Raises
    ------
    MerlibError
        For an unknown data set or layout, or a folder that does not exist. Everything else is a finding.
    """
    official = official_set(name)
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise MerlibError(
            f"{folder} is not a folder.",
            f"the folder of {load_manifest(official.name).title}, with its sheet.",
            f"correct the path; the data set is given out at {load_manifest(official.name).licence.page}.",
        )
    scan = Scan(official, folder.resolve())
    if layout is not None and layout not in (names := [each.name for each in official.layouts]):
        raise unknown_name(f"layout of {official.name}", layout, names)
    scan.marker = _tried("marker-unreadable", scan.findings, read_marker, scan.folder)
    if scan.marker and scan.marker.dataset != official.name:
        found = f"the marker says {scan.marker.dataset}."
        advice = f"name the folder as {scan.marker.dataset}=DIR."
        scan.findings.add("error", "other-data-set", found, f"{official.name}.", advice)
    if below := markers_below(scan.folder, SHEET_DEPTH):
        scan.findings.add(
            "error",
            "twin-below",
            f"an exported twin in {below[0].relative_to(scan.folder)}, below the folder named.",
            f"{MARKER} in the folder itself, or nowhere.",
            "name the twin's own folder, or move the twin away: it must not pass for recorded clips.",
        )
    scan.sheet = _tried("sheet-missing", scan.findings, read_sheet, official, scan.folder, scan.marker, scan.findings)
    roots = _tried("frames-missing", scan.findings, find_roots, official, scan.folder) or []
    scan.layouts = [root.layout.name for root in roots]
    scan.root = _tried("frames-missing", scan.findings, choose_root, official, scan.folder, layout, scan.findings)
    if scan.root:
        listed = _tried("frames-missing", scan.findings, list_clips, official, scan.root, scan.folder, scan.findings)
        scan.folders = listed or []
    if scan.sheet:
        _join(scan)
        compare_counts(official, scan.sheet.edition, scan.marker, scan.labels, scan.findings)
    return scan


def _tried(rule: str, findings: Findings, look, *arguments):
    try:
        return look(*arguments)
    except MerlibError as problem:
        findings.add("error", rule, problem.found, problem.expected, problem.action)
    except OSError as error:
        found = f"{Path(error.filename or '').name} cannot be read ({error.strerror})."
        findings.add("error", rule, found, "a readable copy.", "correct the permissions, or move it away.")


def _join(scan: Scan) -> None:
    folders = _by_key(scan)
    loosely = {key.casefold(): key for key in folders}
    annotated: dict[str, str] = {}
    for annotation in _annotations(scan):
        key = annotation.key
        if key not in folders and (near := loosely.get(key.casefold())):
            scan.findings.add(
                "note", "clip-spelling", f"the folder writes {near}.", "one spelling.", "read as one clip.", clip=key
            )
            key = near
        annotated[key] = annotation.key
        annotation = replace(annotation, label=decide_class(scan.official, annotation, folders.get(key), scan.findings))
        scan.labels.append((annotation.subject, annotation.clip, annotation.label))
        if key in folders:
            _place(scan, annotation, folders[key])
        elif scan.root:
            scan.findings.add(
                "error",
                "clip-missing",
                f"row {annotation.line} has no {scan.root.layout.clip_form}.",
                f"a {scan.root.layout.clip_form} for each row.",
                f"restore the clip's {scan.root.layout.clip_form} from the data set.",
                clip=annotation.key,
            )
    for key, clip in folders.items():
        if key not in annotated:
            _without_row(scan, key, clip)


def _by_key(scan: Scan) -> dict[str, ClipFolder]:
    folders: dict[str, ClipFolder] = {}
    for clip in scan.folders:
        key = f"{clip.subject}/{clip.clip}"
        if key in folders:
            scan.findings.add(
                "error",
                "clip-twice",
                "two folders of frames.",
                "one folder a clip.",
                "keep the one whose frames are the data set's.",
                clip=key,
            )
            continue
        folders[key] = clip
        if not len(clip.source.numbers):
            scan.findings.add(
                "error",
                "clip-empty",
                "a folder without a frame.",
                "the clip's frames.",
                "restore the clip from the data set.",
                clip=key,
            )
    return folders


def _annotations(scan: Scan) -> list[Annotation]:
    seen: dict[str, tuple[SheetRow, Annotation]] = {}
    spelled: dict[str, set[str]] = {}
    for row in scan.sheet.rows:
        annotation = read_row(scan.official, row, scan.findings)
        if annotation is None:
            continue
        spelled.setdefault(annotation.subject, set()).add(str(row.subject).strip())
        first = seen.setdefault(annotation.key, (row, annotation))[0]
        if first is not row:
            _report_repeat(scan, first, row, annotation.key)
    for subject, spellings in sorted(spelled.items()):
        if len(spellings) > 1:
            found, repair = f"the sheet spells one subject in {len(spellings)} ways.", f"read as one, {subject}."
            scan.findings.add("note", "subject-spelling", found, "one spelling.", repair, clip=subject)
    return [annotation for _, annotation in seen.values()]


def _report_repeat(scan: Scan, first: SheetRow, row: SheetRow, key: str) -> None:
    same = {**vars(first), "line": 0, "subject": 0, "clip": 0} == {**vars(row), "line": 0, "subject": 0, "clip": 0}
    scan.findings.add(
        "warning" if same else "error",
        "row-twice" if same else "rows-disagree",
        f"rows {first.line} and {row.line} annotate the same clip{'' if same else ' differently'}.",
        "one row a clip.",
        "the repeated row is left out." if same else "keep the row that is the owners'; the first is used.",
        clip=key,
    )


def _place(scan: Scan, annotation: Annotation, clip: ClipFolder) -> None:
    """Turn the annotated frame numbers into positions among the clip's frames and add its row, if it can be read."""
    if (cut := cut_video(clip.source, annotation.onset, annotation.offset)) is not None:
        found = f"a video of {len(cut.numbers)} frames, as many as row {annotation.line} has from onset to offset."
        whole, repair = "the whole recording, numbered from 1.", "its first frame is taken as the onset."
        scan.findings.add("note", "video-cut", found, whole, repair, clip=annotation.key)
        clip = replace(clip, source=cut)
    key, numbers, positions = annotation.key, clip.source.numbers, {}
    for name in ("onset", "offset"):
        number = getattr(annotation, name)
        if name == "offset" and positions["onset"] is not None and number is not None and number > numbers[-1]:
            scan.findings.add(
                "warning",
                "offset-past-frames",
                f"row {annotation.line} has offset {number}; the last frame is {numbers[-1]}.",
                "an offset that a frame has.",
                "the last frame is taken as offset; look whether the clip's last frames are missing.",
                clip=key,
                frame=number,
            )
            number = int(numbers[-1])
        positions[name] = None if number is None else position_of(numbers, number)
        if number is not None and positions[name] is None and len(numbers):
            scan.findings.add(
                "error",
                f"{name}-outside-frames",
                f"row {annotation.line} has {name} {number}; the frames run from {numbers[0]} to {numbers[-1]}.",
                "a number that a frame has.",
                "restore the frame, or correct the row.",
                clip=key,
                frame=number,
            )
    apex = None if annotation.apex is None else position_of(numbers, annotation.apex)
    if annotation.apex is not None and apex is None and None not in positions.values():
        scan.findings.add(
            "note",
            "apex-without-frame",
            f"row {annotation.line} has apex {annotation.apex}, which no frame has.",
            "a number that a frame has.",
            "it counts as missing and is spotted.",
            clip=key,
            frame=annotation.apex,
        )
    if None not in positions.values():  # a clip without a class stays: the composite takes its class from the list
        place = (positions["onset"], apex, positions["offset"])
        scan.rows.append(_row(scan, annotation.label, place, clip, annotation))


def _row(
    scan: Scan,
    label: str | None,
    place: tuple[int, int | None, int],
    clip: ClipFolder,
    annotation: Annotation | None,
) -> dict:
    onset, apex, offset = place
    return {
        "dataset": scan.official.name,
        "subject": clip.subject,
        "clip": annotation.clip if annotation else clip.clip,
        "label": label,
        "onset": onset,
        "apex": apex,
        "offset": offset,
        "fps": load_manifest(scan.official.name).frame_rate,
        "action_units": annotation.action_units if annotation else "",
        "n_frames": len(clip.source.numbers),
        "source": clip.source,
    }


def _without_row(scan: Scan, key: str, clip: ClipFolder) -> None:
    form, named = scan.root.layout.clip_form, scan.official.class_in_clip(clip.clip)
    label = named if clip.class_name is None else scan.official.label(clip.class_name)
    if label is None:
        scan.findings.add(
            "warning" if clip.class_name is None else "error",
            "clip-extra",
            f"a {form} without a row in the sheet.",
            f"a row for each {form}.",
            "the clip is left out; move it away, or look for its row.",
            clip=key,
        )
        return
    beyond = scan.root.layout.beyond_movement
    scan.findings.add(
        "warning" if beyond else "note",
        "rows-missing",
        f"a {form} without a row in the sheet{', and frames beyond the movement' if beyond else ''}.",
        f"a row for each {form}.",
        f"class taken from the {'name' if clip.class_name is None else 'folder'}, onset and offset from the first and "
        "last frame.",
        clip=key,
    )
    scan.labels.append((clip.subject, clip.clip, label))
    if len(clip.source.numbers):
        scan.rows.append(_row(scan, label, (0, None, len(clip.source.numbers) - 1), clip, None))
