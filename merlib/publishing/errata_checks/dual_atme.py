"""Checks of the errata of Dual-ATME and its code."""

from __future__ import annotations

from merlib.publishing.errata_checks.printed import MEGC2019, Outcome, cell, checks, listed
from merlib.scoring.grim import shares
from merlib.sources.counts import subject_counts

CLIPS = {"casme2": 145, "smic": 164, "samm": 133}


@checks("DUAL-ATME-C5")
def accuracies() -> Outcome:
    """0.817 is no share of 145 clips, and the parts do not make the whole."""
    parts = {name: cell("dual_atme.table3", "Dual-ATME", f"{name}.acc") for name in CLIPS}
    whole = cell("dual_atme.table3", "Dual-ATME", "full.acc")
    mean = sum(CLIPS[name] * parts[name] for name in CLIPS) / MEGC2019
    fits = shares(parts["casme2"], CLIPS["casme2"], decimals=3, whole=1.0)
    shown = f"{parts['casme2']:g} is no k / 145; the parts make {mean:.4f}, printed {whole:g}"
    return Outcome(shown, not fits and abs(mean - whole) > 0.001)


@checks("DUAL-ATME-C6")
def recalls() -> Outcome:
    """The mean of three rounded recalls is further from UAR than rounding explains."""
    told, holds = [], True
    for name in ("full", "casme2"):
        recall = [cell("dual_atme.figure6", c, f"{name}.recall") for c in ("Negative", "Positive", "Surprise")]
        uar = cell("dual_atme.table3", "Dual-ATME", f"{name}.uar")
        gap = abs(sum(recall) / 3 - uar)
        told.append(f"{listed(recall)} average {sum(recall) / 3:.4f}, UAR printed {uar:g}")
        holds = holds and gap > 0.005 + 0.0005
    return Outcome("; ".join(told) + "; rounding explains 0.0055", holds)


@checks("DUAL-ATME-C7")
def negative_clips() -> Outcome:
    """Disgust and repression make more clips than the challenge calls negative."""
    both = [cell("astnet.table3", name, "casme2.samples") for name in ("Disgust", "Repression")]
    counted = subject_counts("megc2019_cd", "polarity3")
    ours = counted[counted["subject"].str.startswith("casme2/") & (counted["class"] == "negative")]["n"].sum()
    return Outcome(
        f"{listed(both)} make {sum(both):g}; the organisers' list has {ours}", sum(both) == 90 and ours == 88
    )


@checks("DUAL-ATME-C11")
def class_weights() -> Outcome:
    """The printed weights favour the majority; those of the code's comment are inverse frequencies."""
    negative, positive, surprise = (cell("am3f.table1", c, "full") for c in ("negative", "positive", "surprise"))
    inverse = [round(negative / count, 4) for count in (negative, positive, surprise)]
    same = all(
        cell("dual_atme.table6", "CE Adam", f"smic.{m}") == cell("dual_atme.table6", "w-CE Adam", f"smic.{m}")
        for m in ("uar", "uf1")
    )
    shown = f"inverse frequencies {listed(inverse)}; printed 0.2857, 0.1329, 0.1695; equal SMIC cells: {same}"
    return Outcome(shown, inverse == [1, 2.2936, 3.0120] and same)


@checks("DUAL-ATME-C14b")
def below_chance() -> Outcome:
    """A row below the chance of three classes and below one answer to everything."""
    accuracy, uar = (cell("dual_atme.table3", "KFC-MER", name) for name in ("full.acc", "full.uar"))
    most = cell("am3f.table1", "negative", "full") / MEGC2019
    shown = f"UAR {uar:g} against 1 / 3; accuracy {accuracy:g} against {most:.3f} for always 'negative'"
    return Outcome(shown, uar < 1 / 3 and accuracy < most)


@checks("DUAL-ATME-D10")
def parameters_of_the_code() -> Outcome:
    """The parameters of the published network, and of ours with the option `shared_cbam`."""
    from merlib.models import build_model

    code = 2 * (1404 + 3492) + 358 + 4_823_043
    ours = sum(one.numel() for one in build_model("dual_atme", shared_cbam=True).parameters())
    return Outcome(f"code: {code:,}; ours with shared_cbam: {ours:,}", (code, ours) == (4_833_193, 4_838_685))
