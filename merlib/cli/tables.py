"""Tables of the command line: the ledger, the data doors and the audit of a data folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from merlib.errors import MerlibError, unknown_name
from merlib.files import renamed_into

if TYPE_CHECKING:
    import pandas as pd

    from merlib.datasets.archive.audit import AuditReport

GRADE_STYLES = {
    "real exact": "bold green",
    "real analogue": "green",
    "twin": "yellow",
    "diagram": "cyan",
    "missing": "dim",
}


def frame_table(frame: pd.DataFrame, title: str) -> Table:
    """Return `frame` as a terminal table; numbers to the right with three decimals, grades in colour."""
    import pandas as pd

    table = Table(title=title, title_justify="left")
    for column in frame.columns:
        number = pd.api.types.is_numeric_dtype(frame[column])
        typed = column == frame.columns[0]  # a name that one types is neither cut nor broken
        table.add_column(str(column), justify="right" if number else "left", overflow="fold", no_wrap=typed)
    for row in frame.itertuples(index=False):
        style = next((GRADE_STYLES[value] for value in row if isinstance(value, str) and value in GRADE_STYLES), None)
        table.add_row(*(Text(cell_text(value)) for value in row), style=style)
    return table


def status_frame(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger narrow enough for a terminal: protocol, classes and training in one column, no data names."""

    def trained(row: pd.Series) -> str:
        classes = f"{row['classes']} classes" if row["classes"] else ""
        return ", ".join(filter(None, (row["training"], row["protocol"], classes)))

    wide = ["kind", "data", "protocol", "classes", "training"]
    told = ledger.drop(columns=wide).rename(columns={"largest difference": "gap"})
    told.insert(told.columns.get_loc("grade") + 1, "training", ledger.apply(trained, axis=1))
    return told


def cell_text(value: object) -> str:
    if value is None or value != value:  # NaN
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def weights_table() -> Table:
    """Return the weights registry: purpose, licence, origin, and whether the file is here, fetchable or missing."""
    from merlib.sources.weights import list_weights, weights_state

    state = Column("state", overflow="fold")  # it may hold a file name and a folder to type
    columns = (_typed("name"), "purpose", "licence", Column("origin", overflow="fold"), state)
    table = Table(*columns, title="weights", title_justify="left")
    for entry in list_weights():
        table.add_row(entry.name, entry.purpose, entry.licence, entry.origin, weights_state(entry.name))
    return table


def weights_rows() -> list[dict]:
    """Return the weights registry as rows for programs, with the folder of each file that is here."""
    from merlib.sources.weights import list_weights, weights_path

    return [{**entry.model_dump(), "here": weights_path(entry.name)} for entry in list_weights()]


def source_rows() -> list[dict]:
    """Return the data sources: name, size, access, licence page, and the commands each comes in by."""
    from merlib.datasets.registry import known_sources
    from merlib.sources import available_manifests, load_manifest

    rows = []
    for key in available_manifests():
        manifest, name = load_manifest(key), key.replace("_", "-")
        doors = [f"merlib data get {name}"] if manifest.download else []
        doors += [f"--data {name}=DIR"] if name in known_sources() else []
        size = {"clips": manifest.clips, "subjects": manifest.subjects}
        page = str(manifest.licence.page)
        rows.append(
            {"name": name, "what": manifest.title, **size, "access": manifest.access, "page": page, "how": doors}
        )
    return rows


def sources_table() -> RenderableType:
    """Return the data sources as two tables: the door each comes in by, and the page of its licence."""
    rows = source_rows()
    columns = (_typed("name"), Column("what", overflow="fold"), "clips", "people", _typed("how"))
    table = Table(*columns, title="data sources", title_justify="left")
    pages = Table(_typed("name"), "access", "licence page", title="licences", title_justify="left")
    for row in rows:
        how = "\n".join(row["how"]) or "counts only; the twin runs"
        table.add_row(row["name"], row["what"], str(row["clips"]), str(row["subjects"]), how)
        pages.add_row(row["name"], row["access"], Text(row["page"], overflow="fold"))
    return Group(table, pages)


def _typed(header: str) -> Column:
    """A column whose words one types: neither cut nor broken, however narrow the terminal."""
    return Column(header, no_wrap=True, overflow="fold")


