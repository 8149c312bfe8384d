"""Faces of the SYNTHETIC twin with the classes that a network predicted for them (LARNet Fig. 11 and 12)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from merlib.clips.samples import Samples
from merlib.publishing.style import COLOURS, use_style


def draw_predictions(samples: Samples, predictions: pd.DataFrame, count: int = 8, columns: int = 4) -> Figure:
    """Draw the middle frame of some clips of every class with the predicted and the true class.

    Parameters
    ----------
    samples : Samples
        With the input ``frames`` (N, T, 3, S, S), RGB 0..1.
    predictions : DataFrame
        Predictions of the same clips, one row per clip; of several seeds the first counts.
    count, columns : int
        Number of clips drawn, taken from all classes in turn, and how many are side by side.
    """
    use_style()
    first = predictions[predictions["seed"] == predictions["seed"].iloc[0]]
    said = dict(zip(first[["dataset", "subject", "clip"]].astype(str).agg("/".join, axis=1), first["prediction"]))  # noqa: B905
    rows = _in_turn(samples.labels, len(samples.classes), count)
    height = -(-len(rows) // columns)
    figure, axes = plt.subplots(height, columns, figsize=(1.9 * columns, 2.35 * height), layout="constrained")
    for axis in np.ravel(axes):
        axis.axis("off")
    for axis, row in zip(np.ravel(axes), rows, strict=False):
        frames = samples.inputs["frames"][row]
        axis.imshow(np.clip(frames[len(frames) // 2].transpose(1, 2, 0), 0, 1), interpolation="nearest")
        guess = samples.classes[said[samples.keys[row]]]
        truth = samples.classes[samples.labels[row]]
        mark, colour = ("right", "blue") if guess == truth else ("wrong", "vermilion")
        axis.set_title(f"said {guess} ({mark})\nis {truth}", fontsize=8, color=COLOURS[colour])
    figure.suptitle("middle frame of each clip", fontsize=9)  # also keeps the upper corner free for a stamp
    return figure


def _in_turn(labels: np.ndarray, classes: int, count: int) -> list[int]:
    """Return `count` rows, one of each class in turn, in the order of the rows."""
    waiting = [list(np.flatnonzero(labels == label)) for label in range(classes)]
    rows: list[int] = []
    while len(rows) < min(count, len(labels)):
        rows += [int(members.pop(0)) for members in waiting if members]
    return rows[:count]
