"""Figures of results show every table that was handed to them, and say SYNTHETIC where a face is the twin's."""

from __future__ import annotations

import io

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from merlib.publishing.figures.attention_matrix import draw_attention_matrices
from merlib.publishing.figures.watched import draw_regions, draw_stages
from merlib.publishing.records.ledger import artefacts, get_artefact
from merlib.publishing.records.save_figure import STAMP, stamp_leaky
from merlib.publishing.style import legend_below
from merlib.publishing.verify.verdicts import draw_verdicts


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_every_table_with_a_verdict_is_drawn_however_many_there_are():
    tables = [name for name, one in artefacts().items() if one.kind == "table"]
    rows = [{"artefact": name, "reported": 71.0, "ours": 35.0, "low": 20.0, "high": 50.0} for name in tables]
    figure = draw_verdicts(pd.DataFrame(rows))
    axis = figure.axes[0]
    looks = {(one.lines[0].get_marker(), one.lines[0].get_color()) for one in axis.containers}
    assert [one.get_label() for one in axis.containers] == [get_artefact(name).place for name in sorted(tables)]
    assert len(looks) == len(tables)
    assert axis.get_ylim()[0] <= 0.2  # the end of an interval below the usual range is seen


def test_the_twins_face_and_its_motion_say_synthetic():
    picture, points = np.zeros((40, 40, 3), np.uint8), np.random.default_rng(0).uniform(0, 40, (80, 2))
    stages = draw_stages(picture, picture, points[:68], points)
    regions = draw_regions(np.arange(5.0), np.zeros((5, 2)), ("brow", "chin"), (1.0, 2.0, 3.0))
    assert [[text.get_text() for text in figure.texts] for figure in (stages, regions)] == [[STAMP], [STAMP]]


def test_a_legend_below_the_axes_is_clear_of_them_and_of_what_is_stamped_below_also_in_the_saved_picture():
    figure, axis = plt.subplots(figsize=(8, 3), layout="constrained")
    axis.plot([0, 1], label="frames at random, pretrained")
    axis.set_xlabel("epoch")
    legend_below(figure, axis, title="mean of the folds")
    stamp_leaky(figure, ["frames at random, pretrained"])
    seen = []
    figure.texts[0].draw = lambda renderer: seen.append(  # as it stands while a picture is written
        [one.get_window_extent(renderer).frozen() for one in (axis, *figure.legends, figure.texts[0])]
    )
    figure.savefig(io.BytesIO(), bbox_inches="tight")
    axes_box, legend, stamp = seen[-1]
    assert axes_box.y0 > legend.y1 > legend.y0 > stamp.y1


def test_matrices_stand_two_in_a_row_and_an_odd_one_leaves_no_empty_axes():
    pictures = {name: np.eye(4) for name in ("one", "two", "three")}
    figure = draw_attention_matrices(pictures, dict.fromkeys(pictures, "attention"))
    assert [axis.get_title() for axis in figure.axes if axis.get_title()] == list(pictures)
    assert len(figure.axes) == 2 * len(pictures)  # each with its scale
