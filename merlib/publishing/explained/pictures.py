"""The contents of figures of attention: single clips of the SYNTHETIC twin, or means over the clips of a class.

Single clips may be shown of the twin only; for real data, means are shown. Which clips are shown is decided by names
and predictions, never by how a map looks.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from torch import Tensor

from merlib.clips.samples import Samples
from merlib.errors import MerlibError
from merlib.explaining.agreement import rank_correlation
from merlib.explaining.hidden_layers import heat
from merlib.publishing.explained.networks import Explained
from merlib.publishing.explained.true_regions import face_under, in_puzzle, moving_regions, true_speed
from merlib.publishing.figures.samples import NAMES
from merlib.scoring.interval_text import value_text
from merlib.scoring.means import mean_over_clips

CAM = "Grad-CAM / logits"
GREY = "map / grey levels"
PIXELS = "map / px"
MOVES = "what truly moves"
FEW = 5  # people; a bootstrap over fewer people says little about others


def example_rows(explained: Explained, groups: np.ndarray) -> list[int]:
    """Return one row of the samples for each group: the first clip by name that was classified correctly.

    Parameters
    ----------
    explained : Explained
        Networks and their predictions.
    groups : array (rows,)
        Group of each of `Explained.rows`; an empty name leaves a row out. Where no clip of a group was classified
        correctly, the group's first clip is taken.
    """
    told = explained.predictions
    right = told.loc[told["prediction"] == told["label"], ["dataset", "subject", "clip"]].agg("/".join, axis=1)
    keys, right = explained.samples.keys, set(right)
    chosen = []
    for group in sorted({str(name) for name in groups} - {""}):
        own = explained.rows[np.asarray(groups) == group]
        chosen.append(int(min(own, key=lambda row: (keys[row] not in right, keys[row]))))
    return chosen


def flow_pictures(explained: Explained, cams: Mapping[str, np.ndarray]) -> dict:
    """Return AM3F-FlowNet's Figure 6 for `draw_map_grid`: flow, strain and Grad-CAM, one line per class."""
    samples, cam = explained.samples, cams["flow"]
    classes = np.array(samples.classes)[samples.labels[explained.rows]]
    columns = ("u, horizontal", "v, vertical", "optical strain")
    units = {**dict.fromkeys(columns, _unit(explained)), "Grad-CAM": CAM}
    maps = np.asarray(samples.inputs["flow"])
    if not samples.synthetic:
        lines = {}
        for name in samples.classes:
            own = classes == name
            of_class = maps[explained.rows[own]].mean(0)
            lines[f"{name}\nmean of {own.sum()}"] = {
                **dict(zip(columns, of_class, strict=True)),
                "Grad-CAM": cam[own].mean(0),
            }
        return {"lines": lines, "units": units}
    lines, under, outlines = {}, {}, {}
    place, regions = {row: i for i, row in enumerate(explained.rows)}, moving_regions(true_speed(samples))
    for row in example_rows(explained, classes):
        title = f"{samples.classes[samples.labels[row]]}\n{samples.subjects[row]}"
        face = face_under(samples, row)
        lines[title] = {
            "face": face,
            **dict(zip(columns, maps[row], strict=True)),
            "Grad-CAM": cam[place[row]],
        }
        under[title] = {"Grad-CAM": face}
        outlines[title] = {"optical strain": regions[row], "Grad-CAM": regions[row]}
    return {"lines": lines, "units": units, "under": under, "outlines": outlines, "outline": MOVES}


