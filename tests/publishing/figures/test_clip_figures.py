"""Figures of clips leave nothing out."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from merlib.datasets.twin.rendering.rendered import twin_clips
from merlib.publishing.figures.clips import draw_action_units, frame_words


def test_every_class_of_a_sheet_is_drawn():
    classes = ["disgust", "fear", "happiness", "others", "repression", "sadness", "surprise"]
    counts = pd.DataFrame([range(1, 8)], index=["AU4"], columns=classes).assign(total=28)
    counts.attrs = {"coded": 28, "uncoded": 0}
    figure = draw_action_units(counts)
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == classes
    assert sum(bar.get_height() for bar in figure.axes[0].patches) == 28
    plt.close(figure)


def test_a_recorded_clip_is_not_called_synthetic_and_may_lack_an_apex():
    row = next(twin_clips("smic").itertuples(index=False))._replace(source=object(), apex=float("nan"))
    assert "SYNTHETIC" not in frame_words(row, 3)
    assert frame_words(row, int(row.offset)).endswith("offset")
