"""A notebook shows a saved figure once, with what its record says below it."""

from __future__ import annotations

import IPython.display
import matplotlib.pyplot as plt
import pytest
from IPython.core.interactiveshell import InteractiveShell

from merlib.publishing import save_figure
from merlib.publishing.records import shown


@pytest.fixture
def figure():
    figure, axis = plt.subplots()
    axis.plot([0, 1])
    yield figure
    plt.close(figure)


def test_the_caption_stands_below_the_figure_which_is_not_drawn_twice(study, figure, monkeypatch):
    displayed = []
    monkeypatch.setattr(shown, "in_notebook", lambda: True)
    monkeypatch.setattr(IPython.display, "display", lambda one, **_: displayed.append(one))
    save_figure("extra.line", figure, caption="It rises.")
    picture, words = displayed
    assert picture is figure
    assert "It rises." in words.data
    assert figure.number not in plt.get_fignums()


def test_the_word_synthetic_stands_in_the_caption_of_the_twin_and_in_no_other(study, figure, monkeypatch):
    displayed = []
    monkeypatch.setattr(shown, "in_notebook", lambda: True)
    monkeypatch.setattr(IPython.display, "display", lambda one, **_: displayed.append(one))
    record = save_figure("extra.line", figure)
    shown.show_with_caption(figure, {**record, "synthetic": True})
    assert ["SYNTHETIC" in one.data for one in displayed if one is not figure] == [False, True]


def test_outside_of_a_notebook_nothing_is_shown_and_the_figure_stays_open(study, figure, monkeypatch):
    monkeypatch.setattr(IPython.display, "display", lambda *_: pytest.fail("shown"))
    save_figure("extra.line", figure)
    assert figure.number in plt.get_fignums()


def shown_by_a_cell(result) -> dict:
    """Return what a notebook shows of a cell's last value, by its kind."""
    return InteractiveShell.instance().display_formatter.format(result)[0]


def test_a_message_stands_without_quotation_marks_and_a_caption_is_not_shown_again():
    assert shown_by_a_cell(shown.Message("Not shown: no run.")) == {"text/plain": "Not shown: no run."}
    assert shown_by_a_cell(shown.Caption("It rises.")) == {}
    assert (shown.Caption("It rises."), shown.Message("No.")) == ("It rises.", "No.")
