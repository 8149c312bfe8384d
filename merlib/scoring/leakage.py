"""Measurements of how much a leak, a careless split or choice, adds to a result."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from merlib.errors import MerlibError
from merlib.scoring.confusion_counts import Classes, SubjectCounts
from merlib.scoring.intervals import Interval, ends
from merlib.scoring.metrics import formula, uf1
from merlib.scoring.pairing import bootstrap_differences, difference_of_counts, paired_counts


def optimism(
    shared: pd.DataFrame | Sequence[pd.DataFrame],
    disjoint: pd.DataFrame,
    metric: Callable | str = uf1,
    *,
    level: float = 0.95,
    replicates: int = 2000,
    seed: int = 0,
    classes: Classes = None,
) -> Interval:
    """Return by how much a leaky evaluation exceeds a clean one, with a paired bootstrap interval by subject.

    Parameters
    ----------
    shared : DataFrame or sequence of DataFrame
        Predictions of the leaky evaluation: clips dealt to folds at random, or the epoch chosen on the test
        fold. Several tables, such as several random deals, are averaged as seeds are.
    disjoint : DataFrame
        Predictions of the same model on the same clips with subject-disjoint folds and the last epoch.
    metric : metric or str
        `uf1`, `uar`, `accuracy` or their names.
    level, replicates, seed
        As for `bootstrap_interval`.

    Returns
    -------
    Interval
        Metric of `shared` minus that of `disjoint`; positive means that the leak improves the result.

    Raises
    ------
    MerlibError
        When there is no leaky evaluation, and when clips, labels, classes or numbers of seeds differ.
    """
    deals = [shared] if isinstance(shared, pd.DataFrame) else list(shared)
    if not deals:
        raise MerlibError("no leaky evaluation.", "at least one table of predictions.", "run a clipkfold protocol.")
    of_counts = formula(metric)
    pairs = [paired_counts(deal, disjoint, classes) for deal in deals]
    leaky, clean = (
        SubjectCounts(np.concatenate([pair[side].counts for pair in pairs], axis=1), one.subjects, one.datasets)
        for side, one in enumerate(pairs[0])
    )
    value = float(difference_of_counts(leaky.pooled, clean.pooled, of_counts))
    return Interval(value, *ends(bootstrap_differences(leaky, clean, of_counts, replicates, seed), level))


def exposed_share(predictions: pd.DataFrame) -> float:
    """Return the share of clips whose person was also in the training data of their fold, averaged over seeds.

    It is read from the table of predictions alone: in a cross-validation every fold trains on all others, so a person
    whose clips lie in more than one fold was seen in training. It is 0 for subject-disjoint folds.

    Parameters
    ----------
    predictions : DataFrame
        Columns dataset, subject, fold; seed where there are several. One experiment.

    Raises
    ------
    MerlibError
        When a column is missing or there are no rows.
    """
    missing = [c for c in ("dataset", "subject", "fold") if c not in predictions.columns]
    if missing or predictions.empty:
        raise MerlibError(
            f"predictions without {', '.join(missing) or 'rows'}.",
            "columns dataset, subject, fold.",
            "hand over what learning.run returns; published logs do not tell their folds.",
        )
    seed = predictions["seed"] if "seed" in predictions.columns else pd.Series(0, index=predictions.index)
    folds = predictions.groupby([seed, "dataset", "subject"])["fold"].transform("nunique")
    return float((folds > 1).groupby(seed).mean().mean())
