"""The comparison figures show every method once for each archive that has it, where its number is."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from merlib.publishing.figures.comparison import draw_between_archives, draw_forest


def test_the_forest_has_a_mark_for_each_number_best_on_top_and_a_dotted_line_for_each_archive():
    values = pd.DataFrame({"first": [0.7, 0.9, np.nan], "second": [0.72, np.nan, 0.6]}, index=["line", "best", "last"])
    axis = draw_forest(values, values - 0.05, values + 0.05, "line").axes[0]
    names = dict(zip((text.get_text() for text in axis.get_yticklabels()), axis.get_yticks(), strict=True))
    assert sorted(names, key=names.get, reverse=True) == ["best", "line", "last"]
    drawn = [container.lines[0].get_xdata().tolist() for container in axis.containers]
    assert [sorted(one) for one in drawn] == [[0.7, 0.9], [0.6, 0.72]]
    dotted = [line.get_xdata()[0] for line in axis.lines if line.get_linestyle() == ":"]
    assert dotted == [0.7, 0.72]
    plt.close("all")


def test_both_archives_and_their_difference_stand_in_one_row():
    table = pd.DataFrame(
        {"protocol": ["ten folds", "x"], "first": [0.7, 0.6], "second": [0.6, 0.65], "difference": [-0.1, 0.05]},
        index=["down", "up"],
    ).assign(low=lambda t: t["difference"] - 0.02, high=lambda t: t["difference"] + 0.02)
    left, right = draw_between_archives(table).axes
    assert [text.get_text() for text in left.get_yticklabels()] == ["down (ten folds)", "up (x)"]
    assert [line.get_xdata().tolist() for line in left.lines] == [[0.7, 0.6], [0.6, 0.65]]
    np.testing.assert_allclose(right.containers[0].lines[0].get_xdata().astype(float), [-0.1, 0.05])
    plt.close("all")
