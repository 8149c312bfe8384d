"""What a fold store holds, listed fast and pruned safely.

Reading the footer of thousands of parquet files takes seconds, so every save also appends one line to
``index.jsonl``. The index only describes: an entry exists when its file exists, a file without a line is described
from its footer, and a line without a file is ignored.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd

from merlib.errors import MerlibError
from merlib.learning.store.fold_store import FoldStore, describe_entry, read_meta
from merlib.learning.store.starts import read_start, start_path
from merlib.opening import read_file

MOST_BYTES = 2**28  # of the index: a million entries
MOST_SEED = 2**63
COLUMNS = ("key", "model", "label", "protocol", "fold", "seed", "samples", "seconds", "size", "modified")
DAY = 86_400.0


def _index(root: Path) -> dict[str, dict]:
    described: dict[str, dict] = {}
    try:
        lines = read_file(root / "index.jsonl", MOST_BYTES).decode("utf-8", "replace").splitlines()
    except OSError:
        return described
    for line in lines:
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue  # a line cut short by a kill: its entry is described from the file
        if _describes(entry):
            described[entry["key"]] = entry
    return described


def _describes(entry: object) -> bool:
    """Whether an entry's description, from whatever file, can be listed and sorted beside the others."""
    if not isinstance(entry, dict):
        return False
    words = ("key", "model", "label", "protocol", "fold", "samples")
    seed, seconds = entry.get("seed"), entry.get("seconds")
    return (
        all(isinstance(entry.get(name), str) for name in words)
        and type(seed) is int
        and abs(seed) < MOST_SEED
        and isinstance(seconds, int | float)
        and math.isfinite(seconds)
    )


def list_store(store: FoldStore) -> pd.DataFrame:
    """Return one row per entry: key, model, label, protocol, fold, seed, samples, seconds, size / B, modified.

    Sorted by model, label, seed and fold. A start that `learning.pretrain` wrote is an entry whose fold is
    ``pretraining``. A damaged entry has model ``damaged``.
    """
    described = _index(store.root)
    rows = []
    for file in _files(store.root):
        key, kind = os.path.splitext(file.name)
        entry = described.get(key) or (_from_start if kind == ".pt" else _from_file)(store, key)
        state = file.stat()
        rows.append({**entry, "size": state.st_size, "modified": state.st_mtime})
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.sort_values(["model", "label", "seed", "fold"], ignore_index=True)


def _files(root: Path) -> Iterator[os.DirEntry]:
    """Yield the files of all entries and starts."""
    for folder in [*sorted(root.glob("??")), *root.glob("starts")]:
        for file in os.scandir(folder):
            if file.name.endswith((".parquet", ".pt")) and not file.name.startswith("."):
                yield file


def described_start(record: dict) -> dict:
    """Return a start's record as meta data of an entry whose fold is ``pretraining``."""
    experiment = {**record["experiment"], "protocol": "all rows"}
    return {**record, "experiment": experiment, "fold": "pretraining", "seed": experiment["seeds"][0]}


def _from_start(store: FoldStore, key: str) -> dict:
    return _described(key, lambda: described_start(read_start(key, store.root).record), "pretraining")


def _from_file(store: FoldStore, key: str) -> dict:
    return _described(key, lambda: read_meta(store.path(key)), "?")


def _described(key: str, read: Callable[[], dict], fold: str) -> dict:
    """Return the description that a file gives of itself; of one that is damaged or tells nonsense, that it is."""
    try:
        entry = describe_entry(key, read())
    except (MerlibError, AttributeError, KeyError, IndexError, TypeError):
        entry = {}
    damaged = {"experiment": {"model": "damaged", "label": "damaged"}, "fold": fold}
    return entry if _describes(entry) else describe_entry(key, damaged)


def summarise_store(entries: pd.DataFrame) -> pd.DataFrame:
    """Return one row per experiment and data of `list_store`'s rows: folds, seeds, hours of training, size / MB."""
    groups = entries.groupby(["model", "label", "protocol", "samples"], sort=True)
    table = groups.agg(folds=("key", "size"), seeds=("seed", "nunique"), hours=("seconds", "sum"), MB=("size", "sum"))
    return table.assign(hours=table["hours"] / 3600, MB=table["MB"] / 1e6).reset_index()


def prune_store(
    store: FoldStore, older_than: float | None = None, model: str | None = None, dry_run: bool = False
) -> pd.DataFrame:
    """Delete entries, pretrained starts among them, and return what was (or, with `dry_run`, would be) deleted.

    Parameters
    ----------
    store : FoldStore
        The store.
    older_than : float, optional
        Only entries last written more than this many days ago.
    model : str, optional
        Only entries of this model; ``damaged`` for those that cannot be read.
    dry_run : bool
        Delete nothing.

    Raises
    ------
    MerlibError
        When neither condition is given, so that nobody deletes everything by accident; remove the folder for that.
    """
    if older_than is None and model is None:
        raise MerlibError("no condition.", "an age, a model, or both.", "e.g. merlib store prune --older 90")
    entries = list_store(store)
    chosen = pd.Series(True, index=entries.index)
    if older_than is not None:
        chosen &= entries["modified"] < time.time() - older_than * DAY
    if model is not None:
        chosen &= entries["model"] == model
    entries = entries[chosen].reset_index(drop=True)
    if not dry_run:
        for key in entries["key"]:
            with store.claim(key):
                store.path(key).unlink(missing_ok=True)
                start_path(store.root, key).unlink(missing_ok=True)
    return entries
