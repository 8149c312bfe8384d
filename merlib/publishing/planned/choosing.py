"""How much choosing a value by the test result gains over choosing it on other people, from committed predictions.

Two papers choose tau, lambda or the loss by the result that they then report. Here the value is chosen from the same
runs in three ways: the value that is best on all test clips; for each fold the value that is best on the other folds;
and, where inner folds were trained, for each fold the value that is best inside its training people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pandas as pd

from merlib.scoring import bootstrap_interval, paired_permutation_test, uf1
from merlib.scoring.confusion_counts import confusions_by_subject
from merlib.scoring.interval_text import value_text

BY_TEST = "chosen by the test result"
BY_OTHERS = "chosen on the other folds"
INSIDE = "chosen inside the training people"
PRINTED = "as printed"


def _best(scores: Mapping[str, float]) -> str:
    return max(scores, key=scores.get)  # of equal ones the first, in the order given


def by_test(runs: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Return for each fold the same value, the one with the highest UF1 on all test clips."""
    best = _best({value: uf1(answers) for value, answers in runs.items()})
    return dict.fromkeys(_folds(runs), best)


def by_other_folds(runs: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Return for each fold the value with the highest UF1 on the clips of the other folds.

    The networks that predicted those clips were trained on the people of this fold, so the choice is not nested. But no
    prediction of a clip of this fold is looked at.
    """
    return {
        fold: _best({value: uf1(answers[answers["fold"] != fold]) for value, answers in runs.items()})
        for fold in _folds(runs)
    }


def by_inner_folds(inner: pd.DataFrame) -> dict[str, str]:
    """Return for each outer fold the value with the highest inner score; of equal ones the smallest.

    Parameters
    ----------
    inner : DataFrame
        One row per outer fold, one column per value, as `inner_tau.inner_scores` returns it.
    """
    return {str(fold): f"{row.idxmax():g}" for fold, row in inner.iterrows()}


def answers_of(runs: Mapping[str, pd.DataFrame], chosen: Mapping[str, str], label: str) -> pd.DataFrame:
    """Return, as one run under `label`, the predictions of each fold with the value that was chosen for it."""
    parts = [answers[answers["fold"].map(chosen) == value] for value, answers in runs.items()]
    joined = pd.concat(parts, ignore_index=True).assign(experiment=label)
    joined.attrs = {**next(iter(runs.values())).attrs}
    return joined


def choosing_table(
    runs: Mapping[str, pd.DataFrame], printed: str, inner: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the result of each way of choosing, with ends of the 95 % intervals.

    Parameters
    ----------
    runs : mapping of str to predictions
        One run a value, on the same folds.
    printed : str
        The value that the paper prints.
    inner : DataFrame, optional
        Inner scores; without them the row `INSIDE` is left out.

    Returns
    -------
    values, low, high : DataFrame
        Rows `BY_TEST`, `BY_OTHERS`, `INSIDE` and `PRINTED`; columns ``chosen`` (text), ``UF1``, and ``optimism``: by
        how much the UF1 of the choice by the test result exceeds this row's, on the same people and seeds.
    """
    ways = {BY_TEST: by_test(runs), BY_OTHERS: by_other_folds(runs)}
    if inner is not None:
        ways[INSIDE] = by_inner_folds(inner)
    ways[PRINTED] = dict.fromkeys(_folds(runs), printed)
    answers = {way: answers_of(runs, chosen, way) for way, chosen in ways.items()}
    tables = [pd.DataFrame(index=list(ways), columns=["chosen", "UF1", "optimism"], dtype=object) for _ in range(3)]
    for way, chosen in ways.items():
        interval = bootstrap_interval(answers[way], uf1)
        more = paired_permutation_test(answers[BY_TEST], answers[way], uf1, permutations=1)
        same = way == BY_TEST
        ends = ((interval.value, more.difference), (interval.low, more.low), (interval.high, more.high))
        for table, (value, gap) in zip(tables, ends, strict=True):
            table.loc[way, "UF1"] = value
            table.loc[way, "optimism"] = None if same else gap
        tables[0].loc[way, "chosen"] = _told(chosen)
    return tuple(table.infer_objects() for table in tables)


def optimism_between_halves(runs: Mapping[str, pd.DataFrame], splits: int = 1000, seed: int = 0) -> float:
    """Return by how much UF1 is too high, on average, on the people on whom a value was chosen.

    The people of each data set are dealt into two halves at random. The value that is best on one half is scored on
    that half and on the other, and the differences are averaged. Only half of the people take part in each choice, so
    this is more than the optimism of `by_test`.

    Parameters
    ----------
    runs : mapping of str to predictions
        One run a value, on the same clips.
    splits, seed : int
        Number of deals, and the seed of all draws.
    """
    counted = [confusions_by_subject(answers) for answers in runs.values()]
    counts = np.stack([one.counts for one in counted])  # (values, people, seeds, C, C)
    datasets, random, gaps = counted[0].datasets, np.random.default_rng(seed), []
    for _ in range(splits):
        first = np.zeros(len(datasets), bool)
        for name in np.unique(datasets):
            members = random.permutation(np.flatnonzero(datasets == name))
            first[members[: len(members) // 2]] = True
        halves = [uf1.of_counts(counts[:, side].sum(1)).mean(-1) for side in (first, ~first)]  # (values,) each
        gaps += [here[here.argmax()] - there[here.argmax()] for here, there in (halves, halves[::-1])]
    return float(np.mean(gaps))


def choosing_finding(values: pd.DataFrame, low: pd.DataFrame, high: pd.DataFrame) -> str:
    """Return a sentence on how much the choice by the test result gains over the most honest way of the table."""
    honest = INSIDE if INSIDE in values.index else BY_OTHERS
    gap, ends = values.loc[honest, "optimism"], (low.loc[honest, "optimism"], high.loc[honest, "optimism"])
    if values.loc[honest, "chosen"] == values.loc[BY_TEST, "chosen"]:
        return f"The value {honest} is the same in every fold as the one {BY_TEST}: {values.loc[honest, 'chosen']}."
    noise = "inside" if ends[0] <= 0 <= ends[1] else "more than"
    return (
        f"The value {BY_TEST} has UF1 {value_text(gap, *ends, '+.3f')} above the one {honest}: "
        f"{noise} the noise of these people."
    )


def _folds(runs: Mapping[str, pd.DataFrame]) -> list[str]:
    return sorted(next(iter(runs.values()))["fold"].unique())


def _told(chosen: Mapping[str, str]) -> str:
    counts = Counter(chosen.values())
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{value} in {count}" for value, count in sorted(counts.items(), key=lambda pair: -pair[1]))
