"""A line of shell that computes a printed number again with pandas and scikit-learn, without merlib."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

SCORES = {
    "uf1": ("f1_score", ', average="macro"'),
    "f1": ("f1_score", ', average="macro"'),
    "uar": ("recall_score", ', average="macro"'),
    "acc": ("accuracy_score", ""),
}


def one_line(python: str, file: str, column: str, unit: str, seeds: Sequence[int], alone: bool = True) -> str:
    """Return the line for one number of one file of predictions.

    Parameters
    ----------
    python, file : str
        The interpreter and the file, as they are to be typed.
    column : str
        Data set and metric, such as ``full.uf1`` or ``casme2.acc``.
    unit : str
        ``%`` multiplies by a hundred.
    seeds : sequence of int
        The seeds that are used; for several, the mean is printed.
    alone : bool
        Whether the file holds no other seed.
    """
    part, _, metric = column.rpartition(".")
    name, more = SCORES[metric]
    steps = ["import pandas as pd", f"from sklearn.metrics import {name}", f'p = pd.read_parquet("{file}")']
    if not alone:
        steps.append(f"p = p[p.seed.isin({list(seeds)})]")
    if part not in ("", "full"):
        steps.append(f'p = p[p.dataset == "{part}"]')
    scale = "100 * " if unit == "%" else ""
    if len(seeds) == 1:
        value = f"{name}(p.label, p.prediction{more})"
    else:
        value = f'sum({name}(s.label, s.prediction{more}) for _, s in p.groupby("seed")) / p.seed.nunique()'
    steps.append(
        f"print(round({scale}({value}), 5))" if " / " in value and scale else f"print(round({scale}{value}, 5))"
    )
    return f"{python} -c {shlex.quote('; '.join(steps))}"


def near(path: Path) -> str:
    """Return a path relative to the working directory if it lies below it, else as it is."""
    near = os.path.relpath(path)
    return near if not near.startswith("..") else str(path)
