"""Committed reference predictions: results that were trained once and are read before anything is trained again.

They lie under ``results/reference/<data>/predictions/``, one parquet file per experiment, named by the digests of
experiment and samples. The digest of the code that made them is kept inside, so that readers are told when the code has
changed since; ``MERLIB_REFERENCES=off`` trains everything again.

A file is trusted only when ``SHA256SUMS`` beside the folders lists its SHA-256, when its meta data name the same
experiment and samples as its file name, and when its rows are those of the samples. The list is written and committed
with each reference, so that a change of either can be seen in the repository's history.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from merlib.clips.samples import Samples
from merlib.errors import MerlibError
from merlib.learning.experiment import Experiment
from merlib.learning.leaky_names import refuse_leaky
from merlib.learning.store.checks import wrong_rows
from merlib.learning.store.fold_store import read_parquet, write_parquet
from merlib.learning.store.provenance import mixed_note, trainers_of
from merlib.learning.store.reference_sums import MOST_BYTES, listed_sum, note_sum
from merlib.learning.store.training_code import training_code
from merlib.opening import read_file
from merlib.places import find_checkout
from merlib.sources.joined_names import is_public

VARIABLE = "MERLIB_REFERENCES"
FILE = "file"  # attribute of predictions that were read: path below the folder of references, and SHA-256
_AGAIN = (
    "restore it and SHA256SUMS from the repository (git checkout), or train it again: merlib reference train; list a "
    "file of your own: merlib reference seal."
)


def reference_root() -> Path | None:
    """Return the folder of references; None when MERLIB_REFERENCES is ``off``, or unset outside a checkout."""
    folder = os.environ.get(VARIABLE, "")
    if folder == "off":
        return None
    if folder:
        return Path(folder)
    checkout = find_checkout()
    return checkout / "results" / "reference" if checkout else None


def references_digest() -> str:
    """SHA-256 of all reference predictions; it changes when one is added or altered, so that readers must run again."""
    root, digest = reference_root(), hashlib.sha256()
    for path in sorted(root.glob("*/predictions/*.parquet")) if root else []:
        digest.update(
            path.relative_to(root).as_posix().encode() + b"\0" + hashlib.sha256(read_file(path, MOST_BYTES)).digest()
        )
    return digest.hexdigest()


def reference_name(experiment: Experiment, samples: Samples) -> str:
    """Return the file name of an experiment's reference on `samples`, without its seeds."""
    return f"{experiment.model}-{experiment.training_digest[:12]}-{samples.digest[:12]}.parquet"


def reference_path(experiment: Experiment, samples: Samples, root: Path) -> Path:
    """Return where below `root` the reference of an experiment on `samples` lies or would lie."""
    folder = samples.name.replace("-", "_") + ("_twin" if samples.synthetic else "")
    return Path(root) / folder / "predictions" / reference_name(experiment, samples)


def save_reference(predictions: pd.DataFrame, experiment: Experiment, samples: Samples, root: Path) -> Path:
    """Write complete predictions below `root` as the reference of their experiment and return the path.

    If there is a file already, its predictions of the same seeds are replaced. Those of other seeds are kept if they
    come from the same code on the same kind of device; otherwise they are removed too.

    Raises
    ------
    MerlibError
        When the samples are neither public nor synthetic, so that no row of a licensed set is published, or the
        predictions are of other samples, lack a clip, or are the leakage laboratory's.
    """
    refuse_leaky(predictions.attrs, "the reference store", Path(root).name)
    if not samples.synthetic and not is_public(samples.name):
        raise MerlibError(
            f"predictions on {samples.name}.",
            "predictions on public maps (a manifest with access: public) or on the twin.",
            "keep the predictions of licensed clips out of the repository.",
        )
    seeds = predictions["seed"].nunique()
    if len(predictions) != len(samples) * seeds or predictions.attrs.get("samples_digest") != samples.digest:
        raise MerlibError(
            f"{len(predictions)} predictions of {seeds} seeds for {len(samples)} clips of {samples.name}.",
            "the whole frame that `run` returned on these samples.",
            "hand over the predictions as they came.",
        )
    path = reference_path(experiment, samples, root)
    meta = {name: value for name, value in predictions.attrs.items() if name != FILE}
    frame = predictions.drop(columns="experiment")
    if path.is_file():
        older, old_meta = read_reference(path, root)
        if all(old_meta.get(key) == meta.get(key) for key in ("source_digest", "device")):
            kept = older[~older["seed"].isin(frame["seed"])]
            frame = pd.concat([kept, frame], ignore_index=True)
            if len(kept):
                meta = _joined(old_meta, meta, {int(seed) for seed in kept["seed"]})
    write_parquet(frame, {**meta, "curves": _shortened(meta.get("curves", "{}"))}, path)
    note_sum(path, root)
    return path


