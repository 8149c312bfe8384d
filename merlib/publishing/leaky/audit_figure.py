"""Figures of the protocol audit: reported results, honest results, and results with liberties (LEAKY)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from merlib.profiles import get_profile
from merlib.publishing.records.ledger import LABORATORY
from merlib.publishing.records.save_figure import save_figure
from merlib.publishing.records.shown import Caption, Message
from merlib.publishing.study import Study
from merlib.publishing.style import COLOURS, use_style

KINDS = {
    "reported": ("D", COLOURS["vermilion"]),
    "honest, committed": ("o", COLOURS["blue"]),
    "laboratory": ("s", COLOURS["orange"]),
}


def audit_rows(compared: pd.DataFrame, worth) -> pd.DataFrame:
    """Return one row for each mark of the closing figure.

    Parameters
    ----------
    compared : DataFrame
        From `leaky.worth.reported_and_honest`.
    worth : Worth
        Results of the laboratory.

    Returns
    -------
    DataFrame
        Columns kind (reported; honest, committed; laboratory), value, low, high.
    """
    rows = {}
    for name, one in compared.iterrows():
        rows[f"{name}, reported"] = {"kind": "reported", "value": one["reported"]}
        ours = {"kind": "honest, committed", "value": one["ours"], "low": one["low"], "high": one["high"]}
        rows[f"{name}, honest"] = ours
    for name in worth.value.index:
        told = {
            column: table.loc[name, "measured"]
            for column, table in zip(("value", "low", "high"), worth[:3], strict=True)
        }
        rows[name] = {"kind": "laboratory", **told}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["kind", "value", "low", "high"])


def draw_audit(rows: pd.DataFrame) -> Figure:
    """Draw reported results, honest runs and the laboratory's results with 95 % intervals.

    Parameters
    ----------
    rows : DataFrame
        From `audit_rows`. Dotted and dashed lines mark the laboratory's honest rows.
    """
    use_style()
    order = rows.iloc[::-1]
    figure, axis = plt.subplots(figsize=(8, 0.3 * len(rows) + 1.3), layout="constrained")
    places = pd.Series(np.arange(len(order), dtype=float), index=order.index)
    for kind, (mark, colour) in KINDS.items():
        part = order[order["kind"] == kind]
        ends = np.stack([part["value"] - part["low"], part["high"] - part["value"]]).astype(float)
        axis.errorbar(
            part["value"],
            places[part.index],
            xerr=np.nan_to_num(ends),
            fmt=mark,
            color=colour,
            capsize=2,
            markersize=5,
            label=kind,
        )
    for name, value in rows.loc[[name for name in rows.index if name.endswith(": honest")], "value"].items():
        axis.axvline(value, color="#888888", linestyle=":" if "STSTNet" in name else "--", linewidth=0.9)
    axis.set_yticks(places, order.index, fontsize=8)
    axis.set(
        xlabel="UF1, or what is printed in its place (share of 1); bars: 95 % interval", ylim=(-0.7, len(order) - 0.3)
    )
    axis.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=3)
    return figure


def draw_epochs(curves: pd.DataFrame) -> Figure:
    """Draw UF1 on the test clips after every epoch, one line per seed: the values among which a chosen epoch is best.

    Parameters
    ----------
    curves : DataFrame
        One row per epoch, one column per seed.
    """
    use_style()
    figure, axis = plt.subplots(figsize=(6.5, 3), layout="constrained")
    for name, style in zip(curves, ("-", "--", ":"), strict=False):
        axis.plot(np.arange(1, len(curves) + 1), curves[name], style, label=name)
    axis.set(xlabel="epoch", ylabel="UF1 on the test clips (share of 1)")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.legend()
    return figure


def save_epochs(honest: pd.DataFrame | None, study: Study) -> Caption | Message:
    """Draw and save UF1 by epoch as ``extra.leaky_epochs`` and return its caption.

    Parameters
    ----------
    honest : DataFrame or None
        From `leaky.worth.honest_run`; for None a sentence that says so is returned.
    study : Study
        The study into whose folder it is written.
    """
    if honest is None:
        return Message("The laboratory's run of a network is not committed here.")
    curves = pd.DataFrame(honest.attrs["uf1_by_epoch"])
    last, best = curves.iloc[-1].mean(), curves.max().mean()
    caption = f"Averaged over seeds, the last of {len(curves)} epochs gives {last:.3f}, the best one {best:.3f}."
    how = {"data": curves, "caption": caption, "study": replace(study, profile=get_profile("paper"))}
    save_figure(f"{LABORATORY}epochs", draw_epochs(curves), {"STSTNet": honest}, **how)
    return Caption(caption)


def save_audit(compared: pd.DataFrame, runs: Mapping[str, pd.DataFrame], worth, study: Study) -> Caption | Message:
    """Draw and save the closing figure as ``extra.leaky_audit`` and return its caption, or say that runs are missing.

    Parameters
    ----------
    compared, worth
        As `audit_rows` takes them.
    runs : mapping of str to predictions
        The honest runs behind `compared`, by label.
    study : Study
        The study into whose folder it is written.
    """
    if worth is None or compared.empty:
        return Message("The committed runs that this figure compares are not here.")
    rows = audit_rows(compared, worth)
    gaps = (compared["reported"] - compared["ours"]).sort_values(ascending=False)
    most = worth.value["inflation"].dropna().sort_values(ascending=False)
    caption = (
        f"The widest gap between reported and honest is {gaps.index[0]}'s, {gaps.iloc[0]:+.3f}; of the liberties, "
        f"'{most.index[0]}' adds most, {most.iloc[0]:+.3f}. A gap is no proof that a liberty was taken."
    )
    how = {"data": rows, "caption": caption, "study": replace(study, profile=get_profile("paper"))}
    save_figure(f"{LABORATORY}audit", draw_audit(rows), {**runs, **worth.runs}, **how)
    return Caption(caption)
