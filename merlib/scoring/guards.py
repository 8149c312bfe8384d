"""Every clip is scored once: neither twice nor never."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from merlib.errors import MerlibError

SHOWN = 5


def _listed(keys: Iterable[str]) -> str:
    keys = sorted(keys)
    more = f" and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
    return ", ".join(keys[:SHOWN]) + more


def check_scored_once(predictions: pd.DataFrame, keys: Iterable[str] | None = None) -> None:
    """Raise when a clip is scored twice or never within one experiment and seed.

    Parameters
    ----------
    predictions : DataFrame
        What a table is to be made from.
    keys : iterable of str, optional
        ``dataset/subject/clip`` of every clip that must be scored (`Samples.keys`).

    Raises
    ------
    MerlibError
        The message names the clips and the seed.
    """
    by = [c for c in ("experiment", "seed") if c in predictions.columns]
    for name, part in predictions.groupby(by, sort=False):
        scored = part["dataset"].astype(str) + "/" + part["subject"].astype(str) + "/" + part["clip"].astype(str)
        twice = set(scored[scored.duplicated()])
        if twice:
            raise MerlibError(
                f"{dict(zip(by, name, strict=True))}: {_listed(twice)} scored more than once.",
                "each clip once.",
                "look for overlapping folds or rows that were joined twice.",
            )
        wanted = set(map(str, keys)) if keys is not None else set(scored)
        for clips, fault in ((wanted - set(scored), "never scored"), (set(scored) - wanted, "scored but unknown")):
            if clips:
                raise MerlibError(
                    f"{dict(zip(by, name, strict=True))}: {_listed(clips)} {fault}.",
                    "exactly the clips of the samples.",
                    "run the missing folds, or use the samples the predictions were made from.",
                )
