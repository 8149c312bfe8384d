"""Twenty lies about results, each with every hash renewed: what each changes, and nothing else.

Every lie is a function of a laboratory (`as_committed.Laboratory`) and of a folder to lie in.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from as_committed import FLOW, LINE, NET, PHASES, Laboratory

from merlib.learning import make_folds
from merlib.learning.losses import class_prior
from merlib.learning.store.fold_store import read_parquet
from merlib.learning.training import loop
from merlib.learning.training.augmentation import mirror
from merlib.learning.workers.tasks import predictions_frame
from merlib.models import build_model
from merlib.scoring import accuracy, precision_by_class, uf1

SCORES = ["score_negative", "score_positive", "score_surprise"]
LIES: dict[str, Callable[[Laboratory, Path], None]] = {}


def lie(function):
    LIES[function.__name__] = function
    return function


def _rows(lab: Laboratory, root: Path, model: str = "linear") -> pd.DataFrame:
    return read_parquet(lab.file(root, model))[0]


def _made_right(rows: pd.DataFrame, chosen: np.ndarray) -> pd.DataFrame:
    """Give the chosen rows their true class and scores to match, so that no row contradicts itself."""
    rows = rows.copy()
    for row in np.flatnonzero(chosen):
        values = np.sort(rows.loc[row, SCORES].to_numpy(float))
        label = rows.loc[row, "label"]
        order = [*(i for i in range(3) if i != label), label]
        rows.loc[row, [SCORES[i] for i in order]] = values
        rows.loc[row, "prediction"] = label
    return rows


def _wrong(rows: pd.DataFrame) -> np.ndarray:
    return (rows["label"] != rows["prediction"]).to_numpy()


@lie
def label_flipped(lab, root):
    rows = _rows(lab, root)
    first = np.flatnonzero(_wrong(rows))[0]
    rows.loc[first, "label"] = rows.loc[first, "prediction"]
    lab.restamp(root, "linear", rows)


@lie
def one_prediction_changed(lab, root):
    rows = _rows(lab, root)
    chosen = np.zeros(len(rows), bool)
    chosen[np.flatnonzero(_wrong(rows))[0]] = True
    lab.restamp(root, "linear", _made_right(rows, chosen))


@lie
def a_subjects_predictions_changed(lab, root):
    rows = _rows(lab, root)
    lab.restamp(root, "linear", _made_right(rows, (rows["subject"] == "sub17").to_numpy()))


@lie
def a_folds_predictions_changed(lab, root):
    rows = _rows(lab, root)
    lab.restamp(root, "linear", _made_right(rows, (rows["fold"] == "fold03").to_numpy()))


@lie
def fold_dropped(lab, root):
    rows = _rows(lab, root)
    lab.restamp(root, "linear", rows[rows["fold"] != "fold03"].reset_index(drop=True))


@lie
def fold_doubled(lab, root):
    rows = _rows(lab, root)
    lab.restamp(root, "linear", pd.concat([rows, rows[rows["fold"] == "fold03"]], ignore_index=True))


@lie
def clip_doubled(lab, root):
    """A clip that was told right stands in the place of one that was told wrong: the count is kept."""
    rows = _rows(lab, root)
    bad = np.flatnonzero(_wrong(rows))[0]
    same = (rows["fold"] == rows.loc[bad, "fold"]).to_numpy() & ~_wrong(rows)
    rows.loc[bad] = rows.loc[np.flatnonzero(same)[0]]
    lab.restamp(root, "linear", rows)


@lie
def two_classes_swapped(lab, root):
    rows, other = _rows(lab, root), np.array([0, 2, 1])
    rows["label"], rows["prediction"] = other[rows["label"]], other[rows["prediction"]]
    rows[SCORES] = rows[[SCORES[i] for i in other]].to_numpy()
    lab.restamp(root, "linear", rows)


@lie
def metric_under_another_name(lab, root):
    lab.edit_record(root, full_uf1={"value": accuracy(lab.line)})


@lie
def macro_precision_called_uar(lab, root):
    lab.edit_record(root, full_uar={"value": float(precision_by_class(lab.line).mean())})


@lie
def interval_from_clips(lab, root):
    """Clips are drawn as if each were another person's: the interval gets too narrow."""
    random, n = np.random.default_rng(0), len(lab.line)
    rows = lab.line[["label", "prediction", *SCORES]]
    draws = [uf1(rows.iloc[random.integers(0, n, n)]) for _ in range(200)]
    low, high = np.quantile(draws, [0.025, 0.975])
    lab.edit_record(root, full_uf1={"low": float(low), "high": float(high)})


@lie
def mean_of_folds_called_pooled(lab, root):
    folds = [uf1(part, 3) for _, part in lab.line.groupby("fold")]
    lab.edit_record(root, full_uf1={"value": float(np.mean(folds))})


