"""The confusion matrix of pooled predictions."""

from __future__ import annotations

import pandas as pd

from merlib.scoring.counts import class_names, subject_counts


def confusion(predictions: pd.DataFrame, normalise: bool = False) -> pd.DataFrame:
    """Return the confusion matrix: rows truth, columns prediction, summed over seeds.

    Parameters
    ----------
    predictions : DataFrame
        What `learning.run` returned.
    normalise : bool
        Divide each row by its sum, so that the diagonal is the recall; a class without clips stays zero.
    """
    names = class_names(predictions)
    counts = subject_counts(predictions).counts.sum((0, 1))
    table = pd.DataFrame(counts, index=pd.Index(names, name="truth"), columns=pd.Index(names, name="prediction"))
    return table.div(table.sum(axis=1).clip(lower=1), axis=0) if normalise else table
