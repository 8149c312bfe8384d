"""Draw block diagrams whose labels come from a live model, so that picture and code cannot disagree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from merlib.publishing.style import COLOURS, use_style

KINDS = {
    "input": "#FFFFFF",
    "layer": "#DCEBF7",
    "attention": "#FBE6C8",
    "operation": "#EDEDED",
    "output": "#D5EFE3",
}
WIDTH, HEIGHT = 1.5, 0.62
LETTERS, LARGEST, PAGE = 7.5, 12.5, 9.0  # points in a box, at least and at most; inches of a page
LETTER = 0.62  # width of a letter as a share of its size, with some air
SPACING = 1.15  # height of a line as a share of the size of its letters


@dataclass(frozen=True)
class Box:
    """One box: key, text, column and row on the grid (row 0 on top), and kind (decides the colour)."""

    key: str
    text: str
    column: float
    row: float
    kind: str = "layer"
    width: float = WIDTH


def draw_diagram(
    boxes: Iterable[Box], arrows: Iterable[tuple[str, ...]], title: str = "", scale: float = 1.05
) -> Figure:
    """Draw boxes joined by arrows.

    Parameters
    ----------
    boxes : iterable of Box
        Boxes on a grid with a pitch of 2 x 1.
    arrows : iterable of (from, to) or (from, to, label)
        Keys of boxes; the label is written beside the arrow.
    title : str
        Printed above.
    scale : float
        Inches per grid unit.
    """
    use_style()
    boxes = {box.key: box for box in boxes}
    columns = [box.column for box in boxes.values()]
    rows = [box.row for box in boxes.values()]
    size = ((max(columns) - min(columns) + 1) * 2 * scale, (max(rows) - min(rows) + 1.4) * scale)
    figure, axes = plt.subplots(figsize=size)
    letters = letter_size(boxes.values(), size[0], scale)
    for box in boxes.values():
        _draw_box(axes, box, letters)
    for start, end, *label in arrows:
        _draw_arrow(axes, boxes[start], boxes[end], label[0] if label else "")
    axes.set_xlim(min(columns) * 2 - 1.05, max(columns) * 2 + 1.05)
    axes.set_ylim(-max(rows) - 0.6, -min(rows) + 0.6)
    axes.set_aspect("equal")
    axes.axis("off")
    if title:
        axes.set_title(title, fontsize=10)
    return figure


def letter_size(boxes: Iterable[Box], inches: float, scale: float) -> float:
    """Return the size of words in points: larger in a wide picture, which a page shrinks, as far as boxes have room."""
    wanted = LETTERS * max(1.0, inches / PAGE) ** 2  # wide pictures are shrunk to the page: their words must be larger
    points = 72 * scale * 0.775  # a grid unit; matplotlib leaves the rest of a figure's width to its margins
    texts = [(box, box.text.splitlines()) for box in boxes if box.text]
    room = min(points * box.width / max(map(len, lines)) / LETTER for box, lines in texts)
    height = min(points * HEIGHT / len(lines) / SPACING for _, lines in texts)
    return max(LETTERS, min(wanted, LARGEST, room, height))


def _draw_box(axes: plt.Axes, box: Box, letters: float) -> None:
    corner = (box.column * 2 - box.width / 2, -box.row - HEIGHT / 2)
    axes.add_patch(
        FancyBboxPatch(
            corner,
            box.width,
            HEIGHT,
            boxstyle="round,pad=0.04,rounding_size=0.08",
            facecolor=KINDS[box.kind],
            edgecolor=COLOURS["black"],
            linewidth=0.9,
        )
    )
    axes.text(box.column * 2, -box.row, box.text, ha="center", va="center", fontsize=letters, linespacing=SPACING)


def _draw_arrow(axes: plt.Axes, start: Box, end: Box, label: str) -> None:
    x0, y0, x1, y1 = start.column * 2, -start.row, end.column * 2, -end.row
    if start.column != end.column:
        side = 1 if x1 > x0 else -1
        tail, head = (x0 + side * (start.width / 2 + 0.05), y0), (x1 - side * (end.width / 2 + 0.05), y1)
    else:
        side = 1 if y1 > y0 else -1
        tail, head = (x0, y0 + side * (HEIGHT / 2 + 0.05)), (x1, y1 - side * (HEIGHT / 2 + 0.05))
    axes.add_patch(FancyArrowPatch(tail, head, arrowstyle="-|>", mutation_scale=9, linewidth=0.9, color="black"))
    if label:
        middle = ((tail[0] + head[0]) / 2, (tail[1] + head[1]) / 2 + 0.13)
        axes.text(*middle, label, ha="center", va="bottom", fontsize=6.5, color=COLOURS["blue"])
