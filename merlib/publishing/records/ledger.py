"""The ledger of 73 artefacts: every table, figure and diagram of the five papers, and our best result for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from merlib.errors import MerlibError, unknown_name
from merlib.learning.leaky_names import refuse_leaky
from merlib.opening import read_json
from merlib.places import manifests_dir, repository_root, results_folder
from merlib.publishing.records.extra_titles import EXTRA, extra_title

# From the strongest evidence to none. How models were trained is given beside the grade (see `records.training`).
GRADES = ("real exact", "real analogue", "twin", "diagram", "missing")
TRAININGS = ("paper", "own", "", "abridged", "smoke")  # results of the same grade rank in this order
WORDS = {"paper": "paper's training", "own": "own training", "": "nothing trained"}
KINDS = (
    "real exact",
    *(f"{grade}, {WORDS.get(training, training)}" for grade in ("real analogue", "twin") for training in TRAININGS),
    "diagram",
    "missing",
)
PAPERS = {
    "am3f_flownet": "AM3F-FlowNet",
    "dual_atme": "Dual-ATME",
    "astnet": "ASTNet",
    "larnet": "LARNet",
    "uamrn": "UAMRN",
}
LABORATORY = "extra.leaky_"  # records of the leakage laboratory, which are never the best record of anything


@dataclass(frozen=True)
class Artefact:
    """One row of the ledger.

    Parameters
    ----------
    id, paper, kind, number, shows, needs, notebook : str
        As in ``data_manifests/artefacts.csv``.
    real : {'exact', 'analogue', 'model', 'none'}
        What the public flow maps allow.
    classes : str
        How many emotion classes the paper's result has, such as ``3``; ``samm 5, smic 3`` where data sets differ; empty
        where it has none.
    """

    id: str
    paper: str
    kind: str
    number: str
    shows: str
    needs: str
    real: str
    notebook: str
    classes: str = ""

    def printed_classes(self, column: str = "") -> int | None:
        """Return the number of classes of the paper's result in a column, such as ``casme2.acc``; None without any."""
        if not self.classes or self.classes.isdigit():
            return int(self.classes) if self.classes else None
        by_dataset = dict(part.split() for part in self.classes.split(", "))
        count = by_dataset.get(column.partition(".")[0])
        return int(count) if count else None

    @property
    def place(self) -> str:
        """Where the artefact is printed, such as ``AM3F-FlowNet, Table 5``; the title of a result beyond the papers."""
        if self.kind == "extra":
            return extra_title(self.id)
        kind = "Table" if self.kind == "table" else "Figure"
        return f"{PAPERS.get(self.paper, self.paper)}, {kind} {self.number}"

    @property
    def title(self) -> str:
        """The artefact's name for readers, such as ``AM3F-FlowNet, Table 5: ...``."""
        return self.place if self.kind == "extra" else f"{self.place}: {self.shows}"


@lru_cache(maxsize=1)
def artefacts() -> dict[str, Artefact]:
    """Return the ledger by id, in the papers' order."""
    frame = pd.read_csv(manifests_dir() / "artefacts.csv", dtype=str, keep_default_na=False)
    return {row["id"]: Artefact(**row) for row in frame.to_dict("records")}


def get_artefact(identifier: str) -> Artefact:
    """Return one row of the ledger; an ``extra.`` id is a result beyond the papers; any other id is a MerlibError."""
    if identifier.startswith(EXTRA):
        return Artefact(identifier, "-", "extra", "-", identifier.removeprefix(EXTRA), "-", "analogue", "-")
    if identifier not in artefacts():
        raise unknown_name("artefact", identifier, artefacts())
    return artefacts()[identifier]


def title_of(record: Mapping) -> str:
    """Return the title of a record's artefact as it is today; records that were committed earlier hold an older one."""
    identifier = record["id"]
    known = identifier.startswith(EXTRA) or identifier in artefacts()
    return get_artefact(identifier).title if known else record["title"]


def grade_of(artefact: Artefact, synthetic: bool | None, whole: bool, exact: bool | None = None) -> str:
    """Return the grade of a result.

    Parameters
    ----------
    artefact : Artefact
        The artefact that was made.
    synthetic : bool or None
        Whether the twin was used; None when no data was.
    whole : bool
        Whether every model was trained by the paper's recipe and protocol, or none was trained.
    exact : bool, optional
        Whether data, classes and measurement are the paper's own; by default as the ledger says.
    """
    if synthetic is None:
        return "real exact" if artefact.real == "exact" else "diagram"
    if synthetic:
        return "twin"
    exact = artefact.real == "exact" if exact is None else exact
    return "real exact" if exact and whole else "real analogue"


def kind_of(record: dict) -> str:
    """Return a record's grade followed by its training, one of `KINDS`, so that a short training is always visible."""
    grade, training = record["grade"], record.get("training", "")
    return f"{grade}, {WORDS.get(training, training)}" if grade in ("real analogue", "twin") else grade


