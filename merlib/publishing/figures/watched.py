"""Figures of a watched video, of one face or a group: how much each face moved, and which events were spotted."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from merlib.publishing.figures.sliders import POINT, SYNTHETIC, Slider, slide
from merlib.publishing.records.save_figure import stamp_synthetic
from merlib.publishing.style import COLOURS, use_style

KIND_COLOURS = {"micro": COLOURS["vermilion"], "macro": COLOURS["blue"]}
MOST = 8  # a figure has room for the curves of so many faces
UNIT = "distances of the eye corners a second"


def draw_activity(curves: pd.DataFrame, events: pd.DataFrame, truth: pd.DataFrame | None = None) -> Figure:
    """Draw the activity of each face over time, shaded from onset to offset of every event.

    Parameters
    ----------
    curves, events : DataFrame
        `Watcher.curves` and `Watcher.table`.
    truth : DataFrame, optional
        The true events of the rendered faces, with columns ``face kind onset_seconds offset_seconds``, drawn as bars
        below the curves.
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
    axes[0, 0].set_title(f"activity: {UNIT}", loc="left", fontsize=9)
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
            after, top = event.onset_seconds + event.seconds, 0.97  # seconds, share of the axis
            look = {"fontsize": 7, "rotation": 90, "va": "top", "color": colour}
            axis.text(after, top, f" {event.label}", transform=axis.get_xaxis_transform(), **look)
    axis.set_ylim(bottom=0)


def _legend(axis: Axes) -> None:
    from matplotlib.patches import Patch

    patches = [Patch(color=colour, alpha=0.4, label=f"{kind}-expression") for kind, colour in KIND_COLOURS.items()]
    axis.legend(handles=patches, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, fontsize=8)


def draw_group(frame: np.ndarray, curves: pd.DataFrame, events: pd.DataFrame) -> Figure:
    """Draw a frame of several faces beside each face's curve, and below it the group's curve, the mean over its faces.

    Parameters
    ----------
    frame : ndarray (H, W, 3), uint8 RGB
        A frame of the SYNTHETIC twin with boxes and numbers drawn on it.
    curves, events : DataFrame
        `Watcher.curves` and `Watcher.table`.
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
        axis.tick_params(labelbottom=row == len(faces) - 1, labelsize=7)
        axis.set_xlim(0, curves["seconds"].max())
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
    whole.set_ylabel("group's mean activity,\neye corners' distances / s", fontsize=8)
    whole.legend(loc="upper right", fontsize=8)
    return figure


def group_curve(curves: pd.DataFrame) -> pd.DataFrame:
    """Return the mean activity of the faces seen at each time, columns ``seconds activity``."""
    return curves.groupby(curves["seconds"].round(3))["activity"].mean().reset_index()


def draw_stages(frame: np.ndarray, cut: np.ndarray, landmarks: np.ndarray, points: np.ndarray) -> Figure:
    """Draw what tracking, alignment and motion each see of one frame of the SYNTHETIC twin.

    Parameters
    ----------
    frame, cut : ndarray (H, W, 3), uint8 RGB
        The frame, and the aligned face cut from it.
    landmarks : ndarray (68, 2)
        Landmarks in pixels of the frame.
    points : ndarray (N, 2)
        Points that are followed on the cut face, in its pixels; the first 75 are those of the regions.
    """
    import matplotlib.pyplot as plt

    use_style()
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.6), layout="constrained", width_ratios=(1.5, 1))
    axes[0].imshow(frame)
    axes[0].scatter(*landmarks.T, s=5, color=COLOURS["sky"])
    axes[0].set_title("tracked: 68 landmarks of the mesh")
    axes[1].imshow(cut)
    axes[1].scatter(*points[75:].T, s=4, color=COLOURS["yellow"], label="grid")
    axes[1].scatter(*points[:75].T, s=6, color=COLOURS["vermilion"], label="regions")
    axes[1].set_title("aligned: points that are followed")
    axes[1].legend(loc="upper right", fontsize=7, frameon=True)
    for axis in axes:
        axis.set_axis_off()
    stamp_synthetic(figure)
    return figure


def draw_regions(
    seconds: np.ndarray, moved: np.ndarray, names: tuple[str, ...], event: tuple[float, float, float]
) -> Figure:
    """Draw how far some regions of a face of the SYNTHETIC twin moved around one event, with onset, apex and offset.

    Parameters
    ----------
    seconds : array (T,)
        Time of each frame.
    moved : array (T, R)
        How far each region moved downwards, in distances between the outer eye corners.
    names : tuple of str
        Names of the R regions.
    event : three of float
        Spotted onset, apex and offset in seconds.
    """
    import matplotlib.pyplot as plt

    use_style()
    figure, axis = plt.subplots(figsize=(8, 2.8), layout="constrained")
    for values, name in zip(moved.T, names, strict=True):
        axis.plot(seconds, 100 * (values - np.median(values)), label=name, linewidth=1.2)
    for at, name, style in zip(event, ("onset", "apex", "offset"), (":", "-", "--"), strict=True):
        axis.axvline(at, color=COLOURS["black"], linestyle=style, linewidth=1, label=name)
    axis.set(xlabel="time, s", ylabel="moved down, % of the\ndistance of the eye corners")
    axis.legend(fontsize=7, ncols=2)
    stamp_synthetic(figure)
    return figure


def draw_frame_rates(table: pd.DataFrame) -> Figure:
    """Draw how much of a short movement each frame rate shows: median and worst share of its height in a frame."""
    import matplotlib.pyplot as plt

    use_style()
    figure, axis = plt.subplots(figsize=(6, 2.8), layout="constrained")
    worst, middle = table["seen at least, %"], table["seen, median, %"]
    axis.plot(table.index, worst, marker="o", color=COLOURS["vermilion"], label="worst moment to start")
    axis.plot(table.index, middle, marker="s", color=COLOURS["blue"], label="median")
    axis.set(xlabel="frames a second", ylabel="height of the movement\nthat a frame shows, %", xscale="log")
    axis.set_xticks(list(table.index), [f"{rate:g}" for rate in table.index])
    axis.minorticks_off()
    axis.legend(fontsize=8)
    return figure


def time_slider(frames: list[np.ndarray], first: int, event: tuple[int, int, int]) -> Slider:
    """Return a slider over frames around an event, which names onset, apex and offset.

    Parameters
    ----------
    frames : list of ndarray (H, W, 3), uint8 RGB
        Frames of the SYNTHETIC twin.
    first : int
        Number of the first of these frames in the video.
    event : three of int
        Numbers of the onset, apex and offset frames.
    """
    passed = dict(zip(event, ("onset", "apex", "offset"), strict=True))

    def say(position: int) -> str:
        frame = first + position
        word = passed.get(frame, "moving" if event[0] < frame < event[2] else "at rest")
        return POINT.join([SYNTHETIC, f"frame {frame}", word])

    return slide("frame", len(frames), frames.__getitem__, say, [frame - first for frame in event])


def draw_picture(picture: np.ndarray) -> Figure:
    """Draw one annotated frame of the SYNTHETIC twin, uint8 (H, W, 3) RGB."""
    import matplotlib.pyplot as plt

    use_style()
    figure, axis = plt.subplots(figsize=(8, 8 * picture.shape[0] / picture.shape[1]), layout="constrained")
    axis.imshow(picture)
    axis.set_axis_off()
    return figure
