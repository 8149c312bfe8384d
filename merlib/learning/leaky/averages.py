"""Liberties that train nothing but report another average under a usual name; LEAKY, like those of `liberties`."""

from __future__ import annotations

from dataclasses import dataclass

from merlib.learning.leaky.liberties import HONEST
from merlib.learning.leaky_names import PREFIX
from merlib.scoring.inflation import PRECISION_AS_UAR, SUBJECT_MEAN_F1, UAR, UF1, Statistic


@dataclass(frozen=True)
class Average:
    """Another average of some predictions.

    Parameters
    ----------
    name, title : str
        As of a `Liberty`.
    measured, honestly : statistic
        The average that is reported, and the usual one of the honest run with which it is compared.
    of : str
        The liberty, or ``honest``, whose predictions are averaged.
    """

    name: str
    title: str
    measured: Statistic
    honestly: Statistic
    of: str = HONEST


AVERAGES: dict[str, Average] = {
    one.name: one
    for one in (
        Average(PREFIX + "subject-mean-f1", "mean of subjects' F1 called UF1", SUBJECT_MEAN_F1, UF1),
        Average(PREFIX + "precision-as-uar", "mean precision called UAR", PRECISION_AS_UAR, UAR),
        Average(
            PREFIX + "stacked-subject-mean-f1",
            "all, people apart, and the mean of subjects' F1",
            SUBJECT_MEAN_F1,
            UF1,
            PREFIX + "stacked-people-apart",
        ),
    )
}
