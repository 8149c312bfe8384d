"""The answer of our runs to a claim: numbers with intervals, the planned tests, a sentence, and the files behind it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from merlib.errors import MerlibError
from merlib.learning.experiment import Experiment
from merlib.learning.store.commits import commit_of
from merlib.learning.store.provenance import trainers_of
from merlib.learning.store.references import every_reference, file_of, read_reference, source_unchanged
from merlib.publishing.planned.archive_plan import every_planned_run
from merlib.publishing.planned.headline import number, span
from merlib.publishing.planned.methods import ARCHIVES, THEIR_MAPS, TWINS
from merlib.publishing.planned.plan import PlannedRun
from merlib.publishing.records.ledger import get_artefact, protocol_words
from merlib.publishing.records.record import verdict
from merlib.publishing.records.save_table import heading
from merlib.publishing.records.training import training_of
from merlib.publishing.tables.metrics import METRICS, part_of
from merlib.publishing.verify.claims import Claim, barred_by, errata_on
from merlib.publishing.verify.one_line import near, one_line
from merlib.publishing.verify.recomputing import AGAINST
from merlib.scoring import bootstrap_interval
from merlib.scoring.interval_text import ends_text

TESTS = ("megc2019_flow/paper/artefacts/extra.planned_tests.csv", "*/paper/artefacts/extra.champion_tests.csv")
INSIDE = ("identical", "within interval")


def answer(claim: Claim, root: Path) -> dict:
    """Return everything that a claim's page shows, as plain JSON values.

    Parameters
    ----------
    claim : Claim
        The claim that is answered.
    root : Path
        ``results/reference``, or a folder like it.

    Returns
    -------
    dict
        ``id``, ``where``, ``printed``; ``ours``, one entry for each archive with protocol, seeds, numbers and the file
        of predictions; ``missing``, planned runs that are not committed, with the command that makes them; ``tests``;
        ``barred``, errata because of which the numbers cannot be compared; ``errata``; ``verdict``, one sentence.

    Raises
    ------
    MerlibError
        When a file of predictions cannot be trusted; see `read_reference`.
    """
    printed = claim.printed()
    planned = {data: named for data in ARCHIVES if (named := _planned_on(claim, data)) is not None}
    ours, missing = [], []
    for data, (name, run) in planned.items():
        path = root / run.folder / "predictions" / _file_name(run)
        if not path.is_file():
            missing.append({"run": name, "do": f"merlib reference train {name} --data {data}=DIR"})
            continue
        rows, meta = read_reference(path, root)
        wanted = [seed for seed in run.experiment.seeds if seed in set(rows["seed"])]
        ours.append(_ours(claim, name, rows[rows["seed"].isin(wanted)], meta, path, root))
    ours += [] if ours or missing else _twin(claim, root)
    names = {entry["run"] for entry in (*ours, *missing)}
    told = {
        "id": claim.id,
        "where": claim.where,
        "printed": [_printed(cell) for cell in printed.to_dict("records")],
        "ours": ours,
        "missing": missing,
        "tests": _tests(names, root),
        "barred": barred_by(claim),
        "errata": [{"id": one.id, "where": one.where, "finding": one.finding} for one in errata_on(claim)],
    }
    return told | {"verdict": sentence(told)}


def _planned_on(claim: Claim, data: str) -> tuple[str, PlannedRun] | None:
    plan, run = every_planned_run(), claim.run
    for name in (f"{ARCHIVES[data]}-{run}", run):
        if run and name in plan and plan[name].data == data:
            return name, plan[name]
    return None


def _file_name(run: PlannedRun) -> str:
    experiment = run.experiment
    return f"{experiment.model}-{experiment.training_digest[:12]}-{run.samples_digest[:12]}.parquet"


def _printed(cell: Mapping) -> dict:
    return {
        "number": heading(cell["column"]),
        "column": cell["column"],
        "printed": number(cell["value"], cell["decimals"]),
        "unit": cell["unit"],
        "note": cell["note"],
    }


def _ours(claim: Claim, name: str, rows: pd.DataFrame, meta: Mapping, path: Path, root: Path) -> dict:
    experiment = Experiment.from_dict(meta["experiment"])
    seeds = sorted({int(seed) for seed in rows["seed"]})
    classes = len(meta["classes"])
    maps = THEIR_MAPS.get(str(meta["data"]), "")
    committed = meta.get("commit") or commit_of(path)

    def line(python: str, file: str, cell: Mapping) -> str:
        alone = len(seeds) == len(meta["experiment"]["seeds"])
        return one_line(python, file, cell["column"], cell["unit"], seeds, alone)

    return {
        "run": name,
        "archive": f"SYNTHETIC twin of {meta['data']}" if meta["synthetic"] else meta["data"],
        "synthetic": bool(meta["synthetic"]),
        "substitution": f"{maps}, in place of the paper's own preprocessing" if maps else "",
        "protocol": protocol_words(experiment.protocol),
        "seeds": seeds,
        "training": training_of([meta["experiment"]]),
        "epochs": experiment.recipe.epochs if len(meta.get("curves", "{}")) > 2 else None,
        "classes": classes,
        "clips": int(len(rows) / len(seeds)),
        "numbers": [_number(claim, cell, rows, classes, bool(meta["synthetic"])) for cell in _cells(claim)],
        "predictions": {**file_of(path, root), "at": str(path)},
        "code": {
            "digest": meta["source_digest"],
            "source_unchanged": source_unchanged(meta),
            ("commit" if meta.get("commit") else "committed_in"): committed,
        },
        "trained_by": trainers_of(dict(meta)),
        "hours": round(float(meta["train_seconds"]) / 3600, 2),
        "recompute": {cell["column"]: line(near(Path(sys.executable)), near(path), cell) for cell in _cells(claim)},
        "in_a_checkout": line("python", f"results/reference/{path.relative_to(root).as_posix()}", _cells(claim)[0]),
    }


def _cells(claim: Claim) -> list[dict]:
    return claim.printed().to_dict("records")


def _number(claim: Claim, cell: Mapping, rows: pd.DataFrame, classes: int, synthetic: bool) -> dict:
    part, _, metric = cell["column"].rpartition(".")
    chosen = part_of(rows, part or "full")
    if chosen.empty:
        return {"number": heading(cell["column"]), "column": cell["column"], "verdict": "no clip of this data set"}
    scale = 100.0 if cell["unit"] == "%" else 1.0
    value, low, high = (scale * each for each in bootstrap_interval(chosen, METRICS[metric]))
    same = get_artefact(claim.id).printed_classes(cell["column"]) in (None, classes)
    grade = "twin" if synthetic else "real analogue"
    said = verdict(value, cell["value"], cell["decimals"], low, high, grade, same)
    return {
        "number": heading(cell["column"]),
        "column": cell["column"],
        "printed": number(cell["value"], cell["decimals"]),
        "value": value,
        "low": low,
        "high": high,
        "verdict": said,
    }


def _twin(claim: Claim, root: Path) -> list[dict]:
    """Return the rendered twin's committed row, marked SYNTHETIC, for a claim that no public archive can answer."""
    row, folder, model, label = TWINS.get(claim.id, ("", "", "", ""))
    if row != claim.row:
        return []
    for frame in every_reference(folder):
        experiment = frame.attrs["experiment"]
        if (experiment["model"], experiment["label"]) == (model, label):
            return [_ours(claim, label, frame, frame.attrs, root / frame.attrs["file"]["path"], root)]
    return []


