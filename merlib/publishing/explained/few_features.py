"""Preprocessed clips of a few people of the twin: enough to look into a network, but not to judge it."""

from __future__ import annotations

from joblib import cpu_count

from merlib.clips.samples import Samples
from merlib.clips.selection import few_clips
from merlib.datasets.twin.population import POPULATIONS
from merlib.datasets.twin.rendering.rendered import twin_clips
from merlib.inputs.choices import Preprocessing
from merlib.inputs.clip_samples import samples_of_clips
from merlib.publishing.study import Study

PEOPLE = 12  # in profiles that would otherwise take everybody


def few_features(study: Study, name: str, how: Preprocessing, people: int = PEOPLE) -> Samples:
    """Return one clip of each class of a few people of the SYNTHETIC twin, preprocessed.

    They are always the twin's, whatever data the study was given, because layers and matrices of single clips are
    shown.

    Parameters
    ----------
    study : Study
        Its profile may say how many people; its cache keeps what is computed.
    name : str
        ``casme2``, ``samm`` or ``smic``.
    how : Preprocessing
        How the clips are preprocessed.
    people : int
        How many people are taken where the profile takes everybody.
    """
    table = few_clips(twin_clips(name), study.profile.clip_subjects or people, 1)
    return samples_of_clips(table, [how], POPULATIONS[name].classes, study.cache, workers=cpu_count())