def audit_report(
    name: str,
    folder: str,
    json_file: Path | None,
    html_file: Path | None = None,
    *,
    layout: str | None = None,
    quick: bool = False,
    faces: bool = False,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[RenderableType, bool]:
    """Audit the data source `name` in `folder`.

    Parameters
    ----------
    name : str
        Source, hyphens and underscores alike.
    folder : str
        Where its files are; for an archive of maps an absent folder is a finding.
    json_file, html_file : Path, optional
        Where the report is written as well, in one step; a page only for recorded clips.
    layout, quick, workers, progress
        For recorded clips, see `merlib.datasets.official.audit.audit_clips`.
    faces : bool
        For recorded clips, whether to look for the face of each.

    Returns
    -------
    report, problems
        What to print, and whether an error was found.

    Raises
    ------
    MerlibError
        For a source without an audit, a pair without folder, or a file that cannot be written.
    """
    from merlib.datasets.archive.archives import ARCHIVES
    from merlib.datasets.archive.audit import audit_flow_archive
    from merlib.datasets.composite_audit import audit_composite
    from merlib.datasets.official.audit import audit_clips
    from merlib.datasets.official.sets import SETS
    from merlib.datasets.registry import COMPOSITE

    name = name.replace("_", "-")
    if name not in (*ARCHIVES, *SETS, COMPOSITE):
        problem = unknown_name("data source with an audit", name, [*ARCHIVES, *SETS, COMPOSITE])
        own = "a set of your own has no manifest to compare with; its reader checks it as it is read."
        near = problem.action.startswith("did you mean")
        raise problem if near else MerlibError(problem.found, problem.expected, own)
    if not folder:
        raise MerlibError(f"{name} without a folder.", "NAME=DIR.", f"for example merlib data check {name}=DIR.")
    place = Path(folder).expanduser()
    if name in (*SETS, COMPOSITE):
        from merlib.cli.clip_audit import clip_audit_page, clip_audit_tables

        if name == COMPOSITE and (faces or layout):
            one = f"merlib data check {next(iter(SETS))}=DIR"
            raise MerlibError(
                f"--faces or --layout with {name}.", "one of its three sets.", f"ask {one} and the others."
            )
        if name == COMPOSITE:
            audit = audit_composite(place, quick, workers, progress)
        else:
            from merlib.cli.shared_frames import with_shared_frames

            audit = audit_clips(name, place, layout=layout, quick=quick, workers=workers, progress=progress)
            audit = audit if quick else with_shared_frames(audit, place, layout)
        if faces:
            from merlib.cli.face_audit import with_faces

            audit = with_faces(audit, place, layout, workers, progress)
        _write(json_file, audit.to_json() + "\n")
        _write(html_file, clip_audit_page(audit) if html_file else "")
        return clip_audit_tables(audit), not audit.ok
    if html_file:
        raise MerlibError(
            f"--html with {name}.", "recorded clips: casme2, samm, smic or megc2019-cd.", "use --json for the maps."
        )
    report = audit_flow_archive(place, archive=ARCHIVES[name])
    _write(json_file, report.to_json() + "\n")
    return _flow_tables(name, folder, report), not report.ok


def _write(path: Path | None, text: str) -> None:
    if path:
        with renamed_into(path) as file:
            file.write(text.encode("utf-8", "backslashreplace"))  # a name that is no UTF-8


def _flow_tables(name: str, folder: str, report: AuditReport) -> RenderableType:
    summary = Table(show_header=False, title=f"{name} in {folder}", title_justify="left")
    for label, counts in (("classes", report.by_class), ("data sets", report.by_dataset)):
        summary.add_row(label, ", ".join(f"{key} {count}" for key, count in counts.items()))
    summary.add_row("clips, subjects", f"{report.clips}, {report.subjects}")
    summary.add_row("layout", report.layout or "not recognised")
    summary.add_row("digest", report.digest or "none: it cannot be read")
    if not report.findings:
        return Group(summary, Text("no problem found", style="green"))
    problems = Table(
        "", "where", "found", "expected", "do", title=f"{len(report.findings)} findings", title_justify="left"
    )
    for finding in report.findings:
        style = "red" if finding.severity == "error" else "yellow"
        cells = (finding.severity, finding.where, finding.what, finding.expected, finding.action)
        problems.add_row(*(Text(str(cell), overflow="fold") for cell in cells), style=style)
    return Group(summary, problems)
