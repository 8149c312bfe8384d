"""A ladder as a table: UAR of each rung with its interval over people, and how far it gets from chance to motion."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from merlib.scoring import bootstrap_interval, paired_permutation_test, uar
from merlib.scoring.confusion_counts import class_names
from merlib.scoring.interval_text import ends_text
from merlib.scoring.intervals import interval_over_deals

COLUMNS = ("UAR", "low", "high", "share of the way")


def ladder_table(rungs: Mapping[str, pd.DataFrame], top: str = "motion") -> pd.DataFrame:
    """Return one row per rung.

    Parameters
    ----------
    rungs : mapping of str to predictions
        Predictions by step, such as `planned.clip_ladder.committed_rungs` returns.
    top : str
        The rung that counts as the whole way: a linear classifier on true motion.

    Returns
    -------
    DataFrame
        ``UAR`` and the ends of its 95 % interval over people; ``share of the way`` from the UAR of guessing (1 over the
        number of classes) to that of `top`, NaN without that rung. Indexed by the runs' own labels.
    """
    rows = {}
    for step, predictions in rungs.items():
        interval = bootstrap_interval(predictions, uar)
        chance = 1 / len(class_names(predictions, None))
        whole = uar(rungs[top]) - chance if top in rungs else np.nan
        share = (interval.value - chance) / whole
        label = predictions["experiment"].iloc[0] if "experiment" in predictions else step
        rows[label] = dict(zip(COLUMNS, (interval.value, interval.low, interval.high, share), strict=True))
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(COLUMNS))


def gains_over(rungs: Mapping[str, pd.DataFrame], base: str) -> pd.DataFrame:
    """Return how much each change alone gains over one rung, paired by person.

    Parameters
    ----------
    rungs : mapping of str to predictions
        Predictions of the same clips, by the name of the change.
    base : str
        The rung that the others are compared with; it is the first row.

    Returns
    -------
    DataFrame
        ``UAR``, ``gain`` over `base`, and ``low`` and ``high``, the ends of its 95 % interval, with people resampled in
        pairs. No test is made. The row of `base` has no gain. The table is empty without `base`.
    """
    if base not in rungs:
        return pd.DataFrame(columns=["UAR", "gain", "low", "high"])
    rows = {base: {"UAR": uar(rungs[base])}}
    for name, predictions in rungs.items():
        if name != base:
            paired = paired_permutation_test(predictions, rungs[base], uar, permutations=1)
            rows[name] = {"UAR": uar(predictions), "gain": paired.difference, "low": paired.low, "high": paired.high}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["UAR", "gain", "low", "high"])


def ladder_finding(rungs: Mapping[str, pd.DataFrame], step: str = "network") -> str:
    """Return a sentence on how far the network of a ladder gets, and on whether its interval excludes chance."""
    if not {step, "motion"} <= set(rungs):
        return "The runs of this ladder are not committed yet: merlib reference climb."
    table, network = ladder_table(rungs), rungs[step]["experiment"].iloc[0]
    chance = 1 / len(class_names(rungs[step], None))
    row = table.loc[network]
    told = "excludes" if row["low"] > chance else "does not exclude"
    sentence = f"{network} goes {row['share of the way']:.0%} of the way from random to a line through true motion"
    sentence += f"; its interval over people {ends_text(row['low'], row['high'])} {told} random ({chance:.2f})."
    controls = [predictions for rung, predictions in rungs.items() if rung.startswith("shuffled")]
    if controls:
        interval = interval_over_deals(controls, uar)
        told = "still excludes" if interval.low > chance else "does not exclude"
        over = f" in {len(controls)} ways, people and ways resampled," if len(controls) > 1 else ""
        sentence += f" With labels shuffled{over} it {told} it: {interval.value:.3f} {ends_text(*interval[1:])}."
    return sentence
