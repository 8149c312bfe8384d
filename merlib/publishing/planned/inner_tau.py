"""Tau chosen inside the training people: the scores of inner folds, kept as a committed table.

For each of the ten outer folds, its training people alone are dealt into five inner folds, STSTNet is trained on these
with every tau, and the UF1 of the pooled inner predictions is written down. No test person of the outer fold takes
part, neither in training nor in scoring, so the choice is nested.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from merlib.errors import MerlibError
from merlib.learning.engine import run
from merlib.learning.folds import make_folds
from merlib.learning.store.references import reference_root
from merlib.publishing.planned.ablation_plan import TAUS, Sources, open_maps, tau_experiment
from merlib.publishing.records.record import write_whole
from merlib.scoring import uf1

INNER = "tau-inner"  # the name of this training among the ablations
FILE = "inner_tau.csv"  # below results/reference
INNER_FOLDS = "groupkfold:5"
OUTER_FOLDS = "groupkfold:10"


def train_inner(sources: Sources, root: Path | None = None, **how: object) -> pd.DataFrame:
    """Train every tau on the inner folds of each outer fold's training people; write and return UF1.

    Parameters
    ----------
    sources : Sources
        With the folder of the public maps.
    root : path, optional
        Folder of references; ``results/reference`` or what MERLIB_REFERENCES names by default.
    **how
        Further arguments of `learning.run`, such as ``store`` and ``device``.

    Returns
    -------
    DataFrame
        Columns ``fold`` (outer), ``tau``, ``uf1`` (of the inner folds' pooled predictions, 0..1).

    Raises
    ------
    MerlibError
        When there is no folder of references to write to, or the folder of the maps was not named.
    """
    root = root or reference_root()
    if root is None:
        raise MerlibError("no folder of references.", "one to write to.", "set MERLIB_REFERENCES to a folder.")
    samples, rows = open_maps(sources), []
    for fold in make_folds(OUTER_FOLDS, samples):
        inside = samples.take(fold.train)
        for tau in TAUS:
            experiment = replace(tau_experiment(tau), protocol=INNER_FOLDS)
            answers = run(experiment, inside, workers=sources.workers, references=False, **how)
            rows.append({"fold": fold.name, "tau": tau, "uf1": round(uf1(answers), 6)})
    table = pd.DataFrame(rows)
    write_whole(root / FILE, table.to_csv(index=False))
    return table


def inner_scores(root: Path | None = None) -> pd.DataFrame | None:
    """Return the committed table of `train_inner`, a row per outer fold and a column per tau; None if there is none."""
    root = root or reference_root()
    if root is None or not (root / FILE).is_file():
        return None
    return pd.read_csv(root / FILE).pivot_table(index="fold", columns="tau", values="uf1")
