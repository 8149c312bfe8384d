"""A grid of maps: a line for each clip or class, a column for each quantity, and one colour scale for each unit."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from merlib.errors import MerlibError
from merlib.publishing.style import COLOURS, DIVERGING, SEQUENTIAL, use_style, without_ticks

OVER = 0.6  # opacity of a map over a picture


def draw_map_grid(
    lines: Mapping[str, Mapping[str, np.ndarray]],
    units: Mapping[str, str],
    under: Mapping[str, Mapping[str, np.ndarray]] | None = None,
    outlines: Mapping[str, Mapping[str, np.ndarray]] | None = None,
    outline: str = "",
) -> tuple[Figure, pd.DataFrame]:
    """Draw maps with shared scales, where given over pictures and with outlines around known regions.

    Parameters
    ----------
    lines : mapping of str to mapping of str to array
        Maps (H, W) or pictures (H, W, 3), by the title of the line and of the column.
    units : mapping of str to str
        Unit of each column that holds maps. All maps of one unit share a scale: from 0, or symmetric about 0 where one
        of them is negative.
    under : mapping of str to mapping of str to array (h, w, 3), optional
        Pictures that lie under maps, by line and column.
    outlines : mapping of str to mapping of str to bool array (H, W), optional
        Regions to be outlined, by line and column.
    outline : str
        What the outlines mean, for the legend.

    Returns
    -------
    figure, table : Figure, DataFrame
        The table has a row for each map: line, column, unit, mean, largest value, and where this value lies (``row``
        and ``place``, its column).

    Raises
    ------
    MerlibError
        When a column holds maps and has no unit.
    """
    use_style()
    under, outlines = under or {}, outlines or {}
    columns = list(dict.fromkeys(column for line in lines.values() for column in line))
    scales = _scales(lines, units)
    size = (1.45 * len(columns) + 0.9 * len(scales), 1.6 * len(lines) + 0.5)
    figure, axes = plt.subplots(len(lines), len(columns), figsize=size, layout="constrained", squeeze=False)
    shown, rows = {}, []
    for line, (title, maps) in zip(axes, lines.items(), strict=True):
        line[0].set_ylabel(title, fontsize=8)
        for axis, column in zip(line, columns, strict=True):
            _bare(axis)
            if axis in axes[0]:
                axis.set_title(column, fontsize=8)
            if column not in maps:
                axis.set_visible(False)
                continue
            content = np.asarray(maps[column])
            if content.ndim == 3:
                axis.imshow(content)
                continue
            picture = under.get(title, {}).get(column)
            shown[units[column]] = _map(axis, content, *scales[units[column]], picture)
            rows.append(_row(title, column, units[column], content))
            region = outlines.get(title, {}).get(column)
            if region is not None:
                axis.contour(region, levels=[0.5], colors=COLOURS["vermilion"], linewidths=1.2)
    for unit, image in shown.items():
        figure.colorbar(image, ax=axes, shrink=min(1.0, 2.2 / len(lines) + 0.2), label=unit, pad=0.01)
    if outline:
        figure.legend(
            handles=[plt.Line2D([], [], color=COLOURS["vermilion"], label=outline)],
            loc="outside lower left",
            fontsize=8,
        )
    return figure, pd.DataFrame(rows)


def _scales(
    lines: Mapping[str, Mapping[str, np.ndarray]], units: Mapping[str, str]
) -> dict[str, tuple[float, float, str]]:
    found: dict[str, tuple[float, float, str]] = {}
    for maps in lines.values():
        for column, content in maps.items():
            if np.ndim(content) == 3:
                continue
            if column not in units:
                raise MerlibError(
                    f"maps of {column!r} without a unit.", "a unit.", f"add it: units={{{column!r}: ...}}."
                )
            low, high, _ = found.get(units[column], (0.0, 0.0, ""))
            found[units[column]] = (min(low, float(np.min(content))), max(high, float(np.max(content))), "")
    for unit, (low, high, _) in found.items():
        most = max(-low, high) or 1.0
        found[unit] = (-most, most, DIVERGING) if low < 0 else (0.0, most, SEQUENTIAL)
    return found


def _map(axis, content: np.ndarray, low: float, high: float, colours: str, picture: np.ndarray | None):
    height, width = content.shape
    place = {"extent": (-0.5, width - 0.5, height - 0.5, -0.5), "aspect": "auto" if picture is not None else "equal"}
    if picture is not None:
        axis.imshow(picture.mean(2), cmap="gray", **place)
        axis.set_box_aspect(picture.shape[0] / picture.shape[1])
    return axis.imshow(
        content,
        vmin=low,
        vmax=high,
        cmap=colours,
        alpha=OVER if picture is not None else 1.0,
        interpolation="nearest",
        **place,
    )


def _row(line: str, column: str, unit: str, content: np.ndarray) -> dict:
    y, x = np.unravel_index(int(np.argmax(content)), content.shape)
    values = {"mean": float(content.mean()), "largest": float(content.max()), "row": int(y), "place": int(x)}
    return {"line": line, "column": column, "unit": unit, **values}


def _bare(axis) -> None:
    without_ticks(axis)
    for spine in axis.spines.values():
        spine.set_visible(False)
