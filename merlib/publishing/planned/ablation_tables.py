"""Tables and figures of ablations, from committed runs alone; each row says whether its difference is within noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from merlib.errors import unknown_name
from merlib.learning.experiment import Experiment
from merlib.learning.frame_votes import of_clips
from merlib.profiles import get_profile
from merlib.publishing.figures.settings import draw_setting
from merlib.publishing.planned.ablation_plan import (
    BATCHES,
    DROPOUTS,
    ablation_runs,
    already_planned,
    committed_ablations,
)
from merlib.publishing.planned.archive_plan import every_planned_run
from merlib.publishing.planned.plan import DATA as MAPS
from merlib.publishing.planned.plan import of_seeds, planned_states
from merlib.publishing.planned.tables import EDITION, THEIR_MAPS, code_note
from merlib.publishing.records.save_figure import save_figure
from merlib.publishing.records.save_table import SavedTable, quantity, save_table
from merlib.publishing.records.shown import Caption, Message
from merlib.publishing.study import Study
from merlib.publishing.tables.metrics import comparison_table, metric_table
from merlib.scoring import accuracy, bootstrap_interval, paired_permutation_test
from merlib.scoring.interval_text import value_text

VARIANTS = "extra.dual_atme_variants"
NOISE = "inside the noise"


@dataclass(frozen=True)
class Family:
    """The rows of one table or figure and the row that each is tested against.

    Parameters
    ----------
    rows : mapping of str to str
        For each row as printed, the name of an ablation or of a planned run that is committed already.
    against : str
        The row that the others are tested against, or for ``gain`` what the run that gains are counted from is called.
    shows : {'metrics', 'gain', 'error'}
        What the paper's columns hold.
    setting : str
        What varies in a figure; empty for tables.
    base : str
        For ``gain``, the name of the run that gains are counted from.
    """

    rows: Mapping[str, str]
    against: str
    shows: str = "metrics"
    setting: str = ""
    base: str = ""


_PAIRS = {
    "E.&N.": "regions-eyebrows-nose",
    "E.&M.": already_planned()["E.&M."],
    "F.&N.": "regions-cheeks-nose",
    "F.&M.": "regions-cheeks-mouth",
    "Full-face": "regions-full_face",
}
FAMILIES: Mapping[str, Family] = {
    "uamrn.table5": Family(
        {"Deterministic": "uamrn-deterministic", "Uncertainty-Aware": "uamrn-uncertainty-aware"}, "Uncertainty-Aware"
    ),
    "uamrn.table6": Family({"Full-Attention": "uamrn-full-attention", "SSA": "uamrn-uncertainty-aware"}, "SSA"),
    "dual_atme.table4": Family(_PAIRS, "E.&M."),
    VARIANTS: Family(
        {
            "HARS + AARS": already_planned()["E.&M."],
            "attention on the puzzle too": already_planned()["attention on the puzzle too"],
            "one CBAM for both branches": "dual-atme-shared-cbam",
            "features rescaled to -1..1": "dual-atme-features-rescaled",
        },
        "HARS + AARS",
    ),
    "astnet.table6": Family(
        {
            "ResNet-ConvLSTM without amplification": "astnet-unmagnified",
            "ResNet-ConvLSTM": "astnet-none",
            "ResNet-Spatial Attention-ConvLSTM": "astnet-spatial",
            "ResNet-Channel Attention-ConvLSTM": "astnet-channel",
            "ASTNet": "astnet-cbam",
        },
        "ASTNet",
    ),
    "astnet.table8": Family(
        {**{f"Network({n})": f"astnet-position-{n}" for n in (1, 2, 3, 4)}, "Proposed": "astnet-cbam"},
        "no attention",
        "gain",
        base="astnet-none",
    ),
    "astnet.figure11": Family(
        {str(n): "astnet-cbam" if n == BATCHES[0] else f"astnet-batch-{n}" for n in BATCHES},
        "32",
        "metrics",
        "batch size",
    ),
    "astnet.figure12": Family(
        {f"{rate:g}": "astnet-cbam" if rate == 0.5 else f"astnet-dropout-{rate:g}" for rate in DROPOUTS},
        "0.5",
        "metrics",
        "dropout before the ConvLSTM",
    ),
    "larnet.table1": Family(
        {f"{name.capitalize()} Attention": f"larnet-{name}" for name in ("mixed", "channel", "spatial")},
        "Mixed Attention",
        "error",
    ),
}
COMMAND = "merlib reference ablate"


def committed_answers() -> dict[str, pd.DataFrame]:
    """Return the predictions of all committed runs that the families name, by the name of the run.

    Every reference is read only once.
    """
    theirs = {name: every_planned_run()[name] for name in already_planned().values()}
    states = planned_states(theirs)
    there = {name: state.predictions for name, state in states.items() if state.predictions is not None}
    return there | committed_ablations()


def committed_rows(artefact: str, committed: Mapping[str, pd.DataFrame]) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Return the predictions of a family by row, one per clip, and the names of the runs that are missing.

    `committed` comes from `committed_answers`. For ``gain`` the run that gains are counted from stands last, under the
    words for it.
    """
    if artefact not in FAMILIES:
        raise unknown_name("family of ablations", artefact, FAMILIES)
    family = FAMILIES[artefact]
    wanted = dict(family.rows) | ({family.against: family.base} if family.base else {})
    found, lacking = {}, []
    for row, name in wanted.items():
        frame = committed.get(name)
        if frame is None:
            lacking.append(name)
            continue
        found[row] = of_clips(of_seeds(frame, Experiment.from_dict(frame.attrs["experiment"]).seeds, row))
    return found, lacking