def branch_pictures(explained: Explained, cams: Mapping[str, np.ndarray], label: str = "positive") -> dict:
    """Return Dual-ATME's Figure 7 for `draw_map_grid`: flow and attention of face and puzzle, one line per data set.

    Parameters
    ----------
    explained : Explained
        Networks of Dual-ATME.
    cams : mapping of str to array
        From `attention`.
    label : str
        Class that is shown; the paper shows positive clips with action unit 12.

    Raises
    ------
    MerlibError
        When the samples have no such class.
    """
    samples = explained.samples
    if label not in samples.classes:
        raise MerlibError(f"no class {label!r}.", f"one of {', '.join(samples.classes)}.", "name another.")
    rows = explained.rows
    own = samples.labels[rows] == samples.classes.index(label)
    titles = {"flow": ("u of the face", "V of the face"), "puzzle": ("u of the puzzle", "V of the puzzle")}
    units = {u: _unit(explained) for u, _ in titles.values()} | {v: CAM for _, v in titles.values()}
    lines, under, outlines = {}, {}, {}
    if not samples.synthetic:
        for name in np.unique(samples.datasets):
            chosen = own & (samples.datasets[rows] == name)
            of_set = lines.setdefault(f"{NAMES.get(name, name)}\nmean of {chosen.sum()}", {})
            for place, (u, v) in titles.items():
                of_set |= {
                    u: np.asarray(samples.inputs[place])[rows[chosen], 0].mean(0),
                    v: cams[place][chosen].mean(0),
                }
        return {"lines": lines, "units": units}
    speed, index = true_speed(samples), {row: i for i, row in enumerate(rows)}
    regions = {"flow": moving_regions(speed), "puzzle": moving_regions(in_puzzle(speed))}
    for row in example_rows(explained, np.where(own, samples.datasets[rows], "")):
        title = f"{NAMES.get(samples.datasets[row], samples.datasets[row])}\n{samples.subjects[row]}"
        face = face_under(samples, row)
        lines[title] = {"face": face}
        under[title], outlines[title] = {titles["flow"][1]: face}, {}
        for place, (u, v) in titles.items():
            lines[title] |= {u: np.asarray(samples.inputs[place])[row, 0], v: cams[place][index[row]]}
            outlines[title][v] = regions[place][row]
    return {"lines": lines, "units": units, "under": under, "outlines": outlines, "outline": MOVES}


def strain_finding(explained: Explained, cam: np.ndarray, who: str, place: str = "flow") -> str:
    """Return a sentence on how closely Grad-CAM follows the strain of its own clip.

    It gives the rank correlation of both maps, its mean over clips and its interval over people. For real maps, whose
    true motion is not known, no more can be said.
    """
    rows = explained.rows
    strain = np.asarray(explained.samples.inputs[place])[rows, 2]
    order = rank_correlation(cam, strain)
    interval = mean_over_clips(order, explained.samples.groups[rows], explained.samples.datasets[rows])
    ends = value_text(*interval, "+.2f")
    return f"{who}: the rank correlation of Grad-CAM with the strain of its own clip is {ends}."


def _unit(explained: Explained) -> str:
    return GREY if explained.samples.unit == "minmax255" else PIXELS


def single(explained: Explained) -> bool:
    """Return whether figures of these samples may show single clips."""
    return explained.samples.synthetic


def by_person(values: pd.DataFrame, people: np.ndarray, datasets: np.ndarray) -> tuple[pd.DataFrame, ...]:
    """Return each column's mean over rows with its 95 % interval over people: values, low, high, one row per column."""
    rows = {
        " ".join(map(str, np.atleast_1d(np.array(name, dtype=object)))): mean_over_clips(
            one.to_numpy(), people, datasets
        )
        for name, one in values.items()
    }
    return tuple(
        pd.DataFrame({"share": {name: getattr(one, end) for name, one in rows.items()}})
        for end in ("value", "low", "high")
    )


def heat_pictures(layers: Mapping[tuple[int, str], Tensor], samples: Samples, rows: np.ndarray) -> dict:
    """Return LARNet's Figure 7 for `draw_map_grid`: the heat of each layer over the frame, one line per stage.

    Parameters
    ----------
    layers : mapping
        From `explaining.hidden_layers.hidden_layers`.
    samples : Samples
        With the input ``frames`` (N, 3, S, S), 0..1.
    rows : array
        The rows that the layers belong to. Of the twin the first row is drawn; of real data the mean over all rows,
        without a frame below it.
    """
    size = samples.inputs["frames"].shape[-2:]
    frame = (255 * np.clip(np.asarray(samples.inputs["frames"][rows[0]]), 0, 1)).astype(np.uint8).transpose(1, 2, 0)
    lines: dict[str, dict[str, np.ndarray]] = {}
    for (stage, name), maps in layers.items():
        warm = heat(maps, size).numpy()
        drawn = warm[0] if samples.synthetic else warm.mean(0)
        start = {"frame": frame} if samples.synthetic else {}
        lines.setdefault(f"stage {stage}", start)[name] = drawn / (drawn.max() or 1.0)
    columns = [name for name in next(iter(lines.values())) if name != "frame"]
    below = {title: dict.fromkeys(columns, frame) for title in lines} if samples.synthetic else {}
    return {"lines": lines, "units": dict.fromkeys(columns, "share of the layer's largest"), "under": below}


def share_words(value: float, low: float, high: float, people: int) -> str:
    """Return a share as text with its interval over people; below `FEW` people their number replaces the interval."""
    if people < FEW:
        return f"{value:.0%} (of {people} {'people' if people > 1 else 'person'}, too few for an interval)"
    return value_text(value, low, high, ".0f", 100, unit="%")