def _tests(names: set[str], root: Path) -> list[dict]:
    """Return the planned tests in which one of the runs `names` is compared, from the committed tables of tests."""
    found = []
    for path in sorted(path for pattern in TESTS for path in root.glob(pattern)):
        table = pd.read_csv(path, index_col=0, dtype={"seeds": str})
        for row, test in table.iterrows():
            if names & set(str(row).split(AGAINST)):
                found.append(
                    {
                        "test": row,
                        "family": test["family"],
                        "difference": float(test["UF1 difference"]),
                        "low": float(test["low"]),
                        "high": float(test["high"]),
                        "p": float(test["p"]),
                        "p, Holm": float(test["p, Holm"]),
                        "verdict": test["verdict"],
                    }
                )
    return found


def inside(entry: Mapping) -> tuple[int, int]:
    """Return how many of a run's printed numbers lie in our intervals, and how many can be compared."""
    compared = [one for one in entry["numbers"] if "value" in one and not one["verdict"].startswith("not comparable")]
    return sum(one["verdict"].endswith(INSIDE) for one in compared), len(compared)


def sentence(told: Mapping) -> str:
    """Return one sentence on the answer to a claim, archive by archive, or on why no run answers it."""
    parts = [_part(entry) for entry in told["ours"]]
    waits = [one["run"] for one in told["missing"]]
    if waits:
        parts.append(f"not trained yet: {', '.join(waits)}")
    if not parts:
        return "Not regenerated: the paper's protocol needs licensed clips, and no run stands in for it."
    barred = told["barred"] if any(not entry["synthetic"] for entry in told["ours"]) else []
    said = "; ".join([*parts, *([f"{', '.join(barred)}: the two are not alike"] if barred else [])]) + "."
    return said[:1].upper() + said[1:]


def _part(entry: Mapping) -> str:
    within, compared = inside(entry)
    seeds = f"seed{'s' if len(entry['seeds']) > 1 else ''} {', '.join(map(str, entry['seeds']))}"
    where = f"on {entry['archive']} ({entry['protocol']}, {seeds})"
    there = [one for one in entry["numbers"] if "value" in one]
    comparable = [one for one in there if not one["verdict"].startswith("not comparable")]
    lead = next(iter([*comparable, *there]), None)
    if lead is None:
        return f"{where} no printed number has a counterpart"
    told = f"{lead['number']} is printed as {lead['printed']} and comes out as {_shown(lead)}"
    if entry["synthetic"]:
        return f"SYNTHETIC only, which says nothing of the claim: {where}, {told}"
    if not compared:
        return f"{where} {told}, with {entry['classes']} classes where the paper has others: not comparable"
    return f"{where} {told}: {within} of {compared} printed numbers lie in our 95 % intervals"


def _shown(one: Mapping) -> str:
    digits = 2 if abs(one["value"]) >= 1 else 3
    return f"{number(one['value'], digits)} {span_of(one)}".rstrip()


def span_of(one: Mapping) -> str:
    """Return a number's interval as text, empty where it has no width to show."""
    if abs(one["value"]) >= 1:
        return ends_text(one["low"], one["high"])
    return span(one["low"], one["high"])


def check_root(root: Path | None) -> Path:
    """Return the resolved folder of references; a MerlibError when there is none."""
    if root is None or not root.is_dir():
        action = "work in a checkout or a deposit, or set MERLIB_REFERENCES to its results/reference."
        raise MerlibError("no folder of committed references.", "results/reference.", action)
    return root.resolve()
