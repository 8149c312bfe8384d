"""Learning curves of a run, as one long table."""

from __future__ import annotations

import json

import pandas as pd

from merlib.errors import MerlibError


def learning_curves(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the training curves as one table, a row for each epoch of each seed and fold.

    Parameters
    ----------
    predictions : DataFrame
        What `learning.run` returned for a network.

    Returns
    -------
    DataFrame
        ``seed fold epoch loss accuracy``: epochs count from 1, loss and accuracy (0..1) are those of the training rows.

    Raises
    ------
    MerlibError
        When the predictions carry no curves (an estimator has none).
    """
    curves = json.loads(predictions.attrs.get("curves", "{}"))
    if not curves:
        raise MerlibError(
            "predictions without curves.",
            "predictions of a network, as `run` returns them.",
            "run the experiment.",
        )
    parts = []
    for key, values in curves.items():
        seed, fold = key.split("/", 1)
        part = pd.DataFrame(values)
        part.insert(0, "epoch", range(1, len(part) + 1))
        part.insert(0, "fold", fold)
        part.insert(0, "seed", int(seed))
        parts.append(part)
    return pd.concat(parts, ignore_index=True)
