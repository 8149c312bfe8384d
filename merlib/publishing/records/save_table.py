"""Save a table as CSV, Markdown, LaTeX and record, and show it beside the reported values."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from merlib.clips.samples import Samples
from merlib.publishing.records.escaping import as_latex, as_markdown, in_one_line
from merlib.publishing.records.identity import LEAKY, start_record
from merlib.publishing.records.ledger import get_artefact, kind_of, protocol_words
from merlib.publishing.records.record import printed_cells, table_cells, write_record, write_whole
from merlib.publishing.study import Study, current_study
from merlib.scoring.interval_text import ends_text

COLUMN = re.compile(r"[a-z]\w*\.[a-z]\w*")  # a data set and a quantity
WIDE = 8  # columns with intervals that a page has room for
WORDS = {
    "full": "Full",
    "casme2": "CASME II",
    "samm": "SAMM",
    "smic": "SMIC",
    "acc": "Acc",
    "uf1": "UF1",
    "uar": "UAR",
    "f1": "F1",
}


@dataclass
class SavedTable:
    """A table that was saved; a notebook shows it with its headline.

    Parameters
    ----------
    record : dict
        The record that was written as JSON.
    shown : DataFrame
        Text of every cell: value, interval, reported value.
    """

    record: dict
    shown: pd.DataFrame

    @property
    def headline(self) -> str:
        """One line: title, grade, training, protocol, classes and caption, marked SYNTHETIC or LEAKY where it is."""
        mark = "SYNTHETIC. " if self.record["synthetic"] else ""
        leaks = f" {LEAKY}: {'; '.join(self.record['leaky'])}." if self.record["leaky"] else ""
        alone = "" if stands_beside_print(self.record) else " Printed values do not stand beside a smoke run."
        told = f"{mark}{self.record['title']} ({described(self.record)}). {self.record['caption']}".strip()
        return told + leaks + alone

    def _repr_html_(self) -> str:
        wide = is_wide(len(self.shown.columns), len(self.shown))
        shown = self.shown.T if wide else self.shown  # a page is higher than it is wide
        return f"<p><b>{html.escape(self.headline)}</b></p>" + shown.to_html(border=0)

    def __repr__(self) -> str:
        return f"{self.headline}\n{self.shown.to_string()}"


def is_wide(columns: int, rows: int) -> bool:
    """Return whether a table is shown with rows and columns exchanged."""
    return columns > max(WIDE, rows)


def stands_beside_print(record: dict) -> bool:
    """Return whether printed values may be shown beside ours, which is false for smoke runs on the twin."""
    return not (record["synthetic"] and record["training"] == "smoke")


def described(record: dict) -> str:
    """Return grade and training of a record, then protocol and number of classes, where models were trained."""
    classes = f"{', '.join(map(str, record['classes']))} classes" if record["classes"] else ""
    return "; ".join(filter(None, (kind_of(record), protocol_words(record["protocol"]), classes)))


def heading(column: object) -> str:
    """Return a column's name for readers: ``casme2.acc`` is CASME II Acc."""
    words = str(column).split(".") if COLUMN.fullmatch(str(column)) else [str(column)]
    return " ".join(WORDS.get(word, word) for word in words)


def quantity(column: str) -> str:
    """Return what a column measures, as the field spells it: ``casme2.acc`` is Acc."""
    measured = column.rpartition(".")[2]
    return WORDS.get(measured, measured)


def _text(value: object, digits: int) -> str:
    if value is None or value is pd.NA or value != value:
        return "-"
    if not isinstance(value, float):
        return str(value)
    text = f"{value:.{digits}f}"
    return f"{value:.2g}" if value and not float(text) else text  # so that a small number is not shown as zero


def _shown(artefact: str, frame: pd.DataFrame, cells: list[dict], digits: int, beside_print: bool) -> pd.DataFrame:
    by_place = {(cell["row"], cell["column"]): cell for cell in cells}
    printed = printed_cells(artefact) if beside_print else {}
    shown = pd.DataFrame(index=frame.index)
    for column in frame.columns:
        ours, theirs = [], []
        for row in frame.index:
            cell = by_place.get((str(row), str(column)))
            text = _text(frame.loc[row, column], digits)
            if cell:
                text = f"{text} {ends_text(cell['low'], cell['high'], f'.{digits}f')}".rstrip()
            ours.append(text)
            paper = printed.get((str(row), str(column)))  # shown even where we have no number
            theirs.append("" if paper is None else f"{paper.value:g}")
        shown[heading(column)] = ours
        if any(theirs):
            shown[f"{heading(column)}, reported"] = theirs
    return shown


