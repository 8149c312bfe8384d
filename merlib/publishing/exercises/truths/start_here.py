"""Answers of notebook 00: what always predicting the most frequent class reaches, five clips by hand, and leaks."""

from __future__ import annotations

import pandas as pd

from merlib.publishing.exercises.answers import Choice, Number, exercise
from merlib.publishing.figures.people import CLASSES, deals, five_clips, people_on_both_sides, toy_clips
from merlib.publishing.study import Study
from merlib.scoring import accuracy, f1_by_class, uar, uf1
from merlib.scoring.as_published import subject_mean_accuracy


def always(study: Study, answer: str = "negative") -> pd.DataFrame:
    """Return predictions that name one class for every clip of the composite."""
    samples = study.samples("megc2019-flow")
    said = samples.classes.index(answer)
    return pd.DataFrame(
        {"dataset": samples.datasets, "subject": samples.subjects, "clip": samples.clips, "label": samples.labels}
    ).assign(prediction=said)


@exercise("00.guess_uf1")
def guess_uf1(study: Study) -> Number:
    """UF1 of always answering negative, to be guessed within .05."""
    said = always(study)
    mistakes = {
        accuracy(said): "that is the share of right answers; UF1 also counts the classes that are never named.",
        f1_by_class(said, CLASSES)["negative"]: "that is the F1 of negative alone; two classes have an F1 of zero.",
    }
    return Number(uf1(said, CLASSES), within=0.05, share=True, mistakes=mistakes, because="two thirds of it are lost.")


@exercise("00.share")
def share(study: Study) -> Number:
    """Share of clips that always answering negative gets right."""
    said = always(study)
    mistakes = {uar(said, CLASSES): "that is the mean recall; the share counts clips, not classes."}
    return Number(accuracy(said), share=True, mistakes=mistakes, because="a high accuracy may mean nothing.")


@exercise("00.five")
def five(study: Study) -> Number:
    """UF1 of the five clips when the fifth is classified correctly too."""
    clips = five_clips()
    better = clips.assign(prediction=clips["prediction"].where(clips["clip"] != "clip 5", clips["label"]))
    mistakes = {
        uar(better, CLASSES): "that is UAR, the mean of the recalls.",
        accuracy(better): "that is the share of right answers.",
        uf1(clips, CLASSES): "that is the value before the change.",
    }
    return Number(uf1(better, CLASSES), share=True, mistakes=mistakes)


@exercise("00.deal")
def deal(study: Study) -> Choice:
    """The deal in which most people are both in training and in test."""
    leaked = {name: len(people) for name, people in people_on_both_sides(toy_clips(), deals()).items()}
    most = max(leaked, key=leaked.get)
    why = {
        name: "somebody is on both sides there, but in another deal more people are."
        if people
        else "nobody is on both sides there: it leaks nothing."
        for name, people in leaked.items()
    }
    return Choice(most, why, because="each of these people was seen in training.")


@exercise("00.people_mean")
def people_mean(study: Study) -> Number:
    """Accuracy of the eight clips, averaged over people."""
    clips = toy_clips()
    mistakes = {accuracy(clips): "that is pooled: each clip counts once. Average the people's own accuracies."}
    return Number(subject_mean_accuracy(clips, CLASSES), share=True, mistakes=mistakes)
