"""Figures of folds: whose clips are tested while the others are trained on, in an invented table of eight clips."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from merlib.publishing.style import COLOURS, use_style

CLASSES = ("negative", "positive", "surprise")
SIDES = {"train": (COLOURS["sky"], ""), "test": (COLOURS["vermilion"], "///")}


def _table(subjects: str, labels: str, predictions: str) -> pd.DataFrame:
    code = {name[0]: index for index, name in enumerate(CLASSES)}
    frame = pd.DataFrame({"dataset": "toy", "subject": list(subjects)})
    frame["clip"] = [f"clip {number}" for number in range(1, len(frame) + 1)]
    return frame.assign(label=[code[c] for c in labels], prediction=[code[c] for c in predictions])


def five_clips() -> pd.DataFrame:
    """Return five invented clips with label and prediction, small enough to score by hand; see `CLASSES`."""
    return _table("AABBC", "nnnps", "nnppn")


def toy_clips() -> pd.DataFrame:
    """Return eight invented clips of the people A to D with label and prediction; D's single clip is misclassified."""
    return _table("AAABBCCD", "nnpnsnps", "nnpnnnnn")


def named(clips: pd.DataFrame) -> pd.DataFrame:
    """Return a table of clips for readers, with class names in place of class numbers."""
    shown = clips[["subject", "clip"]].copy()
    for column in ("label", "prediction"):
        shown[column] = [CLASSES[code] for code in clips[column]]
    return shown.set_index("clip")


def leave_one_out(clips: pd.DataFrame) -> pd.DataFrame:
    """Return the side of each clip (columns) in each fold (rows) when each person in turn is tested alone."""
    people = clips["subject"].to_numpy()
    sides = {f"test {one}": np.where(people == one, "test", "train") for one in dict.fromkeys(people)}
    return pd.DataFrame(sides, index=clips["clip"]).T


def deals() -> pd.DataFrame:
    """Return three ways to deal the clips of `toy_clips` (columns) to training and test: deal 1, deal 2, deal 3."""
    tested = {"deal 1": (1, 6), "deal 2": (4, 5), "deal 3": (1, 4, 6)}
    clips = toy_clips()["clip"]
    numbers = np.arange(1, len(clips) + 1)
    return pd.DataFrame(
        {name: np.where(np.isin(numbers, chosen), "test", "train") for name, chosen in tested.items()}, index=clips
    ).T


def people_on_both_sides(clips: pd.DataFrame, sides: pd.DataFrame) -> dict[str, list[str]]:
    """Return for each row of `sides` the people who have clips in training and in test."""
    people = clips["subject"].to_numpy()
    return {
        name: sorted(set(people[row.to_numpy() == "train"]) & set(people[row.to_numpy() == "test"]))
        for name, row in sides.iterrows()
    }


def draw_sides(clips: pd.DataFrame, sides: pd.DataFrame) -> Figure:
    """Draw each row of `sides` as a line of clips, tested ones hatched; the letter on a clip is its person.

    Parameters
    ----------
    clips : DataFrame
        As `toy_clips`.
    sides : DataFrame
        ``train`` or ``test`` for each clip (columns), one row for each fold or deal.
    """
    use_style()
    figure, axis = plt.subplots(figsize=(6.2, 0.9 + 0.38 * len(sides)), layout="constrained")
    for row, (_, line) in enumerate(sides.iterrows()):
        for column, (person, side) in enumerate(zip(clips["subject"], line, strict=True)):
            colour, hatch = SIDES[side]
            box = plt.Rectangle((column + 0.06, row - 0.4), 0.88, 0.8, facecolor=colour, hatch=hatch, edgecolor="white")
            axis.add_patch(box)
            label = axis.text(column + 0.5, row, person, ha="center", va="center", fontsize=10, weight="bold")
            label.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1.2})
    axis.set(xlim=(0, len(clips)), ylim=(len(sides) - 0.5, -0.5), xlabel="clip")
    axis.set_xticks(np.arange(len(clips)) + 0.5, [clip.removeprefix("clip ") for clip in clips["clip"]])
    axis.set_yticks(range(len(sides)), list(sides.index))
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    _legend(figure, {"train": "trained on", "test": "tested"})
    return figure


def _legend(figure: Figure, words: Mapping[str, str]) -> None:
    patches = [
        Patch(facecolor=SIDES[side][0], hatch=SIDES[side][1], edgecolor="white", label=word)
        for side, word in words.items()
    ]
    figure.legend(handles=patches, loc="outside upper right", ncols=len(patches), fontsize=9)