def read_reference(path: Path, root: Path) -> tuple[pd.DataFrame, dict]:
    """Return rows and provenance of a reference below `root`, after checking it against the list and its own name.

    Raises
    ------
    MerlibError
        For a file that is not listed, has another SHA-256, is damaged, lies under the name of another one, or is the
        leakage laboratory's.
    """
    refuse_leaky({}, "the reference store", path.relative_to(root.parent))
    try:
        frame, meta = read_parquet(path, listed_sum(path, root))
    except MerlibError as error:
        raise MerlibError(error.found, "the reference that was committed.", _AGAIN) from error
    refuse_leaky(meta, "the reference store", path.relative_to(root.parent))
    try:
        digests = Experiment.from_dict(meta["experiment"]).training_digest, meta["samples_digest"]
        named = "-".join([meta["experiment"]["model"], *(digest[:12] for digest in digests)])
    except (KeyError, TypeError, ValueError, MerlibError) as error:
        raise MerlibError(f"{path} names no experiment.", "a reference as save_reference writes it.", _AGAIN) from error
    if path.stem != named:
        raise MerlibError(f"{path} holds the predictions of {named}.", "those that its name says.", _AGAIN)
    return frame, meta


def file_of(path: Path, root: Path) -> dict[str, str]:
    """Return what a record says of a reference file: its path below `root` and the SHA-256 that the list gives."""
    return {"path": path.relative_to(root).as_posix(), "sha256": listed_sum(path, root)}


def _shortened(curves: str) -> str:
    """Return learning curves with five digits, which is enough to plot them; all digits would fill most of the file."""
    short = {
        fold: {name: [float(f"{value:.5g}") for value in values] for name, values in named.items()}
        for fold, named in json.loads(curves).items()
    }
    return json.dumps(short)


def _joined(older: dict, newer: dict, kept: set[int]) -> dict:
    """Return the provenance of predictions that keep the seeds `kept` of the older file beside the newer ones."""
    old_curves = json.loads(older.get("curves", "{}"))
    curves = {name: curve for name, curve in old_curves.items() if int(name.split("/")[0]) in kept}
    joined = newer | {"curves": json.dumps(curves | json.loads(newer.get("curves", "{}")))}
    old_seeds = older["experiment"]["seeds"]
    share = len(kept & set(old_seeds)) / len(old_seeds)  # every seed trains the same folds
    joined["train_seconds"] = round(share * older["train_seconds"] + newer["train_seconds"], 1)
    for key in ("processor", "torch", "numba"):
        told = {*older.get(key, "").split("; "), *newer.get(key, "").split("; ")} - {""}
        joined[key] = "; ".join(sorted(told))
    joined["machines"] = _joined_machines(trainers_of(older), share, trainers_of(newer))
    joined["notes"] = list(dict.fromkeys([*older.get("notes", ()), *newer["notes"], *mixed_note(joined["machines"])]))
    seeds = sorted(kept | set(newer["experiment"]["seeds"]))
    experiment = Experiment.from_dict({**newer["experiment"], "seeds": seeds})
    return joined | {"experiment": experiment.to_dict(), "experiment_digest": experiment.digest}