def against_table(artefact: str, runs: Mapping[str, pd.DataFrame]) -> pd.Series:
    """Return as text each row's difference in UF1 to the row that its family is tested against, and the verdict.

    An example is ``-0.031 [-0.080, 0.021], inside the noise``. The verdict is ``higher`` or ``lower`` where the paired
    permutation test by person, corrected by Holm over the family, rejects at the 5 % level.
    """
    against = FAMILIES[artefact].against
    pairs = [(row, against) for row in runs if row != against]
    tests = comparison_table(runs, pairs)
    told = {against: "-"} if against in FAMILIES[artefact].rows else {}
    for row, _ in pairs:
        test = tests.loc[f"{row} against {against}"]
        shown = test["verdict"] != "not shown"
        word = ("higher" if test["UF1 difference"] > 0 else "lower") if shown else NOISE
        told[row] = f"{value_text(test['UF1 difference'], test['low'], test['high'], '+.3f')}, {word}"
    return pd.Series(told, name=f"UF1 against {against}")


def _gains(runs: Mapping[str, pd.DataFrame], against: str) -> tuple[pd.DataFrame, ...]:
    data = str(next(iter(runs.values()))["dataset"].iloc[0])
    rows = [row for row in runs if row != against]
    tests = {row: paired_permutation_test(runs[row], runs[against], accuracy, permutations=1) for row in rows}
    ends = ({row: 100 * getattr(test, end) for row, test in tests.items()} for end in ("difference", "low", "high"))
    return tuple(pd.DataFrame({f"{data}.gain": end}) for end in ends)


def _errors(runs: Mapping[str, pd.DataFrame]) -> tuple[pd.DataFrame, ...]:
    found = {row: bootstrap_interval(answers, accuracy) for row, answers in runs.items()}
    ends = ({row: 100 * (1 - getattr(one, end)) for row, one in found.items()} for end in ("value", "high", "low"))
    return tuple(pd.DataFrame({"error": end}) for end in ends)


