"""UAMRN's sparse attention: the matrix of a clip, and how often each pair is kept over all clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from merlib.publishing.style import SEQUENTIAL, use_style
from merlib.scoring.interval_text import value_text

ACROSS = 2  # matrices side by side
PARTS = ("upper left", "upper right", "lower left", "lower right", "near the diagonal", "far from it")


def draw_attention_matrices(pictures: Mapping[str, np.ndarray], labels: Mapping[str, str]) -> Figure:
    """Draw square matrices of query against key, two in a row so that words stay readable, each with its own label.

    Parameters
    ----------
    pictures : mapping of str to array (L, L)
        By title.
    labels : mapping of str to str
        Label of each matrix's colour scale; matrices with the same label share a scale.
    """
    use_style()
    rows = -(-len(pictures) // ACROSS)
    figure, axes = plt.subplots(rows, ACROSS, figsize=(3.6 * ACROSS, 3.1 * rows), layout="constrained", squeeze=False)
    for axis in axes.flat[len(pictures) :]:
        axis.remove()
    most = {
        label: max(float(pictures[name].max()) for name in pictures if labels[name] == label)
        for label in labels.values()
    }
    for axis, (title, matrix) in zip(axes.flat, pictures.items(), strict=False):
        shown = axis.imshow(
            matrix, cmap=f"{SEQUENTIAL}_r", vmin=0, vmax=most[labels[title]] or 1.0, interpolation="nearest"
        )
        half = len(matrix) / 2 - 0.5
        axis.axhline(half, color="0.5", linewidth=0.6)
        axis.axvline(half, color="0.5", linewidth=0.6)
        axis.set(xlabel="key (magnification)", ylabel="query (magnification)")
        axis.set_title(title, fontsize=9)
        figure.colorbar(shown, ax=axis, shrink=0.9, label=labels[title])
    return figure


def share_table(shares: Mapping[str, pd.DataFrame], people: np.ndarray, datasets: np.ndarray):
    """Return the mean share of pairs kept in each part of the matrix, one row per network, with 95 % intervals.

    The intervals come from resampling people.

    Parameters
    ----------
    shares : mapping of str to DataFrame
        From `explaining.sparse_attention.kept_shares`, by the name of the network.
    people, datasets : str arrays (N,)
        Person and data set of each clip.

    Returns
    -------
    values, low, high : DataFrame
        Columns: the parts, then two differences: ``lower right less upper left`` and ``near less far``.
    """
    from merlib.scoring.means import mean_over_clips

    rows = {}
    for name, table in shares.items():
        values = {part: table[part] for part in PARTS}
        values["lower right less upper left"] = table["lower right"] - table["upper left"]
        values["near less far"] = table["near the diagonal"] - table["far from it"]
        rows[name] = {part: mean_over_clips(one.to_numpy(), people, datasets) for part, one in values.items()}
    return tuple(
        pd.DataFrame({name: {part: getattr(one, end) for part, one in row.items()} for name, row in rows.items()}).T
        for end in ("value", "low", "high")
    )


def corner_finding(values: pd.DataFrame, low: pd.DataFrame, high: pd.DataFrame, name: str) -> str:
    """Return a sentence on whether a network's lower right corner is emptier than its upper left, its diagonal fuller.

    `values`, `low` and `high` come from `share_table`, in which `name` is the network's row.
    """

    def told(column: str, words: tuple[str, str, str]) -> str:
        ends = (low.loc[name, column], high.loc[name, column])
        verdict = words[0] if ends[1] < 0 else words[1] if ends[0] > 0 else words[2]
        return f"{verdict} ({value_text(values.loc[name, column], *ends, '+.0f', 100, unit=' points')})"

    corner = told("lower right less upper left", ("emptier than", "fuller than", "not shown to differ from"))
    near = told("near less far", ("emptier", "fuller", "not shown to be fuller"))
    kept = f"{values.loc[name, 'lower right']:.0%} of its pairs"
    first = f"{name}: the lower right corner keeps {kept} and is {corner} the upper left;"
    return f"{first} near the diagonal the matrix is {near}."


def matrix_pictures(
    matrices: Mapping[str, np.ndarray], names: Sequence[str], single: bool, row: int = 0, head: int = 0
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Return the pictures and labels of some networks for `draw_attention_matrices`.

    They are one clip's matrix, and how often each pair is kept over all clips.

    Parameters
    ----------
    matrices : mapping of str to array (N, heads, L, L)
        Attention matrices by network.
    names : sequence of str
        The networks that are shown.
    single : bool
        Whether a single clip may be shown, as Fig. 4 does.
    row, head : int
        The clip that is shown, and the head.
    """
    pictures, labels = {}, {}
    for name in names:
        if single:
            pictures[f"{name}: one clip"], labels[f"{name}: one clip"] = matrices[name][row, head], "attention"
        title = f"{name}: all {len(matrices[name])} clips"
        pictures[title], labels[title] = (
            (matrices[name] > 0).mean((0, 1)),
            "share kept",
        )
    return pictures, labels
