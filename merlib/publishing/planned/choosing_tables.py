"""The sweep of tau and the effect of choosing by the test result, as saved tables and figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from merlib.profiles import get_profile
from merlib.publishing.figures.settings import draw_setting
from merlib.publishing.planned.ablation_plan import TAUS
from merlib.publishing.planned.ablation_tables import verdict_caption
from merlib.publishing.planned.after_training import RUN, after_training_runs
from merlib.publishing.planned.choosing import choosing_finding, choosing_table, optimism_between_halves
from merlib.publishing.planned.inner_tau import inner_scores
from merlib.publishing.planned.plan import PlannedState
from merlib.publishing.planned.tables import THEIR_MAPS, rows_missing, spread_caption, stands_in, table_runs
from merlib.publishing.records.save_figure import save_figure
from merlib.publishing.records.save_table import SavedTable, save_table
from merlib.publishing.records.shown import Message
from merlib.publishing.study import Study
from merlib.publishing.tables.metrics import comparison_table, metric_table
from merlib.scoring.interval_text import value_text

TAU, LOSS, LAMBDA = "tau, STSTNet", "loss, AM3F-FlowNet", "lambda, Dual-ATME"
AFTER = "tau after training, AM3F-FlowNet"
PRINTED = {TAU: "0.5", AFTER: "0.5", LOSS: "LASCE", LAMBDA: "0.01"}
TABLES = {LOSS: "am3f.table5", LAMBDA: "dual_atme.table5"}
ABRIDGED = "STSTNet in profile teach, ABRIDGED, in place of AM3F-FlowNet"


def tau_runs(committed: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the predictions of the sweep by tau; empty unless all are committed."""
    names = {f"{tau:g}": f"tau-{tau:g}" for tau in TAUS}
    return {tau: committed[name] for tau, name in names.items()} if set(names.values()) <= set(committed) else {}


def tau_sweep(study: Study, committed: Mapping[str, pd.DataFrame]) -> SavedTable | Message:
    """Save the sweep of tau in training, on real maps, as ``extra.tau_sweep``, with its figure; or say what lacks."""
    runs = tau_runs(committed)
    if not runs:
        command = "merlib reference ablate --data megc2019-flow=DIR"
        return Message(f"Not shown: the sweep of tau lacks runs. Train them: {command}")
    return _swept("extra.tau_sweep", "tau in training", runs, ABRIDGED, replace(study, profile=get_profile("teach")))


def tau_after_training(study: Study, states: Mapping[str, PlannedState]) -> SavedTable | Message:
    """Save the sweep of tau after training as ``extra.tau_after_training``, with its figure; or say what is missing."""
    runs = after_training_runs(states)
    if not runs:
        command = f"merlib reference train {RUN} --data megc2019-flow=DIR"
        return Message(f"Not shown: {RUN} is not committed. Train it: {command}")
    told = "tau log p taken from the logits of networks trained with cross entropy, in place of LASCE's in training"
    paper = replace(study, profile=get_profile("paper"))
    return _swept("extra.tau_after_training", "tau after training", runs, told, paper)


def _swept(name: str, setting: str, runs: Mapping[str, pd.DataFrame], stands: str, study: Study) -> SavedTable:
    """Save a sweep and its figure; each tau is compared with tau 0 (plain cross entropy), same people and seeds."""
    values, low, high = metric_table(runs)
    tests = comparison_table(runs, [(tau, "0") for tau in runs if tau != "0"])
    words = {"0": "-"}
    for tau in runs:
        if tau != "0":
            test = tests.loc[f"{tau} against 0"]
            word = (
                "inside the noise"
                if test["verdict"] == "not shown"
                else ("higher", "lower")[test["UF1 difference"] < 0]
            )
            words[tau] = f"{value_text(test['UF1 difference'], test['low'], test['high'], '+.3f')}, {word}"
    verdicts = pd.Series(words, name="UF1 against tau 0")
    told = {
        "caption": f"{spread_caption(values, low, high, 'full.uf1')} {verdict_caption(verdicts)}",
        "substitution": "; ".join([stands_in(runs), THEIR_MAPS, stands]),
        "study": study,
    }
    figure = draw_setting(values, low, high, setting, {"full.uf1": "UF1", "full.uar": "UAR"})
    save_figure(name, figure, runs, data=values, edition="figure", **told)
    table = values.assign(**{verdicts.name: verdicts})
    ends = {"low": low.reindex(columns=table.columns), "high": high.reindex(columns=table.columns)}
    return save_table(name, table, runs, **ends, **told)


def choosing(
    study: Study, committed: Mapping[str, pd.DataFrame], states: Mapping[str, PlannedState]
) -> SavedTable | Message:
    """Save how much choosing tau, loss and lambda by the test result gains, as ``extra.choosing``; or say what lacks.

    Parameters
    ----------
    study : Study
        The study into whose folder it is written.
    committed : mapping of str to predictions
        From `ablation_tables.committed_answers`.
    states : mapping of str to PlannedState
        From `planned_states`.
    """
    sweeps = {what: table_runs(name, states) for what, name in TABLES.items() if not rows_missing(name, states)}
    inner = inner_scores()
    if after_training_runs(states):
        sweeps = {AFTER: after_training_runs(states)} | sweeps
    if tau_runs(committed):
        sweeps = {TAU: tau_runs(committed)} | sweeps
    if not sweeps:
        return Message("Not shown: no sweep is committed.")
    parts, captions, runs = ([], [], []), [], {}
    for what, swept in sweeps.items():
        tables = choosing_table(swept, PRINTED[what], inner if what == TAU else None)
        halves = f"On half of the people a chosen value has {optimism_between_halves(swept):+.3f} over the other half."
        captions.append(f"{what}: {choosing_finding(*tables)} {halves}")
        runs |= {f"{what}: {value}": answers for value, answers in swept.items()}
        for part, table in zip(parts, tables, strict=True):
            part.append(table.rename(index=lambda way, what=what: f"{what}: {way}"))
    values, low, high = (pd.concat(part) for part in parts)
    return save_table(
        "extra.choosing",
        values,
        runs,
        low=low,
        high=high,
        caption=" ".join(captions),
        substitution="; ".join([stands_in(runs), THEIR_MAPS]),
        study=replace(study, profile=get_profile("paper")),
    )
