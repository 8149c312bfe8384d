"""Save a figure as PNG, SVG, plotted data and record; synthetic figures are stamped, those of real people refused."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from textwrap import fill
from typing import TYPE_CHECKING

import pandas as pd
from matplotlib import rc_context

from merlib.clips.samples import Samples
from merlib.errors import MerlibError
from merlib.publishing.records.identity import LEAKY, start_record
from merlib.publishing.records.ledger import get_artefact
from merlib.publishing.records.record import table_cells, write_record, write_whole
from merlib.publishing.records.shown import show_with_caption
from merlib.publishing.study import Study, current_study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STAMP = "SYNTHETIC"


def _rendered(figure: Figure, form: str) -> bytes:
    buffer = io.BytesIO()
    metadata = {"Date": None} if form == "svg" else {"Software": None}
    with rc_context({"svg.hashsalt": "merlib", "savefig.bbox": "tight"}):  # the same figure gives the same file
        figure.savefig(buffer, format=form, metadata=metadata)
    return buffer.getvalue()


@contextmanager
def _layout_kept(figure: Figure) -> Iterator[None]:
    """Keep all axes where the last drawing placed them: a grid of maps takes longer to lay out than to draw."""
    engine = figure.get_layout_engine()
    figure.set_layout_engine("none")
    try:
        yield
    finally:
        figure.set_layout_engine(engine)


def stamp_synthetic(figure: Figure) -> None:
    """Write the word SYNTHETIC above the figure's upper right corner, once."""
    if not any(text.get_text() == STAMP for text in figure.texts):
        figure.text(0.995, 1.0, STAMP, ha="right", va="bottom", color="#D55E00", fontsize=9, weight="bold")


def stamp_leaky(figure: Figure, labels: Sequence[str]) -> None:
    """Write below the figure, once, which of its runs are leaky and for comparison only."""
    text = fill(f"{LEAKY}: {'; '.join(labels)}", width=max(60, int(13 * figure.get_figwidth())))
    if not any(there.get_text() == text for there in figure.texts):
        figure.text(0.005, -0.005, text, ha="left", va="top", color="#D55E00", fontsize=8, weight="bold")


def save_figure(
    artefact: str,
    figure: Figure,
    runs: Mapping[str, pd.DataFrame] | None = None,
    *,
    data: pd.DataFrame | None = None,
    samples: Sequence[Samples] = (),
    caption: str = "",
    substitution: str = "",
    magnifiers: Sequence[str] = (),
    shows_single_samples: bool = False,
    edition: str = "",
    numbers: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame] | None = None,
    study: Study | None = None,
) -> dict:
    """Write a figure as PNG, SVG, CSV of the plotted data and JSON record, show it with its caption, return the record.

    Parameters
    ----------
    artefact : str
        Id in the ledger, or ``extra.NAME``.
    figure : matplotlib Figure
        The figure; it is stamped SYNTHETIC when the twin was used.
    runs, samples, caption, substitution, edition, magnifiers, study
        As in `save_table`.
    numbers : three of DataFrame, optional
        Our values of numbers that the paper prints about the figure, with rows and columns named as in
        ``data_manifests/papers/*.csv``, and the ends of their 95 % intervals. They enter the record as a table's do.
    data : DataFrame, optional
        The data that was plotted, so that figures can be compared by numbers.
    shows_single_samples : bool
        Whether a single map or face can be seen, which is refused for real data.

    Raises
    ------
    MerlibError
        When single samples of real data are shown, or single samples without the data that they come from.
    """
    study = study or current_study()
    record = start_record(get_artefact(artefact), study, runs or {}, list(samples), caption, substitution, magnifiers)
    if shows_single_samples and not record["data"]:
        raise MerlibError(
            f"{artefact} shows single samples of nobody knows what.",
            "runs or samples, which say whether they are real.",
            "hand over the samples or the clip table that it was drawn from.",
        )
    if shows_single_samples and any(not source["synthetic"] for source in record["data"]):
        raise MerlibError(
            f"{artefact} shows single samples of real data.",
            "aggregates, confusion matrices or curves; single samples only of the synthetic twin.",
            "draw it from the twin.",
        )
    if record["synthetic"]:
        stamp_synthetic(figure)
    if record["leaky"]:
        stamp_leaky(figure, record["leaky"])
    if numbers is not None:
        record["cells"] = table_cells(artefact, *numbers, record["grade"], record["classes"])
    folder, name = study.artefact_folder, ".".join(filter(None, (artefact, edition)))
    write_whole(folder / f"{name}.png", _rendered(figure, "png"))
    with _layout_kept(figure):
        write_whole(folder / f"{name}.svg", _rendered(figure, "svg"))
        if data is not None:
            mark = "# SYNTHETIC\n" if record["synthetic"] else ""
            write_whole(folder / f"{name}.csv", mark + data.to_csv())
        write_record(folder / f"{name}.json", record)
        show_with_caption(figure, record)
    return record