def _net_rows(lab: Laboratory, experiment=NET) -> pd.DataFrame:
    return lab.train(experiment, lab.samples[FLOW]).drop(columns="experiment")


@lie
def best_epoch_instead_of_last(lab, root):
    by_epoch = [_net_rows(lab, replace(NET, recipe=replace(NET.recipe, epochs=n))) for n in range(1, 5)]
    parts = []
    for (seed, fold), _ in by_epoch[0].groupby(["seed", "fold"], sort=False):
        told = [rows[(rows["seed"] == seed) & (rows["fold"] == fold)] for rows in by_epoch]
        parts.append(max(told, key=accuracy))
    lab.restamp(root, "plain_net", pd.concat(parts, ignore_index=True))


@contextmanager
def _while(name: str, instead):
    honest = getattr(loop, name)
    setattr(loop, name, instead)
    try:
        yield
    finally:
        setattr(loop, name, honest)


def _trained_otherwise(lab: Laboratory, name: str, instead) -> pd.DataFrame:
    """Train the network's folds with one part of the engine exchanged."""
    samples, parts = lab.samples[FLOW], []
    with _while(name, instead):
        for seed in NET.seeds:
            for fold in make_folds(NET.protocol, samples):
                scores = loop.train_fold(NET, samples, fold, seed).scores
                parts.append(predictions_frame(samples, fold, seed, scores))
    return pd.concat(parts, ignore_index=True)


@lie
def prior_from_all_data(lab, root):
    everything = class_prior(torch.from_numpy(lab.samples[FLOW].labels.copy()), 3)
    lab.restamp(root, "plain_net", _trained_otherwise(lab, "class_prior", lambda labels, classes: everything))


@lie
def normalised_over_all_clips(lab, root):
    rows = loop.as_tensors(lab.samples[FLOW], np.arange(len(lab.samples[FLOW])))
    honest = loop.Normaliser
    lab.restamp(root, "plain_net", _trained_otherwise(lab, "Normaliser", lambda how, train: honest(how, rows)))


def _line_fitted(lab: Laboratory, more=None, options=lambda fold: {}) -> pd.DataFrame:
    """Fit the line fold by fold, with more training rows or other options than it should have."""
    samples, parts = lab.samples[FLOW], []
    x, y = samples.inputs["flow"], samples.labels
    for fold in make_folds(LINE.protocol, samples):
        train = np.concatenate([x[fold.train], mirror(x[fold.train], samples.unit)])
        labels = np.concatenate([y[fold.train]] * 2)
        if more is not None:
            added, theirs = more(fold)
            train, labels = np.concatenate([train, added]), np.concatenate([labels, theirs])
        model = build_model("linear", classes=3, **options(fold)).fit(train, labels)
        parts.append(predictions_frame(samples, fold, 0, model.predict_proba(x[fold.test])))
    return pd.concat(parts, ignore_index=True)


@lie
def a_subject_on_both_sides(lab, root):
    """Clips are dealt at random, and the folds' names are rewritten to those of an honest split."""
    shared = lab.train(replace(LINE, protocol="clipkfold:10:0"), lab.samples[FLOW]).drop(columns="experiment")
    clip = ["dataset", "subject", "clip"]
    honest = _rows(lab, root)[[*clip, "fold"]]
    rows = honest.merge(shared.drop(columns="fold"), on=clip)[shared.columns]
    lab.restamp(root, "linear", rows)


@lie
def augmented_copies_across_the_split(lab, root):
    samples = lab.samples[FLOW]
    x, y = samples.inputs["flow"], samples.labels
    copies = _line_fitted(lab, more=lambda fold: (mirror(x[fold.test], samples.unit), y[fold.test]))
    lab.restamp(root, "linear", copies)


@lie
def parameters_chosen_on_the_test_fold(lab, root):
    tried = [_line_fitted(lab, options=lambda fold, c=c: {"C": c}) for c in (1e-5, 1e-4, 1e-3, 1e-2)]
    names = tried[0]["fold"].unique()
    best = [max((rows[rows["fold"] == name] for rows in tried), key=accuracy) for name in names]
    lab.restamp(root, "linear", pd.concat(best, ignore_index=True))


@lie
def another_archives_predictions(lab, root):
    rows = lab.train(LINE, lab.samples[PHASES]).drop(columns="experiment")
    lab.restamp(root, "linear", rows)


@lie
def another_seeds_predictions(lab, root):
    rows, other = _rows(lab, root, "plain_net"), _net_rows(lab, replace(NET, seeds=(5,)))
    lab.restamp(root, "plain_net", pd.concat([other.assign(seed=0), rows[rows["seed"] == 1]], ignore_index=True))
