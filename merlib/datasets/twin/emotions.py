"""How often each action unit occurs in each class, counted from published sheets, and how often labels do not fit.

A clip's units are drawn one by one. The probability of each is the share of the emotion's clips in which coders saw it
(`sources.expressions`). The tables give no co-occurrence, so units are independent once the emotion is known. CASME II
and SAMM are drawn from their own sheets; SMIC, which codes no units, from DFME's. The sheets of few clips list only
units seen at least three times, so their rates are mixed with `PRIOR_CLIPS` clips of the same emotion in DFME.

Independent units alone would distinguish emotions better than real ones do. In a share `MISFIT` of the clips the units
are therefore those of a random emotion of the sheet: people report one emotion and show another, and expressions
overlap. The shares were set so that one probe, a balanced logistic regression on the units, tested on people whom it
was not trained on, scores as on the real sheets (UF1 .47 for seven emotions of DFME; .92 for three classes of CASME II,
.84 for those of SAMM). Units that have no field here (13, 18, 28, 31, 38, 39, 43) are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from merlib.datasets.twin.action_units import ACTION_UNITS
from merlib.sources.expressions import unit_counts

EMOTIONS = ("anger", "contempt", "disgust", "fear", "happiness", "others", "repression", "sadness", "surprise")
SHEETS: Mapping[str, str] = MappingProxyType({"casme2": "CASME II", "samm": "SAMM", "smic": "DFME"})
LARGE_SHEET = "DFME"
PRIOR_CLIPS = 10  # how many clips' worth of DFME's rates is added to each emotion of a small sheet
MISFIT: Mapping[str, float] = MappingProxyType({"casme2": 0.05, "samm": 0.12, "smic": 0.15})
LARGEST_RATE = 0.97

_NEGATIVE = {
    # CASME II keeps disgust and repression in the composite, SAMM's figures are those of its sheet; SMIC records
    # only the polarity, so its mixture is ours (ASTNet 4.1 names sadness, fear and disgust).
    "casme2": {"disgust": 63, "repression": 27},
    "samm": {"anger": 57, "contempt": 12, "disgust": 9, "fear": 8, "sadness": 6},
    "smic": {"disgust": 40, "sadness": 15, "fear": 15},
}


def mixture(dataset: str, class_name: str) -> Mapping[str, float]:
    """Return the emotions behind a class label, and in how many of its clips (or relative weights) each occurs.

    Parameters
    ----------
    dataset : str
        ``casme2``, ``samm`` or ``smic``; the negative class joins different emotions in each.
    class_name : str
        An emotion, which stands for itself, or a polarity.
    """
    if class_name == "negative":
        return MappingProxyType(_NEGATIVE[dataset])
    name = {"positive": "happiness", "other": "others"}.get(class_name, class_name)
    return MappingProxyType({name: 1.0})


@lru_cache(maxsize=8)
def sheet_emotions(dataset: str) -> Mapping[str, int]:
    """Return the emotions of the sheet from which `dataset` is drawn, with the number of clips of each."""
    table = unit_counts()
    rows = table[table["dataset"] == SHEETS[dataset]].drop_duplicates("emotion")
    clips = {"others" if e == "other" else e: int(n) for e, n in rows[["emotion", "clips"]].itertuples(index=False)}
    return MappingProxyType(clips)


@lru_cache(maxsize=64)
def unit_rates(dataset: str, emotion: str) -> Mapping[str, float]:
    """Return the share of an emotion's clips in which each action unit is seen; units that never are are left out.

    Parameters
    ----------
    dataset : {'casme2', 'samm', 'smic'}
        The data set whose sheet is used, see `SHEETS`.
    emotion : str
        One of `sheet_emotions`.
    """
    sheet = SHEETS[dataset]
    own, clips = _counts(sheet, emotion)
    if sheet != LARGE_SHEET:
        prior, of = _counts(LARGE_SHEET, emotion)
        if not of:  # DFME has no class repression or others; the rates over all of its clips are used instead
            prior, of = _all_counts(LARGE_SHEET)
        own, clips = own + PRIOR_CLIPS * prior / of, clips + PRIOR_CLIPS
    rates = np.minimum(own / clips, LARGEST_RATE)
    return MappingProxyType({unit: float(r) for unit, r in zip(ACTION_UNITS, rates, strict=True) if r > 0})


def _counts(sheet: str, emotion: str) -> tuple[np.ndarray, int]:
    table = unit_counts()
    rows = table[(table["dataset"] == sheet) & table["emotion"].isin((emotion, emotion.removesuffix("s")))]
    seen = rows.set_index("action_unit")["clips_with_it"]
    clips = int(rows["clips"].iloc[0]) if len(rows) else 0
    return np.array([seen.get(unit, 0) for unit in ACTION_UNITS], float), clips


def _all_counts(sheet: str) -> tuple[np.ndarray, int]:
    table = unit_counts()
    table = table[table["dataset"] == sheet]
    seen = table.groupby("action_unit")["clips_with_it"].sum()
    clips = int(table.drop_duplicates("emotion")["clips"].sum())
    return np.array([seen.get(unit, 0) for unit in ACTION_UNITS], float), clips
