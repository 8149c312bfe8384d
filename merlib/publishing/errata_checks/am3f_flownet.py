"""Checks of the errata of AM3F-FlowNet."""

from __future__ import annotations

import numpy as np

from merlib.publishing.errata_checks.printed import CASME2, Outcome, cell, checks, column, listed, no_share
from merlib.scoring.as_published import f1_without_factor_two
from merlib.scoring.grim import explaining_sizes, shares
from merlib.scoring.metrics import uf1_of_counts
from merlib.sources.counts import subject_counts

FULL, NO_SCALES, NO_FUSION = "AM3F-FlowNet", "AM3F-FlowNet without multi-scale", "AM3F-FlowNet without MSFF"


def five_class_accuracies() -> list[float]:
    """Return the accuracies that Tables 4 and 5 print, each once."""
    return list(dict.fromkeys(column("am3f.table4", "casme2.acc") + column("am3f.table5", "casme2.acc")))


@checks("AM3F-A1")
def factor_two() -> Outcome:
    """Every clip right: Eq. 7 must give 1."""
    perfect = np.diag([4.0, 3.0, 2.0])
    printed, meant = f1_without_factor_two.of_counts(perfect), uf1_of_counts(perfect)
    return Outcome(f"every clip right: {printed:g} as printed, {meant:g} as meant", bool(printed == 0.5 and meant == 1))


@checks("AM3F-A5")
def class_sizes() -> Outcome:
    """Both pairs of disgust and others make 246 clips."""
    names = ("Happiness", "Repression", "Surprise", "Disgust", "Others")
    *rest, disgust, others = (cell("astnet.table3", name, "casme2.samples") for name in names)
    ours, theirs = sum(rest) + disgust + others, sum(rest) + 60 + 102
    shown = f"{listed(rest)} and 60, 102 make {theirs:g}; with {disgust:g}, {others:g} they make {ours:g}"
    return Outcome(shown, ours == theirs == CASME2)


@checks("AM3F-A6")
def clips_evaluated() -> Outcome:
    """Which number of clips explains the accuracies of Tables 4 and 5?"""
    printed = [value for value in five_class_accuracies() if value != cell("am3f.table5", "CE", "casme2.acc")]
    odd, sizes = no_share(printed, CASME2), explaining_sizes(printed, range(100, 300))
    shown = f"{listed(odd)}: no k / {CASME2}; of N from 100 to 299 only {listed(sizes)} gives all of them"
    return Outcome(shown, sizes == [239] and odd == printed)


@checks("AM3F-A7")
def gain_of_lasce() -> Outcome:
    """The gain in the text is not that of the table, and 82.38 fits neither number of clips."""
    plain, lasce = cell("am3f.table5", "CE", "casme2.acc"), cell("am3f.table5", "LASCE", "casme2.acc")
    fits = [size for size in (239, CASME2) if shares(plain, size)]
    shown = (
        f"{lasce:g} - {plain:g} = {lasce - plain:.2f}, the text says 2.12; {plain:g} fits {listed(fits) or 'neither'}"
    )
    return Outcome(shown, round(lasce - plain, 2) != 2.12 and not fits)


@checks("AM3F-A8")
def accuracy_on_smic() -> Outcome:
    """74.25 lies between two shares of 164."""
    printed, near = cell("am3f.table2", FULL, "smic.acc"), [round(100 * k / 164, 2) for k in (121, 122)]
    return Outcome(f"121 and 122 of 164 are {listed(near)}; printed {printed:g}", not shares(printed, 164))


@checks("AM3F-A9b")
def behind_bdcnn() -> Outcome:
    """How far is "slightly"?"""
    behind = [cell("am3f.table3", "BDCNN", name) - cell("am3f.table3", FULL, name) for name in ("samm.uf1", "samm.uar")]
    return Outcome(f"behind BDCNN by {behind[0]:.4f} (UF1) and {behind[1]:.4f} (UAR)", min(behind) > 0.08)


@checks("AM3F-A18")
def gains_of_modules() -> Outcome:
    """The gain "on top of multi-scale" is that over the prototype."""
    full, bare, fused = (
        [cell("am3f.table4", row, f"casme2.{m}") for m in ("acc", "f1")] for row in (FULL, NO_SCALES, NO_FUSION)
    )
    over = [(round(full[0] - one[0], 2), round(full[1] - one[1], 4)) for one in (bare, fused)]
    shown = f"over the prototype {listed(over[0])}, on top of multi-scale {listed(over[1])}"
    return Outcome(shown, over == [(3.35, 0.0383), (1.26, 0.0057)])


@checks("AM3F-A20")
def last_batch() -> Outcome:
    """In how many folds does a batch of eight leave one clip over?"""
    clips = subject_counts("megc2019_cd", "polarity3").groupby("subject")["n"].sum()
    alone = int(((clips.sum() - clips) % 8 == 1).sum())
    return Outcome(f"{alone} of {len(clips)} folds end with a batch of one", alone == 11 and len(clips) == 68)


@checks("AM3F-A21")
def share_of_the_largest_class() -> Outcome:
    """Which accuracy does always answering "negative" reach?"""
    most, every = cell("am3f.table1", "negative", "full"), cell("am3f.table1", "samples", "full")
    return Outcome(f"{most:g} / {every:g} = {most / every:.3f} for one answer to everything", most / every > 1 / 2)
