"""Links from committed records to the predictions behind them: path, SHA-256, code, commit and processor.

A record is written with these links. They go out of date when predictions gain seeds, so `merlib maintain links` writes
them anew; it never changes a record's numbers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from merlib.learning.experiment import Experiment
from merlib.learning.store.commits import commit_of
from merlib.learning.store.provenance import trainers_of
from merlib.learning.store.references import file_of, source_unchanged
from merlib.publishing.records.ledger import read_records
from merlib.publishing.records.record import write_record
from merlib.publishing.verify.committed import read_committed
from merlib.publishing.verify.records import by_digests
from merlib.publishing.verify.retraining import Committed

COMMITTED_IN = "committed_in"  # the commit that added the file, for predictions that do not name their own commit


def link_of(file: Committed, root: Path) -> dict:
    """Return the link that a record holds to the file behind one of its experiments."""
    link = {
        "trained_by": trainers_of(dict(file.meta)),
        "source_unchanged": source_unchanged(file.meta),
        "predictions": file_of(root / file.name, root),
    }
    commit = file.meta.get("commit") or commit_of(root / file.name)
    return link | ({"commit" if file.meta.get("commit") else COMMITTED_IN: commit} if commit else {})


def linked(record: Mapping, known: Mapping[tuple[str, str], Committed], root: Path) -> dict:
    """Return a copy of a record whose experiments are linked to the files that hold their predictions."""
    experiments = []
    for one in record["experiments"]:
        experiment = Experiment.from_dict(one["experiment"])
        file = known.get((experiment.training_digest, one["samples_digest"]))
        if file is None or not set(experiment.seeds) <= set(file.rows["seed"]):
            experiments.append({name: value for name, value in one.items() if name != "predictions"})
            continue
        experiments.append({**one, **link_of(file, root)})
    return {**record, "experiments": experiments}


def link_records(root: Path) -> tuple[list[str], list[str]]:
    """Write the links of every record below `root` anew.

    Returns
    -------
    changed, lost : list of str
        The records that were changed, and the runs (``RECORD: LABEL``) whose predictions are not committed.
    """
    references, _ = read_committed(root)
    known, changed, lost = by_digests(references), [], []
    for found in read_records([root]):
        path = Path(found.pop("path"))
        renewed = linked(found, known, root)
        name = path.relative_to(root).as_posix()
        lost += [f"{name}: {one['label']}" for one in renewed["experiments"] if "predictions" not in one]
        if json.dumps(renewed) != json.dumps(found):
            write_record(path, renewed)
            changed.append(name)
    return changed, lost