def _joined_machines(older: list[dict], share: float, newer: list[dict]) -> list[dict]:
    """Return what trained the kept `share` of the older folds beside what trained the newer ones."""
    counts: dict[tuple, int] = {}
    for machine in [*({**each, "folds": round(share * each["folds"])} for each in older), *newer]:
        kind = tuple((name, value) for name, value in machine.items() if name != "folds")
        counts[kind] = counts.get(kind, 0) + machine["folds"]
    return [{**dict(kind), "folds": folds} for kind, folds in counts.items()]


def find_reference(experiment: Experiment, samples: Samples) -> tuple[pd.DataFrame, dict] | None:
    """Return the reference predictions of an experiment on `samples` and their provenance, or None.

    Only a file that holds every seed of the experiment, each with every clip, counts.
    """
    root = reference_root()
    if root is None or not root.is_dir():
        return None
    for path in sorted(root.glob(f"*/predictions/{reference_name(experiment, samples)}")):
        frame, meta = read_reference(path, root)
        asked = {"experiment_digest": experiment.training_digest, "samples_digest": samples.digest}
        held = {
            "experiment_digest": Experiment.from_dict(meta["experiment"]).training_digest,
            "samples_digest": meta["samples_digest"],
        }
        if held != asked:
            raise MerlibError(f"{path} is of another experiment or other samples.", f"{asked}.", _AGAIN)
        parts = [frame[frame["seed"] == seed] for seed in experiment.seeds]
        if all(len(part) == len(samples) for part in parts):
            for seed, part in zip(experiment.seeds, parts, strict=True):
                _check_rows(part, samples, seed, path)
            curves = json.loads(meta.get("curves", "{}"))
            asked = {k: v for k, v in curves.items() if int(k.split("/")[0]) in experiment.seeds}
            return pd.concat(parts, ignore_index=True), {**meta, "curves": json.dumps(asked), FILE: file_of(path, root)}
    return None


def _check_rows(part: pd.DataFrame, samples: Samples, seed: int, path: Path) -> None:
    """Raise unless one seed has exactly one prediction for each row of the samples, in whatever order."""
    places = {key: row for row, key in enumerate(samples.keys.tolist())}
    keys = part["dataset"] + "/" + part["subject"] + "/" + part["clip"]
    rows = [places.get(key, -1) for key in keys]
    if sorted(rows) != list(range(len(samples))):
        raise MerlibError(f"{path} holds other clips than {samples.name}.", "each clip once a seed.", _AGAIN)
    if wrong := wrong_rows(part, samples, np.array(rows), seed):
        raise MerlibError(f"{path}: {wrong}.", "predictions of these samples.", _AGAIN)


def source_unchanged(meta: Mapping) -> bool:
    """Return whether the code that made predictions is the same as the present code.

    Parameters
    ----------
    meta : mapping
        Provenance of the predictions, with ``experiment`` and ``source_digest``.
    """
    if "source_unchanged" in meta:
        return bool(meta["source_unchanged"])
    experiment = meta["experiment"]
    return meta["source_digest"] == training_code(experiment["model"], bool(experiment.get("start")))


def every_reference(data: str) -> list[pd.DataFrame]:
    """Return all committed reference predictions of a data set, each with its provenance in ``attrs``.

    Parameters
    ----------
    data : str
        Folder below ``results/reference``, such as ``megc2019_flow``.
    """
    root = reference_root()
    frames = []
    for path in sorted(root.glob(f"{data}/predictions/*.parquet")) if root else []:
        frame, meta = read_reference(path, root)
        experiment = {**meta["experiment"], "seeds": sorted(int(seed) for seed in frame["seed"].unique())}
        frame.insert(0, "experiment", experiment["label"])
        frame.attrs = {**meta, "experiment": experiment, "origin": "reference", FILE: file_of(path, root)}
        frames.append(frame)
    return frames
