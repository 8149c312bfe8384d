"""Pictures of clips on their way to a network: frames, landmarks and boxes, the apex, flow, magnification.

They show single faces, so they are drawn from the SYNTHETIC twin; `save_figure` refuses real data for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from merlib.clips.clip_table import frames
from merlib.datasets.twin.rendering.rendered import RenderedClip
from merlib.faces.regions import face_puzzle, hars_boxes
from merlib.inputs.preprocessing import Preprocessing, locate
from merlib.motion.apex import spot_apex
from merlib.motion.magnification.magnify import magnify
from merlib.publishing.style import COLOURS, SEQUENTIAL, use_style

SPEED = "motion / px"


def _grid(rows: int, columns: int, width: float, height: float) -> tuple[Figure, np.ndarray]:
    use_style()
    size = (width * columns, height * rows + 0.3)
    figure, axes = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
        for spine in axis.spines.values():
            spine.set_visible(False)
    return figure, axes


def draw_frames(row, indices: Sequence[int], titles: Sequence[str]) -> Figure:
    """Draw frames of one clip side by side."""
    figure, axes = _grid(1, len(indices), 1.9, 2.3)
    for axis, picture, title in zip(axes[0], frames(row, indices), titles, strict=True):
        axis.imshow(picture)
        axis.set_title(title)
    return figure


def frame_words(row, index: int) -> str:
    """Return words for a frame of a clip: SYNTHETIC if it was rendered, its number, and onset, apex or offset."""
    moments = {name: getattr(row, name) for name in ("onset", "apex", "offset")}
    named = [name for name, frame in moments.items() if pd.notna(frame) and int(frame) == index]
    parts = ["SYNTHETIC"] * isinstance(row.source, RenderedClip) + [f"frame {index} of 0 to {row.n_frames - 1}"]
    return " · ".join(parts + named)


def draw_hars(row, how: Preprocessing) -> Figure:
    """Draw landmarks on a frame, the cut face with HARS's boxes, and the puzzle (Dual-ATME Fig. 2)."""
    found = locate(row, how)
    size = tuple(2 * side for side in how.crop)
    face = found.cut([int(row.onset)], size)[0]
    points = 2 * found.landmarks
    figure, axes = _grid(1, 3, 2.6, 3.0)
    axes[0, 0].imshow(frames(row, [int(row.onset)])[0])
    axes[0, 0].scatter(*found.onset_landmarks(how).T, s=5, color=COLOURS["yellow"], edgecolors="black", linewidths=0.3)
    axes[0, 0].set_title("68 landmarks")
    axes[0, 1].imshow(face)
    axes[0, 1].scatter(*points.T, s=5, color=COLOURS["yellow"], edgecolors="black", linewidths=0.3)
    for (name, box), colour in zip(hars_boxes(points).items(), ("sky", "orange", "vermilion"), strict=True):
        top, bottom, left, right = box
        outline = {"fill": False, "linewidth": 2, "edgecolor": COLOURS[colour], "label": name.replace("_", " ")}
        axes[0, 1].add_patch(Rectangle((left, top), right - left, bottom - top, **outline))
    axes[0, 1].set_title("turned level, cut, HARS boxes")
    axes[0, 1].legend(loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=2, fontsize=7)
    axes[0, 2].imshow(np.clip(face_puzzle(face, points, size=224) / 255, 0, 1))
    axes[0, 2].set_title("puzzle")
    return figure


def draw_apex(row, how: Preprocessing) -> tuple[Figure, pd.DataFrame]:
    """Draw how far each frame's texture is from the onset's, by region, and the apex; return figure and curves."""
    found = locate(row, how)
    clip = found.cut(list(range(row.onset, row.offset + 1)), how.crop)
    spotted = spot_apex(clip, found.landmarks)
    curves = pd.DataFrame(spotted.curves, index=pd.Index(range(row.onset, row.offset + 1), name="frame"))
    use_style()
    figure, axis = plt.subplots(figsize=(6.4, 2.8), layout="constrained")
    for (name, curve), colour, dash in zip(curves.items(), COLOURS.values(), ("-", "--", "-."), strict=False):
        axis.plot(curve, color=colour, linestyle=dash, label=name.replace("_", " "))
    axis.axvline(row.onset + spotted.index, color=COLOURS["black"], linestyle=":", label=f"spotted ({spotted.region})")
    if hasattr(row.source, "true_apex"):
        axis.axvline(row.source.true_apex, color=COLOURS["green"], linewidth=3, alpha=0.5, label="true apex")
    axis.axvline((row.onset + row.offset) / 2, color=COLOURS["purple"], linestyle=(0, (1, 4)), label="middle")
    axis.set(xlabel="frame", ylabel="LBP distance to the onset")
    axis.legend(fontsize=7, ncols=2)
    return figure, curves


