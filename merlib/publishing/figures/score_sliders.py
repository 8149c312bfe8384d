"""Sliders over what is chosen after a clip has become numbers: how many people, which tau, how many hyper-planes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure

from merlib.models.blocks.lsh_attention import bucket, draw_hyperplanes, kept_pairs
from merlib.publishing.figures.results import loss_curves
from merlib.publishing.figures.sliders import POINT, SYNTHETIC, Slider, drawn, slide
from merlib.publishing.style import COLOURS
from merlib.scoring import recall_by_class
from merlib.scoring.confusion_counts import confusions_by_subject
from merlib.scoring.intervals import ends, resampled_counts
from merlib.scoring.metrics import formula

PEOPLE = (5, 8, 12, 16, 20, 26, 32, 40, 50, 60, 68, 80, 100, 136, 200, 272)
PLANES = (1, 2, 3, 4, 5, 6)
REPLICATES = 1000
NARROW = 4.4  # inches: two stills stand side by side
VECTORS = 32  # as many as UAMRN's magnifications of one clip


def people_slider(predictions: pd.DataFrame, synthetic: bool, people: Sequence[int] = PEOPLE) -> Slider:
    """Return a slider over the number of recorded people, with the 95 % interval of UF1 that they would give.

    As many people as asked for are drawn, with replacement, from those who were tested; all clips of a person stay
    together. More people than there are say what a larger data set of such people would give.

    Parameters
    ----------
    predictions : DataFrame
        What `learning.run` returned.
    synthetic : bool
        Whether they are of the twin.
    people : sequence of int
        Numbers of people to choose from.
    """
    widths = interval_by_people(predictions, people)
    there = len(confusions_by_subject(predictions).subjects)

    def draw(figure: Figure, position: int) -> None:
        axis = figure.subplots()
        axis.fill_between(widths.index, widths["low"], widths["high"], color=COLOURS["sky"], alpha=0.4)
        chosen = widths.iloc[position]
        axis.plot([chosen.name] * 2, [chosen["low"], chosen["high"]], color=COLOURS["vermilion"], linewidth=3)
        axis.axvline(there, color=COLOURS["black"], linestyle=":", linewidth=1)
        axis.set(xlabel="people", ylabel="UF1, 95 % interval", ylim=(0, 1), xscale="log")
        axis.set_xticks(ticks := (5, 10, 20, 40, 68, 136, 272), [str(tick) for tick in ticks])
        axis.minorticks_off()

    def say(position: int) -> str:
        chosen = widths.iloc[position]
        width = chosen["high"] - chosen["low"]
        between = f"UF1 between {chosen['low']:.2f} and {chosen['high']:.2f}"
        return POINT.join([*[SYNTHETIC] * synthetic, f"{chosen.name} people", between, f"{width:.2f} wide"])

    nearest = min(range(len(people)), key=lambda position: abs(people[position] - there))
    stills = [nearest, 2] if nearest != 2 else [nearest, 0]
    return slide("people", len(people), lambda position: drawn(partial(draw, position=position), NARROW), say, stills)


def interval_by_people(predictions: pd.DataFrame, people: Sequence[int]) -> pd.DataFrame:
    """Return the ends of the 95 % interval of UF1 (`low`, `high`) for each number of people drawn."""
    counted, of_counts = confusions_by_subject(predictions).counts, formula("uf1")
    random, share = np.random.default_rng(0), np.full(len(counted), 1 / len(counted))
    rows = {}
    for number in people:
        weights = random.multinomial(number, share, REPLICATES).astype(float)
        rows[number] = ends(of_counts(resampled_counts(weights, counted)).mean(-1), 0.95)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["low", "high"])


def tau_slider(by_tau: Mapping[str, pd.DataFrame], frequent: float = 0.6, rare: float = 0.15) -> Slider:
    """Return a slider over tau, with the loss of a frequent and a rare class and the recall of each class.

    Parameters
    ----------
    by_tau : mapping of str to predictions
        Answers under each tau, by tau, as `after_training_runs` gives them.
    frequent, rare : float
        Frequencies of the two classes whose loss is drawn.
    """
    taus = list(by_tau)
    recalls = {tau: recall_by_class(predictions) for tau, predictions in by_tau.items()}

    def draw(figure: Figure, tau: str) -> None:
        left, right = figure.subplots(1, 2)
        curves = loss_curves(float(tau), frequent, rare)
        for name, dash in (("cross entropy", ":"), ("LASCE, rare class", "--"), ("LASCE, frequent class", "-")):
            left.plot(curves[name], label=name, linestyle=dash)
        left.set(xlabel="lead of the right class / logits", ylabel="loss / nats", ylim=(0, 4))
        left.legend(fontsize=7)
        bars = right.bar(recalls[tau].index, recalls[tau], color=COLOURS["blue"])
        right.plot(recalls["0"].index, recalls["0"], "_", color=COLOURS["black"], markersize=28, label="tau 0")
        right.bar_label(bars, fmt="%.2f", label_type="center", color="white", fontsize=9)
        right.set(ylabel="recall", ylim=(0, 1.1))
        right.tick_params(axis="x", labelsize=8)
        right.legend(fontsize=7, loc="upper left", markerscale=0.5)  # the mark is as wide as a bar

    def say(position: int) -> str:
        recall = recalls[taus[position]]
        spoken = ", ".join(f"{name} {value:.2f}" for name, value in recall.items())
        return POINT.join([f"tau {taus[position]}", f"recall: {spoken}"])

    stills = list(dict.fromkeys((0, len(taus) - 1)))
    return slide("tau", len(taus), lambda position: drawn(partial(draw, tau=taus[position])), say, stills)


def hyperplanes_slider(planes: Sequence[int] = PLANES) -> Slider:
    """Return a slider over the number of hyper-planes, with the buckets they make and the pairs that are kept.

    Vectors are drawn, two numbers each, so that a hyper-plane is a line through the middle of the picture.
    """
    random = torch.Generator().manual_seed(0)
    vectors = torch.randn(1, 1, VECTORS, 2, generator=random)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        normals = draw_hyperplanes(1, 1, max(planes), 2)

    @cache
    def pairs(position: int) -> tuple[np.ndarray, np.ndarray]:
        lines = normals[:, :, : planes[position]]
        kept = kept_pairs(vectors, vectors, lines)[0, 0].numpy()
        buckets = bucket(vectors, lines)[0, 0, 0].numpy()
        order = np.argsort(buckets, kind="stable")
        return buckets, kept[order][:, order]

    def draw(figure: Figure, position: int) -> None:
        left, right = figure.subplots(1, 2)
        buckets, kept = pairs(position)
        codes = np.unique(buckets, return_inverse=True)[1]
        left.scatter(*vectors[0, 0].T.numpy(), c=codes, cmap="tab20", s=28, edgecolors="black", linewidths=0.4)
        for normal in normals[0, 0, : planes[position]].numpy():
            ends_of_line = 4 * np.array([-normal[1], normal[0]]) / np.linalg.norm(normal)
            left.plot(*np.stack([-ends_of_line, ends_of_line]).T, color=COLOURS["black"], linewidth=1)
        left.set(xlim=(-3, 3), ylim=(-3, 3), xticks=[], yticks=[], aspect="equal")
        right.imshow(kept, cmap="Greys", vmin=0, vmax=1)
        right.set(xlabel="keys, by bucket", ylabel="queries", xticks=[], yticks=[])
        for axis, title in ((left, "a colour is a bucket"), (right, "kept pairs are black")):
            axis.set_title(title, fontsize=9)

    def say(position: int) -> str:
        buckets, kept = pairs(position)
        filled = f"{len(np.unique(buckets))} buckets filled"
        kinds = "hyper-plane" if planes[position] == 1 else "hyper-planes"
        named = f"{planes[position]} {kinds}"
        return POINT.join([SYNTHETIC, named, filled, f"{kept.mean():.0%} of pairs kept"])

    return slide("planes", len(planes), lambda position: drawn(partial(draw, position=position), NARROW), say, (2, 0))
