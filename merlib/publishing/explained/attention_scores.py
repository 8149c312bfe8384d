"""Does attention find what moves? Scores of each clip of the twin, their means, and the finding in a sentence."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from merlib.explaining.agreement import pointing_game, rank_correlation, region_auc
from merlib.publishing.explained.networks import Explained, attention
from merlib.publishing.explained.true_regions import face_places, in_puzzle, moving_regions, true_speed
from merlib.scoring.interval_text import value_text
from merlib.scoring.means import mean_over_clips

TRAINED, RANDOM, STRAIN, USUAL = "Grad-CAM, trained", "Grad-CAM, random weights", "strain as given", "the usual place"
NOTHING = "nothing known"
MEASURES = {"auc": region_auc, "pointing": pointing_game}
RIVALS = {
    RANDOM: "random weights",
    STRAIN: "the strain map itself",
    USUAL: "the mean map of the other people",
}
DRAWS = 3  # sets of random weights per fold, whose scores are averaged


def candidates(explained: Explained, place: str = "flow") -> dict[str, np.ndarray]:
    """Return the maps that compete, each (rows, 28, 28), in the order of `Explained.rows`.

    ``Grad-CAM, trained`` is the map of the trained networks. ``Grad-CAM, random weights 0`` and so on are those of
    untrained networks of the same folds, one for each of `DRAWS` draws. ``strain as given`` is the network's own input,
    for which no network is needed. ``the usual place`` is the mean Grad-CAM of all other people, which does not depend
    on the clip itself.

    Parameters
    ----------
    explained : Explained
        Trained networks.
    place : {'flow', 'puzzle'}
        The input whose maps are returned.
    """
    trained = attention(explained, only=place)[place]
    maps = {TRAINED: trained}
    for draw in range(DRAWS):
        maps[f"{RANDOM} {draw}"] = attention(explained.with_random_weights(draw), only=place)[place]
    rows = explained.rows
    maps[STRAIN] = np.asarray(explained.samples.inputs[place])[rows, 2]
    maps[USUAL] = _of_others(trained, explained.samples.groups[rows])
    return maps


def _of_others(maps: np.ndarray, people: np.ndarray) -> np.ndarray:
    total, others = maps.sum(0, dtype=np.float64), np.empty_like(maps)
    for person in np.unique(people):
        own = people == person
        others[own] = (total - maps[own].sum(0, dtype=np.float64)) / max(1, len(maps) - own.sum())
    return others


def clip_scores(explained: Explained, maps: Mapping[str, np.ndarray], place: str = "flow") -> pd.DataFrame:
    """Return the scores of each map on each clip of the twin: one row per clip, columns (map, measure), in 0..1.

    `maps` come from `candidates`; scores of several random weights are averaged clip by clip. ``nothing known`` is the
    score of a map that knows nothing: an area under the curve of .5, and in the pointing game the region's share of the
    face. ``same order`` is the rank correlation of the trained map with that of random weights, in -1..1.
    """
    samples = explained.samples.take(explained.rows)
    speed = true_speed(samples)
    within = face_places()
    if place == "puzzle":
        speed, within = in_puzzle(speed), np.ones_like(within)
    regions = moving_regions(speed)
    scores: dict[tuple[str, str], np.ndarray] = {}
    draws = [name for name in maps if name.startswith(RANDOM)]
    for measure, of in MEASURES.items():
        for name in (TRAINED, STRAIN, USUAL):
            scores[name, measure] = of(maps[name], regions, within)
        scores[RANDOM, measure] = np.mean([of(maps[name], regions, within) for name in draws], axis=0)
    scores[NOTHING, "auc"] = np.full(len(regions), 0.5)
    scores[NOTHING, "pointing"] = regions[:, within].mean(1)
    orders = [rank_correlation(maps[TRAINED], maps[name], within) for name in draws]
    scores[RANDOM, "same order"] = np.mean(orders, axis=0)
    index = pd.MultiIndex.from_arrays(
        [samples.datasets, samples.groups, samples.clips], names=["dataset", "person", "clip"]
    )
    return pd.DataFrame(scores, index=index)


def score_table(scores: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return means over clips with 95 % intervals over people: of each map, then of the trained one minus each other.

    Returns
    -------
    values, low, high : DataFrame
        Columns auc, pointing and same order; NaN where a measure does not apply.
    """
    rows: dict[str, pd.DataFrame] = {}
    for name in (TRAINED, RANDOM, STRAIN, USUAL, NOTHING):
        rows[name] = scores[name]
    for name in (RANDOM, STRAIN, USUAL, NOTHING):
        rows[f"trained less {name}"] = scores[TRAINED] - scores[name][[*MEASURES]]
    columns = [*MEASURES, "same order"]
    tables = [pd.DataFrame(index=list(rows), columns=columns, dtype=float) for _ in range(3)]
    people, datasets = (scores.index.get_level_values(level) for level in ("person", "dataset"))
    for name, part in rows.items():
        for column in part:
            interval = mean_over_clips(part[column].to_numpy(), people.to_numpy(str), datasets.to_numpy(str))
            for table, value in zip(tables, interval, strict=True):
                table.loc[name, column] = value
    return tuple(tables)


def attention_finding(values: pd.DataFrame, low: pd.DataFrame, high: pd.DataFrame, who: str) -> str:
    """Return sentences that say whether attention finds what moves, and whether that is due to training.

    `values`, `low` and `high` come from `score_table`; `who` is the name of the network.
    """

    def told(row: str, form: str) -> str:
        return value_text(*(table.loc[row, "auc"] for table in (values, low, high)), form)

    finds = "finds" if low.loc[TRAINED, "auc"] > 0.5 else "is not shown to find"
    hit, blind = (values.loc[row, "pointing"] for row in (TRAINED, NOTHING))
    sentences = [
        f"{who}: Grad-CAM {finds} what moves (area under the curve {told(TRAINED, '.2f')}, random 0.50; "
        f"its highest place moves in {hit:.0%} of the clips, a random place in {blind:.0%})."
    ]
    for name, words in RIVALS.items():
        row = f"trained less {name}"
        verdict = "not shown to differ from"
        if low.loc[row, "auc"] > 0 or high.loc[row, "auc"] < 0:
            verdict = "better than" if low.loc[row, "auc"] > 0 else "worse than"
        sentences.append(f"It is {verdict} {words} ({told(name, '.2f')}; difference {told(row, '+.2f')}).")
    return " ".join(sentences)
