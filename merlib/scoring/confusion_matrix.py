"""The confusion matrix of pooled predictions."""

from __future__ import annotations

import pandas as pd

from merlib.scoring.confusion_counts import Classes, class_names, seed_counts


def confusion(predictions: pd.DataFrame, normalise: bool = False, classes: Classes = None) -> pd.DataFrame:
    """Return the confusion matrix over pooled clips: rows truth, columns prediction.

    Parameters
    ----------
    predictions : DataFrame
        What `learning.run` returned. With several seeds the counts are summed over them, so that a row sums to
        seeds times clips.
    normalise : bool
        Divide each row by its sum, so that the diagonal is the recall; a class without clips reads NaN.
    classes : int or sequence of str, optional
        Number or names of the classes; see `confusion_counts.class_names`.

    Returns
    -------
    DataFrame (C, C)
        int64, or float when normalised; index ``truth`` and columns ``prediction`` hold class names.
    """
    names = class_names(predictions, classes)
    counts = seed_counts(predictions, classes).sum(0).astype("int64")
    table = pd.DataFrame(counts, index=pd.Index(names, name="truth"), columns=pd.Index(names, name="prediction"))
    totals = table.sum(axis=1)
    return table.div(totals.where(totals > 0), axis=0) if normalise else table
