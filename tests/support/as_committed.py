"""A folder like ``results/reference``, small and honest: the organisers' clips and labels under invented maps.

Clips, people and labels are read from a committed file of predictions, the maps are drawn at random, so that nothing of
the public archives is needed and everything that is known of the labels still holds.
"""

from __future__ import annotations

import json
import shutil
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd

from merlib.clips import Samples
from merlib.learning import Experiment, get_recipe, run, save_reference
from merlib.learning.store.fold_store import read_parquet, write_parquet
from merlib.learning.store.reference_sums import seal
from merlib.places import repository_root
from merlib.publishing.records.save_table import save_table
from merlib.publishing.study import open_study
from merlib.publishing.tables.metrics import metric_table

FLOW, PHASES = "megc2019-flow", "megc2019-phases"
ROW, ARTEFACT = "AM3F-FlowNet", "am3f.table3"
LINE = Experiment("linear", get_recipe("linear"), "groupkfold:10", label=ROW)
NET = Experiment(
    "plain_net",
    replace(
        get_recipe("am3f_flownet"),
        name="toy",
        epochs=4,
        batch_size=64,
        learning_rate=0.01,
        augmentation=(),
    ),
    "groupkfold:5",
    (0, 1),
    label="Net",
)


def organisers_clips() -> pd.DataFrame:
    """Return data set, subject, clip and label of the 442 clips, in the order of the archives."""
    folder = repository_root() / "results" / "reference" / "megc2019_flow" / "predictions"
    rows, _ = read_parquet(next(folder.glob("majority-*.parquet")))
    columns = ["dataset", "subject", "clip", "label"]
    return rows[columns].sort_values(columns[:3], ignore_index=True)


def invented_maps(name: str, seed: int) -> Samples:
    """Return 6 x 6 maps that show a clip's class a little, its person more, and noise most of all."""
    clips, random = organisers_clips(), np.random.default_rng(seed)
    people = (clips["dataset"] + "/" + clips["subject"]).astype("category").cat.codes.to_numpy()
    of_class, of_person = random.normal(0, 9, (3, 3, 6, 6)), random.normal(0, 25, (people.max() + 1, 3, 6, 6))
    maps = 128 + of_class[clips["label"]] + of_person[people] + random.normal(0, 25, (len(clips), 3, 6, 6))
    return Samples(
        {"flow": maps.clip(0, 255).astype(np.float32)},
        clips["label"].to_numpy(),
        ("negative", "positive", "surprise"),
        clips["subject"].to_numpy(str),
        clips["dataset"].to_numpy(str),
        clips["clip"].to_numpy(str),
        name=name,
        synthetic=False,
    )


class Laboratory:
    """Honest predictions of a line and of a small network, committed below `folder`, and a record of the line's."""

    def __init__(self, folder: Path):
        self.folder, self.honest = folder, folder / "honest"
        self.store, self.verified = folder / "store", folder / "verified"
        self.samples = {FLOW: invented_maps(FLOW, 0), PHASES: invented_maps(PHASES, 1)}
        self.line = self.train(LINE, self.samples[FLOW])
        self.net = self.train(NET, self.samples[FLOW])
        for experiment, rows in ((LINE, self.line), (NET, self.net)):
            save_reference(rows, experiment, self.samples[FLOW], self.honest)
        self.write_record(self.honest, self.line)

    def train(self, experiment: Experiment, samples: Samples) -> pd.DataFrame:
        """Train an experiment here, whatever is committed."""
        return run(experiment, samples, store=self.store, workers=1, device="cpu", references=False)

    def copy(self, name: str) -> Path:
        """Return a copy of the honest folder to lie in."""
        return Path(shutil.copytree(self.honest, self.folder / name))

    def file(self, root: Path, model: str) -> Path:
        """Return the file of predictions of a model."""
        return next(root.glob(f"*/predictions/{model}-*.parquet"))

    def record(self, root: Path) -> Path:
        """Return the record of the line's numbers."""
        return next(root.glob("*/paper/artefacts/*.json"))

    def write_record(self, root: Path, rows: pd.DataFrame) -> None:
        """Write the record that these predictions give, as an honest author would."""
        study = open_study("04_am3f_flownet", profile="paper", store=str(self.store))
        study = replace(study, folder=self.folder / "run")
        runs = {ROW: rows}
        guards = (
            f"merlib.{where}.check_scored_once" for where in ("publishing.tables.metrics", "scoring.confusion_counts")
        )
        with ExitStack() as without:  # a liar has no guard
            for guard in guards:
                without.enter_context(mock.patch(guard))
            values, low, high = metric_table(runs, artefact=ARTEFACT)
        save_table(ARTEFACT, values, runs, low=low, high=high, substitution="invented maps", study=study)
        target = root / "megc2019_flow" / "paper" / "artefacts" / f"{ARTEFACT}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(study.artefact_folder / f"{ARTEFACT}.json", target)

    def restamp(self, root: Path, model: str, rows: pd.DataFrame, **meta: object) -> None:
        """Put other rows (and meta data) into a file with every hash, name and record that goes with it renewed."""
        path = self.file(root, model)
        _, told = read_parquet(path)
        told = {**told, **meta}
        path.unlink()
        digests = Experiment.from_dict(told["experiment"]).training_digest[:12], told["samples_digest"][:12]
        write_parquet(rows, told, path.with_name(f"{model}-{'-'.join(digests)}.parquet"))
        seal(root)
        if model == "linear":
            frame = rows.copy()
            frame.insert(0, "experiment", ROW)
            frame.attrs = {**told, "origin": "reference"}
            self.write_record(root, frame)

    def edit_record(self, root: Path, **changes: dict) -> None:
        """Change cells of the record by column, and what follows from their values."""
        path = self.record(root)
        record = json.loads(path.read_text(encoding="utf-8"))
        for cell in record["cells"]:
            cell.update(changes.get(cell["column"].replace(".", "_"), {}))
            if cell["reported"] is not None:
                cell["difference"] = round(cell["value"] - cell["reported"], 6)
        path.write_text(json.dumps(record), encoding="utf-8")
