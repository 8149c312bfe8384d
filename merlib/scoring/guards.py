"""The guard that every clip is scored exactly once."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from merlib.errors import MerlibError

SHOWN = 5


def _listed(keys: Iterable[str]) -> str:
    keys = sorted(keys)
    more = f" and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
    return ", ".join(keys[:SHOWN]) + more


def clip_keys(predictions: pd.DataFrame) -> pd.Series:
    """Return ``dataset/subject/clip`` of each row, the identity that `Samples.keys` uses; a lack of it is an error."""
    missing = [c for c in ("dataset", "subject", "clip", "label") if c not in predictions.columns]
    if missing or predictions.empty:
        raise MerlibError(
            f"predictions without {', '.join(missing) or 'rows'}.",
            "columns dataset, subject, clip, label and at least one row.",
            "hand over what learning.run returns.",
        )
    dataset, subject, clip = (predictions[c].astype(str) for c in ("dataset", "subject", "clip"))
    return dataset + "/" + subject + "/" + clip


def check_scored_once(predictions: pd.DataFrame, keys: Iterable[str] | None = None) -> None:
    """Raise when, within one experiment and seed, a clip is scored twice or never.

    This also finds augmented copies that were scored as if they were clips (errata ASTNET-B8).

    Parameters
    ----------
    predictions : DataFrame
        Columns dataset, subject, clip, label; experiment and seed where there are several.
    keys : iterable of str, optional
        ``dataset/subject/clip`` of every clip that must be scored (`Samples.keys`). Without it, every seed of
        an experiment must score the clips that any of its seeds scored.

    Raises
    ------
    MerlibError
        When a clip is scored twice or never, is not among `keys`, or has a different label in another seed. The message
        names the clips, the experiment and the seed.
    """
    frame = pd.DataFrame({"key": clip_keys(predictions), "label": predictions["label"]})
    for column in ("experiment", "seed"):
        frame[column] = predictions[column] if column in predictions.columns else 0
    asked = None if keys is None else set(map(str, keys))
    for experiment, runs in frame.groupby("experiment", sort=False):
        wanted = set(runs["key"]) if asked is None else asked
        for seed, part in runs.groupby("seed", sort=False):
            where = f"experiment {experiment!r}, seed {seed}" if "experiment" in predictions.columns else f"seed {seed}"
            _check_one_run(where, part["key"], wanted)
        labels = runs.drop_duplicates(["key", "label"])["key"]
        if len(labels) > len(wanted):
            raise MerlibError(
                f"{_listed(labels[labels.duplicated()])} with different labels in different seeds.",
                "one label a clip.",
                "compare the label lists that the seeds were run with.",
            )


def _check_one_run(where: str, scored: pd.Series, wanted: set[str]) -> None:
    twice = set(scored[scored.duplicated()])
    if twice:
        raise MerlibError(
            f"{where}: {_listed(twice)} scored more than once.",
            "each clip once.",
            "look for overlapping folds, rows joined twice, or augmented copies counted as clips.",
        )
    found = set(scored)
    if found == wanted:
        return
    never = wanted - found
    fault = f"{_listed(never)} never scored" if never else f"{_listed(found - wanted)} scored but not among the clips"
    raise MerlibError(
        f"{where}: {fault}.",
        f"{len(wanted)} clips, each once.",
        "run the missing folds, or use the samples the predictions were made from.",
    )
