"""Sliders fit their cell, follow the hand, say what is seen, and leave something to see without a kernel."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import jupytext
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from merlib.datasets.twin.rendering.rendered import twin_clips
from merlib.inputs.preprocessing import preprocessing
from merlib.publishing.figures import clip_sliders, score_sliders, watched
from merlib.publishing.figures.sliders import HEIGHT, SYNTHETIC, slide

NOTEBOOKS = sorted((Path(__file__).resolve().parents[3] / "notebooks").glob("[!._]*.py"))
TAG = "nbval-ignore-output"
HOW = preprocessing("flow", backend="given", flow="dis")


@cache
def row():
    """Return a short clip of the twin."""
    return next(twin_clips("casme2").itertuples(index=False))


def predictions(people: int, seed: int = 0) -> pd.DataFrame:
    """Return answers of three classes, right four times of five, ten clips for each person."""
    random = np.random.default_rng(seed)
    label = random.integers(0, 3, 10 * people)
    said = np.where(random.random(len(label)) < 0.8, label, (label + 1) % 3)
    subjects = [f"s{one}" for one in range(people) for _ in range(10)]
    frame = pd.DataFrame({"dataset": "twin", "subject": subjects, "clip": range(len(label))})
    frame = frame.assign(clip=frame["clip"].astype(str), label=label, prediction=said, seed=0, fold=0)
    return frame.assign(**{f"score_{name}": 0.0 for name in ("negative", "positive", "surprise")})


MADE = {
    "frames": lambda: clip_sliders.frame_slider(row()),
    "onset and apex": lambda: clip_sliders.onset_apex_flicker(row()),
    "apex": lambda: clip_sliders.apex_slider(row(), HOW),
    "crop": lambda: clip_sliders.crop_slider(row(), HOW),
    "factor": lambda: clip_sliders.factor_slider(tuple(np.zeros((2, 64, 64, 3), np.uint8)), "eulerian"),
    "time": lambda: watched.time_slider(list(np.zeros((9, 30, 40, 3), np.uint8)), 20, (22, 24, 27)),
    "people": lambda: score_sliders.people_slider(predictions(12), True),
    "hyper-planes": score_sliders.hyperplanes_slider,
    "tau": lambda: score_sliders.tau_slider({"0": predictions(6), "1": predictions(6, 1)}),
}
REAL = {"tau"}  # shows committed answers on the real maps, aggregated


def test_no_handle_of_the_tau_sliders_legend_lies_on_its_words(monkeypatch):
    figures = []

    def kept(draw, width=6.4):
        figures.append(Figure(figsize=(width, 2.78), layout="constrained"))
        draw(figures[-1])
        return np.zeros((10, 10, 3), np.uint8)

    monkeypatch.setattr(score_sliders, "drawn", kept)
    MADE["tau"]()
    FigureCanvasAgg(figures[0]).draw()
    for legend in (axis.get_legend() for axis in figures[0].axes):
        for handle, words in zip(legend.legend_handles, legend.get_texts(), strict=True):
            half = handle.get_markersize() / 2 if handle.get_marker() not in ("", "None") else 0
            right = handle.get_window_extent().x1 if not half else handle.get_window_extent().get_points()[:, 0].mean()
            assert right + half * figures[0].dpi / 72 <= words.get_window_extent().x0


@pytest.mark.long
@pytest.mark.parametrize("name", MADE)
def test_a_slider_fits_its_cell_moves_while_dragged_and_says_what_is_shown(name):
    made = MADE[name]()
    slider, words, picture = made.box.children[:3]
    assert slider.continuous_update
    assert picture.layout.height == f"{HEIGHT}px"
    before, said = picture.value, words.value
    slider.value = slider.max if slider.value != slider.max else slider.min
    assert words.value != said
    if name != "factor":  # a black face stays black
        assert picture.value != before
    for shown in (said, words.value):
        assert shown.startswith(SYNTHETIC) == (name not in REAL)


@pytest.mark.long
@pytest.mark.parametrize("name", MADE)
def test_a_slider_leaves_stills_for_a_page_without_a_kernel(name):
    made = MADE[name]()
    picture = Image.open(io.BytesIO(made.stills))
    assert picture.width <= 900
    assert picture.height % HEIGHT < 20  # rows of pictures with gaps between
    assert made.words
    assert "JupyterLab" in made.box._repr_mimebundle_()["text/plain"]


def test_onset_and_apex_blink_and_stop_within_five_seconds():
    picture = Image.open(io.BytesIO(clip_sliders.onset_apex_flicker(row()).stills))
    assert picture.n_frames == 2
    assert 0 < picture.info["loop"] * picture.n_frames * picture.info["duration"] <= 5000


def test_the_frames_of_a_clip_are_named():
    slider, words, _ = clip_sliders.frame_slider(row()).box.children
    for moment in ("onset", "apex", "offset"):
        slider.value = int(getattr(row(), moment))
        assert words.value.endswith(moment)


def test_the_flow_to_the_apex_is_larger_than_that_to_the_frame_after_the_onset():
    slider, words, _ = clip_sliders.apex_slider(row(), HOW).box.children
    at_apex = float(words.value.rpartition("motion ")[2].removesuffix(" px"))
    slider.value = 0
    assert float(words.value.rpartition("motion ")[2].removesuffix(" px")) < at_apex / 2


def test_more_people_make_the_interval_narrower_by_the_root_of_their_number():
    ends = score_sliders.interval_by_people(predictions(40), (10, 40, 160))
    widths = (ends["high"] - ends["low"]).to_numpy()
    assert widths[:-1] / widths[1:] == pytest.approx([2, 2], rel=0.15)


def test_more_hyperplanes_keep_fewer_pairs():
    slider, words, _ = score_sliders.hyperplanes_slider().box.children
    kept = []
    for position in range(slider.max + 1):
        slider.value = position
        kept.append(int(words.value.split(" · ")[-1].partition("%")[0]))
    assert kept == sorted(kept, reverse=True)
    assert kept[0] > 2 * kept[-1]


def test_a_picture_is_drawn_once_however_often_it_is_passed():
    drawn = []

    def draw(position: int) -> np.ndarray:
        drawn.append(position)
        return np.full((30, 40, 3), 60 * position, np.uint8)

    slider = slide("position", 3, draw, lambda position: f"number {position}", (0,)).box.children[0]
    for position in (1, 2, 1, 0, 2):
        slider.value = position
    assert sorted(drawn) == [0, 1, 2]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_cells_with_a_slider_are_left_out_of_what_nbval_compares(path):
    cells = [cell for cell in jupytext.read(path).cells if cell.cell_type == "code"]
    sliders = [cell for cell in cells if "_slider(" in cell.source or "_flicker(" in cell.source]
    assert [cell.source for cell in sliders if TAG not in cell.metadata.get("tags", [])] == []
