"""A first look at a set of samples: numbers of people and clips, and the mean motion of each class."""

from __future__ import annotations

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from merlib.clips.samples import Samples
from merlib.learning import Experiment
from merlib.publishing.study import Study
from merlib.publishing.style import DIVERGING, use_style
from merlib.publishing.tables.metrics import metric_table

CHANNELS = ("u, horizontal", "v, vertical", "optical strain")
NAMES = {"casme2": "CASME II", "samm": "SAMM", "smic": "SMIC"}
SHUFFLES = 5


def clips_by_class(samples: Samples) -> pd.DataFrame:
    """Count subjects and clips: one row per data set and one for all, one column per class and one for the total."""
    frame = pd.DataFrame(
        {
            "data set": [NAMES.get(d, d) for d in samples.datasets],
            "class": pd.Categorical.from_codes(samples.labels, samples.classes),
            "subject": samples.groups,
        }
    )
    counts = pd.crosstab(frame["data set"], frame["class"]).reindex(columns=list(samples.classes))
    counts.insert(0, "subjects", frame.groupby("data set")["subject"].nunique())
    counts["clips"] = counts[list(samples.classes)].sum(axis=1)
    counts.loc["Full"] = counts.sum()
    counts.columns.name = None
    return counts


def class_means(samples: Samples) -> np.ndarray:
    """Return the mean map of each class minus the mean of all clips: (classes, channels, H, W)."""
    flow = samples.inputs["flow"]
    overall = flow.mean(0)
    return np.stack([flow[samples.labels == c].mean(0) - overall for c in range(len(samples.classes))])


def draw_class_means(samples: Samples) -> Figure:
    """Draw each class's mean map as its difference from the mean of all clips, one row per class."""
    use_style()
    means = class_means(samples)
    unit = "grey levels" if samples.unit == "minmax255" else "px"
    rows = len(samples.classes)
    figure, axes = plt.subplots(rows, 3, figsize=(6.4, 2.0 * rows + 0.8), layout="constrained")
    for channel, title in enumerate(CHANNELS):
        span = np.abs(means[:, channel]).max()
        for row, name in enumerate(samples.classes):
            image = axes[row, channel].imshow(
                means[row, channel], cmap=DIVERGING, vmin=-span, vmax=span, interpolation="bicubic"
            )
            axes[row, channel].set(xticks=[], yticks=[])
            if row == 0:
                axes[row, channel].set_title(title, fontsize=9)
            if channel == 0:
                axes[row, channel].set_ylabel(f"{name}\n(n = {(samples.labels == row).sum()})", fontsize=9)
        bar = figure.colorbar(image, ax=axes[:, channel], location="bottom", shrink=0.9)
        bar.set_label(f"less the mean / {unit}", fontsize=8)
    return figure


def leakage_table(study: Study, samples: Samples, shuffles: int = SHUFFLES):
    """Compare subject-disjoint folds with clips dealt at random, for the linear classifier.

    Returns
    -------
    values, low, high : DataFrame
        Rows "subject-disjoint", "shared subjects" (mean over `shuffles` deals) and their metrics.
    runs : dict
        The predictions behind them.
    """
    disjoint = study.experiment("linear", label="subject-disjoint")
    folds = disjoint.protocol.split(":")[1] if ":" in disjoint.protocol else "10"
    runs = {"subject-disjoint": study.run(disjoint, samples)}
    for shuffle in range(shuffles):
        label = f"shared subjects, deal {shuffle + 1}"
        leaky: Experiment = replace(disjoint, protocol=f"clipkfold:{folds}:{shuffle}", label=label)
        runs[label] = study.run(leaky, samples)
    values, low, high = metric_table(runs)
    return values, low, high, runs
