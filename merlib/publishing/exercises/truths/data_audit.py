"""Answers of notebook 01: what can be concluded from counts of clips."""

from __future__ import annotations

from merlib.publishing.exercises.answers import Number, exercise
from merlib.publishing.study import Study
from merlib.publishing.tables.data import astnet_table3, composite_counts, possible_sizes
from merlib.sources.counts import subject_counts


@exercise("01.size")
def size(study: Study) -> Number:
    """The number of clips that explains UAMRN's accuracies on CASME II."""
    named = int(subject_counts("casme2")["n"].sum())
    sizes = possible_sizes([80.57, 78.95, 78.54], range(240, 256))
    mistakes = {named: "that is the number the paper names. Does it explain any of the three?"}
    return Number(int(sizes["N"].iloc[0]), mistakes=mistakes, because="one clip more than the paper names (UAMRN-F7).")


@exercise("01.step")
def step(study: Study) -> Number:
    """The smallest difference of two accuracies on the five classes of CASME II, in percentage points."""
    clips = subject_counts("casme2")["n"].sum()
    mistakes = {
        1 / clips: "that is a share; percentage points are asked for.",
        0.01: "two decimals can be printed, but can an accuracy take every such value?",
    }
    return Number(100 / clips, mistakes=mistakes, because="no two accuracies on these clips are nearer.")


@exercise("01.join")
def join(study: Study) -> Number:
    """Clips that are lost when SAMM is joined by its raw subject ids."""
    samm = composite_counts().loc["samm"]
    mistakes = {int(samm["subjects"]): "that is how many people; how many clips do they have?"}
    return Number(int(samm["samples"]), mistakes=mistakes, because="a join that loses rows says nothing. Count them.")


@exercise("01.copies")
def copies(study: Study) -> Number:
    """Independent clips among SMIC's rows after twentyfold augmentation."""
    table = astnet_table3().loc["Total Size"]
    mistakes = {int(table["smic.processed"]): "so many rows; but how many of them are recordings of their own?"}
    return Number(int(table["smic.samples"]), mistakes=mistakes, because="twenty copies of a clip are one clip.")