def _markdown(frame: pd.DataFrame) -> str:
    rows = [[frame.index.name or "", *frame.columns], *([index, *row] for index, row in frame.iterrows())]
    header, *lines = ["| " + " | ".join(as_markdown(in_one_line(cell)) for cell in row) + " |" for row in rows]
    return "\n".join([header, "|" + "---|" * len(rows[0]), *lines])


def save_table(
    artefact: str,
    frame: pd.DataFrame,
    runs: Mapping[str, pd.DataFrame] | None = None,
    *,
    samples: Sequence[Samples] = (),
    manifests: Sequence[str] = (),
    low: pd.DataFrame | None = None,
    high: pd.DataFrame | None = None,
    caption: str = "",
    substitution: str = "",
    magnifiers: Sequence[str] = (),
    digits: int = 3,
    timed: Sequence[str] = (),
    edition: str = "",
    clips: Mapping[str, int] | None = None,
    study: Study | None = None,
) -> SavedTable:
    """Write a table as CSV, Markdown, LaTeX and JSON record, and return it for display.

    Parameters
    ----------
    artefact : str
        Id in the ledger, such as ``am3f.table5``; ``extra.NAME`` for a result beyond the papers.
    frame : DataFrame
        The values; rows and columns are named as in ``data_manifests/papers/*.csv``, so that reported ones are found.
        ``frame.attrs`` may hold ``units`` by column, for columns that no paper prints, and ``clips`` by row.
    runs : mapping of str to predictions
        The predictions from which the numbers were computed; their provenance goes into the record.
    samples : sequence of Samples
        Data that was counted rather than learned from.
    manifests : sequence of str
        Manifests whose facts were tabulated.
    low, high : DataFrame, optional
        Ends of the 95 % intervals, in the shape of `frame`.
    caption : str
        The finding, in one sentence.
    substitution : str
        What replaces the paper's data or protocol, where something does.
    magnifiers : sequence of str
        Methods of `magnify` with which the pictures were magnified that the artefact shows or measures. For `Samples`
        it is not needed, since their notes say it.
    digits : int
        Decimals shown; files keep all of them.
    timed : sequence of str
        Columns that hold measured times. They differ in every run, so no check compares them.
    edition : str
        Distinguishes two records of one artefact in one run; files are named ``<artefact>.<edition>``.
    clips : mapping of str to int, optional
        Number of clips behind each row, where the runs do not tell it: by default ``frame.attrs["clips"]``.
        `verify.expected.differences` allows for few.
    study : Study, optional
        The study into whose folder it is written; by default the one that was opened last.

    Raises
    ------
    MerlibError
        When the artefact is unknown, no study is open, or a file cannot be written.
    """
    study = study or current_study()
    record = start_record(get_artefact(artefact), study, runs or {}, list(samples), caption, substitution, magnifiers)
    record["manifests"] = list(manifests)
    if timed:
        record["timed"] = list(timed)
    clips = clips or frame.attrs.get("clips")
    if clips:
        record["clips"] = dict(clips)
    record["cells"] = table_cells(artefact, frame, low, high, record["grade"], record["classes"])
    shown = _shown(artefact, frame, record["cells"], digits, stands_beside_print(record))
    saved = SavedTable(record, shown)
    folder, name = study.artefact_folder, ".".join(filter(None, (artefact, edition)))
    mark = "# SYNTHETIC\n" if record["synthetic"] else ""
    write_whole(folder / f"{name}.csv", mark + frame.to_csv())
    write_whole(folder / f"{name}.md", f"{as_markdown(in_one_line(saved.headline))}\n\n{_markdown(shown)}\n")
    tex = shown.to_latex(caption=as_latex(in_one_line(saved.headline)), label=name, escape=True)
    write_whole(folder / f"{name}.tex", tex)
    write_record(folder / f"{name}.json", record)
    return saved