def draw_flows(flows: Mapping[str, np.ndarray], picture: np.ndarray | None = None, columns: int = 5) -> Figure:
    """Draw flows as colour (how far) with arrows (in which direction), with one scale for all.

    Parameters
    ----------
    flows : mapping of str to array (H, W, 2)
        Flows in pixels, by title.
    picture : array (H, W, 3), optional
        A frame that is shown first.
    columns : int
        Largest number of pictures side by side.
    """
    entries = [("frame", picture)] if picture is not None else []
    entries += list(flows.items())
    columns = min(columns, len(entries))
    figure, axes = _grid(-(-len(entries) // columns), columns, 1.8, 2.2)
    most = max(float(np.quantile(np.linalg.norm(flow, axis=-1), 0.995)) for flow in flows.values()) or 1.0
    shown = None
    for axis, (title, content) in zip(axes.flat, entries, strict=False):
        axis.set_title(title, fontsize=8)
        if content.shape[-1] == 3:
            axis.imshow(content)
            continue
        shown = axis.imshow(np.linalg.norm(content, axis=-1), vmin=0, vmax=most, cmap=SEQUENTIAL)
        step = max(1, content.shape[0] // 14)
        y, x = np.mgrid[step // 2 : content.shape[0] : step, step // 2 : content.shape[1] : step]
        u, v = content[y, x].transpose(2, 0, 1)
        axis.quiver(x, y, u, v, angles="xy", scale_units="xy", scale=most / step / 1.5, color="white", width=0.006)
    figure.colorbar(shown, ax=axes, label=SPEED, shrink=0.8)
    return figure


def draw_channels(maps: np.ndarray) -> Figure:
    """Draw the three maps of a network's input (3, 28, 28): u, v and strain."""
    figure, axes = _grid(1, 3, 2.3, 2.1)
    for axis, channel, title in zip(axes[0], maps, ("u, rightwards", "v, downwards", "optical strain"), strict=True):
        shown = axis.imshow(channel, cmap=SEQUENTIAL)
        axis.set_title(title)
        figure.colorbar(shown, ax=axis, shrink=0.8, label="0..255, stretched" if channel.max() > 200 else SPEED)
    return figure


def draw_magnified(pairs: Mapping[str, tuple[np.ndarray, np.ndarray]], factors: Sequence[float], method: str) -> Figure:
    """Draw apex frames at several factors, one row per clip, which begins with the onset frame.

    Parameters
    ----------
    pairs : mapping of str to (onset, apex)
        Cut faces by title.
    factors : sequence of float
        Total ratios of magnification; 1 shows the apex as it is.
    method : str
        Method of `magnify`.
    """
    figure, axes = _grid(len(pairs), len(factors) + 1, 1.5, 1.8)
    for line, (title, (onset, apex)) in zip(axes, pairs.items(), strict=True):
        line[0].imshow(onset)
        line[0].set_ylabel(title)
        line[0].set_title("onset", fontsize=8)
        for axis, factor in zip(line[1:], factors, strict=True):
            picture = apex if factor == 1 else magnify((onset, apex), factor, method).frames[1]
            axis.imshow(picture)
            axis.set_title("apex" if factor == 1 else f"apex x {factor:g}", fontsize=8)
    return figure


def draw_gains(values: pd.DataFrame, low: pd.DataFrame, high: pd.DataFrame, column: str, unit: str) -> Figure:
    """Draw a measurement of every magnifier against its factor; rows are named ``method factor``."""
    use_style()
    figure, axis = plt.subplots(figsize=(5.2, 3.2), layout="constrained")
    methods = list(dict.fromkeys(label.split()[0] for label in values.index))
    for method, colour, mark in zip(methods, COLOURS.values(), "os^", strict=False):
        rows = [label for label in values.index if label.split()[0] == method]
        factors = np.array([float(label.split()[1]) for label in rows])
        middle = values.loc[rows, column]
        ends = np.stack([middle - low.loc[rows, column], high.loc[rows, column] - middle])
        axis.errorbar(factors, middle, yerr=ends, marker=mark, capsize=3, color=colour, label=method)
    if column == "gain":
        reach = [1, factors.max()]
        axis.plot(reach, reach, color=COLOURS["black"], linestyle=":", label="asked for")
    axis.set(xlabel="factor asked for", ylabel=f"{column} / {unit}")
    axis.legend()
    return figure


def draw_pictures(pictures: Mapping[str, np.ndarray], width: float = 1.9, height: float = 2.1) -> Figure:
    """Draw pictures side by side under their titles, each `width` x `height` inches."""
    figure, axes = _grid(1, len(pictures), width, height)
    for axis, (title, picture) in zip(axes[0], pictures.items(), strict=True):
        axis.imshow(picture)
        axis.set_title(title, fontsize=9)
    return figure


def draw_action_units(counts: pd.DataFrame) -> Figure:
    """Draw in how many clips of each class each action unit was coded; `counts` as `action_unit_counts` gives them."""
    use_style()
    classes = [name for name in counts.columns if name != "total"]
    figure, axis = plt.subplots(figsize=(7.5, 3), layout="constrained")
    bottom = np.zeros(len(counts))
    for name, colour, hatch in zip(classes, cycle(COLOURS.values()), cycle(("", "//", "..", "xx"))):
        axis.bar(counts.index, counts[name], bottom=bottom, color=colour, hatch=hatch, edgecolor="white", label=name)
        bottom += counts[name].to_numpy()
    axis.set(xlabel="action unit", ylabel=f"clips of {counts.attrs['coded']} coded")
    axis.tick_params(axis="x", rotation=60)
    axis.legend()
    return figure
