"""The ledger of 73 artefacts: every table, figure and diagram of the five papers, and how far we are."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from merlib.errors import unknown_name
from merlib.places import manifests_dir, repository_root, results_folder

# From the strongest evidence to none.
GRADES = ("real exact", "real analogue", "twin, paper's recipe", "twin smoke", "diagram", "missing")
PAPERS = {
    "am3f_flownet": "AM3F-FlowNet",
    "dual_atme": "Dual-ATME",
    "astnet": "ASTNet",
    "larnet": "LARNet",
    "uamrn": "UAMRN",
}
EXTRA = "extra."  # results beyond the papers' artefacts carry this prefix


@dataclass(frozen=True)
class Artefact:
    """One row of the ledger.

    Parameters
    ----------
    id, paper, kind, number, shows, needs, notebook : str
        As in ``data_manifests/artefacts.csv``.
    real : {'exact', 'analogue', 'model', 'none'}
        What the public flow maps allow.
    """

    id: str
    paper: str
    kind: str
    number: str
    shows: str
    needs: str
    real: str
    notebook: str

    @property
    def title(self) -> str:
        """What a reader calls it, such as ``AM3F-FlowNet, Table 5: ...``."""
        if self.kind == "extra":
            return self.shows.replace("_", " ").capitalize()
        kind = "Table" if self.kind == "table" else "Figure"
        return f"{PAPERS.get(self.paper, self.paper)}, {kind} {self.number}: {self.shows}"


@lru_cache(maxsize=1)
def artefacts() -> dict[str, Artefact]:
    """Return the ledger by id, in the papers' order."""
    frame = pd.read_csv(manifests_dir() / "artefacts.csv", dtype=str)
    return {row["id"]: Artefact(**row) for row in frame.to_dict("records")}


def get_artefact(identifier: str) -> Artefact:
    """Return one row of the ledger; an ``extra.`` id is a result beyond the papers; others are an error."""
    if identifier.startswith(EXTRA):
        return Artefact(identifier, "-", "extra", "-", identifier.removeprefix(EXTRA), "-", "analogue", "-")
    if identifier not in artefacts():
        raise unknown_name("artefact", identifier, artefacts())
    return artefacts()[identifier]


def grade_of(artefact: Artefact, synthetic: bool | None, abridged: bool, exact: bool | None = None) -> str:
    """Return the grade of a result.

    Parameters
    ----------
    artefact : Artefact
        What was made.
    synthetic : bool or None
        Whether the twin took part; None when no data did.
    abridged : bool
        Whether a model was trained with less than the paper's recipe and protocol.
    exact : bool, optional
        Whether data, classes and measurement are the paper's own; by default what the ledger allows.
    """
    if synthetic is None:
        return "real exact" if artefact.real == "exact" else "diagram"
    if synthetic:
        return "twin smoke" if abridged else "twin, paper's recipe"
    exact = artefact.real == "exact" if exact is None else exact
    return "real exact" if exact and not abridged else "real analogue"


def read_records(folders: Iterable[Path]) -> list[dict]:
    """Return all artefact records (JSON) below `folders`."""
    records = []
    for folder in folders:
        for path in sorted(Path(folder).rglob("*.json")):
            record = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(record, dict) and "grade" in record and "id" in record:
                records.append({**record, "path": str(path)})
    return records


def record_folders(run: Path | None = None) -> list[Path]:
    """Return where records lie: the committed references and the given run (or every run)."""
    reference = repository_root() / "results" / "reference"
    runs = [run] if run else sorted((results_folder() / "runs").glob("*/artefacts"))
    return [folder for folder in (reference, *runs) if Path(folder).is_dir()]


def best_records(records: Iterable[dict]) -> dict[str, dict]:
    """Keep the best-graded record of each artefact; of equals, the one nearer to the paper.

    Nearer is first the longer recipe, then leaving one subject out, then nothing that stands in for the paper's data.
    """
    best: dict[str, dict] = {}
    order = {"paper": 0, "teach": 1, "smoke": 2}

    def rank(record: dict) -> tuple[int, int, bool, bool]:
        recipe = order.get(record.get("profile"), 3)
        return GRADES.index(record["grade"]), recipe, record.get("protocol") != "loso", bool(record.get("substitution"))

    for record in records:
        current = best.get(record["id"])
        if current is None or rank(record) < rank(current):
            best[record["id"]] = record
    return best


def largest_gap(record: dict | None) -> float | None:
    """Return the largest absolute difference to a reported value in a record, where any is reported."""
    gaps = [abs(cell["difference"]) for cell in (record or {}).get("cells", []) if cell.get("difference") is not None]
    return max(gaps) if gaps else None


def status_table(run: Path | None = None) -> pd.DataFrame:
    """Return the ledger as a table: id, kind, shows, notebook, grade, profile, data, largest difference."""
    return status_of(best_records(read_records(record_folders(run))))


def status_of(best: dict[str, dict]) -> pd.DataFrame:
    """Return the ledger as a table from the best record of each artefact."""
    rows = []
    for artefact in artefacts().values():
        record = best.get(artefact.id)
        rows.append(
            {
                "id": artefact.id,
                "kind": artefact.kind,
                "shows": artefact.shows,
                "notebook": artefact.notebook,
                "grade": record["grade"] if record else "missing",
                "profile": (record or {}).get("profile") or "",
                "data": ", ".join(d["name"] for d in (record or {}).get("data", [])),
                "largest difference": largest_gap(record),
            }
        )
    return pd.DataFrame(rows)


def grade_counts(status: pd.DataFrame) -> pd.DataFrame:
    """Count the ledger by paper and grade; columns in the order of `GRADES`, the last row is the total."""
    papers = status["id"].map(lambda identifier: PAPERS[get_artefact(identifier).paper]).rename("paper")
    counts = (
        pd.crosstab(papers, status["grade"]).reindex(list(PAPERS.values())).reindex(columns=list(GRADES), fill_value=0)
    )
    counts.columns.name = None
    counts.loc["all"] = counts.sum()
    return counts
