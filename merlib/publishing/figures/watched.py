"""Figures of a watched video: how much each face moved and what was seen in it, one face and a group."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from merlib.publishing.style import COLOURS, use_style

KIND_COLOURS = {"micro": COLOURS["vermilion"], "macro": COLOURS["blue"]}
MOST = 8  # faces of which a figure has room for a curve
UNIT = "distances of the eye corners a second"


def draw_activity(curves: pd.DataFrame, events: pd.DataFrame, truth: pd.DataFrame | None = None) -> Figure:
    """Draw, for each face, its activity over time, shaded from onset to offset of every event, a line at the apex.

    Parameters
    ----------
    curves, events : DataFrame
        Of `Watcher.curves` and `Watcher.table`.
    truth : DataFrame, optional
        Planted events of one face or more, with columns ``face kind onset_seconds offset_seconds``, drawn as bars
        below.
    """
    import matplotlib.pyplot as plt

    use_style()
    faces = sorted(curves["face"].unique())[:MOST] or [1]
    figure, axes = plt.subplots(len(faces), 1, figsize=(9, 0.9 + 1.5 * len(faces)), sharex=True, squeeze=False)
    for axis, face in zip(axes[:, 0], faces, strict=True):
        draw_face(axis, curves[curves["face"] == face], events[events["face"] == face])
        if truth is not None:
            for event in truth[truth["face"] == face].itertuples():
                colour = KIND_COLOURS.get(event.kind, COLOURS["black"])
                axis.plot([event.onset_seconds, event.offset_seconds], [0, 0], color=colour, linewidth=5, clip_on=False)
        axis.set_ylabel(f"face {face}")
    axes[-1, 0].set_xlabel("time, s")
    figure.supylabel(f"activity, {UNIT}", fontsize=9)
    _legend(axes[0, 0])
    figure.tight_layout()
    return figure


def draw_face(axis: Axes, curve: pd.DataFrame, events: pd.DataFrame) -> None:
    """Draw one face's activity and events on an axis."""
    axis.plot(curve["seconds"], curve["activity"], color=COLOURS["black"], linewidth=0.8)
    for event in events.itertuples():
        colour = KIND_COLOURS[event.kind]
        axis.axvspan(event.onset_seconds, event.onset_seconds + event.seconds, color=colour, alpha=0.3, linewidth=0)
        if event.label:
            top = axis.get_ylim()[1]
            axis.text(event.onset_seconds, top, event.label, fontsize=7, rotation=30, va="bottom", color=colour)
    axis.set_ylim(bottom=0)


def _legend(axis: Axes) -> None:
    from matplotlib.patches import Patch

    patches = [Patch(color=colour, alpha=0.4, label=f"{kind}-expression") for kind, colour in KIND_COLOURS.items()]
    axis.legend(handles=patches, loc="upper right", bbox_to_anchor=(1, 1.5), ncols=2, fontsize=8)


def draw_group(frame: np.ndarray, curves: pd.DataFrame, events: pd.DataFrame) -> Figure:
    """Draw a frame of several faces beside each face's curve, and the group's below: the mean over its faces.

    Parameters
    ----------
    frame : ndarray (H, W, 3), uint8 RGB
        With boxes and numbers drawn on it; of the SYNTHETIC twin alone.
    curves, events : DataFrame
        Of `Watcher`.
    """
    import matplotlib.pyplot as plt

    use_style()
    faces = sorted(curves["face"].unique())[:MOST]
    figure = plt.figure(figsize=(11, 5.6), layout="constrained")
    grid = figure.add_gridspec(len(faces) + 2, 2, width_ratios=(1.15, 1))
    picture = figure.add_subplot(grid[: len(faces), 0])
    picture.imshow(frame)
    picture.set_axis_off()
    for row, face in enumerate(faces):
        axis = figure.add_subplot(grid[row, 1])
        draw_face(axis, curves[curves["face"] == face], events[events["face"] == face])
        axis.set_ylabel(f"face {face}", fontsize=8)
        axis.tick_params(labelbottom=False, labelsize=7)
    whole = figure.add_subplot(grid[len(faces) :, :])
    group = group_curve(curves)
    whole.fill_between(group["seconds"], group["activity"], color=COLOURS["sky"], alpha=0.6, linewidth=0)
    counts = events.groupby("kind").size()
    for kind, height in (("micro", 1.0), ("macro", 0.85)):
        at = events.loc[events["kind"] == kind, "onset_seconds"]
        top = float(group["activity"].max() or 1)
        label = f"{kind}-expression ({counts.get(kind, 0)})"
        whole.scatter(at, np.full(len(at), height * top), marker="v", color=KIND_COLOURS[kind], label=label)
    whole.set_xlabel("time, s")
    whole.set_ylabel("group's mean activity")
    whole.legend(loc="upper right", fontsize=8)
    figure.supylabel(f"activity, {UNIT}", fontsize=8, x=0.0)
    return figure


def group_curve(curves: pd.DataFrame) -> pd.DataFrame:
    """Return the mean activity of the faces seen at each time, columns ``seconds activity``."""
    return curves.groupby(curves["seconds"].round(3))["activity"].mean().reset_index()
