"""Committed results of a longer training, shown where a notebook's own run is too short to teach anything."""

from __future__ import annotations

import base64
import html
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from merlib.places import repository_root
from merlib.publishing.records.ledger import best_records, read_records, title_of
from merlib.publishing.records.save_table import described, heading
from merlib.publishing.records.shown import Message
from merlib.scoring.interval_text import value_text

Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


@dataclass(frozen=True)
class Committed:
    """The committed record of an artefact; shows itself in a notebook: its picture, or else its cells."""

    record: dict

    @property
    def headline(self) -> str:
        """One line: the title, marked SYNTHETIC if it is, with grade and training, and the finding."""
        mark = "SYNTHETIC. " if self.record["synthetic"] else ""
        return f"{mark}{title_of(self.record)} (committed; {described(self.record)}). {self.record['caption']}".strip()

    @property
    def tables(self) -> Tables:
        """Values, low and high ends of the record's cells, with rows and columns in the order of the record."""
        cells = pd.DataFrame(self.record.get("cells", []), columns=["row", "column", "value", "low", "high"])
        rows, columns = cells["row"].unique(), cells["column"].unique()
        wide = cells.set_index(["row", "column"]).astype(float).unstack("column")  # noqa: PD010
        return tuple(wide[end].reindex(index=rows, columns=columns) for end in ("value", "low", "high"))

    @property
    def shown(self) -> pd.DataFrame:
        """Text of every cell: value and interval, a dash where there is none."""
        table = pd.DataFrame("-", *self.tables[0].axes).rename_axis(index=None, columns=None)
        for cell in self.record.get("cells", []):
            form = ".1f" if cell.get("unit") == "%" else ".3f"
            table.loc[cell["row"], cell["column"]] = value_text(cell["value"], cell["low"], cell["high"], form)
        return table.rename(columns=heading)

    def _repr_html_(self) -> str:
        picture = Path(self.record["path"]).with_suffix(".png")
        shown = ""
        if picture.is_file():
            content = base64.b64encode(picture.read_bytes()).decode("ascii")
            shown = f'<img alt="{html.escape(title_of(self.record))}" src="data:image/png;base64,{content}"/>'
        elif self.record.get("cells"):
            shown = self.shown.to_html(border=0)
        return f"<p><b>{html.escape(self.headline)}</b></p>{shown}"

    def __repr__(self) -> str:
        return self.headline


def committed(artefact: str, reference: Path | None = None, notebook: str = "12_visualisations") -> Committed | Message:
    """Return the best committed record of an artefact, or a sentence that says how to make one.

    Parameters
    ----------
    artefact : str
        Id in the ledger, or ``extra.NAME``.
    reference : path, optional
        ``results/reference`` by default.
    notebook : str
        Which one makes it.
    """
    folder = reference or repository_root() / "results" / "reference"
    best = best_records(read_records([folder]) if folder.is_dir() else [])
    if artefact not in best:
        return Message(f"{artefact}: no committed record yet; merlib run {notebook} --profile teach makes one.")
    return Committed(best[artefact])