def read_records(folders: Iterable[Path]) -> list[dict]:
    """Return all artefact records (JSON) below `folders`; records of runs with older kinds of grades are ignored.

    Raises
    ------
    MerlibError
        For a JSON file that cannot be read: a record that is passed over would change what stands in a table.
    """
    records = []
    for folder in folders:
        for path in sorted(Path(folder).rglob("*.json")):
            try:
                record = read_json(path)
            except OSError as error:
                raise MerlibError(
                    f"{path} cannot be read ({error.strerror or type(error).__name__}).",
                    "a record as merlib writes it.",
                    "remove it and run its notebook again; one that was committed comes back with git checkout.",
                ) from error
            if isinstance(record, dict) and record.get("grade") in list(GRADES) and isinstance(record.get("id"), str):
                records.append({**record, "path": str(path)})
    return records


def record_folders(run: Path | None = None) -> list[Path]:
    """Return where records lie: the committed references and the given run (or every run)."""
    reference = repository_root() / "results" / "reference"
    runs = [run] if run else sorted((results_folder() / "runs").glob("*/artefacts"))
    return [folder for folder in (reference, *runs) if Path(folder).is_dir()]


def best_records(records: Iterable[dict]) -> dict[str, dict]:
    """Return the best-graded record of each artefact; of equal ones, the one nearer to the paper.

    Nearer means first the longer training, then leaving one subject out, then no substitute for the paper's data. All
    readers of results call this function, so the leakage laboratory's own records are left out here.
    """
    best: dict[str, dict] = {}
    records = [record for record in records if not is_laboratory(record)]

    def rank(record: dict) -> tuple[int, bool, bool]:
        apart = record.get("protocol") != "loso"
        return KINDS.index(kind_of(record)), apart, bool(record.get("substitution"))

    for record in records:
        current = best.get(record["id"])
        if current is None or rank(record) < rank(current):
            best[record["id"]] = record
    return best


def is_laboratory(record: dict) -> bool:
    """Return whether a record is the leakage laboratory's own.

    Raises
    ------
    MerlibError
        When another artefact rests on predictions of the laboratory.
    """
    if record["id"].startswith(LABORATORY):
        return True
    for entry in record.get("experiments", ()):
        refuse_leaky(entry, f"the ledger as {record['id']} ({record.get('path', 'no file')})")
    return False


def largest_gap(record: dict | None) -> float | None:
    """Return the largest absolute difference to a comparable reported value in a record, where there is any."""
    cells = [cell for cell in (record or {}).get("cells", []) if cell.get("difference") is not None]
    gaps = [abs(cell["difference"]) for cell in cells if not cell.get("verdict", "").startswith("not comparable")]
    return max(gaps) if gaps else None


def status_table(run: Path | None = None) -> pd.DataFrame:
    """Return the ledger as a table; see `status_of`."""
    return status_of(best_records(read_records(record_folders(run))))


def status_of(best: dict[str, dict]) -> pd.DataFrame:
    """Return the ledger as a table from the best record of each artefact.

    Returns
    -------
    DataFrame
        Columns id, kind, shows, notebook, grade, protocol, classes, training, data, largest difference. The notebook of
        a missing artefact is empty while it is not written.
    """
    rows = []
    for artefact in artefacts().values():
        record = best.get(artefact.id)
        rows.append(
            {
                "id": artefact.id,
                "kind": artefact.kind,
                "shows": artefact.shows,
                "notebook": (record or {}).get("notebook") or _written(artefact.notebook),
                "grade": record["grade"] if record else "missing",
                "protocol": protocol_words((record or {}).get("protocol", "")),
                "classes": ", ".join(map(str, (record or {}).get("classes", []))),
                "training": (record or {}).get("training", ""),
                "data": ", ".join(d["name"] for d in (record or {}).get("data", [])),
                "largest difference": largest_gap(record),
            }
        )
    return pd.DataFrame(rows)


def _written(notebook: str) -> str:
    return notebook if (repository_root() / "notebooks" / f"{notebook}.py").is_file() else ""


def protocol_words(protocol: str) -> str:
    """Return a record's protocols in words, such as ``leave one subject out`` or ``10 folds by subject``."""
    said = {"loso": "leave one subject out", "groupkfold": "folds by subject", "clipkfold": "folds by clip, LEAKY"}
    said |= {"framekfold": "folds by frame, LEAKY", "leaky": "LEAKY"}
    words = []
    for name in filter(None, protocol.split(", ")):
        kind, _, folds = name.partition(":")
        words.append(f"{folds.partition(':')[0]} {said.get(kind, kind)}".strip())
    return ", ".join(dict.fromkeys(words))


def grade_counts(status: pd.DataFrame) -> pd.DataFrame:
    """Count artefacts by paper (rows, and one for all) and by `kind_of` (columns, in the order of `KINDS`)."""
    papers = status["id"].map(lambda identifier: PAPERS[get_artefact(identifier).paper]).rename("paper")
    kinds = pd.Series([kind_of(row) for row in status.to_dict("records")], index=status.index, name="kind")
    counts = pd.crosstab(papers, kinds).reindex(list(PAPERS.values()), fill_value=0)
    counts = counts[[kind for kind in KINDS if kind in counts]]
    counts.columns.name = None
    counts.loc["all"] = counts.sum()
    return counts
