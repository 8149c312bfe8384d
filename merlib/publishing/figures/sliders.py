"""Sliders of the notebooks: a picture that moves while one drags, and stills of it for a page without a kernel.

Every slider is made by `slide`, whatever it shows, so that all of them fit a cell, follow the hand, say in words what
is seen and leave something to look at where nothing can move: in a browser, on paper, before the notebook is run.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont

from merlib.publishing.style import use_style

if TYPE_CHECKING:
    import ipywidgets

HEIGHT = 300  # px, of a picture with its line of words: slider and picture fit a cell
WORDS = 22  # px, of the line of words above a picture
PAGE = 900  # px, of a row of stills
GAP = 8  # px, between stills
BLINK, BLINKS = 500, 5  # ms a picture, and how often both are shown: it ends within five seconds
INK, STAMP = "#000000", "#D55E00"
SYNTHETIC = "SYNTHETIC"
UNMOVED = "A slider: run this cell in JupyterLab to move it. Some of its positions:"
POINT = " · "


@dataclass(frozen=True)
class Slider:
    """A slider with its picture, and stills of it.

    Parameters
    ----------
    box : ipywidgets.VBox
        The slider, the words and the picture, in this order; the slider counts positions from 0.
    stills : bytes
        Some positions side by side, PNG; two pictures that blink, for a slider that plays.
    words : str
        What the stills show, for whoever cannot see them.
    """

    box: ipywidgets.VBox
    stills: bytes
    words: str

    def _ipython_display_(self) -> None:
        from IPython.display import Image as Shown
        from IPython.display import display

        display(self.box)
        display(Shown(self.stills, format="png", alt=self.words))


def slide(
    name: str,
    count: int,
    draw: Callable[[int], np.ndarray],
    say: Callable[[int], str],
    stills: Sequence[int],
    plays: bool = False,
) -> Slider:
    """Return a slider through `count` pictures.

    Parameters
    ----------
    name : str
        What is changed by dragging.
    count : int
        Number of positions.
    draw : callable
        Picture of a position, uint8 RGB (H, W, 3); asked for when the position is first reached.
    say : callable
        What is seen there, in a few words. SYNTHETIC must be among them where the picture is of the twin.
    stills : sequence of int
        Positions shown without a kernel; the slider begins at the first of them.
    plays : bool
        Whether a button lets the positions follow each other, and the stills blink.
    """
    import ipywidgets

    @cache
    def picture(position: int) -> Image.Image:
        return with_words(draw(position), say(position))

    def show(position: int) -> None:
        shown.value, words.value = png(picture(position)), say(position)

    layout = ipywidgets.Layout(height=f"{HEIGHT}px", width="auto", object_fit="contain", align_self="flex-start")
    shown, words = ipywidgets.Image(format="png", layout=layout), ipywidgets.Label()
    slider = ipywidgets.IntSlider(stills[0], 0, count - 1, description=name, readout=False, continuous_update=True)
    slider.observe(lambda change: show(change["new"]), "value")
    show(stills[0])
    parts = [slider, words, shown]
    if plays:
        button = ipywidgets.Play(value=stills[0], min=0, max=count - 1, interval=BLINK, repeat=True)
        ipywidgets.jslink((button, "value"), (slider, "value"))
        parts.append(button)
    pictures = [picture(position) for position in stills]
    box = type("Slider", (ipywidgets.VBox,), {"__repr__": lambda self: UNMOVED})(parts)
    told = "; ".join(f"{name}: {say(position)}" for position in stills)
    return Slider(box, blinking(pictures) if plays else side_by_side(pictures), told)


def drawn(draw: Callable[[Figure], None], width: float = 6.4) -> np.ndarray:
    """Return what `draw` puts on an empty figure as uint8 RGB, `width` inches wide and as high as a slider shows."""
    use_style()
    figure = Figure(figsize=(width, (HEIGHT - WORDS) / 100), dpi=100, layout="constrained")
    draw(figure)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def with_words(picture: np.ndarray, words: str) -> Image.Image:
    """Return a picture of at most `HEIGHT` px with a line of words above it; SYNTHETIC is written in red."""
    shown = Image.fromarray(np.ascontiguousarray(picture))
    room = HEIGHT - WORDS
    if shown.height != room:
        shown = shown.resize((max(1, round(shown.width * room / shown.height)), room), Image.Resampling.BICUBIC)
    parts = words.split(POINT)
    width = round(max(shown.width, _letters().getlength(words) + 2))
    page = Image.new("RGB", (width, HEIGHT), "white")
    page.paste(shown, (0, WORDS))
    pen, left = ImageDraw.Draw(page), 1.0
    for number, part in enumerate(parts):
        text = part if number == len(parts) - 1 else part + POINT
        pen.text((left, 3), text, fill=STAMP if part == SYNTHETIC else INK, font=_letters())
        left += _letters().getlength(text)
    return page


def side_by_side(pictures: Sequence[Image.Image]) -> bytes:
    """Return pictures in rows that fit the page, PNG."""
    places, left, top = [], 0, 0
    for picture in pictures:
        if left and left + picture.width > PAGE:
            left, top = 0, top + HEIGHT + GAP
        places.append((left, top))
        left += picture.width + GAP
    width = max(place[0] + picture.width for place, picture in zip(places, pictures, strict=True))
    page = Image.new("RGB", (width, top + HEIGHT), "white")
    for place, picture in zip(places, pictures, strict=True):
        page.paste(picture, place)
    return png(page)


def blinking(pictures: Sequence[Image.Image]) -> bytes:
    """Return pictures that follow each other for five seconds and then stand still, as an animated PNG."""
    widest = max(picture.width for picture in pictures)
    pages = [Image.new("RGB", (widest, HEIGHT), "white") for _ in pictures]
    for page, picture in zip(pages, pictures, strict=True):
        page.paste(picture, (0, 0))
    buffer = io.BytesIO()
    pages[0].save(buffer, "png", save_all=True, append_images=pages[1:], duration=BLINK, loop=BLINKS)
    return buffer.getvalue()


def png(picture: Image.Image) -> bytes:
    """Return a picture as the bytes of a PNG file."""
    buffer = io.BytesIO()
    picture.save(buffer, "png")
    return buffer.getvalue()


@lru_cache(maxsize=1)
def _letters() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), 13)