def family_numbers(artefact: str, runs: Mapping[str, pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return our values of a family's printed columns, and the ends of their 95 % intervals."""
    family = FAMILIES[artefact]
    if family.shows == "gain":
        return _gains(runs, family.against)
    if family.shows == "error":
        return _errors(runs)
    printed = artefact if not family.setting and artefact != VARIANTS else None
    return metric_table(runs, artefact=printed)


def verdict_caption(verdicts: pd.Series) -> str:
    """Return a sentence on which rows of a family differ by more than the noise."""
    tested = verdicts[verdicts != "-"]
    shown = {row: text.rpartition(", ")[2] for row, text in tested.items() if not text.endswith(NOISE)}
    against = str(verdicts.name).removeprefix("UF1 against ")
    if not shown and len(tested) == 1:
        return f"The difference in UF1 to {against} is inside the noise of these people."
    if not shown:
        return f"None of the {len(tested)} differences in UF1 to {against} is outside the noise of these people."
    told = "; ".join(f"{row} is {word}" for row, word in shown.items())
    return f"In UF1, against {against}: {told}; the other {len(tested) - len(shown)} are {NOISE}."


def _substitution(artefact: str, runs: Mapping[str, pd.DataFrame]) -> str:
    one = next(iter(runs.values()))
    if not one.attrs["synthetic"]:
        return "; ".join(
            filter(
                None,
                ["ten subject-disjoint folds, seed 0, in place of leave one subject out", THEIR_MAPS, code_note(runs)],
            )
        )
    recipes = [Experiment.from_dict(frame.attrs["experiment"]).recipe for frame in runs.values()]
    epochs = "/".join(str(n) for n in sorted({recipe.epochs for recipe in recipes}))
    batches = "/".join(str(n) for n in sorted({recipe.batch_size for recipe in recipes}))
    width = Experiment.from_dict(one.attrs["experiment"]).options.get("width")
    told = f"ABRIDGED: width {width}, {epochs} epochs, batch {batches}, ten folds of people, seed 0"
    return "; ".join(filter(None, ["frozen SYNTHETIC twin in place of licensed clips", told, code_note(runs)]))


def _lacks(artefact: str, lacking: list[str]) -> Message:
    planned = ablation_runs()
    maps = any(name in planned and not planned[name].synthetic for name in lacking)
    command = f"{COMMAND} {' '.join(lacking)}{f' --data {MAPS}=DIR' if maps else ''}"
    return Message(f"Not shown: {artefact} lacks {', '.join(lacking)}. Train them: {command}")


def _told(artefact: str, runs: Mapping[str, pd.DataFrame], study: Study) -> dict[str, object]:
    synthetic = any(frame.attrs["synthetic"] for frame in runs.values())
    profile = get_profile("teach" if synthetic else "paper")  # the same whatever profile the notebook has
    return {"substitution": _substitution(artefact, runs), "study": replace(study, profile=profile), "edition": EDITION}


def ablation_table(artefact: str, study: Study, committed: Mapping[str, pd.DataFrame]) -> SavedTable | Message:
    """Save a table of ablations from committed runs and return it.

    `committed` comes from `committed_answers`. Beside the paper's columns, the table gives the difference in UF1 to the
    row that each is tested against, and whether it is outside the noise. If runs are missing, a sentence is returned
    that names them and the command that trains them.
    """
    runs, lacking = committed_rows(artefact, committed)
    if lacking:
        return _lacks(artefact, lacking)
    values, low, high = family_numbers(artefact, runs)
    verdicts = against_table(artefact, runs)
    shown = values.assign(**{verdicts.name: verdicts.reindex(values.index)})
    ends = [end.reindex(columns=shown.columns) for end in (low, high)]
    how = {"low": ends[0], "high": ends[1], "caption": verdict_caption(verdicts), **_told(artefact, runs, study)}
    return save_table(artefact, shown, runs, **how)


def ablation_figure(artefact: str, study: Study, committed: Mapping[str, pd.DataFrame]) -> Caption | Message:
    """Draw the result of each value of a setting from committed runs and return the caption, or name missing runs."""
    runs, lacking = committed_rows(artefact, committed)
    if lacking:
        return _lacks(artefact, lacking)
    values, low, high = family_numbers(artefact, runs)
    caption = verdict_caption(against_table(artefact, runs))
    shown = {column: quantity(column) for column in values if column.endswith((".acc", ".uf1"))}
    figure = draw_setting(values, low, high, FAMILIES[artefact].setting, shown)
    how = {"numbers": (values, low, high), "caption": caption, **_told(artefact, runs, study)}
    save_figure(artefact, figure, runs, data=values, **how)
    return Caption(caption)
